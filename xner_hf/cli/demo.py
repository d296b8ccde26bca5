"""``xner demo``: the whole chain on the bundled sample."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.cli.output import Json, emit, note, percent, working


def run(
    output: Annotated[Path, typer.Option(help="Folder to write.")] = Path("demo"),
    as_json: Json = False,
) -> None:
    """Run the whole chain on the bundled sample: no network, no GPU, no pretrained model.

    Example: xner demo
    """
    start = time.perf_counter()
    with working():
        from xner_hf.demo import run_demo

        results = run_demo(output, note)
    payload = {"output": str(output), "seconds": round(time.perf_counter() - start, 1), "languages": results}
    emit(payload, as_json, lambda: _show(payload))


def _show(payload: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"The bundled sample, in {payload['seconds']:.0f} s", title_justify="left")
    for name in ("language", "pairs", "kept", "rejected", "projection P", "R", "F1", "tiny student F1"):
        table.add_column(name, justify="left" if name == "language" else "right")
    for language, one in payload["languages"].items():
        rows, projection = one["rows"], one["projection"]
        table.add_row(
            language,
            str(rows["in"]),
            str(rows["train"] + rows["validation"]),
            str(rows["rejected"]),
            *(percent(projection[name]) for name in ("precision", "recall", "f1")),
            percent(one["student"]["f1"]),
        )
    console = Console()
    console.print(table)
    console.print(
        "Strict span F1 against the sample's gold. The sample shows that the chain runs. No native speaker has "
        "checked it, and a student of some hundred sentences learns little: these figures say nothing about quality.\n"
    )
    for language, one in payload["languages"].items():
        console.print(f"  {language}: {one['report']}   {one['student_folder']}", highlight=False)
    console.print(
        "\nNext:  xner languages\n"
        "       xner build hau                 a real corpus, from the Hub or the mirror that XNER_MIRROR names\n"
        "       xner project pairs.jsonl       your own pairs",
        highlight=False,
        markup=False,
    )
