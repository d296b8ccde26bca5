from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from xner_hf.corpora.words import matching_key, word_splitter
from xner_hf.errors import XnerError
from xner_hf.languages import languages

RULES = ("spaces", "english", "french", "characters")
# Python, unlike Unicode, counts the four information separators as white space.
texts = (
    st.text(st.characters(exclude_characters="\x1c\x1d\x1e\x1f", exclude_categories=["Cs"]), max_size=40)
    | st.text("lUSd.'’- ", max_size=12)
    | st.text("abÉ́̌ɔŋ'’-.,:/ 019%ןक्我がs", max_size=20)
)


def split(rule, text):
    return " ".join(word_splitter(rule)(text))


def visible(text):
    # By regex's table: Python's own is of an older Unicode and knows fewer invisible characters.
    return regex.sub(r"[\s\p{Cc}\p{Cf}]", "", text)


@pytest.mark.parametrize("rule", RULES)
class TestEveryRule:
    @given(text=texts)
    @example(text="Kano\u200b \u2060 \u00ad, Zaria\U00013439 \U00013439")
    def test_no_character_but_white_space_and_invisible_ones_is_lost_or_moved(self, rule, text):
        words = word_splitter(rule)(text)
        assert visible("".join(words)) == visible(unicodedata.normalize("NFC", text))
        assert all(visible(word) and word.split() == [word] for word in words)

    @given(text=texts)
    def test_composed_and_decomposed_text_give_the_same_words(self, rule, text):
        words = word_splitter(rule)(text)
        assert word_splitter(rule)(unicodedata.normalize("NFD", text)) == words
        assert all(unicodedata.is_normalized("NFC", word) for word in words)

    @pytest.mark.parametrize("text", ["", " ", "\t\n\u00a0\u2003"])
    def test_text_without_characters_has_no_words(self, rule, text):
        assert word_splitter(rule)(text) == []


def test_every_language_of_the_table_names_a_rule():
    assert {row.clitics or row.words for row in languages()} <= set(RULES)
    for row in languages():
        assert word_splitter(row.clitics or row.words)("Kano 1") == ["Kano", "1"]


def test_an_unknown_rule_is_refused_with_those_that_exist():
    with pytest.raises(XnerError) as caught:
        word_splitter("german")
    message = str(caught.value)
    assert "'german'" in message
    assert all(rule in message for rule in RULES)


@pytest.mark.parametrize(
    "text, words",
    [
        ("Ada ta je Kano.", "Ada ta je Kano ."),
        ("«Kano», (Lagos)!", "« Kano » , ( Lagos ) !"),
        ("“Abuja” — inji", "“ Abuja ” — inji"),
        ("Jama'are ng'ombe N’Djamena ya‘yan", "Jama'are ng'ombe N’Djamena ya‘yan"),
        ("Guinea-Bissau Port\u2011Harcourt it–s", "Guinea-Bissau Port\u2011Harcourt it – s"),
        ("-a 'b' c-", "- a ' b ' c -"),
        ("snake_case @ada #Kano", "snake_case @ ada # Kano"),
        ("50% $5 +3", "50 % $ 5 + 3"),
        ("1,234.5 10:30 3/4 1.000.000,50", "1,234.5 10:30 3/4 1.000.000,50"),
        ("10:30am 2nd 25-year-old 2019-20", "10:30am 2nd 25-year-old 2019-20"),
        ("1. 2, 3", "1 . 2 , 3"),
        ("٢٠٢٠ १९४७", "٢٠٢٠ १९४७"),
        ("U.S. J.K. Rowling, 5 p.m.", "U.S. J.K. Rowling , 5 p.m."),
        ("Mr. Bello da Dr. Amina", "Mr. Bello da Dr. Amina"),
        ("U.S.A J.K Rowling M.K.O, R.I.P", "U.S.A J.K Rowling M.K.O , R.I.P"),
        ("U.S.A... non-U.S. U.S.A-da", "U.S.A. .. non-U.S. U.S.A-da"),
        ("U.S.-da U.S.Army e.g.x p.m a.B", "U.S. - da U.S. Army e.g. x p . m a . B"),  # as it always was
        ("Ph.D. N.5 A.", "Ph . D . N . 5 A ."),
        ("I saw Mr.", "I saw Mr ."),  # nothing follows: the full stop ends the sentence
        ("the best. Mrs", "the best . Mrs"),
        ("wait... what..", "wait ... what .."),
        ("https://x.org/a?b=1&c=2 end", "https://x.org/a?b=1&c=2 end"),
        ("see www.masakhane.io now", "see www.masakhane.io now"),
        ("አዲስ አበባ። ሰላም፣", "አዲስ አበባ ። ሰላም ፣"),
        ("Київ, це столиця", "Київ , це столиця"),
        ("दिल्ली में।", "दिल्ली में ।"),
    ],
)
def test_punctuation_stands_apart_and_words_stay_whole(text, words):
    assert split("spaces", text) == words


@pytest.mark.parametrize(
    "word",
    [
        "àkpàkpà",
        "ɔ̌ŋ̀",  # no composed letters exist for these
        "mɛ̀ɖé",
        "Ghɔmálá",
        "mʉ́ɔ̌pfə́",
        "ŋwɛ̂ʼ",
        "Ọ̀yọ́",
        "Gĩkũyũ",
        "Ɓauchi",
        "ߞߏ߬",
        "مُحَمَّد",
        "யாழ்ப்பாணம்",
    ],
)
@pytest.mark.parametrize("rule", ["spaces", "english", "french"])
def test_tone_marks_and_vowel_signs_stay_in_their_word(rule, word):
    assert word_splitter(rule)(f"{word}, {word}.") == [unicodedata.normalize("NFC", word), ",", word, "."]


@pytest.mark.parametrize(
    "text, words",
    [
        ("Kenya's and Kenya’s", "Kenya 's and Kenya ’s"),
        ("can't won't don’t DIDN'T", "ca n't wo n't do n’t DID N'T"),
        ("I'm he'd they've we'll you're", "I 'm he 'd they 've we 'll you 're"),
        ("the governors' house", "the governors ' house"),
        ("N'Djamena's O'Brien o'clock", "N'Djamena 's O'Brien o'clock"),
        ("a 1990's film", "a 1990 's film"),
        ("It's Mr. Bello's.", "It 's Mr. Bello 's ."),
        ("the U.N.'s, the O.A.U's and the A.U.’s", "the U.N. 's , the O.A.U 's and the A.U. ’s"),
        ("'in the U.N.' and U.N.'say", "' in the U.N. ' and U.N. ' say"),
    ],
)
def test_english_clitics_are_cut_off(text, words):
    assert split("english", text) == words


@pytest.mark.parametrize(
    "text, words",
    [
        ("l'Union d'Abidjan, L’État", "l' Union d' Abidjan , L’ État"),
        ("qu'il jusqu'à lorsqu'elle puisqu’on", "qu' il jusqu' à lorsqu' elle puisqu’ on"),
        ("C'est ce qu'on n'a s'il m'a t'en j'ai", "C' est ce qu' on n' a s' il m' a t' en j' ai"),
        ("d'l'eau", "d' l' eau"),
        ("L'O.U.A. et l’U.A., qu'O. dit", "L' O.U.A. et l’ U.A. , qu' O . dit"),
        ("chef de d'l'O.U.A", "chef de d' l' O.U.A"),
        ("jusqu’O.U.A.", "jusqu’ O.U.A."),
        ("l'O.U.A-Plus aujourd'hui", "l' O.U.A-Plus aujourd'hui"),
        ("aujourd'hui quelqu'un presqu'île", "aujourd'hui quelqu'un presqu'île"),
        ("Côte d'Ivoire Saint-Louis", "Côte d' Ivoire Saint-Louis"),
    ],
)
def test_french_elisions_are_cut_off(text, words):
    assert split("french", text) == words


def test_clitics_and_elisions_stay_where_the_language_has_none():
    assert split("spaces", "Kenya's d'Abidjan can't") == "Kenya's d'Abidjan can't"
    assert split("english", "d'Abidjan") == "d'Abidjan"
    assert split("french", "Kenya's") == "Kenya's"


@pytest.mark.parametrize(
    "text, words",
    [
        ("東京都、NHK", "東 京 都 、 NHK"),
        ("我在Kano住了3年。", "我 在 Kano 住 了 3 年 。"),
        ("が ガ", "が ガ"),
        ("か\u3099", "が"),
        ("ที่นี่", "ที่ นี่"),
        ("Zürich 2020年", "Zürich 2020 年"),
    ],
)
def test_text_without_spaces_is_cut_into_characters_but_latin_and_digits(text, words):
    assert split("characters", text) == words


@given(st.text("我京がน่ที่ab1é ", max_size=12))
def test_a_word_of_text_without_spaces_is_one_character_or_a_latin_run(text):
    for word in word_splitter("characters")(text):
        assert regex.fullmatch(r"[\p{Latin}\p{M}\p{N}]+|.\p{M}*", word)


# Letters with their marks, so that the words can be pushed together without composing anew.
letters = st.sampled_from(list("abcdefghijklmnopqrstuvwxyzßéşɔŋʼжщяλΣς0189") + ["ɔ̌", "ọ̀", "ŋ̀", "म", "मि", "م", "我"])
word_lists = st.lists(st.lists(letters, min_size=1, max_size=5).map("".join), min_size=1, max_size=6)
between = st.text(" \t\u00a0.,;:!?-–—'\"‘’“”«»()[]/…।፣、", min_size=1, max_size=3)


class TestMatchingKey:
    @pytest.mark.parametrize(
        "text, key",
        [
            ("Ada ta je Kano.", "adatajekano"),
            ("  «ADA», ta-je  KANO !", "adatajekano"),
            ("Straße", "strasse"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
            ("1,234.5 %", "12345"),
            ("Ｋａｎｏ ﬁ", "kanofi"),
            ("می‌خواهم", "میخواهم"),
            ("...", ""),
            ("", ""),
        ],
    )
    def test_keys_have_no_case_no_punctuation_and_no_spaces(self, text, key):
        assert matching_key(text) == key

    @given(word_lists, st.data())
    def test_case_punctuation_and_spacing_do_not_matter(self, words, data):
        text = " ".join(words)
        other = "".join(
            data.draw(st.sampled_from([word, word.upper(), word.lower(), word.title()])) + data.draw(between)
            for word in words
        )
        assert matching_key(other) == matching_key(text) != ""

    @given(word_lists, st.sampled_from(["spaces", "english", "french", "characters"]))
    def test_words_put_together_have_the_key_of_their_text(self, words, rule):
        text = ", ".join(words) + "."
        assert matching_key("".join(word_splitter(rule)(text))) == matching_key(text)

    @given(texts)
    def test_composed_and_decomposed_text_have_the_same_key(self, text):
        keys = {matching_key(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
        assert keys == {matching_key(text)}

    def test_tone_vowels_digits_and_order_make_another_sentence(self):
        different = ["ọkọ", "ọkọ́", "ọkọ̀", "oko", "मि", "मी", "म", "oko 1", "oko 2", "1 oko"]
        assert len({matching_key(text) for text in different}) == len(different)
