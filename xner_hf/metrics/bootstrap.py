"""Confidence intervals of scores: the percentile bootstrap over sentences (Efron 1979; Koehn 2004 for corpora)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from xner_hf.metrics.parsing import AttachmentCounts
from xner_hf.metrics.span_f1 import Counts

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 2000
_CELLS = 4_000_000
"""Numbers that are drawn at a time."""


def f1_interval(sentences: Sequence[Mapping[str, Counts]], seed: int = 0) -> tuple[float, float] | None:
    """Return the 95 % interval of the F1 of entity spans, micro-averaged over types.

    Args:
        sentences: counts of every sentence, as `sentence_counts` returns them.
        seed: of the draws.

    Returns:
        Its ends in [0, 1]; None without sentences.
    """
    rows = [[sum(column) for column in zip((0, 0, 0), *one.values(), strict=True)] for one in sentences]
    found = _intervals(rows, {"f1": lambda sums: (2 * sums[:, 0], sums[:, 1] + sums[:, 2])}, seed)
    return found.get("f1")


def attachment_intervals(sentences: Sequence[AttachmentCounts], seed: int = 0) -> dict[str, tuple[float, float]]:
    """Return the 95 % intervals of attachment scores, ``uas`` and ``las``; none without sentences.

    Args:
        sentences: counts of every sentence, as `sentence_attachment_counts` returns them.
        seed: of the draws.
    """
    rows = [[one.words, one.heads, one.both] for one in sentences]
    scores = {"uas": lambda sums: (sums[:, 1], sums[:, 0]), "las": lambda sums: (sums[:, 2], sums[:, 0])}
    return _intervals(rows, scores, seed)


def _intervals(
    rows: Sequence[Sequence[int]],
    scores: Mapping[str, Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]],
    seed: int,
) -> dict[str, tuple[float, float]]:
    """Return the interval of every score, a fraction of sums over the sentences that were drawn; 0 / 0 is 0."""
    import numpy as np

    if not rows:
        return {}
    counts, generator = np.array(rows), np.random.default_rng(seed)
    shares, at_once = np.full(len(rows), 1 / len(rows)), max(1, _CELLS // len(rows))
    sums = np.concatenate(
        [
            generator.multinomial(len(rows), shares, min(at_once, RESAMPLES - done)) @ counts
            for done in range(0, RESAMPLES, at_once)
        ]
    )
    found = {}
    for name, fraction in scores.items():
        over, under = fraction(sums)
        low, high = np.percentile(over / np.maximum(under, 1), [2.5, 97.5])
        found[name] = (float(low), float(high))
    return found
