"""All occurrences of a name vote on what it is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.spans import ENTITY_TYPES, Span, overlap
from xner_hf.tag.consistency import LONGEST, NameVotes


def votes(*sentences, **settings):
    """Votes of sentences, each its text and its spans."""
    rows = [(text.split(), spans) for text, spans in sentences]
    return NameVotes(lambda: rows, **settings)


def settle(*sentences, **settings):
    """What becomes of the spans of every sentence."""
    made = votes(*sentences, **settings)
    return [made.settle(text.split(), spans) for text, spans in sentences]


class TestTypes:
    def test_the_type_with_the_most_votes_wins_and_its_score_is_its_share_of_all_occurrences(self):
        assert settle(
            ("Kano won", [Span(0, 1, "ORG", 0.5)]),
            ("in Kano", [Span(1, 2, "LOC", 0.75)]),
            ("Kano sleeps", [Span(0, 1, "LOC", 0.25)]),
        ) == [
            [Span(0, 1, "LOC", 1 / 3)],
            [Span(1, 2, "LOC", 1 / 3)],
            [Span(0, 1, "LOC", 1 / 3)],
        ]

    def test_votes_count_by_the_score_of_the_tagger(self):
        (first, *_) = settle(
            ("Kano won", [Span(0, 1, "ORG", 1.0)]),
            ("in Kano", [Span(1, 2, "LOC", 0.25)]),
            ("Kano sleeps", [Span(0, 1, "LOC", 0.5)]),
        )
        assert first == [Span(0, 1, "ORG", 1 / 3)]

    def test_a_name_that_is_always_called_the_same_has_its_mean_score(self):
        found = settle(("Kano", [Span(0, 1, "LOC", 0.5)]), ("Kano", [Span(0, 1, "LOC", 1.0)]))
        assert found == [[Span(0, 1, "LOC", 0.75)]] * 2

    def test_at_a_tie_every_occurrence_keeps_its_type(self):
        assert settle(("Kano", [Span(0, 1, "ORG", 0.5)]), ("Kano", [Span(0, 1, "LOC", 0.5)])) == [
            [Span(0, 1, "ORG", 0.25)],
            [Span(0, 1, "LOC", 0.25)],
        ]

    def test_at_a_tie_of_others_the_first_in_the_alphabet_wins(self):
        found = settle(
            ("Kano", [Span(0, 1, "PER", 0.25)]),
            ("Kano", [Span(0, 1, "ORG", 0.5)]),
            ("Kano", [Span(0, 1, "LOC", 0.5)]),
        )
        assert [own[0].label for own in found] == ["LOC", "ORG", "LOC"]

    def test_a_name_that_occurs_once_is_left_as_it_was(self):
        spans = [Span(0, 2, "PER", 0.3), Span(3, 4, "ORG", 0.9)]
        assert settle(("Amina Bello left Barewa .", spans)) == [spans]

    def test_names_are_whole_and_their_case_counts(self):
        sentences = [
            ("Amina Bello", [Span(0, 2, "PER", 0.5)]),
            ("Amina Bello", [Span(0, 1, "ORG", 0.75), Span(1, 2, "LOC", 0.75)]),
            ("AMINA", [Span(0, 1, "LOC", 1.0)]),
        ]
        assert settle(*sentences) == [spans for _, spans in sentences]

    def test_places_are_those_of_the_tagger_in_their_order_and_others_are_untouched(self):
        found = settle(
            ("Kano and Jos and Kano", [Span(4, 5, "LOC", 1.0), Span(2, 3, "ORG", 0.5), Span(0, 1, "LOC", 0.5)]),
            ("Kano", [Span(0, 1, "ORG", 0.75)]),
        )
        assert found[0] == [Span(0, 1, "LOC", 0.5), Span(2, 3, "ORG", 0.5), Span(4, 5, "LOC", 0.5)]


class TestMissedNames:
    FOUND = ("in Kano", [Span(1, 2, "LOC", 0.75)])
    MISSED = ("Kano sleeps", [])

    def test_a_name_that_is_mostly_found_is_an_entity_where_it_was_missed(self):
        assert settle(self.FOUND, self.MISSED, self.FOUND) == [
            [Span(1, 2, "LOC", 0.5)],  # 2 x 0.75 over three occurrences
            [Span(0, 1, "LOC", 0.5)],
            [Span(1, 2, "LOC", 0.5)],
        ]

    def test_half_of_the_occurrences_are_enough_and_fewer_are_not(self):
        assert settle(*[self.FOUND] * 2, *[self.MISSED] * 2)[-1] == [Span(0, 1, "LOC", 0.375)]
        found = settle(*[self.FOUND] * 2, *[self.MISSED] * 3)
        assert found[0] == [Span(1, 2, "LOC", 0.3)]  # the missed ones lower the score all the same
        assert found[-1] == []

    def test_a_name_that_was_found_once_is_added_nowhere(self):
        assert settle(self.FOUND, self.MISSED) == [[Span(1, 2, "LOC", 0.375)], []]

    def test_the_share_may_be_set_and_above_one_nothing_is_added(self):
        sentences = [self.FOUND] * 4 + [self.MISSED]
        assert settle(*sentences, least_share=0.8)[-1] == [Span(0, 1, "LOC", 0.6)]
        assert settle(*sentences, least_share=0.81)[-1] == []
        assert settle(*[self.FOUND] * 4, least_share=1.1) == [[Span(1, 2, "LOC", 0.75)]] * 4

    def test_words_inside_another_entity_are_no_missed_name(self):
        bank = ("Kano Bank", [Span(0, 2, "ORG", 1.0)])
        assert settle(self.FOUND, self.FOUND, bank, bank) == [[Span(1, 2, "LOC", 0.75)]] * 2 + [bank[1]] * 2

    def test_the_longer_of_two_missed_names_is_added_and_the_other_is_not(self):
        whole = ("Amina Bello", [Span(0, 2, "PER", 1.0)])
        part = ("Bello", [Span(0, 1, "PER", 1.0)])
        found = settle(whole, whole, part, part, ("saw Amina Bello sing", []))
        assert [span[:3] for span in found[-1]] == [(1, 3, "PER")]

    def test_of_missed_names_of_one_length_the_leftmost_is_added(self):
        found = settle(
            *[("a b", [Span(0, 2, "PER", 1.0)])] * 2, *[("b c", [Span(0, 2, "ORG", 1.0)])] * 2, ("a b c", [])
        )
        assert [span[:3] for span in found[-1]] == [(0, 2, "PER")]

    def test_added_names_stand_among_the_others_by_position(self):
        found = settle(self.FOUND, self.FOUND, ("Jos Kano Zaria", [Span(0, 1, "LOC"), Span(2, 3, "LOC")]))
        assert [span[:2] for span in found[-1]] == [(0, 1), (1, 2), (2, 3)]

    @pytest.mark.parametrize(("length", "added"), [(LONGEST, 1), (LONGEST + 1, 0)])
    def test_names_of_many_words_are_looked_for_up_to_a_length(self, length, added):
        name = " ".join("abcdefghij"[:length])
        sentence = (name, [Span(0, length, "ORG", 1.0)])
        assert len(settle(sentence, sentence, sentence, (f"in {name} .", []))[-1]) == added


def test_a_text_without_entities_or_without_sentences_has_none():
    assert settle(("a b", []), ("", [])) == [[], []]
    assert settle() == []


WORDS = ["Kano", "Jos", "Bello", "da"]
SCORES = st.sampled_from([0.25, 0.5, 0.75, 1.0])  # whose sums are exact in any order


@st.composite
def texts(draw):
    """Sentences with entities that do not overlap."""
    sentences = []
    for _ in range(draw(st.integers(1, 6))):
        words = draw(st.lists(st.sampled_from(WORDS), max_size=7))
        spans, start = [], 0
        while start < len(words):
            end = start + draw(st.integers(1, 2))
            if end <= len(words) and draw(st.booleans()):
                spans.append(Span(start, end, draw(st.sampled_from(ENTITY_TYPES)), draw(SCORES)))
            start = end
        sentences.append((" ".join(words), spans))
    return sentences


@given(texts(), st.integers())
def test_the_order_of_the_sentences_does_not_matter(sentences, seed):
    order = list(range(len(sentences)))
    random.Random(seed).shuffle(order)
    shuffled = settle(*[sentences[number] for number in order])
    settled = settle(*sentences)
    assert shuffled == [settled[number] for number in order]


@given(texts())
def test_no_entity_is_lost_or_moved_none_overlap_and_scores_are_probabilities(sentences):
    for (text, spans), found in zip(sentences, settle(*sentences), strict=True):
        assert {span[:2] for span in spans} <= {span[:2] for span in found}
        assert found == sorted(found)
        assert not any(overlap(one, other) for one, other in zip(found, found[1:], strict=False))
        assert all(0 < span.score <= 1 and span.end <= len(text.split()) for span in found)


@given(texts())
def test_nothing_is_added_where_the_share_cannot_be_reached(sentences):
    for (_, spans), found in zip(sentences, settle(*sentences, least_share=1.5), strict=True):
        assert [span[:2] for span in found] == [span[:2] for span in spans]
