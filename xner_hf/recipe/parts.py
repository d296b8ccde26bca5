"""The parts of a recipe: its text, and the methods that are applied to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from xner_hf.corpora.files import LABELLED
from xner_hf.corpora.parallel import SAMPLE, local_files, no_pairs, parallel_input
from xner_hf.errors import XnerError
from xner_hf.project.markers import FORMS
from xner_hf.registry import CORPUS, FILES, Input, settings_of
from xner_hf.registry import SAMPLE as SAMPLE_INPUT
from xner_hf.settings import check_model, check_values, setting
from xner_hf.tag import tagger_settings


@dataclass(frozen=True)
class TextConfig:
    """Where the sentences come from."""

    corpus: str = setting(
        ...,
        "Hub id; local files (`local_files`); for unlabelled text a .txt or .jsonl file or a folder of "
        ".txt files; or 'sample' for the bundled one",
    )
    config: str = setting("", "configuration of a Hub corpus")
    splits: tuple[str, ...] | None = setting(None, "its splits; all of them by default")
    revision: str | None = setting(None, "Hub branch, tag or commit")
    labels: Mapping[str, str] | None = setting(
        None,
        "entity types of the text's own labels mapped to PER, ORG, LOC or O; tagger.labels without a "
        "tagger means the same",
    )

    def __post_init__(self) -> None:
        if not self.local and Path(self.corpus).is_file():
            raise no_pairs(self.corpus)
        _check_type_map(self.labels, "text.labels")
        if not self.config and not self.local:
            raise XnerError(f"the recipe's text lacks the key 'config', the configuration of {self.corpus!r}.")
        if self.splits is not None and len(set(self.splits)) < len(self.splits):
            raise XnerError(f"the recipe's text names a split twice: {', '.join(self.splits)}.")

    @property
    def local(self) -> bool:
        """Whether the text is in local files."""
        return is_local(self.corpus)

    def inputs(self) -> Iterator[Input]:
        """Return the corpus or files that hold the text."""
        kind = SAMPLE_INPUT if self.corpus == SAMPLE else FILES if self.local else CORPUS
        yield Input(kind, self.corpus, "text", self.config or None, self.splits, self.revision)


def _check_type_map(labels: Any, key: str) -> None:
    if labels is not None and not (
        isinstance(labels, Mapping) and all(isinstance(name, str) for pair in labels.items() for name in pair)
    ):
        raise XnerError(f"{key} is {labels!r}; it must map types to types, such as {{person: PER}}.")


def is_local(reference: str) -> bool:
    """Whether a reference to text names local files or a folder, not a corpus on the Hub."""
    path = Path(reference)
    return bool(local_files(reference)) or path.suffix.lower() in (".txt", *LABELLED) or path.is_dir()


class _Applied:
    """A part of a recipe that applies a registered method; `own` is the settings object of that method."""

    kind: ClassVar[str]
    method: str
    settings: dict[str, Any]

    def __post_init__(self) -> None:
        check_values(self, self.kind)
        self.own  # noqa: B018 - refuses what it does not know

    @cached_property
    def own(self) -> Any:
        """The settings object of the method."""
        return settings_of(self.kind, self.method, self.settings)

    def inputs(self, role: str = "") -> Iterator[Input]:
        """Return what the method reads, used as `role`, by default the kind of method."""
        yield from (one.used_as(role or self.kind) for one in self.own.inputs())


@dataclass(frozen=True)
class TranslatorConfig(_Applied):
    """The translator; `settings` are those of the method, a registered translator."""

    kind = "translator"

    method: str = setting("seq2seq", "a registered translator (`xner methods translator`)")
    markers: str | None = setting(None, "form of the markers around entities, recipe 'marker' only", choices=FORMS)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TaggerConfig(_Applied):
    """The tagger of the side that has no labels; absent where the corpus has gold labels."""

    kind = "tagger"

    model: str = setting(..., "token-classification checkpoint: Hub id or folder; or a file of labelled sentences")
    revision: str | None = setting(None, "Hub branch, tag or commit")
    labels: Mapping[str, str] | None = setting(
        None,
        "entity types of the model or file mapped to PER, ORG, LOC or O: {human: PER, misc: O}, or whole "
        "labels of a model: {LABEL_1: B-PER}; of a model PERSON, ORGANIZATION, GPE, FAC and the like are known, "
        "and all others are O by default",
    )
    consistent: bool = setting(True, "give every name one type in the whole text, the most frequent one")
    distributions: bool = setting(False, "keep the label distribution of every word in the cache, for distillation")
    method: str | None = setting(
        None, "a registered tagger; by default gold for a file of labelled sentences, else model"
    )
    settings: dict[str, Any] = setting(dict, "", hidden=True)

    def __post_init__(self) -> None:
        check_model(self.model, "tagger.model")
        _check_type_map(self.labels, "tagger.labels")
        super().__post_init__()

    @cached_property
    def own(self) -> Any:
        """The settings object of the method."""
        return tagger_settings(self.model, self.revision, self.labels, self.method, **self.settings)


@dataclass(frozen=True)
class AlignerConfig(_Applied):
    """The word aligner; `settings` are those of the method, a registered aligner."""

    kind = "aligner"

    method: str = setting("statistical", "a registered aligner (`xner methods aligner`)")
    extra_parallel: tuple[str, ...] = setting(
        (), "further parallel text to train on: org/name:config on the Hub, or local files"
    )
    settings: dict[str, Any] = field(default_factory=dict)

    def inputs(self, role: str = "aligner") -> Iterator[Input]:
        """Return what the aligner reads, further parallel text included."""
        yield from (parallel_input(one).used_as(f"{role}.extra_parallel") for one in self.extra_parallel)
        yield from super().inputs(role)


@dataclass(frozen=True)
class BackTranslationConfig:
    """Refinement of links by back-translation (`xner_hf.align.back_translation`)."""

    translator: TranslatorConfig
    mode: str = setting(
        "rescore",
        "replace: the links of entities are those found through the back-translation, as in the "
        "paper; rescore: direct links and these are averaged",
        choices=("replace", "rescore"),
    )
    weight: float = setting(0.5, "weight of the back-translation in 'rescore'", within="[0, 1]")
    aligner: AlignerConfig = setting(AlignerConfig, "aligner of the back-translation and the original")

    def __post_init__(self) -> None:
        check_values(self, "back_translation")
        if self.translator.markers is None:
            raise XnerError(f"back_translation.translator.markers is missing; give {' or '.join(FORMS)}.")

    def inputs(self) -> Iterator[Input]:
        """Return what its translator and aligner read."""
        yield from self.translator.inputs("back_translation.translator")
        yield from self.aligner.inputs("back_translation.aligner")


@dataclass(frozen=True)
class ProjectorConfig(_Applied):
    """The projection method; `settings` are those of the method, a registered projector."""

    kind = "projector"

    method: str = setting("fused", "a registered projector (`xner methods projector`)")
    settings: dict[str, Any] = field(default_factory=dict)
