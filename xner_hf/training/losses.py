"""The losses of a student (gold or projected labels, soft labels, trees), each with the count that divides it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError, nearest
from xner_hf.registry import methods, settings_of
from xner_hf.settings import setting
from xner_hf.training.soft_losses import SoftLoss

if TYPE_CHECKING:
    import torch

TERMS = ("ner", "soft", "arc", "rel", "soft_arc", "soft_rel")
"""Entity labels, soft entity labels, heads, relations, and both of these from a parsing teacher."""

TASK_OF = {"ner": "ner", "soft": "soft", "arc": "parsing", "rel": "parsing"}
TASK_OF |= {"soft_arc": "soft_parsing", "soft_rel": "soft_parsing"}
TASKS = ("ner", "soft", "parsing", "soft_parsing")


@dataclass(frozen=True)
class LossConfig:
    """The losses and their weights."""

    soft: str = setting("kl", "a registered loss of soft labels (`xner methods loss`)")
    temperature: float = setting(1.0, "softens teacher and student, of losses that have one")
    weights: Mapping[str, Any] = setting(
        dict,
        "weight of ner, soft, parsing and soft_parsing: a number (1.0 by default), or [first, last] for "
        "one that runs from one to the other over the training",
    )
    learned: bool = setting(False, "learn the weights from homoscedastic uncertainty (Kendall et al. 2018)")
    settings: Mapping[str, Any] = setting(dict, "further settings of the loss of soft labels")

    def __post_init__(self) -> None:
        self.own  # noqa: B018 - refuses what it does not know
        if not isinstance(self.weights, Mapping):
            raise XnerError(f"the weights of the losses are {self.weights!r}; give one by name, such as {{ner: 0.5}}.")
        for name, weight in self.weights.items():
            if name not in TASKS:
                raise XnerError(
                    f"there is no loss {name!r} to weigh.{nearest(str(name), TASKS)} There is {', '.join(TASKS)}."
                )
            ends = weight if isinstance(weight, list | tuple) else [weight, weight]
            numbers = [one for one in ends if isinstance(one, int | float) and not isinstance(one, bool)]
            if len(ends) != 2 or len(numbers) != 2 or not all(0 <= one < math.inf for one in numbers):
                raise XnerError(f"the weight of {name} is {weight!r}; it is a number from 0, or [first, last].")
        if self.learned and self.weights:
            raise XnerError("weights are given and to be learned. Leave out one of the two.")

    @cached_property
    def own(self) -> SoftLoss:
        """The loss of soft labels."""
        kind = methods("loss").get(self.soft)
        warm = {"temperature": self.temperature} if kind and "temperature" in kind.__dataclass_fields__ else {}
        return settings_of("loss", self.soft, warm | dict(self.settings))

    def weight(self, task: str, progress: float) -> float:
        """Return the weight of a task when `progress`, in [0, 1], of the training is done."""
        weight = self.weights.get(task, 1.0)
        if isinstance(weight, list | tuple):
            first, last = weight
            return first + (last - first) * progress
        return weight


def counts(batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return the divisor of each of `TERMS` in this batch, float64 ``[6]``; 0 for a term without data."""
    import torch

    from xner_hf.models.modeling_xner import IGNORED

    found = torch.zeros(len(TERMS), dtype=torch.float64, device=batch["input_ids"].device)
    if "labels" in batch:
        found[0] = (batch["label_weights"] * batch["labels"].ne(IGNORED)).sum()
    if "soft_labels" in batch:
        found[1] = batch["soft_labels"].sum(-1).gt(0).sum()
    if "heads" in batch:
        found[2] = batch["heads"].ne(IGNORED).sum()
        found[3] = batch["relations"].ne(IGNORED).sum()
    if "soft_arcs" in batch:
        found[4] = found[5] = batch["soft_arcs"].sum(-1).gt(0).sum()
    return found


def sums(output: Any, batch: Mapping[str, torch.Tensor], config: LossConfig) -> dict[str, torch.Tensor]:
    """Return the summed loss, by name, of every term with data in the batch.

    Args:
        output: output of the model for the batch.
        batch: of `WordCollator`.
        config: names the loss of soft labels.
    """
    from xner_hf.models.modeling_xner import arc_loss, relation_loss, relations_at, tagging_loss

    found: dict[str, torch.Tensor] = {}
    if "labels" in batch:
        found["ner"], _ = tagging_loss(output.logits, batch["labels"], batch["label_weights"])
    if "soft_labels" in batch:
        starts = batch["word_starts"].clamp(min=0).unsqueeze(-1)
        logits = output.logits.gather(1, starts.expand(-1, -1, output.logits.size(-1))).float()
        found["soft"] = soft_loss(logits, batch["soft_labels"], config)
    if "heads" in batch:
        found["arc"], _ = arc_loss(output.arc_logits, batch["heads"])
        found["rel"], _ = relation_loss(output.rel_logits, batch["heads"], batch["relations"])
    if "soft_arcs" in batch:
        arcs = batch["soft_arcs"]
        logs = output.arc_logits.float().log_softmax(-1)
        found["soft_arc"] = -(arcs * logs.masked_fill(arcs.eq(0), 0.0)).sum()
        logs = relations_at(output.rel_logits, arcs.argmax(-1)).float().log_softmax(-1)
        relations = batch["soft_relations"] * arcs.sum(-1, keepdim=True).gt(0)
        found["soft_rel"] = -(relations * logs[..., : relations.size(-1)]).sum()  # the teacher's come first
    return found


def soft_loss(logits: torch.Tensor, soft: torch.Tensor, config: LossConfig) -> torch.Tensor:
    """Return the summed loss against soft labels; words whose row is zero have none.

    Args:
        logits: ``[batch, words, labels]``.
        soft: probabilities, ``[batch, words, labels]``.
        config: which loss it is (`xner_hf.training.soft_losses`).
    """
    known = soft.sum(-1).gt(0)
    return config.own(logits[known], soft[known])
