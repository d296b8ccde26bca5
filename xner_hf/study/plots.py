"""Plots of a study: effects with their intervals, F1 by language, learning curves; SVG or PNG by the file's name.

The same rows give the same bytes with the same matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from xner_hf.errors import XnerError
from xner_hf.study.parts import STUDY_ARMS
from xner_hf.study.rows import DONE, Row
from xner_hf.study.statistics import LanguageEffect, MeanEffect
from xner_hf.study.summary import Summary, plan_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe & Ito (2008), which differ for colour-blind readers too; without their yellow, which is too pale for lines."""

_MARKERS = ("o", "s", "D", "^", "v", "P", "X")
_STYLE = {
    "svg.hashsalt": "xner-hf",
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "savefig.dpi": 160,
}
_GREY = "#888888"


def forest_plot(summary: Summary, path: Path) -> None:
    """Draw effects with their 95 % intervals: of the primary contrast by language, and the mean of every contrast.

    Small strokes are the seed pairs.

    Args:
        summary: with contrasts.
        path: ``.svg`` or ``.png``; its folder is made.

    Raises:
        XnerError: no contrast has a pair, matplotlib is not installed, or the file's name has another ending.
    """
    panels: list[tuple[str, list[_Effect]]] = []
    primary = summary.primary
    if primary is not None and any(line.effect for line in primary.languages):
        lines = [
            _Effect(one.language, one.effect, [seed.difference for seed in one.seeds]) for one in primary.languages
        ]
        mean = [] if primary.mean is None else [_Effect("mean effect", primary.mean)]
        panels.append((f"{primary.contrast.arm}\n   minus {primary.contrast.against}", lines + mean))
    means = [_Effect(one.contrast.name, one.mean) for one in summary.contrasts if one.mean is not None]
    if means and not (panels and len(means) == 1):
        panels.append(("Mean effects of the contrasts", means))
    if not panels:
        raise XnerError("no contrast has an effect yet: there are no pairs of runs to draw.")
    heights = [len(effects) + 3 for _, effects in panels]
    with _drawing(path, (7.5, 0.27 * sum(heights))) as figure:
        grid = figure.add_gridspec(len(panels), 1, height_ratios=heights)
        for place, (title, effects) in enumerate(panels):
            axes = figure.add_subplot(grid[place])
            axes.set_title(title)
            _forest(axes, effects)
        axes.set_xlabel("difference in F1, points; 95 % intervals")


def f1_plot(summary: Summary, path: Path) -> None:
    """Draw F1 by language: the mean of every arm over its seeds, a line for the standard deviation.

    Args:
        summary: with runs that are done.
        path: ``.svg`` or ``.png``; its folder is made.

    Raises:
        XnerError: no run is done, matplotlib is not installed, or the file's name has another ending.
    """
    arms = [arm for arm in summary.arms if any(_mean(summary, arm, one) is not None for one in summary.languages)]
    if not arms:
        raise XnerError("no run is done yet, so there is no F1 to draw.")
    height = max(0.3, 0.075 * len(arms)) + 0.1
    with _drawing(path, (8, height * len(summary.languages) + 0.22 * math.ceil(len(arms) / 2) + 0.7)) as figure:
        axes = figure.add_subplot()
        for number, (arm, look) in enumerate(_looks(arms).items()):
            shift = (number - (len(arms) - 1) / 2) / (len(arms) + 1.5)
            found = [
                (place + shift, summary.cells[arm, language])
                for place, language in enumerate(summary.languages)
                if _mean(summary, arm, language) is not None
            ]
            axes.errorbar(
                [100 * cell.mean for _, cell in found],
                [place for place, _ in found],
                xerr=[100 * (cell.deviation or 0) for _, cell in found],
                fmt=look["marker"],
                color=look["color"],
                markerfacecolor=look["fill"],
                markersize=4.5,
                elinewidth=1,
                label=arm,
            )
        for place in range(len(summary.languages) - 1):
            axes.axhline(place + 0.5, color="#dddddd", linewidth=0.8)
        _name_lines(axes, summary.languages, 0.5)
        axes.set_xlabel("strict span F1 x 100, mean and standard deviation over seeds")
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)


def learning_curves(
    rows: Sequence[Row], path: Path, metric: str | None = None, arms: Sequence[str] | None = None
) -> None:
    """Draw a number of the training log by step, a panel for each language: the mean of every arm over its seeds.

    A step is drawn where all seeds of the arm that have a curve have the number.

    Args:
        rows: last attempts, of one backbone.
        path: ``.svg`` or ``.png``; its folder is made.
        metric: key of the curves; by default ``eval_f1`` (F1 on projected validation sentences) where a run has it,
            else ``loss``.
        arms: those to draw; by default all.

    Raises:
        XnerError: no run has such a curve, matplotlib is not installed, or the file's name has another ending.
    """
    order = list(plan_of(rows)) if arms is None else list(arms)
    curved = [row for row in rows if row["status"] == DONE and row["curve"] and row["settings"]["label"] in order]
    if metric is None:
        metric = "eval_f1" if any("eval_f1" in point for row in curved for point in row["curve"]) else "loss"
    curves: dict[str, dict[str, list[dict[int, float]]]] = {}
    for row in sorted(curved, key=lambda row: (row["settings"]["seed"], row["key"])):
        points = {point["step"]: point[metric] for point in row["curve"] if metric in point}
        if points:
            of_language = curves.setdefault(row["settings"]["language"], {})
            of_language.setdefault(row["settings"]["label"], []).append(points)
    if not curves:
        raise XnerError(f"no run has {metric!r} in its learning curve.")
    languages = sorted(curves)
    looks = _looks([arm for arm in order if any(arm in of_language for of_language in curves.values())])
    columns = min(3, len(languages))
    height = math.ceil(len(languages) / columns)
    with _drawing(path, (max(3.2 * columns, 7), 2.3 * height + 0.22 * math.ceil(len(looks) / 2) + 0.4)) as figure:
        first: Axes | None = None
        for number, language in enumerate(languages):
            axes = figure.add_subplot(height, columns, number + 1, sharey=first)
            first = first or axes
            axes.set_title(language)
            for arm in (one for one in looks if one in curves[language]):
                _curve(axes, arm, curves[language][arm], looks[arm], 100 if metric.endswith("f1") else 1)
            axes.grid(color="#eeeeee")
            axes.set_xlabel("step")
        known = {"eval_f1": "F1 x 100, projected validation", "loss": "training loss"}
        figure.supylabel(known.get(metric, metric), fontsize=9)
        labels: dict[str, Any] = {}
        for axes in figure.axes:
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                labels.setdefault(label, handle)
        ordered = [name for name in looks if name in labels]
        figure.legend([labels[name] for name in ordered], ordered, loc="outside lower center", ncols=2, fontsize=8)


class _Effect(NamedTuple):
    """A line of a forest plot; `effect` is None where there is no pair."""

    name: str
    effect: LanguageEffect | MeanEffect | None
    pairs: Sequence[float] = ()


def _forest(axes: Axes, effects: Sequence[_Effect]) -> None:
    axes.axvline(0, color=_GREY, linewidth=0.8)
    rows = []
    for place, (_, effect, pairs) in enumerate(effects):
        if effect is None:
            rows.append("no pair")
            continue
        mean = isinstance(effect, MeanEffect)
        colour, marker, width = (_COLOURS[1], "D", 2.2) if mean else (_COLOURS[0], "o", 1.4)
        axes.plot([100 * one for one in pairs], [place] * len(pairs), "|", color=_GREY, markersize=8)
        if effect.low is not None:
            axes.plot([100 * effect.low, 100 * effect.high], [place, place], color=colour, linewidth=width)
        axes.plot(100 * effect.mean, place, marker, color=colour, markersize=5)
        rows.append(_label(effect))
    _name_lines(axes, [one.name for one in effects], 0.6)
    figures = axes.secondary_yaxis("right")
    figures.set_yticks(range(len(rows)), rows)
    figures.tick_params(length=0, labelsize=8)
    figures.spines["right"].set_visible(False)


def _name_lines(axes: Axes, names: Sequence[str], margin: float) -> None:
    """Name the lines of a plot on its left, the first at the top, over a pale grid."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 1 + margin, -margin)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#eeeeee")
    axes.set_axisbelow(True)


def _label(effect: LanguageEffect | MeanEffect) -> str:
    ends = "" if effect.low is None else f" [{100 * effect.low:+.2f}, {100 * effect.high:+.2f}]"
    return f"{100 * effect.mean:+.2f}{ends}"


def _curve(axes: Axes, arm: str, seeds: Sequence[Mapping[int, float]], look: Mapping[str, Any], scale: float) -> None:
    steps = sorted(set.intersection(*(set(points) for points in seeds)))
    values = [scale * math.fsum(points[step] for points in seeds) / len(seeds) for step in steps]
    axes.plot(
        steps,
        values,
        color=look["color"],
        marker=look["marker"],
        markerfacecolor=look["fill"],
        linestyle=look["line"],
        markersize=4,
        linewidth=1.3,
        label=arm,
    )


def _looks(arms: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give each arm of training a colour; its variants, such as ``+parse``, have it too, with marks of their own."""
    bases = sorted({arm.removesuffix("+parse") for arm in STUDY_ARMS}, key=len, reverse=True)
    families: dict[str, list[str]] = {}
    for arm in arms:
        base = next((one for one in bases if arm == one or arm.startswith((f"{one}+", f"{one}-"))), arm)
        families.setdefault(base, []).append(arm)
    looks = {}
    for number, (base, variants) in enumerate(families.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        for place, arm in enumerate(variants):
            plain = arm == base
            looks[arm] = {
                "color": colour,
                "marker": _MARKERS[place % len(_MARKERS)],
                "fill": "white" if plain else colour,
                "line": "--" if plain else "-",
            }
    return {arm: looks[arm] for arm in arms}


def _mean(summary: Summary, arm: str, language: str) -> float | None:
    cell = summary.cells.get((arm, language))
    return None if cell is None else cell.mean


@contextmanager
def _drawing(path: Path, size: tuple[float, float]) -> Iterator[Figure]:
    """Give an empty figure of that many inches, and write it to `path` at the end."""
    if path.suffix not in (".svg", ".png"):
        raise XnerError(f"{path}: a plot is written as .svg or .png; name the file accordingly.")
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise XnerError("plots need the package matplotlib: pip install matplotlib") from error
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # else the file would depend on the user's own style
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=size, layout="constrained")
        yield figure
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Date": None, "Creator": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, metadata=metadata, bbox_inches="tight", pad_inches=0.08)
