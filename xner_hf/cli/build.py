"""``xner build``: projects a corpus."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.cli.output import Json, Labels, Quiet, Settings, emit, parse_settings, progress, type_map, working


def run(
    language: Annotated[str, typer.Argument(metavar="LANG", help="Code or name of the language.")],
    recipe: Annotated[str | None, typer.Option(help="Name of a recipe, or a .yaml file.")] = None,
    settings: Settings = None,
    tagger: Annotated[str | None, typer.Option(help="Token-classification checkpoint for the source side.")] = None,
    labels: Labels = None,
    limit: Annotated[int | None, typer.Option(help="Use only the first pairs of the text.")] = None,
    num_proc: Annotated[int, typer.Option(min=1, help="Processes for the projection.")] = 1,
    output: Annotated[Path | None, typer.Option(help="Folder to write, build/LANG by default.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Project a labelled corpus for a language.

    Example: xner build hau --recipe translate-train
    """
    from xner_hf.api.corpus import build

    overrides = parse_settings(settings, tagger=tagger, limit=limit, **{"tagger.labels": type_map(labels)})
    start = time.perf_counter()
    with working():
        made = build(language, recipe, output=output, num_proc=num_proc, settings=overrides, progress=progress(quiet))
    seconds = time.perf_counter() - start
    facts = {"output": str(made.folder), "seconds": round(seconds, 2), **made.facts}
    emit(facts, as_json, lambda: _show(facts, made.folder))


def _show(facts: dict[str, Any], folder: Path) -> None:
    rows = facts["rows"]
    lost = {name: n for name, n in facts["statuses"].items() if name != "projected"}
    print(
        f"{rows['in']:,} sentences in {facts['seconds']:.0f} s by the recipe {facts['recipe']['recipe']} -> {folder}"
    )
    print(f"  train {rows['train']:,}   validation {rows['validation']:,}   rejected {rows['rejected']:,}")
    print("  entities: " + (", ".join(f"{kind} {n:,}" for kind, n in facts["entities"].items()) or "none"))
    labels = facts["source_labels"]
    if labels.keys() - {"tagged"}:
        print("  labels of the source side: " + ", ".join(f"{what} {n:,}" for what, n in labels.items()))
    if lost:
        print("  not projected: " + ", ".join(f"{name} {n:,}" for name, n in lost.items()))
    if facts["reasons"]:
        print("  rejected: " + ", ".join(f"{name} {n:,}" for name, n in facts["reasons"].items()))
    for line in facts["read"]:
        print(f"  {line}")
    if facts.get("markers"):
        print("  markers: " + ", ".join(f"{name} {n:,}" for name, n in facts["markers"].items()))
    print(f"  leak check: {facts['leak_check']['status']}   terms: {facts['licence']['licence_class']}")
    print(f"\nNext:  xner report {folder}\n       xner train {facts['language']} --corpus {folder}")
