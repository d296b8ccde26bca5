"""What is known to be wrong with the models of a recipe before any text is read, and how much they are to download.

Only configurations and tokenizers are loaded, so this takes seconds where the text or the weights take hours.
"""

from __future__ import annotations

import logging

from xner_hf.checkpoint import load_config, load_tokenizer
from xner_hf.corpora.hub import model_source
from xner_hf.corpora.hub_models import check_weights, missing_bytes
from xner_hf.errors import XnerError
from xner_hf.pipeline.revisions import asked_models
from xner_hf.recipe import Recipe, TaggerConfig, TranslatorConfig

_TOLD = 10_000_000
"""Bytes from which on a download is told of before it begins."""

_log = logging.getLogger(__name__)


def check_models(recipe: Recipe) -> None:
    """Check that all weights are safetensors, translators know the languages, and labels of the tagger can be read.

    What is to be downloaded is said in the log, as a warning, before it begins.

    Raises:
        XnerError: one of this is not so, or a model is of another kind.
    """
    for model, revision in asked_models(recipe).items():
        source, commit = model_source(model, revision)
        if commit:
            check_weights(source, commit)
    if wanted := [f"{model} {size / 1e6:,.0f} MB" for model, size in downloads(recipe).items() if size > _TOLD]:
        _log.warning("To be downloaded: %s.", ", ".join(wanted))
    if recipe.translator:
        _check_translator(recipe.translator, *recipe.translates)
    if recipe.back_translation:
        _check_translator(recipe.back_translation.translator, recipe.source_language, recipe.language)
    if recipe.tagger:
        _check_tagger(recipe.tagger)


def downloads(recipe: Recipe) -> dict[str, int]:
    """Return how many bytes of each model of a recipe are yet to be downloaded, as far as the Hub can be asked."""
    found = {}
    for model, revision in asked_models(recipe).items():
        source, commit = model_source(model, revision)
        if commit and (size := missing_bytes(source, commit)) is not None:
            found[model] = size
    return found


def _check_translator(config: TranslatorConfig, source: str, target: str) -> None:
    if config.method == "parallel":
        return
    from xner_hf.translate import check_translator
    from xner_hf.translate.codes import codes_of, language_pair

    own = check_translator(config.method, config.settings)
    if config.method == "seq2seq" and not load_config(own.model, own.revision).is_encoder_decoder:
        raise XnerError(
            f"the model {own.model!r} is no sequence-to-sequence model, so it cannot translate. Name one in "
            "translator.model, such as facebook/nllb-200-distilled-600M."
        )
    revision = None if own.tokenizer else own.revision
    tokenizer = load_tokenizer(own.tokenizer or own.model, revision, fast=False)
    language_pair(codes_of(tokenizer), own.model, source, target, own.source_code, own.target_code)


def _check_tagger(config: TaggerConfig) -> None:
    from xner_hf.tag import is_gold
    from xner_hf.tag.scheme import find_scheme, label_names

    if not is_gold(config.model):
        labels = label_names(load_config(config.model, config.revision), config.model)
        find_scheme(labels, config.labels or {}, config.model)
