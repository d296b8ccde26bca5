"""What every projector does, and the statuses of source entities."""

from __future__ import annotations

from typing import NamedTuple, Protocol
from unicodedata import category, name

from xner_hf.project.sentence_pair import SentencePair
from xner_hf.spans import Span

PROJECTED = "projected"
UNALIGNED = "unaligned"
LOW_SCORE = "low_score"
LENGTH_RATIO = "length_ratio"
CONFLICT = "conflict"
FILTERED = "filtered"

STATUSES = (PROJECTED, UNALIGNED, LOW_SCORE, LENGTH_RATIO, CONFLICT, FILTERED)
"""What can become of a source entity: projected; no link leaves it; every candidate scored at or below the null
threshold; too short for its source; lost its words to a better one; removed by a filter, whose name follows:
``filtered:min_score`` (`xner_hf.project.filters`)."""


class ProjectedSpan(NamedTuple):
    """What became of source entity number `source`.

    ``start`` and ``end`` are words of the target sentence, half-open, and -1 unless ``status`` is ``projected``.
    ``score`` is in [0, 1]; that of a lost entity is the score with which it lost.
    """

    start: int
    end: int
    label: str
    score: float
    source: int
    status: str


class Projector(Protocol):
    """Carries the entities of a source sentence over to its translation."""

    def project(self, pair: SentencePair) -> list[ProjectedSpan]:
        """Return what became of every source entity, in the order of ``pair.spans``; projected spans never overlap."""
        ...


def lost(span: Span, source: int, status: str, score: float = 0.0) -> ProjectedSpan:
    """Return what became of an entity that found no place in the target sentence."""
    return ProjectedSpan(-1, -1, span.label, score, source, status)


def is_punctuation(word: str) -> bool:
    """Whether a word has neither a letter nor a digit, and so can neither open nor close an entity.

    A mark of a script, such as a vowel sign, is part of a letter, and may be a word of its own where no spaces are
    written. Marks of no script (accents by themselves, what makes an emoji of a sign) are none.
    """
    return not any(char.isalnum() or _is_mark_of_script(char) for char in word)


def _is_mark_of_script(char: str) -> bool:
    return category(char)[0] == "M" and not name(char, "").startswith(("COMBINING ", "VARIATION SELECTOR"))
