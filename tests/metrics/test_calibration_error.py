"""Calibration error computed by hand, against the definition, and what is refused."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.metrics import expected_calibration_error

OUTCOMES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30)


def test_the_error_and_its_table_by_hand():
    # Bins of 0.25: nothing, two of which one is right, one that is right, three of which two are right.
    result = expected_calibration_error([0.375, 0.5, 0.75, 0.875, 1.0, 1.0], [1, 0, True, False, True, 1], bins=4)
    assert result.pop("ece") == pytest.approx((2 * 0.0625 + 1 * 0.25 + 3 * (23 / 24 - 2 / 3)) / 6)
    assert result == {
        "accuracy": 4 / 6,
        "confidence": 0.75,
        "count": 6,
        "bins": [
            {"from": 0.0, "to": 0.25, "count": 0, "confidence": None, "accuracy": None},
            {"from": 0.25, "to": 0.5, "count": 2, "confidence": 0.4375, "accuracy": 0.5},
            {"from": 0.5, "to": 0.75, "count": 1, "confidence": 0.75, "accuracy": 1.0},
            {"from": 0.75, "to": 1.0, "count": 3, "confidence": 2.875 / 3, "accuracy": 2 / 3},
        ],
    }


def test_confidence_that_equals_accuracy_in_every_bin_has_no_error():
    confidences, correct = [0.25] * 4 + [0.75] * 4, [1, 0, 0, 0] + [1, 1, 1, 0]
    assert expected_calibration_error(confidences, correct)["ece"] == 0.0


@pytest.mark.parametrize(
    ("confidence", "right", "error"), [(1.0, 0, 1.0), (0.0, 1, 1.0), (1.0, 1, 0.0), (0.0, 0, 0.0)]
)
def test_certain_predictions_are_wholly_right_or_wholly_wrong(confidence, right, error):
    assert expected_calibration_error([confidence] * 3, [right] * 3)["ece"] == error


def test_errors_of_one_bin_cancel_and_those_of_two_do_not():
    confidences, correct = [0.25, 0.75], [1, 0]
    assert expected_calibration_error(confidences, correct, bins=1)["ece"] == 0.0
    assert expected_calibration_error(confidences, correct, bins=2)["ece"] == 0.75


@pytest.mark.parametrize("bins", [1, 2, 3, 7, 10, 15, 100])
def test_a_bound_belongs_to_the_bin_below_it_and_zero_to_the_first(bins):
    bounds = [m / bins for m in range(bins + 1)]
    table = expected_calibration_error(bounds, [1] * len(bounds), bins)["bins"]
    assert [row["count"] for row in table] == [2] + [1] * (bins - 1)
    above = expected_calibration_error([math.nextafter(bound, 1) for bound in bounds[:-1]], [1] * bins, bins)["bins"]
    assert [row["count"] for row in above] == [1] * bins


def test_there_are_fifteen_bins_unless_told():
    table = expected_calibration_error([0.5], [True])["bins"]
    assert [row["count"] for row in table] == [0] * 7 + [1] + [0] * 7
    assert (table[0]["from"], table[-1]["to"]) == (0.0, 1.0)


@given(outcomes=OUTCOMES, bins=st.integers(1, 20))
def test_the_error_is_that_of_the_definition(outcomes, bins):
    confidences, correct = zip(*outcomes, strict=True)
    result = expected_calibration_error(confidences, correct, bins)
    error = Fraction(0)
    for m in range(bins):
        inside = [(Fraction(p), right) for p, right in outcomes if (m / bins < p or m == 0) and p <= (m + 1) / bins]
        assert result["bins"][m]["count"] == len(inside)
        if inside:
            confidence, accuracy = (Fraction(sum(column), len(inside)) for column in zip(*inside, strict=True))
            assert result["bins"][m]["confidence"] == pytest.approx(float(confidence), abs=1e-12)
            assert result["bins"][m]["accuracy"] == pytest.approx(float(accuracy), abs=1e-12)
            error += Fraction(len(inside), len(outcomes)) * abs(accuracy - confidence)
    assert result["ece"] == pytest.approx(float(error), abs=1e-12)


@given(outcomes=OUTCOMES)
def test_the_error_is_at_least_the_gap_over_all_predictions_and_at_most_one(outcomes):
    confidences, correct = zip(*outcomes, strict=True)
    result = expected_calibration_error(confidences, correct)
    assert abs(result["accuracy"] - result["confidence"]) - 1e-12 <= result["ece"] <= 1.0 + 1e-12
    assert sum(row["count"] for row in result["bins"]) == result["count"] == len(outcomes)


def test_arrays_are_taken_and_the_result_can_be_written_as_json():
    result = expected_calibration_error(np.array([0.5, 1.0], np.float32), np.array([True, False]), np.int64(2))
    assert json.loads(json.dumps(result)) == result
    assert result["ece"] == 0.75


@pytest.mark.parametrize("confidence", [1.5, -0.25, math.nan, math.inf])
def test_a_confidence_outside_zero_and_one_is_refused_with_its_place(confidence):
    with pytest.raises(XnerError, match=f"prediction 1: the confidence {confidence} lies outside"):
        expected_calibration_error([0.5, confidence], [1, 1])


@pytest.mark.parametrize("outcome", [2, 0.5, -1, math.nan])
def test_an_outcome_that_is_neither_right_nor_wrong_is_refused_with_its_place(outcome):
    with pytest.raises(XnerError, match=f"prediction 2: {float(outcome)} says neither right"):
        expected_calibration_error([0.5] * 3, [1, 0, outcome])


@pytest.mark.parametrize(("confidences", "correct"), [([0.5], []), ([0.5, 0.5], [1]), ([[0.5]], [[1]]), (0.5, 1)])
def test_lists_that_are_not_flat_and_of_one_length_are_refused(confidences, correct):
    with pytest.raises(XnerError, match="Give two flat lists"):
        expected_calibration_error(confidences, correct)


def test_no_predictions_are_refused():
    with pytest.raises(XnerError, match="There are no predictions"):
        expected_calibration_error([], [])


@pytest.mark.parametrize("bins", [0, -1, 1.5, "15", None])
def test_a_number_of_bins_below_one_is_refused(bins):
    with pytest.raises(XnerError, match=f"bins: {bins!r} is not a number of bins"):
        expected_calibration_error([0.5], [1], bins)
