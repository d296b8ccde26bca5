"""Bootstrap over sentences, for the benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from xner_hf.metrics import Counts

RESAMPLES = 2000


def interval(sentences: Sequence[Mapping[str, Counts]], seed: int = 0) -> dict[str, float]:
    """Return precision, recall, F1 and the 95 % percentile interval of F1 (``low``, ``high``) over sentences."""
    table = np.array([[sum(column) for column in zip((0, 0, 0), *one.values(), strict=True)] for one in sentences])
    correct, predicted, gold = table.sum(axis=0)
    draws = np.random.default_rng(seed).multinomial(len(table), np.full(len(table), 1 / len(table)), RESAMPLES) @ table
    f1 = 2 * draws[:, 0] / np.maximum(draws[:, 1] + draws[:, 2], 1)
    low, high = np.percentile(f1, [2.5, 97.5])
    return {
        "precision": correct / max(predicted, 1),
        "recall": correct / max(gold, 1),
        "f1": 2 * correct / max(predicted + gold, 1),
        "low": float(low),
        "high": float(high),
    }
