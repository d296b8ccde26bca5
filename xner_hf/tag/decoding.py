"""The likeliest valid IOB2 tags of a sentence, from the label distributions of its words."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

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
    first, following = _allowed()
    best, back = scores[0] + first, []
    for row in scores[1:]:
        paths = best[:, None] + following
        back.append(paths.argmax(0))
        best = paths.max(0) + row
    path = [int(best.argmax())]
    for choices in reversed(back):
        path.append(int(choices[path[-1]]))
    return [NER_LABELS[number] for number in reversed(path)]


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


@lru_cache(maxsize=1)
def _allowed() -> tuple[np.ndarray, np.ndarray]:
    """Return 0 or -inf for every first label, and for every label (column) after another (row)."""
    import numpy as np

    size = len(NER_LABELS)
    first, following = np.zeros(size), np.zeros((size, size))
    for number, label in enumerate(NER_LABELS):
        if label.startswith("I-"):
            first[number] = -np.inf
            for before, other in enumerate(NER_LABELS):
                if other[1:] != label[1:]:
                    following[before, number] = -np.inf
    return first, following
