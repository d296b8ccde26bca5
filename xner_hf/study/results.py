"""From the store of a study to its summary."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from xner_hf.errors import NotAvailable, XnerError
from xner_hf.spans import Span
from xner_hf.study.grid import Study
from xner_hf.study.store import Store
from xner_hf.study.summary import GoldReader, Summary, summarise


def rows_of(study: Study, backbone: str | None = None) -> list[dict[str, Any]]:
    """Return the last attempt of every run of a study that has one; none where nothing was run yet.

    Args:
        study: the study; results of other settings that lie in its store are left out.
        backbone: which one, where it has several.

    Raises:
        XnerError: there are several backbones and none is named, there is none of that name, or a row is damaged.
    """
    if backbone is None and len(study.backbones) > 1:
        raise XnerError(f"the study has several backbones; name one with --backbone: {', '.join(study.backbones)}.")
    backbone = backbone or study.backbones[0]
    if backbone not in study.backbones:
        raise XnerError(f"the study has no backbone {backbone!r}; it has {', '.join(study.backbones)}.")
    wanted = {run.key for run in study.runs() if run.settings["backbone"] == backbone}
    return [row for row in Store.of(study).results() if row["key"] in wanted]


def summary_of(study: Study, rows: Sequence[dict[str, Any]], gold: GoldReader | None = None) -> Summary:
    """Return what rows of a study say; the bootstrap over sentences is left out without a reader of gold.

    Raises:
        XnerError: as `summarise`.
    """
    plan = {name: dict.fromkeys(arm.languages, arm.seeds) for name, arm in study.arms.items()}
    return summarise(rows, study.contrasts.values(), gold, plan)


def results_of(study: Study, backbone: str | None = None) -> tuple[list[dict[str, Any]], Summary]:
    """Return the rows of a study, the last attempt of every run of its file, and what they say.

    Args:
        study: the study; results of other settings that lie in its store are left out.
        backbone: which one, where it has several.

    Raises:
        XnerError: there are no results, or as `rows_of`.
    """
    rows = rows_of(study, backbone)
    if not rows:
        raise XnerError(
            f"{study.folder} holds no results of this study yet. Make them with `xner study run {study.path}`."
        )
    return rows, summary_of(study, rows, read_gold)


def read_gold(reference: str, split: str) -> Mapping[str, Sequence[Span]] | None:
    """Return the entities of a test set by sentence; None where it is not available here."""
    from xner_hf.corpora.labelled import read_labelled
    from xner_hf.evaluation.scores import gold_tags
    from xner_hf.metrics import entities

    try:
        return {one.id: entities(gold_tags(one)) for one in read_labelled(reference, split)}
    except NotAvailable:
        return None


def status_of(study: Study) -> dict[str, Any]:
    """Return how many runs are done, failed and missing, by arm, and the hours spent and left.

    ``of_other_settings`` counts results in the store that the study file has no run for.
    """
    store = Store.of(study)
    results = {row["key"]: row for row in store.results()}
    arms: dict[str, Counter[str]] = defaultdict(Counter)
    own = {row["key"] for row in store.rows()}
    spent = known = cost_known = cost_left = 0.0
    for one in study.runs():
        row = results.get(one.key)
        state = row["status"] if row else "missing"
        arms[one.settings["label"]][state] += 1
        if state == "done":
            seconds = sum(row["seconds"].values())
            known, cost_known = known + seconds, cost_known + one.cost
            spent += seconds if one.key in own else 0.0
        elif state == "missing":
            cost_left += one.cost
    others = len(own - {one.key for one in study.runs()})
    return {
        "study": study.name,
        "store": str(study.folder),
        "arms": {name: dict(count) for name, count in arms.items()},
        **{state: sum(count[state] for count in arms.values()) for state in ("done", "failed", "missing")},
        "of_other_settings": others,
        "hours_spent": round(spent / 3600, 2),
        "hours_left": round(known / cost_known * cost_left / 3600, 2) if cost_known else None,
    }
