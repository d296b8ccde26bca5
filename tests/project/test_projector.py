from __future__ import annotations

import pytest

from xner_hf.project.projector import CONFLICT, STATUSES, ProjectedSpan, is_punctuation, lost
from xner_hf.spans import Span


def test_the_statuses_are_these():
    assert STATUSES == ("projected", "unaligned", "low_score", "length_ratio", "conflict", "filtered")


def test_a_lost_entity_keeps_its_label_its_number_and_the_score_with_which_it_lost():
    assert lost(Span(3, 5, "ORG", 0.9), 2, CONFLICT, 0.25) == ProjectedSpan(-1, -1, "ORG", 0.25, 2, "conflict")
    assert lost(Span(3, 5, "ORG", 0.9), 2, CONFLICT).score == 0


@pytest.mark.parametrize(
    "word", [".", "...", "'", "’", "«", "—", "%", "$", "_", "።", "、", "।", "", "\u0301", "\u200f", "❤️", "🇬🇭"]
)
def test_a_word_without_letter_and_digit_is_punctuation(word):
    assert is_punctuation(word)


@pytest.mark.parametrize(
    "word", ["a", "7", "U.S.", "'s", "ʼ", "ɔ̌", "$5", "中", "محمد", "አዲስ", "दिल्ली", "٣", "ာ", "း", "์"]
)
def test_a_word_with_a_letter_or_digit_is_none(word):
    assert not is_punctuation(word)
