"""Makes the data set `xner/projected`: named entities for languages without labelled data, one configuration each.

    pip install -e .    # in a clone of xner-hf
    python projected.py hau wol --output DIR

Each language is built by the recipe of the language table, unless RECIPES below or --recipe names another
(`xner languages LANG` shows them). An existing build, made here or by `xner build LANG`, is exported as it is. DIR
then holds, ready for the Hub:

    DIR/README.md                                    the card of all configurations
    DIR/LANG/train-00000-of-00001.parquet ...        splits train, validation and rejected
    DIR/LANG/recipe.yaml  DIR/LANG/build.json        every setting, count and version
    DIR/scripts/projected.py                         this file

`load_dataset(DIR, LANG)` gives the same rows as `load_dataset("xner/projected", LANG)` after `import xner_hf`. To
reproduce a published configuration, give its own recipe: --recipe LANG/recipe.yaml.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from xner_hf.cli.output import progress, working
from xner_hf.errors import XnerError
from xner_hf.languages import language
from xner_hf.pipeline.build import build_corpus, read_build
from xner_hf.pipeline.licences import licences
from xner_hf.publish.export import export_builds, parse_size
from xner_hf.publish.licences import binding_terms
from xner_hf.recipe import Recipe, load_recipe, make_recipe

RECIPES: dict[str, str] = {}
"""Recipes by language that differ from the language table."""


def main(arguments: list[str] | None = None) -> int:
    """Build missing languages and export all; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        with working():
            exports = _export(options)
    except XnerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for config, export in exports.items():
        rows = {name: split["rows"] for name, split in export["splits"].items()}
        size = sum(split["bytes"] for split in export["splits"].values())
        print(f"{config}: " + ", ".join(f"{name} {n:,}" for name, n in rows.items()) + f"; {size / 1e6:.1f} MB")
    print(f"\nNext:  xner publish {options.output} --repo ORG/NAME")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="+", metavar="LANG", help="code or name of a language")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="folder for the data set")
    parser.add_argument("--recipe", metavar="R", help="name of a recipe for all of them, or a .yaml file for one")
    parser.add_argument("--builds", type=Path, default=Path("build"), metavar="DIR", help="builds are in DIR/LANG")
    parser.add_argument("--limit", type=int, metavar="N", help="use only the first sentences of the text")
    parser.add_argument("--max-shard-size", default="500MB", metavar="SIZE", help="largest Parquet file")
    parser.add_argument("--licence", metavar="ID", help="licence of the data set, chosen by hand; needs --reason")
    parser.add_argument("--reason", metavar="TEXT", help="why that licence is right; the card shows it")
    return parser


def _export(options: argparse.Namespace) -> dict[str, dict]:
    if bool(options.licence) != bool(options.reason):
        raise XnerError("--licence and --reason go together: give both, or leave both out.")
    override = {"licence": options.licence, "reason": options.reason} if options.licence else None
    largest = parse_size(options.max_shard_size)
    recipes = {}
    for name in options.languages:
        recipe = _recipe(name, options)
        binding_terms(licences(recipe), override)  # so that nothing is built that could not be published
        recipes[recipe.language] = recipe
    folders = []
    for code, recipe in recipes.items():
        folder = options.builds / code
        if (folder / "build.json").is_file():
            _check_recipe(folder, recipe)
        else:
            build_corpus(recipe, folder, progress=progress(quiet=False))
        folders.append(folder)
    return export_builds(folders, options.output, max_shard_size=largest, licence_override=override)


def _recipe(name: str, options: argparse.Namespace) -> Recipe:
    code = language(name).code
    changes = {} if options.limit is None else {"limit": options.limit}
    chosen = options.recipe or RECIPES.get(code)
    if not (chosen and Path(chosen).suffix in (".yaml", ".yml")):
        return make_recipe(code, chosen, changes)
    recipe = load_recipe(Path(chosen), changes)
    if recipe.language != code:
        raise XnerError(f"{chosen} is a recipe for {recipe.language!r}, not for {name!r}.")
    return recipe


def _check_recipe(folder: Path, recipe: Recipe) -> None:
    if json.loads(json.dumps(recipe.to_dict())) != read_build(folder)["recipe"]:
        raise XnerError(
            f"{folder} was built by another recipe. To export it as it is, give --recipe "
            f"{folder / 'recipe.yaml'}; to build again, remove it or give another folder with --builds."
        )


if __name__ == "__main__":
    sys.exit(main())
