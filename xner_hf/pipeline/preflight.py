"""Check the models of a recipe before any text is read, and say how much will be downloaded.

Only configurations and tokenizers are loaded, so this takes seconds where the text or the weights take hours.
"""

from __future__ import annotations

import logging

from xner_hf.corpora.hub import model_source
from xner_hf.corpora.hub_models import check_weights, missing_bytes
from xner_hf.pipeline.revisions import asked_models
from xner_hf.recipe import Recipe

_LOGGED = 10_000_000
"""Downloads above this many bytes are logged before they begin."""

_log = logging.getLogger(__name__)


def check_models(recipe: Recipe) -> None:
    """Check that all weights are safetensors, translators know the languages, and labels of the tagger can be read.

    What will be downloaded is logged as a warning first.

    Raises:
        XnerError: one of this is not so, or a model is of another kind.
    """
    for model, revision in asked_models(recipe).items():
        source, commit = model_source(model, revision)
        if commit:
            check_weights(source, commit)
    if wanted := [f"{model} {size / 1e6:,.0f} MB" for model, size in downloads(recipe).items() if size > _LOGGED]:
        _log.warning("Downloading: %s.", ", ".join(wanted))
    if recipe.translator:
        recipe.translator.own.preflight(*recipe.translates)
    if refined := recipe.back_translation:
        refined.translator.own.preflight(recipe.source_language, recipe.language)
    if recipe.tagger:
        recipe.tagger.own.preflight()
    if recipe.projects:
        recipe.aligner.own.preflight()
        recipe.projector.own.preflight()


def downloads(recipe: Recipe) -> dict[str, int]:
    """Return how many bytes of each model of a recipe are yet to be downloaded, as far as the Hub can be asked."""
    found = {}
    for model, revision in asked_models(recipe).items():
        source, commit = model_source(model, revision)
        if commit and (size := missing_bytes(source, commit)) is not None:
            found[model] = size
    return found
