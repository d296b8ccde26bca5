"""What a study consists of: its budget, test sets, arms and contrasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_args, get_type_hints

from xner_hf.errors import XnerError
from xner_hf.settings import check_values, setting
from xner_hf.training.arms import ARMS
from xner_hf.training.config import TrainingConfig

GOLD = "gold"
STUDY_ARMS = tuple(arm + parse for arm in (*ARMS, GOLD) for parse in ("", "+parse"))
"""The arms of training, and ``gold``, trained on gold labels of the target language: an upper bound."""

TREES = {
    "none": "no trees",
    "source": "the treebank of the source language",
    "target": "the treebank of the target language",
    "projected": "trees of the source side of the build, projected over its links; the parser is trained on `source`",
    "text": "control: the sentences of `source` without their trees, labelled by the teacher instead",
    "random": "control: the sentences of `source` with random trees",
}
"""Where the extra sentences of an arm come from, and what they are used for."""

CONTROLS = ("text", "random")

PARSER = {"parser.sentences": 4000, "parser.epochs": 3.0, "parser.batch_size": 16, "parser.learning_rate": 5e-4}
"""How the parser of a source language is trained whose trees are projected: on the first sentences of its treebank."""

OWN_TRAINING = ("backbone", "seed", "epochs", "batch_size")
"""Settings of `TrainingConfig` that stand elsewhere in a study file."""

IDLE_TRAINING = {
    "checkpoints": "it decides no outcome",
    "sampling": "it follows tree_share",
    "sampling_temperature": "it follows tree_share",
    "patience": "the runs of a contrast take as many steps as each other, and nothing is chosen within a run",
}
"""Settings of `TrainingConfig` that no study sets, and why."""

_SOFT_ONLY = ("loss.soft", "loss.temperature", "ema_decay", "refresh")


@dataclass(frozen=True)
class Budget:
    """What a run may use; the arms of a contrast have the same sentences, epochs and batches."""

    sentences: int = setting(
        ..., "sentences with entity labels, hard or soft: the first of the corpus", within="(0, inf)"
    )
    epochs: float = setting(..., "passes over them", within="(0, inf)")
    batch_size: int = setting(..., "sentences a step and device", within="(0, inf)")
    tree_share: float = setting(1.0, "steps on the extra sentences for each other step", within="(0, inf)")
    tree_sentences: int | None = setting(None, "first sentences of the treebank; all by default", within="(0, inf)")
    hours: float | None = setting(None, "hours that all runs may take; decides no run", within="(0, inf)")
    note: str = setting("", "what it was measured on; decides no run")

    def __post_init__(self) -> None:
        check_values(self)


@dataclass(frozen=True)
class StudyLanguage:
    """A test set of the study and what its runs are made from.

    Attributes:
        name: what it is called in the study: the code, or a name of its own where a language has two test sets.
        code: ISO 639-3.
        source: code of the language that the labels come from.
        gold: ``org/name:config`` that the students are scored on.
        split: its split.
        recipe: name of the recipe of its builds.
        recipe_settings: what is changed in the recipe, dotted, as for `make_recipe`.
        teacher: tagger of the source language: it labels for the recipe and teaches; None where none is named.
        source_labels: ``org/name:config/split`` with labels of the source language, for ``direct``.
        trees: treebank of the source language.
        target_trees: treebank of the language itself.
    """

    name: str
    code: str
    source: str
    gold: str
    split: str
    recipe: str
    recipe_settings: Mapping[str, Any] = field(default_factory=dict)
    teacher: str | None = None
    source_labels: str | None = None
    trees: str | None = None
    target_trees: str | None = None

    def need(self, what: str, section: str, label: str) -> str:
        """Return its `teacher`, `source_labels`, `trees` or `target_trees`.

        Raises:
            XnerError: it has none; the message names the section of the study file and the arm that needs it.
        """
        value = getattr(self, what)
        if value is None:
            key = self.name if what == "target_trees" else self.source
            raise XnerError(
                f"the arm {label} needs {section} for {self.name}. Add {key!r} to {section}, or restrict the arm with "
                "languages."
            )
        return value


@dataclass(frozen=True)
class StudyArm:
    """An arm of the study.

    Attributes:
        name: what it is called in the study.
        arm: one of `STUDY_ARMS`.
        trees: one of `TREES`.
        seeds: its seeds.
        languages: names of its languages.
        budget: its budget.
        training: its other settings of `TrainingConfig`.
        noise: share of the gold labels that are made wrong, in [0, 1]; of the arm ``gold`` only.
    """

    name: str
    arm: str
    trees: str
    seeds: tuple[int, ...]
    languages: tuple[str, ...]
    budget: Budget
    training: TrainingConfig
    noise: float = 0.0

    @property
    def parts(self) -> frozenset[str]:
        """The parts of its arm, such as ``projected`` and ``parse``."""
        return frozenset(self.arm.split("+"))

    @property
    def losses(self) -> frozenset[str]:
        """Its losses: of ``ner``, ``soft`` and ``parsing``."""
        found = {"ner"} if self.parts & {"direct", "projected", GOLD} else set()
        found |= {"soft"} if self.parts & {"distill", "distill-aligned"} or self.trees == "text" else set()
        return frozenset(found | ({"parsing"} if "parse" in self.parts else set()))

    def training_settings(self) -> dict[str, Any]:
        """Return the settings of its training that decide its outcome, dotted; the weights of its losses in full."""
        hidden = (*OWN_TRAINING, *IDLE_TRAINING, "loss")
        found = {one.name: getattr(self.training, one.name) for one in fields(TrainingConfig)}
        hints = get_type_hints(TrainingConfig)
        found = {
            name: float(value) if type(value) is int and float in (hints[name], *get_args(hints[name])) else value
            for name, value in found.items()
            if name not in hidden
        }
        loss = self.training.loss
        found |= {"loss.soft": loss.soft, "loss.temperature": float(loss.temperature), "loss.learned": loss.learned}
        if "soft" not in self.losses:
            found = {name: value for name, value in found.items() if name not in _SOFT_ONLY}
        if not loss.learned:
            for task in sorted(self.losses):
                weight = loss.weights.get(task, 1.0)
                ends = [float(one) for one in weight] if isinstance(weight, list | tuple) else float(weight)
                found[f"loss.weights.{task}"] = ends
        return found


@dataclass(frozen=True)
class Contrast:
    """Two arms that are compared, by name: the score of `arm` minus that of `against`."""

    name: str
    arm: str
    against: str
