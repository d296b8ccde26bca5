from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.project.solvers import SOLVERS, objective, solve_exact, solve_greedy, solve_milp
from xner_hf.project.solvers.exact import MOST_FOR_FEW
from xner_hf.project.solvers.few import match_few
from xner_hf.project.solvers.many import match_many
from xner_hf.project.solvers.milp import best_cells


def arrays(scores, candidates):
    starts = np.array([a for a, _ in candidates], dtype=int)
    ends = np.array([b for _, b in candidates], dtype=int)
    return np.array(scores, dtype=float).reshape(len(scores), len(candidates)), starts, ends


def solve(scores, candidates, threshold=0.0, solver=solve_greedy):
    return solver(*arrays(scores, candidates), threshold)


def clash(a, b):
    return a[0] < b[1] and b[0] < a[1]


@st.composite
def problems(draw):
    """Scores in tenths, so that ties are frequent; candidates shorter first, then from left to right."""
    length = draw(st.integers(1, 5))
    candidates = [one for one in ngrams(length, length) if draw(st.booleans())]
    entities = draw(st.integers(0, 4))
    cell = st.integers(0, 10).map(lambda tenths: tenths / 10)
    scores = [[draw(cell) for _ in candidates] for _ in range(entities)]
    return scores, candidates, draw(st.sampled_from([0.0, 0.3, 0.5, 1.0]))


def ngrams(length, longest):
    """Return all n-grams, shorter first, then from left to right."""
    return [(a, a + size) for size in range(1, longest + 1) for a in range(length - size + 1)]


def is_matching(chosen, scores, candidates, threshold):
    taken = [candidates[c] for c in chosen if c >= 0]
    above = all(scores[entity][c] > threshold for entity, c in enumerate(chosen) if c >= 0)
    return above and not any(clash(a, b) for i, a in enumerate(taken) for b in taken[:i])


def best_of_all(scores, candidates, threshold):
    """Return the objective of the best matching, by trying them all."""
    choices = [[-1] + [c for c, score in enumerate(row) if score > threshold] for row in scores]
    totals = (
        objective(np.array(scores), chosen, threshold) if is_matching(chosen, scores, candidates, threshold) else 0.0
        for chosen in product(*choices)
    )
    return max(totals, default=0.0)


class TestGreedy:
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


@given(problems())
def test_matches_lie_above_the_threshold_and_never_share_a_word(problem):
    scores, candidates, threshold = problem
    chosen = solve(*problem)
    assert len(chosen) == len(scores)
    assert all(type(candidate) is int for candidate in chosen)
    taken = [candidates[c] for c in chosen if c >= 0]
    assert all(scores[entity][c] > threshold for entity, c in enumerate(chosen) if c >= 0)
    assert not any(clash(a, b) for i, a in enumerate(taken) for b in taken[:i])


@given(problems())
def test_an_entity_goes_without_only_where_others_hold_the_words_of_all_its_candidates(problem):
    scores, candidates, threshold = problem
    chosen = solve(*problem)
    taken = [candidates[c] for c in chosen if c >= 0]
    for entity, c in enumerate(chosen):
        if c < 0:
            live = [one for one, score in zip(candidates, scores[entity], strict=True) if score > threshold]
            assert all(any(clash(one, other) for other in taken) for one in live)


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


@given(problems())
def test_it_is_never_worse_than_any_single_match(problem):
    scores, _, threshold = problem
    total = sum(scores[entity][c] for entity, c in enumerate(solve(*problem)) if c >= 0)
    assert all(total >= score for row in scores for score in row if score > threshold)


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


@pytest.mark.parametrize("solver", [solve_exact, solve_milp])
class TestBest:
    def test_two_good_matches_are_taken_where_greedy_takes_the_best_one_between_them(self, solver):
        # The example of Shkalikov's thesis, scores .2 .3 .2 on three spans of which the middle one meets both others,
        # with two entities of one match each in place of one entity of two.
        scores, candidates = [[0.2, 0.3, 0.2]] * 2, [(1, 3), (2, 4), (3, 6)]
        greedy, best = solve(scores, candidates), solve(scores, candidates, solver=solver)
        assert greedy == [1, -1]
        assert sorted(best) == [0, 2]
        assert objective(np.array(scores), best, 0.0) == pytest.approx(0.4, abs=1e-12)

    def test_an_entity_gives_up_its_best_where_the_others_win_more_by_it(self, solver):
        assert solve([[0.9, 0.8], [0.8, 0.0]], [(0, 1), (1, 2)], solver=solver) == [1, 0]

    def test_a_long_span_yields_to_two_short_ones(self, solver):
        scores = [[0.9, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.5]]
        assert solve(scores, [(0, 4), (0, 2), (2, 4)], solver=solver) == [-1, 1, 2]

    def test_the_threshold_is_the_price_of_every_match(self, solver):
        scores, candidates = [[0.9, 0.0, 0.0], [0.0, 0.6, 0.0], [0.0, 0.0, 0.6]], [(0, 4), (0, 2), (2, 4)]
        assert solve(scores, candidates, 0.2, solver) == [-1, 1, 2]  # .4 + .4 against .7
        assert solve(scores, candidates, 0.4, solver) == [0, -1, -1]  # .2 + .2 against .5

    def test_a_word_may_go_to_nobody_so_that_more_is_won(self, solver):
        # Entities 0 and 1 compete for word 1; entity 2 only has the span over words 1 and 2.
        scores = [[0.5, 0.6, 0.0, 0.0], [0.0, 0.3, 0.0, 0.0], [0.0, 0.0, 0.0, 0.7]]
        assert solve(scores, [(0, 1), (1, 2), (2, 3), (1, 3)], solver=solver) == [0, -1, 3]

    def test_candidates_that_stand_twice_and_in_any_order_are_no_trouble(self, solver):
        chosen = solve([[0.5, 0.4, 0.7, 0.5], [0.0, 0.9, 0.8, 0.0]], [(2, 3), (0, 1), (0, 1), (2, 3)], solver=solver)
        assert (chosen[0] in (0, 3), chosen[1]) == (True, 1)


class TestTiesOfExact:
    def test_the_first_of_the_shortest_is_taken_where_nobody_competes(self):
        assert solve([[0.7, 0.7, 0.7]], [(0, 2), (2, 3), (3, 4)], solver=solve_exact) == [1]

    def test_fewer_words_are_covered_where_entities_compete(self):
        scores = [[0.7, 0.7, 0.0], [0.7, 0.0, 0.4]]
        assert solve(scores, [(0, 1), (1, 4), (4, 8)], solver=solve_exact) == [1, 0]
        scores = [[0.7, 0.4, 0.0], [0.7, 0.0, 0.4]]
        assert solve(scores, [(0, 1), (1, 4), (4, 6)], solver=solve_exact) == [0, 2]

    def test_entities_with_equal_scores_are_served_from_left_to_right(self):
        assert solve([[0.7, 0.7, 0.7]] * 2, [(1, 2), (3, 4), (5, 6)], solver=solve_exact) == [0, 1]

    def test_rounding_does_not_decide(self):
        # .1 + .2 is more than .3 in floating point.
        assert solve([[0.1 + 0.2, 0.3]], [(0, 2), (1, 2)], solver=solve_exact) == [1]


@given(problems())
def test_exact_and_milp_are_as_good_as_the_best_of_all_matchings_and_greedy_is_not_better(problem):
    scores, candidates, threshold = problem
    found = {name: solve(*problem, solver=solver) for name, solver in SOLVERS.items()}
    assert all(is_matching(chosen, *problem) and len(chosen) == len(scores) for chosen in found.values())
    assert all(type(candidate) is int for chosen in found.values() for candidate in chosen)
    won = {name: objective(arrays(scores, candidates)[0], chosen, threshold) for name, chosen in found.items()}
    best = best_of_all(*problem)
    assert won["exact"] == pytest.approx(best, abs=1e-9)
    assert won["milp"] == pytest.approx(best, abs=1e-9)
    assert won["greedy"] <= best + 1e-9


@st.composite
def competitions(draw):
    """Cells of some entities; gains in tenths with many ties, or all different."""
    length, entities = draw(st.integers(1, 12)), draw(st.integers(1, 7))
    spans = np.array(ngrams(length, min(length, 5)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    gains = random.random((entities, len(spans)))
    if draw(st.booleans()):
        gains = np.ceil(10 * gains) / 10
    live = random.random(gains.shape) < draw(st.sampled_from([0.2, 0.6, 1.0]))
    live[:, 0] = True
    entity, span = np.nonzero(live)
    return entity, spans[span, 0], spans[span, 1], gains[live]


@given(competitions())
def test_the_programmes_for_few_and_for_many_entities_win_as_much_as_branch_and_bound(cells):
    entities, starts, ends, gains = cells
    won = []
    for match in (match_few, match_many, best_cells):
        found = list(match(*cells))
        assert len(set(entities[found])) == len(found)
        words = [word for cell in found for word in range(starts[cell], ends[cell])]
        assert len(set(words)) == len(words)
        won.append(gains[found].sum())
    assert won == pytest.approx([won[0]] * 3, abs=1e-9)


@pytest.mark.parametrize(
    "entities, length, longest, make",
    [
        pytest.param(MOST_FOR_FEW, 20, 8, lambda random, shape: random.random(shape), id="few"),
        pytest.param(MOST_FOR_FEW + 2, 20, 20, lambda random, shape: random.random(shape), id="many"),
        pytest.param(20, 30, 4, lambda random, shape: np.ones(shape), id="too many states"),
        pytest.param(64, 20, 2, lambda random, shape: random.random(shape), id="more entities than bits"),
    ],
)
def test_dense_competitions_are_solved_as_well_as_by_milp(entities, length, longest, make):
    candidates = ngrams(length, longest)
    scores = make(np.random.default_rng(7), (entities, len(candidates)))
    won = []
    for solver in (solve_exact, solve_milp):
        chosen = solve(scores, candidates, 0.1, solver)
        assert is_matching(chosen, scores, candidates, 0.1)
        won.append(objective(scores, chosen, 0.1))
    assert won[0] == pytest.approx(won[1], abs=1e-9)


def test_long_gaps_between_words_cost_nothing():
    far = 10**12
    assert solve([[0.9, 0.8], [0.8, 0.0]], [(0, far), (far, far + 1)], solver=solve_exact) == [1, 0]


def test_the_objective_counts_what_lies_above_the_threshold():
    scores = np.array([[0.9, 0.1], [0.3, 0.6], [0.5, 0.5]])
    assert objective(scores, [0, 1, -1], 0.25) == pytest.approx(1.0, abs=1e-15)
    assert objective(scores, [-1, -1, -1], 0.25) == 0.0


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
class TestInput:
    @pytest.mark.parametrize("entities, candidates", [(0, []), (2, []), (0, [(0, 1)])])
    def test_without_entities_or_candidates_nothing_is_matched(self, solver, entities, candidates):
        assert solve([[0.5] * len(candidates)] * entities, candidates, solver=solver) == [-1] * entities

    def test_nothing_is_matched_where_no_score_is_above_the_threshold(self, solver):
        assert solve([[0.5, 0.0], [0.4, 0.5]], [(0, 1), (1, 2)], 0.5, solver) == [-1, -1]

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -0.25])
    def test_a_score_that_is_none_is_refused_with_its_cell(self, solver, value):
        with pytest.raises(XnerError, match=rf"entity 1 and candidate 0 is {value}"):
            solve([[0.5, 0.1], [value, 0.5]], [(0, 1), (1, 2)], solver=solver)

    @pytest.mark.parametrize("span", [(2, 2), (3, 2), (-1, 1)])
    def test_a_candidate_without_words_or_before_the_sentence_is_refused(self, solver, span):
        with pytest.raises(XnerError, match=rf"candidate 1 is the span \[{span[0]}, {span[1]}\)"):
            solve([[0.5, 0.1]], [(0, 1), span], solver=solver)

    def test_shapes_that_do_not_fit_are_refused(self, solver):
        scores, starts, ends = arrays([[0.5, 0.1]], [(0, 1), (1, 2)])
        for wrong in ((scores[0], starts, ends), (scores, starts[:1], ends), (scores, starts, ends[:1])):
            with pytest.raises(XnerError, match="do not fit"):
                solver(*wrong, 0.0)

    def test_word_positions_are_whole_numbers(self, solver):
        scores, starts, ends = arrays([[0.5]], [(0, 1)])
        with pytest.raises(XnerError, match="float64"):
            solver(scores, starts.astype(float), ends, 0.0)

    def test_the_threshold_is_a_number(self, solver):
        with pytest.raises(XnerError, match="threshold is nan"):
            solve([[0.5]], [(0, 1)], float("nan"), solver)
