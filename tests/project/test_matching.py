from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.project.matching import SOURCES, MatchingConfig, candidate_spans, match
from xner_hf.project.projector import ProjectedSpan, is_punctuation
from xner_hf.project.scores.text import texts
from xner_hf.project.solvers import SOLVERS
from xner_hf.spans import NER_LABELS, Span, spans_from_iob2


def tagged(tags):
    """Return the label distributions of a tagger that is sure of these tags."""
    return np.eye(len(NER_LABELS))[[NER_LABELS.index(tag) for tag in tags.split()]]


def candidates(target, longest=10, source="ngram", tags=None):
    starts, ends = candidate_spans(target.split(), longest, source, None if tags is None else tagged(tags))
    assert starts.dtype == ends.dtype == np.dtype(int)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


class TestNgrams:
    def test_all_of_them_are_given_shorter_first_and_then_from_left_to_right(self):
        assert candidates("a b c") == [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (0, 3)]

    def test_none_is_longer_than_asked(self):
        assert candidates("a b c d", longest=2) == [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (1, 3), (2, 4)]

    def test_punctuation_may_stand_inside_but_not_at_a_border(self):
        assert candidates("« a , b »") == [(1, 2), (3, 4), (1, 4)]

    def test_a_sentence_without_words_has_none(self):
        assert candidates("") == []
        assert candidates("... «") == []

    def test_what_a_caller_does_to_them_does_not_reach_the_next_sentence(self):
        starts, ends = candidate_spans(["a", "b"], 10, "ngram", None)
        starts[:] = ends[:] = 7
        assert candidates("c d") == [(0, 1), (1, 2), (0, 2)]


class TestPredictedSpans:
    def test_with_a_tagger_only_the_spans_that_it_finds_are_candidates(self):
        assert candidates("a b c d e", 10, "tagger", "B-PER I-PER O B-LOC B-LOC") == [(3, 4), (4, 5), (0, 2)]

    def test_the_type_of_a_predicted_span_makes_no_difference(self):
        assert candidates("a b c", 10, "tagger", "B-PER I-LOC O") == [(0, 1), (1, 2)]

    def test_a_predicted_span_may_be_longer_than_the_longest_ngram(self):
        tags = "B-ORG I-ORG I-ORG O B-PER I-PER I-PER I-PER B-LOC"
        words = "a b c d e f g h i"
        assert candidates(words, 2, "tagger", tags) == [(8, 9), (0, 3), (4, 8)]
        assert candidates(words, 2, "both", tags) == [*candidates(words, 2), (0, 3), (4, 8)]

    def test_with_both_a_span_found_twice_is_given_once(self):
        assert candidates("a b c", 3, "both", "B-PER I-PER O") == candidates("a b c", 3)

    def test_a_predicted_span_with_punctuation_at_its_border_is_none_however_long(self):
        tags = "B-PER I-PER I-PER I-PER"
        for words in ("« a b c", "a b c »"):
            for longest in (2, 10):
                assert candidates(words, longest, "tagger", tags) == []
                assert candidates(words, longest, "both", tags) == candidates(words, longest)
        assert candidates("a - , c", 2, "tagger", tags) == [(0, 4)]

    def test_a_tagger_that_finds_nothing_leaves_no_candidates(self):
        assert candidates("a b", 10, "tagger", "O O") == []
        assert candidates("", 10, "both", "") == []

    @pytest.mark.parametrize("source", ["tagger", "both"])
    def test_without_label_distributions_they_cannot_be_had(self, source):
        with pytest.raises(XnerError, match="give target_labels"):
            candidate_spans(["a"], 10, source, None)

    @pytest.mark.parametrize("shape", [(1, 7), (3, 7), (2, 9), (2,)])
    def test_label_distributions_of_another_sentence_are_refused_with_their_shape(self, shape):
        with pytest.raises(XnerError) as caught:
            candidate_spans(["a", "b"], 10, "tagger", np.zeros(shape))
        assert f"the shape {list(shape)}" in str(caught.value)
        assert "a target sentence of 2 words needs [2, 7]" in str(caught.value)


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", ",", "—"]), st.sampled_from(NER_LABELS)), max_size=9),
    st.integers(1, 9),
    st.sampled_from(SOURCES),
)
def test_candidates_are_the_asked_spans_without_punctuation_at_the_borders_each_once(sentence, longest, source):
    words, tags = [word for word, _ in sentence], [tag for _, tag in sentence]
    found = candidates(" ".join(words), longest, source, " ".join(tags))
    spans = [(a, b) for a in range(len(words)) for b in range(a + 1, len(words) + 1)]
    predicted = {(span.start, span.end) for span in spans_from_iob2(tags)}
    wanted = {
        (a, b)
        for a, b in spans
        if ((source != "tagger" and b - a <= longest) or (source != "ngram" and (a, b) in predicted))
        and not is_punctuation(words[a])
        and not is_punctuation(words[b - 1])
    }
    assert found == sorted(wanted, key=lambda span: (span[1] - span[0], span[0]))


def test_texts_are_the_words_of_the_spans():
    assert texts(["a", "b", "c"], [0, 1], [2, 2]) == ["a b", "b"]


def check_choices(max_words, candidates, solver, target_tagger):
    MatchingConfig(max_words, candidates, target_tagger, solver)


class TestCheckChoices:
    def test_good_choices_pass(self):
        check_choices(1, "ngram", "exact", None)
        check_choices(10, "both", "milp", "some/model")

    @pytest.mark.parametrize(
        "choices, message",
        [
            ((0, "ngram", "exact", None), "projector.max_words is 0; it must be 1 or more."),
            (
                (10, "ngrams", "exact", None),
                "projector.candidates is 'ngrams'. Did you mean 'ngram'? Known: ngram, tagger, both.",
            ),
            (
                (10, "ngram", "exactly", None),
                "projector.solver is 'exactly'. Did you mean 'exact'? Known: greedy, exact, milp.",
            ),
            (
                (10, "tagger", "exact", None),
                "projector.candidates 'tagger' needs a tagger of the target side; give target_tagger.",
            ),
            (
                (10, "both", "exact", None),
                "projector.candidates 'both' needs a tagger of the target side; give target_tagger.",
            ),
        ],
    )
    def test_a_bad_one_is_refused_with_its_name_its_value_and_the_remedy(self, choices, message):
        with pytest.raises(XnerError) as caught:
            check_choices(*choices)
        assert str(caught.value) == message


def fates(scores, bounds, threshold=0.3, solver="exact", labels="PER LOC ORG"):
    scores = np.array(scores, dtype=float).reshape(-1, len(bounds))
    spans = [
        Span(number, number + 1, label) for number, label in zip(range(len(scores)), labels.split(), strict=False)
    ]
    starts, ends = (np.array([bound[side] for bound in bounds], dtype=int) for side in (0, 1))
    return match(spans, scores, starts, ends, threshold, solver)


@pytest.mark.parametrize("solver", SOLVERS)
class TestMatch:
    def test_an_entity_gets_its_best_candidate_with_its_score(self, solver):
        assert fates([[0.5, 0.9], [0.75, 0.1]], [(0, 1), (1, 3)], solver=solver) == [
            ProjectedSpan(1, 3, "PER", 0.9, 0, "projected"),
            ProjectedSpan(0, 1, "LOC", 0.75, 1, "projected"),
        ]

    def test_an_entity_whose_words_went_to_a_better_one_is_a_conflict_with_its_best_score(self, solver):
        assert fates([[0.5, 0.75], [0.9, 0.95]], [(0, 1), (0, 2)], solver=solver) == [
            ProjectedSpan(-1, -1, "PER", 0.75, 0, "conflict"),
            ProjectedSpan(0, 2, "LOC", 0.95, 1, "projected"),
        ]

    def test_the_loser_takes_its_next_best_candidate_where_that_is_above_the_threshold(self, solver):
        assert fates([[0.8, 0.5], [0.9, 0.0]], [(0, 1), (1, 2)], solver=solver)[0][:4] == (1, 2, "PER", 0.5)
        assert fates([[0.8, 0.3], [0.9, 0.0]], [(0, 1), (1, 2)], solver=solver)[0].status == "conflict"

    def test_at_the_threshold_a_score_is_too_low(self, solver):
        assert fates([[0.25, 0.125]], [(0, 1), (1, 2)], 0.25, solver) == [
            ProjectedSpan(-1, -1, "PER", 0.25, 0, "low_score")
        ]

    def test_an_entity_without_any_score_is_unaligned(self, solver):
        assert fates([[0.0, 0.0]], [(0, 1), (1, 2)], 0.0, solver) == [
            ProjectedSpan(-1, -1, "PER", 0.0, 0, "unaligned")
        ]

    def test_without_candidates_all_are_unaligned_and_without_entities_there_are_no_fates(self, solver):
        none = np.zeros(0, dtype=int)
        spans = [Span(0, 1, "PER"), Span(0, 2, "LOC")]
        assert match(spans, np.zeros((2, 0)), none, none, 0.3, solver) == [
            ProjectedSpan(-1, -1, "PER", 0.0, 0, "unaligned"),
            ProjectedSpan(-1, -1, "LOC", 0.0, 1, "unaligned"),
        ]
        assert fates([], [(0, 1)], solver=solver) == []

    def test_the_fates_hold_plain_numbers(self, solver):
        for fate in fates([[0.5], [0.75]], [(0, 1)], solver=solver):
            assert [type(value) for value in fate] == [int, int, str, float, int, str]

    @pytest.mark.parametrize("score", [float("nan"), float("inf"), -0.5])
    def test_a_score_that_is_none_is_refused_and_says_where(self, solver, score):
        with pytest.raises(XnerError, match=f"entity 1 and candidate 0 is {score}"):
            fates([[0.5, 0.5], [score, 0.5]], [(0, 1), (1, 2)], solver=solver)

    @settings(max_examples=50)
    @given(data=st.data())
    def test_projected_spans_share_no_word_and_a_conflict_shares_one_with_them(self, solver, data):
        bounds = [(a, b) for size in (1, 2, 3) for a, b in ((a, a + size) for a in range(6 - size))]
        row = st.lists(st.integers(0, 8).map(lambda eighths: eighths / 8), min_size=len(bounds), max_size=len(bounds))
        scores = data.draw(st.lists(row, max_size=3))
        taken = set()
        found = fates(scores, bounds, 0.25, solver)
        for fate in found:
            words = set(range(fate.start, fate.end))
            assert not words & taken
            taken |= words
        for fate, row in zip(found, scores, strict=True):
            free = [score for score, (a, b) in zip(row, bounds, strict=True) if not taken & set(range(a, b))]
            if fate.status != "projected":
                assert fate.score == max(row)
                assert max(free, default=0.0) <= 0.25
                assert fate.status == ("conflict" if max(row) > 0.25 else "low_score" if max(row) else "unaligned")


def test_a_score_above_the_threshold_by_a_rounding_error_is_too_low_and_no_conflict():
    # The exact solver counts a covered word as a loss of 1e-13.
    (fate,) = fates([[0.3 + 1e-14]], [(0, 1)], 0.3, "exact")
    assert fate.status == "low_score"
