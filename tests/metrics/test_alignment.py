from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.metrics import alignment_scores

LINKS = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)))
CORPORA = st.lists(st.tuples(LINKS, LINKS, LINKS), max_size=4)


def test_scores_of_one_sentence_counted_by_hand():
    # A meets S in 1 of 2 and P in 3 of 5: AER = 1 - (1 + 3) / (4 + 2).
    predicted = {(0, 0), (1, 2), (2, 1), (3, 3)}
    sure = {(0, 0), (1, 1)}
    possible = {(0, 0), (1, 1), (1, 2), (2, 1), (2, 2)}
    assert alignment_scores([predicted], [sure], [possible]) == {
        "precision": 0.75,
        "recall": 0.5,
        "f1": 0.6,
        "aer": 1 - 4 / 6,
        "links": 4,
        "sure": 2,
        "possible": 5,
        "sentences": 1,
    }


def test_links_are_summed_over_the_corpus_and_not_averaged_over_sentences():
    predicted = [{(0, 0)}, {(0, 0), (1, 1), (2, 2)}, set()]
    gold = [{(0, 0)}, {(0, 1)}, {(0, 0), (1, 0)}]
    assert alignment_scores(predicted, gold, gold) == {
        "precision": 0.25,
        "recall": 0.25,
        "f1": 0.25,
        "aer": 0.75,
        "links": 4,
        "sure": 4,
        "possible": 4,
        "sentences": 3,
    }


@given(CORPORA)
def test_possible_links_count_the_same_with_or_without_the_sure_ones(corpus):
    predicted, sure, possible = ([row[i] for row in corpus] for i in range(3))
    with_sure = [p | s for p, s in zip(possible, sure, strict=True)]
    assert alignment_scores(predicted, sure, possible) == alignment_scores(predicted, sure, with_sure)


@given(CORPORA)
def test_without_a_distinction_of_sure_and_possible_the_error_rate_is_one_minus_f1(corpus):
    predicted, gold = [row[0] for row in corpus], [row[1] for row in corpus]
    scores = alignment_scores(predicted, gold, gold)
    assert scores["aer"] == pytest.approx(1 - scores["f1"], abs=1e-12)


@given(CORPORA)
def test_links_between_the_sure_and_the_possible_ones_make_no_error(corpus):
    sure, possible = [row[0] for row in corpus], [row[1] for row in corpus]
    scores = alignment_scores([s | p for s, p in zip(sure, possible, strict=True)], sure, possible)
    assert scores["aer"] == (0.0 if scores["links"] else 1.0)


@pytest.mark.parametrize("sentences", [0, 2])
def test_nothing_to_align_scores_zero(sentences):
    nothing = [set()] * sentences
    scores = alignment_scores(nothing, nothing, nothing)
    assert scores == {
        "precision": 0.0, "recall": 0.0, "f1": 0.0, "aer": 1.0,
        "links": 0, "sure": 0, "possible": 0, "sentences": sentences,
    }  # fmt: skip


def test_no_predicted_links_score_zero_against_gold_links():
    scores = alignment_scores([frozenset()], [{(0, 0)}], [{(0, 0)}])
    assert (scores["precision"], scores["recall"], scores["f1"], scores["aer"]) == (0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("numbers", [(1, 2, 2), (2, 1, 2), (2, 2, 1)])
def test_unequal_numbers_of_sentences_are_refused_with_all_three_numbers(numbers):
    with pytest.raises(
        XnerError, match="links of {} sentence pairs, sure links of {} and possible links of {}".format(*numbers)
    ):
        alignment_scores(*([{(0, 0)}] * n for n in numbers))


def test_a_list_of_links_is_refused_because_it_may_repeat_a_link():
    with pytest.raises(XnerError, match="sentence pair 1, sure links: expected a set of .*, got a list"):
        alignment_scores([set(), set()], [set(), [(0, 0)]], [set(), set()])


@pytest.mark.parametrize("link", [(0, 0, 0.9), "0-0", 0])
def test_a_link_that_is_no_pair_is_refused(link):
    with pytest.raises(XnerError, match="sentence pair 0, predicted links: .* is not a pair"):
        alignment_scores([{link}], [{(0, 0)}], [{(0, 0)}])
