"""The aligner ``none``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xner_hf.align.aligner import Link, Text
from xner_hf.registry import Method, register


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
