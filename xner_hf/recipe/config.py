"""The dataclasses of a recipe, and what must hold between their parts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from xner_hf import align, project, translate
from xner_hf.corpora.files import LABELLED
from xner_hf.corpora.own import FORMS as TEXT_FORMS
from xner_hf.corpora.own import PAIRS, SOURCE, TARGET, text_form
from xner_hf.corpora.parallel import SAMPLE, local_files, no_pairs, splitter
from xner_hf.errors import XnerError
from xner_hf.languages import language as find_language
from xner_hf.project.filters import FiltersConfig
from xner_hf.project.markers import FORMS
from xner_hf.settings import check_model


class _Kind(NamedTuple):
    """What a recipe consists of: which sides its text has, and whether it has a part (None: it may)."""

    text: str
    translator: bool | None
    tagger: bool | None
    projects: bool


_KINDS = {
    "parallel": _Kind("pairs", False, True, True),
    "translate-train": _Kind("pairs", None, None, True),
    "translate-test": _Kind("target", True, True, True),
    "marker": _Kind("source", True, None, True),
    "transfer": _Kind("target", False, True, False),
    "combine": _Kind("members", False, False, False),
    SAMPLE: _Kind("pairs", False, None, True),
}

RECIPES = tuple(_KINDS)
"""Every recipe that this version can build."""

AVERAGE = "average"
VOTE = "vote"
COMBINATIONS = (AVERAGE, VOTE)
"""How the members of `combine` are joined: mean of their word distributions, or a vote on whole entities."""


@dataclass(frozen=True)
class TextConfig:
    """Where the sentences come from."""

    corpus: str = field(
        metadata={
            "help": "Hub id; local files (`local_files`); for unlabelled text a .txt or .jsonl file or a folder of "
            ".txt files; or 'sample' for the bundled one"
        }
    )
    config: str = field(default="", metadata={"help": "configuration of a Hub corpus"})
    splits: tuple[str, ...] | None = field(default=None, metadata={"help": "its splits; all of them by default"})
    revision: str | None = field(default=None, metadata={"help": "Hub branch, tag or commit"})
    labels: Mapping[str, str] | None = field(
        default=None,
        metadata={
            "help": "entity types of the text's own labels mapped to PER, ORG, LOC or O; tagger.labels without a "
            "tagger means the same"
        },
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
        """Whether the text lies in files or a folder of the user."""
        return is_local(self.corpus)


def _check_type_map(labels: Any, key: str) -> None:
    if labels is not None and not (
        isinstance(labels, Mapping) and all(isinstance(name, str) for pair in labels.items() for name in pair)
    ):
        raise XnerError(f"{key} is {labels!r}; it maps types to types, such as {{person: PER}}.")


def is_local(reference: str) -> bool:
    """Whether a reference to text names files or a folder of the user, not a corpus on the Hub."""
    path = Path(reference)
    return bool(local_files(reference)) or path.suffix.lower() in (".txt", *LABELLED) or path.is_dir()


@dataclass(frozen=True)
class TranslatorConfig:
    """Who translates; `settings` are those of the method (`xner_hf.translate.METHODS`)."""

    method: str = field(default="seq2seq", metadata={"help": " | ".join(translate.METHODS)})
    markers: str | None = field(
        default=None,
        metadata={"help": f"{' | '.join(FORMS)}: form of the marks around entities, recipe 'marker' only"},
    )
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        translate.check_translator(self.method, self.settings)
        check_form(self.markers, "translator.markers")


def check_form(form: str | None, key: str) -> None:
    """Check the name of a form of entity markers.

    Raises:
        XnerError: there is no such form.
    """
    if form is not None and form not in FORMS:
        raise XnerError(f"{key} is {form!r}; known are {', '.join(FORMS)}.")


@dataclass(frozen=True)
class TaggerConfig:
    """Who labels the side that has no labels; absent where the corpus brings gold labels."""

    model: str = field(
        metadata={"help": "token-classification checkpoint: Hub id or folder; or a file of labelled sentences"}
    )
    revision: str | None = field(default=None, metadata={"help": "Hub branch, tag or commit"})
    labels: Mapping[str, str] | None = field(
        default=None,
        metadata={
            "help": "entity types of the model or file mapped to PER, ORG, LOC or O: {human: PER, misc: O}, or whole "
            "labels of a model: {LABEL_1: B-PER}; of a model PERSON, ORGANIZATION, GPE, FAC and the like are known, "
            "and all others are O by default"
        },
    )
    consistent: bool = field(
        default=True, metadata={"help": "every name has one type in the whole text, that which it is given most"}
    )
    distributions: bool = field(
        default=False, metadata={"help": "keep the label distribution of every word in the cache, for distillation"}
    )

    def __post_init__(self) -> None:
        check_model(self.model, "tagger.model")
        _check_type_map(self.labels, "tagger.labels")


@dataclass(frozen=True)
class AlignerConfig:
    """How words are linked; `settings` are those of the method (`xner_hf.align.METHODS`)."""

    method: str = field(default="statistical", metadata={"help": " | ".join(align.METHODS)})
    extra_parallel: tuple[str, ...] = field(
        default=(),
        metadata={"help": "further parallel text to train on: org/name:config on the Hub, or local files"},
    )
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        align.check_aligner(self.method, self.settings)


@dataclass(frozen=True)
class BackTranslationConfig:
    """Refinement of links by back-translation (`xner_hf.align.back_translation`)."""

    translator: TranslatorConfig
    mode: str = field(
        default="rescore",
        metadata={
            "help": "replace: the links of entities are those found through the back-translation, as in the "
            "paper | rescore: direct links and these are averaged"
        },
    )
    weight: float = field(default=0.5, metadata={"help": "of the back-translation in 'rescore', in [0, 1]"})
    aligner: AlignerConfig = field(
        default_factory=AlignerConfig, metadata={"help": "who aligns the back-translation with the original"}
    )

    def __post_init__(self) -> None:
        if self.mode not in ("replace", "rescore"):
            raise XnerError(f"back_translation.mode is {self.mode!r}; known are replace, rescore.")
        if not 0 <= self.weight <= 1:
            raise XnerError(f"back_translation.weight is {self.weight}; it lies in [0, 1].")
        if self.translator.markers is None:
            raise XnerError(f"back_translation.translator.markers is missing; give {' or '.join(FORMS)}.")


@dataclass(frozen=True)
class ProjectorConfig:
    """How entities are carried over; `settings` are those of the method (`xner_hf.project.METHODS`)."""

    method: str = field(default="fused", metadata={"help": " | ".join(project.METHODS)})
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        project.make_projector(self.method, self.settings)  # refuses what it does not know


@dataclass(frozen=True)
class Member:
    """One direction of `combine` and the weight of its labels."""

    recipe: Recipe
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise XnerError(f"the weight of the member {self.recipe.recipe!r} is {self.weight}; it is above 0.")


@dataclass(frozen=True)
class Recipe:
    """What a projected corpus is made from and how; make one with `make_recipe`."""

    recipe: str = field(metadata={"help": " | ".join(RECIPES)})
    language: str = field(metadata={"help": "ISO 639-3 code of the target language"})
    source_language: str = field(metadata={"help": "ISO 639-3 code of the language that is labelled"})
    text: TextConfig
    translator: TranslatorConfig | None = None
    tagger: TaggerConfig | None = None
    aligner: AlignerConfig = field(default_factory=AlignerConfig)
    back_translation: BackTranslationConfig | None = None
    projector: ProjectorConfig = field(default_factory=ProjectorConfig)
    filters: FiltersConfig = field(default_factory=FiltersConfig)
    members: tuple[Member, ...] = field(default=(), metadata={"help": "the recipes that 'combine' joins"})
    combination: str = field(default=AVERAGE, metadata={"help": f"{' | '.join(COMBINATIONS)}: how 'combine' joins"})
    limit: int | None = field(default=None, metadata={"help": "use only the first sentences of the text"})
    validation_percent: float = field(default=5.0, metadata={"help": "share of rows kept for validation"})

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise XnerError(f"limit is {self.limit}; it counts sentences and is 1 or more.")
        if not 0 <= self.validation_percent < 100:
            raise XnerError(f"validation_percent is {self.validation_percent}; it lies in [0, 100).")
        if find_language(self.language).code != self.language:
            raise XnerError(f"the recipe's language {self.language!r} is not an ISO 639-3 code of `xner languages`.")
        splitter(self.source_language)
        if (self.recipe == SAMPLE) != (self.text.corpus == SAMPLE) or (
            self.recipe == SAMPLE and self.text.config != self.language
        ):
            raise XnerError(
                f"the recipe {self.recipe!r} for {self.language!r} cannot have the text "
                f"{self.text.corpus}:{self.text.config}; the bundled sample belongs to the recipe 'sample' alone."
            )
        self._check_parts()
        self._check_own_text()

    def _check_parts(self) -> None:
        kind = _KINDS[self.recipe]
        for name, wanted in (("translator", kind.translator), ("tagger", kind.tagger)):
            given = getattr(self, name) is not None
            if wanted is not None and wanted != given:
                says = (
                    f"needs a {name}; give {name}.model, such as {_EXAMPLES[name]}"
                    if wanted
                    else f"has no {name}; leave it out"
                )
                raise XnerError(f"the recipe {self.recipe!r} {says}.")
        if not kind.projects:
            idle = {"aligner": AlignerConfig(), "back_translation": None, "filters": FiltersConfig()}
            for name, default in idle.items():
                if getattr(self, name) != default:
                    raise XnerError(f"the recipe {self.recipe!r} projects nothing; leave {name} out.")
        if (self.recipe == "combine") != bool(self.members):
            raise XnerError(
                "the recipe 'combine' joins the recipes in members, two or more, and no other recipe does."
            )
        if self.members and len(self.members) < 2:
            raise XnerError("the recipe 'combine' has one member; it joins two or more.")
        if self.combination not in COMBINATIONS:
            raise XnerError(f"combination is {self.combination!r}; known are {', '.join(COMBINATIONS)}.")
        marking = [one.translator for one in (self.back_translation,) if one]
        marking += [self.translator] if self.recipe == "marker" and self.translator else []
        if any(one.method == "parallel" for one in marking):
            raise XnerError("the translator 'parallel' only looks translations up; markers need one that translates.")
        if self.translator and (self.recipe == "marker") != (self.translator.markers is not None):
            raise XnerError(
                f"translator.markers is {self.translator.markers!r} in the recipe {self.recipe!r}; entity markers "
                f"({', '.join(FORMS)}) belong to the recipe 'marker' alone."
            )

    def _check_own_text(self) -> None:
        form = text_form(self.text.corpus) if self.text.local and not self.members else None
        if form in (None, self.text_side):
            return
        machine = self.translator is not None and self.translator.method != "parallel"
        if (form, self.text_side) == (PAIRS, TARGET) and not machine:
            return  # the target side is read
        told = " with a translator" if form == PAIRS and machine else ""
        raise XnerError(
            f"{self.text.corpus} holds {TEXT_FORMS[form]}, which the recipe {self.recipe!r}{told} cannot take. "
            f"{_TAKES[form]}"
        )

    @property
    def text_side(self) -> str:
        """Which sides the text has: ``pairs``, ``target``, ``source``, or ``members`` for those of the members."""
        return "source" if self.recipe == "translate-train" and self.translator else _KINDS[self.recipe].text

    @property
    def translates(self) -> tuple[str, str] | None:
        """The languages that the translator translates from and into, None where there is no translator."""
        if self.translator is None:
            return None
        codes = (self.language, self.source_language)
        return codes if self.text_side == "target" else codes[::-1]

    @property
    def projects(self) -> bool:
        """Whether labels are carried over from a source side."""
        return _KINDS[self.recipe].projects

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as nested plain objects; settings stand beside the method that they belong to."""
        own = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        own["members"] = [{**member.recipe.to_dict(), "weight": member.weight} for member in self.members]
        plain = {name: dataclasses.asdict(one) if dataclasses.is_dataclass(one) else one for name, one in own.items()}
        table = _flat(json.loads(json.dumps(plain, default=dict)))
        unused = [name for name in ("translator", "back_translation") if table[name] is None]
        unused += [] if self.members else ["members", "combination"]
        unused += [] if self.projects else ["aligner", "projector", "filters"]
        return {name: value for name, value in table.items() if name not in unused}

    def to_yaml(self) -> str:
        """Return the recipe as YAML, which `load_recipe` reads."""
        import yaml

        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)


_TAKES = {
    PAIRS: "Take --recipe parallel, or translate-train without a translator where all pairs have source_entities.",
    TARGET: "Take --recipe translate-test, transfer or combine.",
    SOURCE: "Take --recipe translate-train with a translator, or marker.",
}
_EXAMPLES = {"translator": "facebook/nllb-200-distilled-600M", "tagger": "ORG/NAME"}


def _flat(table: Any) -> Any:
    if isinstance(table, list):
        return [_flat(one) for one in table]
    if not isinstance(table, dict):
        return table
    table = {name: _flat(value) for name, value in table.items()}
    return table | table.pop("settings") if "settings" in table and "method" in table else table
