"""``xner languages``: what can be built for which language."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from xner_hf.cli.output import Json, emit, working


def run(
    language: Annotated[str | None, typer.Argument(help="Code or name; all languages by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Ask the Hub whether the gold sets are available.")] = False,
    as_json: Json = False,
) -> None:
    """List the languages: recipes, gold sets and where they are read from, licences, and what can be built here.

    Example: xner languages hau
    """
    from xner_hf import languages as table

    chosen = [table.language(language)] if language else table.languages()
    with working():
        rows = [describe(one, check) for one in chosen]
    emit({"languages": rows}, as_json, lambda: _show(rows))


def describe(one: Any, check: bool = False) -> dict[str, Any]:
    """Return the entry of a language in the JSON output; `check` asks the Hub for its gold sets."""
    from xner_hf.pipeline.inputs import usable_recipes
    from xner_hf.pipeline.licences import licences, most_restrictive
    from xner_hf.recipe import make_recipe

    usable = usable_recipes(one.code)
    licence = most_restrictive(licences(make_recipe(one.code)))
    return {
        "code": one.code,
        "name": one.name,
        "xtreme": one.xtreme,
        "nllb": one.nllb,
        "script": one.script,
        "test_sets": list(one.test_sets),
        "default_recipe": one.default_recipe,
        "recipes": one.recipes,
        "usable": bool(usable),
        "usable_recipes": usable,
        "licence": licence.licence,
        "licence_class": licence.licence_class,
        "source_language": one.source,
        "gold": list(one.gold),
        "gold_read_from": {reference: _read_from(reference, check) for reference in one.gold},
        "treebanks": list(one.treebanks),
        "parallel": list(one.parallel),
        "text": one.text,
    }


NOT_HERE = "not in the mirror"


def _read_from(reference: str, check: bool) -> str:
    """Return where a gold set is read from, or why it is not available."""
    from xner_hf.corpora.hub import look_up, place_of
    from xner_hf.errors import NotAvailable

    corpus, _, config = reference.partition(":")
    known = place_of(corpus, config) or NOT_HERE
    if not check or known == NOT_HERE:
        return known
    try:
        return look_up(corpus, config)
    except NotAvailable as error:
        return f"not reachable: {error}"


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console

    Console().print(_details(rows[0]) if len(rows) == 1 else _table(rows))


def _table(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    places = Counter(place.partition(":")[0] for row in rows for place in row["gold_read_from"].values())
    table = Table(
        title=f"{len(rows)} languages, {sum(len(row['test_sets']) for row in rows)} test sets",
        caption="gold sets: " + ", ".join(f"{place} ({n})" for place, n in places.most_common()),
    )
    for name in ("code", "language", "default recipe", "can be built here", "test sets", "terms"):
        table.add_column(name, no_wrap=name in ("code", "language", "default recipe"), overflow="fold")
    for row in rows:
        table.add_row(
            row["code"],
            row["name"],
            row["default_recipe"],
            ", ".join(row["usable_recipes"]) or "-",
            ", ".join("MasakhaNER2" if "masakhaner2" in one else one.partition(":")[2] for one in row["test_sets"])
            or "-",
            row["licence_class"] or "-",
        )
    return table


def _details(row: dict[str, Any]) -> Any:
    """One language: what its default recipe reads, and everything that there is for it."""
    from rich.table import Table

    from xner_hf.recipe import make_recipe

    recipe = make_recipe(row["code"])
    reads = {"text": f"{recipe.text.corpus}:{recipe.text.config}", "tagger": recipe.tagger and recipe.tagger.model}
    if recipe.translator:
        reads["translator"] = recipe.translator.settings["model"]
    known = {
        "codes": f"{row['code']}, NLLB-200 {row['nllb'] or '-'}, XTREME {row['xtreme'] or '-'}, {row['script']}",
        "default recipe": f"{row['default_recipe']}: " + ", ".join(f"{key} {value}" for key, value in reads.items()),
        "recipes": ", ".join(row["recipes"]),
        "can be built here": ", ".join(row["usable_recipes"]) or "-",
        "test sets": ", ".join(row["test_sets"]) or "-",
        "gold sets": "\n".join(f"{name} ({place})" for name, place in row["gold_read_from"].items()) or "-",
        "treebanks": ", ".join(row["treebanks"]) or "-",
        "parallel text": ", ".join(row["parallel"]) or "-",
        "to download": _downloads(recipe),
        "terms": f"{row['licence']} ({row['licence_class']}), of the default recipe",
    }
    table = Table(title=row["name"], show_header=False, title_justify="left")
    for name, value in known.items():
        table.add_row(name, value)
    return table


def _downloads(recipe: Any) -> str:
    """Say how much of the models of a recipe is not on this machine yet."""
    from xner_hf.errors import NotAvailable
    from xner_hf.pipeline.preflight import downloads

    try:
        sizes = downloads(recipe)
    except NotAvailable:
        return "not known: a model of the default recipe is not available here"
    return ", ".join(f"{model} {size / 1e6:,.0f} MB" for model, size in sizes.items() if size) or "no models"
