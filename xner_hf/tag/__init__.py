"""Tagging: the entities of the source side."""

from __future__ import annotations

from xner_hf.tag.base import Tagger

__all__ = ["Tagger"]
