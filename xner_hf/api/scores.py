"""``xner.evaluate``: a model or a build against gold."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from xner_hf.api.corpus import Build
from xner_hf.api.student import Student
from xner_hf.corpora.labelled import is_build, read_labelled
from xner_hf.corpora.sentence import ReadReport
from xner_hf.errors import XnerError
from xner_hf.evaluation.scores import score_build, score_tagger
from xner_hf.pipeline.progress import Progress
from xner_hf.recipe import tagger_config


def evaluate(
    target: str | Path | Build | Student,
    gold: str,
    split: str = "test",
    *,
    labels: Mapping[str, str] | None = None,
    revision: str | None = None,
    model_labels: Mapping[str, str] | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return strict span scores of a model or a build against gold.

    Args:
        target: Hub id or folder of a token-classification model; a student; a build, or its folder.
        gold: ``org/name:config`` on the Hub, or a file of labelled sentences.
        split: split of the gold corpus.
        labels: entity types of the gold mapped to PER, ORG, LOC or ``O``.
        revision: Hub branch, tag or commit of a model.
        model_labels: entity types or labels of a model mapped to PER, ORG, LOC or ``O``.
        limit: score only the first sentences, 1 or more.
        progress: shows the stages.

    Returns:
        ``precision``, ``recall``, ``f1`` in [0, 1], overall and by type (``types``), ``f1_interval`` (95 % bootstrap
        over sentences), counts, and how the gold was read.

    Raises:
        XnerError: the model, build or gold is not available, or none of their types is known.
    """
    name = str(target.folder if isinstance(target, Build | Student) else target)
    report = ReadReport()
    sentences = list(islice(read_labelled(gold, split, report, labels=labels), limit))
    if is_build(Path(name)):
        if revision or model_labels:
            raise XnerError(f"{name} is a build, which has its labels. Leave revision and model_labels out.")
        scores = score_build(Path(name), sentences)
    else:
        tagger = tagger_config({"model": name, "revision": revision, "labels": model_labels})
        scores = score_tagger(tagger.own.make(), sentences, progress)
    return {
        "target": name,
        "gold_corpus": gold,
        "split": split,
        "repaired_gold_tags": len(report.repaired),
        "gold_read": report.said(),
        **scores,
    }
