from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.align.aligner import Link
from xner_hf.errors import XnerError
from xner_hf.project.filters import (
    Filters,
    FiltersConfig,
    filter_meanings,
    project_filtered,
)
from xner_hf.project.heuristic import HeuristicConfig, HeuristicProjector
from xner_hf.project.projector import ProjectedSpan
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import methods
from xner_hf.spans import Span, overlap

PROJECTOR = HeuristicProjector(HeuristicConfig())


def project(spans, target, pairs, source=None, **chosen):
    """Project with the heuristic, from a source of as many words as the spans need unless it is written out."""
    words = source.split() if source else ["w"] * max((span.end for span in spans), default=0)
    links = [Link(i, j, 0.5) for i, j in pairs]
    return project_filtered(
        PROJECTOR, Filters(FiltersConfig(**chosen)), SentencePair(words, spans, target.split(), links)
    )


def reason(*args, **chosen):
    return project(*args, **chosen)[1]


def statuses(*args, **chosen):
    return [fate.status for fate in project(*args, **chosen)[0]]


class TestCompSrc:
    def test_a_sentence_is_dropped_when_a_word_of_an_entity_is_not_linked(self):
        spans, pairs = [Span(0, 2, "PER")], [(0, 0)]
        assert reason(spans, "a b", pairs, comp_src=True) == "filtered:comp_src"
        assert reason(spans, "a b", [*pairs, (1, 0)], comp_src=True) is None
        assert reason(spans, "a b", pairs) is None

    def test_one_entity_of_several_is_enough(self):
        spans = [Span(0, 1, "PER"), Span(1, 3, "LOC")]
        assert reason(spans, "a b", [(0, 0), (1, 1)], comp_src=True) == "filtered:comp_src"

    def test_words_outside_entities_need_no_link(self):
        assert reason([Span(1, 2, "PER")], "a b", [(1, 0)], source="the man said", comp_src=True) is None

    def test_punctuation_within_an_entity_may_be_linked_to_punctuation(self):
        spans, source = [Span(0, 3, "LOC")], "Springfield , Ohio"
        linked = [(0, 0), (1, 1), (2, 2)]
        assert reason(spans, "Springfield , Ohio", linked, source=source, comp_src=True) is None
        unlinked = [(0, 0), (2, 2)]
        assert reason(spans, "Springfield , Ohio", unlinked, source=source, comp_src=True) == "filtered:comp_src"

    def test_a_dropped_sentence_keeps_its_fates(self):
        fates, why = project([Span(0, 2, "PER")], "a b", [(0, 0)], comp_src=True)
        assert (fates, why) == ([ProjectedSpan(0, 1, "PER", 0.5, 0, "projected")], "filtered:comp_src")


class TestCompTgt:
    @pytest.mark.parametrize(
        "target, pairs, expected",
        [
            ("a b c", [(0, 0), (1, 1)], None),
            ("a b c", [(0, 1), (1, 0), (1, 2)], None),
            ("a b c", [(0, 0), (1, 2)], "filtered:comp_tgt"),
            ("a , c", [(0, 0), (1, 2)], "filtered:comp_tgt"),
            ("a , c", [(0, 0), (0, 1), (1, 2)], "filtered:comp_tgt"),  # punctuation is a gap though it is linked
            ("a b .", [(0, 0), (1, 2)], None),
            ("a b c", [(0, 1), (1, 1)], None),
            ("a b c", [], None),
        ],
    )
    def test_a_sentence_is_dropped_when_the_words_linked_to_an_entity_have_a_gap(self, target, pairs, expected):
        assert reason([Span(0, 2, "PER")], target, pairs, comp_tgt=True) == expected
        assert reason([Span(0, 2, "PER")], target, pairs) is None

    def test_a_gap_between_entities_is_none_within_one(self):
        assert reason([Span(0, 1, "PER"), Span(1, 2, "PER")], "a b c", [(0, 0), (1, 2)], comp_tgt=True) is None

    def test_links_of_words_outside_entities_do_not_close_or_open_a_gap(self):
        spans = [Span(1, 2, "PER")]
        assert reason(spans, "a b c", [(0, 1), (1, 0), (1, 2)], comp_tgt=True) == "filtered:comp_tgt"
        assert reason(spans, "a b c", [(0, 2), (1, 0)], comp_tgt=True) is None


class TestCompIns:
    def test_a_sentence_is_dropped_when_an_entity_found_no_place(self):
        spans = [Span(0, 1, "PER"), Span(1, 2, "LOC")]
        assert reason(spans, "a b", [(0, 0)], comp_ins=True) == "filtered:comp_ins"
        assert reason(spans, "a b", [(0, 0), (1, 1)], comp_ins=True) is None
        assert reason(spans, "a b", [(0, 0)]) is None

    def test_counts_are_compared_type_by_type(self):
        spans, links = [Span(0, 1, "PER"), Span(1, 2, "LOC")], []
        fates = [ProjectedSpan(0, 1, "PER", 1.0, 0, "projected"), ProjectedSpan(1, 2, "PER", 1.0, 1, "projected")]
        filters = Filters(FiltersConfig(comp_ins=True))
        assert filters.after(SentencePair(["x", "y"], spans, ["a", "b"], links), fates, [0, 1]) == (
            fates,
            "filtered:comp_ins",
        )

    def test_two_spans_of_one_entity_are_too_many(self):
        fates = [ProjectedSpan(0, 1, "PER", 1.0, 0, "projected"), ProjectedSpan(2, 3, "PER", 1.0, 0, "projected")]
        filters = Filters(FiltersConfig(comp_ins=True))
        assert filters.after(SentencePair(["x"], [Span(0, 1, "PER")], ["a", "b", "c"], []), fates, [0]) == (
            fates,
            "filtered:comp_ins",
        )

    @pytest.mark.parametrize("chosen", [{"restrict_tgt": True}, {"min_score": 0.6}])
    def test_an_entity_that_a_filter_took_away_afterwards_is_missing(self, chosen):
        spans = [Span(0, 1, "PER"), Span(1, 3, "LOC")]
        pairs = [(0, 0), (0, 1), (1, 2)]  # the person becomes two words; the place scores 0.5
        assert reason(spans, "a b c", pairs, comp_ins=True) is None
        assert reason(spans, "a b c", pairs, comp_ins=True, **chosen) == "filtered:comp_ins"

    def test_an_entity_that_takes_no_part_is_not_missed(self):
        spans = [Span(0, 1, "PER", 0.9), Span(1, 2, "LOC", 0.1)]
        assert reason(spans, "a b", [(0, 0)], comp_ins=True, min_source_score=0.5) is None


class TestRestrictTgt:
    def test_an_entity_of_one_word_is_removed_when_it_becomes_several(self):
        fates, why = project([Span(0, 1, "PER")], "a b", [(0, 0), (0, 1)], restrict_tgt=True)
        assert (fates, why) == ([ProjectedSpan(-1, -1, "PER", 1.0, 0, "filtered:restrict_tgt")], None)
        assert statuses([Span(0, 1, "PER")], "a b", [(0, 0), (0, 1)]) == ["projected"]

    def test_one_word_may_become_one_and_several_may_become_more(self):
        spans = [Span(0, 1, "PER"), Span(1, 3, "LOC")]
        pairs = [(0, 0), (1, 1), (1, 2), (2, 3)]
        assert statuses(spans, "a b c d", pairs, restrict_tgt=True) == ["projected", "projected"]

    def test_an_entity_lost_before_keeps_its_status(self):
        assert statuses([Span(0, 1, "PER")], "a b", [], restrict_tgt=True) == ["unaligned"]


class TestMinSourceScore:
    def test_an_entity_below_is_not_carried_over_and_shows_the_score_of_the_tagger(self):
        spans = [Span(0, 1, "PER", 0.4), Span(1, 2, "LOC", 0.5)]
        fates, why = project(spans, "a b", [(0, 0), (1, 1)], min_source_score=0.5)
        assert why is None
        assert fates == [
            ProjectedSpan(-1, -1, "PER", 0.4, 0, "filtered:min_source_score"),
            ProjectedSpan(1, 2, "LOC", 1.0, 1, "projected"),
        ]

    def test_it_takes_no_words_from_others(self):
        spans, pairs = [Span(0, 1, "PER", 0.4), Span(1, 2, "LOC", 0.9)], [(0, 0), (1, 0)]
        assert statuses(spans, "a", pairs) == ["projected", "conflict"]
        assert statuses(spans, "a", pairs, min_source_score=0.5) == ["filtered:min_source_score", "projected"]

    def test_the_numbers_of_the_others_stay_those_of_the_sentence(self):
        spans = [Span(0, 1, "PER", 0.1), Span(1, 2, "LOC"), Span(2, 3, "ORG", 0.2), Span(3, 4, "PER")]
        fates, _ = project(spans, "a b c d", [(i, 3 - i) for i in range(4)], min_source_score=0.5)
        assert fates == [
            ProjectedSpan(-1, -1, "PER", 0.1, 0, "filtered:min_source_score"),
            ProjectedSpan(2, 3, "LOC", 1.0, 1, "projected"),
            ProjectedSpan(-1, -1, "ORG", 0.2, 2, "filtered:min_source_score"),
            ProjectedSpan(0, 1, "PER", 1.0, 3, "projected"),
        ]

    def test_comp_src_and_comp_tgt_look_only_at_entities_that_take_part(self):
        spans = [Span(0, 2, "PER", 0.4), Span(2, 3, "LOC")]
        chosen = {"comp_src": True, "comp_tgt": True, "comp_ins": True}
        assert reason(spans, "a b c d", [(0, 0), (2, 3)], **chosen) == "filtered:comp_src"
        assert reason(spans, "a b c d", [(0, 0), (0, 2), (1, 2), (2, 3)], **chosen) == "filtered:comp_tgt"
        assert reason(spans, "a b c d", [(0, 0), (0, 2), (2, 3)], min_source_score=0.5, **chosen) is None

    def test_a_sentence_in_which_none_takes_part_passes(self):
        chosen = {"comp_src": True, "comp_tgt": True, "comp_ins": True, "min_source_score": 0.5}
        fates, why = project([Span(0, 2, "PER", 0.4)], "a b c", [(0, 0), (0, 2)], **chosen)
        assert (fates, why) == ([ProjectedSpan(-1, -1, "PER", 0.4, 0, "filtered:min_source_score")], None)

    def test_before_names_the_entities_that_take_part(self):
        spans = [Span(0, 1, "PER", 0.4), Span(1, 2, "LOC", 0.5), Span(2, 3, "LOC", 0.6)]
        assert Filters(FiltersConfig(min_source_score=0.5)).before(spans) == [1, 2]
        assert Filters(FiltersConfig()).before(spans) == [0, 1, 2]


class TestMinScore:
    @pytest.mark.parametrize("least, status", [(0.0, "projected"), (0.5, "projected"), (0.51, "filtered:min_score")])
    def test_a_projected_span_below_is_removed_with_its_score(self, least, status):
        ((fate,), why) = project([Span(0, 2, "PER")], "a b", [(0, 0)], min_score=least)
        place = (0, 1) if status == "projected" else (-1, -1)
        assert (fate, why) == (ProjectedSpan(*place, "PER", 0.5, 0, status), None)

    def test_an_entity_lost_before_keeps_its_status_and_score(self):
        spans = [Span(0, 1, "PER"), Span(1, 3, "LOC")]
        fates, _ = project(spans, "a", [(0, 0), (1, 0)], min_score=0.9)
        assert fates[1] == ProjectedSpan(-1, -1, "LOC", 0.5, 1, "conflict")

    def test_its_words_are_not_given_to_the_one_that_lost_them(self):
        spans = [Span(0, 3, "PER"), Span(3, 6, "LOC")]
        pairs = [(0, 0), (1, 0), (3, 0)]
        assert statuses(spans, "a", pairs, min_score=0.9) == ["filtered:min_score", "conflict"]


class TestTogether:
    def test_the_first_reason_is_named(self):
        spans = [Span(0, 2, "PER"), Span(2, 3, "LOC")]
        pairs = [(0, 0), (0, 2)]  # word 1 is not linked, the links have a gap, the place is lost
        chosen = {"comp_src": True, "comp_tgt": True, "comp_ins": True}
        named = []
        while chosen:
            named.append(reason(spans, "a b c", pairs, **chosen))
            del chosen[named[-1].removeprefix("filtered:")]
        assert (
            named
            == ["filtered:comp_src", "filtered:comp_tgt", "filtered:comp_ins"]
            == list(filter_meanings(drop_sentences=True))
        )

    def test_restrict_tgt_is_named_before_min_score(self):
        filters = Filters(FiltersConfig(restrict_tgt=True, min_score=0.5))
        fate = ProjectedSpan(0, 2, "PER", 0.2, 0, "projected")
        assert filters.after(SentencePair(["x"], [Span(0, 1, "PER")], ["a", "b"], []), [fate], [0]) == (
            [ProjectedSpan(-1, -1, "PER", 0.2, 0, "filtered:restrict_tgt")],
            None,
        )

    def test_every_filter_at_once_on_a_sentence_that_passes(self):
        spans = [Span(0, 2, "PER", 0.9), Span(3, 4, "LOC", 0.3), Span(5, 6, "ORG", 0.8)]
        chosen = dict.fromkeys(("comp_src", "comp_tgt", "comp_ins", "restrict_tgt"), True)
        pairs = [(0, 1), (1, 0), (3, 2), (5, 3)]
        fates, why = project(spans, "a b c d .", pairs, min_source_score=0.5, min_score=0.9, **chosen)
        assert why is None
        assert fates == [
            ProjectedSpan(0, 2, "PER", 1.0, 0, "projected"),
            ProjectedSpan(-1, -1, "LOC", 0.3, 1, "filtered:min_source_score"),
            ProjectedSpan(3, 4, "ORG", 1.0, 2, "projected"),
        ]

    @pytest.mark.parametrize("target", ["a b", ""])
    def test_a_sentence_without_entities_passes_all(self, target):
        chosen = dict.fromkeys(("comp_src", "comp_tgt", "comp_ins", "restrict_tgt"), True)
        assert project([], target, [], source="w", min_source_score=1.0, min_score=1.0, **chosen) == ([], None)


class TestTargetLabels:
    @pytest.mark.parametrize("labels", [None, [[1.0]]])
    def test_they_reach_the_projector_with_the_entities_that_take_part(self, labels):
        seen = []

        class Recorder:
            def project(self, pair):
                seen.append(pair)
                return []

        spans, links = [Span(0, 1, "PER", 0.4)], [Link(0, 0, 0.5)]
        filters = Filters(FiltersConfig(min_source_score=0.5))
        project_filtered(Recorder(), filters, SentencePair(["w"], spans, ["a"], links, labels))
        assert seen == [SentencePair(["w"], [], ["a"], links, labels)]


class TestConfig:
    @pytest.mark.parametrize("name", ["min_source_score", "min_score"])
    @pytest.mark.parametrize("value", [-0.1, 1.1])
    def test_a_score_outside_its_range_is_refused(self, name, value):
        with pytest.raises(XnerError) as caught:
            FiltersConfig(**{name: value})
        assert str(caught.value) == f"filters.{name} is {value}; it must be in [0, 1]."

    def test_every_setting_is_off_and_explained(self):
        assert not any(FiltersConfig().settings.values()) and not FiltersConfig().own.part_settings()
        assert all(field.metadata["help"] for one in methods("filter").values() for field in dataclasses.fields(one))

    def test_every_filter_has_a_reason_or_a_status(self):
        reasons, statuses = filter_meanings(drop_sentences=True), filter_meanings(drop_sentences=False)
        assert reasons.keys() | statuses.keys() == {f"filtered:{name}" for name in methods("filter")}
        assert not reasons.keys() & statuses.keys() and all({**reasons, **statuses}.values())


SCORES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
CONFIGS = st.builds(
    FiltersConfig,
    **dict.fromkeys(("comp_src", "comp_tgt", "comp_ins", "restrict_tgt"), st.booleans()),
    min_source_score=SCORES,
    min_score=SCORES,
)


@st.composite
def sentences(draw):
    target = draw(st.lists(st.sampled_from(["a", "b", ","]), max_size=7))
    spans, position = [], 0
    for size in draw(st.lists(st.integers(1, 3), max_size=4)):
        start = position + draw(st.integers(0, 1))
        position = start + size
        spans.append(Span(start, position, draw(st.sampled_from(["PER", "LOC"])), draw(SCORES)))
    cells = [(i, j) for i in range(position) for j in range(len(target))]
    pairs = sorted(draw(st.sets(st.sampled_from(cells), max_size=12))) if cells else []
    return ["w"] * position, spans, target, [Link(i, j, 0.5) for i, j in pairs]


@given(sentences(), CONFIGS)
def test_every_entity_has_one_fate_in_order_and_projected_ones_never_overlap(sentence, config):
    fates, why = project_filtered(PROJECTOR, Filters(config), SentencePair(*sentence))
    spans = sentence[1]
    assert [(fate.source, fate.label) for fate in fates] == [(k, span.label) for k, span in enumerate(spans)]
    assert why is None or (why in filter_meanings(drop_sentences=True) and spans)
    placed = [fate for fate in fates if fate.status == "projected"]
    assert not any(overlap(a, b) for n, a in enumerate(placed) for b in placed[:n])
    for fate, span in zip(fates, spans, strict=True):
        assert (fate.status == "projected") == (fate.start >= 0) == (fate.end > fate.start)
        assert (fate.status == "filtered:min_source_score") == (span.score < config.settings["min_source_score"])
        if fate.status == "projected":
            assert fate.score >= config.settings["min_score"]
            assert not (config.settings["restrict_tgt"] and span.end - span.start == 1 and fate.end - fate.start > 1)


@given(sentences())
def test_with_all_filters_off_the_projection_is_that_of_the_projector(sentence):
    pair = SentencePair(*sentence)
    assert project_filtered(PROJECTOR, Filters(FiltersConfig()), pair) == (PROJECTOR.project(pair), None)


@given(sentences(), CONFIGS)
def test_sentence_filters_change_no_fate(sentence, config):
    without = FiltersConfig(**{**config.settings, "comp_src": False, "comp_tgt": False, "comp_ins": False})
    fates, _ = project_filtered(PROJECTOR, Filters(config), SentencePair(*sentence))
    assert project_filtered(PROJECTOR, Filters(without), SentencePair(*sentence)) == (fates, None)
