"""The store of a study's results: a folder with one file for each row, to which rows are only ever added.

A row is written to a temporary file, brought to the disk, and linked to its name, which fails where there is such a
file. So a writer that is killed leaves the whole row or none, and no row is ever overwritten, however many write.
Temporary files and runs that are under way are locked by their process. The operating system lifts the lock when the
process ends, in whatever way: what a killed one leaves behind is told from what a living one still needs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError
from xner_hf.study.rows import DONE, KEY, Row, check_row, read_row, row_name, row_text

if TYPE_CHECKING:
    from xner_hf.study.grid import Study

LOCKS = ".locks"
_NOT_DONE = {"status": None}
_TEMPORARY = (".row-", ".tmp")


class Claim:
    """The right to make a run, held until `release`, the end of its ``with`` block, or the end of the process.

    It is false where another process has the right.
    """

    def __init__(self, path: Path, handle: int | None):
        self._path, self._handle = path, handle
        if handle is not None:
            _HELD.add(self)

    def __bool__(self) -> bool:
        return self._handle is not None

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def release(self) -> None:
        """Let others make the run; once is enough, more do no harm."""
        if self:
            # While it is still locked: whoever opened it before finds that it is no longer the file of that name.
            self._path.unlink(missing_ok=True)
            self._drop()

    def _drop(self) -> None:
        os.close(self._handle)
        self._handle = None
        _HELD.discard(self)


_HELD: set[Claim] = set()


def _drop_in_child() -> None:
    # Else the workers of a killed run, which inherit its files, would hold its claim for as long as they live.
    for claim in list(_HELD):
        claim._drop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_in_child)


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
        while True:
            earlier = self.attempts(row["key"])
            same = [one for one in earlier if one["attempt"] == row["attempt"]]
            if same and row_text(same[0]) == text:
                return file
            if same:
                raise XnerError(f"{file} is there already, with another content. Rows are added, never changed.")
            if any(one["status"] == DONE for one in earlier):
                raise XnerError(f"the run {row['key']} is done already; {file.name} is not added.")
            if row["attempt"] != len(earlier) + 1:
                raise XnerError(
                    f"{file.name} is attempt {row['attempt']}, but there are {len(earlier)} so far; the next one is "
                    f"{len(earlier) + 1}."
                )
            with self._writing():
                self.folder.mkdir(parents=True, exist_ok=True)
                self._sweep()
                if _link_new(file, text):
                    return file
            # Another writer came first; go and see what it wrote.

    def claim(self, key: str) -> Claim:
        """Return the right to make a run, false where another process makes it.

        Once it is there, look again whether the run is done: another may have finished it just before.

        Raises:
            XnerError: the folder cannot be written.
        """
        import fcntl

        _check_key(key)
        file = self.folder / LOCKS / f"{key}.lock"
        with self._writing():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._sweep()
            while True:
                handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(handle)
                    return Claim(file, None)
                if _is_file(handle, file):
                    return Claim(file, handle)
                os.close(handle)  # released, and so removed, between the opening and the locking

    def _sweep(self) -> None:
        """Remove temporary files whose writers are dead."""
        import fcntl

        start, end = _TEMPORARY
        for file in self.folder.glob(f"{start}*{end}"):
            with suppress(FileNotFoundError, BlockingIOError):  # its writer has finished, or is alive
                handle = os.open(file, os.O_RDONLY)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    file.unlink()
                finally:
                    os.close(handle)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise XnerError(
                f"the store {self.folder} cannot be written: {error}. It needs a file system with locks and hard "
                "links."
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
        raise XnerError(f"{key!r} is no key of a run, which has 16 hexadecimal digits.")


def _link_new(file: Path, text: str) -> bool:
    """Write a file atomically; False where there is one of that name."""
    handle, temporary = _own_temporary(file.parent)
    try:
        with open(handle, "w", encoding="utf-8", closefd=False) as opened:
            opened.write(text)
            opened.flush()
            os.fchmod(handle, 0o644)
            os.fsync(handle)
        os.link(temporary, file)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
        os.close(handle)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # else the name may be lost with the power
    finally:
        os.close(folder)
    return True


def _own_temporary(folder: Path) -> tuple[int, Path]:
    """Return a new file, locked by this process."""
    import fcntl

    start, end = _TEMPORARY
    while True:
        handle, name = tempfile.mkstemp(prefix=start, suffix=end, dir=folder)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if _is_file(handle, Path(name)):
            return handle, Path(name)
        os.close(handle)  # swept away before it was locked


def _is_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False
