from __future__ import annotations

from collections import Counter

import pytest

from xner_hf.corpora.ingest import TEXT_REASONS, TextRow, prepare
from xner_hf.corpora.language_check import LanguageCheck
from xner_hf.corpora.plain import PlainText, read_plain
from xner_hf.errors import XnerError

HAUSA = "Matar ta gaya wa yaranta cewa an rufe kasuwar da ke cikin gari."
ENGLISH = "The woman told her children that the market in the town was not open."


def rows(*texts, code="hau", **settings):
    documents = [text if isinstance(text, PlainText) else PlainText(str(i), text) for i, text in enumerate(texts)]
    return list(prepare(documents, code, LanguageCheck(code), **settings))


def reasons(*texts, **settings):
    return [row.reason for row in rows(*texts, **settings)]


def test_a_text_becomes_numbered_sentences_and_their_words():
    assert rows("Ada ta je Kano. Musa ya tafi!\nSun dawo jiya.") == [
        TextRow("0#0", "Ada ta je Kano.", ["Ada", "ta", "je", "Kano", "."], None),
        TextRow("0#1", "Musa ya tafi!", ["Musa", "ya", "tafi", "!"], None),
        TextRow("0#2", "Sun dawo jiya.", ["Sun", "dawo", "jiya", "."], None),
    ]


def test_a_text_that_brings_its_words_is_one_sentence_with_its_own_id():
    words = ["Ada", "ta", "je", ".", "Musa", "ya", "tafi", "."]
    assert rows(PlainText("hau/train/0", "Ada ta je. Musa ya tafi.", words)) == [
        TextRow("hau/train/0", "Ada ta je. Musa ya tafi.", words, None)
    ]


def test_words_are_split_as_the_language_is():
    assert rows("L'eau d'Abidjan monte.", code="fra")[0].words == ["L'", "eau", "d'", "Abidjan", "monte", "."]
    assert rows("他在Lagos吗？", code="zho")[0].words == ["他", "在", "Lagos", "吗", "？"]


def test_blank_and_invisible_text_yields_nothing():
    assert rows("", " \n\t\n", "\u200b\u200e") == []


def test_a_row_of_a_word_split_corpus_is_kept_even_without_words():
    assert rows(PlainText("a/train/0", "", [])) == [TextRow("a/train/0", "", [], "no_letters")]


def test_sentences_without_letters_too_short_or_too_long_are_rejected():
    assert reasons("12.5 % - 3", "1 2 3 4 5") == ["no_letters", "no_letters"]
    assert reasons("Ada ta", "Ada ta je") == ["too_short", None]
    assert reasons("a " * 200 + "\n" + "b " * 201) == [None, "too_long"]
    assert reasons("Ada", "Ada ta je Kano", min_words=1, max_words=3) == [None, "too_long"]


def test_the_later_of_two_equal_sentences_is_a_duplicate():
    texts = ["Ada ta je Kano.", "Musa ya tafi.", "ADA ta je, Kano!", "Ada  ta je Kano", "Ada ta je Zaria."]
    assert reasons(*texts) == [None, None, "duplicate", "duplicate", None]


def test_a_sentence_that_is_too_short_makes_no_later_one_a_duplicate():
    assert reasons("Adata jeKano", "Ada ta je Kano") == ["too_short", None]


def test_sentences_of_another_script_or_language_are_rejected():
    assert reasons(HAUSA, ENGLISH, "Москва это город.") == [None, "wrong_language", "wrong_script"]


def test_without_a_check_every_language_passes():
    texts = [PlainText(str(i), text) for i, text in enumerate([HAUSA, ENGLISH, "Москва это город."])]
    assert [row.reason for row in prepare(texts, "hau", None)] == [None, None, None]


def test_every_reason_is_explained():
    found = reasons("1 2 3", "a b", "a " * 201, HAUSA, HAUSA, ENGLISH, "Москва это город.")
    assert set(found) - {None} == set(TEXT_REASONS)


def numbered(sentence, count):
    return [f"{sentence[:-1]} {i}." for i in range(count)]


def test_a_text_in_another_language_is_refused_before_its_end():
    def endless():
        yield from (PlainText(str(i), text) for i, text in enumerate(numbered(ENGLISH, 200)))
        raise AssertionError("read on")

    with pytest.raises(XnerError, match="not in Hausa.*looks like English"):
        list(prepare(endless(), "hau", LanguageCheck("hau")))


def test_a_short_text_in_another_language_is_refused_at_its_end():
    with pytest.raises(XnerError, match="looks like English"):
        rows(*numbered(ENGLISH, 50))
    assert len(rows(*numbered(ENGLISH, 49))) == 49


def test_a_foreign_tail_after_two_hundred_sentences_is_rejected_row_by_row():
    found = Counter(reasons(*numbered(HAUSA, 200), *numbered(ENGLISH, 300)))
    assert found == {None: 200, "wrong_language": 300}


def test_rows_are_the_same_whenever_they_are_read():
    texts = numbered(HAUSA, 5) + numbered(ENGLISH, 2) + numbered(HAUSA, 3)
    assert rows(*texts) == rows(*texts)


def test_ids_of_the_sentences_of_a_corpus_differ(mirror):
    found = list(prepare(read_plain("masakhane/mafand", "hau", "en-hau"), "hau", LanguageCheck("hau")))
    assert len({row.id for row in found}) == len(found)
    assert {row.id for row in found if row.reason == "duplicate"} == {"en-hau/train/7"}


def test_most_of_a_real_corpus_can_be_used(real_mirror):
    texts = read_plain("masakhane/masakhaner2", "swa", "swa", ("train",))
    found = Counter(
        row.reason for row, _ in zip(prepare(texts, "swa", LanguageCheck("swa")), range(1000), strict=False)
    )
    assert found[None] > 970
