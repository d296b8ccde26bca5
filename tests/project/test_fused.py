from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.align.aligner import Link
from xner_hf.errors import XnerError
from xner_hf.project.fused import FEATURES, FusedConfig, FusedProjector, evidence, fitted, probabilities
from xner_hf.project.matching import candidate_spans
from xner_hf.project.projector import ProjectedSpan
from xner_hf.project.scores import Candidates
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import make
from xner_hf.spans import NER_LABELS, Span, overlap

WEIGHTS = {"copied": 3.0, "spelling_close": 2.0, "alignment": 4.0, "length": -1.0, "after": -0.5, "bias": -3.0}
"""Set by hand. They say: a name is where its letters are, else where its links are, and about as long."""


def project(source, spans, target, links=(), labels=None, **settings):
    config = FusedConfig(**{"weights": WEIGHTS, "null_threshold": 0.3, **settings})
    links = [Link(*link) for link in links]
    return FusedProjector(config).project(SentencePair(source.split(), spans, target.split(), links, labels))


def place(fates):
    return [(fate.start, fate.end, fate.status) for fate in fates]


def weighted(features, weights, live=None):
    """Return the probabilities that `weights` give to one table ``[entities, candidates]`` of one feature."""
    features = np.array(features, dtype=float)
    live = np.ones(features.shape, dtype=bool) if live is None else np.array(live)
    return probabilities(features[live][:, None], live, np.array([weights]), 0.0)


class TestProbabilities:
    def test_they_are_odds_beside_those_of_the_null_candidate_which_are_1(self):
        # Odds 2 and 3 beside 1; odds 1/2 beside 1 and another 1.
        found = weighted([[math.log(2), math.log(3)], [math.log(0.5), 0.0]], 1.0)
        np.testing.assert_allclose(found, [[2 / 6, 3 / 6], [0.5 / 2.5, 1 / 2.5]], atol=1e-15)

    def test_logits_are_the_weighted_features_and_the_bias(self):
        features = np.array([[1.0, 2.0], [0.0, 4.0]])
        found = probabilities(features, np.array([[True, True]]), np.array([2.0, -0.5]), -1.0)  # logits 0 and -3
        odds = np.array([1, math.exp(-3)])
        np.testing.assert_allclose(found, [odds / (1 + odds.sum())], atol=1e-15)

    def test_dead_cells_have_none_and_take_none_from_the_others(self):
        found = weighted([[9.0, math.log(2), 9.0]], 1.0, [[False, True, False]])
        np.testing.assert_allclose(found, [[0, 2 / 3, 0]], atol=1e-15)
        assert weighted([[1.0, 1.0]], 1.0, [[False, False]]).tolist() == [[0.0, 0.0]]

    def test_without_candidates_or_entities_there_are_none(self):
        for shape in ((2, 0), (0, 3), (0, 0)):
            live = np.zeros(shape, dtype=bool)
            assert probabilities(np.zeros((0, 1)), live, np.ones(1), 0.0).shape == shape

    def test_large_logits_neither_overflow_nor_vanish(self):
        with np.errstate(all="raise", under="ignore"):
            assert weighted([[1000.0, 1000.0], [-1000.0, -2000.0]], 1.0).tolist() == [[0.5, 0.5], [0.0, 0.0]]

    @given(st.data())
    def test_with_that_of_the_null_candidate_they_sum_to_1(self, data):
        entities, columns = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 5))
        cells = st.lists(st.tuples(st.floats(-20, 20), st.booleans()), min_size=columns, max_size=columns)
        table = data.draw(st.lists(cells, min_size=entities, max_size=entities))
        logits, live = (np.array([[cell[side] for cell in row] for row in table]) for side in (0, 1))
        found = weighted(logits, 1.0, live)
        null = 1 / (1 + np.where(live, np.exp(logits), 0).sum(axis=1))
        np.testing.assert_allclose(found.sum(axis=1) + null, 1, atol=1e-12)
        assert (found[~live] == 0).all() and (found[live] > 0).all()


def cells(source, spans, target, links=(), labels=None, substring=False):
    """Return the features of every live cell by (entity, start, end)."""
    starts, ends = candidate_spans(target.split(), 10, "ngram", None)
    links = [Link(*link) for link in links]
    features, live = evidence(
        SentencePair(source.split(), spans, target.split(), links, labels), Candidates(starts, ends), substring
    )
    assert features.shape == (live.sum(), len(FEATURES)) and live.shape == (len(spans), len(starts))
    places = [(row, int(starts[column]), int(ends[column])) for row, column in zip(*live.nonzero(), strict=True)]
    return {
        place: dict(zip(FEATURES, values, strict=True))
        for place, values in zip(places, features.tolist(), strict=True)
    }


class TestEvidence:
    SPANS = [Span(0, 2, "PER", 0.9), Span(3, 4, "LOC", 0.8)]

    @pytest.fixture
    def found(self):
        links = [(0, 0, 0.5), (1, 1, 1.0), (3, 4, 0.8)]
        return cells("Greta Lindt visited Nigeria .", self.SPANS, "Greta Lindt ta ziyarci Nijeriya .", links)

    def same(self, values, **expected):
        """Whether the features named have these values and all others are 0."""
        assert values == pytest.approx({**dict.fromkeys(FEATURES, 0.0), **expected}, abs=1e-12)

    def test_of_a_copied_name(self, found):
        # Links 0.5 and 1 of 2 between two words and two.
        self.same(
            found[0, 0, 2],
            alignment=0.75,
            alignment_count=1.0,
            spelling=1.0,
            spelling_close=1.0,
            copied=1.0,
            source_score=0.9,
        )

    def test_of_half_a_name(self, found):
        # "greta" is 5 of 10 letters; unlike is 1 - (.5 - .4) / .6; the next word is capitalised.
        self.same(
            found[0, 0, 1],
            alignment=1 / 3,
            alignment_count=2 / 3,
            spelling=0.5,
            unlike_alignment=5 / 18,
            unlike_alignment_count=10 / 18,
            longer=math.log(1 / 2),
            length=math.log(2),
            source_score=0.9,
            after=1.0,
            unlike_after=5 / 6,
        )
        assert (found[0, 1, 2]["before"], found[0, 1, 2]["after"]) == (1.0, 0.0)

    def test_of_a_name_and_a_word_too_many(self, found):
        # "gretalindtta" has 2 letters of 12 too many.
        spelling = 10 / 12
        unlike = 1 - (spelling - 0.4) / 0.6
        self.same(
            found[0, 0, 3],
            alignment=0.6,
            alignment_count=0.8,
            spelling=spelling,
            spelling_close=(spelling - 0.6) / 0.4,
            unlike_alignment=unlike * 0.6,
            unlike_alignment_count=unlike * 0.8,
            longer=math.log(3 / 2),
            length=math.log(3 / 2),
            source_score=0.9,
            closing=1.0,
            unlike_closing=unlike,
        )

    def test_of_a_respelled_name(self, found):
        # nigeria and nijeriya differ in 2 of 8 letters.
        self.same(
            found[1, 4, 5],
            alignment=0.8,
            alignment_count=1.0,
            spelling=0.75,
            spelling_close=0.375,
            unlike_alignment=0.8 * 5 / 12,
            unlike_alignment_count=5 / 12,
            source_score=0.8,
        )

    def test_of_a_translated_name_that_opens_small(self):
        found = cells("Ivory Coast", [Span(0, 2, "LOC")], "a kasar Giwa", [(1, 1, 0.5)])
        values = found[0, 1, 2]
        unlike = 1 - max(0.0, values["spelling"] - 0.4) / 0.6
        assert values["opening"] == values["closing"] == values["after"] == 1.0
        assert values["unlike_opening"] == values["unlike_closing"] == values["unlike_after"] == unlike
        assert values["before"] == 0.0

    def test_spaces_hyphens_case_and_accents_make_no_difference_to_a_copy(self):
        found = cells("Port-Louis", [Span(0, 1, "LOC")], "a PÒRT Louis b")
        assert found[0, 1, 3]["copied"] == 1.0

    def test_cells_are_live_where_a_link_or_more_than_half_of_the_letters_speak_for_them(self):
        spans = [Span(0, 1, "LOC")]
        assert cells("abcd", spans, "abxy") == {}  # exactly half
        assert list(cells("abcd", spans, "abcx")) == [(0, 0, 1)]
        assert list(cells("abcd", spans, "vwxy vwxy", [(0, 1, 0.0)])) == [(0, 1, 2), (0, 0, 2)]

    def test_the_target_tagger_makes_a_cell_live_and_its_score_is_evidence(self):
        labels = np.eye(len(NER_LABELS))[[0, NER_LABELS.index("B-LOC")]]
        found = cells("abcd", [Span(0, 1, "LOC"), Span(0, 1, "PER")], "vwxy zyxw", labels=labels)
        assert list(found) == [(0, 1, 2)]
        assert found[0, 1, 2]["tagger"] == 1.0

    def test_a_word_that_holds_the_name_is_a_copy_when_asked(self):
        spans, target = [Span(0, 1, "PER")], "umuntu likaMandela"
        assert cells("Mandela", spans, target)[0, 1, 2]["copied"] == 0.0
        found = cells("Mandela", spans, target, substring=True)[0, 1, 2]
        assert (found["copied"], found["spelling"], found["spelling_close"]) == (1.0, 1.0, 1.0)

    def test_names_without_letters_are_compared_as_they_are(self):
        assert cells("&", [Span(0, 1, "ORG")], "a & b") == {}  # punctuation is no candidate
        assert cells("½", [Span(0, 1, "ORG")], "a ½ b")[0, 1, 2]["copied"] == 1.0

    def test_without_entities_there_is_none(self):
        assert cells("a b", [], "a b") == {}

    @pytest.mark.parametrize(
        "name, target", [("محمد", "قال محمد أمس"), ("አበበ", "ትናንት አበበ መጣ"), ("北京", "在 北京 见")]
    )
    def test_of_a_script_without_case_has_no_capitals(self, name, target):
        found = cells(name, [Span(0, 1, "PER")], target)[0, 1, 2]
        assert found["copied"] == 1.0
        assert not any(found[side] for side in ("opening", "closing", "before", "after"))

    def test_a_latin_name_in_a_script_without_case_is_not_reproached_for_it(self):
        found = cells("Kano", [Span(0, 1, "LOC")], "ትናንት ካኖ መጣ", [(0, 1, 1.0)])[0, 1, 2]
        assert not any(found[side] for side in ("opening", "closing", "before", "after"))


class TestProjector:
    def test_a_copied_name_wins_over_a_wrong_link_with_its_probability(self):
        (fate,) = project("Kano", [Span(0, 1, "LOC")], "birnin Kano", [(0, 0, 1.0)])
        # birnin: alignment 1, after 1. Kano: copied, close. Both words: alignment 2/3, "kano" is 4 letters of 10.
        logits = [4 - 0.5 - 3, 3 + 2 - 3, 4 * 2 / 3 - math.log(2) - 3]
        odds = [math.exp(logit) for logit in logits]
        assert fate == ProjectedSpan(1, 2, "LOC", pytest.approx(odds[1] / (1 + sum(odds)), abs=1e-12), 0, "projected")

    def test_a_translated_name_is_found_by_its_links(self):
        fates = project("Ivory Coast", [Span(0, 2, "LOC")], "a kasar Giwa", [(0, 1, 1.0), (1, 2, 1.0)])
        assert place(fates) == [(1, 3, "projected")]

    def test_names_that_change_places_keep_their_types(self):
        spans = [Span(0, 1, "ORG"), Span(2, 4, "PER")]
        fates = project("Barewa hired Amina Bello", spans, "Amina Bello ta shiga Barewa")
        assert [(*fate[:3], fate.status) for fate in fates] == [(4, 5, "ORG", "projected"), (0, 2, "PER", "projected")]

    def test_an_entity_that_nothing_speaks_for_is_unaligned_and_an_unlikely_one_is_low(self):
        assert project("Kano", [Span(0, 1, "LOC")], "vv ww") == [ProjectedSpan(-1, -1, "LOC", 0.0, 0, "unaligned")]
        (fate,) = project("Kano", [Span(0, 1, "LOC")], "vv", [(0, 0, 0.5)])
        assert fate[:3] == (-1, -1, "LOC") and fate.status == "low_score"
        assert fate.score == pytest.approx(math.exp(-1) / (1 + math.exp(-1)), abs=1e-12)

    def test_a_null_threshold_is_a_probability(self):
        odds = math.exp(4 * 0.75 - 3)  # probability 1/2
        for threshold, status in ((odds / (1 + odds) - 1e-9, "projected"), (odds / (1 + odds) + 1e-9, "low_score")):
            (fate,) = project("Kano", [Span(0, 1, "LOC")], "vv", [(0, 0, 0.75)], null_threshold=threshold)
            assert fate.status == status

    @pytest.mark.parametrize("solver", ["greedy", "exact", "milp"])
    def test_source_entities_that_overlap_never_share_a_target_word(self, solver):
        spans = [Span(0, 3, "ORG"), Span(2, 3, "LOC"), Span(0, 1, "ORG")]
        links = [(0, 0, 1.0), (2, 1, 1.0)]
        fates = project("University of Lagos", spans, "Jami'ar Lagos", links, solver=solver, null_threshold=0.1)
        placed = [Span(*fate[:3]) for fate in fates if fate.status == "projected"]
        assert len(placed) >= 1
        assert not any(overlap(a, b) for i, a in enumerate(placed) for b in placed[:i])
        assert {fate.status for fate in fates} == {"projected", "conflict"}

    def test_a_name_that_occurs_several_times_is_taken_where_it_stands_first(self):
        for copies in range(2, 13):
            target = " ".join(f"w{number} Kano" for number in range(copies))
            (fate,) = project("Kano", [Span(0, 1, "LOC")], target, max_words=1, null_threshold=0.0)
            assert (fate.start, fate.end) == (1, 2)

    def test_equal_evidence_is_equally_likely_wherever_it_stands(self):
        generator = np.random.default_rng(0)
        for copies in (3, 5, 11, 1003):
            features = np.tile(generator.normal(size=len(FEATURES)), (copies, 1))
            found = probabilities(
                features, np.ones((1, copies), dtype=bool), generator.normal(size=len(FEATURES)), 0.1
            )
            assert len(set(found[0].tolist())) == 1

    def test_without_entities_or_candidates_nothing_is_projected(self):
        assert project("a b", [], "a b") == []
        spans = [Span(0, 1, "LOC"), Span(1, 2, "PER")]
        for target in ("", "... «"):
            assert place(project("Kano Ada", spans, target)) == [(-1, -1, "unaligned")] * 2

    def test_a_score_that_is_no_number_fails_aloud_and_does_not_leave_a_sentence_without_entities(self):
        with pytest.raises(XnerError, match="entity 0 and candidate 0 is nan"):
            project("Kano", [Span(0, 1, "LOC")], "Kano", [(0, 0, float("nan"))])

    def test_names_in_a_right_to_left_script_are_found(self):
        spans = [Span(0, 1, "PER"), Span(2, 3, "LOC")]
        fates = project("محمد في بغداد", spans, "بغداد ، جاء محمد", [(1, 2, 1.0)])
        assert place(fates) == [(3, 4, "projected"), (0, 1, "projected")]

    def test_only_spans_that_the_target_tagger_finds_are_taken_when_asked(self):
        labels = np.eye(len(NER_LABELS))[[NER_LABELS.index(tag) for tag in ("B-LOC", "I-LOC", "O")]]
        settings = {"target_tagger": "some/model", "weights": {**WEIGHTS, "tagger": 2.0}}
        spans, links = [Span(0, 1, "LOC")], [(0, 0, 1.0)]
        assert place(project("Kano", spans, "Kano x y", links, labels, **settings)) == [(0, 1, "projected")]
        fates = project("Kano", spans, "Kano x y", links, labels, candidates="tagger", **settings)
        assert place(fates) == [(0, 2, "projected")]

    @pytest.mark.parametrize("words, entities", [(2_000, 5), (10_000, 20)])
    def test_a_very_long_sentence_needs_little_memory(self, words, entities):
        target = [f"w{number}" for number in range(words)]
        names = [f"Name{chr(97 + number)}borough" for number in range(entities)]
        places = [(number * words) // entities + 7 for number in range(entities)]
        for name, at in zip(names, places, strict=True):
            target[at] = name
        spans = [Span(number, number + 1, "LOC") for number in range(entities)]
        links = [(number, at, 0.9) for number, at in enumerate(places)]
        tracemalloc.start()
        try:
            fates = project(" ".join(names), spans, " ".join(target), links)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert place(fates) == [(at, at + 1, "projected") for at in places]
        # All features of all candidates would be 18 numbers of 8 bytes for each of 10 candidates a word.
        assert peak < 18 * 8 * 10 * words * entities


class TestConfig:
    @pytest.mark.parametrize(
        "weights, message",
        [
            (
                {"copid": 1.0, "bias": 0.0},
                "projector.weights has no score 'copid'. Did you mean 'copied'? It has: bias, alignment, ",
            ),
            ({"spelling": 1.0}, "projector.weights lacks 'bias'"),
            ({}, "projector.weights lacks 'bias'"),
            ({"spelling": float("nan"), "bias": 0.0}, "to finite numbers; `xner calibrate` writes such a mapping."),
            ({"spelling": "high", "bias": 0.0}, "to finite numbers"),
            ({"spelling": True, "bias": 0.0}, "to finite numbers"),
            ([1.0, 2.0], "to finite numbers"),
        ],
    )
    def test_bad_weights_are_refused(self, weights, message):
        with pytest.raises(XnerError) as caught:
            FusedConfig(weights=weights)
        assert message in str(caught.value)

    @pytest.mark.parametrize("threshold", [-0.1, 1.0, float("nan")])
    def test_a_threshold_that_is_no_probability_below_1_is_refused(self, threshold):
        with pytest.raises(XnerError) as caught:
            FusedConfig(null_threshold=threshold)
        assert str(caught.value) == f"projector.null_threshold is {threshold}; it must be in [0, 1)."

    def test_the_choices_of_all_methods_are_checked(self):
        with pytest.raises(XnerError, match="projector.solver is 'exakt'. Did you mean 'exact'"):
            FusedConfig(solver="exakt")

    def test_whole_numbers_are_weights_and_scores_that_are_not_named_weigh_nothing(self):
        (fate,) = project("Kano", [Span(0, 1, "LOC")], "Kano", weights={"copied": 1, "bias": 0})
        assert fate.score == pytest.approx(math.e / (1 + math.e), abs=1e-12)


class TestFitted:
    def test_no_language_gets_weights_that_were_fitted_on_its_gold(self):
        languages = {name.split(":")[1] for name in fitted()["fitted_on"]}
        for language in languages:
            assert language not in {name.split(":")[1] for name in fitted(language)["fitted_on"]}

    @pytest.mark.parametrize("language", [None, "und", "xxx"])
    def test_other_languages_get_the_default(self, language):
        assert fitted(language) == fitted()

    def test_what_comes_with_the_package_is_a_valid_setting(self):
        for language in (None, *(name.split(":")[1] for name in fitted()["fitted_on"])):
            assert fitted(language).keys() == {"weights", "null_threshold", "fitted_on"}
            make("projector", "fused", fitted(language))

    def test_it_is_what_a_projector_without_settings_uses(self):
        source, target = ["Ada", "in", "Nigeria"], ["Ada", "a", "Nijeriya"]
        problem = source, [Span(0, 1, "PER"), Span(2, 3, "LOC")], target, [Link(0, 0, 0.9), Link(2, 2, 0.75)]
        given_it = make("projector", "fused", fitted()).project(SentencePair(*problem))
        assert FusedProjector(FusedConfig()).project(SentencePair(*problem)) == given_it

    def test_what_a_caller_does_to_it_stays_with_the_caller(self):
        before = fitted()
        fitted()["weights"]["bias"] = 99.0
        assert fitted() == before
