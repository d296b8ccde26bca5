"""``xner evaluate``: a model, a corpus or a projection against gold."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.cli.output import (
    Json,
    Labels,
    Quiet,
    Settings,
    emit,
    note,
    parse_settings,
    percent,
    score_table,
    type_map,
    working_on,
)
from xner_hf.errors import XnerError


def run(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="CORPUS_OR_MODEL", help="A model or a build folder; with --intrinsic a language or a build."
        ),
    ] = None,
    gold: Annotated[
        str | None, typer.Option(metavar="ID[:CONFIG]", help="Gold corpus, or a .conll or .jsonl file.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split of the gold corpus.")] = "test",
    labels: Labels = None,
    parsing: Annotated[
        bool, typer.Option("--parsing", help="Score trees instead: the gold is a treebank, the model has a parser.")
    ] = False,
    intrinsic: Annotated[
        bool, typer.Option("--intrinsic", help="Project the translations of a gold split and score that.")
    ] = False,
    recipe: Annotated[str | None, typer.Option(help="With --intrinsic: the recipe that labels the gold.")] = None,
    tagger: Annotated[str | None, typer.Option(help="With --intrinsic: who labels the translations.")] = None,
    settings: Settings = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Score only the first sentences.")] = None,
    save: Annotated[
        bool, typer.Option("--save", help="Keep the scores beside the model or build, for its card on the Hub.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score against gold: strict span precision, recall and F1, and seqeval's default mode beside it.

    Examples: xner evaluate models/hau-projected --gold masakhane/masakhaner2:hau

    xner evaluate luo --intrinsic --split validation

    xner evaluate models/wol-projected+parse --parsing --gold universal-dependencies/universal_dependencies:wo_wtb
    """
    if save:
        _check_save(target, limit, settings, recipe, tagger)
    if labels and (intrinsic or parsing):
        raise XnerError("--labels names types of the gold that a model or build is scored on; leave it out here.")
    if intrinsic and parsing:
        raise XnerError("--intrinsic scores projected entities, --parsing trees. Give one of them.")
    if intrinsic:
        result = _intrinsic(target, gold, split, recipe, tagger, settings, limit, quiet)
    elif tagger is not None or recipe or (settings and (parsing or set(parse_settings(settings)) - set(_OF_TAGGER))):
        raise XnerError(
            "--recipe, --tagger and --set choose how gold is labelled; give --intrinsic with them. Without it, --set "
            f"takes {' and '.join(_OF_TAGGER)} of the model."
        )
    elif parsing:
        result = _parsing(target, gold, split, limit, quiet)
    else:
        result = _extrinsic(target, gold, split, type_map(labels), limit, quiet, parse_settings(settings))
        for line in () if as_json else result["gold_read"]:
            note(f"gold: {line}")
    if save:
        result["saved"] = str(_save(Path(target), result, intrinsic, labels))
    emit(result, as_json, lambda: _show(result))


_OF_TAGGER = ("tagger.labels", "tagger.revision")


def _extrinsic(
    target: str | None,
    gold: str | None,
    split: str,
    labels: dict[str, str] | None,
    limit: int | None,
    quiet: bool,
    settings: dict[str, Any],
) -> dict[str, Any]:
    from xner_hf.api.scores import evaluate
    from xner_hf.corpora.labelled import is_build

    if not target or not gold:
        raise XnerError("give a model or a build folder, and gold with --gold, such as masakhane/masakhaner2:hau.")
    if is_build(Path(target)) and settings:
        raise XnerError(f"--set: {target} is a build, which has its labels. Leave it out.")
    revision, own = (settings.get(key) for key in ("tagger.revision", "tagger.labels"))
    with working_on(quiet) as shown:
        return evaluate(
            target, gold, split, labels=labels, revision=revision, model_labels=own, limit=limit, progress=shown
        )


def _parsing(target: str | None, gold: str | None, split: str, limit: int | None, quiet: bool) -> dict[str, Any]:
    from itertools import islice

    from xner_hf.corpora.trees import TreeReport, read_trees
    from xner_hf.evaluation.scores import score_parser

    if not target or not gold:
        raise XnerError("give a model with a parser, and a treebank with --gold.")
    report = TreeReport()
    sentences = list(islice(read_trees(gold, split, report), limit))
    with working_on(quiet) as shown:
        scores = score_parser(target, sentences, shown)
    facts = {"rejected_gold_trees": report.rejected, "gold_cut": report.cut}
    return {"target": target, "gold_corpus": gold, "split": split, **facts, **scores}


def _intrinsic(
    target: str | None,
    gold: str | None,
    split: str,
    recipe: str | None,
    tagger: str | None,
    settings: list[str] | None,
    limit: int | None,
    quiet: bool,
) -> dict[str, Any]:
    from xner_hf.corpora.labelled import is_build
    from xner_hf.evaluation.intrinsic import intrinsic_scores
    from xner_hf.recipe import load_recipe, make_recipe

    overrides = parse_settings(settings, tagger=tagger)
    language = target or (gold or "").partition(":")[2]
    if target and is_build(Path(target)):
        if recipe:
            raise XnerError(f"--recipe {recipe}: the build {target} has its own recipe; leave --recipe out.")
        chosen = load_recipe(Path(target) / "recipe.yaml", overrides)
    elif language:
        chosen = make_recipe(language, recipe, overrides)
    else:
        raise XnerError("name the language or a build, as in `xner evaluate luo --intrinsic`.")
    gold = gold or f"masakhane/masakhaner2:{chosen.language}"
    with working_on(quiet) as shown:
        scores = intrinsic_scores(chosen, gold, split, limit, shown)
    return {"language": chosen.language, "gold_corpus": gold, "split": split, "recipe": chosen.to_dict(), **scores}


def _check_save(
    target: str | None, limit: int | None, settings: list[str] | None, recipe: str | None, tagger: str | None
) -> None:
    """Refuse before any work what would keep the score of something else than the model or build itself."""
    if not target or not Path(target).is_dir():
        raise XnerError(
            f"--save keeps scores beside a model or build, and {target!r} is not a local directory. Name one."
        )
    if limit:
        raise XnerError("--save keeps the scores of a whole split. Leave --limit or --save out.")
    if settings or recipe or tagger:
        raise XnerError("--save keeps the scores of a build as it is. Leave --recipe, --tagger and --set out.")


def _save(target: Path, result: dict[str, Any], intrinsic: bool, labels: str | None) -> Path:
    """Write the scores to ``scores.json`` in the folder, and write the card of a student again; return the file."""
    from xner_hf.corpora.labelled import is_build
    from xner_hf.publish.model_card import write_model_card
    from xner_hf.publish.scores import save_scores, score_entries

    kind = "intrinsic" if intrinsic else "labels" if is_build(target) else "model"
    option = " --intrinsic" if intrinsic else " --parsing" if "uas" in result else ""
    option += f" --labels {shlex.quote(labels)}" if labels else ""
    command = f"xner evaluate {target.resolve().name}{option}"
    path = save_scores(target, score_entries(result, result["gold_corpus"], result["split"], kind, command))
    if kind == "model" and (target / "training.json").is_file():
        write_model_card(target)
    return path


_TREE_SCORES = {"UAS": "uas", "LAS": "las", "label accuracy": "label_accuracy"}


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console

    name = result.get("target") or f"{result['language']} (projection of translations)"
    console = Console()
    if "uas" in result:
        console.print(f"{name} against {result['gold_corpus']}, {result['split']}")
        ends = result["intervals"]
        between = {key: f" ({percent(low)}-{percent(high)})" for key, (low, high) in ends.items()}
        shown = ", ".join(f"{name} {percent(result[key])}{between.get(key, '')}" for name, key in _TREE_SCORES.items())
        console.print(f"  {shown}  ({result['sentences']:,} sentences, {result['words']:,} words)")
        if rejected := result["rejected_gold_trees"]:
            console.print(f"  left out: {len(rejected):,} gold trees, the first {next(iter(rejected.items()))}")
        return
    console.print(score_table(result, f"{name} against {result['gold_corpus']}, {result['split']}"))
    console.print(f"{result['sentences']:,} sentences, {result['gold']:,} gold entities")
    if result["gold"] and not result["predicted"]:
        console.print("  no entity was predicted at all, so the scores are 0; a student may need longer training")
    if ends := result["f1_interval"]:
        console.print(f"  95 % interval of the strict F1 over sentences: {percent(ends[0])} to {percent(ends[1])}")
    if left := result.get("left_out"):
        console.print(f"  left out: {left:,} gold sentences that are not in the corpus or have no translation")
