"""The likeliest valid IOB2 tags of a sentence, from the label distributions of its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xner_hf.inference.decoding import decode_tags
from xner_hf.spans import NER_LABELS, Span, spans_from_iob2

if TYPE_CHECKING:
    import numpy as np

_LEAST = 1e-12
"""Probabilities below this count as this, so that a word of which nothing is known never makes a path impossible."""


def decode(probabilities: np.ndarray) -> list[str]:
    """Return the tags whose product of probabilities is largest among the valid ones (Viterbi).

    An ``I-`` may follow only ``B-`` or ``I-`` of its own type. A word whose row is zero is ``O``.

    Args:
        probabilities: label distributions ``[words, 7]`` in the order of `NER_LABELS`.
    """
    import numpy as np

    if not len(probabilities):
        return []
    known = probabilities.sum(-1, keepdims=True) > 0
    certain_o = np.eye(len(NER_LABELS))[0]
    scores = np.log(np.maximum(np.where(known, probabilities, certain_o), _LEAST))
    return decode_tags(scores[None], [len(scores)], NER_LABELS)[0]


def decode_spans(probabilities: np.ndarray) -> list[Span]:
    """Return the entities of `decode`, each with the mean probability of its words' tags as score."""
    tags = decode(probabilities)
    numbers = [NER_LABELS.index(tag) for tag in tags]
    return [
        span._replace(
            score=float(
                sum(probabilities[i, numbers[i]] for i in range(span.start, span.end)) / (span.end - span.start)
            )
        )
        for span in spans_from_iob2(tags)
    ]
