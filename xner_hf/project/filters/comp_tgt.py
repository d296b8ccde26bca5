"""The filter ``comp_tgt``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xner_hf.project.filters import Filter
from xner_hf.project.projector import ProjectedSpan, is_punctuation
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import register
from xner_hf.settings import setting


@register("filter", "comp_tgt")
@dataclass(frozen=True)
class CompTgt(Filter):
    """The words linked to a source entity are not contiguous."""

    meaning = "the words linked to a source entity are not contiguous"
    order = 2
    drops_sentence = True
    citations = ("ebing-glavas-2025",)

    comp_tgt: bool = setting(
        False,
        "the words linked to an entity must be contiguous, or the sentence is dropped; "
        "punctuation in between is a gap",
    )

    def keeps_sentence(self, pair: SentencePair, projected: Sequence[ProjectedSpan]) -> bool:
        # As in the projectors, links to punctuation do not count: it is a gap between words, and ignored elsewhere.
        content = [link for link in pair.links or () if not is_punctuation(pair.target[link.target])]
        for span in pair.spans:
            words = {link.target for link in content if span.start <= link.source < span.end}
            if words and max(words) - min(words) >= len(words):
                return False
        return True
