"""``xner tune``: a recipe with the projection method that suits a language."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from xner_hf.cli.calibrate import RecipeFile, RecipeName, free_path, write
from xner_hf.cli.output import Json, Quiet, Settings, emit, parse_settings, percent, progress, working


def run(
    language: Annotated[str, typer.Argument(metavar="LANG", help="Code or name of the language.")],
    limit: Annotated[int, typer.Option(min=1, help="Pairs of the text that are compared.")] = 1000,
    recipe: RecipeName = None,
    settings: Settings = None,
    output: RecipeFile = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Pick a projection method for a language without gold of it, and write a recipe with it.

    Every method projects the same pairs; agreement with the others and the way back to the source side are compared.
    The default method is kept unless another leads it clearly.

    Example: xner tune hau --limit 500
    """
    from xner_hf.evaluation.tuning import tune
    from xner_hf.languages import language as find_language

    overrides = parse_settings(settings)
    path = free_path(output, find_language(language).code)
    with working():
        tuning = tune(language, limit, overrides, progress(quiet), recipe)
    write(path, tuning.recipe)
    result = {
        "output": str(path),
        "language": tuning.recipe.language,
        "picked": tuning.picked,
        "pairs": tuning.pairs,
        "entities": tuning.entities,
        "rows": [{**dataclasses.asdict(row), "mean": row.mean} for row in tuning.rows],
        "recipe": tuning.recipe.to_dict(),
    }
    emit(result, as_json, lambda: _show(result))


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{result['pairs']:,} pairs with {result['entities']:,} entities", title_justify="left")
    for name in ("method", "projected", "agreement", "round trip", "mean"):
        table.add_column(name, justify="left" if name == "method" else "right")
    for row in result["rows"]:
        shares = [percent(row[name]) for name in ("agreement", "round_trip", "mean")]
        table.add_row(row["method"], f"{row['projected']:,}", *shares)
    Console().print(table)
    print(f"picked {result['picked']} -> {result['output']}")
    print(f"\nNext:  xner build {result['language']} --recipe {result['output']}")
