"""Tagging: the entities of the side that has no labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xner_hf.corpora.files import LABELLED
from xner_hf.registry import settings_of
from xner_hf.tag.tagger import Tagger


def tagger_settings(
    model: str,
    revision: str | None = None,
    labels: Mapping[str, str] | None = None,
    method: str | None = None,
    **settings: Any,
) -> Any:
    """Return the settings object of a tagger; its ``make(report)`` returns the tagger.

    Args:
        model: Hub id or folder of a model, or a file of labelled sentences.
        revision: Hub branch, tag or commit.
        labels: entity types of the file or model mapped to PER, ORG, LOC or ``O``.
        method: a registered tagger; by default ``gold`` for a labelled file (`LABELLED`), else ``model``.
        **settings: further settings of that tagger.

    Raises:
        XnerError: the method or a setting is unknown, or a value does not fit.
    """
    chosen = method or ("gold" if Path(model).suffix.lower() in LABELLED else "model")
    return settings_of("tagger", chosen, {"model": model, "revision": revision, "labels": labels, **settings})


__all__ = ["Tagger", "tagger_settings"]
