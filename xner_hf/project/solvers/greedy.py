"""The greedy solver of Politov et al. (2025)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xner_hf.project.solvers.problem import check_problem

if TYPE_CHECKING:
    import numpy as np


def solve_greedy(scores: np.ndarray, starts: np.ndarray, ends: np.ndarray, threshold: float) -> list[int]:
    """Take the highest score repeatedly (Politov et al. 2025, the solver of all their figures).

    Ties: the first candidate, then the first entity.

    Arguments, return value and errors are those of `Solver`.
    """
    import numpy as np

    check_problem(scores, starts, ends, threshold)
    chosen = [-1] * len(scores)
    # A stable sort of the few live cells keeps the order of candidates among equals.
    entities, candidates = np.nonzero(scores > threshold)
    order = np.lexsort((entities, candidates, -scores[entities, candidates]))
    taken = np.zeros(int(ends.max()) if len(ends) else 0, dtype=bool)
    for cell in order:
        entity, candidate = entities[cell], candidates[cell]
        if chosen[entity] < 0:
            words = slice(starts[candidate], ends[candidate])
            if not taken[words].any():
                taken[words] = True
                chosen[entity] = int(candidate)
    return chosen
