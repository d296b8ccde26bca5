"""Scores of (source entity, candidate span) pairs, each an array ``[entities, candidates]`` with values in [0, 1]."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from xner_hf.align.base import Link
from xner_hf.spans import Span

if TYPE_CHECKING:
    import numpy as np


def alignment_score(spans: Sequence[Span], links: Sequence[Link], starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Probability-weighted form of the alignment score of Politov et al. (2025): ``2 sum(p) / (|entity| + |span|)``.

    The sum runs over the links between entity and candidate; with several links a word the ratio can pass 1 and is
    cut there.

    Args:
        spans: source entities.
        links: links of the sentence pair, with probabilities.
        starts: first words of the candidates, shape ``[candidates]``.
        ends: ends (exclusive) of the candidates, shape ``[candidates]``.
    """
    import numpy as np

    scores = np.zeros((len(spans), len(starts)))
    if not len(starts):
        return scores
    before = np.zeros(int(ends.max()) + 1)  # before[j]: probability mass of the links to target words 0..j-1
    for row, span in enumerate(spans):
        before[:] = 0
        for link in links:
            if span.start <= link.source < span.end and link.target + 1 < len(before):
                before[link.target + 1] += link.score
        mass = before.cumsum()
        # Rounded, since sums in another order differ in the last digit and would decide ties.
        scores[row] = 2 * (mass[ends] - mass[starts]).round(12) / (span.end - span.start + ends - starts)
    return np.minimum(scores, 1.0, out=scores)


def surface_score(entities: Sequence[str], candidates: Sequence[str]) -> np.ndarray:
    """Jaro-Winkler similarity of folded strings: most names are copied or respelled by the translator."""
    import numpy as np
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    return process.cdist(entities, candidates, scorer=JaroWinkler.normalized_similarity, dtype=np.float64)


@lru_cache(maxsize=200_000)
def fold(word: str) -> str:
    """Return a word without case and accents, the form in which surfaces are compared."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.casefold()).casefold().replace("ı", "i")
    return "".join(char for char in decomposed if not unicodedata.combining(char)) or word
