"""Plots of a study: files that show every arm and language, the same for the same rows."""

from __future__ import annotations

import random
import re
import sys
from xml.etree import ElementTree

import pytest

from xner_hf.errors import XnerError
from xner_hf.study.parts import Contrast
from xner_hf.study.plots import f1_plot, forest_plot, learning_curves
from xner_hf.study.summary import summarise

pytest.importorskip("matplotlib")

CONTRASTS = [Contrast("primary", "projected+parse", "projected"), Contrast("direct", "direct+parse", "direct")]


@pytest.fixture
def rows(make_row) -> list:
    """Return rows of four arms, one of which failed."""
    found = [
        make_row(language, arm, seed, 0.1 * i + 0.05 * j + 0.01 * seed)
        for i, language in enumerate(("luo", "wol", "bam"), 2)
        for j, arm in enumerate(("direct", "direct+parse", "projected", "projected+parse"))
        for seed in (1, 2)
    ]
    for row in found:
        row["curve"] = [{"step": step, "loss": 1 / step, "eval_f1": 1 - 1 / step} for step in (10, 20)]
    return [*found, make_row("luo", "projected", 3, None)]


def texts(path) -> str:
    """Return what an SVG file says; matplotlib leaves each drawn text in a comment."""
    return "\n".join(re.findall(r"<!-- (.*?) -->", path.read_text(encoding="utf-8"), re.DOTALL))


def draw(name: str, rows: list, path) -> None:
    """Make one of the three plots."""
    if name == "curves":
        learning_curves(rows, path)
    else:
        {"forest": forest_plot, "f1": f1_plot}[name](summarise(rows, CONTRASTS), path)


@pytest.mark.parametrize("name", ["forest", "f1", "curves"])
def test_the_same_rows_in_any_order_give_the_same_file(name, rows, tmp_path) -> None:
    for ending in ("svg", "png"):
        one, other = tmp_path / f"one.{ending}", tmp_path / "folder" / f"other.{ending}"
        draw(name, rows, one)
        draw(name, random.Random(1).sample(rows, len(rows)), other)
        assert one.read_bytes() == other.read_bytes()


def test_the_svg_is_xml_without_a_date(rows, tmp_path) -> None:
    draw("f1", rows, tmp_path / "f1.svg")
    assert ElementTree.parse(tmp_path / "f1.svg").getroot().tag.endswith("svg")
    assert "dc:date" not in (tmp_path / "f1.svg").read_text(encoding="utf-8")


def test_the_forest_shows_languages_means_and_intervals(rows, tmp_path) -> None:
    draw("forest", rows, tmp_path / "forest.svg")
    shown = texts(tmp_path / "forest.svg")
    for text in ("luo", "wol", "bam", "mean effect", "projected+parse", "minus projected", "direct"):
        assert text in shown
    mean = summarise(rows, CONTRASTS).primary.languages[0].effect
    assert f"{100 * mean.mean:+.2f}" in shown


def test_f1_shows_every_arm_and_language(rows, tmp_path) -> None:
    draw("f1", rows, tmp_path / "f1.svg")
    shown = texts(tmp_path / "f1.svg").splitlines()
    for text in ("luo", "wol", "bam", "direct", "direct+parse", "projected", "projected+parse"):
        assert text in shown


def test_curves_show_validation_where_there_is_one_and_only_the_arms_that_are_asked_for(rows, tmp_path) -> None:
    learning_curves(rows, tmp_path / "all.svg")
    assert "F1 x 100, projected validation" in texts(tmp_path / "all.svg")
    learning_curves(rows, tmp_path / "loss.svg", "loss", ["projected"])
    shown = texts(tmp_path / "loss.svg").splitlines()
    assert "training loss" in shown and "projected" in shown and "direct" not in shown


def test_nothing_to_draw_is_said(make_row, tmp_path) -> None:
    failed = [make_row("luo", "projected", 1, None)]
    for name, message in (("forest", "no contrast has an effect"), ("f1", "no run is done"), ("curves", "no run has")):
        with pytest.raises(XnerError, match=message):
            draw(name, failed, tmp_path / "plot.svg")
    assert list(tmp_path.iterdir()) == []


def test_other_endings_are_refused(rows, tmp_path) -> None:
    with pytest.raises(XnerError, match=r"plot\.jpg: a plot is written as \.svg or \.png"):
        draw("f1", rows, tmp_path / "plot.jpg")


def test_without_matplotlib_the_extra_is_named(rows, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(XnerError, match=r"pip install matplotlib"):
        draw("f1", rows, tmp_path / "plot.svg")
