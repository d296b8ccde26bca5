"""Corpora and models by Hub id: from the Hub, or from a mirror tree for machines without a network.

``$XNER_MIRROR`` names a folder laid out as ``datasets/<org>/<name>`` and ``models/<org>/<name>``. When it is set it is
the only place that ids are looked up in, so that what is built never depends on what happens to be reachable.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.errors import NotAvailable, XnerError, nearest

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def mirror() -> Path | None:
    """Return the folder that ``$XNER_MIRROR`` names, None when it is unset.

    Raises:
        XnerError: it names no folder.
    """
    value = os.environ.get("XNER_MIRROR")
    if not value:
        return None
    path = Path(value)
    if not path.is_dir():
        raise NotAvailable(f"XNER_MIRROR={value} is not a folder. Correct it, or unset it to use the Hub.")
    return path


def model_source(model: str, revision: str | None = None) -> tuple[str, str | None]:
    """Return what ``from_pretrained`` is to be given for `model`: a folder, or a Hub id with its revision.

    Raises:
        XnerError: `model` is neither a folder nor a Hub id, or the mirror does not have it.
    """
    if Path(model).is_dir():
        return model, None
    if not _REPO_ID.fullmatch(model):
        raise NotAvailable(f"the model {model!r} is neither a folder here nor a Hub id such as 'org/name'.")
    root = mirror()
    if root is None:
        return model, revision
    folder = root / "models" / model
    if not folder.is_dir():
        known = sorted(f"{p.parent.name}/{p.name}" for p in (root / "models").glob("*/*"))
        raise NotAvailable(
            f"the mirror {root} has no model {model!r}.{nearest(model, known)} It has: {', '.join(known) or 'none'}. "
            "Give one of them or a folder, or unset XNER_MIRROR to use the Hub."
        )
    return str(folder), None


LARGE_FILE = 256 << 20
"""Bytes from which on a file on the Hub is read in pieces as they are needed, not downloaded whole and kept."""


@dataclass(frozen=True, order=True)
class HubFile:
    """A file of a data set on the Hub, at a commit.

    Attributes:
        corpus: Hub id.
        name: path in the repository.
        commit: hash of the commit, which stands for the content.
    """

    corpus: str
    name: str
    commit: str

    def open(self) -> Any:
        """Return the file's path in the cache, or for a large one a file object that reads pieces of it."""
        import httpx2
        from huggingface_hub import HfApi, HfFileSystem, hf_hub_download
        from huggingface_hub.errors import OfflineModeIsEnabled

        with _from_hub(self.corpus):
            try:
                (info,) = HfApi().get_paths_info(self.corpus, [self.name], repo_type="dataset", revision=self.commit)
                size = info.size
            except (OfflineModeIsEnabled, httpx2.TransportError):  # then it is in the cache, or cannot be had
                size = 0
            if size >= LARGE_FILE:
                return HfFileSystem().open(f"datasets/{self.corpus}@{self.commit}/{self.name}", block_size=8 << 20)
            return hf_hub_download(self.corpus, self.name, repo_type="dataset", revision=self.commit)


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

    def files(self) -> list[Path | HubFile]:
        """Return the Parquet files of this split; those on the Hub are downloaded when they are read.

        Raises:
            XnerError: the repository, configuration or split is unknown; the message lists what there is.
        """
        patterns = _data_files(self.corpus, self.revision)
        if self.config not in patterns:
            raise NotAvailable(
                f"the corpus {self.corpus} has no configuration {self.config!r}."
                f"{nearest(self.config, list(patterns))} It has: {', '.join(sorted(patterns))}."
            )
        splits = patterns[self.config]
        if self.split not in splits:
            raise NotAvailable(
                f"{self.corpus}:{self.config} has no split {self.split!r}. It has: {', '.join(sorted(splits))}."
            )
        found = _fetch(self.corpus, splits[self.split], self.revision)
        if not found:
            raise XnerError(f"{self}: no file matches {splits[self.split]} although the card names it.")
        return found

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
                for batch in file.iter_batches(batch_size=1024, columns=columns):
                    yield from batch.to_pylist()

    def class_names(self, column: str) -> list[str]:
        """Return the label names of a ClassLabel column.

        Raises:
            XnerError: the column has none.
        """
        schema = _open_parquet(self.files()[0]).schema_arrow
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        feature = features.get("info", {}).get("features", {}).get(column, {})
        while isinstance(feature, dict | list) and "names" not in feature:
            feature = feature[0] if isinstance(feature, list) else feature.get("feature")
            if not feature:
                raise XnerError(f"{self}: the column {column!r} carries no label names in its features.")
        return list(feature["names"])


def configs_of(corpus: str, revision: str | None = None) -> list[str]:
    """Return the configuration names of a corpus."""
    return list(_data_files(corpus, revision))


def splits_of(corpus: str, config: str, revision: str | None = None) -> list[str]:
    """Return the split names of a configuration, an empty list when the repository has no such configuration."""
    return list(_data_files(corpus, revision).get(config, ()))


def tag_names(names: list[str], tags: list[int], words: int, where: str) -> list[str]:
    """Return the label names of a row's integer tags.

    Raises:
        XnerError: there are more or fewer tags than words, or a tag has no name; `where` opens the message.
    """
    if len(tags) != words:
        raise XnerError(f"{where}: {words} words but {len(tags)} tags.")
    for tag in tags:
        if not 0 <= tag < len(names):
            raise XnerError(f"{where}: the tag {tag} has no name; the {len(names)} labels are {', '.join(names)}.")
    return [names[tag] for tag in tags]


def content_digest(file: Path | HubFile) -> str:
    """Return what stands for the content of a file: its SHA-256, or its commit on the Hub."""
    if isinstance(file, HubFile):
        return f"{file.commit}:{file.name}"
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _open_parquet(file: Path | HubFile) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file.open() if isinstance(file, HubFile) else file)
    except pa.ArrowInvalid as error:
        raise XnerError(
            f"{file} is no Parquet file: {error} If it is a Git LFS pointer, fetch its content (git lfs pull)."
        ) from error


def _data_files(corpus: str, revision: str | None) -> dict[str, dict[str, list[str]]]:
    """Return ``{config: {split: [glob, ...]}}`` as the repository's card states it."""
    if not _REPO_ID.fullmatch(corpus):
        raise XnerError(f"{corpus!r} is neither a file or folder here nor a Hub id such as 'org/name'.")
    cards = _fetch(corpus, ["README.md"], revision)
    table = {}
    if cards:
        path = cards[0].open() if isinstance(cards[0], HubFile) else cards[0]
        table = _card_files(Path(path).read_bytes(), corpus)
    if not table:
        raise XnerError(
            f"the card of {corpus} lists no configurations with Parquet files, so it cannot be read without running "
            "code. Give a corpus that holds Parquet, or a mirror of it through XNER_MIRROR."
        )
    return table


@lru_cache(maxsize=64)
def _card_files(card: bytes, corpus: str) -> dict[str, dict[str, list[str]]]:
    """Read the ``configs`` of a card's YAML; their forms are those that `datasets` documents."""
    import yaml

    try:
        text = card.decode("utf-8")
        header = yaml.safe_load(text.split("---\n", 2)[1]) if text.startswith("---\n") else None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise XnerError(f"the card of {corpus} (README.md) cannot be read: {error}") from error
    table: dict[str, dict[str, list[str]]] = {}
    configs = header.get("configs") if isinstance(header, dict) else None
    for config in configs or ():
        name = config.get("config_name", "default")
        files = config.get("data_files")
        if isinstance(files, str) or (isinstance(files, list) and all(isinstance(one, str) for one in files)):
            files = [{"split": "train", "path": files}]
        if not files:
            raise XnerError(f"the card of {corpus} names no data_files for its configuration {name!r}.")
        for entry in files:
            paths = entry["path"] if isinstance(entry["path"], list) else [entry["path"]]
            table.setdefault(name, {}).setdefault(entry["split"], []).extend(paths)
    return table


def _fetch(corpus: str, patterns: list[str], revision: str | None) -> list[Path | HubFile]:
    """Return the files of a repository that match `patterns`, in the mirror or on the Hub."""
    root = mirror()
    if root is None:
        commit, names = _listing(corpus, revision)
        return sorted(HubFile(corpus, name, commit) for p in patterns for name in names if fnmatchcase(name, p))
    folder = root / "datasets" / corpus
    if not folder.is_dir():
        known = sorted(f"{p.parent.name}/{p.name}" for p in (root / "datasets").glob("*/*"))
        raise NotAvailable(
            f"the mirror {root} has no corpus {corpus!r}.{nearest(corpus, known)} It has: {', '.join(known)}. "
            "Add it, or unset XNER_MIRROR to use the Hub."
        )
    base = folder.resolve()
    return sorted(path for pattern in patterns for path in folder.glob(pattern) if base in path.resolve().parents)


@lru_cache(maxsize=64)
def _listing(corpus: str, revision: str | None) -> tuple[str, list[str]]:
    """Return the commit that a revision stands for now, and the names of all files there.

    Without a network both are those of the copy in the cache, if there is one.
    """
    import httpx2
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import OfflineModeIsEnabled

    with _from_hub(corpus):
        card = snapshot_download(corpus, repo_type="dataset", revision=revision, allow_patterns=["README.md"])
        folder = Path(card)
        try:
            names = HfApi().list_repo_files(corpus, repo_type="dataset", revision=folder.name)
        except (OfflineModeIsEnabled, httpx2.TransportError):
            names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return folder.name, names


@contextmanager
def _from_hub(corpus: str) -> Iterator[None]:
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        yield
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        raise NotAvailable(
            f"the corpus {corpus} cannot be had from the Hub: {error} Set XNER_MIRROR to a folder that holds "
            f"datasets/{corpus} where there is no network."
        ) from error
