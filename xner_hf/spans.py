"""Entity spans over words, and their IOB2 form.

A span is half-open, ``[start, end)``, and counts words, never sub-words or characters. This module is plain Python: it
is imported by everything and imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from xner_hf.errors import XnerError

ENTITY_TYPES = ("PER", "ORG", "LOC")
"""The types that are projected."""

IGNORED_TYPES = ("MISC", "DATE")
"""Types of labelled corpora that are left out, and counted: CoNLL's MISC and MasakhaNER's DATE, as in Politov et al.
(2025)."""

NER_LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
"""Names of the ``ner_tags`` ClassLabel, in the order of the integers."""


LABEL_NUMBER = {name: number for number, name in enumerate(NER_LABELS)}


class Span(NamedTuple):
    """An entity: words ``start`` to ``end`` (exclusive), its type, and a score in [0, 1]."""

    start: int
    end: int
    label: str
    score: float = 1.0


def overlap(a: Span, b: Span) -> bool:
    """Whether two spans share a word."""
    return a.start < b.end and b.start < a.end


def check_spans(spans: Iterable[Span], length: int, where: str) -> list[Span]:
    """Return `spans` sorted by position after checking that they fit a sentence of `length` words.

    Raises:
        XnerError: a span is empty, lies outside the sentence, or overlaps another; `where` opens the message.
    """
    ordered = sorted(spans)
    for span in ordered:
        if not span.label:
            raise XnerError(f"{where}: the span [{span.start}, {span.end}) has no label.")
        if not 0 <= span.start < span.end <= length:
            raise XnerError(
                f"{where}: the span [{span.start}, {span.end}) {span.label} does not fit a sentence of {length} "
                "words. Spans count words from 0, the end is exclusive, and none is empty."
            )
    for left, right in zip(ordered, ordered[1:], strict=False):
        if overlap(left, right):
            raise XnerError(
                f"{where}: the spans [{left.start}, {left.end}) {left.label} and [{right.start}, {right.end}) "
                f"{right.label} overlap. Keep one of them: an IOB2 sentence cannot hold both."
            )
    return ordered


def spans_from_iob2(tags: Sequence[str], repaired: Callable[[int], None] | None = None) -> list[Span]:
    """Read spans from IOB2 tags.

    An ``I-X`` that continues no entity of type X opens a new one, which is how the CoNLL scorer reads it.

    Args:
        tags: ``O``, ``B-TYPE`` or ``I-TYPE``, one per word.
        repaired: called with the word index of every such ``I-`` without ``B-``, so that readers can count them.

    Raises:
        XnerError: a tag is of another form.
    """
    spans: list[Span] = []
    start, label = -1, ""
    for i, tag in enumerate(tags):
        if tag == "O" and not label:
            continue  # most words
        prefix, _, kind = tag.partition("-")
        if tag != "O" and (prefix not in ("B", "I") or not kind):
            raise XnerError(f"word {i}: {tag!r} is not an IOB2 tag. Tags are 'O', 'B-TYPE' or 'I-TYPE'.")
        continues = prefix == "I" and label == kind
        if label and not continues:
            spans.append(Span(start, i, label))
            label = ""
        if tag != "O" and not continues:
            start, label = i, kind
            if prefix == "I" and repaired is not None:
                repaired(i)
    if label:
        spans.append(Span(start, len(tags), label))
    return spans


def spans_to_iob2(spans: Iterable[Span], length: int) -> list[str]:
    """Write spans that do not overlap as `length` IOB2 tags; the inverse of `spans_from_iob2`."""
    tags = ["O"] * length
    for span in check_spans(spans, length, "spans_to_iob2"):
        tags[span.start] = f"B-{span.label}"
        tags[span.start + 1 : span.end] = [f"I-{span.label}"] * (span.end - span.start - 1)
    return tags
