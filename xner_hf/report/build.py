"""Reads a build: its `build.json`, counts over its Parquet files, and a few of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError
from xner_hf.pipeline.build import read_build
from xner_hf.pipeline.schema import SPLITS

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

KEPT = ("train", "validation")
"""The splits that hold labelled sentences."""

NO_STATUS = "not recorded"
NO_REASON = "not recorded"

_ENTITY = ("start", "end", "label", "score")
_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": (),
    "tokens": (),
    "ner_tags": (),
    "language": (),
    "source_language": (),
    "source_tokens": (),
    "source_entities": _ENTITY,
    "entities": (*_ENTITY, "source", "status"),
    "links": ("source", "target", "score"),
    "reason": (),
}
_AGAIN = "Build the corpus again with `xner build LANG`."


@dataclass(frozen=True, slots=True)
class Shard:
    """One Parquet file of a build."""

    path: Path
    split: str
    group_rows: tuple[int, ...]
    """Number of rows of every row group."""


@dataclass(frozen=True, slots=True)
class Build:
    """A build on disk.

    Attributes:
        path: its folder.
        info: the content of `build.json`.
        shards: its Parquet files in the order of `SPLITS`, then of their names.
    """

    path: Path
    info: dict[str, Any]
    shards: list[Shard]

    def of(self, splits: Iterable[str]) -> list[Shard]:
        """Return the shards of the given splits."""
        return [shard for shard in self.shards if shard.split in tuple(splits)]


@dataclass(slots=True)
class Tally:
    """Counts over all rows of a build; positions count rows over its kept, or its rejected, shards.

    Attributes:
        rows: sentences per split.
        words: target words per kept split.
        bare: sentences without a projected entity per kept split.
        outcomes: entities per (split, status, type).
        reasons: rejected sentences per reason.
        unprojected: positions of kept sentences with an entity that was not projected, by the first such status.
        rejected: positions of rejected sentences by their reason.
    """

    rows: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    bare: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    unprojected: dict[str, list[int]] = field(default_factory=dict)
    rejected: dict[str, list[int]] = field(default_factory=dict)


def open_build(path: Path) -> Build:
    """Open the build in folder `path` and check the columns of its Parquet files.

    Raises:
        XnerError: the folder is no build, `build.json` is not a JSON object with a language and a recipe, or a
            Parquet file is damaged or lacks a column.
    """
    info = read_build(path)
    files = [(split, file) for split in SPLITS for file in sorted((path / split).glob("*.parquet"))]
    if not files:
        raise XnerError(f"{path} has no Parquet file in train/, validation/ or rejected/. {_AGAIN}")
    return Build(path, info, [_open_shard(split, file) for split, file in files])


def _open_shard(split: str, path: Path) -> Shard:
    with _parquet(path) as file:
        schema = file.schema_arrow
        groups = tuple(file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups))
    for column, fields in _COLUMNS.items():
        if column not in schema.names:
            raise XnerError(f"{path} has no column {column!r}. {_AGAIN}")
        if fields:
            element = getattr(schema.field(column).type, "value_type", None)
            names = {inner.name for inner in element.fields} if hasattr(element, "fields") else set()
            missing = [name for name in fields if name not in names]
            if missing:
                raise XnerError(
                    f"{path}: the column {column!r} is not a list of structs with {', '.join(map(repr, missing))}. "
                    f"{_AGAIN}"
                )
    return Shard(path, split, groups)


def _parquet(path: Path) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise XnerError(
            f"{path} is not a Parquet file: {error}. Build the corpus again with `xner build LANG`."
        ) from error


def tally(build: Build) -> Tally:
    """Count sentences, words, entities and reasons; reads three columns of every row, a batch at a time."""
    counts = Tally()
    for split in SPLITS:
        counts.rows[split] += 0
    offsets = {"kept": 0, "rejected": 0}
    for shard in build.shards:
        side = "kept" if shard.split in KEPT else "rejected"
        with _parquet(shard.path) as file:
            for batch in file.iter_batches(columns=["ner_tags", "entities", "reason"]):
                _tally_batch(counts, shard.split, batch, offsets[side])
                offsets[side] += batch.num_rows
    return counts


def _tally_batch(counts: Tally, split: str, batch: pa.RecordBatch, offset: int) -> None:
    import pyarrow.compute as pc

    counts.rows[split] += batch.num_rows
    nested = batch.column("entities")
    flat = pc.list_flatten(nested)
    parents = pc.list_parent_indices(nested).to_pylist()
    statuses = [status or NO_STATUS for status in pc.struct_field(flat, "status").to_pylist()]
    labels = [label or "?" for label in pc.struct_field(flat, "label").to_pylist()]
    counts.outcomes.update((split, *pair) for pair in zip(statuses, labels, strict=True))
    if split not in KEPT:
        for row, reason in enumerate(batch.column("reason").to_pylist()):
            counts.reasons[reason or NO_REASON] += 1
            counts.rejected.setdefault(reason or NO_REASON, []).append(offset + row)
        return
    counts.words[split] += pc.sum(pc.list_value_length(batch.column("ner_tags"))).as_py() or 0
    labelled = {row for row, status in zip(parents, statuses, strict=True) if status == "projected"}
    counts.bare[split] += batch.num_rows - len(labelled)
    seen = -1
    for row, status in zip(parents, statuses, strict=True):
        if status != "projected" and row != seen:
            seen = row
            counts.unprojected.setdefault(status, []).append(offset + row)


def spread(total: int, count: int) -> list[int]:
    """Return at most `count` of the positions 0 to `total` - 1, evenly spaced and in order."""
    count = min(total, count)
    return [(2 * i + 1) * total // (2 * count) for i in range(count)]


def spread_over_groups(groups: dict[str, list[int]], count: int) -> list[int]:
    """Return at most `count` positions in order, taking from the groups in turn so that rare ones are shown too."""
    names = sorted(groups, key=lambda name: (-len(groups[name]), name))
    quota = dict.fromkeys(names, 0)
    left = min(count, sum(map(len, groups.values())))
    while left:
        for name in names:
            if left and quota[name] < len(groups[name]):
                quota[name] += 1
                left -= 1
    return sorted(groups[name][i] for name in names for i in spread(len(groups[name]), quota[name]))


def rows_at(shards: Sequence[Shard], positions: Sequence[int]) -> list[dict[str, Any]]:
    """Return the rows at sorted `positions` over `shards`, each with its `split` and `file` added.

    Only the row groups that hold one of them are read.
    """
    rows: list[dict[str, Any]] = []
    wanted = iter(positions)
    position = next(wanted, None)
    start = 0
    for shard in shards:
        if position is None:
            break
        if position >= start + sum(shard.group_rows):
            start += sum(shard.group_rows)
            continue
        with _parquet(shard.path) as file:
            for group, size in enumerate(shard.group_rows):
                inside: list[int] = []
                while position is not None and position < start + size:
                    inside.append(position - start)
                    position = next(wanted, None)
                start += size
                if inside:
                    table = file.read_row_group(group, columns=list(_COLUMNS)).take(inside)
                    rows += [{**row, "split": shard.split, "file": str(shard.path)} for row in table.to_pylist()]
    return rows
