"""One set of links from the alignments of both directions (Och and Ney 2003; Koehn, Och and Marcu 2003).

A link is a pair (source word, target word) in both alignments, whichever direction found it.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

Links = AbstractSet[tuple[int, int]]

_NEIGHBOURS = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]


def intersection(forward: Links, backward: Links) -> set[tuple[int, int]]:
    """Return the links that both directions found: few, and mostly right."""
    return {*forward} & {*backward}


def union(forward: Links, backward: Links) -> set[tuple[int, int]]:
    """Return the links that either direction found: many, and less often right."""
    return {*forward} | {*backward}


def grow_diag_final_and(forward: Links, backward: Links) -> set[tuple[int, int]]:
    """Grow the intersection towards the union (Koehn, Och and Marcu 2003; final-and: Koehn et al. 2005, IWSLT).

    1. Start with the intersection.
    2. Add every link of the union that is next to a link already there, in a row, a column or a diagonal, and has at
       least one word that has no link yet. Repeat until nothing can be added.
    3. Add the links of `forward`, then those of `backward`, both of whose words have no link yet.

    What is added may bar what comes later, so the order matters: it is by target word, then by source word.
    """
    links = {*forward} & {*backward}
    sources, targets = {i for i, _ in links}, {j for _, j in links}

    def add(i: int, j: int) -> None:
        links.add((i, j))
        sources.add(i)
        targets.add(j)

    rest = _in_order(({*forward} | {*backward}) - links)
    grown = True
    while grown:
        grown = False
        for i, j in rest:
            if (i not in sources or j not in targets) and any((i + a, j + b) in links for a, b in _NEIGHBOURS):
                add(i, j)
                grown = True
    for direction in (forward, backward):
        for i, j in _in_order(direction):
            if i not in sources and j not in targets:
                add(i, j)
    return links


def _in_order(links: Links) -> list[tuple[int, int]]:
    return sorted(links, key=lambda link: (link[1], link[0]))


SYMMETRISATIONS: dict[str, Callable[[Links, Links], set[tuple[int, int]]]] = {
    "intersection": intersection,
    "union": union,
    "grow-diag-final-and": grow_diag_final_and,
}
"""The ways to join two alignments, by name."""
