from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.align.base import Link
from xner_hf.project.scores import alignment_score, fold, surface_score
from xner_hf.spans import Span


def spans_over(length):
    return [(a, b) for a in range(length) for b in range(a + 1, length + 1)]


def arrays(candidates):
    return np.array([a for a, _ in candidates], dtype=int), np.array([b for _, b in candidates], dtype=int)


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

    @pytest.mark.parametrize("entities, candidates", [(0, 0), (2, 0), (0, 3)])
    def test_without_entities_or_candidates_the_array_is_empty(self, entities, candidates):
        spans = [Span(i, i + 1, "PER") for i in range(entities)]
        scores = alignment_score(spans, [], *arrays([(i, i + 1) for i in range(candidates)]))
        assert scores.shape == (entities, candidates)

    @settings(deadline=None)
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


class TestSurfaceScore:
    @given(st.lists(st.text(min_size=1, max_size=15), min_size=1, max_size=5))
    def test_copies_score_one(self, names):
        assert surface_score(names, names).diagonal().tolist() == [1.0] * len(names)

    @given(st.lists(st.text(max_size=8), max_size=4), st.lists(st.text(max_size=8), max_size=4))
    def test_scores_lie_between_zero_and_one(self, entities, candidates):
        scores = surface_score(entities, candidates)
        assert scores.shape == (len(entities), len(candidates))
        assert ((scores >= 0) & (scores <= 1)).all()

    def test_it_is_the_similarity_of_jaro_and_winkler(self):
        # Winkler's own examples (1990).
        scores = surface_score(["martha", "dwayne", "dixon"], ["marhta", "duane", "dicksonx"])
        np.testing.assert_allclose(scores.diagonal(), [0.9611, 0.84, 0.8133], atol=5e-5)

    def test_names_without_a_common_letter_score_zero(self):
        assert surface_score(["abc"], ["xyz"]).tolist() == [[0.0]]


# Letters of three scripts with case; the dotless i has no partner that Unicode's default folding knows.
cased = st.text(
    st.characters(categories=["Lu", "Ll"], min_codepoint=0x41, max_codepoint=0x24F, exclude_characters="ı")
    | st.sampled_from([chr(c) for c in (*range(0x391, 0x3CA), *range(0x400, 0x530)) if chr(c).isalpha()]),
    min_size=1,
    max_size=8,
)


class TestFold:
    @pytest.mark.parametrize(
        "words",
        [
            ("Abidjan", "ABIDJAN", "abidjan"),
            ("São", "sao", "SÃO", "Sa\u0303o"),
            ("Ọ̀yọ́", "oyo", "ỌYỌ"),
            ("ɔ̌ŋ̀", "ɔŋ", "Ɔ̌Ŋ"),
            ("Ghɔmálá", "GHƆMALA"),
            ("İstanbul", "ISTANBUL", "istanbul"),
            ("Şırnak", "şırnak", "sırnak"),
            ("Straße", "STRASSE", "STRAẞE", "strasse"),
            ("Müller", "MÜLLER", "muller"),
            ("Οδυσσεύς", "ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("Αθήνα", "ΑΘΗΝΑ", "αθηνα"),
            ("Київ", "КИЇВ", "київ"),
            ("Ёлкин", "ЕЛКИН"),
            ("مُحَمَّد", "محمد"),
            ("שָׁלוֹם", "שלום"),
            ("서울", unicodedata.normalize("NFD", "서울")),
            ("Ｋａｎｏ", "kano"),
        ],
    )
    def test_these_are_one_name(self, words):
        assert len({fold(word) for word in words}) == 1

    @pytest.mark.parametrize("word", ["አዲስ", "北京", "თბილისი", "ወልቃይት", "ߞߏ", "ŋ", "ɓauchi", "3", "-", "։"])
    def test_what_has_neither_case_nor_accents_is_left_alone(self, word):
        assert fold(word) == word

    def test_turkish_capitals_are_folded_like_their_small_letters(self):
        assert fold("ŞIRNAK") == fold("Şırnak") and fold("İzmir") == fold("izmir")

    def test_capitals_within_compatibility_characters_are_folded(self):
        assert fold("№") == "no" and fold("Toyota™") == "toyotatm"

    def test_different_letters_stay_different(self):
        assert len({fold(word) for word in ("o", "ɔ", "e", "ɛ", "n", "ŋ", "b", "ɓ", "d", "ɗ", "k", "ƙ", "i")}) == 13

    @pytest.mark.parametrize("word", ["\u0301", "\u0301\u0300", "\u064b"])
    def test_a_word_of_marks_only_is_not_folded_to_nothing(self, word):
        assert fold(word) == word

    @given(st.text(min_size=1, max_size=8))
    def test_composed_and_decomposed_words_fold_alike_and_never_to_nothing(self, word):
        folded = {fold(unicodedata.normalize(form, word)) for form in ("NFC", "NFD")}
        assert "" not in folded
        if any(not unicodedata.combining(char) for char in unicodedata.normalize("NFKD", word)):
            assert len(folded) == 1

    @given(cased)
    def test_case_and_folding_twice_do_not_matter(self, word):
        assert fold(word.upper()) == fold(word.lower()) == fold(word)
        assert fold(fold(word)) == fold(word)
