"""The filter ``min_score``."""

from __future__ import annotations

from dataclasses import dataclass

from xner_hf.project.filters import Filter
from xner_hf.project.projector import ProjectedSpan
from xner_hf.registry import register
from xner_hf.settings import setting
from xner_hf.spans import Span


@register("filter", "min_score")
@dataclass(frozen=True)
class MinScore(Filter):
    """The score of the projected span is too low."""

    meaning = "the score of the projected span is too low"
    order = 6

    min_score: float = setting(0.0, "removes projected spans with a lower score", within="[0, 1]")

    def keeps(self, projected: ProjectedSpan, span: Span) -> bool:
        return projected.score >= self.min_score
