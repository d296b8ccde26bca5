"""One run of a study: a student is trained, scored on its test set and thrown away; a row of the store is left."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.trees import read_trees
from xner_hf.evaluation import gold_tags, only_types, score_parser, score_tags
from xner_hf.metrics import entities
from xner_hf.pipeline.store import cache_folder, digest
from xner_hf.study.data import StudyText, study_text, text_digest, tree_sentences
from xner_hf.study.grid import RunSpec
from xner_hf.study.students import make_lesson
from xner_hf.tag.model import ModelTagger
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus
from xner_hf.training.parsers import ParserTeacher
from xner_hf.training.student import train_student
from xner_hf.training.teachers import Teacher

PARSED = 500
"""First sentences of a treebank's test split that are parsed: enough to see whether the trees were learnt."""

VALIDATION = 150
"""Sentences with projected labels, none of them trained on, that are scored after every epoch; nothing is chosen by
them within a run."""


def do_run(run: RunSpec, validate_only: bool = False) -> dict[str, Any]:
    """Train and score the student of a run.

    Args:
        run: what to do.
        validate_only: score it on the projected validation sentences instead of the test set, to choose settings by.

    Returns:
        The fields of a row that the run decides: ``signatures``, ``seconds``, ``steps``, ``scores``, ``parsing``,
        ``curve`` and ``predictions``.

    Raises:
        XnerError: an input cannot be had, or does not fit.
    """
    settings = run.settings
    clock = _Clock()
    text = run_text(run)
    teacher = Teacher(settings["teacher"]) if settings["teacher"] else None
    parser = _source_parser(run) if settings["trees"] == "projected" else None
    lesson = make_lesson(settings, text, teacher, parser)
    validation = Corpus("validation", _validation(text)) if text else None
    with _scratch() as folder:
        clock.lap("prepare")
        facts = train_student(
            lesson.corpora,
            folder,
            run.training(),
            validation,
            lesson.sources,
            quiet=True,
            relations=lesson.relations,
        )
        clock.lap("train")
        found = {
            "signatures": lesson.signatures,
            "steps": facts["steps"],
            "curve": _curve(facts["log"]),
        }
        if not validate_only:
            found |= _score(folder, settings)
            found["parsing"] = _parse(folder, settings)
        clock.lap("evaluate")
    return {**found, "seconds": clock.laps}


def run_text(run: RunSpec) -> StudyText | None:
    """Return the sentences of a run's language; None for an arm that reads none of them.

    Raises:
        XnerError: there are not enough, or an input cannot be had.
    """
    recipe = run.recipe()
    if recipe is None:
        return None
    return _text(recipe.to_yaml(), recipe, run.settings["gold"], run.settings["sentences"])


_TEXTS: dict[str, StudyText] = {}


def _text(name: str, recipe: Any, gold: str, sentences: int) -> StudyText:
    key = digest(name, gold, sentences)
    if key not in _TEXTS:
        _TEXTS[key] = study_text(recipe, gold, sentences, VALIDATION)
    return _TEXTS[key]


def _validation(text: StudyText) -> list[Any]:
    from xner_hf.corpora.base import Sentence

    return [Sentence(row.id, row.tokens, row.projected) for row in text.validation]


@lru_cache(maxsize=64)
def _gold(reference: str, split: str) -> list[Any]:
    return list(read_labelled(reference, split))


def _score(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    sentences = _gold(settings["gold"], settings["split"])
    labels, _ = ModelTagger(str(folder)).label([one.tokens for one in sentences])
    predicted = [only_types(tags) for tags in labels]
    scores = score_tags([gold_tags(one) for one in sentences], predicted)
    spans = {
        one.id: [[span.start, span.end, span.label] for span in found]
        for one, tags in zip(sentences, predicted, strict=True)
        if (found := entities(tags))
    }
    told = {"gold": settings["gold"], "split": settings["split"], "sentences": len(sentences), "spans": spans}
    names = ("precision", "recall", "f1", "correct", "predicted", "gold", "types")
    return {"scores": {name: scores[name] for name in names}, "predictions": told}


def _parse(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Score the trees on the test split of the treebank that they were learnt from; a file has none."""
    if settings["trees"] not in ("source", "target") or Path(settings["tree_corpus"]).is_file():
        return None
    sentences = list(islice(read_trees(settings["tree_corpus"], "test"), PARSED))
    scores = score_parser(str(folder), sentences)
    return {"treebank": settings["tree_corpus"], **{name: scores[name] for name in ("uas", "las", "sentences")}}


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
            bare = [type(one)(one.id, one.tokens, None, heads=one.heads, relations=one.relations) for one in sentences]
            train_student([Corpus("trees", bare)], folder, config, quiet=True)
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


def surroundings() -> dict[str, Any]:
    """Return what the machine and the code were: ``revision``, ``dirty``, ``versions``, ``hardware``, ``started``."""
    import os
    from importlib.metadata import version

    import torch

    names = ("xner-hf", "torch", "transformers", "datasets", "tokenizers", "numpy", "scipy", "systran-align")
    revision, dirty = _git()
    return {
        "revision": revision,
        "dirty": dirty,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in names}},
        "hardware": {
            "device": torch.cuda.get_device_name(0) if torch.cuda.is_available() else platform.machine(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
        },
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _git() -> tuple[str | None, bool]:
    """Return the commit of the code and whether it was changed since; None where it is not in a repository."""
    import subprocess

    here = Path(__file__).resolve().parent

    def ask(*words: str) -> str | None:
        try:
            done = subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.strip()

    commit = ask("rev-parse", "HEAD")
    return commit, bool(commit and ask("status", "--porcelain", "--untracked-files=no", "--", str(here.parent)))
