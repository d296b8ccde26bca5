"""Scores of places: what the links, a tagger and the capitals say of the words of a candidate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.align.aligner import Link
from xner_hf.errors import XnerError
from xner_hf.project.scores.alignment import alignment_score
from xner_hf.project.scores.tagger import tagger_score
from xner_hf.project.scores.text import capital_scores
from xner_hf.spans import NER_LABELS, Span


def spans_over(length):
    return [(a, b) for a in range(length) for b in range(a + 1, length + 1)]


def arrays(candidates):
    return np.array([a for a, _ in candidates], dtype=int), np.array([b for _, b in candidates], dtype=int)


EMPTY = pytest.mark.parametrize("entities, candidates", [(0, 0), (2, 0), (0, 3)])


class TestAlignmentScore:
    def test_it_is_twice_the_probability_mass_over_both_lengths(self):
        links = [Link(0, 0, 0.5), Link(1, 1, 1.0), Link(2, 2, 0.25)]
        spans = [Span(0, 2, "PER"), Span(2, 3, "LOC")]
        scores = alignment_score(spans, links, *arrays([(0, 1), (0, 2), (1, 3), (2, 3)]))
        # Entity 0 has two words: 2*.5/(2+1), 2*1.5/(2+2), 2*1/(2+2), nothing. Entity 1 has one.
        np.testing.assert_allclose(scores, [[1 / 3, 0.75, 0.5, 0], [0, 0, 0.5 / 3, 0.25]], atol=1e-11)

    def test_certain_links_between_all_words_give_one(self):
        links = [Link(0, 3, 1.0), Link(1, 4, 1.0)]
        assert alignment_score([Span(0, 2, "PER")], links, *arrays([(3, 5)])).tolist() == [[1.0]]

    def test_several_links_a_word_are_cut_at_one(self):
        links = [Link(i, j, 1.0) for i in range(2) for j in range(2)]
        assert alignment_score([Span(0, 2, "PER")], links, *arrays([(0, 2)])).tolist() == [[1.0]]

    def test_links_behind_the_last_candidate_do_not_count(self):
        assert alignment_score([Span(0, 1, "PER")], [Link(0, 5, 1.0)], *arrays([(0, 2)])).tolist() == [[0.0]]

    def test_unweighted_links_count_one_each_as_in_the_paper(self):
        links = [Link(0, 0, 0.5), Link(1, 1, 1.0), Link(1, 2, 0.25), Link(2, 2, 0.25)]
        spans = [Span(0, 2, "PER"), Span(2, 3, "LOC")]
        scores = alignment_score(spans, links, *arrays([(0, 1), (0, 2), (0, 3), (2, 3)]), weighted=False)
        # Entity 0 has three links: 2*1/(2+1), 2*2/(2+2), 2*3/(2+3) cut at 1, 2*1/(2+1).
        np.testing.assert_allclose(scores, [[2 / 3, 1, 1, 2 / 3], [0, 0, 0.5, 1]], rtol=1e-15)

    @EMPTY
    def test_without_entities_or_candidates_the_array_is_empty(self, entities, candidates):
        spans = [Span(i, i + 1, "PER") for i in range(entities)]
        scores = alignment_score(spans, [], *arrays([(i, i + 1) for i in range(candidates)]))
        assert scores.shape == (entities, candidates)

    @given(st.data())
    def test_it_equals_the_formula_computed_cell_by_cell(self, data):
        links = [
            Link(i, j, data.draw(st.floats(0, 1)))
            for i, j in data.draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), unique=True, max_size=12))
        ]
        spans = [Span(a, b, "PER") for a, b in data.draw(st.lists(st.sampled_from(spans_over(5)), max_size=4))]
        candidates = data.draw(st.lists(st.sampled_from(spans_over(6)), max_size=8))
        scores = alignment_score(spans, links, *arrays(candidates))
        expected = np.array(
            [
                [
                    min(
                        1.0,
                        2
                        * sum(p for i, j, p in links if span.start <= i < span.end and a <= j < b)
                        / (span.end - span.start + b - a),
                    )
                    for a, b in candidates
                ]
                for span in spans
            ]
        ).reshape(len(spans), len(candidates))
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)
        assert ((scores >= 0) & (scores <= 1)).all()


#         O  B-PER I-PER B-ORG I-ORG B-LOC I-LOC
MADIBA = [
    [0.0, 0.6, 0.1, 0.2, 0.0, 0.1, 0.0],
    [0.1, 0.0, 0.5, 0.0, 0.4, 0.0, 0.0],
    [0.9, 0.0, 0.04, 0.0, 0.06, 0.0, 0.0],
]


class TestTaggerScore:
    def test_it_is_the_mean_probability_of_the_labels_times_a_factor_where_they_are_the_best(self):
        scores = tagger_score([Span(0, 1, "PER")], MADIBA, *arrays([(0, 1), (1, 2), (0, 2), (1, 3), (0, 3)]))
        # (0, 2) is tagged B-PER I-PER: 1.15*(.6+.5)/2. The others are not: B-PER of word 1 is 0, and so is its mean
        # with .04, or below .05; the last is (.6+.5+.04)/3.
        np.testing.assert_allclose(scores, [[0.6, 0.0, 1.15 * 0.55, 0.0, 0.38]], atol=1e-12)

    def test_every_entity_has_the_columns_of_its_label(self):
        spans = [Span(0, 1, label) for label in ("ORG", "LOC", "MISC")]
        scores = tagger_score(spans, MADIBA, *arrays([(0, 1), (0, 2), (0, 3)]))
        np.testing.assert_allclose(scores, [[0.2, 0.3, 0.22], [0.1, 0, 0], [0, 0, 0]], atol=1e-12)

    def test_scores_up_to_a_twentieth_are_none(self):
        probabilities = np.zeros((2, 7))
        probabilities[:, 1] = 0.05, 0.0625
        assert tagger_score([Span(0, 1, "PER")], probabilities, *arrays([(0, 1), (1, 2)])).tolist() == [[0.0, 0.0625]]

    def test_it_is_cut_at_one(self):
        sure = np.eye(7)[[5, 6, 6]]
        assert tagger_score([Span(0, 1, "LOC")], sure, *arrays([(0, 1), (0, 2), (0, 3)])).tolist() == [[1.0] * 3]

    def test_without_labels_the_best_of_all_counts_for_any_entity(self):
        spans = [Span(0, 1, "ORG"), Span(0, 1, "MISC")]
        scores = tagger_score(spans, MADIBA, *arrays([(0, 1), (0, 2)]), label_aware=False)
        np.testing.assert_allclose(scores, [[0.6, 1.15 * 0.55]] * 2, atol=1e-12)

    def test_the_beginning_of_a_predicted_span_does_not_win_over_all_of_it(self):
        sure = np.full((3, 7), 0.005)
        sure[0, NER_LABELS.index("B-PER")] = sure[1, NER_LABELS.index("I-PER")] = sure[
            2, NER_LABELS.index("I-PER")
        ] = 0.97
        part, whole = tagger_score([Span(0, 1, "PER")], sure, *arrays([(0, 2), (0, 3)]))[0]
        assert part == pytest.approx(0.97)
        assert whole == 1.0

    @EMPTY
    @pytest.mark.parametrize("label_aware", [True, False])
    def test_without_entities_or_candidates_the_array_is_empty(self, entities, candidates, label_aware):
        spans = [Span(i, i + 1, "PER") for i in range(entities)]
        found = arrays([(i, i + 1) for i in range(candidates)])
        scores = tagger_score(spans, np.ones((candidates, 7)) / 7, *found, label_aware)
        assert scores.shape == (entities, candidates)

    @pytest.mark.parametrize("shape", [(2, 7), (3, 9), (21,)])
    def test_probabilities_that_do_not_fit_are_refused(self, shape):
        with pytest.raises(XnerError, match=r"need \[3 or more, 7\], with the columns O B-PER"):
            tagger_score([Span(0, 1, "PER")], np.zeros(shape), *arrays([(0, 1), (1, 3)]))

    @given(st.integers(0, 2**32 - 1), st.sampled_from([0.2, 1.0]), st.booleans())
    def test_it_equals_the_formula_computed_cell_by_cell(self, seed, concentration, label_aware):
        probabilities = np.random.default_rng(seed).dirichlet([concentration] * 7, size=5)
        candidates = spans_over(5)
        spans = [Span(0, 1, label) for label in ("PER", "ORG", "LOC")]
        best = [NER_LABELS[i] for i in probabilities.argmax(axis=1)]

        def cell(label, a, b):
            names = [f"B-{label}"] + [f"I-{label}"] * (b - a - 1)
            score = sum(probabilities[a + i, NER_LABELS.index(name)] for i, name in enumerate(names)) / (b - a)
            whole = best[a:b] == names and best[b : b + 1] != [f"I-{label}"]
            score = min(1.0, score * (1.15 ** (b - a - 1) if whole else 1.0))
            return score if score > 0.05 else 0.0

        expected = np.array([[cell(span.label, a, b) for a, b in candidates] for span in spans])
        if not label_aware:
            expected[:] = expected.max(axis=0)
        scores = tagger_score(spans, probabilities, *arrays(candidates), label_aware)
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-11)
        assert ((scores >= 0) & (scores <= 1)).all()


def capitals(source, spans, target, candidates):
    scores = capital_scores(source.split(), spans, target.split(), *arrays(candidates))
    assert list(scores) == ["opening", "closing", "before", "after"]
    assert all(values.shape == (len(spans), len(candidates)) for values in scores.values())
    return {name: values.tolist() for name, values in scores.items()}


class TestCapitalScores:
    def test_they_mark_borders_where_a_name_would_not_begin_or_end(self):
        candidates = [(0, 1), (1, 3), (2, 4), (0, 5), (3, 4)]
        scores = capitals("Nelson Mandela spoke", [Span(0, 2, "PER")], "jana Nelson Mandela alisema Kenya", candidates)
        assert scores == {
            "opening": [[1, 0, 0, 1, 1]],
            "closing": [[1, 0, 1, 0, 1]],
            "before": [[0, 0, 1, 0, 1]],
            "after": [[1, 0, 1, 0, 1]],
        }

    def test_they_are_nought_for_entities_that_are_no_capitalised_names(self):
        spans = [Span(0, 1, "LOC"), Span(1, 2, "PER"), Span(2, 3, "MISC")]
        scores = capitals("Kenya vua French", spans, "nchini Kenya leo", [(0, 1), (2, 3)])
        assert scores == {
            "opening": [[1, 1], [0, 0], [0, 0]],
            "closing": [[1, 1], [0, 0], [0, 0]],
            "before": [[0, 1], [0, 0], [0, 0]],
            "after": [[1, 0], [0, 0], [0, 0]],
        }

    @pytest.mark.parametrize("target", ["በኬንያ ዛሬ", "ケニア は", "كينيا 2014", "კენია დღეს"])
    def test_they_are_nought_in_scripts_whose_words_have_no_capital(self, target):
        scores = capitals("Kenya today", [Span(0, 1, "LOC")], target, [(0, 1), (1, 2)])
        assert all(values == [[0, 0]] for values in scores.values())

    @pytest.mark.parametrize("target", ["nairobi leo", "найроби сегодня"])
    def test_a_lower_case_sentence_still_counts(self, target):
        scores = capitals("Nairobi today", [Span(0, 1, "LOC")], target, [(0, 1)])
        assert scores == {"opening": [[1]], "closing": [[1]], "before": [[0]], "after": [[0]]}

    @EMPTY
    def test_without_entities_or_candidates_the_arrays_are_empty(self, entities, candidates):
        spans = [Span(i, i + 1, "PER") for i in range(entities)]
        capitals("A B", spans, "A B C", [(i, i + 1) for i in range(candidates)])


def test_a_capital_after_a_prefix_is_a_capital():
    spans = [Span(0, 2, "PER")]
    against = capital_scores(
        ["Nelson", "Mandela"], spans, ["utitshala", "uNelson", "Mandela"], *arrays([(1, 3), (0, 3)])
    )
    assert against["opening"].tolist() == [[0.0, 1.0]]
    assert against["closing"].tolist() == [[0.0, 0.0]]
