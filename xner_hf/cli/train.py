"""``xner train``: a student of any arm, or a tagger on a labelled corpus."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xner_hf.cli.output import Json, Labels, emit, note, parse_settings, percent, type_map, working
from xner_hf.errors import NotAvailable, XnerError

if TYPE_CHECKING:
    from xner_hf.training.arms import Ingredients
    from xner_hf.training.parsers import ParserTeacher
    from xner_hf.training.soft_labels import Labeller


SIMILARITY_SENTENCES = 2000
"""Sentences of each text by which the likeness of languages is measured."""


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
        str | None, typer.Option(help="A student with a parser, whose arcs are learnt instead of a treebank's.")
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
    from xner_hf.training.arms import Arm, Ingredients, make_plan
    from xner_hf.training.config import read_training_settings, training_config
    from xner_hf.training.processes import first_process
    from xner_hf.training.provenance import command_line
    from xner_hf.training.student import check_folder, train_student

    if not language and not corpus and not text:
        raise XnerError("name a language, which trains on build/LANG, or corpora with --corpus.")
    chosen = Arm(arm)
    if language:
        from xner_hf.languages import language as find_language

        language = find_language(language).code
    options = {
        "backbone": backbone,
        "epochs": epochs,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "seed": seed,
    }
    given = read_training_settings(config) if config else {}
    given = given | parse_settings(settings, **options)
    training = training_config(given)
    folder = output or Path("models") / _name(language, corpus, chosen.name)
    check_folder(folder)
    if tree_share is None and "parse" in chosen.parts and not parser and "sampling" not in given:
        tree_share = 1.0  # treebanks are mostly larger than the text, and would take most of the time
    if tree_share is not None:
        training = replace(training, sampling="shares")
    needs = Ingredients(
        language,
        corpora=corpus or (),
        text=text or (),
        trees=trees or (),
        project_trees=project_trees,
        labels=type_map(labels),
        limit=limit,
        confidence=confidence,
        min_confidence=min_confidence,
        soft_confidence=soft_confidence,
        tree_share=tree_share,
    )
    if project_trees and not parser:
        raise XnerError("--project-trees needs a parser of the source language. Name one with --parser.")
    with working():
        labeller = _labeller(chosen.parts, needs, training.backbone, teacher, teacher_weights, teacher_text)
        plan = make_plan(chosen, needs, labeller, _parser(parser))
        if first_process():
            _tell(plan.facts)
        facts = train_student(
            plan.corpora,
            folder,
            training,
            plan.validation,
            plan.sources,
            {**plan.facts, "command": command_line()},
            resume,
            not first_process(),
            relations=plan.relations,
            language=language,
        )
    if first_process():
        from xner_hf.publish.model_card import write_model_card

        facts = {"output": str(folder), **facts}
        emit(facts, as_json, lambda: _show(facts, folder))
        write_model_card(folder)
    _leave()


def _name(language: str | None, corpora: list[str] | None, arm: str) -> str:
    if language:
        return f"{language}-{arm}"
    return "-".join(Path(one.replace(":", "-")).stem for one in corpora or ["text"])


def _labeller(
    parts: frozenset[str],
    needs: Ingredients,
    encoder: str,
    teachers: list[str] | None,
    weights: str,
    texts: list[str] | None,
) -> Labeller | None:
    if not parts & {"distill", "distill-aligned"}:
        if teachers:
            raise XnerError(f"--teacher {teachers[0]}: this arm has no teacher. Give an arm with distill.")
        return None
    if weights != "uniform" and len(teachers or ()) < 2:
        raise XnerError(
            f"--teacher-weights {weights}: a single teacher has all the weight. Name several with --teacher."
        )
    if texts and weights != "similarity":
        raise XnerError("--teacher-text is for --teacher-weights similarity. Give both, or leave it out.")
    from xner_hf.languages import source_of, tagger_entry
    from xner_hf.training.teachers import Teacher, TeacherEnsemble

    if not teachers:
        entry = tagger_entry(source_of(needs.language).code)
        try:
            return Teacher(entry.model, entry.revision)
        except NotAvailable as error:
            raise NotAvailable(f"{error} Name another that can be had: --teacher ORG/NAME.") from error
    found = [Teacher(one) for one in teachers]
    if len(found) == 1:
        return found[0]
    if weights == "similarity":
        return _by_similarity(needs, encoder, teachers, texts or [])
    try:
        shares = weights if weights == "uniform" else [float(one) for one in weights.split(",")]
    except ValueError as error:
        raise XnerError(
            f"--teacher-weights {weights}: give uniform, similarity, or a number for every teacher."
        ) from error
    return TeacherEnsemble(found, shares)


def _by_similarity(needs: Ingredients, encoder: str, teachers: list[str], texts: list[str]) -> Labeller:
    """Weigh teachers by how much the text that they label is like the text of their languages."""
    from xner_hf.training.arms import read_unlabelled
    from xner_hf.training.similarity import SimilarityWeights
    from xner_hf.training.teachers import Teacher, TeacherEnsemble

    if len(texts) != len(teachers):
        raise XnerError(
            f"--teacher-weights similarity: {len(teachers)} teachers, {len(texts)} --teacher-text. Give text of "
            "the language of each teacher, in the same order."
        )
    target = needs.text or needs.corpora or [f"build/{needs.language}"]
    words = [[s.tokens for s in read_unlabelled([one], None, SIMILARITY_SENTENCES)] for one in texts]
    likeness = SimilarityWeights(
        encoder,
        dict(zip(teachers, words, strict=True)),
        [s.tokens for s in read_unlabelled(target, needs.language, SIMILARITY_SENTENCES)],
    )
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in likeness.corpus_weights.items())
    note(f"weights of the teachers: {weights}")
    return TeacherEnsemble([Teacher(one, language=one) for one in teachers], likeness)


def _parser(model: str | None) -> ParserTeacher | None:
    if model is None:
        return None
    from xner_hf.training.parsers import ParserTeacher

    return ParserTeacher(model)


def _tell(facts: dict[str, Any]) -> None:
    for name, count in facts["sentences"].items():
        note(f"{name}: {count:,} sentences")
    for line in facts.get("read", ()):
        note(line)
    if facts.get("trees_rejected"):
        note(f"{len(facts['trees_rejected'])} trees left out, see training.json")
    if facts.get("projected_trees_rejected"):
        note(f"{sum(facts['projected_trees_rejected'].values())} projected trees left out, see training.json")
    if facts.get("text_rejected"):
        note(f"{facts['text_rejected']} sentences left out, since they stand in an evaluation set")


def _show(facts: dict[str, Any], folder: Path) -> None:
    scores = facts["validation"] or {}
    counts = ", ".join(f"{count:,} of {name}" for name, count in facts["sentences"]["train"].items())
    print(f"trained on {counts} -> {folder}")
    if "eval_f1" in scores:
        of = f"epoch {scores['epoch']:g}, the best one; " if facts["settings"]["patience"] else ""
        print(f"  validation F1 {percent(scores['eval_f1'])} ({of}against the corpus's own labels)")
        if scores["eval_gold"] and not scores["eval_predicted"]:
            note(
                "the student predicts no entity on its validation sentences: it has not learnt to leave O yet. Train "
                f"it longer (--epochs, now {facts['settings']['epochs']:g}) or on more sentences."
            )
    print(f"\nNext:  xner evaluate {folder} --gold ORG/NAME:CONFIG --save\n")
    print("       import xner_hf.models")
    print("       from transformers import pipeline")
    print(f'       ner = pipeline("token-classification", "{folder}", aggregation_strategy="first")')


def _leave() -> None:
    if "RANK" in os.environ:
        import torch.distributed

        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
