"""Rows of an invented study."""

from __future__ import annotations

from typing import Any

import pytest

GOLD = {"s1": [(0, 2, "PER")], "s2": [(1, 2, "LOC")], "s3": [], "s4": [(0, 1, "ORG"), (3, 5, "PER")]}


def _row(language: str, label: str, seed: int, f1: float | None, **changes: Any) -> dict[str, Any]:
    """Return a row of the store; without F1 it failed. Other keywords are settings."""
    settings = {"language": language, "code": language, "label": label, "arm": label, "seed": seed}
    settings |= {"backbone": "org/encoder", "gold": f"org/gold:{language}", "split": "test", "sentences": 1500}
    settings |= {"epochs": 2.0, "batch_size": 16, "noise": None, **changes}
    done = f1 is not None
    told = {"gold": settings["gold"], "split": "test", "sentences": len(GOLD), "spans": {}}
    return {
        "key": f"{language}/{label}/{seed}/{sorted(changes.items())}",
        "status": "done" if done else "failed",
        "error": None if done else "OutOfMemoryError",
        "settings": settings,
        "signatures": {"sentences": "d1"} if done else None,
        "scores": {"f1": f1} if done else None,
        "predictions": told if done else None,
        "curve": None,
    }


@pytest.fixture
def make_row() -> Any:
    """Return the function that makes rows."""
    return _row


@pytest.fixture
def predicted() -> Any:
    """Return a function that gives a row predictions on four sentences and the scores that follow from them."""

    def give(row: dict[str, Any], spans: dict[str, Any], gold: dict[str, Any] = GOLD) -> dict[str, Any]:
        correct = sum(tuple(one) in {tuple(g) for g in gold[name]} for name, found in spans.items() for one in found)
        number, true = sum(map(len, spans.values())), sum(map(len, gold.values()))
        scores = {"correct": correct, "predicted": number, "gold": true, "f1": 2 * correct / (number + true)}
        told = {**row["predictions"], "spans": spans, "sentences": len(gold)}
        return {**row, "scores": scores, "predictions": told}

    return give
