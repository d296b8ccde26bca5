"""Posterior probabilities of links under a hidden Markov model of word alignment (Vogel, Ney and Tillmann 1996).

A target sentence is read from left to right. Each of its words is translated from one source word, or from none (the
null word); the next one from a source word some jump away. The forward-backward algorithm sums over all alignments and
gives the probability that target word j comes from source word i. After a null word the jump starts from the last real
position (Och and Ney 2003, section 2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CELLS = 1 << 18
"""Cells (pairs x source words x target words) that are computed at once: 2 MiB an array, which a cache holds."""


UNSEEN = 1e-9
"""Translation probability of two words that training never linked."""


TINY = 1e-300


@dataclass(frozen=True)
class Parameters:
    """What one direction of a model has learned, ``p(target | source)``.

    Attributes:
        keys: ``source * targets + target`` of the word pairs with a probability, sorted, int64.
        probabilities: the translation probability of each, float64.
        targets: number of target words.
        jumps: probability of each jump from ``-window`` to ``window`` source words; larger ones count as these.
        null: probability that a target word has no source word.
    """

    keys: np.ndarray
    probabilities: np.ndarray
    targets: int
    jumps: np.ndarray
    null: float

    def translation(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Return the translation probability of word numbers; the arrays are broadcast against each other.

        Source word 0 is the null word. Words without a number are -1.
        """
        keys = source.astype(np.int64) * self.targets + target
        found = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = (self.keys[found] == keys) & (source >= 0) & (target >= 0)
        return np.where(known, self.probabilities[found], UNSEEN)


def posteriors(
    parameters: Parameters, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
) -> list[np.ndarray]:
    """Return for each pair the posterior of every link, float32 ``[target words, source words]``.

    A row sums to at most 1; what is missing is the probability of the null word.

    Args:
        parameters: of the direction from source to target.
        sources: numbers of the source words, one or more a pair.
        targets: numbers of the target words, one or more a pair.
    """
    found: list[np.ndarray] = [np.empty(0)] * len(sources)
    order = sorted(range(len(sources)), key=lambda n: (len(sources[n]), len(targets[n])))
    start = 0
    while start < len(order):
        end, longest = start, 0
        while end < len(order):
            size, longest_now = len(sources[order[end]]), max(longest, len(targets[order[end]]))
            if end > start and (end - start + 1) * size * longest_now > CELLS:
                break
            end, longest = end + 1, longest_now
        batch = order[start:end]
        for n, matrix in zip(
            batch, _batch(parameters, [sources[n] for n in batch], [targets[n] for n in batch]), strict=True
        ):
            found[n] = matrix[: len(targets[n]), : len(sources[n])].astype(np.float32)
        start = end
    return found


def _batch(parameters: Parameters, sources: list[Sequence[int]], targets: list[Sequence[int]]) -> np.ndarray:
    """Return the posteriors of a batch ``[pairs, target words, source words]``, padded at the end."""
    source, real = _padded(sources)
    target, spoken = _padded(targets)
    null = parameters.null * parameters.translation(np.zeros(1), target)  # [pairs, target words]
    emission = parameters.translation(source[:, None, :], target[:, :, None]) * real[:, None, :]
    length, width = target.shape[1], source.shape[1]
    window = len(parameters.jumps) // 2
    offsets = np.arange(width) - np.arange(-1, width)[:, None]  # row 0: from before the first word
    jumps = parameters.jumps[np.clip(offsets, -window, window) + window]
    start, jumps = jumps[0] * real, jumps[1:]
    start /= start.sum(-1, keepdims=True)
    # Jumps out of the sentence share their probability out among those to its words.
    share = np.where(real, (1 - parameters.null) / np.maximum(real @ jumps.T, TINY), 0.0)
    # A state is the last real position, and whether the present word is null.
    at_word = np.empty((length, *source.shape))
    scales = np.empty((length, len(sources), 1))
    before = start
    for j in range(length):
        at_word[j] = ((before * share) @ jumps if j else start * (1 - parameters.null)) * emission[:, j]
        before = at_word[j] + before * null[:, j, None]
        scales[j] = np.maximum(before.sum(-1, keepdims=True), TINY)
        at_word[j] /= scales[j]
        before /= scales[j]
    after = np.ones(source.shape)
    for j in reversed(range(length)):
        at_word[j] *= after
        weighed = share * ((emission[:, j] * after) @ jumps.T) + after * null[:, j, None]
        after = np.where(spoken[:, j, None], weighed / scales[j], 1.0)
    return at_word.transpose(1, 0, 2)


def _padded(rows: list[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of numbers as one array, and where it holds numbers of the rows."""
    lengths = np.array([len(row) for row in rows])
    inside = np.arange(lengths.max())[None, :] < lengths[:, None]
    padded = np.full(inside.shape, -1, dtype=np.int64)
    padded[inside] = np.concatenate([np.asarray(row, dtype=np.int64) for row in rows])
    return padded, inside
