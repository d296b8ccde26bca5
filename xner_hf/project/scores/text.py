"""Text features for the scores: folded words, letters, capitals, and similarity of spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from xner_hf.project.transliterate import latin
from xner_hf.spans import ENTITY_TYPES, Span

if TYPE_CHECKING:
    import numpy as np

_NO_LETTERS = re.compile(r"[\W_]+")


def texts(words: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> list[str]:
    """Return the words of every span joined by spaces."""
    return [" ".join(words[a:b]) for a, b in zip(starts, ends, strict=True)]


def spelling_score(entities: Sequence[str], candidates: Sequence[str]) -> np.ndarray:
    """Levenshtein similarity of letters and digits: ``1 - edits / length of the longer``.

    Unlike Jaro-Winkler similarity, it decreases with every extra letter. Spaces, hyphens and apostrophes do not count,
    since word splitters disagree on them. Strings are compared as given; `fold` the words first.
    """
    import numpy as np
    from rapidfuzz import process
    from rapidfuzz.distance import Levenshtein

    return process.cdist(
        [letters(text) for text in entities],
        [letters(text) for text in candidates],
        scorer=Levenshtein.normalized_similarity,
        dtype=np.float64,
    )


def capital_scores(
    source: Sequence[str], spans: Sequence[Span], target: Sequence[str], starts: np.ndarray, ends: np.ndarray
) -> dict[str, np.ndarray]:
    """Evidence of capitals against a candidate, as 0 or 1.

    A word is capitalised if it has a capital anywhere, since prefixes stand before it (uMandela, eThekwini). Only for
    entities in `ENTITY_TYPES` whose first word is capitalised, and only where a word of the target sentence
    could be: all others score 0 (Georgian has capitals, but words do not begin with them).

    Returns:
        Four arrays: ``opening`` and ``closing``, 1 where the first or last word of the candidate is not capitalised;
        ``before`` and ``after``, 1 where the word right before or after it is, so that the name may go on there.
    """
    import numpy as np

    applies = np.array(
        [span.label in ENTITY_TYPES and _is_capitalised(source[span.start]) for span in spans], dtype=float
    )
    if not any(word.title() != word.lower() for word in target):
        applies[:] = 0
    # A word that is not capitalised stands on either side of the sentence.
    capitals = np.array([0, *map(_is_capitalised, target), 0], dtype=float)
    against = {
        "opening": 1 - capitals[starts + 1],
        "closing": 1 - capitals[ends],
        "before": capitals[starts],
        "after": capitals[ends + 1],
    }
    return {name: np.outer(applies, values) for name, values in against.items()}


def _is_capitalised(word: str) -> bool:
    """Whether a word has a capital: Bantu prefixes and other affixes stand before it (uMandela, eThekwini)."""
    return any(char.istitle() for char in word)  # like isupper, but also true for the Croatian ǅ


def letters(text: str) -> str:
    """Return the letters and digits of a text, or the text as it is if it has none."""
    return text if text.isalnum() else _NO_LETTERS.sub("", text) or text


@lru_cache(maxsize=200_000)
def fold(word: str) -> str:
    """Return a word in Latin letters without case and accents, the form in which surfaces are compared."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", latin(word.casefold())).casefold().replace("ı", "i")
    return "".join(char for char in decomposed if not unicodedata.combining(char)) or word
