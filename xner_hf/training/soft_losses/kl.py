"""The soft loss ``kl``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xner_hf.errors import XnerError
from xner_hf.registry import register
from xner_hf.training.soft_losses import SoftLoss

if TYPE_CHECKING:
    import torch


@register("loss", "kl")
@dataclass(frozen=True)
class KLLoss(SoftLoss):
    """Divergence of teacher and student at a temperature, times its square (Hinton et al. 2015)."""

    temperature: float = field(default=1.0, metadata={"help": "softens teacher and student; above 0"})

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise XnerError(f"the temperature of the soft labels is {self.temperature}; it must be above 0.")

    def __call__(self, logits: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        import torch.nn.functional as F

        warmth = self.temperature
        # The teacher's probabilities at a temperature: p^(1/T), normalised.
        target = soft.clamp(min=1e-12).pow(1 / warmth)
        target = target / target.sum(-1, keepdim=True)
        return F.kl_div((logits / warmth).log_softmax(-1), target, reduction="sum") * warmth**2
