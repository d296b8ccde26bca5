"""The recipes of the language table, and what a user changes in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xner_hf.corpora.parallel import SAMPLE
from xner_hf.errors import XnerError, nearest
from xner_hf.languages import Language, tagger_entry
from xner_hf.languages import language as find_language
from xner_hf.recipe.config import AVERAGE, Recipe, is_local
from xner_hf.recipe.parse import mapping, recipe_from_dict
from xner_hf.settings import read_mapping

TRANSLATOR = "facebook/nllb-200-distilled-600M"
MARKER_TRANSLATOR = {"model": "ychenNLP/nllb-200-3.3b-easyproject", "tokenizer": "facebook/nllb-200-3.3B"}
"""NLLB-200 tuned to keep brackets (EasyProject); the repository carries the wrong tokenizer."""
TRANSFER_TAGGER = "FacebookAI/xlm-roberta-large-finetuned-conll03-english"
"""Tagger and transfer baseline of Politov et al. (2025)."""
SOURCE_LABELS = {"corpus": "eriktks/conll2003", "config": "conll2003", "splits": ["train"]}
SENTENCES = 10_000
"""Sentences of a web corpus that are used unless `limit` says otherwise: what a student is commonly trained on."""


def make_recipe(language: str, recipe: str | None = None, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Return the recipe of a language: its default one, or the one called `recipe`, with `overrides`.

    Args:
        language: code, alias or English name.
        recipe: one of `RECIPES`.
        overrides: keys of `Recipe`, nested (``{"projector": {"method": "heuristic"}}``) or dotted
            (``{"projector.method": "heuristic"}``); a plain string for ``tagger``, ``translator``, ``aligner`` and
            ``projector`` is the model or method. Members of ``combine`` are mappings ``{"recipe": NAME, "weight": W}``
            with overrides of their own.

    Raises:
        XnerError: the language, recipe, a key or a value is unknown or does not fit; the message says what would.
    """
    target = find_language(language)
    name = recipe or target.default_recipe
    if name not in target.recipes:
        here = ", ".join(target.recipes) or "none"
        raise XnerError(
            f"{target.name} ({target.code}) has no recipe {name!r}.{nearest(name, list(target.recipes))} Recipes that "
            f"work for {target.code}: {here}."
        )
    if name == "combine":
        return recipe_from_dict(_combined(target, overrides))
    return recipe_from_dict(_overridden(_table(target, name), overrides))


def load_recipe(path: Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe from a YAML file; `overrides` as for `make_recipe`.

    Raises:
        XnerError: the file cannot be read, is no YAML mapping, or holds a wrong key or value.
    """
    table = read_mapping(path, "recipe", "a recipe is a YAML mapping with keys such as 'language' and 'text'.")
    members = table.get("members")
    if isinstance(members, list) and all(isinstance(one, Mapping) for one in members):
        shared = {key: value for key, value in _given(overrides).items() if key.partition(".")[0] in _SHARED}
        table["members"] = [_overridden(dict(one), shared) for one in members]
    return recipe_from_dict(_overridden(table, overrides))


def _table(target: Language, name: str) -> dict[str, Any]:
    """The recipe `name` of a language as the table has it; `_overridden` drops what the user's choice makes idle."""
    table: dict[str, Any] = {"recipe": name, "language": target.code, "source_language": target.source}
    web = {"corpus": text[0], "config": text[2]} if (text := (target.text or "").partition(":"))[0] else None
    if name == "parallel":
        table |= {"text": _mafand(target), "tagger": _tagger(target)}
    elif name == "translate-train":
        table["source_language"] = "eng"
        if target.labelled_translations:
            corpus, _, config = target.labelled_translations[0].partition(":")
            table["text"] = {"corpus": corpus, "config": config, "splits": ["train"]}
        else:
            table |= {"text": SOURCE_LABELS, "translator": {"method": "seq2seq", "model": TRANSLATOR}}
    elif name == "translate-test":
        translator = {"method": "seq2seq", "model": TRANSLATOR}
        table |= {"text": web, "translator": translator, "tagger": _tagger(target), "limit": SENTENCES}
    elif name == "marker":
        translator = {"method": "seq2seq", "markers": "brackets", **MARKER_TRANSLATOR}
        table |= {"source_language": "eng", "text": SOURCE_LABELS, "translator": translator}
    elif name == "transfer":
        table |= {"text": web, "tagger": {"model": TRANSFER_TAGGER}, "limit": SENTENCES}
    else:
        table |= {"source_language": "eng", "text": {"corpus": SAMPLE, "config": target.code}}
    return table


def _mafand(target: Language) -> dict[str, Any]:
    return {"corpus": "masakhane/mafand", "config": target.mafand}


def _tagger(target: Language) -> dict[str, Any]:
    tagger = tagger_entry(target.source)
    return {"model": tagger.model, "revision": tagger.revision}


def _combined(target: Language, overrides: Mapping[str, Any] | None) -> dict[str, Any]:
    """Members get the text, limit and validation share of the whole, so that they label the same sentences."""
    given = _given(overrides)
    first = target.default_recipe
    members = given.pop("members", [{"recipe": first}, {"recipe": "transfer"}])
    if not isinstance(members, list | tuple):
        raise XnerError(f"members is {members!r}; it is a list of recipes: [{{recipe: {first}, weight: 1}}, ...].")
    table = _overridden({"recipe": "combine", "language": target.code, "source_language": target.source}, given)
    made = []
    for number, member in enumerate(members, start=1):
        own = mapping(member, f"member {number}")
        name, weight = own.pop("recipe", None), own.pop("weight", 1.0)
        if name not in target.recipes or name == "combine":
            usable = [one for one in target.recipes if one != "combine"]
            raise XnerError(
                f"member {number} has the recipe {name!r}.{nearest(str(name), usable)} Recipes that can be joined for "
                f"{target.code}: {', '.join(usable)}."
            )
        default = _table(target, name)
        if name == "transfer" and table.get("combination", AVERAGE) == AVERAGE:
            default["tagger"]["distributions"] = True
        table.setdefault("text", default["text"])
        table.setdefault("limit", default.get("limit"))
        shared = {key: table[key] for key in _SHARED if key in table}
        made.append({**_overridden(default | shared, own), "weight": weight})
    return {**table, "members": made}


_SHARED = ("text", "limit", "validation_percent")
"""What the members of ``combine`` have in common: they label the same sentences."""

_SHORT = {"tagger": "model", "translator": "method", "aligner": "method", "projector": "method"}
_LASTING = ("consistent", "distributions", "extra_parallel", "markers")
"""Settings of a section that stay when another model or method is named; the others belong to the former one."""


def _given(overrides: Mapping[str, Any] | None) -> dict[str, Any]:
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    for key in ("recipe", "language"):
        if key in given:
            raise XnerError(f"{key} cannot be overridden; name another {key} instead.")
    return given


def _overridden(table: dict[str, Any], overrides: Mapping[str, Any] | None) -> dict[str, Any]:
    given = _given(overrides)
    # The method first: it clears the settings of the former one, not those that are given with it.
    for key in sorted(given, key=lambda key: 0 if _names_method(key) else 1 + ("." in key)):
        _override(table, key, given[key])
    text = table.get("text")
    if isinstance(text, Mapping) and is_local(str(text.get("corpus"))):
        # Configuration and splits were those of the Hub corpus.
        table["text"] = {key: text[key] for key in ("corpus", "labels") if key in text}
    return table


def _override(table: dict[str, Any], key: str, value: Any) -> None:
    section, _, rest = key.partition(".")
    if rest:
        value = {rest: value}
    elif section in _SHORT and isinstance(value, str):
        value = {_SHORT[section]: value}
    elif section not in (*_SHORT, "text", "filters", "back_translation") or not isinstance(value, Mapping):
        table[section] = value
        return
    inner = mapping(table.get(section) or {}, section)
    if _SHORT.get(section) in value:
        inner = {key: kept for key, kept in inner.items() if key in _LASTING}
    table[section] = {**inner, **value}


def _names_method(key: str) -> bool:
    section, _, rest = key.partition(".")
    return section in _SHORT and rest == _SHORT[section]
