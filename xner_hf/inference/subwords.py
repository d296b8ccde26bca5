"""The sub-words of word-split sentences, as flat arrays."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_MEMORY_OF_WORDS = 1_000_000
_WORDS_PER_CALL = 256


class SubWords:
    """The sub-words of sentences, one sentence after the other, without special tokens.

    Attributes:
        ids: vocabulary ids, int64 ``[sub-words]``.
        words: the word, numbered from 0 within its sentence, that each sub-word belongs to; int64 ``[sub-words]``.
        bounds: sentence `i` holds the sub-words from ``bounds[i]`` to ``bounds[i + 1]``; int64 ``[sentences + 1]``.
        words_without: how many words have no sub-word (empty strings, control characters).
    """

    def __init__(self, ids: np.ndarray, words: np.ndarray, bounds: np.ndarray, words_without: int):
        self.ids, self.words, self.bounds, self.words_without = ids, words, bounds, words_without

    def lengths(self) -> np.ndarray:
        """Return the number of sub-words of every sentence."""
        return self.bounds[1:] - self.bounds[:-1]


class WordTokenizer:
    """Splits words into sub-words and remembers the words it has seen.

    A fast tokenizer splits each word of a word-split sentence by itself, so that a word met again costs one look-up.
    """

    def __init__(self, tokenizer: Any):
        self._tokenizer = tokenizer
        self.forget()

    def split(self, sentences: Sequence[Sequence[str]]) -> SubWords:
        """Return the sub-words of sentences."""
        import numpy as np

        new = [word for word in {word for words in sentences for word in words} if word not in self._known]
        if len(self._known) + len(new) > _MEMORY_OF_WORDS:
            self.forget()
            new = list({word for words in sentences for word in words})
        self._learn(new)
        known, sizes_known = self._known, np.diff(np.asarray(self._ends, dtype=np.int64))
        counts = np.fromiter(map(len, sentences), np.int64, len(sentences))
        numbers = np.fromiter((known[word] for words in sentences for word in words), np.int64, int(counts.sum()))
        sizes = sizes_known[numbers]
        ids = np.asarray(self._ids, dtype=np.int64)[spread(np.asarray(self._ends, dtype=np.int64)[numbers], sizes)]
        within = spread(np.zeros_like(counts), counts)
        total = np.concatenate([[0], np.cumsum(sizes)])
        bounds = total[np.concatenate([[0], np.cumsum(counts)])]
        return SubWords(ids, np.repeat(within, sizes), bounds, int((sizes == 0).sum()))

    def forget(self) -> None:
        self._known: dict[str, int] = {}
        self._ids = array("q")
        self._ends = array("q", [0])  # word `i` has the ids from _ends[i] to _ends[i + 1]

    def _learn(self, words: list[str]) -> None:
        if not words:
            return
        pieces = [words[start : start + _WORDS_PER_CALL] for start in range(0, len(words), _WORDS_PER_CALL)]
        encoded = self._tokenizer(
            pieces,
            is_split_into_words=True,
            add_special_tokens=False,
            truncation=False,
            padding=False,
            return_attention_mask=False,
            verbose=False,  # a piece is longer than the encoder takes, but is never given to it
        )
        for row, piece in enumerate(pieces):
            sizes = [0] * len(piece)
            for word in encoded.word_ids(row):
                sizes[word] += 1
            self._ids.extend(encoded["input_ids"][row])
            for word, size in zip(piece, sizes, strict=True):
                self._known[word] = len(self._known)
                self._ends.append(self._ends[-1] + size)


def spread(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return ``starts[0], starts[0] + 1, ...`` for ``counts[0]`` numbers, then the same for the next, as one array."""
    import numpy as np

    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)
