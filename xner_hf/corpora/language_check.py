"""Sentences of another language or script than they are said to be, found by their letters and commonest words.

Text from the web in a language with few speakers is mixed with English, French and the languages next door. Language
identifiers know few of the languages of the table, and take those that they do not know for one that they do, with
great confidence. A short list of the commonest words of every language tells them apart: about half of the words of a
sentence in a language without much inflection are on its list.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

import regex

from xner_hf.corpora.common_words import COMMON_WORDS
from xner_hf.errors import XnerError
from xner_hf.languages import language

WRONG_SCRIPT = "wrong_script"
WRONG_LANGUAGE = "wrong_language"

CHECKED = 200
"""Sentences of a text by which it is judged as a whole (`check_corpus`)."""
_FEWEST = 50
"""Sentences below which a text is not judged as a whole."""
_LETTERS = 20
"""Letters below which the language of a sentence is not judged."""
_MARGIN, _SHARE = 2, 0.15
"""A sentence is of another language with so many more words of that language's list, and this share of all words."""
_MORE = 1.5
"""A text is of another language with so many times as many words of its list. In text of 27 languages the words of no
other were more than 0.7 times as many as its own, so the wrong language has 1.4 times as many and mostly far more."""

_SCRIPTS = {
    "Hang": r"\p{Hangul}\p{Han}",
    "Hans": r"\p{Han}",
    "Jpan": r"\p{Han}\p{Hiragana}\p{Katakana}",
}
"""ISO 15924 codes that Unicode does not know as a script, or whose text holds letters of more than one."""

_WORD = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]|[\p{L}\p{M}]+(?:['-][\p{L}\p{M}]+)*")
_ACCENT = regex.compile("[\u0300-\u036f]")
_PLAIN = str.maketrans("ɓɖɗđɛǝəƒɣɩıƙɲŋɔøʉʊʋƴ’‘ʼ", "bdddeeefgiiknnoouuvy'''")
"""Letters of African alphabets to those that are typed in their place."""


class LanguageCheck:
    """Refuses the sentences of a text that are not in its language, and remembers what they look like.

    Args:
        code: ISO 639-3 code, alias or name of the language.

    Attributes:
        language: its row of the language table.
        seen: number of sentences judged.
        looks_like: number of sentences refused, by the language or script that they look like.
        words: number of common words found, by the code of the language whose words they are.
    """

    def __init__(self, code: str):
        self.language = language(code)
        self.seen = 0
        self.looks_like: Counter[str] = Counter()
        self.words: Counter[str] = Counter()
        own = _SCRIPTS.get(self.language.script, rf"\p{{Script={self.language.script}}}")
        self._own = regex.compile(rf"[\p{{L}}&&[{own}]]", regex.VERSION1)
        # Where a letter is a word, a foreign name of ten letters must not outweigh nine words.
        many = "+" if self.language.words == "characters" else ""
        self._other = regex.compile(rf"[\p{{L}}--\p{{Common}}\p{{Inherited}}{own}]{many}", regex.VERSION1)

    def wrong(self, text: str) -> str | None:
        """Return `WRONG_SCRIPT` or `WRONG_LANGUAGE` for a sentence that is not in the language, else None.

        Letters are counted for the script, which is wrong when most are of another. The language is judged by common
        words, in sentences of 20 letters or more and only where a language shares its script with others.
        """
        self.seen += 1
        own, others = len(self._own.findall(text)), self._other.findall(text)
        if len(others) > own:
            self.looks_like[f"{_script(Counter(others).most_common(1)[0][0][0])} script"] += 1
            return WRONG_SCRIPT
        if own + sum(map(len, others)) < _LETTERS or self.language.code not in COMMON_WORDS:
            return None
        total, found = _common_words(text)
        self.words.update(found)
        mine = found.pop(self.language.code, 0)
        if not found:
            return None
        (other, count), *_ = found.most_common(1)
        if count < mine + _MARGIN or count < _SHARE * total:
            return None
        self.looks_like[_name(other)] += 1
        return WRONG_LANGUAGE


def check_corpus(check: LanguageCheck) -> None:
    """Refuse a text of which 50 or more sentences were judged and most are of another language or script.

    Most are when more than half were refused, or when the common words of another language are far more frequent than
    those of its own, as in text of a closely related language.

    Raises:
        XnerError: the text is in another language; the message says in which.
    """
    if check.seen < _FEWEST:
        return
    refused = check.looks_like.total()
    other, count = max(check.words.items(), key=lambda item: item[1], default=("", 0))
    if 2 * refused > check.seen:
        looks = check.looks_like.most_common(1)[0][0]
    elif count > _MORE * check.words[check.language.code]:
        looks = _name(other)
    else:
        return
    target = f"{check.language.name} ({check.language.code})"
    raise XnerError(
        f"the text is not in {target}: it looks like {looks}. Of the first {check.seen} sentences {refused} are of "
        f"another language or script. Give text in {check.language.name}, or name the language that this text is in."
    )


@lru_cache(maxsize=1)
def _languages_of_words() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for code, words in COMMON_WORDS.items():
        for word in dict.fromkeys(_fold(words).split()):
            table[word] = (*table.get(word, ()), code)
    return table


def _common_words(text: str) -> tuple[int, Counter[str]]:
    """Return the number of words, and how many of them are common in which language."""
    table, found = _languages_of_words(), Counter()
    words = _WORD.findall(_fold(text))
    for word in words:
        found.update(table.get(word, ()))
    return len(words), found


def _fold(text: str) -> str:
    return _ACCENT.sub("", unicodedata.normalize("NFD", text.casefold())).translate(_PLAIN)


def _name(code: str) -> str:
    return language(code).name


def _script(letter: str) -> str:
    return unicodedata.name(letter, "an unknown").split()[0].capitalize()
