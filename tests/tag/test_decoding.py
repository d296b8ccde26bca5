"""Valid IOB2 tags from word distributions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.spans import NER_LABELS, Span, spans_from_iob2
from xner_hf.tag.decoding import decode, decode_spans


def row(**probabilities):
    found = np.zeros(7)
    for label, value in probabilities.items():
        found[NER_LABELS.index(label.replace("_", "-"))] = value
    return found


def valid(tags):
    return all(
        not tag.startswith("I-") or before[1:] == tag[1:] for before, tag in zip(["O", *tags], tags, strict=False)
    )


def test_an_inside_tag_that_nothing_opens_is_mended_by_what_is_likeliest_together():
    rows = np.array([row(O=0.6, B_PER=0.4), row(I_PER=0.9, O=0.1)])
    assert decode(rows) == ["B-PER", "I-PER"]  # .4 * .9 beats .6 * .1
    assert decode(rows[1:]) == ["O"]


def test_types_do_not_change_inside_an_entity():
    rows = np.array([row(B_PER=0.9, B_LOC=0.1), row(I_LOC=0.6, I_PER=0.4)])
    assert decode(rows) == ["B-PER", "I-PER"]


def test_a_word_of_which_nothing_is_known_is_outside():
    rows = np.array([row(B_PER=1.0), np.zeros(7), row(I_PER=0.5, O=0.5)])
    assert decode(rows) == ["B-PER", "O", "O"]
    assert decode(np.zeros((0, 7))) == []


def test_the_score_of_an_entity_is_the_mean_probability_of_its_tags():
    rows = np.array([row(O=1.0), row(B_LOC=0.8, O=0.2), row(I_LOC=0.6, O=0.4)])
    assert decode_spans(rows) == [Span(1, 3, "LOC", pytest.approx(0.7))]


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=7, max_size=7), min_size=1, max_size=3))
def test_no_valid_tags_are_likelier(rows):
    rows = np.array(rows)
    rows /= rows.sum(-1, keepdims=True)
    tags = decode(rows)
    assert valid(tags) and spans_from_iob2(tags) == [Span(*s[:3], 1.0) for s in spans_from_iob2(tags)]

    def score(path):
        return sum(math.log(rows[i, NER_LABELS.index(tag)]) for i, tag in enumerate(path))

    best = max(score(path) for path in itertools.product(NER_LABELS, repeat=len(rows)) if valid(path))
    assert score(tags) == pytest.approx(best)
