"""What projection methods and scores are given: a labelled source sentence and its translation."""

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
        links: word links of the pair; empty where the aligner gives none, None where there are none to go by, since
            markers carried the entities.
        target_labels: label distributions of the target words, ``[words, 7]`` in the order of `NER_LABELS`; None
            without a target tagger.
        id: name of the row.
        source_language: ISO 639-3 code of the source sentence's language, where it is known.
        language: that of the target sentence.
    """

    source: Sequence[str]
    spans: Sequence[Span]
    target: Sequence[str]
    links: Sequence[Link] | None
    target_labels: np.ndarray | None = None
    id: str = ""
    source_language: str | None = None
    language: str | None = None
