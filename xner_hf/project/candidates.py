"""Candidate matching (Politov et al. 2025): candidate spans x scores x a solver that matches them to the entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from xner_hf.align.base import Link
from xner_hf.errors import XnerError
from xner_hf.project.base import (
    CONFLICT,
    LOW_SCORE,
    PROJECTED,
    UNALIGNED,
    ProjectedSpan,
    is_punctuation,
    lost,
)
from xner_hf.project.scores import alignment_score, fold, surface_score
from xner_hf.project.solvers import solve_greedy
from xner_hf.spans import Span

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class CandidatesConfig:
    """Settings of `CandidateProjector`; defaults chosen on MasakhaNER2 validation sentences (docs/results.md)."""

    max_words: int = field(default=10, metadata={"help": "longest candidate in words; 10 covers 99 % of entities"})
    alignment_weight: float = field(
        default=0.7, metadata={"help": "factor of the alignment score, in [0, 1]; 0 leaves it out"}
    )
    min_surface: float = field(
        default=0.85, metadata={"help": "surface similarities below this count as 0; above 1 leaves them out"}
    )
    null_threshold: float = field(
        default=0.4, metadata={"help": "an entity is left unprojected unless a candidate scores above this"}
    )

    def __post_init__(self) -> None:
        if self.max_words < 1:
            raise XnerError(f"projector.max_words is {self.max_words}; it is 1 or more.")
        if self.min_surface < 0:
            raise XnerError(f"projector.min_surface is {self.min_surface}; it is 0 or more.")
        for name in ("alignment_weight", "null_threshold"):
            if not 0 <= getattr(self, name) <= 1:
                raise XnerError(f"projector.{name} is {getattr(self, name)}; it lies in [0, 1].")


class CandidateProjector:
    """Matches entities with word n-grams of the target sentence.

    A candidate neither begins nor ends with punctuation. Its score for an entity is the larger of the surface
    similarity, where that is at least `min_surface`, and `alignment_weight` times the alignment score: a copied name
    is better evidence than any statistical link, and a link is better than nothing where the name was translated.
    Entities and candidates are matched greedily, no word twice; ties go to the shorter, then the leftmost candidate.
    """

    def __init__(self, config: CandidatesConfig):
        self.config = config

    def project(
        self, source: Sequence[str], spans: Sequence[Span], target: Sequence[str], links: Sequence[Link]
    ) -> list[ProjectedSpan]:
        if not spans:
            return []
        starts, ends = self._candidates(target)
        if not len(starts):
            return [lost(span, number, UNALIGNED) for number, span in enumerate(spans)]
        scores = self._scores(source, spans, target, links, starts, ends)
        chosen = solve_greedy(scores, starts, ends, self.config.null_threshold)
        best = scores.max(axis=1)
        fates: list[ProjectedSpan] = []
        for number, span in enumerate(spans):
            candidate = chosen[number]
            if candidate >= 0:
                start, end = int(starts[candidate]), int(ends[candidate])
                score = float(scores[number, candidate])
                fates.append(ProjectedSpan(start, end, span.label, score, number, PROJECTED))
            elif best[number] > self.config.null_threshold:
                fates.append(lost(span, number, CONFLICT, float(best[number])))
            else:
                fates.append(lost(span, number, LOW_SCORE if best[number] > 0 else UNALIGNED, float(best[number])))
        return fates

    def _candidates(self, target: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        starts, ends = _ngrams(len(target), self.config.max_words)
        border = np.fromiter((not is_punctuation(word) for word in target), dtype=bool, count=len(target))
        keep = border[starts] & border[ends - 1]
        return starts[keep], ends[keep]

    def _scores(
        self,
        source: Sequence[str],
        spans: Sequence[Span],
        target: Sequence[str],
        links: Sequence[Link],
        starts: np.ndarray,
        ends: np.ndarray,
    ) -> np.ndarray:
        import numpy as np

        scores = self.config.alignment_weight * alignment_score(spans, links, starts, ends)
        if self.config.min_surface <= 1:
            entities = [" ".join(map(fold, source[span.start : span.end])) for span in spans]
            words = [fold(word) for word in target]
            texts = [" ".join(words[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
            surface = surface_score(entities, texts)
            np.maximum(scores, np.where(surface >= self.config.min_surface, surface, 0.0), out=scores)
        return scores


@lru_cache(maxsize=1024)
def _ngrams(length: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of all n-grams of a sentence, shorter first, then from left to right."""
    import numpy as np

    sizes = range(1, min(length, longest) + 1)
    starts = np.concatenate([np.arange(length - size + 1) for size in sizes] or [np.zeros(0, dtype=int)])
    ends = starts + np.repeat(np.array(sizes, dtype=int), [length - size + 1 for size in sizes])
    return starts, ends
