"""What every method of candidate matching shares: the candidates, and the fates after the solver has chosen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from xner_hf.align.base import Link
from xner_hf.errors import XnerError, nearest
from xner_hf.project.base import CONFLICT, LOW_SCORE, PROJECTED, UNALIGNED, ProjectedSpan, is_punctuation, lost
from xner_hf.project.solvers import SOLVERS
from xner_hf.settings import check_model
from xner_hf.spans import NER_LABELS, Span, spans_from_iob2

if TYPE_CHECKING:
    import numpy as np

SOURCES = ("ngram", "tagger", "both")
"""Where candidates come from: all word n-grams, the spans that a tagger finds in the target sentence, or both."""

CHOICES = {
    "max_words": {"help": "longest candidate in words; 10 covers 99 % of entities"},
    "candidates": {"help": f"{' | '.join(SOURCES)}: all word n-grams, or the spans that target_tagger predicts"},
    "solver": {"help": f"{' | '.join(SOLVERS)}: how entities and candidates are matched"},
    "target_tagger": {"help": "token-classification checkpoint that is applied to the target side; none by default"},
    "substring": {"help": "a word may hold the name with affixes (agglutinating languages); the span is the word"},
}
"""Help texts of the settings that all methods of candidate matching have."""


def check_choices(max_words: int, candidates: str, solver: str, target_tagger: str | None) -> None:
    """Check the settings that all methods of candidate matching have.

    Raises:
        XnerError: a value is unknown or out of range.
    """
    check_model(target_tagger, "projector.target_tagger")
    if max_words < 1:
        raise XnerError(f"projector.max_words is {max_words}; it is 1 or more.")
    for name, value, known in (("candidates", candidates, SOURCES), ("solver", solver, tuple(SOLVERS))):
        if value not in known:
            raise XnerError(f"projector.{name} is {value!r}.{nearest(value, list(known))} Known: {', '.join(known)}.")
    if candidates != "ngram" and not target_tagger:
        raise XnerError(f"projector.candidates {candidates!r} needs a tagger of the target side; give target_tagger.")


class _Choices(Protocol):
    max_words: int
    candidates: str
    solver: str


class CandidateMatcher(ABC):
    """Candidate matching with the scores of a subclass.

    Args:
        config: settings with those of `CHOICES`.
        threshold: the null threshold: an entity is left unprojected unless a candidate scores above it.
    """

    def __init__(self, config: _Choices, threshold: float):
        self._choices = config
        self._threshold = threshold

    def project(
        self,
        source: Sequence[str],
        spans: Sequence[Span],
        target: Sequence[str],
        links: Sequence[Link],
        target_labels: np.ndarray | None = None,
    ) -> list[ProjectedSpan]:
        if not spans:
            return []
        own = self._choices
        starts, ends = candidate_spans(target, own.max_words, own.candidates, target_labels)
        scores = self._scores(source, spans, target, links, target_labels, starts, ends)
        return match(spans, scores, starts, ends, self._threshold, own.solver)

    @abstractmethod
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
    """Match entities with candidates and return the fate of every entity.

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
    fates: list[ProjectedSpan] = []
    for number, (span, candidate) in enumerate(zip(spans, chosen, strict=True)):
        if candidate >= 0:
            start, end = int(starts[candidate]), int(ends[candidate])
            fates.append(ProjectedSpan(start, end, span.label, float(scores[number, candidate]), number, PROJECTED))
            continue
        favourite = int(scores[number].argmax())
        best, start, end = float(scores[number, favourite]), starts[favourite], ends[favourite]
        # Solvers that prefer short spans pass over a score that is above the threshold by a rounding error.
        if best > threshold and any(begin < end and start < stop for begin, stop in taken):
            fates.append(lost(span, number, CONFLICT, best))
        else:
            fates.append(lost(span, number, LOW_SCORE if best > 0 else UNALIGNED, best))
    return fates


def texts(words: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> list[str]:
    """Return the words of every span joined by spaces."""
    return [" ".join(words[a:b]) for a, b in zip(starts, ends, strict=True)]


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
