"""`transformers.Trainer` for a student of several corpora, tasks and teachers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainingArguments

from xner_hf.errors import XnerError
from xner_hf.models.modeling_xner import relations_at
from xner_hf.pipeline.store import write_text
from xner_hf.training.checkpoints import WHOLE
from xner_hf.training.collator import Mixture, WordCollator
from xner_hf.training.data import Corpus
from xner_hf.training.losses import TASK_OF, TASKS, TERMS, LossConfig, counts, sums
from xner_hf.training.sampling import MixtureSampler, Part
from xner_hf.training.teacher_student import TeacherStudentCallback

MODEL_INPUTS = ("input_ids", "attention_mask")

LOG_VARIANCE_RATE = 1e-2
"""Learning rate of the loss weights (`LossConfig.learned`): at that of an encoder they would hardly change."""


class XnerTrainer(Trainer):
    """Trains `XnerForTokenClassificationAndParsing`, or any token classifier where there are no trees.

    Every sum of losses is divided by the count over all processes and accumulated batches, so the same global batch
    gives the same step, whatever the number of processes.

    Args:
        model: the student.
        args: as for `Trainer`.
        corpora: encoded corpora; an epoch is one pass over the first.
        loss: losses and their weights.
        sampling: arguments of `MixtureSampler`: strategy and temperature.
        teaching: makes the soft labels of the corpora; needed if one of them is `soft`.
        eval_dataset: an encoded corpus to score, never target gold.
        options: further arguments of `Trainer`; `processing_class` is needed.

    Raises:
        XnerError: a corpus has no example, nothing to train on, or trees while the model has no parser.
    """

    loss_is_scaled_for_ga = True

    def __init__(
        self,
        model: nn.Module,
        args: TrainingArguments,
        corpora: Sequence[Corpus],
        loss: LossConfig | None = None,
        sampling: Mapping[str, Any] | None = None,
        teaching: TeacherStudentCallback | None = None,
        eval_dataset: Corpus | None = None,
        **options: Any,
    ):
        check_corpora(corpora, model, teaching)
        self.loss = loss or LossConfig()
        self.sampling = dict(sampling or {})
        if self.loss.learned:
            model.task_log_variances = nn.Parameter(torch.zeros(len(TASKS)))
        if args.ddp_find_unused_parameters is None:
            # Heads without a loss are touched below, so every parameter always has its gradient.
            args.ddp_find_unused_parameters = False
        args.remove_unused_columns = False
        args.logging_nan_inf_filter = False  # stopped at instead, with the examples that caused it
        args.label_names = ["labels", "heads", "relations"]
        tokenizer = options["processing_class"]
        super().__init__(
            model=model,
            args=args,
            train_dataset=Mixture(corpora),
            eval_dataset=None if eval_dataset is None else Mixture([eval_dataset], learnt=False),
            data_collator=WordCollator(tokenizer.pad_token_id),
            **options,
        )
        self.sampler = self._sampler()
        self.add_callback(_Epochs(self))
        if teaching is not None:
            teaching.bind(self)
            self.add_callback(teaching)
        self.add_callback(WholeCheckpoints(self))
        self._sums = torch.zeros(len(TERMS), dtype=torch.float64, device=args.device)
        self._steps = torch.zeros(len(TERMS), dtype=torch.float64, device=args.device)

    def _sampler(self) -> MixtureSampler:
        mixture = self.train_dataset
        parts = [
            Part(one.name, first, tuple(len(example.input_ids) for example in one.examples), one.share)
            for one, first in zip(mixture.corpora, mixture.bounds, strict=False)
        ]
        return MixtureSampler(
            parts,
            self._train_batch_size,
            self.args.world_size,
            self.args.gradient_accumulation_steps,
            seed=self.args.seed,
            **self.sampling,
        )

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Create the optimizer; the weights of the losses, where they are trained, have a rate of their own."""
        optimizer = super().create_optimizer(model)
        for group in optimizer.param_groups:
            own = [one for one in group["params"] if one is getattr(self.model, "task_log_variances", None)]
            if own:
                group["params"] = [one for one in group["params"] if one is not own[0]]
                optimizer.add_param_group({"params": own, "lr": LOG_VARIANCE_RATE, "weight_decay": 0.0})
                break
        return optimizer

    def get_train_dataloader(self) -> DataLoader:
        loader = DataLoader(
            self.train_dataset,
            batch_sampler=self.sampler,
            collate_fn=self.data_collator,
            num_workers=self.args.dataloader_num_workers,
            pin_memory=self.args.dataloader_pin_memory and torch.cuda.is_available(),
        )
        return self.accelerator.prepare(loader)

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[Any], torch.Tensor]:
        """Return the batches of a step, and the divisor of each loss term over all processes."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        total = torch.stack([counts(batch) for batch in batches]).sum(0).to(device)
        total = self.accelerator.reduce(total, "sum")
        self._steps += total > 0
        return batches, total

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """Return this process's part of the loss; the mean over processes is the loss of the global batch."""
        total = counts(inputs) if num_items_in_batch is None else num_items_in_batch
        names = [*MODEL_INPUTS, *(["word_starts"] if {"heads", "soft_arcs"} & set(inputs) else [])]
        output = model(**{name: inputs[name] for name in names})
        student = self.accelerator.unwrap_model(model)
        losses = {task: torch.zeros((), device=total.device) for task in TASKS}
        for term, value in sums(output, inputs, self.loss).items():
            number = TERMS.index(term)
            value = value / total[number].clamp(min=1e-9).to(value.dtype)
            self._sums[number] += value.detach()
            losses[TASK_OF[term]] = losses[TASK_OF[term]] + value
        scale = self.accelerator.num_processes if model.training else 1  # gradients are averaged over processes
        loss = sum(self._weigh(student, task, value, total) * scale for task, value in losses.items())
        loss = loss + self._idle(student, inputs)
        if not torch.isfinite(loss):
            self._stop_at(inputs)
        return (loss, output) if return_outputs else loss

    def _weigh(self, student: nn.Module, task: str, value: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
        if not self.loss.learned:
            return self.loss.weight(task, self.state.global_step / max(1, self.state.max_steps)) * value
        present = any(total[number] > 0 for number, term in enumerate(TERMS) if TASK_OF[term] == task)
        variance = student.task_log_variances[TASKS.index(task)]
        if not present:
            return 0.0 * variance
        # Kendall et al. (2018): loss / (2 s^2) + log s, with log s^2 learnt; the last term counts once a step.
        parts = self.accelerator.num_processes * self.current_gradient_accumulation_steps
        return torch.exp(-variance) * value / 2 + variance / 2 / parts

    @staticmethod
    def _idle(student: nn.Module, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor | float:
        """Return zero with a gradient for every head without loss, so that no process waits for another."""
        idle: list[nn.Parameter] = []
        if not {"labels", "soft_labels"} & set(inputs) and hasattr(student, "classifier"):
            idle += student.classifier.parameters()
        if not {"heads", "soft_arcs"} & set(inputs) and hasattr(student, "parser"):
            idle += student.parser.parameters()
        return sum(0.0 * one.sum() for one in idle if one.requires_grad)

    def _stop_at(self, inputs: Mapping[str, torch.Tensor]) -> None:
        names = [self.train_dataset.name(int(number)) for number in inputs["example"]]
        file = Path(self.args.output_dir) / f"not_finite-{self.args.process_index}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        facts = {"step": self.state.global_step, "sentences": names}
        file.write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        raise XnerError(
            f"the loss of step {self.state.global_step} is not finite; the sentences of the batch are in {file}. Use "
            "a lower learning rate, fp32 or bf16 instead of fp16, or correct these sentences."
        )

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            total = self.accelerator.reduce(self._sums, "sum")
            logs |= {
                f"loss_{name}": (value / steps).item()
                for name, value, steps in zip(TERMS, total, self._steps, strict=True)
                if steps
            }
            self._sums.zero_()
            self._steps.zero_()
        super().log(logs, start_time)

    def get_decay_parameter_names(self, model: nn.Module) -> list[str]:
        return [name for name in super().get_decay_parameter_names(model) if "task_log_variances" not in name]

    def prediction_step(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> tuple[None, tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
        """Return the likeliest labels and the gold labels; with trees also heads and relations, predicted and gold."""
        with torch.no_grad():
            inputs = self._prepare_inputs(inputs)
            parsed = "heads" in inputs
            names = [*MODEL_INPUTS, *(["word_starts"] if parsed else [])]
            output = model(**{name: inputs[name] for name in names})
        found, gold = [], []
        if "labels" in inputs:
            found.append(output.logits.argmax(-1))
            gold.append(inputs["labels"])
        if parsed:
            heads = output.arc_logits.argmax(-1)
            relations = relations_at(output.rel_logits, heads).argmax(-1)
            found += [heads, relations]
            gold += [inputs["heads"], inputs["relations"]]
        return None, tuple(found), tuple(gold)


class _Epochs(TrainerCallback):
    """Sets the epoch of the sampler: accelerate does not do so in a run resumed within an epoch."""

    def __init__(self, trainer: XnerTrainer):
        self._trainer = trainer

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._trainer.sampler.set_epoch(state.global_step // sum(self._trainer.sampler.steps))


class WholeCheckpoints(TrainerCallback):
    """Marks a checkpoint when it is complete, so that training never resumes from an incomplete one."""

    def __init__(self, trainer: Trainer):
        self._trainer = trainer

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._trainer.accelerator.wait_for_everyone()
        if state.is_world_process_zero:
            facts = {"step": state.global_step, "processes": args.world_size}
            write_text(Path(args.output_dir) / f"checkpoint-{state.global_step}" / WHOLE, json.dumps(facts) + "\n")


def check_corpora(corpora: Sequence[Corpus], model: nn.Module, teaching: TeacherStudentCallback | None) -> None:
    """Check that every corpus has something to learn from, and that the model can.

    Raises:
        XnerError: it has not, or cannot.
    """
    if not corpora:
        raise XnerError("there is no corpus to train on.")
    for number, one in enumerate(corpora):
        if not one.examples:
            raise XnerError(f"{one.name} has no sentence to train on.")
        if one.soft and (teaching is None or number not in teaching.sources):
            raise XnerError(f"{one.name} is to be labelled by a teacher, and there is none for it. Name one.")
        if not (one.soft or one.labelled or one.parsed):
            raise XnerError(f"{one.name} has neither entity labels nor trees. Give labels, or a teacher.")
        if one.parsed and not hasattr(model, "parser"):
            raise XnerError(f"{one.name} has trees, and the model has no parser. Train with +parse, or leave it out.")
