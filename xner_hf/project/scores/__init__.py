"""Scores of candidate matching: how well a span of the target sentence fits an entity, one file each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple, Protocol

from xner_hf.registry import Method

if TYPE_CHECKING:
    import numpy as np

    from xner_hf.project.sentence_pair import SentencePair


class Candidates(NamedTuple):
    """Spans of the target sentence that may be entities, int64 arrays ``[candidates]``: ``starts`` and ``ends``."""

    starts: np.ndarray
    ends: np.ndarray


class Scorer(Protocol):
    """Scores the candidates of sentence pairs."""

    def __call__(self, pair: SentencePair, candidates: Candidates, best: np.ndarray) -> np.ndarray:
        """Return the score of every candidate for every entity of the pair, ``[entities, candidates]`` in [0, 1].

        Args:
            pair: the sentence pair; a score may read any of it.
            candidates: the candidates.
            best: the largest score so far of every cell, ``[entities, candidates]``.
        """
        ...


class Score(Method, ABC):
    """Base class of the settings of a score, which become settings of the projection method ``candidates``.

    The largest score of a candidate counts. Names of settings must be unique among scores. A slow score has a larger
    `order`: it runs late, and may score only the best candidates.
    """

    @abstractmethod
    def make(self) -> Scorer:
        """Return the scorer."""
