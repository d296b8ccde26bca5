"""The demo on the bundled sample."""

from __future__ import annotations

import pytest


def test_the_demo_builds_trains_and_scores_both_languages(tmp_path):
    from xner_hf.demo import run_demo

    told: list[str] = []
    results = run_demo(tmp_path, told.append)
    assert set(results) == {"hau", "swa"} and len(told) == 4
    for one in results.values():
        rows = one["rows"]
        assert rows["in"] == 160 == rows["train"] + rows["validation"] + rows["rejected"]
        assert one["projection"]["f1"] > 0.8 and one["held_back"] == 32
        assert one["student"]["sentences"] == 32 and one["student"]["f1"] > 0.1  # it has learnt something
        assert (tmp_path / one["report"]).is_file()
    assert results["hau"]["trained_on"] == pytest.approx(0.8 * 150, abs=15)
