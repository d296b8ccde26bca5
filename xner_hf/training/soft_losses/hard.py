"""The soft loss ``hard``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.registry import register
from xner_hf.training.soft_losses import SoftLoss

if TYPE_CHECKING:
    import torch


@register("loss", "hard")
@dataclass(frozen=True)
class HardLoss(SoftLoss):
    """Cross-entropy of the likeliest label."""

    def __call__(self, logits: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        import torch.nn.functional as F

        return F.cross_entropy(logits, soft.argmax(-1), reduction="sum")
