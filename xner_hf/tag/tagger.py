"""What every tagger does: words in, entities out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from xner_hf.spans import Span


class Tagger(Protocol):
    """Finds the entities of word-split sentences."""

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[Span] | None]:
        """Return, for each sentence and in the same order, its entities sorted by position.

        A span's score is a probability in [0, 1]. An empty sentence has no entities. None stands for those of a
        sentence whose scores are not numbers: nothing is known of it.
        """
        ...
