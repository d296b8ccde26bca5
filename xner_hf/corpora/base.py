"""What every reader yields: sentences and pairs of words."""

from __future__ import annotations

from dataclasses import dataclass, field

from xner_hf.spans import Span


@dataclass(slots=True)
class Sentence:
    """Words with, where they are known, entities and a dependency tree.

    Attributes:
        id: unique within its corpus and stable from read to read.
        tokens: words, never sub-words; may not be empty.
        spans: entities sorted by position, None when the text is unlabelled (an empty list says "no entity").
        tags: IOB2 tags as they stand in the corpus, before any repair; None where it holds spans.
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
    """What a reader mended, so that nothing is changed silently.

    Attributes:
        sentences: number of sentences or pairs read.
        repaired: places where an ``I-`` tag had no ``B-`` before it, as ``file:line``; counted as a new entity.
    """

    sentences: int = 0
    repaired: list[str] = field(default_factory=list)
