"""Raw text to words, by the rule that the language table names.

MasakhaNER, CoNLL-2003 and WikiNEuRal put punctuation apart and keep inner hyphens and apostrophes. English clitics
(``Kenya 's``) and French elisions (``d' Abidjan``) are split as well, because the taggers were trained on such text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import regex

from xner_hf.errors import XnerError

_LETTER = r"[\p{L}\p{M}\p{N}_]"
_JOINER = r"[-‐‑'’‘ʼ\u200c\u200d\u00ad]+"
_INITIALS = r"(?:\p{L}\.){2,}"  # U.S.
_OPEN_INITIALS = rf"(?:\p{{Lu}}\.)+\p{{Lu}}(?!{_LETTER}|\.)"  # U.S.A, with no full stop at the end
_CLITIC = r"['’](?i:s|re|ve|ll|d|m)"
_WORD = regex.compile(
    rf"""
      (?i:https?://|www\.)\S*[^\s.,;:!?)\]}}'"’”»]
    | (?!{_OPEN_INITIALS}){_INITIALS}(?:{_CLITIC}(?!{_LETTER}))?
    | (?:Mr|Mrs|Ms|Dr|Prof|St|Sen|Gov|Rev|Hon|Gen|Col|Lt|Sgt|Jr|Sr|vs)\.(?=\s)
    | \p{{N}}+(?:[.,:/]\p{{N}}+)+[\p{{L}}\p{{M}}]*                             # 1,234.5  10:30
    | (?:{_OPEN_INITIALS}|{_LETTER}+)
      (?:{_JOINER}(?:{_OPEN_INITIALS}|(?!{_INITIALS}){_LETTER}+))*
      (?:{_JOINER}{_INITIALS})?                                          # l'O.N.U.
    | \.{{2,}}
    | (?![\s\p{{Cc}}\p{{Cf}}])\X
    """,
    regex.VERBOSE,
)
_ENGLISH_CLITIC = regex.compile(rf"(.+?)((?i:n['’]t)|{_CLITIC})")
_FRENCH_ELISION = regex.compile(r"(?i)((?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’])(.+)")


def _plain(text: str) -> list[str]:
    return _WORD.findall(text)


def _english(text: str) -> list[str]:
    words: list[str] = []
    for word in _WORD.findall(text):
        clitic = _ENGLISH_CLITIC.fullmatch(word)
        words.extend(clitic.groups() if clitic else (word,))
    return words


def _french(text: str) -> list[str]:
    words: list[str] = []
    for word in _WORD.findall(text):
        while elision := _FRENCH_ELISION.fullmatch(word):
            words.append(elision[1])
            word = elision[2]
        words.append(word)
    return words


def _characters(text: str) -> list[str]:
    """Split text without spaces into extended grapheme clusters; runs of Latin letters and digits stay whole."""
    return regex.findall(r"[\p{Latin}\p{N}][\p{Latin}\p{M}\p{N}]*|(?![\s\p{Cc}\p{Cf}])\X", text)


_RULES: dict[str, Callable[[str], list[str]]] = {
    "spaces": _plain,
    "english": _english,
    "french": _french,
    "characters": _characters,
}


def word_splitter(rule: str) -> Callable[[str], list[str]]:
    """Return the function that splits raw text into words.

    White space, control and format characters (zero-width spaces, direction marks) separate words and belong to none;
    joiners and soft hyphens inside a word stay in it. Nothing else is lost; the text is brought into NFC.

    Args:
        rule: ``spaces``, ``english``, ``french`` or ``characters``; see `Language.words`.

    Raises:
        XnerError: the rule is unknown.
    """
    if rule not in _RULES:
        raise XnerError(f"unknown word-splitting rule {rule!r}; known are {', '.join(_RULES)}.")
    split = _RULES[rule]
    return lambda text: split(unicodedata.normalize("NFC", text))


def matching_key(text: str) -> str:
    """Return the form under which two copies of a sentence count as the same: no case, no punctuation, no spaces."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).casefold()
    folded = folded.replace("ı", "i").replace("i\u0307", "i")  # Turkish capitals fold to either
    return "".join(char for char in folded if char.isalnum() or unicodedata.category(char)[0] == "M")
