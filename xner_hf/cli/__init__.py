"""The command line, one module a command: nothing but parsing and printing."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from xner_hf import __version__
from xner_hf.cli import (
    align,
    build,
    calibrate,
    demo,
    evaluate,
    languages,
    methods,
    project,
    publish,
    report,
    study,
    train,
    tune,
)
from xner_hf.errors import XnerError

app = typer.Typer(
    name="xner",
    help="Named-entity recognition for languages without labelled data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass  # options of the program itself; its help text is that of the app


for module in (languages, methods, build, project, align, calibrate, tune, train, evaluate, report, publish, demo):
    app.command(module.run.__name__.replace("run", module.__name__.rpartition(".")[2]))(module.run)
app.add_typer(study.app)


def main() -> None:
    """Run the command line: exit code 0 on success, 2 for wrong usage or bad input."""
    try:
        app()
    except XnerError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)  # the reader of our output, such as `head`, has seen enough
