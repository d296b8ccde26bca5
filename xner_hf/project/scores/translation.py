"""Translation score: probability that a candidate is the entity's translation, by a translator (NMTScore)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.parallel import splitting_rule
from xner_hf.errors import XnerError
from xner_hf.project.scores import Candidates, Score
from xner_hf.project.scores.surface import folded_texts, surface_score
from xner_hf.registry import MODEL, MODEL_PACKAGES, Input, register
from xner_hf.settings import check_model, setting
from xner_hf.translate.likelihood import LikelihoodScorer, load_scorer, translation_score

if TYPE_CHECKING:
    import numpy as np

    from xner_hf.project.sentence_pair import SentencePair

SCORED = 10
"""Candidates of an entity that get a translation score."""


@register("score", "translation")
@dataclass(frozen=True)
class TranslationScore(Score):
    """Asks a translator how likely the candidate translates the entity (NMTScore)."""

    order = 20
    citations = ("vamvas-sennrich-2022",)

    translation_model: str | None = setting(
        None, "many-to-many translator whose likelihoods score the best candidates (NMTScore); none by default"
    )
    translation_languages: Sequence[str] = setting((), "ISO 639-3 codes of source and target; a recipe fills them in")
    translation_weight: float = setting(1.0, "factor of the translation score, where there is one", within="[0, 1]")

    def __post_init__(self) -> None:
        check_model(self.translation_model, "projector.translation_model")
        if self.translation_model and len(self.translation_languages) != 2:
            raise XnerError(
                "projector.translation_languages must name two languages, source and target, such as [eng, hau]."
            )
        super().__post_init__()

    @property
    def is_on(self) -> bool:
        return self.translation_model is not None

    @property
    def packages(self) -> tuple[str, ...]:  # type: ignore[override]
        return MODEL_PACKAGES if self.is_on else ()

    def inputs(self) -> Iterator[Input]:
        if self.translation_model:
            yield Input(MODEL, self.translation_model, "translation_model")

    def make(self) -> TranslationScorer:
        return TranslationScorer(self)


class TranslationScorer:
    """Scores only the `SCORED` candidates of every entity with the best other scores, since it is slow."""

    def __init__(self, config: TranslationScore):
        self.config = config
        self._scorer: LikelihoodScorer | None = None

    def __call__(self, pair: SentencePair, candidates: Candidates, best: np.ndarray) -> np.ndarray:
        import numpy as np

        starts, ends = candidates
        if not len(starts):
            return best
        if self._scorer is None:
            self._scorer = load_scorer(self.config.translation_model, *self.config.translation_languages)
        promise = best + surface_score(*folded_texts(pair, candidates))
        wanted = np.zeros(promise.shape, dtype=bool)
        first = np.argsort(-promise, axis=1, kind="stable")[:, :SCORED]
        np.put_along_axis(wanted, first, True, axis=1)
        rules = [splitting_rule(code) for code in self.config.translation_languages]
        entities = [detokenise(pair.source[span.start : span.end], rules[0]) for span in pair.spans]
        found = [detokenise(pair.target[a:b], rules[1]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        return self.config.translation_weight * translation_score(entities, found, self._scorer, wanted)
