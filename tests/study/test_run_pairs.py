"""Pairs of runs by seed, and what may not be paired or averaged."""

from __future__ import annotations

import pytest

from xner_hf.errors import XnerError
from xner_hf.study.parts import Contrast
from xner_hf.study.run_pairs import SeedPair, bootstrap_pair, check_alike, pairs_by_seed

CONTRAST = Contrast("primary", "a+parse", "a")


def test_runs_are_paired_by_seed_and_what_has_no_partner_is_counted(make_row) -> None:
    rows = [make_row("luo", "a+parse", seed, 0.5 + seed / 100) for seed in (3, 1, 2)]
    rows += [make_row("luo", "a", 1, 0.5), make_row("luo", "a", 2, None), make_row("luo", "a", 5, 0.4)]
    (luo,) = pairs_by_seed(rows, CONTRAST, {"luo": [1, 2, 3, 5]})
    assert [(pair.seed, pair.difference) for pair in luo.pairs] == [(1, pytest.approx(0.01))]
    assert (luo.failed, luo.missing) == (1, 2)


def test_a_seed_that_one_arm_alone_is_to_have_is_not_missing(make_row) -> None:
    rows = [make_row("luo", "a", seed, 0.5) for seed in (1, 2, 3)] + [make_row("luo", "a+parse", 1, 0.6)]
    (luo,) = pairs_by_seed(rows, CONTRAST, {"luo": [1, 2]})
    assert ([pair.seed for pair in luo.pairs], luo.failed, luo.missing) == ([1], 0, 1)


def test_a_language_without_runs_has_no_pairs(make_row) -> None:
    luo, wol = pairs_by_seed([make_row("luo", "a", 1, 0.5)], CONTRAST, {"luo": [1], "wol": [1, 2]})
    assert (luo.pairs, luo.failed, luo.missing) == ((), 0, 1)
    assert (wol.pairs, wol.failed, wol.missing) == ((), 0, 2)


def test_runs_of_other_settings_are_not_averaged_and_the_setting_is_named(make_row) -> None:
    rows = [make_row("luo", "a", 1, 0.5), make_row("luo", "a", 2, 0.6, epochs=3.0)]
    with pytest.raises(XnerError, match=r"luo, a: the runs .* differ in 'epochs' \(2.0 and 3.0\)"):
        check_alike(rows, "luo, a")


def test_a_failed_run_of_other_settings_is_not_let_through(make_row) -> None:
    rows = [make_row("luo", "a", 1, 0.5), make_row("luo", "a", 2, None, learning_rate=1e-3)]
    with pytest.raises(XnerError, match="differ in 'learning_rate' \\(None and 0.001\\)"):
        check_alike(rows, "luo, a")


def test_a_setting_that_is_off_is_as_good_as_absent(make_row) -> None:
    check_alike([make_row("luo", "a", 1, 0.5), make_row("luo", "a", 2, 0.6, bf16=False, teacher=None)], "luo, a")


def test_a_seed_counts_once(make_row) -> None:
    rows = [make_row("luo", "a", 1, 0.5), {**make_row("luo", "a", 1, 0.6), "key": "other"}]
    with pytest.raises(XnerError, match="have the same seed, 1"):
        check_alike(rows, "luo, a")


@pytest.mark.parametrize("name", ["sentences", "epochs", "gold", "backbone", "gradient_accumulation"])
def test_arms_that_did_not_train_alike_are_not_compared(make_row, name) -> None:
    rows = [make_row("luo", "a+parse", 1, 0.5, **{name: 7}), make_row("luo", "a", 1, 0.5)]
    with pytest.raises(XnerError, match=f"contrast 'primary': the runs .* differ in '{name}'"):
        pairs_by_seed(rows, CONTRAST, {"luo": [1]})


GOLD = {"s1": [(0, 2, "PER")], "s2": [(1, 2, "LOC")], "s3": [], "s4": [(0, 1, "ORG"), (3, 5, "PER")]}


@pytest.fixture
def pair(make_row, predicted) -> SeedPair:
    """Return a pair: F1 .75 (3 of 4, 4 predicted) and 2/3 (2 of 4, 2 predicted)."""
    four = {"s1": [[0, 2, "PER"]], "s2": [[1, 2, "LOC"]], "s3": [[0, 1, "LOC"]], "s4": [[3, 5, "PER"]]}
    two = {"s1": [[0, 2, "PER"]], "s4": [[3, 5, "PER"]]}
    return SeedPair(
        1, predicted(make_row("luo", "a+parse", 1, 0.0), four), predicted(make_row("luo", "a", 1, 0.0), two)
    )


def test_the_bootstrap_of_a_pair_has_its_difference(pair) -> None:
    result = bootstrap_pair(pair, GOLD)
    assert result.difference == pytest.approx(pair.difference) == pytest.approx(0.75 - 2 / 3)
    assert result.low < result.difference < result.high


def test_spans_that_do_not_give_the_scores_are_refused(pair) -> None:
    pair.arm["scores"]["correct"] = 4
    with pytest.raises(XnerError, match=r"its spans have \[3, 4, 4\] .* its scores say \[4, 4, 4\]"):
        bootstrap_pair(pair, GOLD)


def test_gold_of_another_number_of_sentences_is_refused(pair) -> None:
    with pytest.raises(XnerError, match="scored on 4 sentences of org/gold:luo test, but the gold has 5"):
        bootstrap_pair(pair, {**GOLD, "s5": []})


def test_runs_on_different_test_sets_are_refused(pair) -> None:
    pair.arm["predictions"]["split"] = "validation"
    with pytest.raises(XnerError, match="different test sets: 'split' is 'validation' and 'test'"):
        bootstrap_pair(pair, GOLD)
