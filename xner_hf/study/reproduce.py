"""The student of one run, made again to be kept: a study throws its students away once they are scored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError, nearest
from xner_hf.study.grid import RunSpec, Study
from xner_hf.study.inputs import check_inputs
from xner_hf.study.provenance import provenance
from xner_hf.study.rows import DONE, Row
from xner_hf.study.run import make_student, score_trees
from xner_hf.study.store import Store

_COMPARED = ("scores", "predictions", "parsing")


@dataclass(frozen=True)
class Reproduction:
    """A student that was made again.

    Attributes:
        row: as in `Outcome`.
        entities: as in `Outcome`.
        trees: all that `score_trees` says of the whole test split; None for a student whose trees are not scored.
        store: how it compares with the store, see `compare`.
    """

    row: dict[str, Any]
    entities: dict[str, Any]
    trees: dict[str, Any] | None
    store: dict[str, Any]


def place_of(run: RunSpec) -> str:
    """Return what people call a run: ``LANGUAGE/ARM/SEED``."""
    return "/".join(str(run.settings[name]) for name in ("language", "label", "seed"))


def find_run(study: Study, name: str) -> RunSpec:
    """Return the run that a key or ``LANGUAGE/ARM/SEED`` names.

    Raises:
        XnerError: there is none, or there are several, of a study with several backbones.
    """
    runs = study.runs()
    found = [run for run in runs if name in (run.key, place_of(run))]
    if not found:
        near = nearest(name, list(dict.fromkeys([*map(place_of, runs), *(run.key for run in runs)])))
        raise XnerError(
            f"the study {study.name} has no run {name!r}.{near} `xner study run {study.path} --dry-run` lists all "
            "runs with their keys; LANGUAGE/ARM/SEED names one as well."
        )
    if len(found) > 1:
        known = ", ".join(f"{run.key} ({run.settings['backbone']})" for run in found)
        raise XnerError(f"{name} names {len(found)} runs of the study {study.name}; give the key of one: {known}.")
    return found[0]


def check_new(folder: Path) -> None:
    """Check that a folder is not there yet, or empty.

    Raises:
        XnerError: it holds something, or is a file.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        what = "is not empty" if folder.is_dir() else "is a file"
        raise XnerError(f"the output folder {folder} {what}, and nothing in it is written over. Give a new one.")


def reproduce(study: Study, run: RunSpec, folder: Path, command: str) -> Reproduction:
    """Train and score the student of a run exactly as `do_run`, and keep it in a folder.

    Args:
        study: the study.
        run: one of its runs.
        folder: where the student goes; see `check_new`.
        command: for its ``training.json``.

    Raises:
        XnerError: the folder is not empty, an input is not available or is wrong, or a row of the store is damaged;
            all before anything is trained.
    """
    check_new(folder)
    store = Store.of(study)
    before = store.result(run.key)
    lacking = [one for one in check_inputs(study, [run], store)["inputs"] if one["state"] != "ok"]
    if lacking:
        details = "".join(f"\n- {one['kind']} {one['name']}: {one['detail']}" for one in lacking)
        raise XnerError(f"{place_of(run)} cannot be reproduced here; missing:{details}")
    made = make_student(run, folder, provenance(study, run, command))
    trees = score_trees(folder, run.settings)  # of the whole split; a row has its first sentences only
    return Reproduction(made.row, made.entities or {}, trees, compare(made.row, before))


def compare(made: Mapping[str, Any], stored: Row | None) -> dict[str, Any]:
    """Compare the result of a run with its row in the store.

    Returns:
        ``state``: ``same`` where scores and predictions are equal, ``different``, ``failed`` where the row has an
        ``error`` instead, or ``none`` without a row. For the first two ``f1`` of the store, ``difference``, ours minus
        that, ``sentences``, the number of those with other spans, and ``hardware`` of the store's run.
    """
    if stored is None:
        return {"state": "none"}
    if stored["status"] != DONE:
        return {"state": "failed", "error": stored["error"]}
    ours = json.loads(json.dumps({name: made[name] for name in _COMPARED}))
    spans, theirs = ours["predictions"]["spans"], stored["predictions"]["spans"]
    other = sum(spans.get(name) != theirs.get(name) for name in {*spans, *theirs})
    return {
        "state": "same" if all(ours[name] == stored[name] for name in _COMPARED) else "different",
        "f1": stored["scores"]["f1"],
        "difference": ours["scores"]["f1"] - stored["scores"]["f1"],
        "sentences": other,
        "hardware": stored["hardware"],
    }
