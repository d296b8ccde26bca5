"""Candidate matching (Politov et al. 2025): candidate spans x scores x a solver that matches them to the entities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.project.matching import CandidateMatcher, MatchingConfig
from xner_hf.project.scores import Candidates
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import register
from xner_hf.settings import setting

if TYPE_CHECKING:
    import numpy as np


@register("projector", "candidates")
@dataclass(frozen=True)
class CandidatesConfig(MatchingConfig):
    """Matches entities with candidate spans by their best score (Politov et al. 2025).

    Defaults were chosen on MasakhaNER2 validation sentences (docs/results.md).

    The settings of all registered scores are settings of this method too.
    """

    parts = "score"

    null_threshold: float = setting(
        0.4, "an entity is left unprojected unless a candidate scores above this", within="[0, 1]"
    )

    def make(self) -> CandidateProjector:
        return CandidateProjector(self)


class CandidateProjector(CandidateMatcher):
    """Matches entities with spans of the target sentence.

    A candidate's score for an entity is the largest of its registered scores (`xner_hf.project.scores`), each times
    its weight: a copied name is better evidence than any statistical link, and a link is better than nothing where the
    name was translated.
    """

    def __init__(self, config: CandidatesConfig):
        super().__init__(config, config.null_threshold)
        self.config = config
        self._scorers = [score.make() for score in config.part_settings()]

    def _scores(self, pair: SentencePair, candidates: Candidates) -> np.ndarray:
        import numpy as np

        best = np.zeros((len(pair.spans), len(candidates.starts)))
        for number, scorer in enumerate(self._scorers):
            found = scorer(pair, candidates, best)
            best = np.maximum(best, found) if number else found  # `match` refuses a score below 0
        return best
