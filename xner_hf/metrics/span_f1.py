"""Precision, recall and F1 of entity spans in IOB2 tag sequences.

A predicted entity is correct when a gold entity has the same first word, last word and type: exact match, as in the
CoNLL-2003 shared task (Tjong Kim Sang & De Meulder 2003). The scores equal those of seqeval (Nakayama 2018), which the
tests hold against this module. Plain Python; nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from xner_hf.errors import XnerError, nearest
from xner_hf.spans import Span, spans_from_iob2

MODES = ("strict", "default")
"""How a stray ``I-`` is read; see `entities`."""


class Counts(NamedTuple):
    """Entities that are correct, that were predicted, and that are in the gold; the scores are fractions of them."""

    correct: int = 0
    predicted: int = 0
    gold: int = 0

    @property
    def precision(self) -> float:
        """correct / predicted in [0, 1]; 0.0 when nothing was predicted."""
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """correct / gold in [0, 1]; 0.0 when the gold holds no entity."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall in [0, 1]; 0.0 when there is no entity on either side."""
        # 2PR / (P + R) with one rounding instead of five.
        return 2 * self.correct / (self.predicted + self.gold) if self.predicted + self.gold else 0.0

    def merge(self, other: Counts) -> Counts:
        """Return the sums of both (``+`` would concatenate the tuples)."""
        return Counts(self.correct + other.correct, self.predicted + other.predicted, self.gold + other.gold)


def entities(tags: Sequence[str], mode: str = "strict") -> list[Span]:
    """Read the entities of one sentence.

    Args:
        tags: ``O``, ``B-TYPE`` or ``I-TYPE``, one per word.
        mode: how to read an ``I-X`` that continues no entity of type X. "default" opens an entity there, as the
            CoNLL scorer and seqeval without further arguments do; "strict" opens entities at ``B-X`` only, as seqeval
            with ``mode="strict", scheme=IOB2`` does: the stray tag and the ``I-X`` after it belong to no entity.

    Returns:
        The entities by position, with score 1.0.

    Raises:
        XnerError: a tag is of another form, or `mode` is unknown.
    """
    _check_mode(mode)
    return _read(tags, mode, "")


def sentence_counts(gold: Sequence[str], predicted: Sequence[str], mode: str = "strict") -> dict[str, Counts]:
    """Count the entities of one sentence, per type.

    Args:
        gold: IOB2 tags, one per word.
        predicted: IOB2 tags of the same words.
        mode: "strict" or "default"; see `entities`.

    Returns:
        Counts of every type that occurs on either side; empty for a sentence without entities.

    Raises:
        XnerError: the lengths differ, a tag is not IOB2, or `mode` is unknown.
    """
    _check_mode(mode)
    return _count(gold, predicted, mode, "")


def merge_counts(sentences: Iterable[Mapping[str, Counts]]) -> dict[str, Counts]:
    """Sum counts per type over sentences, for instance those that a bootstrap drew; the types are sorted."""
    sums: dict[str, list[int]] = {}
    for counts in sentences:
        for kind, (correct, predicted, gold) in counts.items():
            total = sums.setdefault(kind, [0, 0, 0])
            total[0] += correct
            total[1] += predicted
            total[2] += gold
    return {kind: Counts(*sums[kind]) for kind in sorted(sums)}


def from_counts(counts: Mapping[str, Counts], sentences: int) -> dict:
    """Return what `span_f1` returns, from counts per type that were summed over `sentences` sentences."""
    overall = Counts()
    for of_type in counts.values():
        overall = overall.merge(of_type)
    return {
        **_scores(overall),
        "sentences": sentences,
        "types": {kind: _scores(counts[kind]) for kind in sorted(counts)},
    }


def span_f1(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], mode: str = "strict") -> dict:
    """Score predicted tag sequences against gold ones.

    Args:
        gold: IOB2 tags, one sequence per sentence.
        predicted: tags of the same sentences, in the same order.
        mode: "strict" or "default"; see `entities`.

    Returns:
        ``precision``, ``recall`` and ``f1`` as floats in [0, 1], micro-averaged over all entities; ``correct``,
        ``predicted`` and ``gold``, numbers of entities; ``sentences``; and under ``types`` the first six for every
        type that occurs on either side, sorted by name. A score whose denominator is 0 is 0.0.

    Raises:
        XnerError: the numbers of sentences differ, a sentence has two lengths, a tag is not IOB2, or `mode` is
            unknown. Sentences and words are counted from 0.
    """
    _check_mode(mode)
    if len(gold) != len(predicted):
        raise XnerError(
            f"The gold has {len(gold)} sentences but the prediction has {len(predicted)}. "
            "Give one tag sequence per gold sentence, an empty one for an empty sentence."
        )
    counts = (
        _count(of_gold, of_predicted, mode, f"sentence {i}: ")
        for i, (of_gold, of_predicted) in enumerate(zip(gold, predicted, strict=True))
    )
    return from_counts(merge_counts(counts), len(gold))


def _check_mode(mode: str) -> None:
    if mode not in MODES:
        raise XnerError(f"The mode {mode!r} is unknown; it is 'strict' or 'default'.{nearest(str(mode), list(MODES))}")


def _read(tags: Sequence[str], mode: str, where: str) -> list[Span]:
    if isinstance(tags, str):
        raise XnerError(f"{where}{tags!r} is one string. A sentence is a list of tags, one per word.")
    for i, tag in enumerate(tags):
        if not isinstance(tag, str):
            raise XnerError(
                f"{where}word {i}: {tag!r} is a {type(tag).__name__}, not an IOB2 tag. "
                "Turn label numbers into names first, and leave out the positions that carry no label."
            )
    stray: set[int] = set()
    try:
        spans = spans_from_iob2(tags, stray.add)
    except XnerError as error:
        raise XnerError(f"{where}{error}") from None
    return [span for span in spans if span.start not in stray] if mode == "strict" and stray else spans


def _count(gold: Sequence[str], predicted: Sequence[str], mode: str, where: str) -> dict[str, Counts]:
    in_gold = _read(gold, mode, f"{where}gold: ")
    in_predicted = _read(predicted, mode, f"{where}prediction: ")
    if len(gold) != len(predicted):
        raise XnerError(
            f"{where}the gold has {len(gold)} tags but the prediction has {len(predicted)}. "
            "Give one tag per word: a prediction that was cut at the model's maximum length must be filled with 'O'."
        )
    counts: dict[str, list[int]] = {}
    right = set(in_gold)
    for span in in_gold:
        counts.setdefault(span.label, [0, 0, 0])[2] += 1
    for span in in_predicted:
        of_type = counts.setdefault(span.label, [0, 0, 0])
        of_type[0] += span in right
        of_type[1] += 1
    return {kind: Counts(*of_type) for kind, of_type in counts.items()}


def _scores(counts: Counts) -> dict:
    return {
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "correct": counts.correct,
        "predicted": counts.predicted,
        "gold": counts.gold,
    }
