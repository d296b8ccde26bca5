"""Labels of several members joined on one sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.pipeline.combine import MemberLabels, average, join, vote, word_distributions
from xner_hf.spans import ENTITY_TYPES, Span, overlap


def test_a_projection_speaks_of_its_entities_and_of_linked_words_only():
    rows = word_distributions([Span(1, 3, "LOC", 0.75)], [0, 1, 2], 4)
    assert rows.tolist() == [
        [1, 0, 0, 0, 0, 0, 0],
        [0.25, 0, 0, 0, 0, 0.75, 0],
        [0.25, 0, 0, 0, 0, 0, 0.75],
        [0, 0, 0, 0, 0, 0, 0],
    ]


def test_words_that_no_link_reaches_fall_back_on_the_tagger():
    tagger = np.zeros((3, 7))
    tagger[:, 0] = [0.1, 0.9, 0.1]
    tagger[0, 1], tagger[1, 5], tagger[2, 5] = 0.9, 0.1, 0.9
    projected = MemberLabels([], [2])  # says O of word 2, nothing of words 0 and 1
    members = [projected, MemberLabels([], [], tagger)]
    assert [span[:3] for span in join(members, [1.0, 1.0], "average", 3)] == [(0, 1, "PER")]
    assert [span[:3] for span in join(members, [0.1, 1.0], "average", 3)] == [(0, 1, "PER"), (2, 3, "LOC")]


def test_an_entity_needs_more_than_half_of_the_weight():
    one, two = [Span(0, 2, "PER"), Span(3, 4, "LOC")], [Span(0, 2, "PER")]
    assert vote([one, two], [1.0, 1.0]) == [Span(0, 2, "PER", 1.0)]
    assert vote([one, two], [2.0, 1.0]) == [Span(0, 2, "PER", 1.0), Span(3, 4, "LOC", pytest.approx(2 / 3))]
    assert vote([[Span(0, 2, "PER")], [Span(0, 2, "ORG")], []], [1.0, 1.0, 1.0]) == []


@st.composite
def entities(draw):
    bounds = sorted(draw(st.sets(st.integers(0, 12), max_size=6)))
    pairs = zip(bounds[::2], bounds[1::2], strict=False)
    return [Span(a, b, draw(st.sampled_from(ENTITY_TYPES)), draw(st.floats(0.1, 1))) for a, b in pairs]


@given(st.lists(st.tuples(entities(), st.floats(0.1, 5)), min_size=1, max_size=4))
def test_joined_entities_never_overlap_and_equal_members_keep_what_they_say(members):
    spans, weights = zip(*members, strict=True)
    for found in (vote(spans, weights), average([word_distributions(own, range(12), 12) for own in spans], weights)):
        assert not any(overlap(a, b) for a, b in zip(found, found[1:], strict=False))
    assert [span[:3] for span in vote([spans[0]] * 3, [1, 2, 3])] == [span[:3] for span in sorted(spans[0])]
