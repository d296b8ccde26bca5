"""The filter ``min_score``."""

from __future__ import annotations

from dataclasses import dataclass, field

from xner_hf.errors import XnerError
from xner_hf.project.base import ProjectedSpan
from xner_hf.project.filters import Filter
from xner_hf.registry import register
from xner_hf.spans import Span


@register("filter", "min_score")
@dataclass(frozen=True)
class MinScore(Filter):
    """The score of the projected span is too low."""

    meaning = "the score of the projected span is too low"
    order = 6

    min_score: float = field(
        default=0.0, metadata={"help": "projected spans whose score is below, in [0, 1], are removed"}
    )

    def __post_init__(self) -> None:
        if not 0 <= self.min_score <= 1:
            raise XnerError(f"filters.min_score is {self.min_score}; it lies in [0, 1], and 0 is off.")

    def keeps(self, projected: ProjectedSpan, span: Span) -> bool:
        return projected.score >= self.min_score
