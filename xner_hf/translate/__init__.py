"""Translation of raw text: with a model, or from parallel text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xner_hf.errors import XnerError, nearest
from xner_hf.settings import check_settings
from xner_hf.translate.base import FAULTS, Translation, Translator
from xner_hf.translate.ct2 import CTranslate2Config, CTranslate2Translator
from xner_hf.translate.parallel import ParallelConfig, ParallelTranslator
from xner_hf.translate.seq2seq import Seq2SeqConfig, Seq2SeqTranslator

METHODS: dict[str, type] = {
    "seq2seq": Seq2SeqConfig,
    "ctranslate2": CTranslate2Config,
    "parallel": ParallelConfig,
}
"""Name of every translator and its settings."""


def check_translator(method: str, settings: Mapping[str, Any]) -> Any:
    """Return the settings object of a translator.

    Raises:
        XnerError: the method or one of its settings is unknown, or a value is out of range.
    """
    if not isinstance(method, str) or method not in METHODS:
        raise XnerError(
            f"unknown translator {method!r}.{nearest(str(method), list(METHODS))} Known: {', '.join(METHODS)}."
        )
    check_settings(settings, METHODS[method], f"the translator {method!r}")
    return METHODS[method](**settings)


def make_translator(method: str, settings: Mapping[str, Any], source: str, target: str) -> Translator:
    """Return a translator, ready to use.

    Args:
        method: a key of `METHODS`.
        settings: those of the method.
        source: ISO 639-3 code of the language of the text: ``eng`` or one of the language table.
        target: that of the language to translate into.

    Raises:
        XnerError: a setting does not fit, or a model or corpus cannot be used.
    """
    config = check_translator(method, settings)
    if isinstance(config, Seq2SeqConfig):
        return Seq2SeqTranslator(config, source, target)
    if isinstance(config, CTranslate2Config):
        return CTranslate2Translator(config, source, target)
    return ParallelTranslator(config, source, target)


__all__ = ["FAULTS", "METHODS", "Translation", "Translator", "check_translator", "make_translator"]
