"""Unlabelled text to sentences that can be translated and labelled, each with the reason why it cannot, if so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple

from xner_hf.corpora.language_check import CHECKED, WRONG_LANGUAGE, WRONG_SCRIPT, LanguageCheck, check_corpus
from xner_hf.corpora.parallel import splitter
from xner_hf.corpora.plain import PlainText
from xner_hf.corpora.sentences import split_sentences
from xner_hf.corpora.words import matching_key

NO_LETTERS = "no_letters"
TOO_SHORT = "too_short"
TOO_LONG = "too_long"
DUPLICATE = "duplicate"

TEXT_REASONS = {
    NO_LETTERS: "the sentence has no letter",
    TOO_SHORT: "the sentence has fewer words than the text may have",
    TOO_LONG: "the sentence has more words than the text may have",
    DUPLICATE: "an earlier sentence is the same but for case, punctuation and spaces",
    WRONG_SCRIPT: "most letters are of another script than that of the language",
    WRONG_LANGUAGE: "the sentence is in another language",
}
"""Why a sentence of unlabelled text is rejected before anything is made of it."""


class TextRow(NamedTuple):
    """One sentence.

    Attributes:
        id: unique within its text and stable from read to read.
        text: the sentence as it stands in the text, without line ends.
        words: its words.
        reason: one of `TEXT_REASONS`, None where the sentence can be used.
    """

    id: str
    text: str
    words: list[str]
    reason: str | None


def prepare(
    texts: Iterable[PlainText],
    code: str,
    check: LanguageCheck | None,
    *,
    min_words: int = 3,
    max_words: int = 200,
) -> Iterator[TextRow]:
    """Yield the sentences of a text in order; raw text without a visible character yields none.

    A text that brings its words is one sentence, be it without any, and keeps its id; the sentences of any other text
    are called ``id#number``, counted from 0. Of two that are the same but for case, punctuation and spaces the first
    can be used; 8 bytes of hash are kept of each.

    Args:
        texts: what `read_plain` yields.
        code: ISO 639-3 code of the language.
        check: refuses sentences of other languages and scripts; None lets them pass.
        min_words: sentences of fewer words are rejected, most of them headings, captions and scraps of lists.
        max_words: sentences of more words are rejected; tables and lists, on which taggers and translators go wrong.

    Raises:
        XnerError: most of the text is of another language or script (`check_corpus`).
    """
    split = splitter(code)
    seen: set[int] = set()
    unchecked = check is not None
    for document in texts:
        for number, sentence in enumerate(_sentences(document)):
            name, words = document.id, document.words
            if words is None:
                name, words = f"{document.id}#{number}", split(sentence)
                if not words:
                    continue  # nothing but invisible characters
            reason = _reason(sentence, words, min_words, max_words, seen, check)
            if unchecked and check.seen >= CHECKED:
                check_corpus(check)
                unchecked = False
            yield TextRow(name, sentence, words, reason)
    if unchecked:
        check_corpus(check)


def _sentences(document: PlainText) -> list[str]:
    if document.words is None:
        return split_sentences(document.text)
    return [document.text]


def _reason(
    sentence: str, words: list[str], min_words: int, max_words: int, seen: set[int], check: LanguageCheck | None
) -> str | None:
    if not any(map(str.isalpha, sentence)):
        return NO_LETTERS
    if not min_words <= len(words) <= max_words:
        return TOO_SHORT if len(words) < min_words else TOO_LONG
    key = int.from_bytes(blake2b(matching_key(sentence).encode(), digest_size=8).digest())
    if key in seen:
        return DUPLICATE
    seen.add(key)
    return check.wrong(sentence) if check else None
