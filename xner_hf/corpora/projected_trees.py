"""Dependency trees projected over word links to the other side of a translation.

Direct correspondence (Hwa et al. 2005; Tiedemann 2014), cut down to one-to-one links and partial trees, in which words
that nothing is known of have no head (Lacroix et al. 2016). Where direct correspondence invents an empty target word
for a source word without link, the words below it go to its nearest linked ancestor here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from xner_hf.corpora.sentence import Sentence
from xner_hf.corpora.treebank import tree_fault
from xner_hf.errors import XnerError

Links = Iterable[tuple[int, int, float]]
"""Source word, target word (both from 0) and probability of each link, as `xner_hf.align.aligner.Link` has them."""


@dataclass(slots=True)
class ProjectedTreeReport:
    """Counts of the pairs; ``yielded`` and the rejected add up to the pairs that were read.

    Attributes:
        yielded: number of pairs whose tree was projected.
        rejected: number of the others by reason: ``no_root``, ``few_heads``, and where the source has no tree with one
            root ``source_`` and what `tree_fault` says of it, such as ``source_cycle``.
    """

    yielded: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def project_tree(
    heads: Sequence[int], relations: Sequence[str], links: Links, length: int
) -> tuple[list[int | None], list[str | None]] | None:
    """Carry a source tree over to the words of the target.

    A target word takes the source word of its most probable link; of the target words that take the same source word
    only the one with the most probable link stands for it. Of equally probable links the leftmost counts. The head of
    a target word is the word that stands for the nearest linked ancestor of its source word; its relation is that of
    its source word. Where the source root has no link, the only word that has no linked ancestor becomes the root. The
    words with a head form a tree, since being above one another is taken from the source.

    Args:
        heads: 1-based head of every source word, 0 for the one root.
        relations: relation of every source word.
        links: links from the source to the target; they may be many-to-many.
        length: number of target words.

    Returns:
        1-based head and relation of every target word, both None for a word that stands for no source word; or None
        when there is no root: no word has a link, or the source root has none and several words come after it.

    Raises:
        XnerError: the source heads are no tree with one root, relations are not as many, or a link points outside the
            pair.
    """
    fault = tree_fault(heads)
    if fault:
        raise XnerError(f"the source heads {list(heads)} are no tree with one root: {fault}. Give a tree.")
    if len(relations) != len(heads):
        raise XnerError(f"{len(heads)} source heads but {len(relations)} relations. Give one of each a word.")
    stands = _one_to_one(links, len(heads), length)
    above = {source: _linked_ancestor(source, heads, stands) for source in stands}
    if list(above.values()).count(0) != 1:
        return None
    found: list[int | None] = [None] * length
    names: list[str | None] = [None] * length
    for source, target in stands.items():
        head = above[source]
        found[target] = stands[head - 1] + 1 if head else 0
        names[target] = relations[source] if head else relations[heads.index(0)]
    return found, names


def project_trees(
    pairs: Iterable[tuple[str, Sentence, Sequence[str], Links]],
    report: ProjectedTreeReport | None = None,
    min_share: float = 0.8,
) -> Iterator[Sentence]:
    """Yield the target sentences of pairs with the trees that `project_tree` makes.

    Their ``heads`` and ``relations`` hold None for words without a head, which training must leave out. Rejected are
    pairs whose source is no tree with one root, whose projection has no root, and in which too few words get a head.

    Args:
        pairs: id, source sentence with its tree, target words, and links from source to target.
        report: filled with the number of sentences yielded and of those rejected, by reason.
        min_share: least share of the target words that must have a head, the root among them, from 0 to 1.

    Raises:
        XnerError: `min_share` is out of range, a source sentence has no heads or relations, or a link points outside
            its pair.
    """
    if not 0 <= min_share <= 1:
        raise XnerError(f"min_share is {min_share}. Give a share of the target words, from 0 to 1.")
    report = ProjectedTreeReport() if report is None else report
    for name, source, target, links in pairs:
        if source.heads is None or source.relations is None:
            raise XnerError(f"pair {name!r}: the source sentence has no dependency tree. Parse it first.")
        fault = tree_fault(source.heads)
        if fault:
            report.rejected[f"source_{fault}"] += 1
            continue
        try:
            projected = project_tree(source.heads, source.relations, links, len(target))
        except XnerError as error:
            raise XnerError(f"pair {name!r}: {error}") from error
        if projected is None:
            report.rejected["no_root"] += 1
            continue
        heads, relations = projected
        if (len(target) - heads.count(None)) / len(target) < min_share:
            report.rejected["few_heads"] += 1
            continue
        report.yielded += 1
        yield Sentence(name, list(target), heads=heads, relations=relations)


def _one_to_one(links: Links, sources: int, targets: int) -> dict[int, int]:
    """Return the target word that stands for each linked source word, in the order of the source words."""
    best: dict[int, tuple[float, int]] = {}  # by target word: probability and source word
    for source, target, score in sorted(links):
        if not (0 <= source < sources and 0 <= target < targets):
            raise XnerError(
                f"the link {source}-{target} points outside a pair of {sources} and {targets} words. Words are "
                "counted from 0."
            )
        if target not in best or score > best[target][0]:
            best[target] = score, source
    stands: dict[int, int] = {}
    for target in sorted(best):
        score, source = best[target]
        if source not in stands or score > best[stands[source]][0]:
            stands[source] = target
    return dict(sorted(stands.items()))


def _linked_ancestor(source: int, heads: Sequence[int], stands: dict[int, int]) -> int:
    """Return the 1-based nearest ancestor that a target word stands for, 0 where there is none."""
    above = heads[source]
    while above and above - 1 not in stands:
        above = heads[above - 1]
    return above
