"""``xner.train`` and the student that it returns."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from xner_hf.api.corpus import Build
from xner_hf.errors import XnerError
from xner_hf.languages import language as find_language

_log = logging.getLogger(__name__)


def train(
    data: str | Build | None = None,
    *,
    corpus: str | Sequence[str] = (),
    arm: str = "projected",
    teacher: str | Sequence[str] = (),
    teacher_weights: str = "uniform",
    teacher_text: str | Sequence[str] = (),
    text: str | Sequence[str] = (),
    trees: str | Sequence[str] = (),
    tree_share: float | None = None,
    parser: str | None = None,
    project_trees: bool = False,
    labels: Mapping[str, str] | None = None,
    output: str | Path | None = None,
    limit: int | None = None,
    confidence: bool = False,
    min_confidence: float = 0.0,
    soft_confidence: float = 0.0,
    config: str | Path | None = None,
    resume: bool = False,
    command: str | None = None,
    tell: Callable[[str], None] | None = None,
    settings: Mapping[str, Any] | None = None,
    **options: Any,
) -> Student:
    """Train a student on a projected corpus or with teachers, or a tagger on any labelled corpus.

    Every process of ``torchrun`` or ``accelerate launch`` calls it; the first one writes.

    Args:
        data: a build, or a language, which trains on ``build/LANG``; None with `corpus` or `text`.
        corpus: one or more labelled corpora instead: ``org/name:config``, folders of builds, files.
        arm: ``direct``, ``projected``, ``distill``, ``distill-aligned``, ``projected+distill`` or
            ``projected+distill-aligned``, each also with ``+parse``.
        teacher: one or more models that label unlabelled text; the tagger of the source language by default.
        teacher_weights: of several teachers: ``uniform``, numbers such as ``0.7,0.3``, or ``similarity``.
        teacher_text: with ``similarity``: text of each teacher's language, in the order of the teachers.
        text: unlabelled text: builds, files, ``org/name:config/split``.
        trees: treebanks for ``+parse``: ``.conllu`` files or ``org/name:config``.
        tree_share: steps on trees for each other step, above 0.
        parser: a student with a parser, whose arcs replace a treebank.
        project_trees: the parser reads the source side, and its trees are projected.
        labels: entity types of the corpora mapped to PER, ORG, LOC or ``O``.
        output: folder to write; ``models/LANG-ARM`` by default.
        limit: use only the first sentences of every corpus, 1 or more.
        confidence: weigh the words of projected entities by their scores.
        min_confidence: no loss for words of projected entities with a lower score, in [0, 1].
        soft_confidence: leave out sentences whose soft labels have a lower mean probability, in [0, 1].
        config: YAML file with settings; `settings` and `options` override it.
        resume: resume a training that was killed.
        command: command to record with the student.
        tell: called with lines about what was read and left out.
        settings: of the training, also dotted: ``{"loss.soft": "mse"}``.
        **options: further ones, such as ``backbone="ORG/ENCODER"``, ``epochs=3``, ``learning_rate=3e-5``,
            ``batch_size=32``, ``seed=1``.

    Raises:
        XnerError: something is missing, unknown or does not fit; found before the training starts.
    """
    from xner_hf.publish.model_card import write_model_card
    from xner_hf.training.arms import Arm, ArmInputs, make_plan
    from xner_hf.training.config import read_training_settings, training_config
    from xner_hf.training.labeller import make_labeller
    from xner_hf.training.parsers import ParserTeacher
    from xner_hf.training.processes import first_process
    from xner_hf.training.student import check_folder, train_student

    corpus, teacher, teacher_text, text, trees = map(_listed, (corpus, teacher, teacher_text, text, trees))
    if isinstance(data, Build):
        language, corpus = data.language, [*corpus, str(data.folder)]
    else:
        language = find_language(data).code if data else None
    if not language and not corpus and not text:
        raise XnerError("give a language, which trains on build/LANG, or corpora with --corpus.")
    chosen = Arm(arm)
    given = (read_training_settings(Path(config)) if config else {}) | {**(settings or {}), **options}
    training = training_config(given)
    folder = Path(output) if output else Path("models") / _name(language, corpus, chosen.name)
    check_folder(folder)
    if tree_share is None and "parse" in chosen.parts and not parser and "sampling" not in given:
        tree_share = 1.0  # treebanks are mostly larger than the text, and would take most of the time
    if tree_share is not None:
        training = replace(training, sampling="shares")
    needs = ArmInputs(
        language,
        corpora=corpus,
        text=text,
        trees=trees,
        project_trees=project_trees,
        labels=labels,
        limit=limit,
        confidence=confidence,
        min_confidence=min_confidence,
        soft_confidence=soft_confidence,
        tree_share=tree_share,
    )
    if project_trees and not parser:
        raise XnerError("--project-trees needs a parser of the source language. Name one with --parser.")
    report = tell or (lambda line: None)
    labeller = make_labeller(chosen.parts, needs, training.backbone, teacher, teacher_weights, teacher_text, report)
    plan = make_plan(chosen, needs, labeller, ParserTeacher(parser) if parser is not None else None)
    first = first_process()
    if first:
        for line in _said(plan.facts):
            report(line)
    facts = train_student(
        plan.corpora,
        folder,
        training,
        plan.validation,
        plan.sources,
        {**plan.facts, "command": command or "xner_hf.train(...)"},
        resume,
        not first,
        relations=plan.relations,
        language=language,
    )
    if first:
        write_model_card(folder)
        scores = facts["validation"] or {}
        if scores.get("eval_gold") and not scores["eval_predicted"]:
            (tell or _log.warning)(
                "the student predicts no entity on its validation sentences: it still labels every word O. Train it "
                f"longer (--epochs, now {facts['settings']['epochs']:g}) or on more sentences."
            )
    _leave()
    return Student(folder, facts)


class Student:
    """A trained student or tagger in a folder.

    Args:
        folder: as `train` and ``xner train`` write it.
        facts: what ``training.json`` says; read from the folder by default.

    Raises:
        XnerError: the folder holds no finished training.
    """

    def __init__(self, folder: str | Path, facts: Mapping[str, Any] | None = None):
        self.folder = Path(folder)
        path = self.folder / "training.json"
        if facts is None and not path.is_file():
            raise XnerError(f"{self.folder} has no training.json. Train a student with `xner train`.")
        self.facts = dict(facts) if facts is not None else json.loads(path.read_text(encoding="utf-8"))

    def pipeline(self, task: str = "token-classification", **options: Any) -> Any:
        """Return a pipeline of transformers: ``token-classification``, or ``ner-and-parsing``.

        Args:
            task: name of the pipeline.
            **options: those of `transformers.pipeline`; ``aggregation_strategy`` is ``first`` by default.
        """
        from transformers import pipeline

        import xner_hf.models  # noqa: F401 - registers students with transformers

        if task == "token-classification":
            options.setdefault("aggregation_strategy", "first")
        return pipeline(task, str(self.folder), **options)

    def publish(self, repo: str, **options: Any) -> dict[str, Any]:
        """Publish the student on the Hub with a card, in one commit; the same as ``xner publish``.

        Args:
            repo: ``ORG/NAME``, created if it does not exist.
            **options: as for `Build.publish`, and ``allow_unscored``.

        Returns:
            What was done, as ``xner publish --json`` prints.

        Raises:
            XnerError: the student has no scores, no right to write, or the Hub cannot be reached.
        """
        from xner_hf.publish.folder import publish_folder

        return publish_folder(self.folder, repo, **options).to_dict()

    def __fspath__(self) -> str:
        return str(self.folder)

    def __repr__(self) -> str:
        return f"Student({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        scores = self.facts.get("validation") or {}
        counts = ", ".join(f"{count:,} of {name}" for name, count in self.facts["sentences"]["train"].items())
        f1 = f"; validation F1 {100 * scores['eval_f1']:.1f} (own labels)" if "eval_f1" in scores else ""
        return f"<p><b>{escape(str(self.folder))}</b>: trained on {escape(counts)}{escape(f1)}</p>"


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _name(language: str | None, corpora: Sequence[str], arm: str) -> str:
    if language:
        return f"{language}-{arm}"
    return "-".join(Path(one.replace(":", "-")).stem for one in corpora or ["text"])


def _said(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was read for a training, and what was left out of it."""
    for name, count in facts["sentences"].items():
        yield f"{name}: {count:,} sentences"
    yield from facts.get("read", ())
    if facts.get("trees_rejected"):
        yield f"{len(facts['trees_rejected'])} trees left out, see training.json"
    if facts.get("projected_trees_rejected"):
        yield f"{sum(facts['projected_trees_rejected'].values())} projected trees left out, see training.json"
    if facts.get("text_rejected"):
        yield f"{facts['text_rejected']} sentences left out, since they occur in an evaluation set"


def _leave() -> None:
    if "RANK" in os.environ:
        import torch.distributed

        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
