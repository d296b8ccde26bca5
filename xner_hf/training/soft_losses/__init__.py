"""Losses of soft labels, one file each: distance of a student from its teachers' word distributions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from xner_hf.registry import Method

if TYPE_CHECKING:
    import torch


class SoftLoss(Method, ABC):
    """Base class of a loss of soft labels and its settings."""

    @abstractmethod
    def __call__(self, logits: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        """Return the summed loss of words, a scalar.

        Args:
            logits: of the student, float ``[words, labels]``.
            soft: probabilities of the teacher, ``[words, labels]``; every row sums to 1.
        """
