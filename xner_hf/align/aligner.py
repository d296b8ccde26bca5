"""What every aligner does: words in, links out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

Text = Callable[[], Iterable[tuple[Sequence[str], Sequence[str]]]]
"""Gives the pairs of word lists that an aligner may be trained on; called only by aligners that are trained."""


class Link(NamedTuple):
    """Source word `source` and target word `target` translate each other; `score` is a probability in [0, 1]."""

    source: int
    target: int
    score: float


class Aligner(Protocol):
    """Finds the links of word-split sentence pairs."""

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[Link]]:
        """Return the links of each pair, in the order of the pairs, each list sorted by source and target word.

        A pair with an empty side has no links.
        """
        ...
