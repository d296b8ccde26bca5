"""The section of a study in the report of a build: its question, the answer so far, two plots, and F1 by arm."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

from xner_hf.errors import XnerError

if TYPE_CHECKING:
    from xner_hf.study import Study
    from xner_hf.study.summary import Summary

_BOLD = "**"
"""What `answer` puts around its findings."""

_REFERENCE = re.compile(r"url\(#")
_DROPPED = ("metadata", "style")
"""Elements of a plot that do not go into a page: the first names addresses, the second would style all of the page."""

_STYLE = "stroke-linejoin: round; stroke-linecap: butt"
"""What the style sheet of a plot says, for the plot alone."""


class Plot(NamedTuple):
    """A plot, or why there is none: `svg` is empty where `problem` says something."""

    caption: str
    svg: str
    problem: str


class StudySection(NamedTuple):
    """What the page says of a study.

    Attributes:
        name: of the study.
        question: what it asks.
        state: how many of its runs are made, in words.
        arms: the two arms of the primary contrast.
        answer: pieces of the answer, and whether each is a finding; none without a finished run.
        legend: how the answer is to be read.
        notes: what a reader has to know besides.
        plots: the plots; none without a finished run.
        scope: of which languages the table is.
        table: header and lines of F1 by arm; none without a run.
        table_legend: how the table is to be read.
    """

    name: str
    question: str
    state: str
    arms: tuple[str, str]
    answer: list[tuple[str, bool]]
    legend: str
    notes: tuple[str, ...]
    plots: list[Plot]
    scope: str
    table: list[list[str]]
    table_legend: str


def study_section(path: Path, language: str, backbone: str | None = None) -> StudySection:
    """Return what the page of a build says of a study.

    Args:
        path: file of the study; its store lies beside it.
        language: code of the build's language, whose F1 is shown; all languages where the study does not have it.
        backbone: which one, where the study has several.

    Raises:
        XnerError: the study is wrong, its store damaged, or the backbone none of its own.
    """
    from xner_hf.study import load_study
    from xner_hf.study.plots import f1_plot, forest_plot
    from xner_hf.study.results import rows_of, summary_of
    from xner_hf.study.rows import FAILED
    from xner_hf.study.tables import LEGEND, answer, f1_legend, f1_lines

    study = load_study(Path(path))
    rows = rows_of(study, backbone)
    # Without gold: the bootstrap over sentences is not on the page.
    summary = summary_of(study, rows)
    planned = [run for run in study.runs() if run.settings["backbone"] == (backbone or study.backbones[0])]
    failed = sum(row["status"] == FAILED for row in rows)
    done = len(rows) > failed
    names = [one.name for one in study.languages if one.code == language]
    scope = f"in {language}" if names else f"in all languages of the study, which does not have {language}"
    primary = study.primary
    return StudySection(
        name=study.name,
        question=study.question,
        state=_state(study, len(planned), len(rows), failed),
        arms=(primary.arm, primary.against),
        answer=_pieces(answer(summary.primary)) if done and summary.primary else [],
        legend=LEGEND,
        notes=summary.notes,
        plots=[
            _plot("Effects with their 95 % intervals", "effects", forest_plot, summary),
            _plot("F1 by language", "f1", f1_plot, summary),
        ]
        if done
        else [],
        scope=scope,
        table=f1_lines(summary, names or summary.languages) if rows else [],
        table_legend=f1_legend(summary),
    )


def _state(study: Study, planned: int, made: int, failed: int) -> str:
    """Return how many runs are done; failed runs are counted."""
    lost = f", {failed:,} of them failed" if failed else ""
    if made == failed:
        tried = f"{made:,} of {planned:,} runs are made{lost}" if made else f"None of its {planned:,} runs is made"
        return f"{tried}, so it has no result yet. Go on with `xner study run {study.path.name}`."
    if made < planned:
        return f"{made:,} of {planned:,} runs are made{lost}: what follows is not the last word."
    return f"All {planned:,} runs are made{lost}."


def _pieces(text: str) -> list[tuple[str, bool]]:
    """Return a text of Markdown in pieces, each with whether it is bold."""
    return [(piece, number % 2 == 1) for number, piece in enumerate(text.split(_BOLD)) if piece]


def _plot(caption: str, name: str, draw: Callable[[Summary, Path], None], summary: Summary) -> Plot:
    """Draw a plot; if that fails, as without matplotlib, return the reason in its place."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.svg"
        try:
            draw(summary, path)
        except XnerError as error:
            return Plot(caption, "", str(error))
        return Plot(caption, inline_svg(path.read_text(encoding="utf-8"), f"{name}-", caption), "")


def inline_svg(text: str, prefix: str, label: str) -> str:
    """Return an SVG file as an element of a page, which has other ids, styles and scripts of its own.

    Args:
        text: the file, as matplotlib writes it: with one style sheet, for all elements, and references by fragment.
        prefix: put before every id, so that they are unique in the page.
        label: text for screen readers.
    """
    root = ElementTree.fromstring(text)  # comments and the document type are gone
    for parent in list(root.iter()):
        for child in [one for one in parent if _local(one.tag) in _DROPPED]:
            parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        element.attrib = {_local(name): _renamed(name, value, prefix) for name, value in element.attrib.items()}
    root.attrib |= {"role": "img", "aria-label": label, "style": _STYLE}
    return ElementTree.tostring(root, encoding="unicode")


def _local(name: str) -> str:
    """Return a name without its namespace, since in a page all of these are known."""
    return name.rpartition("}")[2]


def _renamed(name: str, value: Any, prefix: str) -> str:
    if _local(name) == "id":
        return prefix + value
    if _local(name) == "href":
        return f"#{prefix}{value.removeprefix('#')}"
    return _REFERENCE.sub(f"url(#{prefix}", value)
