"""Scores of surface strings: how alike an entity and a candidate are written, and what is folded before."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.project.scores.surface import affixed_score, surface_score
from xner_hf.project.scores.text import fold, letters, spelling_score

EMPTY = pytest.mark.parametrize("entities, candidates", [(0, 0), (2, 0), (0, 3)])


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


class TestLetters:
    @pytest.mark.parametrize(
        "one, other",
        [("Akufo-Addo", "Akufo - Addo"), ("Côte d'Ivoire", "Côte d’ Ivoire"), ("U.S.", "US"), ("a_b", "a b")],
    )
    def test_what_word_splitters_disagree_on_does_not_count(self, one, other):
        assert letters(one) == letters(other)

    def test_letters_and_digits_of_all_scripts_stay(self):
        assert letters("Boeing 747, Москва (北京)") == "Boeing747Москва北京"

    @pytest.mark.parametrize("text", ["", "-", "' '", "__"])
    def test_a_text_without_any_stays_as_it_is(self, text):
        assert letters(text) == text


class TestSpellingScore:
    def test_it_is_one_less_edits_over_the_longer_length(self):
        scores = spelling_score(["kenya", "nana akufo-addo"], ["kenia", "nana akufo - addo", "akufo addo", "xxxxx"])
        # kenya/kenia: one of 5; nanaakufoaddo (13 letters) less nana: four of 13.
        np.testing.assert_allclose(scores[0, [0, 3]], [0.8, 0], atol=1e-15)
        np.testing.assert_allclose(scores[1, [1, 2]], [1, 9 / 13], atol=1e-15)

    def test_letters_too_many_cost_more_than_with_jaro_winkler(self):
        pair = ["niger"], ["nigeria"]
        assert spelling_score(*pair).item() == pytest.approx(5 / 7)
        assert surface_score(*pair).item() > 0.9

    def test_strings_without_letters_compare_as_they_are(self):
        assert spelling_score(["-", "a"], ["-", "--", "'"]).tolist() == [[1.0, 0.5, 0.0], [0.0, 0.0, 0.0]]

    @EMPTY
    def test_without_entities_or_candidates_the_array_is_empty(self, entities, candidates):
        assert spelling_score(["a"] * entities, ["b"] * candidates).shape == (entities, candidates)

    @given(
        st.lists(st.text(min_size=1, max_size=8), max_size=4), st.lists(st.text(min_size=1, max_size=8), max_size=4)
    )
    def test_scores_lie_between_zero_and_one_and_copies_score_one(self, entities, candidates):
        scores = spelling_score(entities, entities + candidates)
        assert scores.dtype == np.float64 and scores.shape == (len(entities), len(entities) + len(candidates))
        assert ((scores >= 0) & (scores <= 1)).all() and (scores.diagonal() == 1).all()


def affixed(entity, candidate):
    sizes = [np.array([len(text.split())]) for text in (entity, candidate)]
    return affixed_score([entity], [candidate], *sizes).item()


class TestAffixedScore:
    @pytest.mark.parametrize(
        "entity, candidate, score",
        [
            ("thekwini", "ethekwini", 1.0),
            ("mandela", "likamandela", 1.0),
            ("helsinki", "helsingissä", 0.875),  # helsingi has seven of the letters of helsinki: 2*7/(8+8)
            ("kim jong un", "kim jong unin", 1.0),
            ("johannesburg", "egoli", 0.0),  # shorter than the entity
            ("mandela", "nabomandelaba", 0.0),  # six letters longer, one word
            ("nelson mandela", "nonelson bamandela", 11 / 13),  # nelsonbamande: 2*11/(13+13)
            ("mali", "mali", 1.0),
            ("un", "lun", 0.0),  # fewer than four letters
            ("kim jong", "kimjong", 0.0),  # another number of words
        ],
    )
    def test_these_pairs_score(self, entity, candidate, score):
        assert affixed(entity, candidate) == score

    def test_every_entity_meets_every_candidate_of_its_size(self):
        scores = affixed_score(
            ["mandela", "kim jong", "ghana"],
            ["umandela", "ghana", "ukim jong", "eghana", "mandela ghana"],
            np.array([1, 2, 1]),
            np.array([1, 1, 2, 1, 2]),
        )
        assert (scores == 1).tolist() == [
            [True, False, False, False, False],
            [False, False, True, False, False],
            [False, True, False, True, False],
        ]
        assert (scores[[0, 2], 2:5:2] == 0).all() and (scores[1, [0, 1, 3]] == 0).all()

    @EMPTY
    def test_without_entities_or_candidates_the_array_is_empty(self, entities, candidates):
        sizes = np.ones(entities, dtype=int), np.ones(candidates, dtype=int)
        assert affixed_score(["kenya"] * entities, ["ekenya"] * candidates, *sizes).shape == (entities, candidates)

    @given(st.text("abcde", min_size=4, max_size=8), st.text("xyz", max_size=4), st.integers(0, 4))
    def test_up_to_four_letters_of_affixes_cost_nothing(self, name, affix, cut):
        assert affixed(name, affix[:cut] + name + affix[cut:]) == 1

    @given(st.lists(st.text("ab-", min_size=1, max_size=9), max_size=4))
    def test_scores_lie_between_zero_and_one(self, names):
        sizes = np.ones(len(names), dtype=int)
        scores = affixed_score(names, names, sizes, sizes)
        assert scores.dtype == np.float64 and ((scores >= 0) & (scores <= 1)).all()


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
            ("Путин", "ПУТИН", "putin"),
            ("თბილისი", "Tbilisi", "ᲗᲑᲘᲚᲘᲡᲘ"),
            ("サウロ", "ｻｳﾛ", "さうろ", "sauro"),
            ("ኬንያ", "Kenya"),
        ],
    )
    def test_these_are_one_name(self, words):
        assert len({fold(word) for word in words}) == 1

    @pytest.mark.parametrize("word", ["北京", "ߞߏ", "ŋ", "ɓauchi", "3", "-", "։"])
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
