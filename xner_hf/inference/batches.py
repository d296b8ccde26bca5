"""Batches under a token budget, halved when memory runs out."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from xner_hf.errors import XnerError

_log = logging.getLogger(__name__)

Batch = list[int]
"""Numbers of texts or pairs."""


class Batches:
    """Gives a model batches of similar length, and smaller ones after memory has run out.

    Args:
        budget: most tokens of a batch, padding included.
        device: torch device of the model.

    Attributes:
        budget: as above; it stays smaller once memory has run out.
        halved: how many times a batch was halved.
    """

    def __init__(self, budget: int, device: Any):
        self.budget = budget
        self.halved = 0
        self._device = device

    def run(self, lengths: Sequence[int], work: Callable[[Batch], None]) -> None:
        """Call `work` with numbers of texts, the longest first, until each is done once.

        Args:
            lengths: tokens of every text; a batch costs ``len(batch) x longest`` tokens.
            work: does the texts of a batch. If it raises because memory ran out, it is called again with fewer.

        Raises:
            XnerError: one text alone does not fit in memory.
        """

        def plan(texts: Iterable[int]) -> Iterable[Batch]:
            order = sorted(texts, key=lambda text: -lengths[text])
            start = 0
            while start < len(order):
                batch = order[start : start + max(1, self.budget // max(1, lengths[order[start]]))]
                yield batch
                start += len(batch)

        self.run_plan(
            plan(range(len(lengths))),
            work,
            plan,
            cost=lambda batch: len(batch) * max(1, lengths[batch[0]]),
            name=lambda text: f"a text of {lengths[text]} tokens",
        )

    def run_plan(
        self,
        batches: Iterable[Batch],
        work: Callable[[Batch], None],
        plan: Callable[[list[int]], Iterable[Batch]],
        cost: Callable[[Batch], int],
        name: Callable[[int], str],
        least: Callable[[int], float] = lambda _: math.inf,
    ) -> None:
        """Call `work` with each batch; after memory ran out, halve `budget` and plan the rest again.

        Args:
            batches: the first plan.
            work: as for `run`.
            plan: returns batches of the given texts under the present `budget`.
            cost: tokens of a batch.
            name: what one text is called in messages.
            least: the smallest budget that still makes a difference for a text by itself; by default none does.

        Raises:
            XnerError: one text alone does not fit in memory.
        """
        waiting = deque(batches)
        while waiting:
            try:
                work(waiting[0])
                waiting.popleft()
                continue
            except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
                if not out_of_memory(error):
                    raise
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            # Outside of `except`, so that the tensors which the error's frames hold are freed first.
            batch = waiting[0]
            if len(batch) == 1 and self.budget <= least(batch[0]):
                raise XnerError(
                    f"{name(batch[0])} does not fit the memory of {self._device} by itself: {reason} Split it, or use "
                    "a device with more memory."
                )
            self._halve(len(batch), cost(batch))
            waiting = deque(plan([text for batch in waiting for text in batch]))

    def _halve(self, texts: int, tokens: int) -> None:
        import torch

        self.budget = max(1, min(self.budget, tokens) // 2)
        self.halved += 1
        _log.warning(
            "out of memory on %s with a batch of %d (%d tokens): going on with batches of %d tokens",
            self._device,
            texts,
            tokens,
            self.budget,
        )
        if str(self._device).startswith("cuda"):
            torch.cuda.empty_cache()


def out_of_memory(error: Exception) -> bool:
    """Whether an error says that a device has too little memory."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # The CPU allocator and some accelerators raise a bare RuntimeError.
    return any(say in str(error).lower() for say in ("out of memory", "not enough memory", "can't allocate memory"))
