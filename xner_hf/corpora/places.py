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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from xner_hf.corpora.asking import ask_hub
from xner_hf.corpora.cards import Table, splits_in, table_of_card, table_of_files
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
        size: bytes.
    """

    corpus: str
    name: str
    commit: str
    size: int = field(default=0, compare=False)

    def open(self) -> Any:
        """Return the file's path in the cache, or for a large one a file object that reads pieces of it."""
        from huggingface_hub import HfFileSystem, hf_hub_download

        def fetched() -> Any:
            if self.size >= LARGE_FILE:
                return HfFileSystem().open(f"datasets/{self.corpus}@{self.commit}/{self.name}", block_size=8 << 20)
            return hf_hub_download(self.corpus, self.name, repo_type="dataset", revision=self.commit)

        return _ask(self.corpus, fetched)


@dataclass(frozen=True)
class Place:
    """A place that has a corpus.

    Attributes:
        name: `MIRROR`, `PARQUET`, `CONVERTED` or `RAW`.
        table: globs of files by our names (`xner_hf.languages.our_names`), see `xner_hf.corpora.cards.Table`.
        revision: of the Hub's repository.
        unreachable: why the Hub could not be asked, so that raw files are used only where they were fetched before.
    """

    name: str
    table: Table
    revision: str | None = None
    unreachable: NotAvailable | None = None


def find_place(corpus: str, config: str | None, revision: str | None) -> Place:
    """Return the first place that has a configuration; where none has it, all that there is in one table."""
    if not REPO_ID.fullmatch(corpus):
        raise XnerError(f"{corpus!r} is neither a local file or folder nor a Hub id such as 'org/name'.")
    passed: list[Place] = []
    for place in _places(corpus, revision):
        if config is None or splits_in(place.table, corpus, config):
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
def _converted(corpus: str) -> Table:
    """Return the table of the Parquet copy that the Hub has made of a repository, an empty one where it has not."""
    from huggingface_hub.errors import RevisionNotFoundError

    try:
        return _table(corpus, CONVERTED_BRANCH)
    except NotAvailable as error:
        if isinstance(error.__cause__, RevisionNotFoundError):
            return {}
        raise


def _table(corpus: str, revision: str | None) -> Table:
    """Return what the repository's card says, else what its Parquet files do."""
    cards = fetch(corpus, ["README.md"], revision)
    if cards:
        path = cards[0].open() if isinstance(cards[0], HubFile) else cards[0]
        if table := table_of_card(Path(path).read_bytes(), corpus):
            return table
    root = mirror()
    if root is None:
        return table_of_files(_listing(corpus, revision)[1], corpus)
    folder = root / "datasets" / corpus
    return table_of_files((path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")), corpus)


def fetch(corpus: str, patterns: list[str], revision: str | None) -> list[Path | HubFile]:
    """Return the files of a repository that match `patterns`, in the mirror or on the Hub."""
    root = mirror()
    if root is None:
        commit, sizes = _listing(corpus, revision)
        names = {name for pattern in patterns for name in sizes if fnmatchcase(name, pattern)}
        return [HubFile(corpus, name, commit, sizes[name]) for name in sorted(names)]
    folder = root / "datasets" / corpus
    if not folder.is_dir():
        known = sorted(f"{p.parent.name}/{p.name}" for p in (root / "datasets").glob("*/*"))
        raise NotAvailable(
            f"the mirror {root} has no corpus {corpus!r}.{nearest(corpus, known)} It has: {', '.join(known)}. "
            "Add it, or unset XNER_MIRROR to use the Hub."
        )
    base = folder.resolve()
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if base in path.resolve().parents})


@lru_cache(maxsize=64)
def _listing(corpus: str, revision: str | None) -> tuple[str, dict[str, int]]:
    """Return the commit that a revision stands for now, and the bytes of all files there by name.

    Without a network both are those that were seen last, which the cache has.
    """
    from huggingface_hub import HfApi, get_cached_repo_tree, snapshot_download
    from huggingface_hub.errors import CachedRepoTreeNotFoundError, OfflineModeIsEnabled
    from huggingface_hub.hf_api import RepoFile

    def listed() -> tuple[str, dict[str, int]]:
        card = snapshot_download(corpus, repo_type="dataset", revision=revision, allow_patterns=["README.md"])
        folder = Path(card)
        try:
            tree = get_cached_repo_tree(corpus, repo_type="dataset", revision=folder.name)  # by snapshot_download
        except CachedRepoTreeNotFoundError:  # the copy was made by an older version of it
            try:
                tree = list(
                    HfApi().list_repo_tree(corpus, None, repo_type="dataset", revision=folder.name, recursive=True)
                )
            except OfflineModeIsEnabled:
                there = [path for path in folder.rglob("*") if path.is_file()]
                return folder.name, {path.relative_to(folder).as_posix(): path.stat().st_size for path in there}
        return folder.name, {one.path: one.size for one in tree if isinstance(one, RepoFile)}

    return _ask(corpus, listed)


def _ask(corpus: str, call: Callable[[], Any]) -> Any:
    return ask_hub(
        f"the corpus {corpus}",
        call,
        f"Set XNER_MIRROR to a folder that holds datasets/{corpus} where there is no network.",
    )
