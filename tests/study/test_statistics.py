"""Statistics of a study, on hand-computed cases and against statsmodels and scipy."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from xner_hf.errors import XnerError
from xner_hf.spans import Span
from xner_hf.study.statistics import detectable_effect, holm, language_effect, mean_effect, paired_bootstrap

NAMES = ("luo", "tsn", "pcm", "wol", "ewe", "bam")
DIFFERENCES = st.floats(-0.2, 0.2).map(lambda value: round(value, 6))
GROUPS = st.lists(st.lists(DIFFERENCES, min_size=1, max_size=5), min_size=2, max_size=6).map(
    lambda groups: dict(zip(NAMES, groups, strict=False))
)


def test_the_effect_of_a_language_is_the_t_interval_of_its_pairs() -> None:
    effect = language_effect([0.01, 0.02, 0.06])
    assert effect.mean == pytest.approx(0.03)
    assert effect.deviation == pytest.approx(math.sqrt(0.0007))
    half = 4.302652729911275 * math.sqrt(0.0007 / 3)
    assert (effect.low, effect.high) == (pytest.approx(0.03 - half), pytest.approx(0.03 + half))
    assert effect.p == pytest.approx(stats.ttest_1samp([0.01, 0.02, 0.06], 0).pvalue)


def test_one_pair_has_no_deviation_and_no_test() -> None:
    effect = language_effect([0.02])
    assert (effect.mean, effect.pairs) == (0.02, 1)
    assert {effect.deviation, effect.low, effect.high, effect.p, effect.detectable} == {None}


def test_rounding_errors_are_not_significant() -> None:
    effect = language_effect([0.3 - 0.2, 0.4 - 0.3, 0.1])
    assert effect.p is None and effect.low is None


def test_without_pairs_there_is_no_effect() -> None:
    with pytest.raises(XnerError, match="no pair of runs"):
        language_effect([])


@given(st.lists(DIFFERENCES, min_size=2, max_size=6), st.randoms())
def test_the_order_of_the_seeds_does_not_change_an_effect(values: list[float], random) -> None:
    shuffled = random.sample(values, len(values))
    assert language_effect(shuffled) == language_effect(values)


def test_a_test_with_known_power_finds_the_detectable_effect_in_four_of_five_cases() -> None:
    # TTestPower of statsmodels for 2, 3, 5 and 6 observations
    wanted = {1: 16.334010735, 2: 5.653489272, 4: 3.761059816, 5: 3.513903605}
    for freedom, errors in wanted.items():
        assert detectable_effect(0.01, freedom) == pytest.approx(0.01 * errors, rel=1e-6)
    assert detectable_effect(1.0, 100_000) == pytest.approx(stats.norm.ppf(0.975) + stats.norm.ppf(0.8), rel=1e-4)


def test_holm_multiplies_the_least_p_by_their_number_and_the_next_by_one_less() -> None:
    assert holm({"luo": 0.04, "tsn": 0.01, "wol": 0.02}) == {"luo": 0.04, "tsn": 0.03, "wol": 0.04}
    assert holm({"luo": 0.9, "tsn": 0.6}) == {"luo": 1.0, "tsn": 1.0}
    assert holm({}) == {}


@given(st.dictionaries(st.sampled_from(NAMES), st.floats(0, 1)))
def test_holm_keeps_the_order_and_lowers_nothing(raw: dict[str, float]) -> None:
    adjusted = holm(raw)
    assert list(adjusted) == list(raw)
    for name in raw:
        assert raw[name] <= adjusted[name] <= 1
        assert all(adjusted[name] <= adjusted[other] for other in raw if raw[name] < raw[other])


def test_with_as_many_pairs_everywhere_the_mean_effect_is_the_t_interval_of_the_languages_means() -> None:
    groups = {"luo": [0.01, 0.02, 0.03], "tsn": [0.05, 0.06, 0.07], "wol": [-0.01, 0.0, 0.01]}
    effect = mean_effect(groups)
    # means .02 .06 .00, their variance .000933...; within-language variance .0001
    assert (effect.mean, effect.macro) == (pytest.approx(0.08 / 3), pytest.approx(0.08 / 3))
    error = math.sqrt(0.0028 / 3 / 3)
    assert effect.error == pytest.approx(error)
    assert effect.within == pytest.approx(0.01)
    assert effect.between == pytest.approx(math.sqrt(0.0028 / 3 - 0.0001 / 3))
    assert effect.high - effect.mean == pytest.approx(4.302652729911275 * error)
    assert effect.p == pytest.approx(stats.ttest_1samp([0.02, 0.06, 0.0], 0).pvalue)
    assert effect.detectable == pytest.approx(error * 5.653489272, rel=1e-6)
    assert (effect.languages, effect.pairs, effect.note) == (3, 9, "")


def test_languages_that_differ_less_than_their_seeds_have_no_variance_of_their_own_and_it_is_said() -> None:
    groups = {"luo": [0.00, 0.04], "tsn": [0.01, 0.03], "wol": [-0.01, 0.05]}
    effect = mean_effect(groups)
    every = [value for group in groups.values() for value in group]
    assert effect.between == 0.0
    assert "its estimate is 0" in effect.note
    assert effect.error == pytest.approx(np.std(every, ddof=1) / math.sqrt(6))
    assert effect.mean == pytest.approx(0.02)


def test_one_pair_per_language_leaves_the_t_test_over_languages() -> None:
    effect = mean_effect({"luo": [0.01], "tsn": [0.02], "wol": [0.06]})
    assert effect.error == pytest.approx(math.sqrt(0.0007 / 3))
    assert effect.between is None and effect.within is None
    assert "one pair per language" in effect.note


def test_seeds_that_do_not_differ_leave_the_t_test_over_languages() -> None:
    effect = mean_effect({"luo": [0.01, 0.01], "tsn": [0.02], "wol": [0.06, 0.06, 0.06]})
    assert effect.mean == pytest.approx(0.03)
    assert effect.error == pytest.approx(math.sqrt(0.0007 / 3))
    assert "seeds of a language do not differ" in effect.note


def test_equal_differences_have_no_interval() -> None:
    effect = mean_effect({"luo": [0.3 - 0.2, 0.1], "tsn": [0.4 - 0.3]})
    assert effect.mean == pytest.approx(0.1)
    assert {effect.low, effect.high, effect.p, effect.error, effect.detectable} == {None}
    assert "all differences are equal" in effect.note


@pytest.mark.parametrize("groups", [{}, {"luo": [0.1, 0.2]}, {"luo": [0.1, 0.2], "tsn": []}])
def test_fewer_than_two_languages_are_refused(groups: dict[str, list[float]]) -> None:
    with pytest.raises(XnerError, match="at least 2"):
        mean_effect(groups)


@given(GROUPS, st.randoms())
def test_the_order_of_languages_and_seeds_does_not_change_the_mean_effect(groups, random) -> None:
    shuffled = {name: groups[name] for name in random.sample(list(groups), len(groups))}
    assert mean_effect(shuffled) == mean_effect(groups)


@given(GROUPS)
def test_the_mean_effect_turns_its_sign_with_the_differences(groups) -> None:
    there, back = mean_effect(groups), mean_effect({name: [-one for one in group] for name, group in groups.items()})
    assert back.mean == pytest.approx(-there.mean, abs=1e-9)
    if there.low is not None:
        assert back.low == pytest.approx(-there.high, rel=1e-6, abs=1e-9)
        assert there.low <= there.mean <= there.high


def _reml(groups: dict[str, list[float]], between: float, within: float) -> float:
    """Restricted log-likelihood up to a constant, from the matrices."""
    values = np.concatenate([groups[name] for name in groups])
    of = np.repeat(np.arange(len(groups)), [len(group) for group in groups.values()])
    covariance = within**2 * np.eye(len(values)) + between**2 * (of[:, None] == of[None, :])
    inverse, ones = np.linalg.inv(covariance), np.ones(len(values))
    information = ones @ inverse @ ones
    rest = values - ones @ inverse @ values / information
    return -0.5 * (np.linalg.slogdet(covariance)[1] + math.log(information) + rest @ inverse @ rest)


@settings(max_examples=50)
@given(GROUPS)
def test_no_other_variances_near_by_are_likelier(groups) -> None:
    effect = mean_effect(groups)
    if not effect.within or effect.within < 1e-5:
        return
    best = _reml(groups, effect.between, effect.within)
    for step in (0.98, 1.02):
        assert _reml(groups, effect.between, step * effect.within) <= best + 1e-9
        assert _reml(groups, step * effect.between + (step > 1) * 1e-4, effect.within) <= best + 1e-9


def test_the_mixed_model_is_that_of_statsmodels() -> None:
    pytest.importorskip("statsmodels")
    from statsmodels.regression.mixed_linear_model import MixedLM

    random = np.random.default_rng(1)
    for sizes in ([3, 3, 3, 3], [5, 5, 5], [5, 3, 4, 3, 5], [2, 5, 3, 4]):
        groups = {
            NAMES[i]: (random.normal(0.01, 0.03) + random.normal(0, 0.01, size)).tolist()
            for i, size in enumerate(sizes)
        }
        effect = mean_effect(groups)
        values = 100 * np.concatenate(list(groups.values()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its optimiser
            fit = MixedLM(values, np.ones((len(values), 1)), np.repeat(np.arange(len(sizes)), sizes)).fit(reml=True)
        assert 100 * effect.mean == pytest.approx(fit.fe_params[0], abs=1e-3)
        assert 100 * effect.within == pytest.approx(math.sqrt(fit.scale), rel=1e-3)
        assert 100 * effect.between == pytest.approx(math.sqrt(fit.cov_re[0, 0]), rel=1e-3)
        if len(set(sizes)) == 1:  # else its error takes in that of the variances as well
            assert 100 * effect.error == pytest.approx(fit.bse_fe[0], rel=1e-3)


GOLD = {f"s{i}": [Span(0, 1, "PER")] if i % 2 else [] for i in range(200)}


def test_runs_with_the_same_spans_do_not_differ() -> None:
    spans = {"s1": [[0, 1, "PER"]], "s2": [[0, 1, "LOC"]]}
    result = paired_bootstrap(spans, spans, GOLD)
    assert (result.difference, result.low, result.high, result.p) == (0.0, 0.0, 0.0, 1.0)


def test_the_bootstrap_tells_a_run_that_finds_much_from_one_that_finds_little() -> None:
    much = {name: [[0, 1, "PER"]] for name, spans in GOLD.items() if spans and name != "s1"}
    little = {name: [[0, 1, "PER"]] for name in list(much)[:30]}
    result = paired_bootstrap(much, little, GOLD)
    assert result.difference == pytest.approx(2 * 99 / 199 - 2 * 30 / 130)
    assert 0.3 < result.low < result.difference < result.high < 0.75
    assert result.p == pytest.approx(2 / 10_001)
    back = paired_bootstrap(little, much, GOLD)
    assert back.difference == -result.difference
    assert back.p == result.p


def test_another_type_or_border_is_wrong() -> None:
    gold = {"s1": [Span(0, 2, "PER")]}
    right, other, shorter = {"s1": [[0, 2, "PER"]]}, {"s1": [[0, 2, "LOC"]]}, {"s1": [[0, 1, "PER"]]}
    assert paired_bootstrap(right, other, gold).difference == 1.0
    assert paired_bootstrap(other, shorter, gold).difference == 0.0


def test_the_interval_has_the_width_of_a_bootstrap_of_single_sentences() -> None:
    """Drawing numbers of like sentences is drawing sentences."""
    random = np.random.default_rng(3)
    gold = {str(i): [Span(0, 1, "PER")] * int(random.integers(2)) for i in range(150)}
    arm, against = (
        {name: [[0, 1, "PER"]] for name in gold if random.random() < share * (1 if gold[name] else 0.3)}
        for share in (0.8, 0.6)
    )
    result = paired_bootstrap(arm, against, gold)
    draws = random.integers(len(gold), size=(4000, len(gold)))
    true = np.array([bool(spans) for spans in gold.values()])

    def f1(spans: dict) -> np.ndarray:
        found = np.array([name in spans for name in gold])
        counts = [np.take(column, draws).sum(1) for column in (found & true, found, true)]
        return 2 * counts[0] / (counts[1] + counts[2])

    low, high = np.percentile(f1(arm) - f1(against), [2.5, 97.5])
    assert (result.low, result.high) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))


SPANS = st.dictionaries(st.sampled_from(list(GOLD)), st.sampled_from([[[0, 1, "PER"]], [[0, 1, "LOC"]], []]))


@settings(max_examples=30)
@given(SPANS, SPANS, st.randoms())
def test_the_bootstrap_contains_the_difference_and_ignores_the_order_of_sentences(arm, against, random) -> None:
    result = paired_bootstrap(arm, against, GOLD, resamples=500)
    assert result.low <= result.difference + 0.01 and result.difference - 0.01 <= result.high
    assert 0 < result.p <= 1
    mixed = {name: GOLD[name] for name in random.sample(list(GOLD), len(GOLD))}
    assert paired_bootstrap(arm, against, mixed, resamples=500) == result


def test_a_sentence_that_the_gold_does_not_have_is_refused() -> None:
    with pytest.raises(XnerError, match="the first run: the sentence 'other' has predicted spans but is not in"):
        paired_bootstrap({"other": [[0, 1, "PER"]]}, {}, GOLD)
    with pytest.raises(XnerError, match="no sentences"):
        paired_bootstrap({}, {}, {})
