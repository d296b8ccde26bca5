"""Refinement of links by back-translation (Politov et al. 2025).

The labelled source sentence is translated back with markers around its entities, and the back-translation is aligned
with the original sentence, which is in the same language. An entity is then linked to the words of the original that
the words of its marked translation are linked to. In the paper these links take the place of the direct ones; there
they lost in 53 of 57 test sets, so `rescore` keeps the direct links and only weighs them again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from xner_hf.align.aligner import Link
from xner_hf.spans import Span


def refine(
    links: Sequence[Link],
    spans: Sequence[Span],
    marked: Mapping[int, Span],
    same: Sequence[Link],
    mode: str,
    weight: float,
) -> list[Link]:
    """Return the links of a pair with those of its entities refined.

    Through the back-translation every word of an entity is linked to every original word that its marked translation
    is linked to, with the largest probability of those links. An entity that was not marked, since its markers were
    lost or the sentence has no back-translation, keeps its direct links.

    Args:
        links: direct links of source and original sentence.
        spans: entities of the source sentence.
        marked: where they stand in the back-translation, by their numbers in `spans`.
        same: links of back-translation and original sentence.
        mode: ``replace`` gives entities the new links alone; ``rescore`` averages the probabilities of both, a link
            that one of them lacks having 0 there.
        weight: of the new links in ``rescore``, in [0, 1]; links whose probability becomes 0 are dropped.

    Returns:
        The links, sorted; those of words outside of entities as they were.
    """
    new: dict[tuple[int, int], float] = {}
    owned: set[int] = set()
    for number, place in marked.items():
        best: dict[int, float] = defaultdict(float)  # original word -> probability
        for link in same:
            if place.start <= link.source < place.end:
                best[link.target] = max(best[link.target], link.score)
        words = range(spans[number].start, spans[number].end)
        owned.update(words)
        new |= {(word, target): score for word in words for target, score in best.items()}
    direct = {(link.source, link.target): link.score for link in links}
    refined = {cell: score for cell, score in direct.items() if cell[0] not in owned}
    if mode == "replace":
        refined |= new
    else:
        for cell in {cell for cell in direct if cell[0] in owned} | set(new):
            refined[cell] = (1 - weight) * direct.get(cell, 0.0) + weight * new.get(cell, 0.0)
    return [Link(*cell, score) for cell, score in sorted(refined.items()) if score > 0]
