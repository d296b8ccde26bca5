"""Makes an encoder for languages that an encoder does not cover: its layers, a new vocabulary, parallel text."""

from xner_hf.backbone.config import BackboneConfig, load_backbone_config
from xner_hf.backbone.make import estimate, make_backbone

__all__ = ["BackboneConfig", "estimate", "load_backbone_config", "make_backbone"]
