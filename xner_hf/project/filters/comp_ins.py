"""The filter ``comp_ins``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from xner_hf.project.filters import Filter
from xner_hf.project.projector import PROJECTED, ProjectedSpan
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import register
from xner_hf.settings import setting


@register("filter", "comp_ins")
@dataclass(frozen=True)
class CompIns(Filter):
    """The two sides have different numbers of entities of some type."""

    meaning = "the two sides have different numbers of entities of some type"
    order = 3
    drops_sentence = True
    citations = ("ebing-glavas-2025",)

    comp_ins: bool = setting(
        False, "as many target spans as source entities of every type, or the sentence is dropped"
    )

    def keeps_sentence(self, pair: SentencePair, projected: Sequence[ProjectedSpan]) -> bool:
        found = Counter(one.label for one in projected if one.status == PROJECTED)
        return found == Counter(span.label for span in pair.spans)
