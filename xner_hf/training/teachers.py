"""Teachers: source models that give word-level label distributions for a student.

Soft labels of one or several source models on unlabelled text of the target language (Wu et al. 2020). They are kept
per word, so that teacher and student may split words into different sub-words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING

from xner_hf.errors import XnerError
from xner_hf.pipeline.inputs import model_digest, model_versions
from xner_hf.pipeline.store import digest
from xner_hf.spans import NER_LABELS
from xner_hf.tag.model import ModelTagger
from xner_hf.training.similarity import SimilarityWeights

if TYPE_CHECKING:
    import numpy as np


class Teacher:
    """One token-classification checkpoint as a source of soft labels.

    Args:
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit.
        device: torch device; the GPU when there is one.
        labels: mapping of the model's entity types to PER, ORG, LOC or ``O``, as for `ModelTagger`.
        language: the language that the model was trained on; only needed for `SimilarityWeights`.

    Raises:
        XnerError: as for `ModelTagger`: the checkpoint is not available, or its labels cannot be mapped.
    """

    def __init__(
        self,
        model: str,
        revision: str | None = None,
        device: str | None = None,
        labels: Mapping[str, str] | None = None,
        language: str | None = None,
    ):
        self.model, self.revision, self.language = model, revision, language
        self._tagger = ModelTagger(model, revision, device, labels)

    def distributions(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Return the label distribution of every word of sentences: float32 ``[words, 7]``, labels as `NER_LABELS`.

        The row of a word without sub-words is zero.
        """
        return self._tagger.ner_distributions(sentences)

    def signature(self) -> str:
        """Return a digest of what affects the distributions: weights, mapping of labels, device and versions."""
        return digest(
            model_digest(self.model, self.revision),
            self._tagger.scheme.labels,
            self._tagger.device.type,
            model_versions(),
        )


class TeacherEnsemble:
    """Several teachers as one: the weighted mean of their distributions, ``p = sum_k w_k p_k`` (Wu et al. 2020).

    A word is averaged over the teachers with a distribution for it; their weights are scaled to sum to 1.

    Args:
        teachers: one or more.
        weights: ``uniform``, a number of 0 or more for every teacher (they are scaled to sum to 1), or
            `SimilarityWeights` over the languages of the teachers; teachers of one language share its weight equally.

    Raises:
        XnerError: no teacher, weights that do not match the teachers, or no weight above 0.
    """

    def __init__(self, teachers: Sequence[Teacher], weights: str | Sequence[float] | SimilarityWeights = "uniform"):
        self.teachers = list(teachers)
        if not self.teachers:
            raise XnerError("there is no teacher. Give one or more source models.")
        if isinstance(weights, SimilarityWeights):
            self._likeness: SimilarityWeights | None = weights
            self._shares = self._shares_of_languages(weights)
        else:
            self._likeness = None
            self._shares = [self._fixed(weights)]

    def weights(self, sentences: Sequence[Sequence[str]]) -> np.ndarray:
        """Return the weights of the teachers for sentences: float64 ``[sentences, teachers]``, rows sum to 1."""
        import numpy as np

        shares = np.array(self._shares)
        if self._likeness is None:
            return np.tile(shares, (len(sentences), 1))
        return self._likeness.weights(sentences) @ shares

    def distributions(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Return the mean distribution of every word of sentences: float32 ``[words, 7]``, labels as `NER_LABELS`.

        The row of a word is zero if no teacher with a weight above 0 has a distribution for it.
        """
        import numpy as np

        weights = self.weights(sentences)
        sums = [np.zeros((len(words), len(NER_LABELS))) for words in sentences]
        totals = [np.zeros((len(words), 1)) for words in sentences]
        for number, teacher in enumerate(self.teachers):
            for sentence, rows in enumerate(teacher.distributions(sentences)):
                share = weights[sentence, number] * rows.any(-1, keepdims=True)
                sums[sentence] += share * rows
                totals[sentence] += share
        return [
            np.divide(rows, total, out=np.zeros_like(rows), where=total > 0).astype(np.float32)
            for rows, total in zip(sums, totals, strict=True)
        ]

    def signature(self) -> str:
        """Return a digest of the teachers and their weights."""
        likeness = self._likeness.signature() if self._likeness else None
        return digest([teacher.signature() for teacher in self.teachers], self._shares, likeness)

    def _fixed(self, weights: str | Sequence[float]) -> list[float]:
        """Return fixed weights, scaled to sum to 1."""
        if isinstance(weights, str):
            if weights != "uniform":
                raise XnerError(
                    f"the weights of teachers are {weights!r}. Give 'uniform', a number for every teacher, or "
                    "SimilarityWeights."
                )
            weights = [1.0] * len(self.teachers)
        if len(weights) != len(self.teachers):
            raise XnerError(
                f"{len(weights)} weights for {len(self.teachers)} teachers. Give one weight for every teacher."
            )
        for teacher, weight in zip(self.teachers, weights, strict=True):
            if not isinstance(weight, Real) or not 0 <= weight < math.inf:
                raise XnerError(f"the weight of the teacher {teacher.model!r} is {weight!r}; give a number from 0 up.")
        total = float(sum(weights))
        if not total > 0:
            raise XnerError("the weights of all teachers are 0. Give one of them a weight above 0.")
        return [float(weight) / total for weight in weights]

    def _shares_of_languages(self, likeness: SimilarityWeights) -> list[list[float]]:
        """Return each teacher's share of the weight of each language, ``[languages, teachers]``."""
        own = [teacher.language for teacher in self.teachers]
        for teacher in self.teachers:
            if teacher.language not in likeness.languages:
                named = f"of the language {teacher.language!r}" if teacher.language else "without a language"
                raise XnerError(
                    f"the teacher {teacher.model!r} is {named}, and there is text of "
                    f"{', '.join(likeness.languages)}. Name its language, or give text of it."
                )
        for language in likeness.languages:
            if language not in own:
                raise XnerError(
                    f"there is text of {language!r}, but no teacher of that language. Leave the text out, or name the "
                    "teacher's language."
                )
        return [[(name == language) / own.count(language) for name in own] for language in likeness.languages]
