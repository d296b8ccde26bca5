from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.project.solvers import solve_greedy


def solve(scores, candidates, threshold=0.0):
    starts = np.array([a for a, _ in candidates], dtype=int)
    ends = np.array([b for _, b in candidates], dtype=int)
    return solve_greedy(np.array(scores, dtype=float).reshape(len(scores), len(candidates)), starts, ends, threshold)


def clash(a, b):
    return a[0] < b[1] and b[0] < a[1]


@st.composite
def problems(draw):
    """Scores in tenths, so that ties are frequent; candidates shorter first, then from left to right."""
    length = draw(st.integers(1, 5))
    every = [(a, a + size) for size in range(1, length + 1) for a in range(length - size + 1)]
    candidates = [one for one in every if draw(st.booleans())]
    entities = draw(st.integers(0, 4))
    cell = st.integers(0, 10).map(lambda tenths: tenths / 10)
    scores = [[draw(cell) for _ in candidates] for _ in range(entities)]
    return scores, candidates, draw(st.sampled_from([0.0, 0.3, 0.5, 1.0]))


class TestHandChecked:
    def test_every_entity_takes_its_best_candidate_where_none_clashes(self):
        assert solve([[0.9, 0.2, 0.1], [0.3, 0.1, 0.8]], [(0, 1), (1, 2), (2, 3)]) == [0, 2]

    def test_who_loses_its_best_takes_the_next_best(self):
        assert solve([[0.9, 0.2], [0.8, 0.5]], [(0, 1), (1, 2)]) == [0, 1]

    def test_a_candidate_that_shares_a_word_with_a_taken_one_is_gone(self):
        assert solve([[0.1, 0.9], [0.8, 0.0]], [(1, 2), (0, 3)]) == [1, -1]

    def test_candidates_that_touch_do_not_clash(self):
        assert solve([[0.9, 0.0], [0.0, 0.9]], [(0, 2), (2, 3)]) == [0, 1]

    def test_the_highest_score_is_taken_though_two_others_would_weigh_more(self):
        assert solve([[0.9, 0.8], [0.0, 0.8]], [(0, 3), (1, 2)]) == [0, -1]

    def test_a_score_at_the_threshold_is_not_taken(self):
        assert solve([[0.5, 0.5000001]], [(0, 1), (1, 2)], threshold=0.5) == [1]
        assert solve([[0.5]], [(0, 1)], threshold=0.5) == [-1]
        assert solve([[0.0]], [(0, 1)], threshold=0.0) == [-1]

    def test_of_equal_scores_the_first_candidate_is_taken(self):
        assert solve([[0.1, 0.7, 0.7]], [(0, 1), (1, 2), (2, 3)]) == [1]

    def test_of_entities_with_equal_scores_the_first_is_served_first(self):
        assert solve([[0.7, 0.0], [0.7, 0.6]], [(0, 1), (1, 2)]) == [0, 1]

    @pytest.mark.parametrize("entities, candidates", [(0, []), (2, []), (0, [(0, 1)])])
    def test_without_entities_or_candidates_nothing_is_matched(self, entities, candidates):
        assert solve([[0.5] * len(candidates)] * entities, candidates) == [-1] * entities


@settings(deadline=None)
@given(problems())
def test_matches_lie_above_the_threshold_and_never_share_a_word(problem):
    scores, candidates, threshold = problem
    chosen = solve(*problem)
    assert len(chosen) == len(scores)
    assert all(type(candidate) is int for candidate in chosen)
    taken = [candidates[c] for c in chosen if c >= 0]
    assert all(scores[entity][c] > threshold for entity, c in enumerate(chosen) if c >= 0)
    assert not any(clash(a, b) for i, a in enumerate(taken) for b in taken[:i])


@settings(deadline=None)
@given(problems())
def test_an_entity_goes_without_only_where_others_hold_the_words_of_all_its_candidates(problem):
    scores, candidates, threshold = problem
    chosen = solve(*problem)
    taken = [candidates[c] for c in chosen if c >= 0]
    for entity, c in enumerate(chosen):
        if c < 0:
            live = [one for one, score in zip(candidates, scores[entity], strict=True) if score > threshold]
            assert all(any(clash(one, other) for other in taken) for one in live)


@settings(deadline=None)
@given(problems())
def test_it_takes_the_highest_score_again_and_again_then_the_shorter_then_the_leftmost(problem):
    scores, candidates, threshold = problem
    cells = {(e, c): s for e, row in enumerate(scores) for c, s in enumerate(row) if s > threshold}
    expected = [-1] * len(scores)
    while cells:
        best = max(cells.values())
        ties = [cell for cell, score in cells.items() if score == best]
        entity, c = min(
            ties, key=lambda cell: (candidates[cell[1]][1] - candidates[cell[1]][0], candidates[cell[1]][0], cell[0])
        )
        expected[entity] = c
        cells = {k: s for k, s in cells.items() if k[0] != entity and not clash(candidates[k[1]], candidates[c])}
    assert solve(*problem) == expected


@settings(deadline=None)
@given(problems())
def test_it_is_never_worse_than_any_single_match(problem):
    scores, _, threshold = problem
    total = sum(scores[entity][c] for entity, c in enumerate(solve(*problem)) if c >= 0)
    assert all(total >= score for row in scores for score in row if score > threshold)


@settings(deadline=None)
@given(st.data())
def test_it_is_as_good_as_every_possible_matching_where_entities_do_not_compete(data):
    # Entity number e scores only on the two words 2e and 2e+1, which are its own.
    entities = data.draw(st.integers(1, 3))
    candidates = [(w, w + 1) for w in range(2 * entities)] + [(w, w + 2) for w in range(0, 2 * entities, 2)]
    tenths = st.integers(0, 10).map(lambda number: number / 10)
    scores = [
        [data.draw(tenths) if start // 2 == entity else 0.0 for start, _ in candidates] for entity in range(entities)
    ]
    threshold = data.draw(st.sampled_from([0.0, 0.4]))

    def total(chosen):
        taken = [candidates[c] for c in chosen if c >= 0]
        if any(clash(a, b) for i, a in enumerate(taken) for b in taken[:i]):
            return -1.0
        won = [scores[entity][c] for entity, c in enumerate(chosen) if c >= 0]
        return sum(won) if all(score > threshold for score in won) else -1.0

    best = max(map(total, product(range(-1, len(candidates)), repeat=entities)))
    assert total(solve(scores, candidates, threshold)) == best
