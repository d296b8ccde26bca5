from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.align.symmetrise import SYMMETRISATIONS, grow_diag_final_and, intersection, union

words = st.integers(0, 5)
links = st.frozensets(st.tuples(words, words), max_size=14)


class TestIntersectionAndUnion:
    def test_intersection_keeps_what_both_have_and_union_what_either_has(self):
        forward, backward = {(0, 0), (1, 2)}, {(0, 0), (2, 1)}
        assert intersection(forward, backward) == {(0, 0)}
        assert union(forward, backward) == {(0, 0), (1, 2), (2, 1)}

    @given(links, links)
    def test_they_do_not_depend_on_the_direction(self, forward, backward):
        assert intersection(forward, backward) == intersection(backward, forward)
        assert union(forward, backward) == union(backward, forward)


class TestGrowDiagFinalAnd:
    @pytest.mark.parametrize(
        "forward, backward, expected",
        [
            pytest.param({(0, 0)}, {(0, 0)}, {(0, 0)}, id="agreement"),
            pytest.param(set(), set(), set(), id="nothing"),
            pytest.param({(0, 0), (0, 1)}, {(0, 0)}, {(0, 0), (0, 1)}, id="in the row"),
            pytest.param({(0, 0)}, {(0, 0), (1, 0)}, {(0, 0), (1, 0)}, id="in the column"),
            pytest.param({(0, 0), (1, 1)}, {(0, 0)}, {(0, 0), (1, 1)}, id="in the diagonal"),
            pytest.param({(1, 1), (0, 2)}, {(1, 1)}, {(1, 1), (0, 2)}, id="in the other diagonal"),
            pytest.param({(0, 0), (2, 2)}, {(0, 0), (0, 2)}, {(0, 0), (2, 2)}, id="far: only with two free words"),
            pytest.param({(0, 0), (0, 2)}, {(0, 0)}, {(0, 0)}, id="far, one word taken"),
            pytest.param(
                {(0, 0), (1, 1)}, {(0, 0), (1, 1), (0, 1)}, {(0, 0), (1, 1)}, id="neighbour, both words taken"
            ),
            pytest.param({(0, 2), (0, 1)}, set(), {(0, 1)}, id="no intersection: final, by target word"),
            pytest.param({(0, 2)}, {(0, 1)}, {(0, 2)}, id="no intersection: forward comes before backward"),
        ],
    )
    def test_hand_checked_cases(self, forward, backward, expected):
        assert grow_diag_final_and(forward, backward) == expected

    def test_growth_goes_on_from_what_was_added_even_against_the_order(self):
        """(1, 1) comes first in the order, and is next to nothing until (2, 2) is there."""
        forward = {(3, 3), (1, 1), (2, 2)}
        assert grow_diag_final_and(forward, {(3, 3)}) == forward

    def test_a_link_that_was_added_bars_later_ones(self):
        middle = {(1, 1)}
        corners = {(0, 0), (0, 2), (2, 0), (2, 2)}
        # (0, 0), (2, 0) and (0, 2) each bring a new word; nothing is left for (2, 2).
        assert grow_diag_final_and(middle | corners, middle) == middle | corners - {(2, 2)}
        # Word 0 of the source is free for (0, 1) unless (0, 0) took it.
        assert grow_diag_final_and(middle | {(0, 2), (0, 1)}, middle) == middle | {(0, 1), (0, 2)}
        assert grow_diag_final_and(middle | {(0, 0), (0, 1)}, middle) == middle | {(0, 0)}

    def test_a_sentence_with_an_outlier_of_each_direction(self):
        """The intersection is 0-0 1-1. 2-1 is next to 1-1 and has a free word; 4-3 touches nothing, but is free."""
        forward = {(0, 0), (1, 1), (4, 3)}
        backward = {(0, 0), (1, 1), (2, 1), (0, 3)}
        assert grow_diag_final_and(forward, backward) == {(0, 0), (1, 1), (2, 1), (4, 3)}

    @given(links, links)
    def test_it_lies_between_intersection_and_union(self, forward, backward):
        grown = grow_diag_final_and(forward, backward)
        assert intersection(forward, backward) <= grown <= union(forward, backward)

    @given(links, links)
    def test_no_link_of_two_words_without_links_is_left_out(self, forward, backward):
        grown = grow_diag_final_and(forward, backward)
        sources, targets = {i for i, _ in grown}, {j for _, j in grown}
        assert all(i in sources or j in targets for i, j in union(forward, backward))

    @given(links, links)
    def test_every_link_beyond_the_intersection_links_a_word_that_the_intersection_does_not(self, forward, backward):
        both = intersection(forward, backward)
        sources, targets = {i for i, _ in both}, {j for _, j in both}
        added = grow_diag_final_and(forward, backward) - both
        assert all(i not in sources or j not in targets for i, j in added)


@pytest.mark.parametrize("name", SYMMETRISATIONS)
class TestEveryMethod:
    @given(same=links)
    def test_two_equal_alignments_stay_as_they_are(self, name, same):
        assert SYMMETRISATIONS[name](same, same) == same

    def test_the_arguments_are_not_changed(self, name):
        forward, backward = {(0, 0), (1, 1)}, {(0, 0), (2, 1)}
        SYMMETRISATIONS[name](forward, backward).clear()
        assert (forward, backward) == ({(0, 0), (1, 1)}, {(0, 0), (2, 1)})


def test_methods_are_known_by_the_names_of_the_field():
    assert sorted(SYMMETRISATIONS) == ["grow-diag-final-and", "intersection", "union"]
    assert SYMMETRISATIONS["grow-diag-final-and"] is grow_diag_final_and
