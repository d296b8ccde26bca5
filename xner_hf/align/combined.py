"""Several aligners vote on every link."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xner_hf.align.aligner import Aligner, Link, Text
from xner_hf.align.none import NoAligner
from xner_hf.errors import XnerError
from xner_hf.registry import Method, register, settings_of
from xner_hf.settings import setting


@register("aligner", "combined")
@dataclass(frozen=True)
class CombinedConfig(Method):
    """Lets several aligners vote on every link."""

    members: Sequence[Mapping[str, Any]] = setting(
        ..., "aligners that vote, each with its method and settings: [{method: statistical}, ...]"
    )
    weights: Sequence[float] | None = setting(None, "weight of every member; equal by default")
    threshold: float = setting(0.25, "links need a weighted mean probability above this", within="[0, 1]")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.members, list | tuple) or not all(isinstance(m, Mapping) for m in self.members):
            raise XnerError(
                f"aligner.members is {self.members!r}; it is a list of aligners: [{{method: statistical}}, "
                "{method: encoder, model: ORG/NAME}]."
            )
        for number, member in enumerate(self.members, start=1):
            try:
                _settings(member)
            except XnerError as error:
                raise XnerError(f"member {number} of aligner.members: {error}") from error
        weights = self.weights
        if weights is not None and not (
            isinstance(weights, list | tuple) and all(type(weight) in (int, float) for weight in weights)
        ):
            raise XnerError(f"aligner.weights is {weights!r}; it is a list of numbers.")
        CombinedAligner([NoAligner()] * len(self.members), weights, self.threshold)  # refuses what does not fit

    def part_settings(self) -> list[Any]:
        return [_settings(member) for member in self.members]

    def make(self, text: Text, folder: Path) -> CombinedAligner:
        members = [member.make(text, folder / str(number)) for number, member in enumerate(self.part_settings())]
        return CombinedAligner(members, self.weights, self.threshold)


def _settings(member: Mapping[str, Any]) -> Any:
    if "method" not in member:
        raise XnerError(f"{dict(member)} lacks the key 'method'.")
    return settings_of("aligner", member["method"], {key: value for key, value in member.items() if key != "method"})


class CombinedAligner:
    """Links by a vote of other aligners, weighted by the probability that each gives to a link.

    The combined probability of a link is ``sum_k w_k p_k / sum_k w_k``: the weighted mean of the probabilities that
    the members give it, 0 for a member that has no such link. It is the score of the link, and the link is kept if it
    is above the threshold.

    With equal weights and members that are always certain (probability 1), it is the share of members that have the
    link: threshold 0.5 is then a strict majority, ``1 - 1/K`` for K members asks for all of them. Members that are
    less certain count for less, so that a majority which is unsure of a link can lose it. At threshold 0 the result is
    the union of all links, without those to which no member of positive weight gives more than 0; at threshold 1
    there are none.

    Args:
        members: the aligners; each is asked once for every call of `align`.
        weights: one for each member, finite, not negative, not all 0; None counts all alike.
        threshold: in [0, 1]; links at it are dropped.

    Raises:
        XnerError: there is no member, or weights or threshold do not fit.
    """

    def __init__(self, members: Sequence[Aligner], weights: Sequence[float] | None = None, threshold: float = 0.5):
        self.members = list(members)
        self.weights = [1.0] * len(self.members) if weights is None else [float(weight) for weight in weights]
        self.threshold = threshold
        if not self.members:
            raise XnerError("a combined aligner needs at least one member.")
        if len(self.weights) != len(self.members):
            raise XnerError(
                f"the combined aligner has {len(self.members)} members and {len(self.weights)} weights; "
                "give one weight for each member."
            )
        for number, weight in enumerate(self.weights, start=1):
            if not (math.isfinite(weight) and weight >= 0):
                raise XnerError(f"weight {number} of the combined aligner is {weight}; it is finite and 0 or more.")
        if not 0 < sum(self.weights) < math.inf:
            raise XnerError(
                f"the weights of the combined aligner sum to {sum(self.weights)}; the sum is finite and above 0."
            )
        self._total = math.fsum(self.weights)
        if not 0 <= threshold <= 1:
            raise XnerError(f"the threshold of the combined aligner is {threshold}; it must be in [0, 1].")

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[Link]]:
        """Return the links whose combined probability is above the threshold.

        Raises:
            XnerError: a member gave a link twice, or a score that is not a probability.
        """
        found = [member.align(sources, targets) for member in self.members]
        pairs = enumerate(zip(sources, targets, *found, strict=True), start=1)
        return [self._vote(own, number) for number, (_, _, *own) in pairs]

    def _vote(self, own: Sequence[Sequence[Link]], pair: int) -> list[Link]:
        votes: dict[tuple[int, int], list[float]] = {}
        for number, (links, weight) in enumerate(zip(own, self.weights, strict=True)):
            seen: set[tuple[int, int]] = set()
            for source, target, score in links:
                if not 0 <= score <= 1:  # NaN too
                    raise XnerError(f"{self._refusal(number, source, target, pair)} the score {score}, not in [0, 1].")
                if (source, target) in seen:
                    raise XnerError(f"{self._refusal(number, source, target, pair)} more than once.")
                seen.add((source, target))
                votes.setdefault((source, target), []).append(weight * score)
        # fsum rounds once, at the end, so the order of the members cannot change the last digit.
        means = ((cell, math.fsum(cast) / self._total) for cell, cast in votes.items())
        return [Link(*cell, mean) for cell, mean in sorted(means) if mean > self.threshold]

    def _refusal(self, number: int, source: int, target: int, pair: int) -> str:
        name = type(self.members[number]).__name__
        return f"member {number + 1} of the combined aligner ({name}) gave link {source}-{target} of pair {pair}"
