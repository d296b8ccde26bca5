"""The small taggers of the mirror, with which the figures of docs/results.md were measured."""

from __future__ import annotations

from xner_hf.languages import language

TAGGERS = {"eng": "xner/minilm-conll2003-en", "fra": "xner/minilm-wikineural-fr"}


def tagger_of(code: str) -> str:
    """Return the tagger of the source language of a target language."""
    return TAGGERS[language(code).source]
