"""What counts as wrong with a translation, on cases judged by hand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.parallel import sample_path
from xner_hf.translate.faults import fault
from xner_hf.translate.translation import FAULTS

GOATS = "The farmers of Zaria sold forty goats at the market on Friday, as they do every year before the rains come."
AWAKI = "Manoman Zaria sun sayar da awaki arba'in a kasuwa ranar Juma'a, kamar yadda suke yi kowace shekara."
SHORT = "The farmers sold goats."


def test_the_translations_of_the_sample_are_sound_in_both_directions():
    for code in ("hau", "swa"):
        for line in sample_path(code).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            source, target = detokenise(row["source_tokens"], "english"), detokenise(row["target_tokens"])
            assert fault(source, target, True) is None
            assert fault(target, source, True) is None


@pytest.mark.parametrize("nothing", ["", "   ", "...", "“—”", "。"])
def test_a_translation_without_letters_and_digits_is_empty(nothing):
    assert fault(SHORT, nothing, True) == "translation_empty"


@pytest.mark.parametrize("something", ["3", "ok", "山羊", "ፍየል"])
def test_one_letter_or_digit_of_any_script_is_not_empty(something):
    assert fault("Goats.", something, True) is None


@pytest.mark.parametrize("translation", [AWAKI, "Manoman", ""])
def test_what_did_not_come_to_its_end_is_cut_even_where_there_is_nothing(translation):
    assert fault(GOATS, translation, False) == "translation_cut"


@pytest.mark.parametrize(
    "loop",
    [
        "awaki " * 30,
        "sun sayar da " * 12,
        "Manoman sun sayar da " + "awaki, awaki, " * 20,
        "a kasuwa ta Zaria a ranar " * 8,
        "山羊在市场上" * 6,
        "แพะขายในตลาด" * 5,
        "ha" * 100,
        "Manoman sun sayar da awaki. Manoman sun sayar da awaki.",
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_words_letters_or_a_sentence_again_and_again_are_repeated(loop, finished):
    assert fault(SHORT, loop, finished) == "translation_repeated"


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("Goal! Goal! Goal! Goal! Goal! Goal!", "Bao! Bao! Bao! Bao! Bao! Bao! Bao! Bao!"),
        ("One million dollars.", "$1,000,000"),
        ("Laughter.", "Ha ha ha!"),
        ("He goes slowly.", "Anaenda pole pole."),
        ("Names: Ado, Ali, Ado, Sani, Ado.", "Sunaye: Ado, Ali, Ado, Sani, Ado."),
    ],
)
def test_what_the_text_repeats_and_a_few_letters_may_be_repeated(text, translation):
    assert fault(text, translation, True) is None


@pytest.mark.parametrize("copy", [SHORT, "the FARMERS sold, goats"])
def test_the_text_itself_is_a_copy_whatever_its_case_and_punctuation(copy):
    assert fault("the farmers sold goats.", copy, True) == "translation_copied"


@pytest.mark.parametrize(
    "text",
    [
        "Bola Tinubu, Uhuru Kenyatta, Tedros Adhanom, Gianni Infantino, Sadio Mané",
        "2024 - BBC",
        "12.05.2021 10:30 3-1",
        "Photo: Amina Bello / AFP",
        "FIFA WHO ECOWAS NATO UNICEF",
    ],
)
def test_names_and_numbers_stay_what_they_are(text):
    assert fault(text, text, True) is None


@pytest.mark.parametrize("text", ["农民在市场上卖了山羊", "ገበሬዎቹ ፍየሎችን በገበያ ሸጡ", "ชาวนาขายแพะที่ตลาด"])
def test_a_copy_is_one_in_scripts_without_capitals_or_spaces(text):
    assert fault(text, text, True) == "translation_copied"


def test_a_translation_with_a_quarter_of_the_letters_lacks_a_part_of_the_text():
    assert fault(GOATS, "Manoman Zaria sun yi.", True) == "translation_short"
    assert fault(GOATS, "Manoman Zaria sun sayar da awaki.", True) is None
    assert fault(AWAKI, "They sold.", True) == "translation_short"


def test_a_short_text_may_have_any_translation():
    assert fault("He congratulated them on their independence day.", "Hongera.", True) is None


@pytest.mark.parametrize(
    "dense",
    [
        "扎里亚的农民每年雨季前都在周五的市场上卖出四十只山羊。",
        "자리아의 농부들은 우기 전 금요일 시장에서 염소 마흔 마리를 팔았다.",
        "ザリアの農民は雨季の前の金曜日に市場で四十頭の山羊を売った。",
        "የዛሪያ ገበሬዎች ከዝናብ በፊት አርብ ቀን አርባ ፍየሎችን ሸጡ።",
        "ชาวนาซาเรียขายแพะสี่สิบตัวที่ตลาดในวันศุกร์",
    ],
)
def test_a_character_of_a_dense_script_counts_for_more_than_a_letter(dense):
    assert fault(GOATS, dense, True) is None
    assert fault(dense, GOATS, True) is None


def test_three_characters_are_too_few_for_a_long_sentence():
    assert fault(GOATS, "山羊卖", True) == "translation_short"


@given(st.text(), st.text(), st.booleans())
def test_any_two_texts_have_a_known_fault_or_none(text, translation, finished):
    found = fault(text, translation, finished)
    assert found is None or found in FAULTS
    assert finished or found in ("translation_cut", "translation_repeated")
