"""Sentences on which two arms differ, and the kinds of their errors."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.spans import ENTITY_TYPES, Span
from xner_hf.study.differences import KINDS, differences, error_kinds, marked, sample_of, tally_of
from xner_hf.study.run_pairs import SeedPair

GOLD = {"s1": [Span(0, 2, "PER")], "s2": [Span(1, 2, "LOC")], "s3": [], "s4": [Span(0, 1, "ORG"), Span(3, 5, "PER")]}
WORDS = {
    "s1": ["Ama", "Ata", "wrote"],
    "s2": ["in", "Accra"],
    "s3": ["yes"],
    "s4": ["NPA", "told", "that", "Ko", "Fi"],
}


@pytest.fixture
def pair(make_row, predicted):
    arm = {"s1": [[0, 2, "PER"]], "s2": [[1, 2, "LOC"]], "s4": [[0, 1, "ORG"]]}
    against = {"s1": [[0, 1, "PER"]], "s2": [[1, 2, "LOC"]], "s3": [[0, 1, "LOC"]], "s4": [[3, 5, "PER"]]}
    rows = (make_row("luo", "with", 1, 0.5), make_row("luo", "without", 1, 0.5))
    return SeedPair(1, predicted(rows[0], arm), predicted(rows[1], against))


def test_the_sentences_on_which_the_arms_differ_say_which_has_fewer_errors(pair):
    found = differences(pair, GOLD, WORDS)
    assert [(one.id, one.better) for one in found] == [("s1", "arm"), ("s3", "arm"), ("s4", "neither")]
    assert (found[0].words, found[0].gold) == (WORDS["s1"], GOLD["s1"])
    assert (found[0].arm, found[0].against) == ([Span(0, 2, "PER")], [Span(0, 1, "PER")])


def test_a_sample_is_always_the_same_and_in_order(pair):
    found = differences(pair, GOLD, WORDS)
    assert sample_of(found, 2) == sample_of(found, 2)
    assert [one.id for one in sample_of(found, 2)] in (["s1", "s3"], ["s1", "s4"], ["s3", "s4"])
    assert sample_of(found, 50) == found


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([Span(2, 4, "PER")], "exact"),
        ([Span(2, 4, "LOC")], "type"),
        ([Span(2, 5, "PER")], "borders"),
        ([Span(3, 4, "ORG")], "type and borders"),
        ([Span(1, 3, "ORG"), Span(3, 4, "PER")], "type and borders"),
        ([], "missed"),
    ],
)
def test_what_became_of_an_entity(found, kind):
    assert +error_kinds([Span(2, 4, "PER")], found) == Counter({kind: 1})


def test_an_entity_where_none_is_was_invented():
    assert +error_kinds([Span(2, 4, "PER")], [Span(0, 2, "PER")]) == Counter({"missed": 1, "invented": 1})


ENTITIES = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(ENTITY_TYPES)), max_size=5)


def placed(parts):
    """Entities one after the other: words before each, its length, its type."""
    spans, place = [], 0
    for gap, length, label in parts:
        spans.append(Span(place + gap, place + gap + length, label))
        place += gap + length
    return spans


@given(ENTITIES, ENTITIES)
def test_every_entity_is_counted_once(gold, found):
    gold, found = placed(gold), placed(found)
    counts = error_kinds(gold, found)
    assert set(counts) <= set(KINDS)
    assert counts.total() - counts["invented"] == len(gold)
    assert counts["exact"] == len(set(gold) & set(found))
    assert error_kinds(gold, gold) == Counter({"exact": len(gold), "invented": 0})


def test_kinds_are_counted_with_the_better_side(pair):
    found = differences(pair, GOLD, WORDS)
    counts = tally_of(found, {"s1": "cut name", "s3": "cut name", "s4": "which name"})
    assert list(counts.items()) == [("cut name", {"arm": 2}), ("which name", {"neither": 1})]
    with pytest.raises(XnerError, match="'s2': the two arms do not differ"):
        tally_of(found, {"s2": "cut name"})
    with pytest.raises(XnerError, match="'s1' has no kind yet"):
        tally_of(found, {"s1": ""})


def test_a_sentence_is_printed_with_its_entities():
    assert marked(WORDS["s4"], GOLD["s4"]) == "[ORG NPA] told that [PER Ko Fi]"
    assert marked(WORDS["s3"], []) == "yes"
