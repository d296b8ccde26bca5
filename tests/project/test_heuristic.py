from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.align.aligner import Link
from xner_hf.project.heuristic import HeuristicConfig, HeuristicProjector
from xner_hf.project.projector import ProjectedSpan
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.spans import Span, spans_to_iob2


def project(spans, target, pairs, **settings):
    """Project from a source of as many words as the spans need; `target` and its links are written out."""
    source = ["w"] * max((span.end for span in spans), default=0)
    links = [Link(i, j, 0.5) for i, j in pairs]
    return HeuristicProjector(HeuristicConfig(**settings)).project(SentencePair(source, spans, target.split(), links))


def place(fates):
    return [(fate.start, fate.end, fate.status) for fate in fates]


def tags(fates, length):
    return " ".join(spans_to_iob2([Span(f.start, f.end, f.label) for f in fates if f.status == "projected"], length))


class TestGaps:
    def test_a_part_behind_a_gap_is_kept(self):
        fates = project([Span(0, 3, "LOC")], "Jamhuriyar Dimokaradiyyar ta Kongo", [(0, 0), (1, 1), (2, 3)])
        assert tags(fates, 4) == "B-LOC I-LOC I-LOC I-LOC"
        assert fates == [ProjectedSpan(0, 4, "LOC", 1.0, 0, "projected")]

    def test_the_gap_is_measured_between_the_inner_ends_however_long_the_runs(self):
        pairs = [(0, 0), (0, 1), (0, 2), (0, 4), (0, 5), (0, 6)]
        assert place(project([Span(0, 1, "LOC")], "a b c d e f g", pairs)) == [(0, 7, "projected")]

    def test_short_runs_whose_inner_ends_are_too_far_apart_stay_apart(self):
        assert place(project([Span(0, 1, "LOC")], "a b c d", [(0, 0), (0, 3)])) == [(0, 1, "projected")]
        assert place(project([Span(0, 1, "LOC")], "a b c d", [(0, 0), (0, 3)], max_gap=2)) == [(0, 4, "projected")]

    @pytest.mark.parametrize("max_gap, end", [(0, 2), (1, 2), (2, 5), (3, 5)])
    def test_runs_are_merged_over_as_many_words_as_asked(self, max_gap, end):
        pairs = [(0, 0), (0, 1), (0, 4)]
        assert place(project([Span(0, 1, "PER")], "a b c d e", pairs, max_gap=max_gap)) == [(0, end, "projected")]

    def test_every_gap_may_be_bridged(self):
        assert place(project([Span(0, 3, "PER")], "a b c d e", [(0, 0), (1, 2), (2, 4)])) == [(0, 5, "projected")]

    def test_punctuation_in_a_gap_counts_as_a_word(self):
        assert place(project([Span(0, 1, "PER")], "a , c", [(0, 0), (0, 2)], max_gap=1)) == [(0, 3, "projected")]
        assert place(project([Span(0, 1, "PER")], "a , c", [(0, 0), (0, 2)], max_gap=0)) == [(0, 1, "projected")]


class TestRuns:
    def test_the_largest_run_is_kept(self):
        assert place(project([Span(0, 2, "PER")], "a b c d e f", [(0, 0), (0, 3), (1, 4)])) == [(3, 5, "projected")]

    @pytest.mark.parametrize("sizes, place_", [((3, 1, 2), (0, 3)), ((1, 3, 2), (3, 6)), ((2, 1, 3), (7, 10))])
    def test_the_largest_of_three_is_kept_wherever_it_stands(self, sizes, place_):
        starts = (0, sizes[0] + 2, sizes[0] + sizes[1] + 4)  # two unlinked words between runs
        pairs = [(0, start + k) for start, size in zip(starts, sizes, strict=True) for k in range(size)]
        assert place(project([Span(0, 1, "PER")], "a b c d e f g h i j", pairs)) == [(*place_, "projected")]

    def test_a_merged_run_counts_with_its_gap(self):
        pairs = [(0, 0), (0, 1), (0, 4), (0, 6)]
        assert place(project([Span(0, 1, "PER")], "a b c d e f g", pairs)) == [(4, 7, "projected")]

    def test_the_leftmost_of_equal_runs_is_kept(self):
        assert place(project([Span(0, 1, "PER")], "a b c d", [(0, 3), (0, 0)])) == [(0, 1, "projected")]

    def test_several_links_to_one_word_make_it_no_longer(self):
        fates = project([Span(0, 3, "PER")], "a b c", [(0, 1), (1, 1), (2, 1)])
        assert fates == [ProjectedSpan(1, 2, "PER", 1.0, 0, "projected")]

    def test_links_of_other_words_do_not_matter(self):
        fates = project([Span(1, 2, "PER")], "a b c", [(0, 0), (1, 1), (2, 2)])
        assert place(fates) == [(1, 2, "projected")]


class TestWithoutLargestRun:
    def test_the_span_runs_from_the_first_to_the_last_linked_word(self):
        pairs = [(0, 1), (1, 5), (1, 6)]
        fates = project([Span(0, 2, "PER")], "a b c d e f g h", pairs, largest_run=False)
        assert fates == [ProjectedSpan(1, 7, "PER", 1.0, 0, "projected")]
        assert project([Span(0, 2, "PER")], "a b c d e f g h", pairs) == [
            ProjectedSpan(5, 7, "PER", 0.5, 0, "projected")
        ]

    def test_the_gap_that_is_merged_makes_no_difference(self):
        for max_gap in (0, 1, 9):
            fates = project([Span(0, 1, "PER")], "a b c d", [(0, 0), (0, 3)], largest_run=False, max_gap=max_gap)
            assert place(fates) == [(0, 4, "projected")]

    def test_punctuation_still_opens_and_closes_nothing(self):
        pairs = [(0, 0), (0, 1), (0, 3), (0, 4)]
        assert place(project([Span(0, 1, "PER")], "« a b c »", pairs, largest_run=False)) == [(1, 4, "projected")]

    def test_an_entity_without_links_is_unaligned(self):
        assert place(project([Span(0, 1, "PER")], "a", [], largest_run=False)) == [(-1, -1, "unaligned")]

    def test_an_entity_in_between_loses_to_the_earlier_of_equals(self):
        spans, pairs = [Span(0, 1, "PER"), Span(1, 2, "LOC")], [(0, 0), (0, 4), (1, 2)]
        assert place(project(spans, "a b c d e", pairs, largest_run=False)) == [
            (0, 5, "projected"),
            (-1, -1, "conflict"),
        ]
        assert place(project(spans, "a b c d e", pairs)) == [(0, 1, "projected"), (2, 3, "projected")]


class TestPunctuation:
    def test_a_link_to_punctuation_does_not_count(self):
        pairs = [(0, 0), (0, 1), (1, 2), (1, 3)]
        assert place(project([Span(0, 2, "PER")], "« a b »", pairs)) == [(1, 3, "projected")]

    def test_an_entity_linked_to_punctuation_only_is_unaligned(self):
        assert project([Span(0, 1, "PER")], "a .", [(0, 1)]) == [ProjectedSpan(-1, -1, "PER", 0.0, 0, "unaligned")]


class TestScore:
    @pytest.mark.parametrize(
        "pairs, score",
        [
            ([(0, 0), (1, 0), (2, 1), (3, 1)], 1.0),
            ([(0, 0), (1, 1)], 0.5),
            ([(0, 0), (0, 1)], 0.25),
            ([(0, 0), (0, 1), (1, 5)], 0.25),  # the link to another run does not count
        ],
    )
    def test_the_score_is_the_share_of_words_linked_into_the_run(self, pairs, score):
        fates = project([Span(0, 4, "PER")], "a b c d e f", pairs)
        assert fates == [ProjectedSpan(0, 2 if len(pairs) > 1 else 1, "PER", score, 0, "projected")]


class TestConflicts:
    def test_the_earlier_of_equals_keeps_its_words_and_the_other_is_not_truncated(self):
        fates = project([Span(0, 1, "PER"), Span(1, 2, "LOC")], "a b c", [(0, 0), (0, 1), (1, 1), (1, 2)])
        assert fates == [
            ProjectedSpan(0, 2, "PER", 1.0, 0, "projected"),
            ProjectedSpan(-1, -1, "LOC", 1.0, 1, "conflict"),
        ]
        assert tags(fates, 3) == "B-PER I-PER O"

    def test_the_higher_score_wins_though_it_comes_later(self):
        fates = project([Span(0, 2, "PER"), Span(2, 3, "LOC")], "a b", [(0, 0), (2, 0), (2, 1)])
        assert fates == [
            ProjectedSpan(-1, -1, "PER", 0.5, 0, "conflict"),
            ProjectedSpan(0, 2, "LOC", 1.0, 1, "projected"),
        ]

    def test_a_loser_does_not_take_words_from_a_third(self):
        spans = [Span(0, 1, "PER"), Span(1, 3, "LOC"), Span(3, 5, "ORG")]
        fates = project(spans, "a b c d", [(0, 0), (1, 0), (1, 1), (1, 2), (3, 2)])
        assert place(fates) == [(0, 1, "projected"), (-1, -1, "conflict"), (2, 3, "projected")]

    def test_a_run_around_the_word_of_another_entity_is_a_conflict(self):
        fates = project([Span(0, 1, "PER"), Span(1, 2, "LOC")], "a b c", [(0, 1), (1, 0), (1, 2)])
        assert place(fates) == [(1, 2, "projected"), (-1, -1, "conflict")]


class TestNeighbours:
    def test_touching_entities_of_one_type_are_not_fused(self):
        spans = [Span(0, 2, "PER"), Span(2, 4, "PER")]
        fates = project(spans, "a b c d", [(0, 0), (1, 1), (2, 2), (3, 3)])
        assert tags(fates, 4) == "B-PER I-PER B-PER I-PER"

    def test_a_gap_between_entities_of_one_type_is_not_bridged(self):
        fates = project([Span(0, 1, "PER"), Span(1, 2, "PER")], "a and b", [(0, 0), (1, 2)])
        assert tags(fates, 3) == "B-PER O B-PER"

    def test_overlapping_entities_of_one_type_are_not_fused(self):
        fates = project([Span(0, 1, "LOC"), Span(1, 2, "LOC")], "a b c", [(0, 0), (0, 1), (1, 1), (1, 2)])
        assert place(fates) == [(0, 2, "projected"), (-1, -1, "conflict")]
        assert tags(fates, 3) == "B-LOC I-LOC O"

    def test_a_later_entity_that_claims_the_same_words_does_not_overwrite(self):
        fates = project([Span(0, 1, "PER"), Span(1, 2, "ORG")], "a", [(0, 0), (1, 0)])
        assert tags(fates, 1) == "B-PER"

    def test_entities_that_change_places_keep_their_types(self):
        fates = project([Span(0, 1, "PER"), Span(1, 2, "LOC")], "a b", [(0, 1), (1, 0)])
        assert tags(fates, 2) == "B-LOC B-PER"


class TestLengthRatio:
    def test_it_is_off_unless_asked_for(self):
        assert place(project([Span(0, 4, "ORG")], "Bundesverfassungsgericht", [(0, 0)])) == [(0, 1, "projected")]

    @pytest.mark.parametrize("ratio, status", [(0.5, "projected"), (0.51, "length_ratio"), (1.0, "length_ratio")])
    def test_a_span_of_too_few_words_is_lost_with_its_score(self, ratio, status):
        (fate,) = project([Span(0, 4, "ORG")], "a b", [(0, 0), (1, 1), (2, 1)], min_length_ratio=ratio)
        assert (fate.status, fate.score) == (status, 0.75)

    def test_a_span_that_is_too_short_leaves_its_words_to_others(self):
        spans = [Span(0, 2, "ORG"), Span(2, 4, "LOC")]
        fates = project(spans, "a b", [(0, 0), (1, 0), (2, 0), (2, 1)], min_length_ratio=1.0)
        assert place(fates) == [(-1, -1, "length_ratio"), (0, 2, "projected")]


@st.composite
def linked_entity(draw):
    length = draw(st.integers(1, 12))
    target = draw(st.lists(st.sampled_from(["a", "b", ","]), min_size=length, max_size=length))
    cell = st.tuples(st.integers(0, 3), st.integers(0, length - 1))
    return target, draw(st.sets(cell, max_size=10)), draw(st.integers(0, 3))


@given(linked_entity())
def test_the_run_is_whole_ends_in_linked_words_and_none_is_longer(problem):
    target, pairs, max_gap = problem
    entity = Span(1, 4, "PER")
    (fate,) = project([entity], " ".join(target), pairs, max_gap=max_gap)
    linked = sorted({j for i, j in pairs if i >= 1 and target[j] != ","})
    # Every stretch of linked words whose neighbours are at most max_gap words apart, found the long way.
    runs = [
        (a, b + 1)
        for n, a in enumerate(linked)
        for m, b in enumerate(linked[n:], n)
        if all(y - x - 1 <= max_gap for x, y in zip(linked[n:m], linked[n + 1 : m + 1], strict=True))
    ]
    if not runs:
        assert fate == ProjectedSpan(-1, -1, "PER", 0.0, 0, "unaligned")
    else:
        start, end = min(runs, key=lambda run: (run[0] - run[1], run[0]))
        words = {i for i, j in pairs if i >= 1 and start <= j < end and target[j] != ","}
        assert fate == ProjectedSpan(start, end, "PER", len(words) / 3, 0, "projected")


@given(linked_entity())
def test_without_largest_run_the_span_covers_exactly_what_lies_between_its_outermost_links(problem):
    target, pairs, max_gap = problem
    (fate,) = project([Span(1, 4, "PER")], " ".join(target), pairs, max_gap=max_gap, largest_run=False)
    linked = [(i, j) for i, j in pairs if i >= 1 and target[j] != ","]
    if not linked:
        assert fate == ProjectedSpan(-1, -1, "PER", 0.0, 0, "unaligned")
    else:
        words = [j for _, j in linked]
        score = len({i for i, _ in linked}) / 3
        assert fate == ProjectedSpan(min(words), max(words) + 1, "PER", score, 0, "projected")
