"""From the store of a study to its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xner_hf.errors import NotAvailable, XnerError
from xner_hf.spans import Span
from xner_hf.study.grid import Study
from xner_hf.study.store import Store
from xner_hf.study.summary import Summary, summarise


def results_of(study: Study, backbone: str | None = None) -> tuple[list[dict[str, Any]], Summary]:
    """Return the rows of a study, the last attempt of every run of its file, and what they say.

    Args:
        study: the study; results of other settings that lie in its store are left out.
        backbone: which one, where it has several.

    Raises:
        XnerError: there are no results, or several backbones and none is named.
    """
    if backbone is None and len(study.backbones) > 1:
        raise XnerError(f"the study has several backbones; name one with --backbone: {', '.join(study.backbones)}.")
    backbone = backbone or study.backbones[0]
    if backbone not in study.backbones:
        raise XnerError(f"the study has no backbone {backbone!r}; it has {', '.join(study.backbones)}.")
    wanted = {run.key for run in study.runs() if run.settings["backbone"] == backbone}
    rows = [row for row in Store(study.folder).results() if row["key"] in wanted]
    if not rows:
        raise XnerError(
            f"{study.folder} holds no results of this study yet. Make them with `xner study run {study.path}`."
        )
    plan = {name: arm.languages for name, arm in study.arms.items()}
    return rows, summarise(rows, study.contrasts.values(), read_gold, plan)


def read_gold(reference: str, split: str) -> Mapping[str, Sequence[Span]] | None:
    """Return the entities of a test set by sentence; None where it cannot be had here."""
    from xner_hf.corpora.labelled import read_labelled
    from xner_hf.evaluation import gold_tags
    from xner_hf.metrics import entities

    try:
        return {one.id: entities(gold_tags(one)) for one in read_labelled(reference, split)}
    except NotAvailable:
        return None
