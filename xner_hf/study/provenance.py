"""What the student of a run is made from, for the ``training.json`` of one that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xner_hf.corpora.leakage import LeakCheck
from xner_hf.evaluation import intrinsic
from xner_hf.pipeline.chain import EVALUATION_OVERLAP
from xner_hf.pipeline.inputs import sign
from xner_hf.pipeline.licences import licences, most_restrictive
from xner_hf.pipeline.revisions import revisions
from xner_hf.recipe import Recipe
from xner_hf.study.data import TRANSLATIONS, StudyText
from xner_hf.study.grid import RunSpec, Study
from xner_hf.study.run import run_text
from xner_hf.study.surroundings import surroundings
from xner_hf.training.provenance import public_name


def provenance(study: Study, run: RunSpec, command: str) -> dict[str, Any]:
    """Return all that the student of a run is made from, as `training_inputs` takes it.

    The gold corpus is among it where its training sentences are the study's: as a corpus for the arm ``gold``, which
    learns their labels, as text for all others. The recipe is among it wherever sentences of the language are read,
    since it decides at least which of them: with its text, on which the aligner is trained, and all its models.

    Args:
        study: the study.
        run: one of its runs.
        command: that makes the student.

    Raises:
        XnerError: an input is not available.
    """
    settings = run.settings
    text, recipe = run_text(run), run.recipe()
    named: dict[str, list[str]] = {"corpora": [], "text": [], "trees": []}
    if settings["source_labels"]:
        named["corpora"].append(_without_split(settings["source_labels"]))
    if text is not None and text.origin == TRANSLATIONS:
        named["corpora" if settings["arm"].startswith("gold") else "text"].append(f"{settings['gold']}/train")
        named["text"].append(f"{intrinsic.TRANSLATIONS}:{settings['gold'].partition(':')[2]}/train")
    if settings["tree_corpus"]:
        named["text" if settings["trees"] == "text" else "trees"].append(settings["tree_corpus"])
    return {
        "arm": settings["arm"],
        "language": settings["code"],
        **named,
        "study": {"name": study.name, "key": run.key, "settings": dict(settings)},
        **({"experiment": changes} if (changes := _experiment(settings)) else {}),
        "builds": [_build(settings, recipe, text, command)] if recipe is not None and text is not None else [],
        "command": command,
    }


def _without_split(reference: str) -> str:
    """Return the file of ``file/split``; what lies on the Hub keeps its split."""
    corpus = reference.rpartition("/")[0]
    return corpus if Path(corpus).exists() else reference


def _experiment(settings: Mapping[str, Any]) -> str:
    """Say what was made wrong on purpose, which nobody would guess from a name."""
    changes = []
    if settings["noise"]:
        changes.append(f"a share of {settings['noise']:g} of its gold training labels was made wrong")
    if settings["trees"] == "random":
        changes.append("its training trees are random, so its own are meaningless")
    return " and ".join(changes)


def _build(settings: Mapping[str, Any], recipe: Recipe, text: StudyText, command: str) -> dict[str, Any]:
    """Return what ``build.json`` would say of the sentences, which lie in the cache and in no folder."""
    found = licences(recipe)
    translated = text.origin == TRANSLATIONS
    whose = f"{settings['gold']}/train" if translated else public_name(recipe.text.corpus)
    return {
        "name": f"{whose}, recipe {recipe.recipe}",
        "language": recipe.language,
        "signature": sign(recipe).project,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": recipe.to_dict(),
        "licence": vars(most_restrictive(found)),
        "licences": [vars(one) for one in found],
        "revisions": revisions(recipe),
        "reasons": text.rejected,
        "leak_check": _leak_check(recipe, text, translated),
        "versions": surroundings()["versions"],
        "command": command,
    }


def _leak_check(recipe: Recipe, text: StudyText, translated: bool) -> dict[str, Any]:
    """Return what `LeakCheck` says of the sentences, those of evaluation sets among them left out."""
    place: Sequence[str] = ("", "") if translated else (recipe.text.corpus, recipe.text.config or "")
    left = text.rejected.get(EVALUATION_OVERLAP, 0)
    check = LeakCheck(recipe.language, *place).report()
    return {**check, "dropped": {EVALUATION_OVERLAP: left} if left else {}}
