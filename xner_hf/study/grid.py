"""The grid of a study: backbones x languages x arms x seeds, and the runs that it consists of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError
from xner_hf.pipeline.store import digest
from xner_hf.study.arm_config import flat_config
from xner_hf.study.parts import GOLD, PARSER, Budget, Contrast, StudyArm, StudyLanguage
from xner_hf.training.config import TrainingConfig

if TYPE_CHECKING:
    from xner_hf.recipe import Recipe


@dataclass(frozen=True)
class RunSpec:
    """One run of a study.

    Attributes:
        settings: all that decides its outcome, flat: ``label`` (the arm's name in the study), ``arm``, ``trees``,
            ``language`` (its name in the study), ``code``, ``source``, ``backbone``, ``seed``, ``gold``, ``split``,
            ``recipe`` and ``recipe.KEY``, ``teacher``, ``source_labels``, ``tree_corpus``, ``tree_share``,
            ``tree_sentences``, ``parser.KEY``, ``noise``, ``sentences``, ``epochs``, ``batch_size``, and the settings
            of `TrainingConfig`. What the arm ignores is None or left out.
    """

    settings: Mapping[str, Any]

    @property
    def key(self) -> str:
        """16 hexadecimal digits that stand for the settings, see `settings_key`."""
        return settings_key(self.settings)

    @property
    def cost(self) -> float:
        """Sentences that are trained on, repetitions and the extra ones included: for comparing runs."""
        return self.settings["sentences"] * self.settings["epochs"] * (1 + (self.settings["tree_share"] or 0))

    def training(self) -> TrainingConfig:
        """Return the settings of its training."""
        names = {one.name for one in fields(TrainingConfig)}
        found = {name: one for name, one in self.settings.items() if name in names or name.startswith("loss.")}
        sampling = "shares" if self.settings["trees"] != "none" else TrainingConfig.sampling
        return flat_config({**found, "sampling": sampling})

    def recipe(self) -> Recipe | None:
        """Return the recipe of its build, with the teacher as tagger; None for an arm without a build.

        Raises:
            XnerError: the recipe does not fit the language.
        """
        if self.settings["recipe"] is None:
            return None
        start = "recipe."
        changes = {name[len(start) :]: value for name, value in self.settings.items() if name.startswith(start)}
        return recipe_of(self.settings["code"], self.settings["recipe"], changes, self.settings["teacher"])


@dataclass(frozen=True)
class Study:
    """A study; read one with `load_study`.

    Attributes:
        path: its file.
        name: what it is called.
        question: what it asks, as free text.
        backbones: Hub ids or folders of the encoders.
        languages: its test sets.
        arms: its arms by name.
        contrasts: what is compared, by name; ``primary`` first.
        budget: the budget of the arms that have none of their own.
        reuse: files of other studies, whose runs are taken over where they are the same.
    """

    path: Path
    name: str
    question: str
    backbones: tuple[str, ...]
    languages: tuple[StudyLanguage, ...]
    arms: Mapping[str, StudyArm]
    contrasts: Mapping[str, Contrast]
    budget: Budget
    reuse: tuple[Path, ...] = ()

    @property
    def primary(self) -> Contrast:
        """The contrast that answers the question."""
        return self.contrasts["primary"]

    @property
    def folder(self) -> Path:
        """The folder of its store, beside its file."""
        return self.path.with_suffix("")

    def runs(self) -> list[RunSpec]:
        """Return all runs in the order in which they are to be made.

        The arms of the primary contrast come first, then the others; in each of the two seed by seed over all
        languages, so that a study that is stopped has whole seeds.

        Raises:
            XnerError: an arm needs a teacher, labels or trees that the study does not name.
        """
        first = [self.arms[name] for name in (self.primary.against, self.primary.arm)]
        rest = [arm for arm in self.arms.values() if arm not in first]
        return [
            RunSpec(_settings(arm, language, backbone, arm.seeds[number]))
            for arms in (first, rest)
            for backbone in self.backbones
            for number in range(max((len(arm.seeds) for arm in arms), default=0))
            for language in self.languages
            for arm in arms
            if number < len(arm.seeds) and language.name in arm.languages
        ]


def settings_key(settings: Mapping[str, Any]) -> str:
    """Return 16 hexadecimal digits that stand for the settings of a run, whatever their order.

    What is None or False is off and does not count, so that results stay valid when a later version brings a new
    setting that is off by default.
    """
    return digest({name: value for name, value in settings.items() if value is not None and value is not False})


def shard(runs: Sequence[RunSpec], number: int, count: int) -> list[RunSpec]:
    """Return the part of the runs that one of several machines makes, in their order.

    Each run goes to the machine that has least to do so far, so all of them work through the study from its start,
    and their work differs by one run at most.

    Args:
        runs: all runs of the study, whether there are results or not: every machine has to divide the same list.
        number: which machine, from 1 to `count`.
        count: number of machines.

    Raises:
        XnerError: there is no such shard.
    """
    if count < 1 or not 1 <= number <= count:
        raise XnerError(f"there is no shard {number}/{count}. Shards count from 1: 1/{max(count, 1)} is the first.")
    load = [0.0] * count
    own = []
    for run in runs:
        least = load.index(min(load))
        load[least] += run.cost
        if least == number - 1:
            own.append(run)
    return own


def recipe_of(code: str, name: str, changes: Mapping[str, Any], teacher: str | None) -> Recipe:
    """Return a recipe whose tagger, where it has one, is the teacher.

    Raises:
        XnerError: as `make_recipe`.
    """
    from xner_hf.recipe import make_recipe

    recipe = make_recipe(code, name, changes)
    if teacher is None or recipe.tagger is None:
        return recipe
    return make_recipe(code, name, {**changes, "tagger.model": teacher})


def _settings(arm: StudyArm, language: StudyLanguage, backbone: str, seed: int) -> dict[str, Any]:
    builds = "direct" not in arm.parts or arm.trees == "projected"
    extra = arm.trees != "none"
    tree_corpus = None
    if arm.trees == "target":
        tree_corpus = language.need("target_trees", "target_trees", arm.name)
    elif extra:
        tree_corpus = language.need("trees", "trees", arm.name)
    recipe = {f"recipe.{name}": value for name, value in language.recipe_settings.items()} if builds else {}
    return {
        "language": language.name,
        "code": language.code,
        "source": language.source,
        "label": arm.name,
        "arm": arm.arm,
        "trees": arm.trees,
        "seed": seed,
        "backbone": backbone,
        "gold": language.gold,
        "split": language.split,
        "recipe": language.recipe if builds else None,
        **recipe,
        "teacher": language.need("teacher", "teachers", arm.name) if builds or arm.trees == "text" else None,
        "source_labels": language.need("source_labels", "source_labels", arm.name) if "direct" in arm.parts else None,
        "tree_corpus": tree_corpus,
        "tree_share": float(arm.budget.tree_share) if extra else None,
        "tree_sentences": arm.budget.tree_sentences if extra else None,
        **(PARSER if arm.trees == "projected" else {}),
        "noise": float(arm.noise) if GOLD in arm.parts else None,
        "sentences": arm.budget.sentences,
        "epochs": float(arm.budget.epochs),
        "batch_size": arm.budget.batch_size,
        **arm.training_settings(),
    }
