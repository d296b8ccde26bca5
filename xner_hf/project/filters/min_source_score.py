"""The filter ``min_source_score``."""

from __future__ import annotations

from dataclasses import dataclass, field

from xner_hf.errors import XnerError
from xner_hf.project.filters import Filter
from xner_hf.registry import register
from xner_hf.spans import Span


@register("filter", "min_source_score")
@dataclass(frozen=True)
class MinSourceScore(Filter):
    """The tagger's score of the source entity is too low."""

    meaning = "the tagger's score of the source entity is too low"
    order = 5

    min_source_score: float = field(
        default=0.0, metadata={"help": "entities whose tagger score is below, in [0, 1], are not carried over"}
    )

    def __post_init__(self) -> None:
        if not 0 <= self.min_source_score <= 1:
            raise XnerError(f"filters.min_source_score is {self.min_source_score}; it lies in [0, 1], and 0 is off.")

    def takes_part(self, span: Span) -> bool:
        return span.score >= self.min_source_score
