"""Licences of what a recipe reads; a corpus inherits the most restrictive of them."""

from __future__ import annotations

from dataclasses import dataclass

from xner_hf import align
from xner_hf.corpora.parallel import SAMPLE
from xner_hf.errors import XnerError
from xner_hf.languages import corpus_entry, model_entry
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
    if recipe.members:
        return list(dict.fromkeys(one for member in recipe.members for one in licences(member.recipe)))
    if recipe.text.corpus == SAMPLE:
        found = [Licence("bundled sample", "cc0-1.0", "permissive")]
    else:
        found = [_corpus(recipe.text.corpus, recipe.text.config)]
    entries = [model_entry(model) for model in models(recipe)]
    found += [Licence(one.model, one.licence, one.licence_class) for one in entries]
    references = list(recipe.aligner.extra_parallel)
    if recipe.translator:
        references += recipe.translator.settings.get("corpora", ())
    for reference in references:
        corpus, _, config = reference.partition(":")
        found.append(_corpus(corpus, config or None))
    return list(dict.fromkeys(found))


def models(recipe: Recipe) -> list[str]:
    """Return the models that a recipe reads, each once: of its tagger, translators, aligners and projector."""
    if recipe.members:
        return list(dict.fromkeys(model for member in recipe.members for model in models(member.recipe)))
    found = [recipe.tagger.model] if recipe.tagger else []
    translators, aligners = [recipe.translator], [recipe.aligner]
    if recipe.back_translation:
        translators.append(recipe.back_translation.translator)
        aligners.append(recipe.back_translation.aligner)
    found += [one.settings.get(key) for one in translators if one for key in ("model", "tokenizer")]
    found += [settings.get("model") for one in aligners for _, settings in align.parts(one.method, one.settings)]
    found += [recipe.projector.settings.get(key) for key in ("target_tagger", "translation_model")]
    return [model for model in dict.fromkeys(found) if model]


def most_restrictive(found: list[Licence]) -> Licence:
    """Return the licence that binds a corpus made from all of them."""
    return max(found, key=lambda licence: RESTRICTIVENESS.index(licence.licence_class))


def _corpus(corpus: str, config: str | None) -> Licence:
    try:
        entry = corpus_entry(corpus, config)
    except XnerError:
        return Licence(corpus, "unknown", "unknown")
    return Licence(entry.hub_id, entry.licence, entry.licence_class)
