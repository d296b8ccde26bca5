"""Extraction is judged by the formulas of the papers, written out for one pair at a time."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.align.extraction import METHODS, TEMPERATURE, extract, pool


def states(cosines):
    """Return unit vectors of two sentences with the given cosines."""
    cosines = torch.as_tensor(cosines, dtype=torch.float64)
    m, n = cosines.shape
    rest = (1 - cosines.square().sum(0)).sqrt()
    return torch.eye(m, m + n).float(), torch.cat([cosines.T, torch.diag(rest)], dim=1).float()


def links_of(pairs, method, **options):
    """Return ``{(source, target): score}`` of each pair of ``(source states, target states)``."""
    width = max(side.shape[1] for pair in pairs for side in pair)
    sides = [[torch.nn.functional.pad(pair[k], (0, width - pair[k].shape[1])) for pair in pairs] for k in (0, 1)]
    counts = [torch.tensor([len(states) for states in side]) for side in sides]
    links, scores = extract(torch.cat(sides[0]), torch.cat(sides[1]), *counts, method, **options)
    found = [{} for _ in pairs]
    for (pair, i, j), score in zip(links.tolist(), scores.tolist(), strict=True):
        found[pair][i, j] = score
    return found


COSINES = [
    [0.9, 0.0, 0.0, 0.1],
    [0.3, 0.2, 0.0, 0.0],
    [0.0, 0.5, 0.8, 0.2],
    [0.2, 0.0, 0.4, 0.0],
]


def test_argmax_links_what_is_mutually_most_similar():
    assert set(links_of([states(COSINES)], "argmax")[0]) == {(0, 0), (2, 2)}


def test_the_first_of_equals_counts():
    assert set(links_of([(torch.ones(3, 2), torch.ones(4, 2))], "argmax")[0]) == {(0, 0)}


def test_either_direction_suffices_for_the_union():
    found = links_of([states(COSINES)], "argmax", union=True)[0]
    assert set(found) == {(0, 0), (1, 0), (2, 2), (3, 2), (2, 1), (2, 3)}


def test_the_second_round_of_itermax_damps_units_that_have_a_link():
    # Similarities (c + 1) / 2. Row 3, free: linked column 2 0.9 * 0.7, free columns 0.5. Column 1, free: linked row 2
    # 0.9 * 0.75, free row 1 0.6.
    assert set(links_of([states(COSINES)], "itermax")[0]) == {(0, 0), (2, 2), (3, 2), (2, 1)}
    # With 0.3 for 0.5 row 2 has 0.9 * 0.65 in column 1, where row 1 now has more. Row 1 has 0.9 * 0.65 in column 0.
    less = [list(row) for row in COSINES]
    less[2][1] = 0.3
    assert set(links_of([states(less)], "itermax")[0]) == {(0, 0), (2, 2), (3, 2), (1, 1)}


@pytest.mark.parametrize("rows", [2, 3])
def test_itermax_has_no_second_round_beside_a_side_of_two_units(rows):
    cosines = [[0.9, 0.6, 0.0], [0.1, 0.7, 0.0], [0.3, 0.2, 0.4]][:rows]
    expected = {(0, 0), (1, 1)} if rows == 2 else {(0, 0), (1, 1), (2, 2)}
    assert set(links_of([states(cosines)], "itermax")[0]) == expected


def test_mwmf_finds_the_matching_of_greatest_sum_not_of_greatest_links():
    assert set(links_of([states([[0.7, 0.6], [0.6, 0.1]])], "mwmf")[0]) == {(0, 1), (1, 0)}


def test_softmax_links_units_whose_probabilities_are_above_the_threshold_in_both_directions():
    # Row 0: exp(2) : exp(0), 0.88 and 0.12; row 1 even. Column 0: 0.88 and 0.12; column 1 even.
    pair = torch.eye(2), torch.tensor([[2.0, 0.0], [0.0, 0.0]])
    high = 1 / (1 + math.exp(-2))
    found = links_of([pair], "softmax", threshold=0.2)[0]
    assert set(found) == {(0, 0), (1, 1)}
    assert found[0, 0] == pytest.approx(high) and found[1, 1] == pytest.approx(0.5)
    assert set(links_of([pair], "softmax", threshold=0.2, union=True)[0]) == {(0, 0), (1, 1), (0, 1), (1, 0)}
    assert set(links_of([pair], "softmax", threshold=0.5)[0]) == {(0, 0)}  # 0.5 is not above 0.5


def test_softmax_does_not_overflow():
    pair = torch.eye(2) * 300, torch.eye(2) * 300
    assert links_of([pair], "softmax")[0] == {(0, 0): 1.0, (1, 1): 1.0}


def test_states_of_zero_make_no_nan():
    for method in METHODS:
        for score in links_of([(torch.zeros(3, 4), torch.zeros(5, 4))], method)[0].values():
            assert score == pytest.approx(1 / math.sqrt(15))


def test_a_word_is_the_mean_of_its_sub_words():
    states = torch.tensor([[1.0, 3.0], [2.0, 2.0], [4.0, 0.0]])
    assert pool(states, torch.tensor([0, 1, 1]), 2).tolist() == [[1.0, 3.0], [3.0, 1.0]]


def by_the_book(source, target, method, threshold=0.001):
    """Return ``{(i, j): score}`` of one pair from the definitions."""
    source, target = source.double().numpy(), target.double().numpy()
    m, n = len(source), len(target)
    products = source @ target.T
    cosines = products / np.linalg.norm(source, axis=1)[:, None] / np.linalg.norm(target, axis=1)
    scale = products if method == "softmax" else cosines / TEMPERATURE
    forward = np.exp(scale - scale.max()) / np.exp(scale - scale.max()).sum(1, keepdims=True)
    backward = np.exp(scale - scale.max()) / np.exp(scale - scale.max()).sum(0, keepdims=True)
    score = np.sqrt(forward * backward)
    cells = list(itertools.product(range(m), range(n)))

    def mutual(matrix):
        return {(i, j) for i, j in cells if matrix[i].argmax() == j and matrix[:, j].argmax() == i}

    similarity = (cosines + 1) / 2
    if method == "softmax":
        found = {(i, j) for i, j in cells if min(forward[i, j], backward[i, j]) > threshold}
    elif method == "mwmf":
        short = min(m, n)
        rows, columns = itertools.combinations(range(m), short), itertools.permutations(range(n), short)
        matchings = [list(zip(r, c, strict=True)) for r, c in itertools.product(rows, list(columns))]
        found = set(max(matchings, key=lambda pairs: sum(similarity[cell] for cell in pairs)))
    else:
        found = mutual(similarity)
        rows, columns = {i for i, _ in found}, {j for _, j in found}
        if method == "itermax" and min(m, n) > 2 and len(rows) < m and len(columns) < n:
            factor = {0: 1.0, 1: 0.9, 2: 0.0}
            damped = np.array(
                [[similarity[i, j] * factor[(i in rows) + (j in columns)] for j in range(n)] for i in range(m)]
            )
            found |= {(i, j) for i, j in mutual(damped) if i not in rows or j not in columns}
    return {cell: score[cell] for cell in found}


@settings(max_examples=40)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=6),
    seed=st.integers(0, 1000),
    method=st.sampled_from(METHODS),
)
def test_a_padded_batch_gives_the_links_that_the_definitions_give_for_each_pair(sizes, seed, method):
    noise = torch.Generator().manual_seed(seed)
    pairs = [(torch.randn(m, 6, generator=noise), torch.randn(n, 6, generator=noise)) for m, n in sizes]
    for (source, target), found in zip(pairs, links_of(pairs, method, threshold=0.05), strict=True):
        expected = by_the_book(source, target, method, threshold=0.05)
        assert set(found) == set(expected)
        assert found == pytest.approx(expected, abs=1e-5)
        assert all(0 < score <= 1 for score in found.values())
