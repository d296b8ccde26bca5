"""The input of every solver and its objective."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from xner_hf.errors import XnerError

if TYPE_CHECKING:
    import numpy as np


class Solver(Protocol):
    """Matches entities with candidates."""

    def __call__(self, scores: np.ndarray, starts: np.ndarray, ends: np.ndarray, threshold: float) -> list[int]:
        """Return for each entity the index of its candidate, -1 where it gets none.

        Args:
            scores: shape ``[entities, candidates]``, finite and 0 or more.
            starts: first words of the candidates, shape ``[candidates]``, in the order in which ties are broken.
            ends: ends (exclusive) of the candidates, shape ``[candidates]``.
            threshold: scores at or below it are never taken.

        Raises:
            XnerError: the input is malformed (see `check_problem`).
        """
        ...


def check_problem(scores: np.ndarray, starts: np.ndarray, ends: np.ndarray, threshold: float) -> None:
    """Check that the arguments are a valid matching problem.

    Raises:
        XnerError: the shapes do not fit, a score is not finite or below 0, a candidate covers no word or begins
            before word 0, or the threshold is not finite.
    """
    if scores.ndim != 2 or starts.shape != scores.shape[1:] or ends.shape != starts.shape:
        raise XnerError(
            f"scores of shape {scores.shape} do not fit starts of shape {starts.shape} and ends of shape "
            f"{ends.shape}; they must be [entities, candidates], [candidates] and [candidates]."
        )
    if starts.dtype.kind != "i" or ends.dtype.kind != "i":
        raise XnerError(
            f"starts are {starts.dtype} and ends are {ends.dtype}; word positions must be signed integers."
        )
    if not math.isfinite(threshold):
        raise XnerError(f"the threshold is {threshold}; it must be finite.")
    if not len(starts):
        return
    if starts.min() < 0 or (ends <= starts).any():
        wrong = int(((starts < 0) | (ends <= starts)).argmax())
        raise XnerError(
            f"candidate {wrong} is the span [{starts[wrong]}, {ends[wrong]}); a span begins at word 0 or later and "
            "covers at least one word."
        )
    # A NaN makes both comparisons false.
    if len(scores) and not (scores.min() >= 0 and scores.max() < math.inf):
        entity, candidate = ((~(scores >= 0)) | (scores == math.inf)).nonzero()
        raise XnerError(
            f"the score of entity {entity[0]} and candidate {candidate[0]} is {scores[entity[0], candidate[0]]}; "
            "scores must be finite and 0 or more."
        )


def objective(scores: np.ndarray, chosen: Sequence[int], threshold: float) -> float:
    """Return the sum of ``score - threshold`` over the matches.

    Args:
        scores: shape ``[entities, candidates]``.
        chosen: for each entity the index of its candidate, -1 for none.
        threshold: the threshold that the solver was given.
    """
    return math.fsum(
        float(row[candidate]) - threshold for row, candidate in zip(scores, chosen, strict=True) if candidate >= 0
    )
