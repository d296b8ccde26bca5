"""The soft loss ``mse``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.registry import register
from xner_hf.training.soft_losses import SoftLoss

if TYPE_CHECKING:
    import torch


@register("loss", "mse")
@dataclass(frozen=True)
class MSELoss(SoftLoss):
    """Mean squared difference of probabilities (Wu et al. 2020); needs far more steps to leave the label O."""

    citations = ("wu-etal-2020",)

    def __call__(self, logits: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        return (logits.softmax(-1) - soft).pow(2).mean(-1).sum()
