"""Checkpoints of a training run: which are whole, and which may be gone on from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.pipeline.store import write_text
from xner_hf.training.processes import first_process

CHECKPOINTS = "checkpoints"
RUN = "run.json"
WHOLE = "whole.json"
"""Written into a checkpoint when all of it is there."""


def check_unfinished(folder: Path) -> None:
    """Check that there is a run to go on with; called before any long work.

    Raises:
        XnerError: there is none.
    """
    if not (folder / RUN).is_file():
        raise XnerError(f"there is no unfinished run in {folder}, so nothing to resume. Leave out --resume.")


def start_run(folder: Path, record: dict[str, Any], resume: bool) -> str | None:
    """Return the checkpoint to go on from; None to start again, after the old ones are removed.

    Args:
        folder: of the model.
        record: all that decides what comes out, as plain values.
        resume: go on from the last whole checkpoint.

    Raises:
        XnerError: there is nothing to resume, or what there is was started with another record.
    """
    file = folder / RUN
    if resume:
        check_unfinished(folder)
        before = json.loads(file.read_text(encoding="utf-8"))
        now = json.loads(json.dumps(record))
        different = [
            f"{key}: {before.get(key)!r} before, {now.get(key)!r} now"
            for key in sorted({*before, *now})
            if before.get(key) != now.get(key)
        ]
        if different:
            raise XnerError(
                f"the run in {folder} had other settings, so it cannot be resumed: {'; '.join(different)}. "
                "Use those, or start again without --resume."
            )
        whole = [one for one in (folder / CHECKPOINTS).glob("checkpoint-*") if (one / WHOLE).is_file()]
        return str(max(whole, key=lambda one: int(one.name.rpartition("-")[2]))) if whole else None
    if first_process():
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
        write_text(file, json.dumps(record, ensure_ascii=False, indent=2) + "\n")
    return None
