"""Where two arms of a study differ: the sentences, and the kinds of their errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from xner_hf.errors import XnerError
from xner_hf.spans import Span
from xner_hf.study.rows import Row
from xner_hf.study.run_pairs import SeedPair

KINDS = ("exact", "type", "borders", "type and borders", "missed", "invented")
"""What became of a gold entity, or (``invented``) of a predicted one that overlaps no gold entity."""


class Difference(NamedTuple):
    """A sentence on which the two arms say different things; entities are sorted by position."""

    id: str
    words: Sequence[str]
    gold: Sequence[Span]
    arm: Sequence[Span]
    against: Sequence[Span]

    @property
    def better(self) -> str:
        """``arm``, ``against`` or ``neither``: which has fewer wrong and missing entities."""
        one, other = (len(set(self.gold) ^ set(found)) for found in (self.arm, self.against))
        return "neither" if one == other else "arm" if one < other else "against"


def differences(
    pair: SeedPair, gold: Mapping[str, Sequence[Span]], words: Mapping[str, Sequence[str]]
) -> list[Difference]:
    """Return the sentences on which two runs predict different entities, in the order of the test set.

    Args:
        pair: rows with predictions.
        gold: entities of every sentence of the test set by id.
        words: its words.
    """
    found = []
    for name, entities in gold.items():
        arm, against = (predicted(row, name) for row in (pair.arm, pair.against))
        if arm != against:
            found.append(Difference(name, words[name], list(entities), arm, against))
    return found


def predicted(row: Row, sentence: str) -> list[Span]:
    """Return the entities that a run found in a sentence."""
    return [Span(*one) for one in row["predictions"]["spans"].get(sentence, [])]


def sample(found: Sequence[Difference], number: int) -> list[Difference]:
    """Return `number` of the sentences, always the same, in the order of the test set; all where there are fewer."""
    chosen = np.random.default_rng(1).permutation(len(found))[:number]
    return [found[index] for index in sorted(chosen)]


def error_kinds(gold: Iterable[Span], found: Iterable[Span]) -> Counter[str]:
    """Count what became of the entities of a sentence, by `KINDS`.

    A gold entity that was not found exactly is compared with the predicted one that shares most words with it (the
    first of several), so the counts of all kinds but ``invented`` add up to the gold entities.
    """
    gold, found = list(gold), list(found)
    counts: Counter[str] = Counter()
    for one in gold:
        if one in found:
            counts["exact"] += 1
            continue
        other = max(found, key=lambda span: _shared(one, span), default=None)
        if other is None or not _shared(one, other):
            counts["missed"] += 1
        elif other[:2] == one[:2]:
            counts["type"] += 1
        else:
            counts["borders" if other.label == one.label else "type and borders"] += 1
    counts["invented"] = sum(not any(_shared(one, other) for other in gold) for one in found)
    return counts


def tally(found: Sequence[Difference], kinds: Mapping[str, str]) -> dict[str, Counter[str]]:
    """Count which arm is better by the kind that a person gave to each sentence.

    Args:
        found: the sentences on which the arms differ.
        kinds: kind by sentence id.

    Returns:
        For each kind, most frequent first, how often ``arm``, ``against`` or ``neither`` has fewer errors.

    Raises:
        XnerError: a sentence is none on which the two arms differ, or has no kind.
    """
    better = {one.id: one.better for one in found}
    counts: dict[str, Counter[str]] = {}
    for name, kind in kinds.items():
        if name not in better:
            raise XnerError(f"sentence {name!r}: the two arms do not differ on it. Was the sheet made for this pair?")
        if not kind:
            raise XnerError(f"sentence {name!r} has no kind yet. Fill the column 'kind' of every line.")
        counts.setdefault(kind, Counter())[better[name]] += 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1].total(), item[0])))


def marked(words: Sequence[str], entities: Iterable[Span]) -> str:
    """Return a sentence with its entities in brackets: ``[PER Ama Ata] visited [LOC Accra]``."""
    opens = {span.start: span.label for span in entities}
    ends = {span.end for span in entities}
    return " ".join(
        (f"[{opens[place]} " if place in opens else "") + word + ("]" if place + 1 in ends else "")
        for place, word in enumerate(words)
    )


def _shared(one: Span, other: Span) -> int:
    return max(0, min(one.end, other.end) - max(one.start, other.start))
