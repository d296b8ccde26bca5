"""Counts of links, the probabilities estimated from them, and the forms of words that are counted."""

from __future__ import annotations

import json
import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.align.counts import UNSEEN, LinkCounts, form


@pytest.fixture
def counts():
    """``a`` is seen 4 times and linked to ``x`` (seen 9 times) 3 times; ``b`` is linked to ``y`` once."""
    found = LinkCounts()
    for _ in range(3):
        found.add(["a"], ["x"], [(0, 0)])
    found.add(["a", "b"], ["x", "y"], [(1, 1)])
    found.add([], ["x"] * 5, [])
    return found


class TestProbability:
    def test_it_is_the_geometric_mean_of_both_relative_frequencies_less_half_a_link(self, counts):
        assert counts.probability("a", "x") == 2.5 / math.sqrt(4 * 9)
        assert counts.probability("b", "y") == 0.5

    def test_words_that_were_never_linked_have_a_small_one(self, counts):
        for source, target in (("a", "y"), ("new", "x"), ("a", "new"), ("new", "neu")):
            assert counts.probability(source, target) == UNSEEN == 0.1

    def test_it_is_never_above_one(self):
        found = LinkCounts()
        found.add(["a"], ["x", "x", "x"], [(0, 0), (0, 1), (0, 2)])  # three links of one word
        assert found.probability("a", "x") == 1.0


class TestFile:
    def test_what_was_saved_is_loaded(self, counts, tmp_path):
        counts.add(["ɓ"], ["አ"], [(0, 0)])
        counts.save(tmp_path / "links.json")
        again = LinkCounts.load(tmp_path / "links.json")
        for source in ("a", "b", "ɓ"):
            for target in ("x", "y", "አ"):
                assert again.probability(source, target) == counts.probability(source, target)

    @pytest.mark.parametrize("content", ["{}", "[]", "[{}, {}]", "[{}, {}, []]", "nothing"])
    def test_what_holds_no_counts_is_refused(self, tmp_path, content):
        (tmp_path / "links.json").write_text(content)
        with pytest.raises(ValueError):
            LinkCounts.load(tmp_path / "links.json")

    def test_a_file_that_is_not_there_is_refused(self, tmp_path):
        with pytest.raises(OSError):
            LinkCounts.load(tmp_path / "links.json")

    def test_letters_of_every_script_stay_readable(self, tmp_path):
        found = LinkCounts()
        found.add(["ɓ"], ["አ"], [(0, 0)])
        found.save(tmp_path / "links.json")
        assert json.loads((tmp_path / "links.json").read_text(encoding="utf-8")) == [{"ɓ አ": 1}, {"ɓ": 1}, {"አ": 1}]
        assert "ɓ" in (tmp_path / "links.json").read_text(encoding="utf-8")


class TestForm:
    @pytest.mark.parametrize(
        ("word", "stem", "expected"),
        [
            ("Kano", 0, "kano"),
            ("KANO", 5, "kano"),
            ("visited", 5, "visit"),
            ("visited", 1, "v"),
            ("Straße", 5, "stras"),  # case is folded before letters are counted
            ("New York", 0, "new_york"),
            ("a|b", 0, "a_b"),
            ("\t", 0, "_"),
            ("", 0, "_"),
            ("", 3, "_"),
        ],
    )
    def test_it_has_no_case_no_more_than_the_stem_and_nothing_that_separates_words(self, word, stem, expected):
        assert form(word, stem) == expected

    @given(st.text(), st.integers(0, 9))
    def test_every_word_has_a_form_of_one_word(self, word, stem):
        found = form(word, stem)
        assert found.split() == [found] and "|" not in found
        assert not stem or len(found) <= stem


def test_a_letter_in_one_piece_or_in_two_is_the_same_form():
    one, two = unicodedata.normalize("NFC", "Yorùbá"), unicodedata.normalize("NFD", "Yorùbá")
    assert one != two and form(one) == form(two) and form(one, 5) == form(two, 5) == "yorùb"
