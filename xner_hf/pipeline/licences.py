"""Licences of what a recipe reads; a corpus inherits the most restrictive of them."""

from __future__ import annotations

from dataclasses import dataclass

from xner_hf.errors import XnerError
from xner_hf.languages import corpus_entry, model_entry
from xner_hf.recipe import Recipe
from xner_hf.registry import FITTED, MODEL, SAMPLE, Input

RESTRICTIVENESS = ("permissive", "non-commercial", "research-only", "unknown")
"""Licence classes, the most restrictive last: an unknown licence permits nothing."""


@dataclass(frozen=True)
class Licence:
    """Terms of one input: its Hub id, licence id and class (one of `RESTRICTIVENESS`)."""

    name: str
    licence: str
    licence_class: str


def licences(recipe: Recipe) -> list[Licence]:
    """Return the terms of every corpus and model that a recipe reads; what the tables do not know is ``unknown``.

    The text comes first, then the models.
    """
    order = {"text": 0, "tagger": 1}
    read = sorted(recipe.inputs(), key=lambda one: order.get(one.role, 1 if one.kind == MODEL else 2))
    return list(dict.fromkeys(_licence(one) for one in read if one.kind != FITTED))


def most_restrictive(found: list[Licence]) -> Licence:
    """Return the licence that binds a corpus made from all of them."""
    return max(found, key=lambda licence: RESTRICTIVENESS.index(licence.licence_class))


def _licence(one: Input) -> Licence:
    if one.licence:
        return Licence(one.name, one.licence, one.licence_class)
    if one.kind == SAMPLE:
        return Licence("bundled sample", "cc0-1.0", "permissive")
    if one.kind == MODEL:
        model = model_entry(one.name)
        return Licence(model.model, model.licence, model.licence_class)
    try:
        corpus = corpus_entry(one.name, one.config)
    except XnerError:
        return Licence(one.name, "unknown", "unknown")
    return Licence(corpus.hub_id, corpus.licence, corpus.licence_class)
