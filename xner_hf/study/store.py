"""The store of a study's results: a folder with one file for each row, to which rows are only ever added.

One writer adds a row at a time (`filelock`): it writes a temporary file, brings it to the disk and renames it. So a
writer that is killed leaves the whole row or none. The operating system lifts a lock when its process ends, however it
ends.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from xner_hf.errors import XnerError
from xner_hf.study.rows import DONE, KEY, Row, check_row, read_row, row_name, row_text

if TYPE_CHECKING:
    from xner_hf.study.grid import Study

LOCKS = ".locks"
_NOT_DONE = {"status": None}
_START, _END = ".row-", ".tmp"


class Claim:
    """The right to make a run, held until `release`, the end of its ``with`` block, or the end of the process.

    It is false where another process has the right.
    """

    def __init__(self, path: Path):
        self._lock = FileLock(path, blocking=False)
        with suppress(Timeout):  # held by another: this claim is false
            self._lock.acquire()

    def __bool__(self) -> bool:
        return self._lock.is_locked

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def release(self) -> None:
        """Let others make the run; releasing twice does nothing."""
        self._lock.release()


class Store:
    """The rows of a study.

    Args:
        folder: where they are; made when the first one comes.
        others: folders of other stores, which are never written to. A run that one of them has done counts as done.
    """

    def __init__(self, folder: Path, others: Sequence[Path] = ()):
        self.folder = Path(folder)
        self.others = tuple(map(Store, others))

    @classmethod
    def of(cls, study: Study) -> Store:
        """Return the store of a study, with those of the studies that it takes runs from."""
        return cls(study.folder, [path.with_suffix("") for path in study.reuse])

    def rows(self) -> list[Row]:
        """Return all its own rows, failed attempts too, sorted by language, arm, seed, key and attempt.

        Raises:
            XnerError: a file is damaged, was changed, or has another row's name.
        """
        return sorted(map(_read, self.folder.glob("[!.]*.json")), key=_order)

    def results(self) -> list[Row]:
        """Return one row for each run, sorted as `rows`: its last attempt, which alone can be done.

        Of runs that it has not done itself, the row of the first other store that has.

        Raises:
            XnerError: as `rows`.
        """
        found = {row["key"]: row for row in self.rows()}
        for other in self.others:
            for row in other.results():
                if row["status"] == DONE and found.get(row["key"], _NOT_DONE)["status"] != DONE:
                    found[row["key"]] = row
        return sorted(found.values(), key=_order)

    def attempts(self, key: str) -> list[Row]:
        """Return its own rows of a run in the order of its attempts.

        Raises:
            XnerError: one of them is damaged.
        """
        _check_key(key)
        return sorted(map(_read, self.folder.glob(f"[!.]*_{key}_*.json")), key=lambda row: row["attempt"])

    def result(self, key: str) -> Row | None:
        """Return the row of a run that `results` has, None where there is none.

        Raises:
            XnerError: a row of it is damaged.
        """
        own = self.attempts(key)
        if own and own[-1]["status"] == DONE:
            return own[-1]
        rows = [row for other in self.others if (row := other.result(key)) and row["status"] == DONE]
        return next(iter([*rows, *reversed(own)]), None)

    def has(self, key: str) -> bool:
        """Whether a run is done; one that only failed is not.

        Raises:
            XnerError: a row of it is damaged.
        """
        row = self.result(key)
        return row is not None and row["status"] == DONE

    def add(self, row: Row) -> Path:
        """Add a row, and return its file; a row that is there already is not an error.

        Raises:
            XnerError: the row is malformed (`check_row`); this attempt is there with another content; the run is done;
                the attempt is not the next one; or the folder cannot be written.
        """
        row = check_row(row)
        file, text = self.folder / row_name(row), row_text(row)
        with self._writing(), FileLock(self._lock_file("store")):
            for left in self.folder.glob(f"{_START}*{_END}"):  # of writers that were killed
                left.unlink()
            earlier = self.attempts(row["key"])
            same = [one for one in earlier if one["attempt"] == row["attempt"]]
            if same and row_text(same[0]) == text:
                return file
            if same:
                raise XnerError(f"{file} exists with other content. Rows are added, never changed.")
            if any(one["status"] == DONE for one in earlier):
                raise XnerError(f"the run {row['key']} is done already; {file.name} is not added.")
            if row["attempt"] != len(earlier) + 1:
                raise XnerError(
                    f"{file.name} is attempt {row['attempt']}, but there are {len(earlier)} so far; the next one is "
                    f"{len(earlier) + 1}."
                )
            _write(file, text)
        return file

    def claim(self, key: str) -> Claim:
        """Return the right to make a run, false where another process makes it.

        Once it is there, look again whether the run is done: another may have finished it just before.

        Raises:
            XnerError: the folder cannot be written.
        """
        _check_key(key)
        with self._writing():
            return Claim(self._lock_file(key))

    def _lock_file(self, name: str) -> Path:
        file = self.folder / LOCKS / f"{name}.lock"
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise XnerError(
                f"the store {self.folder} cannot be written: {error}. It needs a file system with locks."
            ) from error


def _read(file: Path) -> Row:
    try:
        row = read_row(file.read_text(encoding="utf-8"))
        if row_name(row) != file.name:
            raise XnerError(f"by what it holds its name is {row_name(row)}.")
    except (OSError, UnicodeDecodeError, XnerError) as error:
        raise XnerError(
            f"{file} is damaged: {error} Bring it back from version control, or remove it to make the run again."
        ) from error
    return row


def _order(row: Row) -> tuple[Any, ...]:
    settings = row["settings"]
    return settings["language"], settings["label"], settings["seed"], row["key"], row["attempt"]


def _check_key(key: str) -> None:
    if not KEY.fullmatch(key):
        raise XnerError(f"{key!r} is not the key of a run, which has 16 hexadecimal digits.")


def _write(file: Path, text: str) -> None:
    """Write a file atomically, and bring it and its name to the disk."""
    handle, temporary = tempfile.mkstemp(prefix=_START, suffix=_END, dir=file.parent)
    with open(handle, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    os.chmod(temporary, 0o644)
    os.replace(temporary, file)
    if os.name == "posix":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # else the name may be lost with the power
        finally:
            os.close(folder)
