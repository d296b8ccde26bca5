"""Projection: the entities of a source sentence carried over to its translation."""

from __future__ import annotations

from typing import Any

from xner_hf.errors import XnerError, nearest
from xner_hf.project.base import STATUSES, ProjectedSpan, Projector
from xner_hf.project.candidates import CandidateProjector, CandidatesConfig
from xner_hf.project.fused import FusedConfig, FusedProjector
from xner_hf.project.heuristic import HeuristicConfig, HeuristicProjector
from xner_hf.settings import check_settings

METHODS: dict[str, tuple[type, type]] = {
    "fused": (FusedConfig, FusedProjector),
    "candidates": (CandidatesConfig, CandidateProjector),
    "heuristic": (HeuristicConfig, HeuristicProjector),
}
"""Name of every projection method, its settings and its implementation."""


def make_projector(method: str, settings: dict[str, Any]) -> Projector:
    """Return the projector called `method`.

    Raises:
        XnerError: the method or one of its settings is unknown, or a value is out of range.
    """
    if method not in METHODS:
        raise XnerError(
            f"unknown projection method {method!r}.{nearest(method, list(METHODS))} Known: {', '.join(METHODS)}."
        )
    config, projector = METHODS[method]
    check_settings(settings, config, f"the projection method {method!r}")
    return projector(config(**settings))


__all__ = ["METHODS", "STATUSES", "ProjectedSpan", "Projector", "make_projector"]
