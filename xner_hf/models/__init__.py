"""The student: what is copied to the Hub. Importing this registers its type with the Auto classes."""

from __future__ import annotations

from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification

from xner_hf.models.configuration_xner import XnerConfig
from xner_hf.models.modeling_xner import XnerForTokenClassificationAndParsing, XnerOutput, XnerPreTrainedModel

__all__ = ["XnerConfig", "XnerForTokenClassificationAndParsing", "XnerOutput", "XnerPreTrainedModel"]

AutoConfig.register("xner", XnerConfig, exist_ok=True)
AutoModel.register(XnerConfig, XnerForTokenClassificationAndParsing, exist_ok=True)
AutoModelForTokenClassification.register(XnerConfig, XnerForTokenClassificationAndParsing, exist_ok=True)
