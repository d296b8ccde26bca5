"""``xner report``: one HTML page about a build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xner_hf.cli.output import Json, emit


def run(
    path: Annotated[Path, typer.Argument(help="Folder of a build.")],
    output: Annotated[Path | None, typer.Option(help="File to write, PATH/report.html by default.")] = None,
    sample: Annotated[int, typer.Option(min=0, help="Sentence pairs to show.")] = 60,
    as_json: Json = False,
) -> None:
    """Write a self-contained HTML page: counts, and pairs with their entities and links.

    Example: xner report build/hau
    """
    from xner_hf.report import write_report

    written = write_report(path, output, sample)
    emit({"report": str(written)}, as_json, lambda: print(f"wrote {written}; open it in a browser"))
