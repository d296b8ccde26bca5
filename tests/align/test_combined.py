from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.align.aligner import Link
from xner_hf.align.combined import CombinedAligner
from xner_hf.errors import XnerError


class Fixed:
    """An aligner whose links are given, and which keeps what it was asked."""

    def __init__(self, *links):
        self.links = [[Link(*link) for link in own] for own in links]
        self.asked = []

    def align(self, sources, targets):
        self.asked.append((sources, targets))
        return self.links


PAIR = [["a", "b", "c"]], [["x", "y", "z"]]


def combine(members, weights=None, threshold=0.5):
    """The links of one pair, each member given by its links there."""
    return CombinedAligner([Fixed(own) for own in members], weights, threshold).align(*PAIR)[0]


class TestVote:
    def test_the_probability_of_a_link_is_the_mean_of_what_the_members_give_it(self):
        assert combine([[(0, 0, 1.0), (1, 1, 0.75)], [(0, 0, 0.5)]], threshold=0) == [(0, 0, 0.75), (1, 1, 0.375)]

    def test_weights_weigh(self):
        members = [[(0, 0, 0.5)], [(0, 0, 1.0), (2, 1, 1.0)]]
        assert combine(members, [3, 1], 0) == [(0, 0, 0.625), (2, 1, 0.25)]
        assert combine(members, [1, 3], 0) == [(0, 0, 0.875), (2, 1, 0.75)]
        assert combine(members, [1, 0], 0) == [(0, 0, 0.5)]

    def test_a_link_at_the_threshold_is_dropped_and_one_above_it_is_kept(self):
        members = [[(0, 0, 1.0), (1, 1, 1.0)], [(1, 1, 0.25)]]
        assert combine(members) == [(1, 1, 0.625)]
        assert combine(members, threshold=0.625) == []

    def test_certain_members_of_equal_weight_decide_by_strict_majority(self):
        members = [[(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)], [(0, 0, 1.0), (1, 1, 1.0)], [(0, 0, 1.0)]]
        assert combine(members) == [(0, 0, 1.0), (1, 1, 2 / 3)]
        assert combine(members, threshold=1 - 1 / 3) == [(0, 0, 1.0)]
        assert combine(members[:2]) == [(0, 0, 1.0), (1, 1, 1.0)]  # one of two is no majority

    def test_a_majority_that_is_unsure_loses_the_link(self):
        assert combine([[(0, 0, 0.6)], [(0, 0, 0.6)], []]) == []

    def test_a_link_of_probability_zero_is_none_and_nothing_is_above_one(self):
        assert combine([[(0, 0, 0.0), (1, 1, 1.0)]], threshold=0) == [(1, 1, 1.0)]
        assert combine([[(0, 0, 0.0), (1, 1, 1.0)]], threshold=1) == []

    def test_links_come_back_sorted_as_links(self):
        done = combine([[(2, 0, 1.0)], [(0, 2, 1.0)], [(0, 1, 1.0)]], threshold=0)
        assert [link[:2] for link in done] == [(0, 1), (0, 2), (2, 0)]
        assert all(isinstance(link, Link) for link in done)

    def test_each_member_is_asked_once_about_all_pairs(self):
        members = [Fixed([(0, 0, 1.0)], [], [(1, 0, 1.0)]), Fixed([], [], [(1, 0, 1.0)])]
        sources, targets = [["a"], [], ["b", "c"]], [["x"], ["y"], ["z"]]
        assert CombinedAligner(members).align(sources, targets) == [[], [], [(1, 0, 1.0)]]
        assert [member.asked for member in members] == [[(sources, targets)]] * 2

    def test_combinations_can_be_combined(self):
        inner = CombinedAligner([Fixed([(0, 0, 1.0)]), Fixed([])], threshold=0)
        assert CombinedAligner([inner, Fixed([(0, 0, 1.0)])]).align(*PAIR) == [[(0, 0, 0.75)]]

    def test_sides_of_different_number_are_refused(self):
        with pytest.raises(ValueError):
            CombinedAligner([Fixed([])]).align([["a"]], [["x"], ["y"]])


cells = st.tuples(st.integers(0, 3), st.integers(0, 3))
alignments = st.dictionaries(cells, st.just(0.0) | st.floats(1e-9, 1), max_size=8).map(
    lambda found: [(*cell, score) for cell, score in sorted(found.items())]
)
voters = st.lists(st.tuples(alignments, st.floats(0.01, 100)), min_size=1, max_size=5)


class TestProperties:
    @given(alignments.map(lambda links: [link for link in links if link[2] > 0]))
    def test_one_member_at_threshold_zero_is_left_as_it_is(self, links):
        assert combine([links], threshold=0) == links

    @given(voters, st.floats(0, 1), st.randoms(use_true_random=False))
    def test_the_order_of_the_members_does_not_matter(self, found, threshold, draw):
        other = draw.sample(found, len(found))
        assert combine(*zip(*found, strict=True), threshold) == combine(*zip(*other, strict=True), threshold)

    @given(voters)
    def test_at_threshold_zero_it_is_the_union_and_every_score_a_weighted_mean(self, found):
        links, weights = zip(*found, strict=True)
        expected = {}
        for own, weight in found:
            for i, j, score in own:
                expected[i, j] = expected.get((i, j), 0) + weight * score / sum(weights)
        done = combine(links, weights, 0)
        assert done == sorted(set(done))
        assert {link[:2] for link in done} == {cell for cell, mean in expected.items() if mean > 0}
        assert all(0 < p <= 1 and p == pytest.approx(expected[i, j], abs=1e-12) for i, j, p in done)

    @given(voters, st.floats(0, 1), st.floats(0, 1))
    def test_a_higher_threshold_only_takes_links_away(self, found, one, other):
        links, weights = zip(*found, strict=True)
        low, high = (combine(links, weights, threshold) for threshold in sorted((one, other)))
        assert high == [link for link in low if link in high]


class TestRefusals:
    @pytest.mark.parametrize("score", [math.nan, -0.1, 1.1, math.inf])
    def test_a_score_that_is_no_probability_is_refused_with_member_and_pair(self, score):
        members = [Fixed([(0, 0, 1.0)], []), Fixed([], [(2, 1, score)])]
        with pytest.raises(XnerError) as caught:
            CombinedAligner(members, threshold=0).align([["a"]] * 2, [["x"]] * 2)
        assert "member 2 of the combined aligner (Fixed) gave link 2-1 of pair 2" in str(caught.value)
        assert f"score {score}" in str(caught.value)

    def test_a_link_that_a_member_gives_twice_is_refused(self):
        with pytest.raises(XnerError, match=r"member 1 .* link 0-0 of pair 1 more than once"):
            combine([[(0, 0, 0.5), (0, 0, 0.5)]])

    def test_a_combination_of_nobody_is_refused(self):
        with pytest.raises(XnerError, match="at least one member"):
            CombinedAligner([])

    def test_weights_of_another_number_are_refused(self):
        with pytest.raises(XnerError, match="2 members and 1 weights"):
            CombinedAligner([Fixed(), Fixed()], [1])

    @pytest.mark.parametrize("weight", [math.nan, math.inf, -1])
    def test_a_weight_that_is_not_finite_or_negative_is_refused(self, weight):
        with pytest.raises(XnerError, match=f"weight 2 of the combined aligner is {float(weight)}"):
            CombinedAligner([Fixed(), Fixed()], [1, weight])

    @pytest.mark.parametrize("weights", [[0, 0], [1.7e308, 1.7e308]])
    def test_weights_whose_sum_divides_nothing_are_refused(self, weights):
        with pytest.raises(XnerError, match="sum is finite and above 0"):
            CombinedAligner([Fixed(), Fixed()], weights)

    @pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan])
    def test_a_threshold_outside_the_unit_interval_is_refused(self, threshold):
        with pytest.raises(XnerError, match=r"threshold of the combined aligner is .*\[0, 1\]"):
            CombinedAligner([Fixed()], threshold=threshold)
