"""`datasets` builders, and the resolver that lets ``load_dataset`` find them under a Hub id."""

from __future__ import annotations

from xner_hf.builders.resolver import install

__all__ = ["install"]
