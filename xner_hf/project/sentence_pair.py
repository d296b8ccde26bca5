"""The input of projection methods and scores: a labelled source sentence and its translation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.align.aligner import Link
from xner_hf.spans import Span

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A source sentence with its entities, and its translation.

    Attributes:
        source: words of the source sentence.
        spans: its entities, which may overlap.
        target: words of the target sentence.
        links: word links of the pair; empty if the aligner finds none; None if markers projected the entities, so
            that there are no links.
        target_labels: label distributions of the target words, ``[words, 7]`` in the order of `NER_LABELS`; None
            without a target tagger.
        id: name of the row.
        source_language: ISO 639-3 code of the source sentence's language, if known.
        language: ISO 639-3 code of the target sentence's language, if known.
    """

    source: Sequence[str]
    spans: Sequence[Span]
    target: Sequence[str]
    links: Sequence[Link] | None
    target_labels: np.ndarray | None = None
    id: str = ""
    source_language: str | None = None
    language: str | None = None
