"""Rows to put into a store."""

from __future__ import annotations

from xner_hf.study import settings_key


def row(seed=1, *, language="luo", label="projected", **changes):
    """A row that is done."""
    settings = {"language": language, "label": label, "seed": seed, "learning_rate": 5e-4, "bf16": False}
    settings = changes.pop("settings", settings)
    return {
        "key": settings_key(settings),
        "attempt": 1,
        "status": "done",
        "error": None,
        "study": "main",
        "settings": settings,
        "revision": "0123abc",
        "dirty": False,
        "versions": {"python": "3.11", "torch": None},
        "signatures": {"sentences": "00ff"},
        "hardware": {"device": "an x86 of 2 cores", "threads": 1},
        "started": "2026-01-31T12:00:00+00:00",
        "seconds": {"train": 12.5},
        "steps": {"projected": 10},
        "scores": {"f1": 0.5, "types": {"PER": {"f1": 0.5, "gold": 2}}},
        "parsing": None,
        "curve": [{"step": 10, "loss": 0.25}],
        "predictions": {
            "gold": "org/gold:luo",
            "split": "test",
            "sentences": 3,
            "spans": {"0": [[0, 2, "PER"], [3, 4, "LOC"]], "2": []},
        },
        **changes,
    }


def failed(seed=1, attempt=1, **changes):
    """A row of an attempt that failed before there was a result."""
    made = row(seed, attempt=attempt, status="failed", **{"error": "XnerError: no trees", **changes})
    return {name: value for name, value in made.items() if name not in ("scores", "predictions", "signatures")}


def hidden(folder):
    """Names of what writers left behind."""
    return [path.name for path in folder.glob(".*") if path.is_file()]
