"""``xner train``: a student of any arm, or a tagger on a labelled corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.cli.output import Json, Labels, emit, note, parse_settings, percent, type_map, working


def run(
    language: Annotated[str | None, typer.Argument(metavar="[LANG]", help="Trains on build/LANG.")] = None,
    corpus: Annotated[
        list[str] | None, typer.Option(help="Train on these instead: org/name:config, a build folder or a file.")
    ] = None,
    labels: Labels = None,
    arm: Annotated[
        str,
        typer.Option(
            help="direct, projected, distill, distill-aligned, projected+distill or projected+distill-aligned, each "
            "also with +parse."
        ),
    ] = "projected",
    teacher: Annotated[
        list[str] | None,
        typer.Option(help="Who labels unlabelled text; the tagger of the source language by default."),
    ] = None,
    teacher_weights: Annotated[
        str, typer.Option(help="Of several teachers: uniform, numbers such as 0.7,0.3, or similarity.")
    ] = "uniform",
    teacher_text: Annotated[
        list[str] | None,
        typer.Option(help="With similarity: text of each teacher's language, in the order of the teachers."),
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="Unlabelled text: a build, a file, or org/name:config/split.")
    ] = None,
    trees: Annotated[
        list[str] | None, typer.Option(help="Treebanks for +parse: a .conllu file or org/name:config.")
    ] = None,
    tree_share: Annotated[
        float | None,
        typer.Option(min=0.01, help="Steps on trees for each other step; 1 unless --set sampling says otherwise."),
    ] = None,
    parser: Annotated[
        str | None, typer.Option(help="A student with a parser, whose arcs are used instead of a treebank's.")
    ] = None,
    project_trees: Annotated[
        bool, typer.Option("--project-trees", help="The parser reads the source side; its trees are projected.")
    ] = False,
    backbone: Annotated[str | None, typer.Option(help="Encoder: Hub id or folder.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder to write, models/LANG-ARM by default.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the sentences.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Sentences a step and device.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use only the first sentences of every corpus.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the heads, the order and the dropout.")] = None,
    confidence: Annotated[
        bool, typer.Option("--confidence", help="Weigh the words of projected entities by their scores.")
    ] = False,
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="No loss for words of projected entities with a lower score.")
    ] = 0.0,
    soft_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Leave out sentences whose soft labels are less sure on average.")
    ] = 0.0,
    config: Annotated[Path | None, typer.Option(help="YAML file with settings; options stand above it.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any setting, such as loss.soft=kl or patience=2."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was killed.")] = False,
    as_json: Json = False,
) -> None:
    """Train a student on a projected corpus or with teachers, or a tagger on any labelled one.

    Examples: xner train hau --backbone FacebookAI/xlm-roberta-base

    xner train wol --arm projected+distill-aligned+parse

    torchrun --nproc_per_node 4 -m xner_hf train hau
    """
    from xner_hf.api.student import train
    from xner_hf.training.processes import first_process
    from xner_hf.training.provenance import command_line

    options = {
        "backbone": backbone,
        "epochs": epochs,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "seed": seed,
    }
    with working():
        student = train(
            language,
            corpus=corpus or (),
            arm=arm,
            teacher=teacher or (),
            teacher_weights=teacher_weights,
            teacher_text=teacher_text or (),
            text=text or (),
            trees=trees or (),
            tree_share=tree_share,
            parser=parser,
            project_trees=project_trees,
            labels=type_map(labels),
            output=output,
            limit=limit,
            confidence=confidence,
            min_confidence=min_confidence,
            soft_confidence=soft_confidence,
            config=config,
            resume=resume,
            command=command_line(),
            tell=note,
            settings=parse_settings(settings, **options),
        )
    if first_process():
        facts = {"output": str(student.folder), **student.facts}
        emit(facts, as_json, lambda: _show(facts, student.folder))


def _show(facts: dict[str, Any], folder: Path) -> None:
    scores = facts["validation"] or {}
    counts = ", ".join(f"{count:,} of {name}" for name, count in facts["sentences"]["train"].items())
    print(f"trained on {counts} -> {folder}")
    if "eval_f1" in scores:
        of = f"epoch {scores['epoch']:g}, the best one; " if facts["settings"]["patience"] else ""
        print(f"  validation F1 {percent(scores['eval_f1'])} ({of}against the corpus's own labels)")
    print(f"\nNext:  xner evaluate {folder} --gold ORG/NAME:CONFIG --save\n")
    print("       import xner_hf.models")
    print("       from transformers import pipeline")
    print(f'       ner = pipeline("token-classification", "{folder}", aggregation_strategy="first")')
