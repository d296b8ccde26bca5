"""The examples of each step: the same for any number of processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.errors import XnerError, nearest

if TYPE_CHECKING:
    import numpy as np

STRATEGIES = ("temperature", "shares", "alternate")

_BATCHES_PER_BUCKET = 16
"""Examples are sorted by length within this many batches: little padding, and the order stays random."""


@dataclass(frozen=True)
class Part:
    """One corpus of a mixture: the number of its first example, the lengths of all, and its share if one is given."""

    name: str
    first: int
    lengths: tuple[int, ...]
    share: float | None = None


class MixtureSampler:
    """Batches of examples; all batches of a global step come from one corpus.

    A step takes the next ``batch_size * processes * accumulation`` examples of its corpus, whose passes follow each
    other without a gap, so that nothing is left out and the same examples are in the same step for any
    number of processes. An epoch passes once over the first corpus (rounded to whole steps); the others have as many
    steps beside it as their shares say.

    Args:
        parts: the corpora.
        batch_size: examples a process takes at once.
        processes: number of processes.
        accumulation: batches of a process that make one step.
        strategy: "temperature": shares are sizes to the power of 1 / `temperature`; "shares": as given in the parts;
            "alternate": one step of each in turn.
        temperature: 1: proportional to size; infinity: equal shares.
        seed: of the order.

    Raises:
        XnerError: an unknown strategy, a part that is empty or has no share that is needed, or a first part with fewer
            examples than processes.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        batch_size: int,
        processes: int = 1,
        accumulation: int = 1,
        strategy: str = "temperature",
        temperature: float = 1.0,
        seed: int = 0,
    ):
        if strategy not in STRATEGIES:
            known = ", ".join(STRATEGIES)
            raise XnerError(f"there is no sampling {strategy!r}.{nearest(strategy, STRATEGIES)} There is: {known}.")
        if temperature <= 0:
            raise XnerError(f"the temperature of the sampling is {temperature}; it must be above 0.")
        for part in parts:
            if len(part.lengths) < processes:
                raise XnerError(
                    f"{part.name}: {len(part.lengths)} examples for {processes} processes. Every process needs one at "
                    "least: give more text, or start fewer processes."
                )
            if strategy == "shares" and not (part.share or 0) > 0:
                raise XnerError(f"{part.name}: its share is {part.share}. Give every corpus a share above 0.")
        self.parts = list(parts)
        self.batch_size = batch_size  # read by accelerate
        self.drop_last = False  # read by accelerate
        self.seed = seed
        self.epoch = 0
        self._passes: dict[int, tuple[int, np.ndarray]] = {}
        self._batches_per_step = processes * accumulation
        self._global = batch_size * self._batches_per_step
        self._alternate = strategy == "alternate"
        main = max(1, round(len(parts[0].lengths) / self._global))
        shares = [
            part.share
            if strategy == "shares"
            else len(part.lengths) ** (1 / temperature)
            if not self._alternate
            else 1
            for part in parts
        ]
        self.steps = [max(1, round(main * share / shares[0])) for share in shares]
        """Steps of every part in an epoch."""

    def __len__(self) -> int:
        return sum(self.steps) * self._batches_per_step

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next batches, counted from 0."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        taken = [steps * self.epoch for steps in self.steps]
        for number in self._order():
            examples = self._take(number, taken[number])
            taken[number] += 1
            for start in range(0, len(examples), self.batch_size):
                yield examples[start : start + self.batch_size]

    def _order(self) -> list[int]:
        """Return the part of every step of the epoch."""
        import numpy as np

        if len(self.parts) == 1:
            return [0] * self.steps[0]
        if self._alternate:
            # Step k of a part is at the fraction (k + 1/2) / steps of the epoch.
            places = [((k + 0.5) / steps, part) for part, steps in enumerate(self.steps) for k in range(steps)]
            return [part for _, part in sorted(places)]
        order = np.repeat(np.arange(len(self.parts)), self.steps)
        return np.random.default_rng([self.seed, self.epoch]).permutation(order).tolist()

    def _take(self, number: int, step: int) -> list[int]:
        """Return the examples of a part's step, counted over all epochs."""
        part = self.parts[number]
        size = len(part.lengths)
        taken: list[int] = []
        position = step * self._global
        while len(taken) < self._global:
            turn, within = divmod(position, size)
            order = self._pass(number, turn)
            some = order[within : within + self._global - len(taken)].tolist()
            taken += [part.first + example for example in some]
            position += len(some)
        return taken

    def _pass(self, number: int, turn: int) -> np.ndarray:
        """Return the order of one pass over a part; that of the last step is mostly that of the next."""
        kept = self._passes.get(number)
        if kept is None or kept[0] != turn:
            order = _shuffled(self.parts[number].lengths, self._global, [self.seed, number, turn])
            self._passes[number] = kept = turn, order
        return kept[1]


def _shuffled(lengths: Sequence[int], batch: int, seed: Sequence[int]) -> np.ndarray:
    """Return the order of one pass over a part: shuffled, of like length within a batch, batches shuffled."""
    import numpy as np

    generator = np.random.default_rng(seed)
    order, sizes = generator.permutation(len(lengths)), np.array(lengths)
    bucket = batch * _BATCHES_PER_BUCKET
    pieces = []
    for start in range(0, len(order), bucket):
        part = order[start : start + bucket]
        part = part[np.argsort(sizes[part], kind="stable")]
        batches = [part[at : at + batch] for at in range(0, len(part), batch)]
        short = [batches.pop()] if len(batches[-1]) < batch else []  # stays last, or others would be split
        pieces += [batches[i] for i in generator.permutation(len(batches))] + short
    return np.concatenate(pieces)
