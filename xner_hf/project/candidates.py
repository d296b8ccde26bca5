"""Candidate matching (Politov et al. 2025): candidate spans x scores x a solver that matches them to the entities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xner_hf.align.base import Link
from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.parallel import splitting_rule
from xner_hf.errors import XnerError
from xner_hf.project.matching import CHOICES, CandidateMatcher, check_choices, texts
from xner_hf.project.scores import affixed_score, alignment_score, fold, surface_score, tagger_score
from xner_hf.settings import check_model
from xner_hf.spans import Span
from xner_hf.translate.likelihood import LikelihoodScorer, load_scorer, translation_score

if TYPE_CHECKING:
    import numpy as np


TIE = 1e-9
"""What tells alignment scores from 1 apart, at most."""

SCORED = 10
"""Candidates of an entity that get a translation score."""


@dataclass(frozen=True)
class CandidatesConfig:
    """Settings of `CandidateProjector`; defaults chosen on MasakhaNER2 validation sentences (docs/results.md)."""

    max_words: int = field(default=10, metadata=CHOICES["max_words"])
    candidates: str = field(default="ngram", metadata=CHOICES["candidates"])
    alignment_weight: float = field(
        default=0.5, metadata={"help": "factor of the alignment score, in [0, 1]; 0 leaves it out"}
    )
    weighted: bool = field(
        default=True, metadata={"help": "links count by their probability; off: each as one, as in the paper"}
    )
    min_surface: float = field(
        default=0.85, metadata={"help": "surface similarities below this count as 0; above 1 leaves them out"}
    )
    substring: bool = field(default=False, metadata=CHOICES["substring"])
    target_tagger: str | None = field(default=None, metadata=CHOICES["target_tagger"])
    tagger_weight: float = field(
        default=0.5, metadata={"help": "factor of the target tagger's score, in [0, 1], where there is one"}
    )
    translation_model: str | None = field(
        default=None,
        metadata={
            "help": "many-to-many translator whose likelihoods score the best candidates (NMTScore); none by default"
        },
    )
    translation_languages: Sequence[str] = field(
        default=(), metadata={"help": "ISO 639-3 codes of source and target; a recipe fills them in"}
    )
    translation_weight: float = field(
        default=1.0, metadata={"help": "factor of the translation score, in [0, 1], where there is one"}
    )
    null_threshold: float = field(
        default=0.4, metadata={"help": "an entity is left unprojected unless a candidate scores above this"}
    )
    solver: str = field(default="exact", metadata=CHOICES["solver"])

    def __post_init__(self) -> None:
        check_choices(self.max_words, self.candidates, self.solver, self.target_tagger)
        check_model(self.translation_model, "projector.translation_model")
        if self.min_surface < 0:
            raise XnerError(f"projector.min_surface is {self.min_surface}; it is 0 or more.")
        if self.translation_model and len(self.translation_languages) != 2:
            raise XnerError(
                "projector.translation_languages has to name two languages, source and target, such as [eng, hau]."
            )
        for name in ("alignment_weight", "tagger_weight", "translation_weight", "null_threshold"):
            if not 0 <= getattr(self, name) <= 1:
                raise XnerError(f"projector.{name} is {getattr(self, name)}; it lies in [0, 1].")


class CandidateProjector(CandidateMatcher):
    """Matches entities with spans of the target sentence.

    A candidate's score for an entity is the largest of the surface similarity, where that is at least `min_surface`,
    `alignment_weight` times the alignment score, `tagger_weight` times the score of the target tagger, and
    `translation_weight` times the translation score: a copied name is better evidence than any statistical link, and a
    link is better than nothing where the name was translated. Translation scores are slow, so only the `SCORED`
    candidates of an entity that look best otherwise get one.
    """

    def __init__(self, config: CandidatesConfig):
        super().__init__(config, config.null_threshold)
        self.config = config
        self._scorer: LikelihoodScorer | None = None

    def _scores(
        self,
        source: Sequence[str],
        spans: Sequence[Span],
        target: Sequence[str],
        links: Sequence[Link],
        labels: np.ndarray | None,
        starts: np.ndarray,
        ends: np.ndarray,
    ) -> np.ndarray:
        import numpy as np

        own = self.config
        scores = alignment_score(spans, links, starts, ends, own.weighted, cut=False)
        # Of an entity's candidates that reach 1 the one with most links wins, as in the paper, and not the shortest.
        # Beside the other scores they count as 1.
        most = scores.max(axis=1, initial=1.0, keepdims=True)
        scores = own.alignment_weight * np.where(scores >= 1, 1 - TIE * (1 - scores / most), scores)
        entities = texts([fold(word) for word in source], [s.start for s in spans], [s.end for s in spans])
        found = texts([fold(word) for word in target], starts.tolist(), ends.tolist())
        similar = np.zeros_like(scores)
        if own.min_surface <= 1 or own.translation_model:
            similar = surface_score(entities, found)
        if own.min_surface <= 1:
            surface = similar
            if own.substring:
                sizes = np.array([span.end - span.start for span in spans])
                surface = np.maximum(similar, affixed_score(entities, found, sizes, ends - starts))
            np.maximum(scores, np.where(surface >= own.min_surface, surface, 0.0), out=scores)
        if labels is not None and own.tagger_weight:
            np.maximum(scores, own.tagger_weight * tagger_score(spans, labels, starts, ends), out=scores)
        if own.translation_model and len(starts):
            translated = self._translation(source, spans, target, starts, ends, scores + similar)
            np.maximum(scores, own.translation_weight * translated, out=scores)
        return scores

    def _translation(
        self,
        source: Sequence[str],
        spans: Sequence[Span],
        target: Sequence[str],
        starts: np.ndarray,
        ends: np.ndarray,
        promise: np.ndarray,
    ) -> np.ndarray:
        """Return the translation scores of the candidates that promise most."""
        import numpy as np

        if self._scorer is None:
            self._scorer = load_scorer(self.config.translation_model, *self.config.translation_languages)
        wanted = np.zeros(promise.shape, dtype=bool)
        best = np.argsort(-promise, axis=1, kind="stable")[:, :SCORED]
        np.put_along_axis(wanted, best, True, axis=1)
        rules = [splitting_rule(code) for code in self.config.translation_languages]
        entities = [detokenise(source[span.start : span.end], rules[0]) for span in spans]
        found = [detokenise(target[a:b], rules[1]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        return translation_score(entities, found, self._scorer, wanted)
