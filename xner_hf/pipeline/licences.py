"""Licences of what a recipe reads; a corpus inherits the most restrictive of them."""

from __future__ import annotations

from dataclasses import dataclass

from xner_hf import align
from xner_hf.corpora.parallel import SAMPLE
from xner_hf.errors import XnerError
from xner_hf.languages import corpus_entry, tagger_entry
from xner_hf.recipe import Recipe

RESTRICTIVENESS = ("permissive", "non-commercial", "research-only", "unknown")
"""Licence classes, the most restrictive last: an unknown licence permits nothing."""


@dataclass(frozen=True)
class Licence:
    """Terms of one input: its Hub id, licence id and class (one of `RESTRICTIVENESS`)."""

    name: str
    licence: str
    licence_class: str


def licences(recipe: Recipe) -> list[Licence]:
    """Return the terms of every corpus and model that a recipe reads; what the tables do not know is ``unknown``."""
    if recipe.text.corpus == SAMPLE:
        found = [Licence("bundled sample", "cc0-1.0", "permissive")]
    else:
        found = [_corpus(recipe.text.corpus, recipe.text.config)]
    found += [_model(model, recipe.source_language) for model in models(recipe)]
    for reference in recipe.aligner.extra_parallel:
        corpus, _, config = reference.partition(":")
        found.append(_corpus(corpus, config or None))
    return found


def models(recipe: Recipe) -> list[str]:
    """Return the models that a recipe reads, each once: its tagger's, its aligner's, its target tagger's."""
    found = [recipe.tagger.model] if recipe.tagger else []
    found += [settings.get("model") for _, settings in align.parts(recipe.aligner.method, recipe.aligner.settings)]
    found.append(recipe.projector.settings.get("target_tagger"))
    return [model for model in dict.fromkeys(found) if model]


def most_restrictive(found: list[Licence]) -> Licence:
    """Return the licence that binds a corpus made from all of them."""
    return max(found, key=lambda licence: RESTRICTIVENESS.index(licence.licence_class))


def _model(model: str, source_language: str) -> Licence:
    try:
        known = tagger_entry(source_language)
    except XnerError:  # no tagger by default
        return Licence(model, "unknown", "unknown")
    if model != known.model:
        return Licence(model, "unknown", "unknown")
    return Licence(model, known.licence, known.licence_class)


def _corpus(corpus: str, config: str | None) -> Licence:
    try:
        entry = corpus_entry(corpus, config)
    except XnerError:
        return Licence(corpus, "unknown", "unknown")
    return Licence(entry.hub_id, entry.licence, entry.licence_class)
