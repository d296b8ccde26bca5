"""Corpora and models by Hub id: splits with their rows and label names, and what ``from_pretrained`` is to be given.

`xner_hf.corpora.places` says where they are looked up: in the mirror that ``$XNER_MIRROR`` names, else on the Hub.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.corpora.asking import hub_errors
from xner_hf.corpora.cards import find_names, splits_in
from xner_hf.corpora.hub_models import commit_of
from xner_hf.corpora.places import (
    CONVERTED,
    MIRROR,
    PARQUET,
    RAW,
    REPO_ID,
    HubFile,
    Place,
    fetch,
    find_place,
    mirror,
)
from xner_hf.corpora.raw import RawFile, raw_splits
from xner_hf.corpora.scheme import FORMS, TAG
from xner_hf.errors import NotAvailable, XnerError, nearest
from xner_hf.languages import known_labels, model_entry
from xner_hf.settings import check_model

if TYPE_CHECKING:
    import pyarrow.parquet as pq


def model_source(model: str, revision: str | None = None) -> tuple[str, str | None]:
    """Return what ``from_pretrained`` is to be given for `model`: a folder, or a Hub id with its commit.

    Where no revision is named it is that of the language table, else the main branch.

    Raises:
        XnerError: `model` is empty.
        NotAvailable: `model` is neither a folder nor a Hub id, or neither the mirror nor the Hub has it.
    """
    check_model(model, "the name of a model")
    if Path(model).is_dir():
        return model, None
    if not REPO_ID.fullmatch(model):
        raise NotAvailable(f"the model {model!r} is neither a local folder nor a Hub id such as 'org/name'.")
    root = mirror()
    if root is None:
        return model, commit_of(model, revision or model_entry(model).revision)
    folder = root / "models" / model
    if not folder.is_dir():
        known = sorted(f"{p.parent.name}/{p.name}" for p in (root / "models").glob("*/*"))
        raise NotAvailable(
            f"the mirror {root} has no model {model!r}.{nearest(model, known)} It has: {', '.join(known) or 'none'}. "
            "Give one of them or a folder, or unset XNER_MIRROR to use the Hub."
        )
    return str(folder), None


@dataclass(frozen=True)
class CorpusSplit:
    """One split of one configuration of a dataset repository.

    Attributes:
        corpus: Hub id, ``org/name``.
        config: configuration name.
        split: split name, such as ``train``.
        revision: Hub branch, tag or commit; ignored by a mirror.
    """

    corpus: str
    config: str
    split: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"{self.corpus}:{self.config}/{self.split}"

    def place(self) -> str:
        """Return what this split is read from: `MIRROR`, `PARQUET`, `CONVERTED` or `RAW`; raises as `files`."""
        return self._found()[0].name

    def files(self) -> list[Path | HubFile | RawFile]:
        """Return the Parquet files of this split; those of the network are fetched when they are read.

        Raises:
            XnerError: the repository, configuration or split is unknown; the message lists what there is.
        """
        return self._found()[1]

    def _found(self) -> tuple[Place, list[Path | HubFile | RawFile]]:
        place = find_place(self.corpus, self.config, self.revision)
        config, split = find_names(place.table, self.corpus, self.config, self.split)
        if config not in place.table:
            raise NotAvailable(
                f"the corpus {self.corpus} has no configuration {self.config!r}."
                f"{nearest(self.config, list(place.table))} It has{' as raw files' if place.name == RAW else ''}: "
                f"{', '.join(sorted(place.table))}."
            )
        splits = place.table[config]
        if split not in splits:
            raise NotAvailable(
                f"{self.corpus}:{self.config} has no split {self.split!r}. It has: {', '.join(sorted(splits))}."
            )
        if not splits[split]:
            raise NotAvailable(
                f"{self}: the Hub has converted only the first part of this split to Parquet, and no other copy is "
                f"known. Set XNER_MIRROR to a folder that holds datasets/{self.corpus} as Parquet."
            )
        if place.name == RAW:
            file = RawFile(self.corpus, config, split)
            if place.unreachable and not file.cached:
                raise place.unreachable
            return place, [file]
        found = fetch(self.corpus, splits[split], place.revision)
        if not found:
            raise XnerError(f"{self}: no file matches {splits[split]} although the card names it.")
        return place, found

    def columns(self) -> set[str]:
        """Return the names of the columns."""
        return set(_open_parquet(self.files()[0]).schema_arrow.names)

    def rows(self, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield rows as plain Python objects, a batch at a time; ClassLabel columns stay integers."""
        for path in self.files():
            with _open_parquet(path) as file:
                missing = set(columns or ()) - set(file.schema_arrow.names)
                if missing:
                    raise XnerError(
                        f"{self} has no column {', '.join(sorted(missing))}; it has "
                        f"{', '.join(file.schema_arrow.names)}."
                    )
                # Pieces of large files are fetched as they are read.
                with hub_errors(f"the corpus {self.corpus}") if isinstance(path, HubFile) else nullcontext():
                    for batch in file.iter_batches(batch_size=1024, columns=columns):
                        yield from batch.to_pylist()

    def count(self) -> int:
        """Return the number of rows, which is read without them."""
        return sum(_open_parquet(path).metadata.num_rows for path in self.files())

    def class_names(self, column: str) -> list[str] | None:
        """Return the names of the labels of a column that holds numbers; None where it holds the names themselves.

        They stand in the features of the Parquet file (ClassLabel), or in the language table (`CorpusEntry.labels`).

        Raises:
            XnerError: the column holds anything else, or numbers without names.
        """
        import pyarrow as pa

        schema = _open_parquet(self.files()[0]).schema_arrow
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        names = _names_in(features.get("info", {}).get("features", {}).get(column))
        if names or (names := known_labels(self.corpus).get(column)):
            return list(names)
        kind = schema.field(column).type
        while pa.types.is_list(kind) or pa.types.is_large_list(kind):
            kind = kind.value_type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return None
        raise XnerError(
            f"{self}: the column {column!r} carries no label names in its features, and what its {kind} mean is not "
            "known. Cast it to ClassLabel(names=[...]) with datasets and save it, or give a file of your own (.conll, "
            ".jsonl)."
        )


def _names_in(feature: Any) -> list[str] | None:
    while isinstance(feature, dict | list) and feature:
        if isinstance(feature, dict) and "names" in feature:
            return feature["names"]
        feature = feature[0] if isinstance(feature, list) else feature.get("feature")
    return None


def configs_of(corpus: str, revision: str | None = None) -> list[str]:
    """Return the configuration names of a corpus."""
    return list(find_place(corpus, None, revision).table)


def splits_of(corpus: str, config: str, revision: str | None = None) -> list[str]:
    """Return the split names of a configuration, an empty list when the repository has no such configuration.

    They are ours (`xner_hf.languages.our_names`), or the Hub's where the configuration is named as there.
    """
    return splits_in(find_place(corpus, config, revision).table, corpus, config)


def find_split(corpus: str, config: str, split: str) -> tuple[str, str] | None:
    """Return the names of a configuration and split where they are read from, None where there are none."""
    table = find_place(corpus, config, None).table
    config, split = find_names(table, corpus, config, split)
    return (config, split) if split in table.get(config, ()) else None


def place_of(corpus: str, config: str) -> str | None:
    """Return the place that a configuration would be read from, without asking the Hub.

    Without a mirror a data set that is known to be a loading script gives `CONVERTED`, followed by " or " and `RAW`
    where there is a source of raw files; every other data set gives `PARQUET`. A mirror that lacks the configuration
    gives None.
    """
    if mirror() is None:
        known = raw_splits(corpus)
        return f"{CONVERTED} or {RAW}" if config in known else CONVERTED if known else PARQUET
    try:
        return MIRROR if splits_of(corpus, config) else None
    except NotAvailable:
        return None


def look_up(corpus: str, config: str) -> str:
    """Return the place that a configuration can be read from here and now; the Hub is asked.

    Raises:
        NotAvailable: there is none; the message says why.
    """
    split = CorpusSplit(corpus, config, next(reversed(splits_of(corpus, config)), "test"))
    for file in split.files():
        if isinstance(file, RawFile):
            file.check()
    return split.place()


def tag_names(names: list[str] | None, tags: list[Any], words: int, where: str) -> list[str]:
    """Return the label names of a row's tags.

    Args:
        names: as `CorpusSplit.class_names` returns them.
        tags: numbers, or without `names` tags.
        words: how many words the row has.
        where: opens the message.

    Raises:
        XnerError: there are more or fewer tags than words, a tag has no name or is none.
    """
    if len(tags) != words:
        raise XnerError(f"{where}: {words} words but {len(tags)} tags.")
    if names is None:
        wrong = next((tag for tag in tags if not (isinstance(tag, str) and TAG.fullmatch(tag))), None)
        if None in tags or wrong is not None:
            raise XnerError(f"{where}: {wrong!r} is not a tag. Tags are {FORMS}.")
        return tags
    for tag in tags:
        if tag is None or not 0 <= tag < len(names):
            raise XnerError(f"{where}: the tag {tag} has no name; the {len(names)} labels are {', '.join(names)}.")
    return [names[tag] for tag in tags]


def content_digest(file: Path | HubFile | RawFile) -> str:
    """Return what stands for the content of a file: its SHA-256, its commit on the Hub, or both for a raw file."""
    if isinstance(file, HubFile):
        return f"{file.commit}:{file.name}"
    if isinstance(file, RawFile):
        return file.digest()
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _open_parquet(file: Path | HubFile | RawFile) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file if isinstance(file, Path) else file.open())
    except pa.ArrowInvalid as error:
        raise XnerError(
            f"{file} is not a Parquet file: {error} If it is a Git LFS pointer, fetch its content (git lfs pull)."
        ) from error
