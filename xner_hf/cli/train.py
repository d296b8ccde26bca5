"""``xner train``: a student on a projected corpus, or a tagger on a labelled one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.cli.output import Json, emit, note, percent, working
from xner_hf.errors import XnerError


class Task(StrEnum):
    """What is learnt."""

    NER = "ner"


class Arm(StrEnum):
    """How it is learnt."""

    PROJECTED = "projected"


def run(
    language: Annotated[str | None, typer.Argument(metavar="[LANG]", help="Trains on build/LANG.")] = None,
    corpus: Annotated[
        list[str] | None, typer.Option(help="Train on these instead: org/name:config, a build folder or a file.")
    ] = None,
    task: Annotated[Task, typer.Option(help="What to learn.")] = Task.NER,
    arm: Annotated[Arm, typer.Option(help="How to learn it.")] = Arm.PROJECTED,
    backbone: Annotated[str, typer.Option(help="Encoder: Hub id or folder.")] = "FacebookAI/xlm-roberta-base",
    output: Annotated[Path | None, typer.Option(help="Folder to write, models/LANG-ARM by default.")] = None,
    epochs: Annotated[float, typer.Option(help="Passes over the sentences.")] = 3.0,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 5e-5,
    batch_size: Annotated[int, typer.Option(help="Sentences a step and device.")] = 32,
    limit: Annotated[int | None, typer.Option(min=1, help="Use only the first sentences of every corpus.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the head, the order and the dropout.")] = 42,
    as_json: Json = False,
) -> None:
    """Train a student on a projected corpus, or a tagger on any labelled one.

    Example: xner train hau --backbone FacebookAI/xlm-roberta-base
    """
    from itertools import islice

    from xner_hf.corpora.base import ReadReport
    from xner_hf.corpora.labelled import has_split, is_build, read_labelled
    from xner_hf.training.ner import TrainingConfig, check_folder, train_ner

    if not language and not corpus:
        raise XnerError("name a language, which trains on build/LANG, or corpora with --corpus.")
    if language:
        from xner_hf.languages import language as find_language

        language = find_language(language).code
    if language and not corpus and not is_build(Path("build") / language):
        raise XnerError(f"there is no build in build/{language}; run `xner build {language}` or give --corpus.")
    references = corpus or [f"build/{language}"]
    name = f"{language}-{arm.value}" if language else "-".join(Path(r.replace(":", "-")).stem for r in references)
    folder = output or Path("models") / name
    config = TrainingConfig(backbone, epochs, learning_rate, batch_size, seed=seed)
    check_folder(folder)
    report = ReadReport()
    train = [s for r in references for s in islice(read_labelled(r, "train", report), limit)]
    validation = [s for r in references if has_split(r, "validation") for s in read_labelled(r, "validation", report)]
    if report.repaired:
        note(f"{len(report.repaired)} I- tags without B- open an entity, the first at {report.repaired[0]}")
    note(f"training on {len(train):,} sentences, validating on {len(validation):,}")
    provenance = {"task": task.value, "arm": arm.value, "corpora": references, "repaired_tags": len(report.repaired)}
    with working():
        facts = train_ner(train, validation, folder, config, provenance)
    facts = {"output": str(folder), **facts}
    emit(facts, as_json, lambda: _show(facts, folder))


def _show(facts: dict[str, Any], folder: Path) -> None:
    scores = [entry for entry in facts["log"] if "eval_f1" in entry]
    print(f"trained on {facts['sentences']['train']:,} sentences -> {folder}")
    if scores:
        print(f"  validation F1 {percent(scores[-1]['eval_f1'])} (against the corpus's own labels)")
    print(f"\nNext:  xner evaluate {folder} --gold ORG/NAME:CONFIG\n")
    print("       from transformers import pipeline")
    print(f'       ner = pipeline("token-classification", "{folder}", aggregation_strategy="first")')
