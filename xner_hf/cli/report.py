"""``xner report``: one HTML page about a build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xner_hf.cli.output import Json, check_output, emit
from xner_hf.errors import XnerError


def run(
    path: Annotated[Path, typer.Argument(help="Folder of a build.")],
    output: Annotated[Path | None, typer.Option(help="File to write, PATH/report.html by default.")] = None,
    sample: Annotated[int, typer.Option(min=0, help="Sentence pairs to show.")] = 60,
    study: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Add what the store of this study says.")
    ] = None,
    backbone: Annotated[str | None, typer.Option(help="Of the study, where it has several.")] = None,
    as_json: Json = False,
) -> None:
    """Write a self-contained HTML page: counts, and pairs with their entities and links.

    Examples: xner report build/hau

    xner report build/luo --study studies/main.yaml
    """
    from xner_hf.report import write_report

    if backbone and not study:
        raise XnerError("--backbone chooses among the results of a study. Name it with --study.")
    check_output(output)
    written = write_report(path, output, sample, study, backbone)
    emit({"report": str(written)}, as_json, lambda: print(f"wrote {written}; open it in a browser"))
