"""Candidate matching as an integer programme (Politov et al. 2025), solved by HiGHS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xner_hf.project.solvers.problem import check_problem

if TYPE_CHECKING:
    import numpy as np

_LARGEST = 2.0**20
"""Size of the largest coefficient given to HiGHS, which stops at an absolute gap of 1e-6 whatever gap is set."""


def solve_milp(scores: np.ndarray, starts: np.ndarray, ends: np.ndarray, threshold: float) -> list[int]:
    """Maximise the objective by branch and bound.

    The overlap rows of the paper, one for each pair of overlapping candidates, are replaced by one row per target
    word: at most one of the matches that cover the word is taken. The integer solutions are the same and the
    relaxation is tighter. Which of several equally good matchings is returned is left to HiGHS.

    Arguments, return value and errors are those of `Solver`.
    """
    import numpy as np

    check_problem(scores, starts, ends, threshold)
    chosen = [-1] * len(scores)
    entities, candidates = np.nonzero(scores > threshold)
    if len(entities):
        gains = scores[entities, candidates] - threshold
        for cell in best_cells(entities, starts[candidates], ends[candidates], gains):
            chosen[entities[cell]] = int(candidates[cell])
    return chosen


def best_cells(entities: np.ndarray, starts: np.ndarray, ends: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Return the indices of the cells of a best matching.

    Args:
        entities: entity of each cell, shape ``[cells]``.
        starts: first word of the cell's candidate, shape ``[cells]``.
        ends: its end (exclusive), shape ``[cells]``.
        gains: gain of the objective by the cell, above 0, shape ``[cells]``.
    """
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    matrix = _rows(entities, starts, ends)
    result = milp(
        _costs(gains),
        integrality=np.ones(len(gains)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, ub=1),
        options={"mip_rel_gap": 0.0},
    )
    if not result.success:
        raise RuntimeError(f"HiGHS found no matching of {len(gains)} cells: {result.message}")
    return np.nonzero(result.x > 0.5)[0]


def word_prices(entities: np.ndarray, starts: np.ndarray, ends: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Return the dual value of each word row in the linear relaxation, shape ``[words]``.

    Args:
        entities, starts, ends, gains: as for `best_cells`.
    """
    import numpy as np
    from scipy.optimize import linprog

    matrix = _rows(entities, starts, ends)
    result = linprog(_costs(gains), A_ub=matrix, b_ub=np.ones(matrix.shape[0]), method="highs-ds")
    if not result.success:
        raise RuntimeError(f"HiGHS found no relaxed matching of {len(gains)} cells: {result.message}")
    return np.maximum(-result.ineqlin.marginals[: ends.max()], 0) * (gains.max() / _LARGEST)


def _costs(gains: np.ndarray) -> np.ndarray:
    return gains * (-_LARGEST / gains.max())


def _rows(entities: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> Any:
    """Return the sparse matrix ``[words + entities, cells]``: ones where a cell covers the word or is the entity's."""
    import numpy as np
    from scipy.sparse import csc_array

    sizes = ends - starts + 1
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    rows = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], sizes)
    rows[offsets[1:] - 1] = ends.max() + entities
    return csc_array((np.ones(len(rows)), rows, offsets), shape=(int(rows.max()) + 1, len(starts)))
