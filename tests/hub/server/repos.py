"""Repositories: files, commits, branches, tags and pull requests, all in memory."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml

from .messages import HubError

LARGE_FILES = ("*.arrow", "*.bin", "*.gz", "*.h5", "*.model", "*.npy", "*.npz", "*.onnx", "*.parquet", "*.pkl", "*.pt")
LARGE_FILES += ("*.pth", "*.safetensors", "*.tar", "*.wasm", "*.xz", "*.zip", "*.zst")
"""What .gitattributes of a new repository calls large."""

CARD = re.compile(r"---\r?\n(?P<metadata>.*?)\r?\n?---(\r?\n|$)", re.DOTALL)
"""The metadata at the head of README.md."""


def now() -> str:
    """Return the time, as the Hub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def git_hash(data: bytes) -> str:
    """Return the name that Git gives to a content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass(frozen=True)
class File:
    """A file of a commit.

    Attributes:
        oid: Git's name of the content, or of the pointer to a large file.
        size: bytes of the content.
        data: the content; None for a large file.
        sha256: of a large file; None for a regular one.
    """

    oid: str
    size: int
    data: bytes | None = None
    sha256: str | None = None

    @classmethod
    def regular(cls, data: bytes) -> File:
        """Return a file with its content."""
        return cls(git_hash(data), len(data), data=data)

    @classmethod
    def large(cls, sha256: str, size: int) -> File:
        """Return a pointer of Git LFS."""
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
        return cls(git_hash(pointer.encode()), size, sha256=sha256)

    @property
    def etag(self) -> str:
        """The ETag header, by which clients recognise the content."""
        return f'"{self.sha256 or self.oid}"'


@dataclass(frozen=True)
class Commit:
    """A state of a repository.

    Attributes:
        oid: its name, which follows from its place in the repository and all its content, not from the clock; or the
            name that a test gave it, so that a commit that is pinned in code can be asked for.
        parent: name of the one before; None for the first.
        title: first line of the message.
        description: the rest of it.
        user: who made it.
        date: when.
        files: by path.
    """

    oid: str
    parent: str | None
    title: str
    description: str
    user: str
    date: str
    files: Mapping[str, File]


@dataclass
class Discussion:
    """A discussion or pull request.

    Attributes:
        number: counted from 1 in each repository.
        title: what it is called.
        author: who opened it.
        status: ``open``, ``draft``, ``closed`` or ``merged``.
        base: for a pull request, the commit from which it started; None otherwise.
        created: when.
        events: what happened, as the Hub tells it.
    """

    number: int
    title: str
    author: str
    status: str
    base: str | None
    created: str
    events: list[dict[str, Any]] = field(default_factory=list)


class Repo:
    """A repository, with a first commit.

    Args:
        repo_type: ``model``, ``dataset`` or ``space``.
        repo_id: ``owner/name``.
        private: whether only its owners see it.
        user: who makes it.
    """

    def __init__(self, repo_type: str, repo_id: str, private: bool, user: str):
        self.type, self.id, self.private, self.created = repo_type, repo_id, private, now()
        self.gated: bool | str = False
        self.granted: set[str] = set()
        self.commits: dict[str, Commit] = {}
        self.tags: dict[str, str] = {}
        self.pulls: dict[str, str] = {}
        self.discussions: dict[int, Discussion] = {}
        attributes = "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in LARGE_FILES)
        first = self.add_commit(
            None, {".gitattributes": File.regular(attributes.encode())}, "initial commit", "", user
        )
        self.branches = {"main": first.oid}

    @property
    def owner(self) -> str:
        """The user or organisation."""
        return self.id.split("/")[0]

    def add_commit(
        self,
        parent: str | None,
        files: Mapping[str, File],
        title: str,
        description: str,
        user: str,
        oid: str | None = None,
    ) -> Commit:
        """Return a new commit, which no branch shows yet; `oid` is the name that it is given, if any."""
        if oid is None:
            content = sorted((path, file.oid) for path, file in files.items())
            identity = json.dumps([self.type, self.id, len(self.commits), parent, title, description, user, content])
            oid = hashlib.sha1(identity.encode()).hexdigest()
        self.commits[oid] = Commit(oid, parent, title, description, user, now(), dict(files))
        return self.commits[oid]

    def resolve(self, revision: str) -> Commit:
        """Return the commit of a branch, tag, pull request, commit id or its first digits.

        Raises:
            HubError: 404, there is none.
        """
        for refs in (self.branches, self.tags, self.pulls):
            if revision in refs:
                return self.commits[refs[revision]]
        if re.fullmatch("[0-9a-f]{7,40}", revision):
            for oid, commit in self.commits.items():
                if oid.startswith(revision):
                    return commit
        raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")

    def move(self, ref: str, commit: Commit) -> None:
        """Let a branch or pull request show a commit.

        Raises:
            HubError: 400, it is neither.
        """
        refs = next((refs for refs in (self.branches, self.pulls) if ref in refs), None)
        if refs is None:
            raise HubError(400, f"{ref} is no branch and no pull request, so nothing can be committed to it")
        refs[ref] = commit.oid

    def history(self, commit: Commit) -> Iterator[Commit]:
        """Yield the commit and all before it, newest first."""
        while True:
            yield commit
            if commit.parent is None:
                return
            commit = self.commits[commit.parent]

    def last_change(self, path: str, commit: Commit) -> Commit:
        """Return the commit that gave a file the content it has in `commit`."""
        file, last = commit.files[path], commit
        for earlier in self.history(commit):
            if earlier.files.get(path) != file:
                break
            last = earlier
        return last

    def discussion_of(self, revision: str | None) -> Discussion | None:
        """Return the pull request that a revision belongs to."""
        found = re.fullmatch(r"refs/pr/(\d+)", revision or "")
        return self.discussions.get(int(found[1])) if found else None


def card_metadata(files: Mapping[str, File]) -> dict[str, Any]:
    """Return the metadata of README.md; empty where there is none that can be read."""
    readme = files.get("README.md")
    found = CARD.match(readme.data.decode("utf-8", "replace")) if readme and readme.data else None
    try:
        metadata = yaml.safe_load(found["metadata"]) if found else None
    except yaml.YAMLError:
        return {}
    return metadata if isinstance(metadata, dict) else {}
