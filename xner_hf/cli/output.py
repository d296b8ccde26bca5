"""What every command shares: where results and progress go, and how settings are read."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.errors import XnerError
from xner_hf.pipeline.progress import Progress
from xner_hf.settings import load_setting

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any key of the recipe, such as projector.method=heuristic."),
]
Labels = Annotated[
    str | None,
    typer.Option(
        "--labels",
        metavar="MAP",
        help="What entity types of labelled data mean: '{PERSON: PER, GPE: LOC, NORP: O}'; O leaves one out.",
    ),
]


@contextlib.contextmanager
def working() -> Iterator[None]:
    """Send whatever libraries print to standard error, so that standard output holds results only.

    Off a terminal their bars are switched off, since they would fill a log with lines.
    """
    if not sys.stderr.isatty():
        for name in ("HF_HUB_DISABLE_PROGRESS_BARS", "HF_DATASETS_DISABLE_PROGRESS_BARS"):
            os.environ.setdefault(name, "1")  # read when the libraries are imported, which is later
    with contextlib.redirect_stdout(sys.stderr):
        yield


@contextlib.contextmanager
def working_on(quiet: bool) -> Iterator[Progress]:
    """As `working`, with a progress for work that does not end it itself."""
    with working():
        shown = progress(quiet)
        try:
            yield shown
        finally:
            shown.finish()


def emit(payload: dict[str, Any], as_json: bool, human: Callable[[], None]) -> None:
    """Print the result of a command: one JSON object, or what `human` prints."""
    if as_json:
        print(json.dumps(payload, ensure_ascii=False))
    else:
        human()


def check_output(path: Path | None, folder: bool = False) -> None:
    """Check before any work that a file or a folder can be written; what is missing above it is made by then.

    Raises:
        XnerError: it is a folder where a file is meant, or a file for a folder, or cannot be written or made there.
    """
    if path is None:
        return
    if path.exists() and path.is_dir() != folder:
        is_one, wanted = ("a file", "a folder") if folder else ("a folder", "a file")
        raise XnerError(f"{path} cannot be written: it is {is_one}. Name {wanted}.")
    above = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
    here = above == path.absolute()
    if not os.access(above, os.W_OK) or not (here or above.is_dir()):
        wanted = "it may not be changed" if here else f"{above} is not a folder that can be written to"
        raise XnerError(f"{path} cannot be written: {wanted}. Name another.")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a file of lines; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def note(text: str) -> None:
    """Say something on standard error."""
    print(text, file=sys.stderr)


def parse_settings(settings: list[str] | None, **options: Any) -> dict[str, Any]:
    """Return ``KEY=VALUE`` settings as a mapping; values are read as YAML (`load_setting`).

    Options that were given stand above them.

    Raises:
        XnerError: a setting has no ``=``, or its value is no YAML.
    """
    import yaml

    table: dict[str, Any] = {}
    for setting in settings or ():
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise XnerError(f"--set {setting!r} is not of the form KEY=VALUE, such as projector.max_words=8.")
        try:
            table[key] = load_setting(value)
        except yaml.YAMLError as error:
            raise XnerError(f"--set {setting!r}: the value is not YAML: {error}") from error
    return table | {name: value for name, value in options.items() if value is not None}


def type_map(labels: str | None) -> dict[str, str] | None:
    """Return the mapping of ``--labels``, None where it was not given.

    Raises:
        XnerError: it is no mapping in YAML, or maps to something else than PER, ORG, LOC and O.
    """
    import yaml

    from xner_hf.corpora.entity_types import check_labels

    if labels is None:
        return None
    try:
        table = yaml.load(labels, yaml.BaseLoader)  # every type is a string, "no" and "on" among them
    except yaml.YAMLError as error:
        raise XnerError(f"--labels {labels!r} is not YAML: {error}") from error
    if not isinstance(table, dict) or not all(isinstance(one, str) for pair in table.items() for one in pair):
        raise XnerError(
            f"--labels {labels!r} is not a mapping of types to types, such as '{{PERSON: PER, GPE: LOC}}'."
        )
    return dict(check_labels(table))


def progress(quiet: bool) -> Progress:
    """Return a progress that draws bars on a terminal's standard error, and is silent elsewhere or if asked."""
    return Progress() if quiet or not sys.stderr.isatty() else _Bars()


class _Bars(Progress):
    """One bar a stage."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(
            TextColumn("{task.description:14}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._bars.start()

    def stage(self, name: str, total: int | None) -> Callable[[int], None]:
        task = self._bars.add_task(name, total=total)
        return lambda done: self._bars.advance(task, done)

    def finish(self) -> None:
        self._bars.stop()


def percent(value: float) -> str:
    """Return a share in [0, 1] as a percentage with one decimal."""
    return f"{100 * value:.1f}"


def score_table(scores: dict[str, Any], title: str) -> Any:
    """Return a table of precision, recall and F1, overall and per type, with counts."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for name in ("", "precision", "recall", "F1", "correct", "predicted", "gold"):
        table.add_column(name, justify="left" if not name else "right")

    def add(name: str, row: dict[str, Any]) -> None:
        shares = [percent(row[key]) for key in ("precision", "recall", "f1")]
        table.add_row(name, *shares, *(f"{row[key]:,}" for key in ("correct", "predicted", "gold")))

    for kind, row in scores["types"].items():
        add(kind, row)
    add("all (strict)", scores)
    if "default" in scores:
        add("all (seqeval default)", scores["default"])
    return table
