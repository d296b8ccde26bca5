"""Parsers as teachers: their arcs as soft labels, or their trees projected to a translation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xner_hf.corpora.sentence import Sentence
from xner_hf.errors import XnerError
from xner_hf.inference.annotator import Annotator
from xner_hf.pipeline.inputs import model_digest, model_versions
from xner_hf.pipeline.store import digest

if TYPE_CHECKING:
    import numpy as np


class ParserTeacher:
    """A student with a parser, as the teacher of another student.

    Args:
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit.
        device: torch device; the GPU when there is one.

    Attributes:
        relations: the relations of its parser, in its order.

    Raises:
        XnerError: the checkpoint is not available, or has no parser.
    """

    def __init__(self, model: str, revision: str | None = None, device: str | None = None):
        self.model, self.revision = model, revision
        self._annotator = Annotator(model, revision, device)
        if not self._annotator.relations:
            raise XnerError(f"the model {model!r} has no parser; give one that was trained with +parse.")
        self.relations = list(self._annotator.relations)

    def trees(self, sentences: Sequence[Sequence[str]]) -> list[dict[str, np.ndarray]]:
        """Return probabilities for every sentence: ``arcs`` ``[words, words + 1]``, ``relations`` ``[words, R]``."""
        return [
            {"arcs": one.arc_probabilities, "relations": one.relation_probabilities}
            for one in self._annotator.annotate(sentences, distributions=True)
        ]

    def parse(self, sentences: Sequence[Sequence[str]]) -> list[Sentence]:
        """Return the sentences with their likeliest trees; ids are their numbers."""
        return [
            Sentence(str(number), list(words), heads=one.heads, relations=one.relations)
            for number, (words, one) in enumerate(zip(sentences, self._annotator.annotate(sentences), strict=True))
        ]

    def signature(self) -> str:
        """Return a digest of everything that affects the probabilities: weights, device and versions."""
        return digest(model_digest(self.model, self.revision), self._annotator.device.type, model_versions())
