"""Tagger score: how strongly a tagger of the target language predicts the entity's type in a candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.errors import XnerError
from xner_hf.project.scores import Candidates, Score
from xner_hf.registry import register
from xner_hf.settings import setting
from xner_hf.spans import ENTITY_TYPES, LABEL_NUMBER, NER_LABELS, Span

if TYPE_CHECKING:
    import numpy as np

    from xner_hf.project.sentence_pair import SentencePair

_LONGER_SPAN_FACTOR = 1.15  # alpha of Politov et al. (2025)
_LEAST_TAGGER_SCORE = 0.05


@register("score", "tagger")
@dataclass(frozen=True)
class TaggerScore(Score):
    """Asks a tagger of the target language (projector.target_tagger) for the entity's type."""

    tagger_weight: float = setting(0.5, "factor of the target tagger's score, where there is one", within="[0, 1]")

    @property
    def is_on(self) -> bool:
        return self.tagger_weight > 0

    def make(self) -> TaggerScore:
        return self

    def __call__(self, pair: SentencePair, candidates: Candidates, best: np.ndarray) -> np.ndarray:
        if pair.target_labels is None:
            return best
        return self.tagger_weight * tagger_score(pair.spans, pair.target_labels, *candidates)


def tagger_score(
    spans: Sequence[Span], probabilities: np.ndarray, starts: np.ndarray, ends: np.ndarray, label_aware: bool = True
) -> np.ndarray:
    """NER-model score of Politov et al. (2025): how strongly a target-language tagger predicts the label in a span.

    ``alpha^(n-1) * (P[first word, B-l] + sum over the rest of P[word, I-l]) / n`` for a candidate of n words and an
    entity of label l, cut at 1. ``alpha`` is 1.15 where the most probable labels of the words are ``B-l I-l ... I-l``
    and that of the next word is not ``I-l``, and 1 elsewhere: it makes the longer of two nested spans win. Scores up
    to 0.05 become 0.

    Args:
        spans: source entities; with `label_aware`, one whose label is not in `ENTITY_TYPES` scores 0.
        probabilities: label probabilities of the target words in the order of `NER_LABELS`, shape ``[words, 7]``.
        starts: first words of the candidates, shape ``[candidates]``.
        ends: ends (exclusive) of the candidates, shape ``[candidates]``.
        label_aware: whether l is the label of the entity; if not, a candidate takes its best score over all labels,
            whatever the entity.

    Raises:
        XnerError: `probabilities` has another shape, or fewer words than the candidates.
    """
    import numpy as np

    probabilities = np.asarray(probabilities, dtype=np.float64)
    words = int(ends.max()) if len(ends) else 0
    if probabilities.ndim != 2 or probabilities.shape[1] != len(NER_LABELS) or len(probabilities) < words:
        raise XnerError(
            f"The label probabilities have the shape {list(probabilities.shape)}; candidates that end at word {words} "
            f"need [{words} or more, {len(NER_LABELS)}], with the columns {' '.join(NER_LABELS)}."
        )
    scores = np.zeros((len(spans), len(starts)))
    if not len(starts) or not len(spans):
        return scores
    of_label = {label: _label_score(probabilities, label, starts, ends) for label in ENTITY_TYPES}
    if not label_aware:
        scores[:] = np.max(list(of_label.values()), axis=0)
        return scores
    for row, span in enumerate(spans):
        if span.label in of_label:
            scores[row] = of_label[span.label]
    return scores


def _label_score(probabilities: np.ndarray, label: str, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    import numpy as np

    first, rest = LABEL_NUMBER[f"B-{label}"], LABEL_NUMBER[f"I-{label}"]
    best = probabilities.argmax(axis=1)
    lengths = ends - starts
    inside = np.concatenate([[0.0], probabilities[:, rest].cumsum()])  # sum over words 0..j-1
    tagged_inside = np.concatenate([[0], (best == rest).cumsum()])
    # Rounded: differences of sums are inexact in the last digit, which would decide ties.
    total = probabilities[starts, first] + (inside[ends] - inside[starts + 1]).round(12)
    exact = (best[starts] == first) & (tagged_inside[ends] - tagged_inside[starts + 1] == lengths - 1)
    # A span that the tagger continues is not a complete span: capped at 1, it would win over the longer one.
    exact &= np.append(best, 0)[ends] != rest
    scores = np.minimum(np.where(exact, _LONGER_SPAN_FACTOR ** (lengths - 1), 1.0) * total / lengths, 1.0)
    return np.where(scores > _LEAST_TAGGER_SCORE, scores, 0.0)
