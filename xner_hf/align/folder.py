"""The folder of a trained model, written atomically."""

from __future__ import annotations

import contextlib
import filecmp
import json
import shutil
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError


@contextlib.contextmanager
def written_whole(folder: Path, files: Collection[str]) -> Iterator[Path]:
    """Give an empty folder to train in; if the block ends without an error, it replaces `folder`.

    Args:
        folder: folder of the model; an earlier model there is replaced.
        files: names of the files of a model.

    Raises:
        XnerError: `folder` holds other files.
    """
    others = sorted(path.name for path in folder.glob("*") if path.name not in files)
    if others:
        raise XnerError(f"{folder} holds other files ({', '.join(others[:3])}); give the model a folder of its own.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Atomic: trained in a temporary folder and renamed. A kill or a second training leaves no half-written model.
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".training-"))
    try:
        yield aside
        if _same(aside, folder, files):
            return  # another process trained the same model and may be reading it
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another process has put the same model there in the meantime
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _same(one: Path, other: Path, files: Collection[str]) -> bool:
    try:
        return all(filecmp.cmp(one / name, other / name, shallow=False) for name in files)
    except OSError:
        return False


@contextlib.contextmanager
def read_whole(folder: Path, trainer: str) -> Iterator[dict[str, Any]]:
    """Give the settings of the model in a folder; the block reads the rest of it.

    Args:
        folder: where `written_whole` put the model.
        trainer: name of the class that trains one, for the message.

    Raises:
        XnerError: the folder has no complete model.
    """
    try:
        yield json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise XnerError(
            f"{folder} has no complete alignment model ({error}). Remove it and train one with {trainer}.train."
        ) from error
