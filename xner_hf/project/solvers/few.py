"""Matching of a few competing entities: dynamic programming over words and sets of entities."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def match_few(entities: np.ndarray, starts: np.ndarray, ends: np.ndarray, gains: np.ndarray) -> list[int]:
    """Return the indices of the cells of a best matching.

    ``values[w, S]`` is the largest gain of the entities of the set S from the words before w. Time and memory grow
    with two to the number of entities. Ties: the cell that ends first, then that of the last entity, so that entities
    with equal scores are matched from left to right.

    Args:
        entities: entity of each cell, numbered from 0, shape ``[cells]``.
        starts: first word of the cell's candidate, shape ``[cells]``.
        ends: its end (exclusive), shape ``[cells]``.
        gains: gain of the objective by the cell, above 0, shape ``[cells]``.
    """
    import numpy as np

    words, count = int(ends.max()), int(entities.max()) + 1
    values = np.zeros((words + 1, 1 << count))
    # Views of the sets without and with an entity; equal positions have the same set of other entities.
    split = [values.reshape(words + 1, -1, 2, 1 << entity) for entity in range(count)]
    ending: list[list[tuple[int, int, float, int]]] = [[] for _ in range(words + 1)]
    cells = zip(entities.tolist(), starts.tolist(), ends.tolist(), gains.tolist(), strict=True)
    for cell, (entity, start, end, gain) in enumerate(cells):
        ending[end].append((entity, start, gain, cell))
    for end in range(1, words + 1):
        values[end] = values[end - 1]
        for entity, start, gain, _ in ending[end]:
            taken = split[entity][end, :, 1]
            np.maximum(taken, split[entity][start, :, 0] + gain, out=taken)

    found = []
    end, free = words, (1 << count) - 1
    while end:
        value = values[end, free]
        if value == values[end - 1, free]:
            end -= 1
            continue
        # The same sums as above, so equality is exact.
        for entity, start, gain, cell in sorted(ending[end], reverse=True):
            rest = free & ~(1 << entity)
            if rest != free and values[start, rest] + gain == value:
                found.append(cell)
                end, free = start, rest
                break
    return found
