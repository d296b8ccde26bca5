"""The dataclasses of a recipe, and what must hold between their parts."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xner_hf.corpora.own import FORMS as TEXT_FORMS
from xner_hf.corpora.own import PAIRS, SOURCE, TARGET, text_form
from xner_hf.corpora.parallel import SAMPLE, splitter
from xner_hf.errors import XnerError
from xner_hf.languages import language as find_language
from xner_hf.project.filters import FiltersConfig
from xner_hf.project.markers import FORMS
from xner_hf.recipe.parts import (
    AlignerConfig,
    BackTranslationConfig,
    ProjectorConfig,
    TaggerConfig,
    TextConfig,
    TranslatorConfig,
)
from xner_hf.registry import Input, Method
from xner_hf.settings import check_values, setting


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
class Member:
    """One direction of `combine` and the weight of its labels."""

    recipe: Recipe
    weight: float = setting(1.0, "weight of its labels", within="(0, inf)")

    def __post_init__(self) -> None:
        check_values(self, f"member {self.recipe.recipe!r}")


@dataclass(frozen=True)
class Recipe:
    """What a projected corpus is made from and how; make one with `make_recipe`."""

    recipe: str = setting(..., "what the corpus is made from", choices=RECIPES)
    language: str = setting(..., "ISO 639-3 code of the target language")
    source_language: str = setting(..., "ISO 639-3 code of the language that is labelled")
    text: TextConfig
    translator: TranslatorConfig | None = None
    tagger: TaggerConfig | None = None
    aligner: AlignerConfig = field(default_factory=AlignerConfig)
    back_translation: BackTranslationConfig | None = None
    projector: ProjectorConfig = field(default_factory=ProjectorConfig)
    filters: FiltersConfig = field(default_factory=FiltersConfig)
    members: tuple[Member, ...] = setting((), "the recipes that 'combine' joins")
    combination: str = setting(AVERAGE, "how 'combine' joins its members", choices=COMBINATIONS)
    limit: int | None = setting(None, "use only the first sentences of the text", within="[1, inf)")
    validation_percent: float = setting(5.0, "share of rows kept for validation, in percent", within="[0, 100)")

    def __post_init__(self) -> None:
        check_values(self)
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
                problem = (
                    f"needs a {name}; give {name}.model, such as {_EXAMPLES[name]}"
                    if wanted
                    else f"has no {name}; leave it out"
                )
                raise XnerError(f"the recipe {self.recipe!r} {problem}.")
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
        translated = " with a translator" if form == PAIRS and machine else ""
        raise XnerError(
            f"{self.text.corpus} holds {TEXT_FORMS[form]}, which the recipe {self.recipe!r}{translated} cannot use. "
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
        """Whether labels are projected from a source side."""
        return _KINDS[self.recipe].projects

    def inputs(self) -> tuple[Input, ...]:
        """Return everything that the recipe reads, once each: text, models, further corpora, of its members too.

        This is the only list of inputs: cache keys, checks before a build, revisions, licences, provenance and
        citations all follow it.
        """
        if self.members:
            found = [one for member in self.members for one in member.recipe.inputs()]
        else:
            parts = [self.text, self.translator, self.tagger]
            parts += [self.aligner, self.back_translation, self.projector] if self.projects else []
            found = [one for part in parts if part is not None for one in part.inputs()]
            found += [one.used_as("filters") for one in self.filters.own.inputs()]
        return tuple(dict.fromkeys(found))

    def methods(self) -> list[Method]:
        """Return the settings objects of all methods that the recipe applies, of its members too."""
        back = self.back_translation
        parts = [self.translator, self.tagger]
        parts += [self.aligner, self.projector] if self.projects else []
        parts += [back.translator, back.aligner] if back else []
        own = [part.own for part in parts if part is not None] if not self.members else []
        own += self.filters.own.part_settings()
        return [*own, *(one for member in self.members for one in member.recipe.methods())]

    def citations(self) -> list[str]:
        """Return the papers behind the methods: keys of `xner_hf/publish/papers.bib`, or BibTeX entries."""
        members = (one for member in self.members for one in member.recipe.citations())
        back = {"politov-etal-2025"} if self.back_translation else set()
        return sorted(back.union(members, *(method.cited() for method in self.methods())))

    def packages(self) -> list[str]:
        """Return the distributions whose versions decide what the methods of the recipe give."""
        return sorted({name for method in self.methods() for name in method.state()["packages"]})

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as nested plain objects; the settings of a method are beside its name."""
        own = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        own["members"] = [{**member.recipe.to_dict(), "weight": member.weight} for member in self.members]
        own["filters"] = self.filters.settings
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
    if "settings" not in table:
        return table
    if table["method"] is None:  # of a tagger, chosen by the form of its model
        del table["method"]
    return table | table.pop("settings")
