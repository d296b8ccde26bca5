"""What every reader yields: sentences and pairs of words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from xner_hf.spans import Span


@dataclass(slots=True)
class Sentence:
    """Words with, where they are known, entities and a dependency tree.

    Attributes:
        id: unique within its corpus and stable from read to read.
        tokens: words, never sub-words; may not be empty.
        spans: entities sorted by position, None when the text is unlabelled (an empty list says "no entity").
        tags: IOB2 tags before any repair, or made from those of another scheme; None where the corpus holds spans.
        heads: 1-based head of every word, 0 for the root; None without a tree.
        relations: dependency relation of every word; None without a tree.
    """

    id: str
    tokens: list[str]
    spans: list[Span] | None = None
    tags: list[str] | None = field(default=None, compare=False)  # how the spans were written, not what they say
    heads: list[int] | None = None
    relations: list[str] | None = None


@dataclass(slots=True)
class Pair:
    """A source sentence and its translation, word-split; either side may be empty in raw parallel text.

    Attributes:
        id: unique within its corpus and stable from read to read.
        source: words of the source side.
        target: words of the target side.
        source_spans: entities of the source side, None until a tagger has seen it.
        target_spans: gold entities of the target side, where a corpus has them (never in a build).
    """

    id: str
    source: list[str]
    target: list[str]
    source_spans: list[Span] | None = None
    target_spans: list[Span] | None = None


@dataclass(slots=True)
class ReadReport:
    """What a reader found, repaired and left out, so that nothing is changed silently.

    Attributes:
        sentences: number of sentences or pairs read.
        repaired: places of tags that open an entity against the scheme, such as ``I-`` without ``B-``, as
            ``file:line``; each counts as a new entity.
        notes: how each corpus was read, where it is not the plain form: its columns, its scheme.
        types: by corpus, the number of entities of every type as it is called there, and where the first one stands.
        renamed: number of entities of every type that has got another name.
        left_out: number of entities of every type that is not projected.
        rows_left_out: number of rows that are no sentence, by reason.
        composed: number of words that were brought into NFC.
    """

    sentences: int = 0
    repaired: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    types: dict[str, dict[str, tuple[int, str]]] = field(default_factory=dict, compare=False)
    renamed: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    rows_left_out: Counter[str] = field(default_factory=Counter)
    composed: int = 0

    def note(self, text: str) -> None:
        """Add a note, unless it is there: a corpus may be read more than once."""
        if text not in self.notes:
            self.notes.append(text)

    def said(self) -> list[str]:
        """Return all of it but the number of sentences, a line each, for a person to read."""
        lines = list(self.notes)
        if self.repaired:
            lines.append(
                f"{len(self.repaired):,} tags open an entity against the scheme (I- without B-), the first at "
                f"{self.repaired[0]}"
            )
        for what, counts in (
            ("entity types renamed", self.renamed),
            ("left out, not being projected", self.left_out),
            ("rows left out", self.rows_left_out),
        ):
            if counts:
                lines.append(f"{what}: " + ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items())))
        if self.composed:
            lines.append(f"{self.composed:,} words were brought into NFC (composed accents)")
        return lines
