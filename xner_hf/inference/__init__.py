"""Running models: checkpoints, batches, windows, decoding, the annotator and the pipeline of students."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import wrapt

if TYPE_CHECKING:
    from xner_hf.inference.annotator import Annotation, Annotator
    from xner_hf.inference.pipeline import NerAndParsingPipeline

__all__ = ["Annotation", "Annotator", "NerAndParsingPipeline"]


def install() -> None:
    """Let ``import xner_hf.models`` add the pipeline "ner-and-parsing" and the default word patterns of students.

    `xner_hf.models` imports nothing else of this package, as its files are copied to the Hub.
    """
    wrapt.when_imported("xner_hf.models")(_register)


def _register(models: ModuleType) -> None:
    from xner_hf.corpora.words import word_patterns

    models.XnerConfig.default_word_patterns = tuple(word_patterns("spaces"))
    import_module("xner_hf.inference.pipeline")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "pipeline" if name == "NerAndParsingPipeline" else "annotator"
    return getattr(import_module(f"xner_hf.inference.{home}"), name)
