"""One run of a study: a student is trained and scored on its test set; of most, a row of the store alone is left."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.sentence import Sentence
from xner_hf.corpora.trees import TreeReport, read_trees
from xner_hf.evaluation.scores import gold_tags, only_types, score_parser, score_tags
from xner_hf.metrics import entities
from xner_hf.pipeline.store import cache_folder, digest, file_digest
from xner_hf.study.data import StudyText, study_text, text_digest, tree_sentences
from xner_hf.study.grid import RunSpec
from xner_hf.study.students import training_data
from xner_hf.tag.model import ModelTagger
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus
from xner_hf.training.parsers import ParserTeacher
from xner_hf.training.student import train_student
from xner_hf.training.teachers import Teacher
from xner_hf.training.training_data import TrainingData

PARSED = 500
"""First sentences of a treebank's test split that are parsed: enough to see whether the parser works."""

VALIDATION = 150
"""Sentences with projected labels, none of them trained on, that are scored after every epoch; nothing is chosen by
them within a run."""


@dataclass(frozen=True)
class Outcome:
    """The result of a run.

    Attributes:
        row: the fields of a row that the run decides: ``signatures``, ``seconds``, ``steps``, ``scores``,
            ``parsing``, ``curve`` and ``predictions``.
        entities: all that `score_tags` says of the test set, and ``sentences``; None where it was left alone.
    """

    row: dict[str, Any]
    entities: dict[str, Any] | None


def do_run(run: RunSpec, validate_only: bool = False) -> dict[str, Any]:
    """Train and score the student of a run, and throw it away.

    Args:
        run: what to do.
        validate_only: score it on the projected validation sentences instead of the test set, to choose settings by.

    Returns:
        The fields of a row that the run decides, see `Outcome`.

    Raises:
        XnerError: an input is not available, or does not fit.
    """
    with _scratch() as folder:
        return make_student(run, folder, validate_only=validate_only).row


def make_student(
    run: RunSpec, folder: Path, provenance: Mapping[str, Any] | None = None, validate_only: bool = False
) -> Outcome:
    """Train the student of a run to a folder, and score it.

    Args:
        run: what to do.
        folder: where the student goes.
        provenance: what it is made from, for its ``training.json``; of one that is thrown away nothing.
        validate_only: as for `do_run`.

    Raises:
        XnerError: as `do_run`.
    """
    settings = run.settings
    clock = _Clock()
    text = run_text(run)
    teacher = Teacher(settings["teacher"]) if settings["teacher"] else None
    parser = _source_parser(run) if settings["trees"] == "projected" else None
    data = training_data(settings, text, teacher, parser)
    projected = [Sentence(row.id, row.tokens, row.projected) for row in text.validation] if text else []
    validation = Corpus("validation", projected) if text else None
    clock.lap("prepare")
    facts = train_student(
        data.corpora,
        folder,
        run.training(),
        validation,
        data.sources,
        provenance,
        quiet=True,
        relations=data.relations,
        language=settings["code"],
    )
    clock.lap("train")
    found = {
        "signatures": {**data.signatures, **backbone_signature(settings["backbone"])},
        "steps": facts["steps"],
        "curve": _curve(facts["log"]),
    }
    entities_found = None
    if not validate_only:
        entities_found, predictions = _score(folder, settings)
        found["scores"] = {name: entities_found[name] for name in _KEPT_SCORES}
        found["predictions"] = predictions
        found["parsing"] = _parse(folder, settings)
    clock.lap("evaluate")
    return Outcome({**found, "seconds": clock.laps}, entities_found)


def backbone_signature(backbone: str) -> dict[str, str]:
    """Return ``backbone``: a digest of the weights and sub-words of an encoder in a folder, whose name says nothing of
    them; nothing for a Hub id.
    """
    folder = Path(backbone)
    if not folder.is_dir():
        return {}
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("tokenizer.json")])
    return {"backbone": digest([[file.name, file_digest(file)] for file in files])}


def run_text(run: RunSpec) -> StudyText | None:
    """Return the sentences of a run's language; None for an arm that reads none of them.

    Raises:
        XnerError: there are not enough, or an input is not available.
    """
    recipe = run.recipe()
    if recipe is None:
        return None
    gold, sentences = run.settings["gold"], run.settings["sentences"]
    key = digest(recipe.to_yaml(), gold, sentences)
    if key not in _TEXTS:
        _TEXTS[key] = study_text(recipe, gold, sentences, VALIDATION)
    return _TEXTS[key]


_TEXTS: dict[str, StudyText] = {}


@lru_cache(maxsize=64)
def _gold(reference: str, split: str) -> list[Any]:
    return list(read_labelled(reference, split))


_KEPT_SCORES = ("precision", "recall", "f1", "correct", "predicted", "gold", "types")


def _score(folder: Path, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the scores on the test set, and the predicted spans as a row holds them."""
    sentences = _gold(settings["gold"], settings["split"])
    labels, _ = ModelTagger(str(folder)).label([one.tokens for one in sentences])
    predicted = [only_types(tags) for tags in labels]
    scores = score_tags([gold_tags(one) for one in sentences], predicted)
    spans = {
        one.id: [[span.start, span.end, span.label] for span in found]
        for one, tags in zip(sentences, predicted, strict=True)
        if (found := entities(tags))
    }
    predictions = {"gold": settings["gold"], "split": settings["split"], "sentences": len(sentences), "spans": spans}
    return {**scores, "sentences": len(sentences)}, predictions


def _parse(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    scores = score_trees(folder, settings, PARSED)
    if scores is None:
        return None
    return {"treebank": settings["tree_corpus"], **{name: scores[name] for name in ("uas", "las", "sentences")}}


def score_trees(folder: Path, settings: Mapping[str, Any], limit: int | None = None) -> dict[str, Any] | None:
    """Score the trees of a student on the test split of its training treebank.

    Args:
        folder: the student.
        settings: of its run.
        limit: first sentences that are parsed; all where it is left out.

    Returns:
        What `score_parser` says, with ``rejected_gold_trees``: reasons by sentence. None for a student without such
        trees, and where they come from a file, which has no test split.
    """
    if settings["trees"] not in ("source", "target") or Path(settings["tree_corpus"]).is_file():
        return None
    report = TreeReport()
    sentences = list(islice(read_trees(settings["tree_corpus"], "test", report), limit))
    return {**score_parser(str(folder), sentences), "rejected_gold_trees": report.rejected}


def _curve(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_step: dict[int, dict[str, Any]] = {}
    for entry in log:
        kept = {name: value for name, value in entry.items() if name.startswith("loss") or name == "eval_f1"}
        by_step.setdefault(entry["step"], {"step": entry["step"]}).update(kept)
    return [by_step[step] for step in sorted(by_step)]


def _source_parser(run: RunSpec) -> ParserTeacher:
    """Return a parser of the source language, trained on its treebank once and kept in the cache."""
    from filelock import FileLock

    settings = run.settings
    sentences = tree_sentences(settings["tree_corpus"], settings["parser.sentences"], settings["code"])
    config = TrainingConfig(
        settings["backbone"],
        epochs=settings["parser.epochs"],
        batch_size=settings["parser.batch_size"],
        learning_rate=settings["parser.learning_rate"],
        max_length=settings["max_length"],
        bf16=settings["bf16"],
        checkpoints=False,
        seed=1,
    )
    folder = cache_folder() / "study" / f"parser-{digest(text_digest(sentences), config.to_dict())}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "training.json").is_file():
            data = TrainingData()
            data.add_trees(sentences)
            train_student(data.corpora, folder, config, quiet=True)
    return ParserTeacher(str(folder))


@contextmanager
def _scratch() -> Iterator[Path]:
    """Give a folder for a student that is thrown away; those of killed runners, who could not, go as well."""
    from filelock import FileLock, Timeout

    root = cache_folder() / "study"
    root.mkdir(parents=True, exist_ok=True)
    for lock in root.glob("student-*.lock"):
        with suppress(Timeout), FileLock(lock, blocking=False):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
    folder = root / f"student-{uuid4().hex}"
    with FileLock(f"{folder}.lock"):
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    Path(f"{folder}.lock").unlink(missing_ok=True)


class _Clock:
    """Seconds by part of a run."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self._last = round(now - self._last, 2), now
