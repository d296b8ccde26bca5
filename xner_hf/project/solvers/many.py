"""Matching of many competing entities: dynamic programming, pruned by a bound from the linear relaxation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.project.solvers.milp import best_cells, word_prices

if TYPE_CHECKING:
    import numpy as np

MOST_STATES = 600_000
"""Number of states after which the programme stops and HiGHS decides."""

_FIRST_LOSS = 2e-3
_GROWTH = 1.5


@dataclass
class _Priced:
    """A matching problem as losses (0 or more) relative to the bound.

    Attributes:
        cells: for each first word the cells that begin there, as (entity, end, loss, cell), by loss.
        skipped: loss by each word that nothing covers.
        unplaced: loss by each entity that is not placed.
        last: last word at which a cell of the entity begins.
    """

    cells: list[list[tuple[int, int, float, int]]]
    skipped: list[float]
    unplaced: np.ndarray
    last: np.ndarray


def match_many(entities: np.ndarray, starts: np.ndarray, ends: np.ndarray, gains: np.ndarray) -> list[int]:
    """Return the indices of the cells of a best matching.

    Prices v of words and u of entities with ``u[e] + sum of v over the cell's words >= gain`` for every cell bound the
    objective by ``sum(u) + sum(v)`` (linear duality). The loss of a matching relative to the bound is the sum of the
    slacks of its cells, of v over its uncovered words and of u over its unplaced entities. The best matching has the
    smallest loss. A search among partial matchings with at most a given loss either finds it or proves that every
    matching loses more; then the limit is raised.

    Args:
        entities: entity of each cell, numbered from 0, shape ``[cells]``.
        starts: first word of the cell's candidate, shape ``[cells]``.
        ends: its end (exclusive), shape ``[cells]``.
        gains: gain of the objective by the cell, above 0, shape ``[cells]``.
    """
    problem = _priced(entities, starts, ends, gains)
    limit = _FIRST_LOSS * float(gains.max())
    # Sets of entities are bits of a signed 64-bit integer.
    while len(problem.unplaced) < 63:
        found, states = _search(problem, limit)
        if found:
            return found
        if states > MOST_STATES:
            break
        limit *= _GROWTH
    return best_cells(entities, starts, ends, gains).tolist()


def _priced(entities: np.ndarray, starts: np.ndarray, ends: np.ndarray, gains: np.ndarray) -> _Priced:
    import numpy as np

    prices = word_prices(entities, starts, ends, gains)
    total = np.concatenate([[0.0], np.cumsum(prices)])
    # With these prices of entities the bound holds for any prices of words.
    rest = gains - (total[ends] - total[starts])
    unplaced = np.zeros(int(entities.max()) + 1)
    np.maximum.at(unplaced, entities, rest)
    slack = unplaced[entities] - rest
    last = np.zeros(len(unplaced), dtype=int)
    np.maximum.at(last, entities, starts)
    cells: list[list[tuple[int, int, float, int]]] = [[] for _ in prices]
    for cell in np.argsort(slack, kind="stable").tolist():
        cells[starts[cell]].append((int(entities[cell]), int(ends[cell]), float(slack[cell]), cell))
    return _Priced(cells, prices.tolist(), unplaced, last)


def _search(problem: _Priced, limit: float) -> tuple[list[int], int]:
    """Return the best matching if it loses at most `limit`, an empty one if not, and the number of states visited.

    A state is a word and the set of entities placed before it; only the least loss of each is kept.
    """
    import numpy as np

    words, count = len(problem.skipped), len(problem.unplaced)
    # Arrivals at each word, as (set of placed entities, loss, number of the state before, cell taken or -1).
    arrivals: list[list[tuple[np.ndarray, ...]]] = [[] for _ in range(words + 1)]
    arrivals[0].append((np.zeros(1, dtype=np.int64), np.zeros(1), np.zeros(1, dtype=int), np.full(1, -1)))
    history: list[tuple[np.ndarray, np.ndarray]] = []
    states = 0
    for word in range(words + 1):
        if not arrivals[word]:
            continue
        placed, loss, before, taken = map(np.concatenate, zip(*arrivals[word], strict=True))
        arrivals[word] = []
        late = np.nonzero(problem.last < word)[0] if word < words else np.arange(count)
        doomed = ((~placed[:, None] >> late) & 1) @ problem.unplaced[late]
        # Sorted by set, then by loss; the first of each set stays.
        order = np.lexsort((loss, placed))
        order = order[(loss + doomed)[order] <= limit]
        if word == words:
            if not len(order):
                break
            end = order[(loss + doomed)[order].argmin()]
            return _trace(history, int(before[end]), int(taken[end])), states
        order = order[np.concatenate([[True], np.diff(placed[order]) != 0])[: len(order)]]
        placed, loss = placed[order], loss[order]
        history.append((before[order], taken[order]))
        numbers = np.arange(states, states + len(order))
        states += len(order)
        if states > MOST_STATES:
            break

        go = loss + problem.skipped[word] <= limit
        arrivals[word + 1].append((placed[go], loss[go] + problem.skipped[word], numbers[go], np.full(go.sum(), -1)))
        for entity, end, slack, cell in problem.cells[word]:
            if slack > limit:
                break
            bit = 1 << entity
            go = (placed & bit == 0) & (loss + slack <= limit)
            if go.any():
                arrivals[end].append((placed[go] | bit, loss[go] + slack, numbers[go], np.full(go.sum(), cell)))
    return [], states


def _trace(history: list[tuple[np.ndarray, np.ndarray]], state: int, cell: int) -> list[int]:
    """Return the cells on the path to a state, with the last one taken."""
    import numpy as np

    before, taken = map(np.concatenate, zip(*history, strict=True))
    found = [cell]
    while state:
        found.append(int(taken[state]))
        state = int(before[state])
    return [cell for cell in found if cell >= 0]
