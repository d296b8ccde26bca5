"""The filter ``comp_src``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xner_hf.project.filters import Filter
from xner_hf.project.projector import ProjectedSpan
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import register
from xner_hf.settings import setting


@register("filter", "comp_src")
@dataclass(frozen=True)
class CompSrc(Filter):
    """A word of a source entity is linked to nothing."""

    meaning = "a word of a source entity is linked to nothing"
    order = 1
    drops_sentence = True
    citations = ("ebing-glavas-2025",)

    comp_src: bool = setting(False, "every word of an entity must be linked, or the sentence is dropped")

    def keeps_sentence(self, pair: SentencePair, projected: Sequence[ProjectedSpan]) -> bool:
        if pair.links is None:
            return True
        linked = {link.source for link in pair.links}
        return all(linked.issuperset(range(span.start, span.end)) for span in pair.spans)
