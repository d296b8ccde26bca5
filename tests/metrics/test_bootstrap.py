"""Confidence intervals of scores."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.metrics import AttachmentCounts, Counts, from_counts, merge_counts
from xner_hf.metrics.bootstrap import attachment_intervals, f1_interval

RIGHT, WRONG = {"PER": Counts(1, 1, 1)}, {"PER": Counts(0, 1, 1)}


def test_a_score_that_no_draw_can_change_has_no_width():
    assert f1_interval([RIGHT] * 5) == (1.0, 1.0)
    assert f1_interval([WRONG]) == (0.0, 0.0)
    assert f1_interval([{}, {}]) == (0.0, 0.0)
    assert f1_interval([]) is None and attachment_intervals([]) == {}


def test_the_interval_is_that_of_the_binomial_where_every_sentence_has_one_entity():
    # 50 of 100 right: F1 is the share of right ones among 100 draws, with a standard deviation of .05.
    low, high = f1_interval([RIGHT] * 50 + [WRONG] * 50)
    assert abs(low - (0.5 - 1.96 * 0.05)) < 0.01 and abs(high - (0.5 + 1.96 * 0.05)) < 0.01


def test_the_same_seed_gives_the_same_interval_and_types_are_summed():
    sentences = [RIGHT, WRONG, {"LOC": Counts(1, 2, 1)}] * 20
    assert f1_interval(sentences) == f1_interval(sentences) != f1_interval(sentences, seed=1)
    one = [{"PER": Counts(1, 1, 2), "LOC": Counts(0, 1, 0)}] * 7
    assert f1_interval(one) == f1_interval([{"ANY": Counts(1, 2, 2)}] * 7) == (0.5, 0.5)


def test_many_sentences_are_drawn_in_parts_with_the_same_result(monkeypatch):
    sentences = [RIGHT, WRONG, {}] * 30
    whole = f1_interval(sentences)
    monkeypatch.setattr("xner_hf.metrics.bootstrap._CELLS", 700)
    assert f1_interval(sentences) == whole


def test_attachment_scores_have_intervals_of_their_own():
    found = attachment_intervals([AttachmentCounts(10, 8, 9, 7)] * 4)
    assert found == {"uas": (0.8, 0.8), "las": (0.7, 0.7)}
    wide = attachment_intervals([AttachmentCounts(10, 10, 0, 0), AttachmentCounts(10, 0, 0, 0)] * 20)
    assert 0.3 < wide["uas"][0] < 0.5 < wide["uas"][1] < 0.7 and wide["las"] == (0.0, 0.0)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_an_interval_lies_within_0_and_1_and_holds_the_middle_of_the_draws(rows):
    sentences = [{"PER": Counts(min(row), *row[1:])} for row in rows]
    low, high = f1_interval(sentences)
    assert 0.0 <= low <= high <= 1.0
    f1 = from_counts(merge_counts(sentences), len(sentences))["f1"]
    if len(rows) == 1:
        assert np.isclose(low, f1) and np.isclose(high, f1)
