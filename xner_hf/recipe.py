"""A recipe names everything that decides the rows of a projected corpus for one language."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xner_hf import align, project
from xner_hf.corpora.parallel import SAMPLE, local_files, splitter
from xner_hf.errors import XnerError, nearest
from xner_hf.languages import language as find_language
from xner_hf.languages import tagger_entry
from xner_hf.project.filters import FiltersConfig
from xner_hf.project.fused import fitted
from xner_hf.settings import check_settings

RECIPES = ("parallel", "translate-train", "sample")
"""Every recipe that this version can build."""


@dataclass(frozen=True)
class TextConfig:
    """Where the sentence pairs come from."""

    corpus: str = field(metadata={"help": "Hub id, local files (`local_files`), or 'sample' for the bundled one"})
    config: str = field(default="", metadata={"help": "configuration of a Hub corpus"})
    splits: tuple[str, ...] | None = field(default=None, metadata={"help": "its splits; all of them by default"})
    revision: str | None = field(default=None, metadata={"help": "Hub branch, tag or commit"})

    def __post_init__(self) -> None:
        if not self.config and not local_files(self.corpus):
            raise XnerError(f"the recipe's text lacks the key 'config', the configuration of {self.corpus!r}.")
        if self.splits is not None and len(set(self.splits)) < len(self.splits):
            raise XnerError(f"the recipe's text names a split twice: {', '.join(self.splits)}.")


@dataclass(frozen=True)
class TaggerConfig:
    """Who labels the source side; absent where the corpus brings gold labels."""

    model: str = field(metadata={"help": "token-classification checkpoint: Hub id or folder"})
    revision: str | None = field(default=None, metadata={"help": "Hub branch, tag or commit"})
    consistent: bool = field(
        default=True, metadata={"help": "every name has one type in the whole text, that which it is given most"}
    )


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
class ProjectorConfig:
    """How entities are carried over; `settings` are those of the method (`xner_hf.project.METHODS`)."""

    method: str = field(default="fused", metadata={"help": " | ".join(project.METHODS)})
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        project.make_projector(self.method, self.settings)  # refuses what it does not know


@dataclass(frozen=True)
class Recipe:
    """What a projected corpus is made from and how; make one with `make_recipe`."""

    recipe: str = field(metadata={"help": " | ".join(RECIPES)})
    language: str = field(metadata={"help": "ISO 639-3 code of the target language"})
    source_language: str = field(metadata={"help": "ISO 639-3 code of the language that is labelled"})
    text: TextConfig
    tagger: TaggerConfig | None = None
    aligner: AlignerConfig = field(default_factory=AlignerConfig)
    projector: ProjectorConfig = field(default_factory=ProjectorConfig)
    filters: FiltersConfig = field(default_factory=FiltersConfig)
    limit: int | None = field(default=None, metadata={"help": "use only the first pairs of the text"})
    validation_percent: float = field(default=5.0, metadata={"help": "share of rows kept for validation"})

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise XnerError(f"limit is {self.limit}; it counts sentence pairs and is 1 or more.")
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

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as nested plain objects; settings stand beside the method that they belong to."""
        table = json.loads(json.dumps(dataclasses.asdict(self)))
        for section in ("aligner", "projector"):
            table[section] |= table[section].pop("settings")
        return table

    def to_yaml(self) -> str:
        """Return the recipe as YAML, which `load_recipe` reads."""
        import yaml

        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)


def make_recipe(language: str, recipe: str | None = None, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Return the recipe of a language: its default one, or the one called `recipe`, with `overrides`.

    Args:
        language: code, alias or English name.
        recipe: one of `RECIPES`.
        overrides: keys of `Recipe`, nested (``{"projector": {"method": "heuristic"}}``) or dotted
            (``{"projector.method": "heuristic"}``); a plain string for ``tagger``, ``aligner`` and ``projector`` is
            the model or method.

    Raises:
        XnerError: the language, recipe, a key or a value is unknown or does not fit; the message says what would.
    """
    target = find_language(language)
    name = recipe or target.default_recipe
    if name not in target.recipes:
        why = (
            f"the recipe {name!r}, the default of {target.name}, cannot be built by this version"
            if recipe is None
            else f"{target.name} ({target.code}) has no recipe {name!r}"
        )
        here = ", ".join(target.recipes) or "none"
        raise XnerError(f"{why}.{nearest(name, list(target.recipes))} Recipes that work for {target.code}: {here}.")
    table: dict[str, Any] = {"recipe": name, "language": target.code, "source_language": target.source}
    if name == "parallel":
        table["text"] = {"corpus": "masakhane/mafand", "config": target.mafand}
        tagger = tagger_entry(target.source)
        table["tagger"] = {"model": tagger.model, "revision": tagger.revision}
    elif name == "translate-train":
        corpus, _, config = target.labelled_translations[0].partition(":")
        table |= {"source_language": "eng", "text": {"corpus": corpus, "config": config, "splits": ["train"]}}
    else:
        table |= {"source_language": "eng", "text": {"corpus": SAMPLE, "config": target.code}}
    return recipe_from_dict(_overridden(table, overrides))


def load_recipe(path: Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe from a YAML file; `overrides` as for `make_recipe`.

    Raises:
        XnerError: the file cannot be read, is no YAML mapping, or holds a wrong key or value.
    """
    import yaml

    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise XnerError(f"{path}: the recipe cannot be read: {error}") from error
    if not isinstance(table, dict):
        raise XnerError(f"{path}: a recipe is a YAML mapping with keys such as 'language' and 'text'.")
    return recipe_from_dict(_overridden(table, overrides))


def recipe_from_dict(table: Mapping[str, Any]) -> Recipe:
    """Return the recipe that `Recipe.to_dict` wrote.

    Raises:
        XnerError: a key is unknown or missing, or a value does not fit.
    """
    table = dict(table)
    check_settings(table, Recipe, "the recipe")
    if table["recipe"] not in RECIPES:
        raise XnerError(
            f"unknown recipe {table['recipe']!r}.{nearest(table['recipe'], list(RECIPES))} "
            f"Known: {', '.join(RECIPES)}."
        )
    table["text"] = _section(table["text"], TextConfig, "text")
    tagger = table.get("tagger")
    table["tagger"] = None if tagger is None else _section(tagger, TaggerConfig, "tagger")
    aligner, settings = _method(table, "aligner", align.METHODS, AlignerConfig.method)
    extra = _names(settings.pop("extra_parallel", ()), "aligner.extra_parallel")
    table["aligner"] = AlignerConfig(aligner, extra, settings)
    table["projector"] = projector_config(
        *_method(table, "projector", project.METHODS, ProjectorConfig.method), table["language"]
    )
    table["filters"] = filters_config(table.get("filters", {}))
    if table["tagger"] is None and table["recipe"] == "parallel":
        raise XnerError("the recipe 'parallel' needs a tagger for its source side; give tagger.model.")
    return Recipe(**table)


def projector_config(method: str, settings: Mapping[str, Any], language: str | None) -> ProjectorConfig:
    """Return the settings of a projection method for a language.

    Fused matching without weights or threshold of its own gets those of the package, never fitted on gold of the
    language; for a language that agglutinates a word may hold the name with affixes unless `substring` says otherwise.

    Raises:
        XnerError: the method or one of its settings is unknown, or a value is out of range.
    """
    settings = dict(settings)
    if method == "fused":
        shipped = fitted(language)
        if settings.get("weights") is not None:
            shipped = {"null_threshold": shipped["null_threshold"]}
        elif language is not None and find_language(language).agglutinative:
            shipped["substring"] = True
        settings |= {key: value for key, value in shipped.items() if settings.get(key) is None}
    return ProjectorConfig(method, settings)


def filters_config(settings: Mapping[str, Any]) -> FiltersConfig:
    """Return the settings of the filters.

    Raises:
        XnerError: a filter is unknown, or a value is out of range.
    """
    return _section(settings, FiltersConfig, "filters")


_SHORT = {"tagger": "model", "aligner": "method", "projector": "method"}
_LASTING = ("consistent", "extra_parallel")
"""Settings of a section that stay when another model or method is named; the others belong to the former one."""


def _overridden(table: dict[str, Any], overrides: Mapping[str, Any] | None) -> dict[str, Any]:
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    for key in ("recipe", "language"):
        if key in given:
            raise XnerError(f"{key} cannot be overridden; name another {key} instead.")
    # The method first: it clears the settings of the former one, not those that are given with it.
    for key in sorted(given, key=lambda key: 0 if _names_method(key) else 1 + ("." in key)):
        _override(table, key, given[key])
    text = table.get("text")
    if isinstance(text, Mapping) and local_files(str(text.get("corpus"))):
        table["text"] = {"corpus": text["corpus"]}  # configuration and splits were those of the Hub corpus
    return table


def _override(table: dict[str, Any], key: str, value: Any) -> None:
    section, _, rest = key.partition(".")
    if rest:
        value = {rest: value}
    elif section in _SHORT and isinstance(value, str):
        value = {_SHORT[section]: value}
    elif section not in (*_SHORT, "text", "filters") or not isinstance(value, Mapping):
        table[section] = value
        return
    inner = _mapping(table.get(section) or {}, section)
    if _SHORT.get(section) in value:
        inner = {key: kept for key, kept in inner.items() if key in _LASTING}
    table[section] = {**inner, **value}


def _names_method(key: str) -> bool:
    section, _, rest = key.partition(".")
    return section in _SHORT and rest == _SHORT[section]


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise XnerError(f"the recipe's {name} is {value!r}; it is a mapping of settings.")
    return dict(value)


def _method(table: Mapping[str, Any], section: str, known: Iterable[str], default: str) -> tuple[str, dict[str, Any]]:
    settings = _mapping(table.get(section, {}), section)
    method = settings.pop("method", default)
    if not isinstance(method, str):
        raise XnerError(f"the recipe's {section}.method is {method!r}; known are {', '.join(known)}.")
    return method, settings


def _section(value: Any, kind: type, name: str) -> Any:
    value = _mapping(value, name)
    check_settings(value, kind, f"the recipe's {name}")
    if value.get("splits") is not None:
        value["splits"] = _names(value["splits"], f"{name}.splits")
    return kind(**value)


def _names(entry: Any, key: str) -> tuple[str, ...]:
    parts = [part.strip() for part in entry.split(",")] if isinstance(entry, str) else entry
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise XnerError(f"the recipe's {key} is {entry!r}; it is a list of names.")
    return tuple(part for part in parts if part)
