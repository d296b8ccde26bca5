"""Masked language modelling with `transformers.Trainer`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback
from transformers.trainer_pt_utils import LengthGroupedSampler

from xner_hf.backbone.examples import Example, MaskedCollator
from xner_hf.training.data import IGNORED


class BackboneTrainer(Trainer):
    """Trains a `BertForMaskedLM`; logits are computed only for the masked sub-words."""

    model_accepts_loss_kwargs = False

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, torch.Tensor], return_outputs: bool = False, **_: Any
    ) -> torch.Tensor:
        with self.accelerator.autocast():  # which accelerate puts around the whole model's forward alone
            logits, labels = guesses(model, inputs)
        return cross_entropy(logits.float(), labels)

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        return LengthGroupedSampler(self.args.train_batch_size, lengths=[len(one) for one in self.train_dataset])


def guesses(model: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits of the masked sub-words, ``[guesses, vocabulary]``, and the correct sub-words.

    With a vocabulary of 48,000, the logits of all sub-words would take two thirds of the time.
    """
    states = model.bert(inputs["input_ids"], attention_mask=inputs["attention_mask"]).last_hidden_state
    wanted = inputs["labels"] != IGNORED
    return model.cls(states[wanted]), inputs["labels"][wanted]


@torch.no_grad()
def score_guesses(model: Any, examples: Sequence[Example], collate: MaskedCollator) -> dict[str, dict[str, float]]:
    """Return by language the ``loss`` (nats per masked sub-word), the ``accuracy`` and the number of ``guesses``.

    Args:
        model: a `BertForMaskedLM`.
        examples: examples with labels.
        collate: pads the examples.
    """
    training = model.training
    model.eval()
    device = next(model.parameters()).device
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    by_language: dict[str, list[Example]] = defaultdict(list)
    for one in examples:
        by_language[one.language].append(one)
    for language, own in by_language.items():
        for batch in DataLoader(own, batch_size=32, collate_fn=collate):
            logits, labels = guesses(model, {name: one.to(device) for name, one in batch.items()})
            right = (logits.argmax(-1) == labels).sum().item()
            loss = cross_entropy(logits.float(), labels, reduction="sum").item()
            for place, value in enumerate((loss, right, len(labels))):
                sums[language][place] += value
    model.train(training)
    return {
        language: {"loss": loss / number, "accuracy": right / number, "guesses": int(number)}
        for language, (loss, right, number) in sums.items()
    }


class Scores(TrainerCallback):
    """Scores the held-out pairs after every epoch, into the log."""

    def __init__(self, trainer: Trainer, examples: Sequence[Example], collate: MaskedCollator):
        self._trainer, self._examples, self._collate = trainer, examples, collate

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        found = score_guesses(self._trainer.model, self._examples, self._collate)
        state.log_history.append({"step": state.global_step, "epoch": state.epoch, "held_out": found})
