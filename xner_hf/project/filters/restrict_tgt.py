"""The filter ``restrict_tgt``."""

from __future__ import annotations

from dataclasses import dataclass

from xner_hf.project.filters import Filter
from xner_hf.project.projector import ProjectedSpan
from xner_hf.registry import register
from xner_hf.settings import setting
from xner_hf.spans import Span


@register("filter", "restrict_tgt")
@dataclass(frozen=True)
class RestrictTgt(Filter):
    """A source entity of one word would have become several words."""

    meaning = "a source entity of one word would have become several words"
    order = 4
    citations = ("ebing-glavas-2025",)

    restrict_tgt: bool = setting(
        False, "a one-word entity may be projected to one word only; longer spans are removed"
    )

    def keeps(self, projected: ProjectedSpan, span: Span) -> bool:
        return not span.end - span.start == 1 < projected.end - projected.start
