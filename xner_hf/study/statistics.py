"""Statistics of a study: how large the difference between two arms is, and how sure.

Three things vary by chance, and each is dealt with where it arises: the seed of a run (`language_effect`, over pairs
by seed), the sentences of the test set (`paired_bootstrap`, one for each pair of runs), and the language
(`mean_effect`). Seeds are never resampled, there are too few of them, and none is picked. F1 values lie in [0, 1],
their differences in [-1, 1].

The mixed model is solved here, and statsmodels judges it in the tests: a root of the profile score depends on no
starting value, and the same store gives the same digits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from statistics import fmean

import numpy as np

from xner_hf.errors import XnerError
from xner_hf.spans import Span

POWER = 0.8
RESAMPLES = 10_000
_NO_SPREAD = 1e-9
"""A deviation of F1 below this is rounding: a t test would find it significant."""


@dataclass(frozen=True)
class Bootstrap:
    """Difference in F1 of two runs on one test set, its 95 % interval over sentences, and its two-sided p."""

    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class LanguageEffect:
    """The mean difference of one language over its seeds.

    Attributes:
        mean: of the differences of F1, in [-1, 1].
        deviation: standard deviation of the differences over seeds; None with one seed.
        pairs: number of seeds.
        low: lower end of the 95 % interval (Student's t); None with one seed, or where the seeds do not differ.
        high: its upper end.
        p: two-sided p of the paired t test; None where there is no interval.
        detectable: the smallest true difference that such a test finds in 80 % of all cases; None without interval.
    """

    mean: float
    deviation: float | None
    pairs: int
    low: float | None = None
    high: float | None = None
    p: float | None = None
    detectable: float | None = None


@dataclass(frozen=True)
class MeanEffect:
    """The mean difference over languages, by the mixed model of `mean_effect`.

    Attributes:
        mean: the fixed effect. With as many pairs in every language it is the mean of the languages' means.
        macro: the mean of the languages' means.
        low: lower end of the 95 % interval; None where no two differences differ.
        high: its upper end.
        p: two-sided p; None without interval.
        detectable: as in `LanguageEffect`.
        error: standard error of `mean`; None without interval.
        between: standard deviation of the true effect between languages; None where it cannot be estimated.
        within: standard deviation over seeds within a language; None where it cannot be estimated.
        languages: their number.
        pairs: number of pairs, all languages together.
        note: what is special about this fit; empty in the ordinary case.
    """

    mean: float
    macro: float
    low: float | None
    high: float | None
    p: float | None
    detectable: float | None
    error: float | None
    between: float | None
    within: float | None
    languages: int
    pairs: int
    note: str = ""


def language_effect(differences: Sequence[float]) -> LanguageEffect:
    """Return the mean of the differences of one language's pairs, with the interval and the test over its seeds.

    Raises:
        XnerError: there are none.
    """
    if not differences:
        raise XnerError("there is no pair of runs, so there is no effect.")
    mean, number = fmean(differences), len(differences)
    if number == 1:
        return LanguageEffect(mean, None, 1)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in differences) / (number - 1))
    if deviation < _NO_SPREAD:
        return LanguageEffect(mean, deviation, number)
    return LanguageEffect(mean, deviation, number, *_test(mean, deviation / math.sqrt(number), number - 1))


def mean_effect(differences: Mapping[str, Sequence[float]]) -> MeanEffect:
    """Estimate the mean effect over languages from the differences of the seed pairs of each.

    The model is ``d[l, s] = effect + u[l] + e[l, s]`` with ``u ~ N(0, between^2)`` (the language) and
    ``e ~ N(0, within^2)`` (the seed), fitted by restricted maximum likelihood (Patterson & Thompson 1971). Given the
    ratio of the variances, effect and error are those of weighted least squares; the ratio is the root of the score of
    the profile likelihood, so the fit has no starting value. The interval is Student's t with as many degrees of
    freedom as there are languages, less one, since the effect is generalised over languages.

    With as many pairs in every language, and a variance between them, it is the t interval of the languages' means.

    Args:
        differences: by language; languages without pairs are left out.

    Raises:
        XnerError: fewer than 2 languages have pairs.
    """
    groups = [list(differences[language]) for language in sorted(differences) if differences[language]]
    if len(groups) < 2:
        raise XnerError(
            f"{len(groups)} language(s) have pairs of runs; a mean effect over languages needs at least 2. Run the "
            "study on more languages, or read the effect of the one language."
        )
    sizes = np.array([len(group) for group in groups], dtype=float)
    means = np.array([fmean(group) for group in groups])
    pairs, number, macro = int(sizes.sum()), len(groups), fmean(means.tolist())
    squares = math.fsum((value - fmean(group)) ** 2 for group in groups for value in group)

    def result(mean: float, error: float | None, between: float | None, within: float | None, note: str) -> MeanEffect:
        tested = _test(mean, error, number - 1) if error is not None else (None,) * 4
        return MeanEffect(mean, macro, *tested, error, between, within, number, pairs, note)

    overall = float(sizes @ means / pairs)
    total = squares + float(sizes @ (means - overall) ** 2)
    if math.sqrt(total / (pairs - 1)) < _NO_SPREAD:
        return result(macro, None, None, None, "all differences are equal, so nothing can be said about their chance")
    if pairs == number or squares < 1e-12 * total:
        spread = float(np.std(means, ddof=1))
        if pairs == number:
            note = "one pair per language: languages and seeds cannot be told apart"
            return result(macro, spread / math.sqrt(number), None, None, note)
        return result(macro, spread / math.sqrt(number), spread, 0.0, "the seeds of a language do not differ")
    ratio = _variance_ratio(sizes, means, squares)
    weights = sizes / (1 + sizes * ratio)
    mean = float(weights @ means / weights.sum())
    variance = (squares + float(weights @ (means - mean) ** 2)) / (pairs - 1)
    note = "" if ratio else "no variance between languages beyond that of the seeds (its estimate is 0)"
    error = math.sqrt(variance / float(weights.sum()))
    return result(mean, error, math.sqrt(ratio * variance), math.sqrt(variance), note)


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """Adjust p values for their number by the step-down method of Holm (1979).

    Returns:
        The adjusted values in the order of the keys given; none is below its raw value or above 1.
    """
    ordered = sorted(values, key=lambda name: (values[name], name))
    scaled = (min(1.0, values[name] * (len(ordered) - rank)) for rank, name in enumerate(ordered))
    adjusted = dict(zip(ordered, accumulate(scaled, max), strict=True))
    return {name: adjusted[name] for name in values}


def detectable_effect(error: float, freedom: int) -> float:
    """Return the true effect that a two-sided t test at .05 finds in 80 % of all cases.

    Args:
        error: standard error of the estimate.
        freedom: degrees of freedom of the test, at least 1.
    """
    return error * _detectable_errors(freedom)


def paired_bootstrap(
    arm: Mapping[str, Sequence[Sequence]],
    against: Mapping[str, Sequence[Sequence]],
    gold: Mapping[str, Sequence[Span]],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Bootstrap:
    """Resample the sentences of a test set and score both runs on each sample (Efron & Tibshirani 1993, chapter 13).

    Sentences with the same counts are exchangeable, so it is their numbers that are drawn. The same sentences in
    another order give the same result.

    Args:
        arm: predicted ``(start, end, type)`` by sentence id; sentences without spans may be left out.
        against: the same of the other run.
        gold: spans of every sentence.
        resamples: number of samples.
        seed: of the draw.

    Returns:
        The difference in strict corpus F1 of the whole test set, the 2.5 and 97.5 percentiles of the samples'
        differences, and p: twice the share of samples on the rarer side of 0 (those at 0 are on both).

    Raises:
        XnerError: there is no sentence, or a predicted sentence is not in the gold.
    """
    if not gold:
        raise XnerError("the gold has no sentences, so there is nothing to resample.")
    left = count_entities(arm, gold, "the first run")
    right = count_entities(against, gold, "the second run")
    kinds, numbers = np.unique(np.hstack([left, right[:, :2]]), axis=0, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(gold), numbers / len(gold), size=resamples) @ kinds
    differences = _difference(draws)
    low, high = np.percentile(differences, [2.5, 97.5])
    rarer = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    p = min(1.0, 2 * (rarer + 1) / (resamples + 1))
    return Bootstrap(float(_difference((numbers @ kinds)[None])[0]), float(low), float(high), p)


def count_entities(
    spans: Mapping[str, Sequence[Sequence]], gold: Mapping[str, Sequence[Span]], where: str
) -> np.ndarray:
    """Return correct, predicted and gold entities of every gold sentence, (sentences, 3)."""
    unknown = sorted(spans.keys() - gold.keys())
    if unknown:
        raise XnerError(
            f"{where}: the sentence {unknown[0]!r} has predicted spans but is not in the gold ({len(unknown)} such). "
            "Give the gold sentences of the same test set, under the same ids."
        )
    counts = np.zeros((len(gold), 3), dtype=np.int64)
    for i, (sentence, of_gold) in enumerate(gold.items()):
        predicted = {tuple(span[:3]) for span in spans.get(sentence, ())}
        counts[i] = len(predicted & {tuple(span[:3]) for span in of_gold}), len(predicted), len(of_gold)
    return counts


def _difference(counts: np.ndarray) -> np.ndarray:
    """F1 of the first run minus that of the second; columns: correct, predicted, gold, correct, predicted."""
    correct, predicted, gold, other_correct, other_predicted = counts.T
    # Where there is no entity at all, both numerators are 0.
    return 2 * correct / np.maximum(predicted + gold, 1) - 2 * other_correct / np.maximum(other_predicted + gold, 1)


def _variance_ratio(sizes: np.ndarray, means: np.ndarray, squares: float) -> float:
    """Return between^2 / within^2 at the restricted maximum of the likelihood, 0.0 at the boundary."""
    from scipy.optimize import brentq

    def slope(ratio: float) -> float:
        """Twice the derivative of the negative profile log-likelihood."""
        weights = sizes / (1 + sizes * ratio)
        away = (means - weights @ means / weights.sum()) ** 2
        explained = (weights**2 @ away) / (squares + weights @ away)
        return float(weights.sum() - (weights**2).sum() / weights.sum() - (sizes.sum() - 1) * explained)

    if slope(0.0) >= 0:
        return 0.0
    high = 1.0
    while slope(high) < 0:
        high *= 10  # ends: for large ratios the slope tends to (languages - 1) / ratio
    return float(brentq(slope, 0.0, high, xtol=1e-15, rtol=1e-14))


def _test(mean: float, error: float, freedom: int) -> tuple[float, float, float, float]:
    """Return the t interval, two-sided p and the detectable effect."""
    from scipy.stats import t

    half = error * float(t.ppf(0.975, freedom))
    return mean - half, mean + half, float(2 * t.sf(abs(mean) / error, freedom)), detectable_effect(error, freedom)


@lru_cache
def _detectable_errors(freedom: int) -> float:
    from scipy.optimize import brentq
    from scipy.stats import ncf, t

    critical = float(t.ppf(0.975, freedom))
    # The square of a non-central t is a non-central F, of which scipy computes the tail more reliably.
    return float(brentq(lambda x: ncf.sf(critical**2, 1, freedom, x * x) - POWER, 1e-6, 10 * critical, xtol=1e-12))
