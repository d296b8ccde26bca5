from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.words import word_splitter
from xner_hf.errors import XnerError


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Ada ta je Kano .", "Ada ta je Kano."),
        ("« Kano » , ( Lagos ) !", "«Kano», (Lagos)!"),
        ("“ Abuja ” — inji : 3 ; 4 ?", "“Abuja” — inji: 3; 4?"),
        ('Ya ce " na gani " jiya', 'Ya ce "na gani" jiya'),
        ('" Na gani " , ya ce .', '"Na gani", ya ce.'),
        ("' a ' da \" b \" da ' c '", "'a' da \"b\" da 'c'"),
        ("Jama'are ng'ombe U.S. 3.5 10:30", "Jama'are ng'ombe U.S. 3.5 10:30"),
        ("Mr. Bello , J. K. Rowling", "Mr. Bello, J. K. Rowling"),
        ("50 % # Kano @ ada $ 5 £ 6", "50% #Kano @ada $5 £6"),
        ("wait ... what .. so …", "wait... what.. so…"),
        ("¿ Dónde ? ¡ Aquí !", "¿Dónde? ¡Aquí!"),
        ("[ a ] { b } ( c )", "[a] {b} (c)"),
        ("एक दिल्ली में ।", "एक दिल्ली में।"),
        ("کیا ؟ ہاں ، ٹھیک ہے ۔", "کیا؟ ہاں، ٹھیک ہے۔"),
        ("ሰላም ። ነው ፣", "ሰላም። ነው፣"),
        ("Kenya 's d' Abidjan", "Kenya 's d' Abidjan"),
        ("a . . b", "a. . b"),  # two full stops would be read as one mark
        ("", ""),
        (".", "."),
    ],
)
def test_punctuation_stands_where_a_writer_puts_it(words, text):
    assert detokenise(words.split()) == text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Kenya 's and Kenya ’s", "Kenya's and Kenya’s"),
        ("ca n't wo n't DID N'T", "can't won't DIDN'T"),
        ("I 'm he 'd they 've we 'll you 're", "I'm he'd they've we'll you're"),
        ("the governors ' house", "the governors 'house"),  # an apostrophe after a plural looks like an opening quote
        ("It 's Mr. Bello 's .", "It's Mr. Bello's."),
        ("He said : ' it 's mine '", "He said: 'it's mine'"),
    ],
)
def test_english_clitics_are_put_back(words, text):
    assert detokenise(words.split(), "english") == text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("l' Union d' Abidjan , L’ État", "l'Union d'Abidjan, L’État"),
        ("C' est ce qu' on n' a pas", "C'est ce qu'on n'a pas"),
        ("d' l' eau", "d'l'eau"),
        ("aujourd'hui quelqu'un", "aujourd'hui quelqu'un"),
    ],
)
def test_french_elisions_are_put_back(words, text):
    assert detokenise(words.split(), "french") == text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("東 京 都 、 NHK", "東京都、NHK"),
        ("我 在 Kano 住 了 3 年 。", "我在Kano住了3年。"),
        ("Zürich 2020 年", "Zürich 2020年"),
        ("Big Apple ɔ̌ ŋ", "Big Apple ɔ̌ ŋ"),
        ("ที่ นี่", "ที่นี่"),
        ("Ⅷ 世 ½ x", "Ⅷ世½ x"),
    ],
)
def test_text_without_spaces_has_none_but_between_latin_words_and_numbers(words, text):
    assert detokenise(words.split(), "characters") == text


def test_an_unknown_rule_is_refused():
    with pytest.raises(XnerError, match="'german'.*spaces, english, french, characters"):
        detokenise(["a"], "german")


ALPHABETS = {
    "spaces": "ab1ɔé .,'\"()!?-:«»%’“”…[]/;$#@¿।",
    "english": "abdnst't 1.,\"()?!’-:",
    "french": "dlq'uean 1.,«»’()!-",
    "characters": "我京がab1é 。、「」,.()",
}
cases = st.sampled_from(sorted(ALPHABETS)).flatmap(
    lambda rule: st.tuples(st.just(rule), st.text(ALPHABETS[rule], max_size=25))
)


@given(cases)
def test_split_again_the_words_are_the_same(case):
    rule, text = case
    split = word_splitter(rule)
    words = split(text)
    assert split(detokenise(words, rule)) == words


@given(st.sampled_from(sorted(ALPHABETS)), st.lists(st.text("aé1.,'’\"«(我", min_size=1, max_size=4), max_size=8))
def test_words_never_change(rule, words):
    text = detokenise(words, rule)
    assert "".join(text.split()) == "".join(words)
    assert text == text.strip()


@pytest.mark.parametrize(
    ("config", "sources", "rule"),
    [
        ("en-hau", True, "english"),
        ("fr-wol", True, "french"),
        ("en-hau", False, "spaces"),
        ("en-yor", False, "spaces"),
        ("fr-bbj", False, "spaces"),
    ],
)
def test_real_sentences_come_back_word_by_word(real_mirror, config, sources, rule):
    from xner_hf.corpora.hub import CorpusSplit

    split = word_splitter(rule)
    rows = CorpusSplit("masakhane/mafand", config, "train").rows(["translation"])
    for row in itertools.islice(rows, 500):
        for code, text in row["translation"].items():
            if (code in ("en", "fr")) == sources:
                words = split(text)
                assert split(detokenise(words, rule)) == words
