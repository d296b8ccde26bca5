"""Word alignment: which words of a sentence pair translate each other."""

from __future__ import annotations

from xner_hf.align.base import Aligner, Link

METHODS = ("statistical", "none")
"""``none`` gives no links: projection then rests on the surface of the names alone."""

__all__ = ["METHODS", "Aligner", "Link"]
