"""What is wrong with a translation, judged by its text alone.

The limits are set so that a sound translation passes: a fault should mean that labels projected onto it would be
wrong, since its row is thrown away.
"""

from __future__ import annotations

import re

import regex

from xner_hf.corpora.words import matching_key
from xner_hf.translate.translation import COPIED, CUT, EMPTY, REPEATED, SHORT

_LOOP = re.compile(r"(?:(.{20,200}?)\1+|(.{1,19}?)\2{2,})", re.DOTALL)
"""A block of letters again and again: a long one twice, a short one three times, since short ones repeat in words."""

_LEAST_LOOP = 12  # letters, below which it may be a number (1,000,000) or laughter
_LOOPED = 0.5  # of a translation, above which it is a loop
_FRESH = 0.85  # of the five-grams of a text are different from each other, above which it has no such loop
_ORDINARY_WORDS = 4  # of a text that is more than names, above which its copy is no translation
_LONG = 60  # size of a text above which its translation cannot be arbitrarily short
_SHORT = 0.25  # of the size of the text

_ALPHANUMERIC = regex.compile(r"[\p{L}\p{N}]")
_HAN = regex.compile(r"\p{Han}")
_SYLLABLE = regex.compile(r"[\p{Hiragana}\p{Katakana}\p{Hangul}\p{Ethiopic}]")
_WORD = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]{2}|\p{L}[\p{L}\p{M}\p{N}'’ʼ-]*"
)


def fault(text: str, translation: str, finished: bool) -> str | None:
    """Return what is wrong with a translation: a key of `xner_hf.translate.translation.FAULTS`, or None.

    An unfinished translation that runs in a loop is ``translation_repeated``, any other unfinished one
    ``translation_cut``.

    Args:
        text: what was translated.
        translation: what the translator made of it.
        finished: whether it came to its own end; False as well where the text did not fit the translator.
    """
    share = _looped(translation)
    looped = share > _LOOPED and _looped(text) < share / 2
    if not finished:
        return REPEATED if looped else CUT
    if not any(char.isalnum() for char in translation):
        return EMPTY
    if looped:
        return REPEATED
    if matching_key(text) == matching_key(translation) and _ordinary_words(text) >= _ORDINARY_WORDS:
        return COPIED
    return SHORT if _size(text) >= _LONG and _size(translation) < _SHORT * _size(text) else None


def _looped(text: str) -> float:
    """Return the share of a text's letters and digits that stand in loops, in [0, 1]."""
    key = matching_key(text)
    # The search below is slow. Where loops are half of a text more than a fifth of its five-grams come again.
    places = len(key) - 4
    if places <= 0 or len({key[i : i + 5] for i in range(places)}) > _FRESH * places:
        return 0.0
    loops = [len(loop[0]) for loop in _LOOP.finditer(key)]
    return sum(size for size in loops if size >= _LEAST_LOOP) / len(key)


def _ordinary_words(text: str) -> int:
    """Return how many words of a text begin with a small letter, or are of a script that has no capitals.

    Where words are not set apart two characters count for one.
    """
    return sum(not word[0].isupper() for word in _WORD.findall(text))


def _size(text: str) -> int:
    """Return the length of a text in letters of an alphabet: a Han character says as much as three, a syllable two."""
    return len(_ALPHANUMERIC.findall(text)) + 2 * len(_HAN.findall(text)) + len(_SYLLABLE.findall(text))
