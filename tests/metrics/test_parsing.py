"""Attachment scores counted by hand, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.metrics import (
    AttachmentCounts,
    attachment_scores,
    from_attachment_counts,
    merge_attachment_counts,
    sentence_attachment_counts,
)
from xner_hf.metrics.parsing import CONVENTIONS

GOLD = [
    ([2, 0, 2, 2], ["nsubj:pass", "root", "obl", "punct"]),
    ([], []),
    ([0, 1, 1], ["root", "punct", "flat:name"]),
]
PREDICTED = [
    # right but for the subtype; right; right relation, wrong head; wrong head
    ([2, 0, 1, 3], ["nsubj", "root", "obl", "punct"]),
    ([], []),
    # right; right head, wrong relation; right
    ([0, 1, 1], ["root", "dep", "flat:name"]),
]
NAMES = ["nsubj", "nsubj:pass", "punct", "root", "obl:tmod"]


@st.composite
def corpora(draw):
    """Gold and predicted trees of the same sentences; heads are drawn freely, since only words are compared."""
    sides = [], []
    for length in draw(st.lists(st.integers(0, 6), max_size=5)):
        for side in sides:
            heads = draw(st.lists(st.integers(0, length), min_size=length, max_size=length))
            side.append((heads, draw(st.lists(st.sampled_from(NAMES), min_size=length, max_size=length))))
    return sides


def test_the_default_convention_ignores_subtypes_and_counts_punctuation():
    assert attachment_scores(GOLD, PREDICTED) == {
        "uas": 5 / 7,
        "las": 4 / 7,
        "label_accuracy": 6 / 7,
        "words": 7,
        "correct_heads": 5,
        "correct_relations": 6,
        "correct_both": 4,
        "sentences": 3,
    }
    assert attachment_scores(GOLD, PREDICTED, "conll2018") == attachment_scores(GOLD, PREDICTED)


def test_the_full_convention_compares_subtypes():
    assert attachment_scores(GOLD, PREDICTED, "full") == {
        "uas": 5 / 7,
        "las": 3 / 7,
        "label_accuracy": 5 / 7,
        "words": 7,
        "correct_heads": 5,
        "correct_relations": 5,
        "correct_both": 3,
        "sentences": 3,
    }


def test_without_punctuation_the_words_that_are_punctuation_in_the_gold_do_not_count():
    assert attachment_scores(GOLD, PREDICTED, "no-punctuation") == {
        "uas": 4 / 5,
        "las": 4 / 5,
        "label_accuracy": 1.0,
        "words": 5,
        "correct_heads": 4,
        "correct_relations": 5,
        "correct_both": 4,
        "sentences": 3,
    }
    swapped = attachment_scores(PREDICTED, GOLD, "no-punctuation")  # only one word is punctuation in this gold
    assert (swapped["words"], swapped["correct_relations"]) == (6, 5)


@pytest.mark.parametrize(("convention", "words"), [("conll2018", 1), ("full", 1), ("no-punctuation", 0)])
def test_a_sentence_of_punctuation_alone_scores_zero_where_that_does_not_count(convention, words):
    tree = ([0], ["punct"])
    assert attachment_scores([tree], [tree], convention) == {
        "uas": float(words), "las": float(words), "label_accuracy": float(words), "words": words,
        "correct_heads": words, "correct_relations": words, "correct_both": words, "sentences": 1,
    }  # fmt: skip


def test_a_corpus_without_sentences_scores_zero():
    result = attachment_scores([], [])
    assert set(result.values()) == {0}


@pytest.mark.parametrize("convention", CONVENTIONS)
@given(corpus=corpora())
def test_counts_summed_over_sentences_give_the_corpus_scores(convention, corpus):
    gold, predicted = corpus
    counts = [sentence_attachment_counts(g, p, convention) for g, p in zip(gold, predicted, strict=True)]
    result = attachment_scores(gold, predicted, convention)
    assert from_attachment_counts(merge_attachment_counts(counts), len(counts)) == result


@pytest.mark.parametrize("convention", CONVENTIONS)
@given(corpus=corpora())
def test_a_prediction_equal_to_the_gold_is_fully_correct(convention, corpus):
    result = attachment_scores(corpus[0], corpus[0], convention)
    assert result["correct_heads"] == result["correct_relations"] == result["correct_both"] == result["words"]
    assert result["uas"] == result["las"] == result["label_accuracy"] == (1.0 if result["words"] else 0.0)


@given(corpus=corpora())
def test_labelled_attachment_is_never_above_either_of_its_parts(corpus):
    whole, parts = (attachment_scores(*corpus, convention) for convention in ("full", "conll2018"))
    assert whole["las"] <= parts["las"] <= min(parts["uas"], parts["label_accuracy"])
    assert parts["uas"] + parts["label_accuracy"] - parts["las"] <= 1.0 + 1e-12
    assert (whole["uas"], whole["words"]) == (parts["uas"], parts["words"])


def test_counts_are_those_of_one_sentence():
    counts = sentence_attachment_counts(GOLD[0], PREDICTED[0])
    assert counts == AttachmentCounts(words=4, heads=2, relations=4, both=2)
    assert (counts.uas, counts.las, counts.label_accuracy) == (0.5, 0.5, 1.0)
    assert sentence_attachment_counts(GOLD[1], PREDICTED[1]) == AttachmentCounts()
    assert (AttachmentCounts().uas, AttachmentCounts().las, AttachmentCounts().label_accuracy) == (0.0, 0.0, 0.0)


def test_counts_add_up():
    assert merge_attachment_counts([]) == AttachmentCounts(0, 0, 0, 0)
    drawn = [AttachmentCounts(4, 3, 2, 1), AttachmentCounts(1, 1, 1, 1), AttachmentCounts(4, 3, 2, 1)]
    assert merge_attachment_counts(iter(drawn)) == AttachmentCounts(9, 7, 5, 3)


def test_heads_may_be_numpy_numbers():
    heads = np.array([2, 0])
    assert attachment_scores([(heads, ["det", "root"])], [([2, 0], ["det", "root"])])["las"] == 1.0


def test_an_unequal_number_of_sentences_is_refused():
    with pytest.raises(XnerError, match="The gold has 3 sentences but the prediction has 2"):
        attachment_scores(GOLD, PREDICTED[:2])


def test_unequal_numbers_of_words_are_refused_with_the_sentence():
    with pytest.raises(XnerError, match="sentence 2: the gold has 3 words but the prediction has 1"):
        attachment_scores(GOLD, [*PREDICTED[:2], ([0], ["root"])])
    with pytest.raises(XnerError, match="^the gold has 1 words but the prediction has 0"):
        sentence_attachment_counts(([0], ["root"]), ([], []))


def test_unequal_numbers_of_heads_and_relations_are_refused():
    with pytest.raises(XnerError, match="sentence 0: prediction: there are 2 heads but 1 relations"):
        attachment_scores([([0, 1], ["root", "dep"])], [([0, 1], ["root"])])
    with pytest.raises(XnerError, match="^gold: there are 0 heads but 1 relations"):
        sentence_attachment_counts(([], ["root"]), ([0], ["root"]))


@pytest.mark.parametrize("head", [3, -1, "1", None, 1.0, math.nan])
def test_a_head_that_is_no_word_of_the_sentence_is_refused_with_its_place(head):
    with pytest.raises(
        XnerError, match=f"sentence 1: prediction: word 2: the head {head!r} is not a number from 0 to 2"
    ):
        attachment_scores([([], []), ([0, 1], ["root", "dep"])], [([], []), ([0, head], ["root", "dep"])])


@pytest.mark.parametrize("relation", [3, None, ""])
def test_a_relation_that_is_no_name_is_refused_with_its_place(relation):
    with pytest.raises(XnerError, match=f"sentence 0: gold: word 1: the relation {relation!r} is not a name"):
        attachment_scores([([0], [relation])], [([0], ["root"])])


@pytest.mark.parametrize("tree", [([0],), ([0], "x"), ([0], ["root"], [])])
def test_what_is_no_pair_of_lists_is_refused(tree):
    with pytest.raises(XnerError, match="sentence 0: gold: .* is not a pair of lists"):
        attachment_scores([tree], [([0], ["root"])])


def test_an_unknown_convention_is_refused_with_the_nearest_even_without_sentences():
    with pytest.raises(XnerError, match="convention 'conll2008' is unknown; .* Did you mean 'conll2018'"):
        attachment_scores([], [], "conll2008")
    with pytest.raises(XnerError, match="convention None is unknown"):
        sentence_attachment_counts(([], []), ([], []), None)
