"""The student. Importing this registers it, so that the Auto classes and `pipeline` know its type and its task."""

from __future__ import annotations

from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification

from xner_hf.corpora.words import word_patterns
from xner_hf.models.annotator import Annotation, Annotator
from xner_hf.models.configuration_xner import XnerConfig
from xner_hf.models.modeling_xner import XnerForTokenClassificationAndParsing, XnerOutput, XnerPreTrainedModel
from xner_hf.models.pipeline import NerAndParsingPipeline

__all__ = [
    "Annotation",
    "Annotator",
    "NerAndParsingPipeline",
    "XnerConfig",
    "XnerForTokenClassificationAndParsing",
    "XnerOutput",
    "XnerPreTrainedModel",
]

XnerConfig.default_word_patterns = tuple(word_patterns("spaces"))
AutoConfig.register("xner", XnerConfig, exist_ok=True)
AutoModel.register(XnerConfig, XnerForTokenClassificationAndParsing, exist_ok=True)
AutoModelForTokenClassification.register(XnerConfig, XnerForTokenClassificationAndParsing, exist_ok=True)
