"""Candidate matching solved exactly: prune, split, then the cheapest method that each part allows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from xner_hf.project.solvers.few import match_few
from xner_hf.project.solvers.many import match_many
from xner_hf.project.solvers.problem import check_problem

if TYPE_CHECKING:
    import numpy as np

MOST_FOR_FEW = 12
"""Competing entities up to which `match_few` is used: measured, `benchmarks/solvers.py`."""

_WORD_COST = 1e-13
"""Cost of a covered word: far below any difference of scores, far above the rounding error of their sums."""


def solve_exact(scores: np.ndarray, starts: np.ndarray, ends: np.ndarray, threshold: float) -> list[int]:
    """Maximise the objective exactly.

    If the best candidates of all entities share no word, they are taken. Otherwise candidates that contain an equally
    good one are pruned, entities that cannot conflict are separated, and each group is solved by dynamic programming
    (`match_few`; for more than `MOST_FOR_FEW` entities `match_many`).

    Ties, for scores in [0, 1]: a covered word counts as a loss of 1e-13, so that of matchings whose objectives are
    equal one that covers the fewest words is returned, and the objective is less than 1e-13 a covered word below the
    optimum. Entities whose best candidates share no word get the first of their best shortest candidates. Beyond
    that the choice among equals is deterministic, but otherwise unspecified.

    Arguments, return value and errors are those of `Solver`.
    """
    import numpy as np

    check_problem(scores, starts, ends, threshold)
    chosen = [-1] * len(scores)
    if not scores.size:
        return chosen
    gains = scores - (threshold + _WORD_COST * (ends - starts))
    best = gains.argmax(axis=1)
    spans = list(zip(starts[best].tolist(), ends[best].tolist(), strict=True))
    live = [entity for entity, gain in enumerate(gains.max(axis=1).tolist()) if gain > 0]
    best = best.tolist()
    if _disjoint(spans[entity] for entity in live):
        for entity in live:
            chosen[entity] = best[entity]
        return chosen

    entities, candidates = np.nonzero(gains > 0)
    gains = gains[entities, candidates]
    starts, ends = _renumbered(starts[candidates], ends[candidates])
    kept = _undominated(entities, starts, ends, gains)
    entities, candidates, gains = entities[kept], candidates[kept], gains[kept]
    starts, ends = starts[kept], ends[kept]
    for group in _groups(entities, starts, ends):
        if _disjoint(spans[entity] for entity in group):
            for entity in group:
                chosen[entity] = best[entity]
            continue
        cells = np.nonzero(np.isin(entities, group))[0]
        match = match_few if len(group) <= MOST_FOR_FEW else match_many
        found = match(np.searchsorted(group, entities[cells]), *_renumbered(starts[cells], ends[cells]), gains[cells])
        for cell in cells[found]:
            chosen[entities[cell]] = int(candidates[cell])
    return chosen


def _disjoint(spans: Iterable[tuple[int, int]]) -> bool:
    return all(before[1] <= after[0] for before, after in pairwise(sorted(spans)))


def _renumbered(starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number only the positions where a span begins or ends: words between them do not matter."""
    import numpy as np

    _, places = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    return places[: len(starts)], places[len(starts) :]


def _undominated(entities: np.ndarray, starts: np.ndarray, ends: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Return for each cell whether it gains more than every shorter span inside it for the same entity."""
    import numpy as np

    sizes = ends - starts
    # Tables [size, entity, start]: the best gain of the span itself or of any inside it, and of those inside it alone.
    shape = (int(sizes.max()) + 1, int(entities.max()) + 1, int(ends.max()) + 1)
    within = np.full(shape, -np.inf)
    inside = np.full(shape, -np.inf)
    np.maximum.at(within, (sizes, entities, starts), gains)
    for size in range(2, len(within)):
        np.maximum(within[size - 1, :, :-1], within[size - 1, :, 1:], out=inside[size, :, :-1])
        np.maximum(within[size], inside[size], out=within[size])
    return gains > inside[sizes, entities, starts]


def _groups(entities: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> list[list[int]]:
    """Return the groups of entities connected by words that several of them could take, sorted."""
    import numpy as np

    depth = np.zeros((int(entities.max()) + 1, int(ends.max()) + 1))
    np.add.at(depth, (entities, starts), 1)
    np.add.at(depth, (entities, ends), -1)
    covered = (depth.cumsum(axis=1) > 0).astype(float)
    meets = [set(np.nonzero(row)[0].tolist()) for row in covered @ covered.T]
    groups = []
    left = set(entities.tolist())
    for first in sorted(left):
        if first in left:
            group, new = set(), {first}
            while new:
                group |= new
                new = set().union(*(meets[entity] for entity in new)) - group
            groups.append(sorted(group))
            left -= group
    return groups
