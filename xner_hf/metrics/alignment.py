"""Precision, recall and error rate of word alignments (Och & Ney 2003, "A Systematic Comparison of Various Statistical
Alignment Models", Computational Linguistics 29(1), section 3.1). Plain Python; nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from xner_hf.errors import XnerError

Links = AbstractSet[tuple[int, int]]
"""Links of one sentence pair: ``(i, j)`` joins source word i and target word j, both counted from 0."""


def alignment_scores(predicted: Sequence[Links], sure: Sequence[Links], possible: Sequence[Links]) -> dict:
    """Score predicted links A against sure links S and possible links P, summed over a corpus.

    Every sure link is possible, so P is read as its union with S; gold links without the distinction are given as both
    `sure` and `possible`.

    Args:
        predicted: links A, one set per sentence pair.
        sure: links S of the same pairs.
        possible: links P of the same pairs, with or without the sure ones.

    Returns:
        Floats in [0, 1]: ``precision`` = |A∩P| / |A|, ``recall`` = |A∩S| / |S|, ``f1`` their harmonic mean, and
        ``aer`` = 1 - (|A∩S| + |A∩P|) / (|A| + |S|). A fraction whose denominator is 0 counts as 0.0, hence an
        AER of 1.0 where there is nothing to align. Numbers: ``links`` = |A|, ``sure`` = |S|, ``possible`` = |P|
        with the sure links, and ``sentences``.

    Raises:
        XnerError: the numbers of sentence pairs differ, or links are not sets of pairs.
    """
    if not len(predicted) == len(sure) == len(possible):
        raise XnerError(
            f"There are predicted links of {len(predicted)} sentence pairs, sure links of {len(sure)} and possible "
            f"links of {len(possible)}. Give one set per pair, an empty one for a pair without links."
        )
    links = n_sure = n_possible = in_sure = in_possible = 0
    for i, (a, s, p) in enumerate(zip(predicted, sure, possible, strict=True)):
        for name, of_pair in (("predicted", a), ("sure", s), ("possible", p)):
            _check(of_pair, f"sentence pair {i}, {name} links")
        p = s | p
        links += len(a)
        n_sure += len(s)
        n_possible += len(p)
        in_sure += len(a & s)
        in_possible += len(a & p)
    precision, recall = _fraction(in_possible, links), _fraction(in_sure, n_sure)
    return {
        "precision": precision,
        "recall": recall,
        "f1": _fraction(2 * precision * recall, precision + recall),
        "aer": 1 - _fraction(in_sure + in_possible, links + n_sure),
        "links": links,
        "sure": n_sure,
        "possible": n_possible,
        "sentences": len(predicted),
    }


def _fraction(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _check(links: Links, where: str) -> None:
    if not isinstance(links, AbstractSet):
        raise XnerError(f"{where}: expected a set of (i, j), got a {type(links).__name__}. Make it a set.")
    for link in links:
        # A triple such as (i, j, score) would match no gold link and quietly score 0.
        if not (isinstance(link, tuple) and len(link) == 2):
            raise XnerError(f"{where}: {link!r} is not a pair (i, j) of word positions. Drop everything else from it.")
