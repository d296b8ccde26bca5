from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rapidfuzz.distance import JaroWinkler

from xner_hf.align.aligner import Link
from xner_hf.errors import XnerError
from xner_hf.project.projector import ProjectedSpan
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import make, settings_of
from xner_hf.spans import NER_LABELS, Span

NO_SURFACE = 1.5
"""A surface similarity that nothing reaches, so that links alone decide."""


def project(source, spans, target, links=(), labels=None, **settings):
    projector = make("projector", "candidates", settings)
    return projector.project(
        SentencePair(source.split(), spans, target.split(), [Link(*link) for link in links], labels)
    )


def tagged(tags, probability=1.0):
    """Return label distributions: these tags with a probability, the rest shared by all seven labels."""
    table = np.eye(len(NER_LABELS))[[NER_LABELS.index(tag) for tag in tags.split()]]
    return probability * table + (1 - probability) / len(NER_LABELS)


def place(fates):
    return [(fate.start, fate.end, fate.status) for fate in fates]


def test_the_defaults_are_the_measured_ones():
    assert asdict(settings_of("projector", "candidates", {})) == {
        "max_words": 10,
        "candidates": "ngram",
        "alignment_weight": 0.5,
        "weighted": True,
        "min_surface": 0.85,
        "substring": False,
        "target_tagger": None,
        "tagger_weight": 0.5,
        "translation_model": None,
        "translation_languages": (),
        "translation_weight": 1.0,
        "null_threshold": 0.4,
        "solver": "exact",
    }


class TestSurface:
    def test_a_copied_name_is_found_without_any_link(self):
        fates = project("Ada Lovelace sings", [Span(0, 2, "PER")], "ta ga Ada Lovelace jiya")
        assert fates == [ProjectedSpan(2, 4, "PER", 1.0, 0, "projected")]

    def test_the_best_match_wins_not_the_last_that_would_do(self):
        fates = project("Kenya", [Span(0, 1, "LOC")], "Kenyatta na Kenya na Kenyatta")
        assert fates == [ProjectedSpan(2, 3, "LOC", 1.0, 0, "projected")]

    def test_a_respelled_name_is_found_with_its_similarity(self):
        (fate,) = project("Nigeria", [Span(0, 1, "LOC")], "a Najeriya da Nijeriya")
        assert (fate.start, fate.end) == (3, 4)
        assert fate.score == pytest.approx(JaroWinkler.similarity("nigeria", "nijeriya"), abs=1e-12)

    def test_accents_and_case_do_not_matter(self):
        fates = project("Abidjan OYO", [Span(0, 1, "LOC"), Span(1, 2, "LOC")], "Ọ̀yọ́ ÀBÌDJÁN")
        assert place(fates) == [(1, 2, "projected"), (0, 1, "projected")]
        assert [fate.score for fate in fates] == [1.0, 1.0]

    def test_what_is_less_similar_than_asked_counts_as_nothing(self):
        assert project("Abuja", [Span(0, 1, "LOC")], "zz yy") == [ProjectedSpan(-1, -1, "LOC", 0.0, 0, "unaligned")]
        similar = round(JaroWinkler.similarity("nigeria", "najeriya"), 12)
        spans = [Span(0, 1, "LOC")]
        assert place(project("Nigeria", spans, "Najeriya", min_surface=similar)) == [(0, 1, "projected")]
        assert place(project("Nigeria", spans, "Najeriya", min_surface=similar + 1e-9)) == [(-1, -1, "unaligned")]

    def test_surfaces_are_left_out_when_asked(self):
        assert place(project("Kano", [Span(0, 1, "LOC")], "Kano", min_surface=NO_SURFACE)) == [(-1, -1, "unaligned")]

    def test_a_copy_beats_a_certain_link(self):
        fates = project("Kano", [Span(0, 1, "LOC")], "birnin Kano", [(0, 0, 1.0)])
        assert fates == [ProjectedSpan(1, 2, "LOC", 1.0, 0, "projected")]


class TestLinks:
    def test_a_translated_name_is_found_by_its_links_with_the_weighted_score(self):
        fates = project("Ivory Coast", [Span(0, 2, "LOC")], "a kasar hauren giwa", [(0, 2, 0.95), (1, 3, 0.95)])
        assert fates == [ProjectedSpan(2, 4, "LOC", pytest.approx(0.5 * 0.95, abs=1e-12), 0, "projected")]

    def test_links_are_left_out_when_asked(self):
        fates = project("Coast", [Span(0, 1, "LOC")], "giwa", [(0, 0, 1.0)], alignment_weight=0.0)
        assert place(fates) == [(-1, -1, "unaligned")]

    def test_links_of_other_words_do_not_matter(self):
        fates = project("x y z", [Span(1, 2, "LOC")], "a b c", [(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)])
        assert place(fates) == [(1, 2, "projected")]

    def test_links_count_by_their_probability_or_each_as_one(self):
        spans, link = [Span(0, 1, "LOC")], [(0, 1, 0.5)]
        assert project("Coast", spans, "a giwa", link)[0][3:] == (0.25, 0, "low_score")
        assert project("Coast", spans, "a giwa", link, weighted=False) == [
            ProjectedSpan(1, 2, "LOC", 0.5, 0, "projected")
        ]


class TestSubstring:
    def test_a_word_that_holds_the_name_with_affixes_is_taken_whole(self):
        spans = [Span(0, 1, "PER")]
        # Jaro-Winkler similarity of mandela and likamandela is below .85.
        assert place(project("Mandela", spans, "umuntu likaMandela")) == [(-1, -1, "unaligned")]
        fates = project("Mandela", spans, "umuntu likaMandela", substring=True)
        assert fates == [ProjectedSpan(1, 2, "PER", 1.0, 0, "projected")]

    def test_a_word_with_too_many_letters_more_does_not_hold_the_name(self):
        fates = project("Mandela", [Span(0, 1, "PER")], "emakhayalikaMandela", substring=True)
        assert place(fates) == [(-1, -1, "unaligned")]


class TestTagger:
    TAGGER = {"target_tagger": "some/model", "alignment_weight": 0.0, "min_surface": NO_SURFACE}

    def test_the_span_that_the_target_tagger_finds_is_taken_with_its_weight(self):
        labels = tagged("O B-PER I-PER O", 0.79)  # 0.82 for each of these tags
        for weight in (0.5, 0.75):
            (fate,) = project("Ada", [Span(0, 1, "PER")], "a b c d", (), labels, tagger_weight=weight, **self.TAGGER)
            assert (fate.start, fate.end, fate.status) == (1, 3, "projected")
            assert fate.score == pytest.approx(weight * 1.15 * 0.82, abs=1e-12)

    def test_a_span_of_another_type_scores_nothing(self):
        fates = project("Ada", [Span(0, 1, "LOC")], "a b", (), tagged("O B-PER"), **self.TAGGER)
        assert fates == [ProjectedSpan(-1, -1, "LOC", 0.0, 0, "unaligned")]

    def test_weight_0_leaves_the_score_out(self):
        fates = project("Ada", [Span(0, 1, "PER")], "a b", (), tagged("O B-PER"), tagger_weight=0.0, **self.TAGGER)
        assert place(fates) == [(-1, -1, "unaligned")]

    def test_of_all_scores_of_a_candidate_the_largest_counts(self):
        labels = tagged("B-PER O")
        settings = {"target_tagger": "some/model", "alignment_weight": 1.0, "min_surface": NO_SURFACE}
        fates = project("Ada", [Span(0, 1, "PER")], "x y", [(0, 1, 0.75)], labels, **settings)
        assert fates == [ProjectedSpan(1, 2, "PER", 0.75, 0, "projected")]

    def test_only_predicted_spans_are_candidates_when_asked(self):
        labels = tagged("B-LOC I-LOC O")
        spans, settings = [Span(0, 1, "LOC")], {"target_tagger": "some/model", "min_surface": 0.8}
        assert place(project("Kano", spans, "Kano x y", (), labels, **settings)) == [(0, 1, "projected")]
        fates = project("Kano", spans, "Kano x y", (), labels, candidates="tagger", **settings)
        assert place(fates) == [(0, 2, "projected")]
        fates = project("Kano", spans, "Kano x y", (), labels, candidates="both", **settings)
        assert place(fates) == [(0, 1, "projected")]

    def test_where_the_tagger_finds_nothing_every_entity_is_unaligned(self):
        settings = {"target_tagger": "some/model", "candidates": "tagger"}
        fates = project("Kano", [Span(0, 1, "LOC")], "Kano", [(0, 0, 1.0)], tagged("O"), **settings)
        assert fates == [ProjectedSpan(-1, -1, "LOC", 0.0, 0, "unaligned")]

    def test_without_label_distributions_its_candidates_cannot_be_had(self):
        with pytest.raises(XnerError, match="give target_labels"):
            project("Kano", [Span(0, 1, "LOC")], "Kano", target_tagger="some/model", candidates="tagger")


class TestThreshold:
    def test_a_score_at_the_threshold_is_too_low_and_is_kept_with_the_fate(self):
        settings = {"alignment_weight": 1.0, "min_surface": NO_SURFACE}
        for threshold, status in ((0.5, "low_score"), (0.49, "projected")):
            (fate,) = project("x", [Span(0, 1, "LOC")], "a", [(0, 0, 0.5)], null_threshold=threshold, **settings)
            assert (fate.status, fate.score) == (status, 0.5)

    def test_an_entity_that_nothing_speaks_for_is_unaligned(self):
        assert project("x", [Span(0, 1, "LOC")], "a", null_threshold=0.0) == [
            ProjectedSpan(-1, -1, "LOC", 0.0, 0, "unaligned")
        ]


class TestConflicts:
    def test_the_higher_score_takes_the_words_and_the_loser_keeps_its_score(self):
        fates = project("Kanoo Kano", [Span(0, 1, "PER"), Span(1, 2, "LOC")], "Kano")
        assert place(fates) == [(-1, -1, "conflict"), (0, 1, "projected")]
        assert fates[0].score == pytest.approx(JaroWinkler.similarity("kanoo", "kano"), abs=1e-12)

    def test_a_name_that_occurs_twice_serves_two_entities_from_left_to_right(self):
        fates = project("Kano Kano", [Span(0, 1, "LOC"), Span(1, 2, "LOC")], "a Kano b Kano")
        assert place(fates) == [(1, 2, "projected"), (3, 4, "projected")]

    def test_the_loser_takes_its_next_best_candidate(self):
        settings = {"alignment_weight": 1.0, "min_surface": NO_SURFACE}
        links = [(0, 0, 1.0), (1, 0, 0.75), (1, 1, 0.5)]
        fates = project("x y", [Span(0, 1, "PER"), Span(1, 2, "LOC")], "a b", links, **settings)
        assert place(fates) == [(0, 1, "projected"), (1, 2, "projected")]
        assert fates[1].score == 0.5

    def test_where_the_words_of_two_entities_meet_each_keeps_a_whole_span(self):
        settings = {"alignment_weight": 1.0, "min_surface": NO_SURFACE}
        links = [(0, 0, 1.0), (0, 1, 1.0), (1, 1, 1.0), (1, 2, 1.0)]
        fates = project("x y", [Span(0, 1, "PER"), Span(1, 2, "LOC")], "a b c", links, **settings)
        # Spans of one word score 2*1/(1+1), those of two words 2*2/(1+2); only one entity can have two.
        assert place(fates) == [(0, 2, "projected"), (2, 3, "projected")]

    def test_the_exact_solver_gives_up_a_little_where_the_greedy_one_loses_an_entity(self):
        settings = {"alignment_weight": 1.0, "min_surface": NO_SURFACE}
        problem = "x y", [Span(0, 1, "PER"), Span(1, 2, "LOC")], "a b c", [(0, 0, 0.9), (0, 2, 0.8), (1, 0, 0.85)]
        for solver in ("exact", "milp"):
            assert place(project(*problem, solver=solver, **settings)) == [(2, 3, "projected"), (0, 1, "projected")]
        greedy = project(*problem, solver="greedy", **settings)
        assert place(greedy) == [(0, 1, "projected"), (-1, -1, "conflict")]
        assert greedy[1].score == 0.85

    @pytest.mark.parametrize("solver", ["greedy", "exact", "milp"])
    def test_spans_that_overlap_are_never_both_kept_nor_is_one_cut_short(self, solver):
        settings = {"alignment_weight": 1.0, "min_surface": NO_SURFACE, "solver": solver}
        spans, links = [Span(0, 2, "PER"), Span(2, 3, "LOC")], [(0, 0, 1.0), (1, 1, 1.0), (2, 1, 1.0)]
        fates = project("x y z", spans, "a b", links, **settings)
        placed = [(fate.start, fate.end) for fate in fates if fate.status == "projected"]
        assert placed in ([(0, 2)], [(0, 1), (1, 2)])


@pytest.mark.parametrize("score", [float("nan"), -1.0])
def test_a_pair_that_cannot_be_scored_fails_aloud_and_does_not_become_a_sentence_without_entities(score):
    with pytest.raises(XnerError, match="score"):
        project("x", [Span(0, 1, "PER")], "a", [(0, 0, score)], alignment_weight=1.0, min_surface=NO_SURFACE)


class TestTies:
    def test_the_shorter_of_equal_candidates_is_taken(self):
        links = [(0, 0, 0.25), (0, 1, 0.5)]  # 2*.5/(1+1) for the second word, 2*.75/(1+2) for both
        fates = project("x", [Span(0, 1, "LOC")], "a b", links, alignment_weight=1.0, min_surface=NO_SURFACE)
        assert fates == [ProjectedSpan(1, 2, "LOC", 0.5, 0, "projected")]

    def test_the_leftmost_of_equal_candidates_is_taken(self):
        links = [(0, 3, 0.75), (0, 1, 0.75)]
        fates = project("x", [Span(0, 1, "LOC")], "a b c d", links, alignment_weight=1.0, min_surface=NO_SURFACE)
        assert place(fates) == [(1, 2, "projected")]
        assert place(project("Kano", [Span(0, 1, "LOC")], "a Kano b Kano")) == [(1, 2, "projected")]


class TestCandidates:
    def test_no_candidate_is_longer_than_asked(self):
        spans = [Span(0, 3, "ORG")]
        assert place(project("a b c", spans, "a b c", max_words=3)) == [(0, 3, "projected")]
        (fate,) = project("a b c", spans, "a b c", max_words=2)
        assert fate.end - fate.start == 2
        assert fate.score < 1

    def test_punctuation_may_stand_inside_a_name_but_not_at_its_border(self):
        assert place(project("Abuja , FCT", [Span(0, 3, "LOC")], "« Abuja , FCT »")) == [(1, 4, "projected")]
        links = [(0, 0, 1.0), (0, 1, 1.0), (0, 2, 1.0)]
        fates = project("x", [Span(0, 1, "LOC")], "« giwa »", links, min_surface=NO_SURFACE)
        assert place(fates) == [(1, 2, "projected")]


@st.composite
def problems(draw):
    """One entity of a few words; links in eighths and weights in halves, whose sums are exact."""
    words = st.sampled_from(["ada", "adah", "kano", "da", ",", "x"])
    source = draw(st.lists(words, min_size=1, max_size=4))
    target = draw(st.lists(words, min_size=1, max_size=6))
    cells = st.tuples(st.integers(0, len(source) - 1), st.integers(0, len(target) - 1))
    links = [(i, j, draw(st.integers(0, 8)) / 8) for i, j in draw(st.lists(cells, unique=True, max_size=8))]
    start = draw(st.integers(0, len(source) - 1))
    return source, Span(start, draw(st.integers(start + 1, len(source))), "PER"), target, links


@given(problems(), st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.85, NO_SURFACE]), st.integers(1, 6))
@example((["ada"], Span(0, 1, "PER"), ["ada", "ada"], [(0, 0, 0.625), (0, 1, 1.0)]), 1.0, 0.0, 2)
@example(([",", "adah"], Span(0, 2, "PER"), ["x", "adah"], []), 0.0, 0.0, 2)
def test_one_entity_goes_to_the_best_of_all_its_candidates(problem, weight, min_surface, max_words):
    source, span, target, links = problem
    settings = {"alignment_weight": weight, "min_surface": min_surface, "max_words": max_words, "null_threshold": 0.25}
    (fate,) = project(" ".join(source), [span], " ".join(target), links, **settings)
    name = " ".join(source[span.start : span.end])
    found = []
    for start in range(len(target)):
        for end in range(start + 1, min(len(target), start + max_words) + 1):
            if "," not in (target[start], target[end - 1]):
                mass = sum(p for i, j, p in links if span.start <= i < span.end and start <= j < end)
                surface = round(JaroWinkler.similarity(name, " ".join(target[start:end])), 12)
                surface = surface if surface >= min_surface else 0.0
                found.append((2 * mass / (span.end - span.start + end - start), surface, end - start, start))
    most = max((ratio for ratio, *_ in found), default=0.0)
    scored = []
    for ratio, surface, size, start in found:
        aligned = weight * min(1.0, ratio)
        # Of candidates that are the best by their links alone, only those with most links equal a copied name.
        behind = most - ratio if ratio >= 1 and surface < aligned else 0.0
        scored.append((-max(aligned, surface), behind, size, start))
    best, _, size, start = min(scored, default=(0.0, 0.0, 0, 0))
    if best < -0.25:
        assert fate == ProjectedSpan(start, start + size, "PER", -best, 0, "projected")
    else:
        assert fate == ProjectedSpan(-1, -1, "PER", -best, 0, "low_score" if best else "unaligned")


@pytest.mark.parametrize("probability", [0.9, 1.0])
@pytest.mark.parametrize("solver", ["greedy", "exact", "milp"])
def test_the_surest_links_do_not_give_the_shortest_span(probability, solver):
    links = [Link(0, word, probability) for word in range(3)]
    made = make("projector", "candidates", {"solver": solver, "alignment_weight": 1.0})
    (fate,) = made.project(SentencePair(["United"], [Span(0, 1, "LOC")], ["Abc", "Def", "ghi", "jkl"], links))
    assert (fate.start, fate.end) == (0, 3) and fate.score == 1.0
