"""Words to raw text, the other way round from `xner_hf.corpora.words`: what a translator reads."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from xner_hf.errors import XnerError

_NO_SPACE_BEFORE = regex.compile(r"(?:[.,;:!?%…)\]}»”。、，！？；：）】」』›।॥۔؟،؛።፣፤፧၊။]|\.{2,})+")
_OPENING = regex.compile(r"[(\[{«“‹¿¡（【「『#$£€@]+")
_CLITIC = {
    "english": regex.compile(r"(?i)n['’]t|['’](?:s|re|ve|ll|d|m)"),
    "french": regex.compile(r"(?i)(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’]"),
}
_QUOTES = "\"'’"
_SPACED = regex.compile(r"[\p{Latin}\p{N}]")


def detokenise(words: Sequence[str], rule: str = "spaces") -> str:
    """Return the text of a word-split sentence.

    Closing punctuation stands right after a word, opening punctuation right before one, straight quotes by turns;
    English clitics and French elisions are put together again. In scripts without spaces only Latin words and numbers
    keep a space between them. Words never change: without white space the text is the words joined.

    Args:
        words: words of one sentence.
        rule: how the text was split: ``spaces``, ``english``, ``french`` or ``characters`` (`Language.words`).

    Raises:
        XnerError: the rule is unknown.
    """
    if rule not in ("spaces", "characters", *_CLITIC):
        raise XnerError(f"unknown word-splitting rule {rule!r}; known are spaces, english, french, characters.")
    pieces: list[str] = []
    open_quotes: set[str] = set()
    glue = True  # whether the next word follows without a space
    for before, word in zip(["", *words], words, strict=False):
        if rule == "characters":
            space = _spaced(before) and _spaced(word)
            glue = not space
        elif word in _QUOTES:
            closing = word in open_quotes
            open_quotes ^= {word}
            pieces.append(word if closing or glue else f" {word}")
            glue = not closing
            continue
        elif _NO_SPACE_BEFORE.fullmatch(word):
            glue = glue or not (before[-1:] == word[0] == ".")  # two full stops are not one mark
        elif rule == "english" and _CLITIC["english"].fullmatch(word):
            glue = True
        pieces.append(word if glue else f" {word}")
        elided = rule == "french" and _CLITIC["french"].fullmatch(word) is not None
        glue = elided or _OPENING.fullmatch(word) is not None
    return "".join(pieces)


def _spaced(word: str) -> bool:
    """Whether a word is of a script that writes spaces, and so needs one between itself and the next such word."""
    return _SPACED.match(word) is not None
