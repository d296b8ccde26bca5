"""Recipes from plain objects, as YAML and JSON hold them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from xner_hf.errors import XnerError, nearest
from xner_hf.languages import language as find_language
from xner_hf.project.filters import FiltersConfig
from xner_hf.project.fused import fitted
from xner_hf.recipe.config import RECIPES, Member, Recipe
from xner_hf.recipe.parts import (
    AlignerConfig,
    BackTranslationConfig,
    ProjectorConfig,
    TaggerConfig,
    TextConfig,
    TranslatorConfig,
)
from xner_hf.registry import methods
from xner_hf.settings import check_settings


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
    tagger = table.get("tagger")
    if isinstance(tagger, Mapping) and set(tagger) == {"labels"}:  # the types of the text's own labels
        table["text"], tagger = mapping(table["text"], "text") | tagger, None
    table["text"] = _section(table["text"], TextConfig, "text")
    table["tagger"] = None if tagger is None else tagger_config(tagger)
    table["aligner"] = _aligner(table.get("aligner", {}), "aligner")
    translator, back = table.get("translator"), table.get("back_translation")
    if isinstance(translator, Mapping) and translator.get("method") == "parallel":
        translator = {"corpora": find_language(table["language"]).parallel, **translator}
    table["translator"] = None if translator is None else _translator(translator, "translator")
    table["back_translation"] = None if back is None else _back_translation(back)
    given = bool(table.get("projector"))
    method, settings = _method(table.get("projector", {}), "projector", methods("projector"), ProjectorConfig.method)
    if settings.get("translation_model"):
        settings.setdefault("translation_languages", [table["source_language"], table["language"]])
    table["projector"] = projector_config(method, settings, table["language"])
    table["filters"] = filters_config(table.get("filters", {}))
    members = table.get("members") or ()
    if not isinstance(members, list | tuple):
        raise XnerError(f"members is {members!r}; it is a list of recipes, two or more.")
    table["members"] = tuple(_member(one, number) for number, one in enumerate(members, start=1))
    made = Recipe(**table)
    if given and not made.projects:
        raise XnerError(
            f"the recipe {made.recipe!r} projects nothing; leave projector out"
            f"{', or give it to its members' if made.members else ''}."
        )
    return made


def projector_config(method: str, settings: Mapping[str, Any], language: str | None) -> ProjectorConfig:
    """Return the settings of a projection method for a language.

    Fused matching without weights or threshold of its own gets those of the package, never fitted on gold of the
    language; for an agglutinating language `substring` is on unless it is given.

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


def tagger_config(settings: Mapping[str, Any]) -> TaggerConfig:
    """Return the settings of a tagger.

    Raises:
        XnerError: a setting is unknown or missing, or a value does not fit.
    """
    table = mapping(settings, "tagger")
    known = {field.name for field in dataclasses.fields(TaggerConfig)} - {"settings"}
    further = {key: table.pop(key) for key in list(table) if table.get("method") and key not in known}
    check_settings(table, TaggerConfig, "the recipe's tagger")
    return TaggerConfig(**table, settings=further)


def filters_config(settings: Mapping[str, Any]) -> FiltersConfig:
    """Return the settings of the filters.

    Raises:
        XnerError: a filter is unknown, or a value is out of range.
    """
    return FiltersConfig(**mapping(settings, "filters"))


def _aligner(value: Any, name: str) -> AlignerConfig:
    method, settings = _method(value, name, methods("aligner"), AlignerConfig.method)
    extra = _names(settings.pop("extra_parallel", ()), f"{name}.extra_parallel")
    return AlignerConfig(method, extra, settings)


def _translator(value: Any, name: str) -> TranslatorConfig:
    method, settings = _method(value, name, methods("translator"), TranslatorConfig.method)
    if "corpora" in settings:
        settings["corpora"] = _names(settings["corpora"], f"{name}.corpora")
    return TranslatorConfig(method, settings.pop("markers", None), settings)


def _back_translation(value: Any) -> BackTranslationConfig:
    table = mapping(value, "back_translation")
    check_settings(table, BackTranslationConfig, "the recipe's back_translation")
    table["translator"] = _translator(table["translator"], "back_translation.translator")
    table["aligner"] = _aligner(table.get("aligner", {}), "back_translation.aligner")
    return BackTranslationConfig(**table)


def _member(value: Any, number: int) -> Member:
    table = mapping(value, f"member {number}")
    weight = table.pop("weight", Member.weight)
    if type(weight) not in (int, float):
        raise XnerError(f"the weight of member {number} is {weight!r}; it is a number above 0.")
    try:
        return Member(recipe_from_dict(table), float(weight))
    except XnerError as error:
        raise XnerError(f"member {number} of the recipe: {error}") from error


def mapping(value: Any, name: str) -> dict[str, Any]:
    """Return a section of a recipe as a mapping of its own.

    Raises:
        XnerError: it is none.
    """
    if not isinstance(value, Mapping):
        raise XnerError(f"the recipe's {name} is {value!r}; it is a mapping of settings.")
    return dict(value)


def _method(value: Any, section: str, known: Iterable[str], default: str) -> tuple[str, dict[str, Any]]:
    settings = mapping(value, section)
    method = settings.pop("method", default)
    if not isinstance(method, str):
        raise XnerError(f"the recipe's {section}.method is {method!r}; known are {', '.join(known)}.")
    return method, settings


def _section(value: Any, kind: type, name: str) -> Any:
    value = mapping(value, name)
    check_settings(value, kind, f"the recipe's {name}")
    for key in {field.name for field in dataclasses.fields(kind)} & {"splits"}:
        if value.get(key) is not None:
            value[key] = _names(value[key], f"{name}.{key}")
    return kind(**value)


def _names(entry: Any, key: str) -> tuple[str, ...]:
    entry = getattr(entry, "text", entry)  # a number on the command line, which may be a name
    parts = [part.strip() for part in entry.split(",")] if isinstance(entry, str) else entry
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise XnerError(
            f"the recipe's {key} is {entry!r}; it is a list of names. Put a name that is a number in quotation marks."
        )
    return tuple(part for part in parts if part)
