"""Scores: strict span F1, attachment, word alignment, calibration, and modules for the `evaluate` library."""

from __future__ import annotations

from pathlib import Path

from xner_hf.errors import XnerError, nearest
from xner_hf.metrics.alignment import alignment_scores
from xner_hf.metrics.calibration import expected_calibration_error
from xner_hf.metrics.parsing import (
    AttachmentCounts,
    attachment_scores,
    from_attachment_counts,
    merge_attachment_counts,
    sentence_attachment_counts,
)
from xner_hf.metrics.span_f1 import Counts, entities, from_counts, merge_counts, sentence_counts, span_f1

__all__ = [
    "AttachmentCounts",
    "Counts",
    "alignment_scores",
    "attachment_scores",
    "entities",
    "evaluate_path",
    "expected_calibration_error",
    "from_attachment_counts",
    "from_counts",
    "merge_attachment_counts",
    "merge_counts",
    "sentence_attachment_counts",
    "sentence_counts",
    "span_f1",
]

_EVALUATE_MODULES = ["span_f1", "attachment", "calibration"]


def evaluate_path(name: str) -> str:
    """Return the folder of a metric that ``evaluate.load`` and ``evaluate.combine`` take; no network is needed.

    Args:
        name: "span_f1", "attachment" or "calibration".

    Raises:
        XnerError: there is no such metric.
    """
    if name not in _EVALUATE_MODULES:
        raise XnerError(
            f"There is no evaluate module {name!r}; there is {', '.join(_EVALUATE_MODULES)}."
            f"{nearest(name, _EVALUATE_MODULES)}"
        )
    return str(Path(__file__).parent / f"evaluate_{name}")
