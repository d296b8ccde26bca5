"""Whether the first column of a file numbers the words of its sentences, or is the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from xner_hf.corpora.scheme import TAG
from xner_hf.errors import XnerError

_KEEP = "keep two columns, the word and its tag"


class Numbering:
    """The first two columns of a file of three or more, sentence by sentence."""

    def __init__(self) -> None:
        self._sentences = 0
        self._bases: Counter[int | None] = Counter()  # None: does not count
        self._first: dict[int | None, str] = {}
        self._numeric = self._constant = True
        self._longest = 0
        self._second: set[str] = set()
        self._wordlike = False

    def add(self, cells: Sequence[Sequence[str]], place: str) -> None:
        """Add the first two cells of each line of a sentence whose first line stands at `place`."""
        first = [one[0] for one in cells]
        base = next((start for start in (0, 1) if first == [str(start + i) for i in range(len(first))]), None)
        self._bases[base] += 1
        self._first.setdefault(base, place)
        self._sentences += 1
        self._numeric = self._numeric and all(one[:1].isdecimal() and one.isascii() for one in first)
        self._constant = self._constant and len(set(first)) == 1
        self._longest = max(self._longest, len(first))
        if len(self._second) < 2:
            self._second.update(one[1] for one in cells if len(one) > 1)
        self._wordlike = self._wordlike or any(
            len(one) > 1 and one[1] != one[0] and not TAG.fullmatch(one[1]) for one in cells
        )

    def numbers_words(self) -> bool:
        """Return whether the column counts 0, 1, 2 ... or 1, 2, 3 ... in every sentence.

        Raises:
            XnerError: it counts, and the second column may not be words; it counts in most sentences, or is nothing
                but numbers, but does not count in all; or it names the sentences.
        """
        base, counting = self._most_common_base()
        if counting == self._sentences:
            if len(self._second) > 1 and self._wordlike:
                return True
            raise XnerError(
                f"{self._first[base]}: the first column counts from {base}, so perhaps the first column numbers the "
                f"words, or perhaps these are the words. To make it plain, {_KEEP}."
            )
        if counting and (self._numeric or 2 * counting > self._sentences):
            place = next(place for other, place in self._first.items() if other != base)
            raise XnerError(
                f"{place}: the first column numbers the words of {counting} of {self._sentences} sentences from "
                f"{base}, but not of this one. Number all alike, with a blank line between two sentences, or {_KEEP}."
            )
        if self._constant and self._longest > 1:
            raise XnerError(
                f"{next(iter(self._first.values()))}: the first column is the same in all lines of every sentence, so "
                f"it is no word; {_KEEP}."
            )
        return False

    def _most_common_base(self) -> tuple[int, int]:
        return max(((base, self._bases[base]) for base in (0, 1)), key=lambda one: one[1])
