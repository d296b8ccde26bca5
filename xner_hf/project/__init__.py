"""Projection: the entities of a source sentence, marked in its translation."""

from __future__ import annotations

from xner_hf.project.projector import STATUSES, ProjectedSpan, Projector
from xner_hf.project.sentence_pair import SentencePair

__all__ = ["STATUSES", "ProjectedSpan", "Projector", "SentencePair"]
