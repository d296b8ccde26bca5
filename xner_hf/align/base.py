"""What an aligner does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from xner_hf.registry import Method, register

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


class NoAligner:
    """Gives no links at all."""

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[Link]]:
        return [[] for _ in zip(sources, targets, strict=True)]


@register("aligner", "none")
@dataclass(frozen=True)
class NoConfig(Method):
    """Gives no links: projection rests on how names are written."""

    def make(self, text: Text, folder: Path) -> NoAligner:
        return NoAligner()
