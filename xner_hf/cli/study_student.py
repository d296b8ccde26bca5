"""``xner study student``: the student of one run of a study, made again and kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xner_hf.cli.output import Json, emit, percent, working

if TYPE_CHECKING:
    from xner_hf.study.grid import RunSpec
    from xner_hf.study.reproduce import Reproduction


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The study, such as studies/main.yaml.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="Of the run: its key, or LANGUAGE/ARM/SEED.")],
    output: Annotated[Path, typer.Option(help="Folder to write; it must be new or empty.")],
    as_json: Json = False,
) -> None:
    """Make the student of one run again and keep it, with its scores, so that it can be published.

    It is trained as the run was; where the store has the run, it is compared with that.

    Example: xner study student studies/main.yaml luo/projected/1 --output models/luo-projected
    """
    from transformers.utils import logging

    from xner_hf.publish.model_card import write_model_card
    from xner_hf.publish.scores import save_scores, score_entries
    from xner_hf.study import load_study
    from xner_hf.study.reproduce import check_new, find_run, place_of, reproduce
    from xner_hf.training.provenance import command_line

    study = load_study(file)
    one = find_run(study, key)
    check_new(output)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with working():
        made = reproduce(study, one, output, command_line())
        name, settings = output.resolve().name, one.settings
        scored = [(made.entities, settings["gold"], settings["split"], "")]
        if made.trees:
            scored.append((made.trees, settings["tree_corpus"], "test", " --parsing"))
        for result, gold, split, option in scored:
            command = f"xner evaluate {name}{option}"
            save_scores(output, score_entries(result, gold, split, "model", command))
        write_model_card(output)
    result = {
        "output": str(output),
        "study": study.name,
        "run": place_of(one),
        "key": one.key,
        "scores": made.row["scores"],
        "parsing": made.row["parsing"],
        "store": made.store,
    }
    emit(result, as_json, lambda: _show(result, made, one))


def _show(result: dict[str, Any], made: Reproduction, one: RunSpec) -> None:
    settings = one.settings
    print(f"{result['run']} -> {result['output']}")
    print(f"  F1 {percent(made.entities['f1'])} on {settings['gold']}, {settings['split']}")
    if made.trees:
        print(
            f"  UAS {percent(made.trees['uas'])}, LAS {percent(made.trees['las'])} on {settings['tree_corpus']}, test"
        )
    print(f"  {_compared(made.store)}")
    print(f"\nNext:  xner publish {result['output']} --repo ORG/NAME --dry-run")


def _compared(store: dict[str, Any]) -> str:
    state = store["state"]
    if state == "same":
        return "scores and predicted spans are the same as in the store's row"
    if state == "none":
        return "the store has no row of this run to compare it with"
    if state == "failed":
        return f"the store's row failed, so there is nothing to compare: {store['error']}"
    where = ", ".join(f"{name} {value}" for name, value in store["hardware"].items())
    return (
        f"warning: not the same as the store's row, whose F1 is {percent(store['f1'])}: "
        f"{100 * store['difference']:+.2f} points; sentences with other spans: {store['sentences']:,}. Other "
        f"hardware, threads and versions round differently; the row was made on {where}."
    )
