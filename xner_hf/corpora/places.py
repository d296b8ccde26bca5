"""Where a corpus lies: in a mirror tree, on the Hub, or in the files that a loading script on the Hub read.

``$XNER_MIRROR`` names a folder laid out as ``datasets/<org>/<name>`` and ``models/<org>/<name>``. When it is set it is
the only place that ids are looked up in, so that what is built never depends on what happens to be reachable.

Without it a corpus is read from the first of these places that has the configuration: the Parquet files of its
repository; for a repository that holds a loading script, which nothing runs any more, the Parquet copy that the Hub
made of it; the files that the script read (`xner_hf.corpora.raw`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from xner_hf.corpora.raw import RawFile, raw_splits
from xner_hf.errors import NotAvailable, XnerError, nearest

REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


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


MIRROR, PARQUET, CONVERTED, RAW = "mirror", "Parquet on the Hub", "converted Parquet", "raw files"
"""The places that a corpus is read from."""

CONVERTED_BRANCH = "refs/convert/parquet"
"""Where the Hub keeps the Parquet copy that it makes of a data set, as ``config/split/0000.parquet``."""

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
class Place:
    """A place that has a corpus.

    Attributes:
        name: `MIRROR`, `PARQUET`, `CONVERTED` or `RAW`.
        table: ``{config: {split: [glob, ...]}}``; a split that is not there as a whole has no globs.
        revision: of the Hub's repository.
        unreachable: why the Hub could not be asked, so that raw files are used only where they were fetched before.
    """

    name: str
    table: dict[str, dict[str, list[str]]]
    revision: str | None = None
    unreachable: NotAvailable | None = None


def find_place(corpus: str, config: str | None, revision: str | None) -> Place:
    """Return the first place that has a configuration; where none has it, all that there is in one table."""
    if not REPO_ID.fullmatch(corpus):
        raise XnerError(f"{corpus!r} is neither a file or folder here nor a Hub id such as 'org/name'.")
    passed: list[Place] = []
    for place in _places(corpus, revision):
        if config is None or config in place.table:
            return place
        passed.append(place)
    if not passed:
        raise NotAvailable(
            f"the card of {corpus} lists no configurations with Parquet files, and no other copy of it is known, so "
            "it cannot be read without running code. Give a corpus that holds Parquet, or a mirror of it through "
            f"XNER_MIRROR; if the Hub has converted it: hf download {corpus} --repo-type dataset --revision "
            f"{CONVERTED_BRANCH} --local-dir MIRROR/datasets/{corpus}"
        )
    return Place(passed[0].name, {name: splits for place in reversed(passed) for name, splits in place.table.items()})


def _places(corpus: str, revision: str | None) -> Iterator[Place]:
    """Yield the places that have a corpus, the best first, asking for each only when it is wanted.

    Raises:
        NotAvailable: the mirror or the Hub does not have it, or the Hub cannot be asked, and no raw files stand in.
    """
    if mirror() or revision is not None:  # a revision that is named is meant
        if table := _table(corpus, revision):
            yield Place(MIRROR if mirror() else PARQUET, table, revision)
        return
    raw = {config: {split: [split] for split in splits} for config, splits in raw_splits(corpus).items()}
    try:
        if table := _table(corpus, None):
            yield Place(PARQUET, table)
        if table := _converted(corpus):
            yield Place(CONVERTED, table, CONVERTED_BRANCH)
    except NotAvailable as error:
        if not any(RawFile(corpus, config, split).cached for config, splits in raw.items() for split in splits):
            raise
        yield Place(RAW, raw, unreachable=error)
    else:
        if raw:
            yield Place(RAW, raw)


@lru_cache(maxsize=64)
def _converted(corpus: str) -> dict[str, dict[str, list[str]]]:
    """Return the table of the Parquet copy that the Hub has made of a repository, an empty one where it has not."""
    from huggingface_hub.errors import RevisionNotFoundError

    try:
        return _table(corpus, CONVERTED_BRANCH)
    except NotAvailable as error:
        if isinstance(error.__cause__, RevisionNotFoundError):
            return {}
        raise


def _table(corpus: str, revision: str | None) -> dict[str, dict[str, list[str]]]:
    """Return ``{config: {split: [glob, ...]}}`` as the repository's card states it, else as its Parquet files lie."""
    cards = fetch(corpus, ["README.md"], revision)
    if cards:
        path = cards[0].open() if isinstance(cards[0], HubFile) else cards[0]
        if table := _card_files(Path(path).read_bytes(), corpus):
            return table
    root = mirror()
    if root is None:
        return _converted_files(_listing(corpus, revision)[1])
    folder = root / "datasets" / corpus
    return _converted_files([path.relative_to(folder).as_posix() for path in folder.glob("*/*/*.parquet")])


def _converted_files(names: list[str]) -> dict[str, dict[str, list[str]]]:
    """Return the table of files that lie as in `CONVERTED_BRANCH`."""
    table: dict[str, dict[str, list[str]]] = {}
    for name in sorted(names):
        if match := re.fullmatch(r"([^/]+)/(partial-)?([^/]+)/[0-9]{4}\.parquet", name):
            config, partial, split = match.groups()
            files = table.setdefault(config, {}).setdefault(split, [])
            files += [] if partial else [name]
    return table


@lru_cache(maxsize=64)
def _card_files(card: bytes, corpus: str) -> dict[str, dict[str, list[str]]]:
    """Read the ``configs`` of a card's YAML; their forms are those that `datasets` documents."""
    import yaml

    try:
        text = card.decode("utf-8")
        # All values stay text: a configuration or split may be called no, null or 2020-01-01.
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        header = yaml.load(text.split("---\n", 2)[1], loader) if text.startswith("---\n") else None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise XnerError(f"the card of {corpus} (README.md) cannot be read: {error}") from error
    table: dict[str, dict[str, list[str]]] = {}
    configs = header.get("configs") if isinstance(header, dict) else None
    if not any(isinstance(config, dict) and config.get("data_files") for config in configs or ()):
        return {}  # cards of loading scripts may name their configurations, but no files
    for config in configs or ():
        files = config.get("data_files") if isinstance(config, dict) else None
        if not files:
            raise XnerError(f"the card of {corpus} names no data_files for its configuration {config!r}.")
        name = config.get("config_name", "default")
        if isinstance(files, str) or (isinstance(files, list) and all(isinstance(one, str) for one in files)):
            files = [{"split": "train", "path": files}]
        for entry in files:
            paths = entry["path"] if isinstance(entry["path"], list) else [entry["path"]]
            table.setdefault(name, {}).setdefault(entry["split"], []).extend(paths)
    return table


def fetch(corpus: str, patterns: list[str], revision: str | None) -> list[Path | HubFile]:
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
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        yield
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, httpx2.TransportError, OSError) as error:
        raise NotAvailable(
            f"the corpus {corpus} cannot be had from the Hub: {error} Set XNER_MIRROR to a folder that holds "
            f"datasets/{corpus} where there is no network."
        ) from error
