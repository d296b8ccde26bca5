"""How often the words of a training text were linked, and the probability of a link estimated from that.

For aligners that give links without probabilities.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

SMOOTHING = 0.5
"""Subtracted from every link count (absolute discounting), so that a pair linked once is not taken for certain."""
UNSEEN = 0.1
"""Probability of a link between words that were never linked in the training text."""


class LinkCounts:
    """Counts of words and of their links; words are given in the form of `form`."""

    def __init__(self) -> None:
        self._both: Counter[str] = Counter()
        self._source: Counter[str] = Counter()
        self._target: Counter[str] = Counter()

    def add(self, source: Sequence[str], target: Sequence[str], links: Iterable[tuple[int, int]]) -> None:
        """Count the words of a pair and its links (source word, target word)."""
        self._source.update(source)
        self._target.update(target)
        self._both.update(f"{source[i]} {target[j]}" for i, j in links)

    def probability(self, source: str, target: str) -> float:
        """Geometric mean of both conditional relative frequencies of the link, discounted; `UNSEEN` without any."""
        both = self._both.get(f"{source} {target}", 0) - SMOOTHING
        if both <= 0:
            return UNSEEN
        return min(1.0, both / math.sqrt(self._source[source] * self._target[target]))

    def save(self, path: Path) -> None:
        """Write the counts as JSON."""
        text = json.dumps([self._both, self._source, self._target], ensure_ascii=False)
        path.write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> LinkCounts:
        """Read what `save` wrote.

        Raises:
            OSError: the file cannot be read.
            ValueError: it holds no counts.
        """
        tables = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(tables, list) or [type(table) for table in tables] != [dict] * 3:
            raise ValueError(f"{path.name} holds no counts of links")
        counts = cls()
        counts._both, counts._source, counts._target = map(Counter, tables)
        return counts


def form(word: str, stem: int = 0) -> str:
    """Return the form of a word that is counted: no case, letters in one piece (Unicode's NFC), and nothing that a
    line of training text cannot hold.

    Args:
        word: any string.
        stem: letters that are kept; 0 keeps all.
    """
    # Corpora write the same accented letter in one piece or in two.
    word = unicodedata.normalize("NFC", word.casefold())[: stem or None]
    return "".join("_" if char.isspace() or char == "|" or char < " " else char for char in word) or "_"
