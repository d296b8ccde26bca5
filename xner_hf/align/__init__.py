"""Word alignment: which words of a sentence pair translate each other."""

from __future__ import annotations

from xner_hf.align.aligner import Aligner, Link

__all__ = ["Aligner", "Link"]
