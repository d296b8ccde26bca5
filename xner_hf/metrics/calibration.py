"""Whether confidences say how often predictions are right (Guo et al. 2017, "On Calibration of Modern Neural
Networks", section 2). numpy is imported when a function is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

from xner_hf.errors import XnerError


def expected_calibration_error(confidences: Sequence[float], correct: Sequence[bool], bins: int = 15) -> dict:
    """Return how far confidence and accuracy lie apart, on average over bins of equal width.

    Bin m of M holds the confidences in ((m - 1) / M, m / M]; the first holds 0, too. The error is the sum over bins of
    (count / n) * |accuracy - mean confidence| (equation 3).

    Args:
        confidences: probabilities of the predicted labels, in [0, 1].
        correct: whether each prediction is right: booleans, or 0 and 1.
        bins: number of bins, at least 1.

    Returns:
        ``ece`` in [0, 1]; ``accuracy`` and mean ``confidence`` of all predictions, in [0, 1]; ``count``, their number;
        and ``bins``, for every bin from the lowest: ``from`` and ``to``, its bounds; ``count``; ``confidence``, the
        mean, and ``accuracy``, both None in an empty bin.

    Raises:
        XnerError: there are no predictions, the numbers of values differ, a confidence lies outside [0, 1], a value of
            `correct` is neither true nor false, or `bins` is no number from 1.
    """
    import numpy as np

    if not isinstance(bins, Integral) or bins < 1:
        raise XnerError(f"bins: {bins!r} is not a number of bins. Give a whole number from 1; 15 is usual.")
    probabilities, right = np.asarray(confidences, np.float64), np.asarray(correct, np.float64)
    if probabilities.ndim != 1 or probabilities.shape != right.shape:
        raise XnerError(
            f"There are confidences of shape {list(probabilities.shape)} and outcomes of shape {list(right.shape)}. "
            "Give two flat lists, with one confidence and one outcome per prediction."
        )
    if not probabilities.size:
        raise XnerError("There are no predictions, so their calibration is not defined. Give at least one.")
    outside = np.flatnonzero(~((probabilities >= 0) & (probabilities <= 1)))
    if outside.size:
        raise XnerError(
            f"prediction {outside[0]}: the confidence {probabilities[outside[0]]} lies outside [0, 1]. "
            "Give probabilities, not scores or percentages."
        )
    unclear = np.flatnonzero((right != 0) & (right != 1))
    if unclear.size:
        raise XnerError(
            f"prediction {unclear[0]}: {right[unclear[0]]} says neither right (1) nor wrong (0). "
            "Give whether each prediction equals its gold label."
        )
    # Comparing with m / M itself keeps a confidence of exactly m / M in bin m, which ceil(M * confidence) may not.
    bounds = np.arange(bins + 1) / bins
    number = np.searchsorted(bounds[1:], probabilities)
    count = np.bincount(number, minlength=bins)
    sum_of_confidence = np.bincount(number, probabilities, bins)
    sum_of_right = np.bincount(number, right, bins)
    return {
        "ece": float(np.abs(sum_of_right - sum_of_confidence).sum() / probabilities.size),
        "accuracy": float(right.mean()),
        "confidence": float(probabilities.mean()),
        "count": int(probabilities.size),
        "bins": [
            {
                "from": float(bounds[m]),
                "to": float(bounds[m + 1]),
                "count": int(count[m]),
                "confidence": float(sum_of_confidence[m] / count[m]) if count[m] else None,
                "accuracy": float(sum_of_right[m] / count[m]) if count[m] else None,
            }
            for m in range(bins)
        ],
    }
