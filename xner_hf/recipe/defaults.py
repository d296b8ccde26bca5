"""The recipes of the language table, and what a user changes in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xner_hf.corpora.own import PAIRS, SOURCE, TARGET, text_form
from xner_hf.corpora.parallel import SAMPLE, SAMPLE_SOURCE
from xner_hf.errors import XnerError, nearest
from xner_hf.languages import Language, corpus_entry, labelled_source, tagger_entry, tagger_languages
from xner_hf.languages import language as find_language
from xner_hf.recipe.config import AVERAGE, RECIPES, Recipe
from xner_hf.recipe.parse import mapping, recipe_from_dict
from xner_hf.recipe.parts import is_local
from xner_hf.settings import read_mapping

TRANSLATOR = "facebook/nllb-200-distilled-600M"
MARKER_TRANSLATOR = {"model": "ychenNLP/nllb-200-3.3B-easyproject", "tokenizer": "facebook/nllb-200-3.3B"}
"""NLLB-200 tuned to keep brackets (EasyProject); the repository carries the wrong tokenizer."""
TRANSFER_TAGGER = "FacebookAI/xlm-roberta-large-finetuned-conll03-english"
"""Tagger and transfer baseline of Politov et al. (2025)."""
SENTENCES = 10_000
"""Sentences of a web corpus that are used by default: the usual size of a student's training text."""


def make_recipe(language: str, recipe: str | None = None, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Return the recipe of a language: its default one, or the one called `recipe`, with `overrides`.

    Text of the user's own (``text.corpus``) has a default of its own, by its form: `parallel` for pairs,
    `translate-test` for text of the language itself, `translate-train` for labelled sentences of the source language.
    It is read to its end: no limit holds by default.

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
    target, form = find_language(language), _own_text(overrides)
    name, known = recipe or default_recipe(target, overrides), _recipes(target, form)
    if name not in known:
        here = ", ".join(known) or "none"
        own = " With text of your own (text.corpus) there are others." if name in RECIPES and name != SAMPLE else ""
        raise XnerError(
            f"{target.name} ({target.code}) has no recipe {name!r}.{nearest(name, known)} Recipes that work for "
            f"{target.code}: {here}.{own}"
        )
    if name == "combine":
        return recipe_from_dict(_combined(target, overrides, form))
    return recipe_from_dict(_overridden(_table(target, name, _given(overrides)), overrides))


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


_BY_FORM = {PAIRS: "parallel", TARGET: "translate-test", SOURCE: "translate-train"}
"""The default recipe of own text, by its form."""


def default_recipe(target: Language, overrides: Mapping[str, Any] | None) -> str:
    """Return the recipe of a language if none is named: that of the user's own text, else that of the table."""
    return _BY_FORM.get(_own_text(overrides), target.default_recipe)


def _own_text(overrides: Mapping[str, Any] | None) -> str | None:
    """The form of the text that the user names, None where it is not the user's own."""
    corpus = _text_of(_given(overrides)).get("corpus")
    return text_form(corpus) if isinstance(corpus, str) else None


def _text_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given of the text, nested or dotted."""
    text = given.get("text")
    dotted = {key.removeprefix("text."): value for key, value in given.items() if key.startswith("text.")}
    return {**(text if isinstance(text, Mapping) else {}), **dotted}


def _recipes(target: Language, form: str | None) -> list[str]:
    """The recipes of a language; with own text of some `form` all but the sample's are."""
    return target.recipes + [name for name in RECIPES if form and name not in (*target.recipes, SAMPLE)]


def _brings_translation(given: Mapping[str, Any]) -> bool:
    """Whether the user names a text with both sides, and no translator: pairs, or a corpus not known as one-sided."""
    corpus = _text_of(given).get("corpus")
    if not isinstance(corpus, str) or any(key.partition(".")[0] == "translator" for key in given):
        return False
    if is_local(corpus):
        return text_form(corpus) in (PAIRS, None)  # None: the file is not there, which is found out later
    try:
        return corpus_entry(corpus).role != "source-labels"
    except XnerError:
        return True


def _table(target: Language, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe `name` of a language as the table has it; `_overridden` drops what the user's choice makes idle.

    What is `given` decides the tagger, that of the source language, whether a translator is needed, and whether the
    text is of a known, large size.
    """
    table: dict[str, Any] = {"recipe": name, "language": target.code, "source_language": target.source}
    tagger = _tagger(given.get("source_language") or target.source)
    web = {"corpus": text[0], "config": text[2]} if (text := (target.text or "").partition(":"))[0] else None
    if name == "parallel":
        table |= {"text": _mafand(target), "tagger": tagger}
    elif name == "translate-train":
        table |= _labelled(target)
        if not _brings_translation(given):
            table["translator"] = {"method": "seq2seq", "model": TRANSLATOR}
    elif name == "translate-test":
        translator = {"method": "seq2seq", "model": TRANSLATOR}
        table |= {"text": web, "translator": translator, "tagger": tagger}
    elif name == "marker":
        translator = {"method": "seq2seq", "markers": "brackets", **MARKER_TRANSLATOR}
        table |= {**_labelled(target), "translator": translator}
    elif name == "transfer":
        table |= {"text": web, "tagger": {"model": TRANSFER_TAGGER}}
    else:
        table |= {"source_language": SAMPLE_SOURCE, "text": {"corpus": SAMPLE, "config": target.code}}
    if _own_text(given) is None and name in ("translate-test", "transfer"):
        table["limit"] = SENTENCES
    return table


def _labelled(target: Language) -> dict[str, Any]:
    source = labelled_source(target)
    corpus, _, config = (source.labelled or "").partition(":")
    return {"source_language": source.code, "text": {"corpus": corpus, "config": config, "splits": ["train"]}}


def _mafand(target: Language) -> dict[str, Any]:
    return {"corpus": "masakhane/mafand", "config": target.mafand}


def _tagger(source: str) -> dict[str, Any] | None:
    if source not in tagger_languages():
        return None  # the recipe asks the user for one
    tagger = tagger_entry(source)
    return {"model": tagger.model, "revision": tagger.revision}


def _combined(target: Language, overrides: Mapping[str, Any] | None, form: str | None) -> dict[str, Any]:
    """Members get the text, limit and validation share of the combination, so that they label the same sentences."""
    given = _given(overrides)
    first = default_recipe(target, overrides)
    members = given.pop("members", [{"recipe": first}, {"recipe": "transfer"}])
    if not isinstance(members, list | tuple):
        raise XnerError(f"members is {members!r}; it is a list of recipes: [{{recipe: {first}, weight: 1}}, ...].")
    table = _overridden({"recipe": "combine", "language": target.code, "source_language": target.source}, given)
    made = []
    for number, member in enumerate(members, start=1):
        own = mapping(member, f"member {number}")
        name, weight = own.pop("recipe", None), own.pop("weight", 1.0)
        usable = [one for one in _recipes(target, form) if one != "combine"]
        if name not in usable:
            raise XnerError(
                f"member {number} has the recipe {name!r}.{nearest(str(name), usable)} Recipes that can be joined for "
                f"{target.code}: {', '.join(usable)}."
            )
        default = _table(target, name, {**given, **own, "source_language": own.get("source_language")})
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
        if idle := [key for key in ("config", "splits", "revision") if _text_of(given).get(key)]:
            raise XnerError(
                f"text.{idle[0]} is of corpora on the Hub; leave it out, {text['corpus']} is your own text."
            )
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
