"""Batches under a token budget, halved when memory runs out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from xner_hf.errors import XnerError

_log = logging.getLogger(__name__)


class Batches:
    """Hands texts to a model in batches of like length, and takes smaller ones once memory has run out.

    Attributes:
        budget: most tokens of a batch, padding included; what was learnt about the memory stays.
        halved: how many times a batch was halved.
    """

    def __init__(self, budget: int, device: Any):
        self.budget = budget
        self.halved = 0
        self._device = device

    def run(self, lengths: Sequence[int], work: Callable[[list[int]], None]) -> None:
        """Call `work` with numbers of texts, the longest first, until it has done each of them once.

        Args:
            lengths: tokens of every text; a batch costs ``len(batch) x longest`` tokens.
            work: does the texts of a batch, or raises and is then called again with fewer of them.

        Raises:
            XnerError: memory does not hold one text by itself.
        """
        order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
        start = 0
        while start < len(order):
            longest = max(1, lengths[order[start]])
            batch = order[start : start + max(1, self.budget // longest)]
            try:
                work(batch)
                start += len(batch)
                continue
            except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
                if not out_of_memory(error):
                    raise
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            # Outside of `except`, so that the states which the error's frames hold are freed first.
            self._halve(len(batch), longest, reason)

    def _halve(self, texts: int, longest: int, reason: str) -> None:
        import torch

        if texts == 1:
            raise XnerError(
                f"a text of {longest} tokens does not fit the memory of {self._device} by itself: {reason} Split the "
                "text, or use a device with more memory."
            )
        self.budget = texts * longest // 2
        self.halved += 1
        _log.warning(
            "out of memory on %s with %d texts (%d tokens): going on with batches of %d tokens",
            self._device,
            texts,
            texts * longest,
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
