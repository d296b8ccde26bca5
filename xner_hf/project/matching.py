"""Shared by all methods of candidate matching: settings, candidates, and the status of every entity."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from xner_hf.errors import XnerError
from xner_hf.project.projector import CONFLICT, LOW_SCORE, PROJECTED, UNALIGNED, ProjectedSpan, is_punctuation, lost
from xner_hf.project.scores import Candidates
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.project.solvers import SOLVERS
from xner_hf.registry import MODEL, Input, Method
from xner_hf.settings import check_model, setting
from xner_hf.spans import NER_LABELS, Span, spans_from_iob2

if TYPE_CHECKING:
    import numpy as np

SOURCES = ("ngram", "tagger", "both")
"""Where candidates come from: all word n-grams, the spans that a tagger finds in the target sentence, or both."""


@dataclass(frozen=True)
class MatchingConfig(Method):
    """Settings that all methods of candidate matching have."""

    citations = ("politov-etal-2025",)
    packages = ("rapidfuzz", "scipy")
    section = "projector"

    max_words: int = setting(10, "longest candidate in words; 10 covers 99 % of entities", within="[1, inf)")
    candidates: str = setting(
        "ngram", "spans that may be matched: all word n-grams, or those that target_tagger predicts", choices=SOURCES
    )
    target_tagger: str | None = setting(
        None, "token-classification checkpoint that is applied to the target side; none by default"
    )
    solver: str = setting("exact", "how entities and candidates are matched", choices=SOLVERS)

    def __post_init__(self) -> None:
        check_model(self.target_tagger, "projector.target_tagger")
        super().__post_init__()
        if self.candidates != "ngram" and not self.target_tagger:
            raise XnerError(
                f"projector.candidates {self.candidates!r} needs a tagger of the target side; give target_tagger."
            )

    def inputs(self) -> Iterator[Input]:
        if self.target_tagger:
            yield Input(MODEL, self.target_tagger, "target_tagger")
        yield from super().inputs()


class CandidateMatcher(ABC):
    """Candidate matching with the scores of a subclass.

    Args:
        config: the settings.
        threshold: the null threshold: an entity is left unprojected unless a candidate scores above it.
    """

    def __init__(self, config: MatchingConfig, threshold: float):
        self._choices = config
        self._threshold = threshold

    def project(self, pair: SentencePair) -> list[ProjectedSpan]:
        if not pair.spans:
            return []
        own = self._choices
        candidates = Candidates(*candidate_spans(pair.target, own.max_words, own.candidates, pair.target_labels))
        return match(pair.spans, self._scores(pair, candidates), *candidates, self._threshold, own.solver)

    @abstractmethod
    def _scores(self, pair: SentencePair, candidates: Candidates) -> np.ndarray:
        """Return the score of every candidate for every entity, ``[entities, candidates]`` in [0, 1]."""


def candidate_spans(
    target: Sequence[str], longest: int, source: str, labels: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of the candidates, shorter first, then from left to right.

    A candidate neither begins nor ends with punctuation.

    Args:
        target: words of the target sentence.
        longest: words of the longest n-gram.
        source: one of `SOURCES`; a span that the tagger predicts may be longer than `longest`.
        labels: label distributions of the target words ``[words, 7]`` in the order of `NER_LABELS`, where the target
            side was tagged.

    Raises:
        XnerError: the tagger's spans are asked for, but there are no labels, or not one row for every word.
    """
    import numpy as np

    starts, ends = _ngrams(len(target), longest)
    border = np.fromiter((not is_punctuation(word) for word in target), dtype=bool, count=len(target))
    keep = border[starts] & border[ends - 1]
    if source != "ngram":
        found = {(span.start, span.end) for span in _predicted(labels, len(target))}
        if source == "tagger":
            inside = np.fromiter(
                ((a, b) in found for a, b in zip(starts.tolist(), ends.tolist(), strict=True)), bool, len(starts)
            )
            keep &= inside
        long = sorted((b - a, a) for a, b in found if b - a > longest and border[a] and border[b - 1])
        starts = np.concatenate([starts[keep], np.array([a for _, a in long], dtype=starts.dtype)])
        ends = np.concatenate([ends[keep], np.array([a + n for n, a in long], dtype=ends.dtype)])
        return starts, ends
    return starts[keep], ends[keep]


def match(
    spans: Sequence[Span], scores: np.ndarray, starts: np.ndarray, ends: np.ndarray, threshold: float, solver: str
) -> list[ProjectedSpan]:
    """Match entities with candidates and return the status of every entity.

    Args:
        spans: source entities.
        scores: ``[entities, candidates]`` in [0, 1].
        starts: first words of the candidates.
        ends: ends (exclusive) of the candidates.
        threshold: the null threshold: scores at or below it are never taken.
        solver: a key of `SOLVERS`.

    Raises:
        XnerError: a score is negative or not finite.
    """
    if not len(starts):
        return [lost(span, number, UNALIGNED) for number, span in enumerate(spans)]
    chosen = SOLVERS[solver](scores, starts, ends, threshold)
    taken = [(int(starts[candidate]), int(ends[candidate])) for candidate in chosen if candidate >= 0]
    found: list[ProjectedSpan] = []
    for number, (span, candidate) in enumerate(zip(spans, chosen, strict=True)):
        if candidate >= 0:
            start, end = int(starts[candidate]), int(ends[candidate])
            found.append(ProjectedSpan(start, end, span.label, float(scores[number, candidate]), number, PROJECTED))
            continue
        favourite = int(scores[number].argmax())
        best, start, end = float(scores[number, favourite]), starts[favourite], ends[favourite]
        # Solvers that prefer short spans pass over a score that is above the threshold by a rounding error.
        if best > threshold and any(begin < end and start < stop for begin, stop in taken):
            found.append(lost(span, number, CONFLICT, best))
        else:
            found.append(lost(span, number, LOW_SCORE if best > 0 else UNALIGNED, best))
    return found


def _predicted(labels: np.ndarray | None, words: int) -> list[Span]:
    if labels is None:
        raise XnerError("candidates of a tagger need the label distributions of the target words; give target_labels.")
    if labels.shape != (words, len(NER_LABELS)):
        raise XnerError(
            f"target_labels has the shape {list(labels.shape)}; a target sentence of {words} words needs "
            f"[{words}, {len(NER_LABELS)}], with the columns {' '.join(NER_LABELS)}."
        )
    return spans_from_iob2([NER_LABELS[number] for number in labels.argmax(-1)])


@lru_cache(maxsize=1024)
def _ngrams(length: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return starts and ends of all n-grams of a sentence, shorter first, then from left to right."""
    import numpy as np

    sizes = range(1, min(length, longest) + 1)
    starts = np.concatenate([np.arange(length - size + 1) for size in sizes] or [np.zeros(0, dtype=int)])
    ends = starts + np.repeat(np.array(sizes, dtype=int), [length - size + 1 for size in sizes])
    return starts, ends
