"""The cache of finished work: every stage in a folder named by its signature, written shard by shard.

A shard is written atomically; ``done.json`` marks a stage whose shards are all there. A killed build therefore leaves
nothing half-written, and the next one resumes where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError

if TYPE_CHECKING:
    import pyarrow as pa

STAGE_VERSIONS = {
    "text": 1,
    "translate": 1,
    "tag": 1,
    "align": 1,
    "back": 1,
    "target": 1,
    "project": 1,
    "combine": 1,
    "soft labels": 1,
    "soft trees": 1,
    "study": 1,
}
"""Raise the number of a stage when it makes other rows from the same inputs and settings: work that is cached under an
older number is not used again. `tests/pipeline/test_stage_versions.py` fails where that was forgotten."""


def cache_folder() -> Path:
    """Return where stages are kept: ``$XNER_CACHE``, else ``xner`` below ``$HF_HOME``."""
    if value := os.environ.get("XNER_CACHE"):
        return Path(value)
    return Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser() / "xner"


def cache_root(language: str, recipe: str) -> Path:
    """Return the folder that holds the stages of all builds of a language with a recipe."""
    return cache_folder() / f"{language}-{recipe}"


def digest(*parts: Any) -> str:
    """Return a digest of JSON-like values, 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(slots=True)
class StageStats:
    """Time that a stage took; `cached` when all of its shards were there before."""

    name: str
    sentences: int
    seconds: float = 0.0
    cached: bool = True

    def to_dict(self) -> dict[str, Any]:
        rate = round(self.sentences / self.seconds, 1) if self.seconds and not self.cached else None
        return {
            "name": self.name,
            "sentences": self.sentences,
            "seconds": round(self.seconds, 3),
            "sentences_per_second": rate,
            "cached": self.cached,
        }


class Stage:
    """The cached shards of one stage.

    Args:
        root: folder of all stages of a build.
        name: stage name, a key of `schema.STAGES`.
        signature: digest of all that decides its rows.
    """

    def __init__(self, root: Path, name: str, signature: str):
        self.name = name
        self.signature = signature
        self.folder = root / f"{name}-{signature}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise XnerError(
                f"the cache {root} cannot be written: {error}. Set XNER_CACHE to another folder."
            ) from error

    def shard(self, number: int) -> Path:
        return self.folder / f"{number:05d}.parquet"

    @property
    def done(self) -> dict[str, Any] | None:
        """What `finish` recorded, None while the stage is incomplete."""
        path = self.folder / "done.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def finish(self, **facts: Any) -> None:
        """Mark the stage as complete."""
        write_text(self.folder / "done.json", json.dumps(facts, ensure_ascii=False))

    def write(self, number: int, table: pa.Table) -> None:
        """Write a shard atomically."""
        write_parquet(table, self.shard(number))

    def run(self, shards: int, make: Callable[[int], pa.Table], progress: Callable[[int], None]) -> StageStats:
        """Make the shards that are missing, in order.

        Args:
            shards: number of shards of the build.
            make: returns the table of one shard.
            progress: called with the number of rows of every shard, made or found.
        """
        import pyarrow.parquet as pq

        stats = StageStats(self.name, 0)
        start = time.perf_counter()
        for number in range(shards):
            if self.shard(number).is_file():
                rows = pq.read_metadata(self.shard(number)).num_rows
            else:
                table = make(number)
                self.write(number, table)
                rows, stats.cached = table.num_rows, False
            stats.sentences += rows
            progress(rows)
        if self.done is None:
            self.finish(shards=shards)
        stats.seconds = time.perf_counter() - start
        return stats


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a Parquet file atomically."""
    import pyarrow.parquet as pq

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    os.close(handle)
    try:
        pq.write_table(table, temporary, compression="zstd")
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)
