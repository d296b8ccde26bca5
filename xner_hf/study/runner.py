"""The runs of a study, one after the other, beside other runners of the same store."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.pipeline.store import cache_folder
from xner_hf.study.grid import RunSpec, Study
from xner_hf.study.rows import check_row, error_line
from xner_hf.study.run import backbone_signature, do_run
from xner_hf.study.store import Store
from xner_hf.study.surroundings import code_revision, surroundings


@dataclass
class Tally:
    """What a runner did.

    Attributes:
        made: keys of the runs that it finished.
        failed: key -> error of those that failed.
        there: runs that the store had already.
        elsewhere: runs that another runner has in hand.
        left: runs that were not begun because the time was over.
    """

    made: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    there: int = 0
    elsewhere: int = 0
    left: int = 0


def run_study(
    study: Study,
    store: Store,
    runs: Sequence[RunSpec],
    *,
    hours: float | None = None,
    retry_failed: bool = False,
    tell: Callable[[RunSpec, int, int, dict[str, Any]], None] = lambda *_: None,
) -> Tally:
    """Make the runs that the store does not have.

    A killed runner leaves nothing behind but the runs that it finished; the next one repeats the unfinished run. A
    run that fails is a row as well, and is not tried again unless asked for.

    Args:
        study: names the rows.
        store: takes them.
        runs: those of the study, or a shard of them.
        hours: begin no run after that.
        retry_failed: try runs again that failed before.
        tell: called after every run with it, its number among `runs` (from 1), their number, and the row.

    Raises:
        XnerError: a backbone in a folder is not the one of the results that the store has of it.
    """
    _check_backbones(store, runs)
    code_revision()  # of the rows, before the code can change under a long run
    started = time.monotonic()
    tally = Tally()
    for number, run in enumerate(runs, 1):
        if _settled(store, run.key, retry_failed):
            tally.there += 1
            continue
        if hours is not None and time.monotonic() - started > 3600 * hours:
            tally.left += 1
            continue
        with store.claim(run.key) as claimed:
            if not claimed:
                tally.elsewhere += 1
                continue
            if _settled(store, run.key, retry_failed):  # finished by another since it was looked up
                tally.there += 1
                continue
            row = _row(study, store, run)
        tally.made.append(run.key)
        if row["status"] == "failed":
            tally.failed[run.key] = row["error"]
        tell(run, number, len(runs), row)
    return tally


def _check_backbones(store: Store, runs: Sequence[RunSpec]) -> None:
    folders = {one: backbone_signature(one) for one in dict.fromkeys(run.settings["backbone"] for run in runs)}
    rows = store.results() if any(folders.values()) else []
    for row in rows:
        backbone, before = row["settings"]["backbone"], (row["signatures"] or {}).get("backbone")
        if before and before != folders.get(backbone, {}).get("backbone", before):
            raise XnerError(
                f"the backbone in {backbone} is not the one of the results in {store.folder}: its weights or "
                "sub-words have changed since. Put the former one back, or give the new one a folder of another name."
            )


def _settled(store: Store, key: str, retry_failed: bool) -> bool:
    row = store.result(key)
    return row is not None and (row["status"] == "done" or not retry_failed)


def _row(study: Study, store: Store, run: RunSpec) -> dict[str, Any]:
    row = {
        "key": run.key,
        "attempt": len(store.attempts(run.key)) + 1,
        "study": study.name,
        "settings": dict(run.settings),
        **surroundings(),
    }
    began = time.perf_counter()
    try:
        done = {**row, "status": "done", "error": None, **do_run(run)}
        check_row(done)  # such as scores that are no numbers, since the training diverged
    except Exception as error:  # whatever it was, it is a result of the study: told in its table, not lost
        traceback.print_exc()
        done = {**row, "status": "failed", "error": _without_paths(error_line(error))}
        done["seconds"] = {"failed": round(time.perf_counter() - began, 2)}
    store.add(done)
    return done


def _without_paths(text: str) -> str:
    """Name the folders of this machine by the variables that hold them, since a store may be published."""
    for name, folder in (("$XNER_CACHE", cache_folder()), ("$XNER_MIRROR", os.environ.get("XNER_MIRROR"))):
        text = text.replace(str(folder), name) if folder else text
    return text
