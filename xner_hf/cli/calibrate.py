"""``xner calibrate``: a recipe with weights of fused matching fitted on other languages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.cli.output import Json, Quiet, Settings, check_output, emit, parse_settings, progress, working
from xner_hf.errors import XnerError

RecipeName = Annotated[str | None, typer.Option(help="Name of a recipe, the language's default one if none is given.")]
RecipeFile = Annotated[
    Path | None, typer.Option(metavar="FILE.yaml", help="Recipe to write, by default build/LANG.yaml.")
]


def run(
    language: Annotated[str, typer.Argument(metavar="LANG", help="Code or name of the language to fit for.")],
    on: Annotated[
        str | None,
        typer.Option(metavar="LANG,LANG,...", help="Languages to fit on; by default all others with translated gold."),
    ] = None,
    split: Annotated[str, typer.Option(help="Split of their gold: validation or train.")] = "validation",
    recipe: RecipeName = None,
    settings: Settings = None,
    tagger: Annotated[str | None, typer.Option(help="Token-classification checkpoint for the source side.")] = None,
    output: RecipeFile = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit the weights of the projector `fused` on other languages' gold and write a recipe with them.

    Example: xner calibrate luo --on tsn,pcm,ewe
    """
    from xner_hf.evaluation.calibration import calibrate
    from xner_hf.languages import language as find_language

    overrides = parse_settings(settings, tagger=tagger)
    path = free_path(output, find_language(language).code)
    others = None if on is None else [name.strip() for name in on.split(",") if name.strip()]
    with working():
        made = calibrate(language, others, split, overrides, progress(quiet), recipe)
    write(path, made)
    fitted = {name: made.projector.settings[name] for name in ("fitted_on", "null_threshold", "weights")}
    result = {"output": str(path), "language": made.language, **fitted, "recipe": made.to_dict()}
    emit(result, as_json, lambda: _show(result))


def free_path(output: Path | None, code: str) -> Path:
    """Return the recipe file to write for a language.

    Raises:
        XnerError: it is no YAML file, exists, or cannot be created there.
    """
    path = output or Path("build") / f"{code}.yaml"
    if path.suffix not in (".yaml", ".yml"):
        raise XnerError(f"--output {path}: a recipe file ends in .yaml, by which `xner build --recipe` knows it.")
    if path.exists():
        raise XnerError(f"{path} exists and is not overwritten; remove it, or use another with --output.")
    check_output(path)
    return path


def write(path: Path, recipe: Any) -> None:
    """Write a recipe file atomically; its folder is made."""
    from xner_hf.pipeline.store import write_text

    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, recipe.to_yaml())


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("score", "weight")
    table.columns[1].justify = "right"
    for name, weight in result["weights"].items():
        table.add_row(name, f"{weight:.2f}")
    Console().print(table)
    print(f"weights for {result['language']}, null threshold {result['null_threshold']} -> {result['output']}")
    print("  fitted on " + ", ".join(result["fitted_on"]))
    print(f"\nNext:  xner build {result['language']} --recipe {result['output']}")
