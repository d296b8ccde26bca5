"""Word-split sentences as overlapping windows that fit an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Windows:
    """A sentence as sub-words.

    Attributes:
        length: number of words.
        windows: sub-words of each window, special tokens included; one window unless the sentence is too long.
        words: the words that have sub-words.
        places: for each of `words`, the window to read it from and the position of its first sub-word there.
    """

    length: int
    windows: list[list[int]] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)

    def words_by_window(self) -> list[list[tuple[int, int]]]:
        """Return, for each window, the ``(number in `words`, position)`` of the words to read from it."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.windows]
        for number, (window, position) in enumerate(self.places):
            found[window].append((number, position))
        return found


def windows_of(tokenizer: Any, sentences: Sequence[Sequence[str]], limit: int) -> list[Windows]:
    """Return the windows of word-split sentences; one that fits has a single window, one without sub-words none.

    A word is read from the window in which it is farthest from a border.

    Args:
        tokenizer: a fast tokenizer.
        sentences: words.
        limit: longest window in sub-words, special tokens included.
    """
    from xner_hf.models.words_xner import deepest_places, encode_windows, first_subwords

    found = [Windows(len(words)) for words in sentences]
    filled = [one for one, words in zip(found, sentences, strict=True) if len(words)]
    if not filled:
        return found
    encoded = encode_windows(tokenizer, [words for words in sentences if len(words)], limit)
    firsts: dict[int, list[tuple[int, list[tuple[int, int]]]]] = {}
    for row, sample in enumerate(encoded["overflow_to_sample_mapping"]):
        ids = encoded["input_ids"][row]
        if words := first_subwords(encoded.word_ids(row)):
            filled[sample].windows.append(ids)
            firsts.setdefault(sample, []).append((len(ids), words))
    for sample, windows in firsts.items():
        places = deepest_places(windows)
        filled[sample].words.extend(places)
        filled[sample].places.extend(places.values())
    return found
