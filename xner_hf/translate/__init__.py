"""Translation of raw text: with a model, or from parallel text."""

from __future__ import annotations

from xner_hf.translate.translation import FAULTS, Translation, Translator

__all__ = ["FAULTS", "Translation", "Translator"]
