"""From text to the words and windows that a student reads, and from scores of words to tags.

This file is copied beside the weights, as are those that import it: it needs numpy, regex and transformers only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import regex

OVERLAP = 32
"""Sub-words that neighbouring windows of an over-long sentence share."""


def split_words(text: str, patterns: Sequence[str]) -> list[str]:
    """Return the words of raw text, which is brought into NFC.

    Args:
        text: of any script.
        patterns: as in `XnerConfig.word_patterns`.
    """
    word, *parts = (regex.compile(pattern) for pattern in patterns)
    words = []
    for found in word.findall(unicodedata.normalize("NFC", text)):
        while halves := next((match for part in parts if (match := part.fullmatch(found))), None):
            words.append(halves[1])
            found = halves[2]
        words.append(found)
    return words


def character_places(text: str, words: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Return where every character of every word stands in a text, as characters ``[start, end)`` of it.

    Args:
        text: raw text, not necessarily in NFC.
        words: what it was split into: parts of its NFC form, in order.
    """
    normal = unicodedata.normalize("NFC", text)
    places: list[tuple[int, int]] = []
    if normal == text:
        places = [(place, place + 1) for place in range(len(text))]
    else:
        # Normalisation does not cross the borders of grapheme clusters (UAX 29), so they carry the places over.
        start = 0
        for cluster in regex.findall(r"\X", text):
            size, end = len(unicodedata.normalize("NFC", cluster)), start + len(cluster)
            same = size == len(cluster)
            places += [(place, place + 1) for place in range(start, end)] if same else [(start, end)] * size
            start = end
    found, at = [], 0
    for word in words:
        at = normal.index(word, at)
        found.append(places[at : at + len(word)])
        at += len(word)
    return found


def word_offsets(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Return where the words that a text was split into stand in it, as characters ``[start, end)``.

    Args:
        text: raw text, not necessarily in NFC.
        words: as for `character_places`.
    """
    return [(places[0][0], places[-1][1]) for places in character_places(text, words)]


def encode_windows(
    tokenizer: Any, sentences: Sequence[Sequence[str]], limit: int, overlap: int = OVERLAP, offsets: bool = False
) -> Any:
    """Return word-split sentences as sub-words; one that is longer than `limit` comes as several windows.

    Args:
        tokenizer: a fast one.
        sentences: words; every sentence has some.
        limit: longest window, special tokens included.
        overlap: sub-words that neighbouring windows share, where `limit` has room for them.
        offsets: whether to give those of the sub-words in their words.
    """
    return tokenizer(
        [list(words) for words in sentences],
        is_split_into_words=True,
        truncation=True,
        max_length=limit,
        stride=min(overlap, (limit - tokenizer.num_special_tokens_to_add()) // 2),
        return_overflowing_tokens=True,  # nothing is cut off
        return_offsets_mapping=offsets,
    )


def first_subwords(word_of: Sequence[int | None]) -> list[tuple[int, int]]:
    """Return every word of a window that has sub-words there, with the place of the first of them."""
    return [(w, p) for p, w in enumerate(word_of) if w is not None and (p == 0 or w != word_of[p - 1])]


def deepest_places(windows: Iterable[tuple[int, Sequence[tuple[int, int]]]]) -> dict[int, tuple[int, int]]:
    """Return the window, and the place in it, where each word of a sentence stands farthest from a border.

    Args:
        windows: length and `first_subwords` of every window of a sentence.
    """
    best: dict[int, tuple[int, int, int]] = {}
    for window, (length, firsts) in enumerate(windows):
        for word, position in firsts:
            # The second half of a word that was cut opens a window, and never lies deeper than the first half.
            depth = min(position, length - 1 - position)
            if word not in best or depth > best[word][0]:
                best[word] = depth, window, position
    return {word: best[word][1:] for word in sorted(best)}


def runs(words: Sequence[int]) -> list[tuple[int, int]]:
    """Return start and end, in `words`, of the runs of words that follow each other in the sentence."""
    starts = [n for n, word in enumerate(words) if n == 0 or word != words[n - 1] + 1]
    return list(zip(starts, [*starts[1:], len(words)], strict=False))


def tag_order(labels: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each IOB2 label may come first, and whether each (column) may follow another (row)."""
    first = np.array([label[:2] != "I-" for label in labels], bool)
    following = [[after[:2] != "I-" or before[1:] == after[1:] for after in labels] for before in labels]
    return first, np.array(following, bool)


def best_valid_path(scores: np.ndarray, first: np.ndarray, following: np.ndarray) -> np.ndarray:
    """Return the best valid label numbers ``[sentences, words]`` for finite scores ``[sentences, words, labels]``.

    Viterbi; `first` and `following` are those of `tag_order`.
    """
    steps = np.where(following, 0.0, -np.inf)
    best, back = np.where(first, scores[:, 0], -np.inf), []
    for position in range(1, scores.shape[1]):
        paths = best[:, :, None] + steps
        back.append(paths.argmax(1))
        best = paths.max(1) + scores[:, position]
    path = [best.argmax(-1)]
    for choices in reversed(back):
        path.append(np.take_along_axis(choices, path[-1][:, None], 1)[:, 0])
    return np.stack(path[::-1], 1)
