"""The callback that labels the unlabelled text of a student with its teachers."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import Trainer, TrainerCallback

from xner_hf.errors import XnerError
from xner_hf.training.soft_labels import SoftSource

if TYPE_CHECKING:
    import numpy as np
    import torch


class MovingAverage:
    """The exponential moving average of a student's weights, as a teacher (Tarvainen & Valpola 2017).

    Args:
        model: the student.
        tokenizer: its tokenizer.
        decay: share of the average that each step keeps, in (0, 1). In step n it is at most `n / (n + 1)`, so that
            the untrained student, with which the average starts, soon has no weight.
    """

    def __init__(self, model: Any, tokenizer: Any, decay: float):
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._tokenizer = tokenizer
        self._decay = decay
        self.refresh = 0

    def update(self, model: Any, step: int) -> None:
        """Add the weights of the student after a step; steps count from 1."""
        import torch

        new = max(1 - self._decay, 1 / (step + 1))
        with torch.no_grad():
            for average, weight in zip(self.model.parameters(), model.parameters(), strict=True):
                average.lerp_(weight.to(average.dtype), new)

    def distributions(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Return the label distributions of words, ``[words, 7]``."""
        from xner_hf.inference.annotator import Annotator

        return [one.probabilities for one in Annotator((self.model, self._tokenizer)).annotate(sentences, False)]

    def signature(self) -> str:
        """Return the refresh number that the labels belong to."""
        return f"moving average, refresh {self.refresh}"


class TeacherStudentCallback(TrainerCallback):
    """Makes the soft labels of a student's unlabelled text before training, and again every few epochs on request.

    Labels of fixed teachers are made once and kept on disk; later ones come from the moving average of the student.

    Args:
        sources: where soft labels come from, by the number of the corpus in the mixture.
        decay: of the moving average of the student that takes over from the teachers; None keeps the teachers.
        refresh: epochs after which the moving average labels the text again.

    Raises:
        XnerError: the decay is not between 0 and 1, or `refresh` is below 1.
    """

    def __init__(self, sources: Mapping[int, SoftSource], decay: float | None = None, refresh: int = 1):
        if decay is not None and not 0 < decay < 1:
            raise XnerError(f"the decay of the moving average is {decay}; it must lie between 0 and 1.")
        if refresh < 1:
            raise XnerError(f"soft labels are made again every {refresh} epochs; that must be 1 or more.")
        self.sources = dict(sources)
        self.left_out: dict[int, int] = {}
        self._decay = decay
        self._refresh = refresh
        self._average: MovingAverage | None = None
        self._made = -1  # the refresh whose labels are in use

    def bind(self, trainer: Trainer) -> None:
        """Serve this `XnerTrainer`: its accelerator, sampler, collator and corpora are used."""
        self._trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, model: torch.nn.Module, **_: Any) -> None:
        if self._decay is None:
            return
        student = self._trainer.accelerator.unwrap_model(model)
        self._average = MovingAverage(student, self._trainer.processing_class, self._decay)
        kept = _average_file(args, state)
        if not state.global_step:
            if state.is_world_process_zero:
                shutil.rmtree(_labels_folder(args), ignore_errors=True)  # from an earlier run
            self._trainer.accelerator.wait_for_everyone()
        else:
            from safetensors.torch import load_model

            if not kept.is_file():
                raise XnerError(f"{kept} is missing, so the moving average cannot go on. Start without --resume.")
            load_model(self._average.model, kept)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        epoch = self._trainer.sampler.epoch
        refresh = epoch // self._refresh if self._average else 0
        if refresh == self._made:
            return
        sources, folder = self.sources, None
        if self._average and refresh:
            # On disk: a run resumed within these epochs needs these labels, not later ones.
            folder = _labels_folder(args)
            self._average.refresh = refresh
            sources = {
                number: replace(source, teacher=self._average, sentences=self._words(number), links=None, lengths=None)
                if source.teacher is not None
                else source
                for number, source in sources.items()
            }
        accelerator = self._trainer.accelerator
        for number, source in sources.items():
            soft = source.make(
                accelerator.process_index,
                accelerator.num_processes,
                accelerator.wait_for_everyone,
                folder,
                show=state.is_world_process_zero and not args.disable_tqdm,
            )
            self.left_out[number] = soft.select(source.confidence)
            self._trainer.data_collator.soft[number] = soft
        self._made = refresh

    def on_step_end(self, args: Any, state: Any, control: Any, model: torch.nn.Module, **_: Any) -> None:
        if self._average is not None:
            self._average.update(self._trainer.accelerator.unwrap_model(model), state.global_step)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._average is not None and state.is_world_process_zero:
            from safetensors.torch import save_model

            save_model(self._average.model, str(_average_file(args, state)))

    def _words(self, number: int) -> list[list[str]]:
        return [sentence.tokens for sentence in self._trainer.train_dataset.corpora[number].sentences]


def _labels_folder(args: Any) -> Path:
    return Path(args.output_dir) / "soft-labels"


def _average_file(args: Any, state: Any) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}" / "moving_average.safetensors"
