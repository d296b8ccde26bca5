"""Alignment score: how many links join an entity and a candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.align.aligner import Link
from xner_hf.project.scores import Candidates, Score
from xner_hf.registry import register
from xner_hf.settings import setting
from xner_hf.spans import Span

if TYPE_CHECKING:
    import numpy as np

    from xner_hf.project.sentence_pair import SentencePair

TIE = 1e-9
"""Largest difference from 1 by which alignment scores are told apart."""


@register("score", "alignment")
@dataclass(frozen=True)
class AlignmentScore(Score):
    """Counts the links between entity and candidate."""

    alignment_weight: float = setting(0.5, "factor of the alignment score; 0 leaves it out", within="[0, 1]")
    weighted: bool = setting(True, "links count by their probability; off: each as one, as in the paper")

    def make(self) -> AlignmentScore:
        return self

    def __call__(self, pair: SentencePair, candidates: Candidates, best: np.ndarray) -> np.ndarray:
        import numpy as np

        scores = alignment_score(pair.spans, pair.links, *candidates, self.weighted, cut=False)
        # Among an entity's candidates that reach 1, the one with most links wins, as in the paper, not the shortest.
        # Compared with other scores they count as 1.
        most = scores.max(axis=1, initial=1.0, keepdims=True)
        return self.alignment_weight * np.where(scores >= 1, 1 - TIE * (1 - scores / most), scores)


def alignment_score(
    spans: Sequence[Span],
    links: Sequence[Link],
    starts: np.ndarray,
    ends: np.ndarray,
    weighted: bool = True,
    cut: bool = True,
) -> np.ndarray:
    """Alignment score of Politov et al. (2025), ``2 |links| / (|entity| + |span|)``, with probabilities for counts.

    The sum runs over the links between entity and candidate; with several links per word the ratio can exceed 1.

    Args:
        spans: source entities.
        links: links of the sentence pair, with probabilities.
        starts: first words of the candidates, shape ``[candidates]``.
        ends: ends (exclusive) of the candidates, shape ``[candidates]``.
        weighted: whether a link counts with its probability; if not, it counts 1, as in the paper.
        cut: whether a ratio above 1 counts as 1.
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
                before[link.target + 1] += link.score if weighted else 1.0
        mass = before.cumsum()
        # Rounded: sums in another order differ in the last digit, which would decide ties.
        scores[row] = 2 * (mass[ends] - mass[starts]).round(12) / (span.end - span.start + ends - starts)
    return np.minimum(scores, 1.0, out=scores) if cut else scores
