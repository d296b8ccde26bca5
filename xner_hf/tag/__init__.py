"""Tagging: the entities of the side that has no labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xner_hf.corpora.base import ReadReport
from xner_hf.corpora.files import LABELLED
from xner_hf.errors import XnerError
from xner_hf.tag.base import Tagger


def is_gold(model: str) -> bool:
    """Whether a tagger is named by a file of gold labels, which labels the sentences that it holds."""
    return Path(model).suffix.lower() in LABELLED


def make_tagger(
    model: str,
    revision: str | None = None,
    labels: Mapping[str, str] | None = None,
    device: str | None = None,
    report: ReadReport | None = None,
) -> Tagger:
    """Return a tagger: gold labels where `model` is a labelled file (`LABELLED`), else a token-classification model.

    Args:
        model: file, Hub id or folder.
        revision: Hub branch, tag or commit.
        labels: entity types of the file or model mapped to PER, ORG, LOC or ``O``.
        device: torch device; the GPU when there is one.
        report: filled with what was found in a file, mended and left out.

    Raises:
        XnerError: the file or checkpoint cannot be had or used.
    """
    if is_gold(model):
        from xner_hf.corpora.labelled import read_labelled
        from xner_hf.tag.gold import GoldTagger

        if revision:
            raise XnerError(f"the tagger {model} is a file of gold labels, which has no revision.")
        report = ReadReport() if report is None else report
        return GoldTagger(read_labelled(model, "train", report, labels=labels), model, report)
    from xner_hf.tag.model import ModelTagger

    return ModelTagger(model, revision, device, labels)


__all__ = ["Tagger", "is_gold", "make_tagger"]
