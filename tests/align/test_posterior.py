"""Posteriors of links against the sum over all alignments."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.align import posterior
from xner_hf.align.posterior import UNSEEN, Parameters, posteriors

WORDS = 4


def parameters(seed=0, window=2):
    draw = np.random.default_rng(seed)
    keys = np.sort(draw.choice(WORDS * WORDS, 9, replace=False))
    return Parameters(keys, draw.random(9), WORDS, draw.dirichlet(np.ones(2 * window + 1)), 0.2)


def summed_over_all_alignments(model, source, target):
    """The definition: every path through (last real position, is the present word null), weighed and added up."""
    window = len(model.jumps) // 2
    table = dict(zip(model.keys.tolist(), model.probabilities.tolist(), strict=True))

    def translation(s, t):
        return table.get(s * WORDS + t, UNSEEN) if s >= 0 and t >= 0 else UNSEEN

    def jump(before, position):
        def weight(to):
            return model.jumps[min(max(to - before, -window), window) + window]

        return weight(position) / sum(weight(to) for to in range(len(source)))

    total, found = 0.0, np.zeros((len(target), len(source)))
    states = [(i, null) for i in range(len(source)) for null in (False, True)]
    for path in itertools.product(states, repeat=len(target)):
        weight = 1.0
        for j, (i, null) in enumerate(path):
            before = path[j - 1][0] if j else -1
            if null:
                weight *= model.null * translation(0, target[j]) * (float(i == before) if j else jump(-1, i))
            else:
                weight *= (1 - model.null) * jump(before, i) * translation(source[i], target[j])
        total += weight
        for j, (i, null) in enumerate(path):
            found[j, i] += 0 if null else weight
    return found / total


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_it_is_the_sum_over_all_alignments(data):
    model = parameters(data.draw(st.integers(0, 99)), data.draw(st.integers(1, 4)))
    side = st.lists(st.integers(-1, WORDS - 1).filter(bool), min_size=1, max_size=4)
    pairs = data.draw(st.lists(st.tuples(side, side), min_size=1, max_size=3))
    found = posteriors(model, [source for source, _ in pairs], [target for _, target in pairs])
    for (source, target), matrix in zip(pairs, found, strict=True):
        assert matrix == pytest.approx(summed_over_all_alignments(model, source, target), abs=1e-6)


def test_one_word_is_linked_unless_null_translates_it_as_well():
    model = Parameters(np.array([0 * 2 + 1, 1 * 2 + 1]), np.array([0.1, 0.5]), 2, np.array([0.2, 0.3, 0.5]), 0.2)
    (found,) = posteriors(model, [[1]], [[1]])
    assert found == pytest.approx(np.array([[0.8 * 0.5 / (0.8 * 0.5 + 0.2 * 0.1)]]))


def test_pairs_have_the_same_posteriors_alone_and_in_batches_of_any_size(monkeypatch):
    draw, model = np.random.default_rng(1), parameters()
    rows = [[list(draw.integers(1, WORDS, draw.integers(1, 30))) for _ in range(40)] for _ in range(2)]
    together = posteriors(model, *rows)
    monkeypatch.setattr(posterior, "CELLS", 50)
    for one, other in zip(together, posteriors(model, *rows), strict=True):
        assert one.shape == other.shape and one == pytest.approx(other, abs=1e-6)


def test_a_sentence_of_a_thousand_words_keeps_its_precision():
    """Every word has one translation and jumps go one ahead: all links are on the diagonal."""
    size = 1000
    numbers = np.arange(1, size + 1)
    model = Parameters(numbers * (size + 1) + numbers, np.ones(size), size + 1, np.array([0.1, 0.2, 0.7]), 0.1)
    (found,) = posteriors(model, [list(numbers)], [list(numbers)])
    assert found.diagonal().min() > 0.999
    assert found.sum(1).max() <= 1 + 1e-6
