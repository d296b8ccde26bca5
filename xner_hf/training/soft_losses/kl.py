"""The soft loss ``kl``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.registry import register
from xner_hf.settings import setting
from xner_hf.training.soft_losses import SoftLoss

if TYPE_CHECKING:
    import torch


@register("loss", "kl")
@dataclass(frozen=True)
class KLLoss(SoftLoss):
    """Divergence of teacher and student at a temperature, times its square (Hinton et al. 2015)."""

    temperature: float = setting(1.0, "softens teacher and student", within="(0, inf)")

    def __call__(self, logits: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        import torch.nn.functional as F

        warmth = self.temperature
        # The teacher's probabilities at a temperature: p^(1/T), normalised.
        target = soft.clamp(min=1e-12).pow(1 / warmth)
        target = target / target.sum(-1, keepdim=True)
        return F.kl_div((logits / warmth).log_softmax(-1), target, reduction="sum") * warmth**2
