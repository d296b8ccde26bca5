"""The filter ``min_source_score``."""

from __future__ import annotations

from dataclasses import dataclass

from xner_hf.project.filters import Filter
from xner_hf.registry import register
from xner_hf.settings import setting
from xner_hf.spans import Span


@register("filter", "min_source_score")
@dataclass(frozen=True)
class MinSourceScore(Filter):
    """The tagger's score of the source entity is too low."""

    meaning = "the tagger's score of the source entity is too low"
    order = 5

    min_source_score: float = setting(0.0, "removes entities whose tagger score is lower", within="[0, 1]")

    def takes_part(self, span: Span) -> bool:
        return span.score >= self.min_source_score
