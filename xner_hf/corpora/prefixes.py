"""Language prefixes of words, such as those of the raw WikiANN files: ``en:Angela``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from xner_hf.errors import XnerError

_PREFIX = re.compile(r"[a-z]{2,}(-[a-z]+)*:(?=.)(?!//)")


class Prefixes:
    """What the words of a file begin with."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def add(self, words: Sequence[str], place: Callable[[int], str]) -> None:
        """Count the prefixes of the words of a sentence; `place` returns where a word stands."""
        for i, word in enumerate(words):
            found = _PREFIX.match(word) if ":" in word else None
            prefix = found[0] if found else ""
            self._counts[prefix] += 1
            if prefix not in self._first:
                self._first[prefix] = place(i)

    def common(self) -> str:
        """Return the prefix of all words, an empty string where they have none in common.

        Raises:
            XnerError: more than half of the words have a prefix, but not all, or not the same one.
        """
        total, bare = self._counts.total(), self._counts[""]
        if total < 2 or 2 * bare >= total:
            return ""
        prefix, number = self._counts.most_common(1)[0]
        if number == total:
            return prefix
        place = next(self._first[other] for other in self._first if other != prefix)
        raise XnerError(
            f"{place}: {number} of {total} words begin with {prefix!r}, but not this one. Take the prefix off all of "
            f"them, and give each language a file of its own."
        )
