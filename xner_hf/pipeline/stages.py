"""The stages of one build, in the order in which they ran, read as one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.pipeline.store import Stage

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(slots=True)
class Stages:
    """The cached stages of a build; a column of a later stage replaces that of an earlier one.

    Attributes:
        root: folder of all stages of the recipe.
        shards: number of shards, known when the text has been read.
        rows: number of rows, known then too.
        made: the stages by name.
    """

    root: Path
    shards: int = 0
    rows: int = 0
    made: dict[str, Stage] = field(default_factory=dict)

    def stage(self, name: str, signature: str) -> Stage:
        """Return the stage `name`, which counts as done from now on; the caller runs it."""
        self.made[name] = Stage(self.root, name, signature)
        return self.made[name]

    def before(self, name: str) -> Stages:
        """Return the stages up to `name`, without it: what the work of that stage reads."""
        names = list(self.made)
        earlier = names[: names.index(name)]
        return Stages(self.root, self.shards, self.rows, {one: self.made[one] for one in earlier})

    def read(self, number: int, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Return rows of a shard as plain objects with the named columns, None where no stage has a column."""
        import pyarrow.parquet as pq

        found: dict[str, list[Any]] = {}
        for stage in reversed(self.made.values()):
            path = stage.shard(number)
            names = set(pq.read_schema(path).names)
            wanted = [name for name in columns if name not in found and name in names]
            if wanted:
                table = pq.read_table(path, columns=wanted)
                found |= {name: table[name].to_pylist() for name in wanted}
        length = len(next(iter(found.values())))
        values = [found.get(name, [None] * length) for name in columns]
        return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]

    def sentences(self, side: str) -> Iterator[dict[str, Any]]:
        """Yield reason, source entities and the words of a side (``tokens``, ``source_tokens``) of all rows."""
        for number in range(self.shards):
            yield from self.read(number, ["reason", side, "source_entities"])

    def tables(self) -> Iterator[pa.Table]:
        """Yield one table a shard with the columns of all stages."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        for number in range(self.shards):
            columns: dict[str, pa.ChunkedArray] = {}
            for stage in self.made.values():
                table = pq.read_table(stage.shard(number))
                columns |= dict(zip(table.column_names, table.columns, strict=True))
            yield pa.table(columns)
