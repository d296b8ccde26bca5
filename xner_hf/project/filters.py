"""Filters of projections (Ebing & Glavaš 2025): which entities and which sentences are good enough to train on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xner_hf.align.base import Link
from xner_hf.errors import XnerError
from xner_hf.project.base import FILTERED, PROJECTED, ProjectedSpan, Projector, is_punctuation, lost
from xner_hf.spans import Span

if TYPE_CHECKING:
    import numpy as np

COMP_SRC = f"{FILTERED}:comp_src"
COMP_TGT = f"{FILTERED}:comp_tgt"
COMP_INS = f"{FILTERED}:comp_ins"
MIN_SOURCE_SCORE = f"{FILTERED}:min_source_score"
RESTRICT_TGT = f"{FILTERED}:restrict_tgt"
MIN_SCORE = f"{FILTERED}:min_score"

FILTER_REASONS = {
    COMP_SRC: "a word of a source entity is linked to nothing",
    COMP_TGT: "the words linked to a source entity are not contiguous",
    COMP_INS: "the two sides have different numbers of entities of some type",
}
"""Why a filter drops a sentence; where several do, the first of this order is named."""

FILTER_STATUSES = {
    MIN_SOURCE_SCORE: "the tagger's score of the source entity is too low",
    RESTRICT_TGT: "a source entity of one word would have become several words",
    MIN_SCORE: "the score of the projected span is too low",
}
"""Why a filter takes an entity away; where several do, the first of this order is named."""


@dataclass(frozen=True)
class FiltersConfig:
    """Settings of `Filters`; all are off by default."""

    comp_src: bool = field(
        default=False, metadata={"help": "every word of an entity must be linked, else the sentence is dropped"}
    )
    comp_tgt: bool = field(
        default=False,
        metadata={
            "help": "the words linked to an entity must be contiguous, else the sentence is dropped; "
            "punctuation in between is a gap"
        },
    )
    comp_ins: bool = field(
        default=False,
        metadata={"help": "as many target spans of every type as source entities, else the sentence is dropped"},
    )
    restrict_tgt: bool = field(
        default=False,
        metadata={"help": "a one-word entity is carried over to one word only; a longer span is removed"},
    )
    min_source_score: float = field(
        default=0.0, metadata={"help": "entities whose tagger score is below, in [0, 1], are not carried over"}
    )
    min_score: float = field(
        default=0.0, metadata={"help": "projected spans whose score is below, in [0, 1], are removed"}
    )

    def __post_init__(self) -> None:
        for name in ("min_source_score", "min_score"):
            if not 0 <= getattr(self, name) <= 1:
                raise XnerError(f"filters.{name} is {getattr(self, name)}; it lies in [0, 1], and 0 is off.")


class Filters:
    """Takes single entities away, or drops whole sentences.

    `min_source_score`, `restrict_tgt` and `min_score` take an entity away: its status becomes one of
    `FILTER_STATUSES`. `comp_src`, `comp_tgt` and `comp_ins` drop the sentence for one of `FILTER_REASONS`; they look
    only at the entities that take part, which are those that `min_source_score` leaves. A sentence in which none takes
    part passes.

    For `comp_src` every link counts. For `comp_tgt` links to punctuation do not, as in the projectors: punctuation
    between linked words is a gap though it be linked, and a link to it elsewhere does no harm.
    """

    def __init__(self, config: FiltersConfig):
        self.config = config

    def before(self, spans: Sequence[Span]) -> list[int]:
        """Return the numbers of the source entities that take part in the projection, ascending."""
        least = self.config.min_source_score
        return [number for number, span in enumerate(spans) if span.score >= least]

    def after(
        self,
        spans: Sequence[Span],
        target: Sequence[str],
        links: Sequence[Link] | None,
        fates: Sequence[ProjectedSpan],
        taking_part: Sequence[int],
    ) -> tuple[list[ProjectedSpan], str | None]:
        """Filter a projection of the entities that take part.

        Args:
            spans: all entities of the source sentence.
            target: the words of the target sentence.
            links: the links of the pair; None where it has none to go by, so that `comp_src` and `comp_tgt` pass.
            fates: what the projector returned for the entities that take part, which it numbers from 0.
            taking_part: what `before` returned.

        Returns:
            The fates of all source entities in the order of `spans`, by whose numbers ``source`` now goes, and the
            reason why the sentence is dropped, None when it passes. A dropped sentence keeps its fates.
        """
        kept = list(fates)
        if len(taking_part) < len(spans):
            kept = [fate._replace(source=taking_part[fate.source]) for fate in fates]
        if self.config.restrict_tgt or self.config.min_score > 0:
            kept = [self._filter(fate, spans[fate.source]) for fate in kept]
        reason = self._reason([spans[number] for number in taking_part], target, links, kept)
        if len(taking_part) < len(spans):
            removed = set(range(len(spans))).difference(taking_part)
            kept += [lost(spans[number], number, MIN_SOURCE_SCORE, spans[number].score) for number in removed]
            kept.sort(key=lambda fate: fate.source)
        return kept, reason

    def of_marked(
        self, spans: Sequence[Span], target: Sequence[str], marked: Sequence[ProjectedSpan]
    ) -> tuple[list[ProjectedSpan], str | None]:
        """Filter the entities that markers brought over, one for each of `spans`; returns as `after`."""
        taking_part = self.before(spans)
        by_source = {fate.source: fate for fate in marked}
        fates = [by_source[number]._replace(source=place) for place, number in enumerate(taking_part)]
        return self.after(spans, target, None, fates, taking_part)

    def _filter(self, fate: ProjectedSpan, span: Span) -> ProjectedSpan:
        if fate.status != PROJECTED:
            return fate
        if self.config.restrict_tgt and span.end - span.start == 1 < fate.end - fate.start:
            return fate._replace(start=-1, end=-1, status=RESTRICT_TGT)
        if fate.score < self.config.min_score:
            return fate._replace(start=-1, end=-1, status=MIN_SCORE)
        return fate

    def _reason(
        self,
        spans: Sequence[Span],
        target: Sequence[str],
        links: Sequence[Link] | None,
        fates: Sequence[ProjectedSpan],
    ) -> str | None:
        if self.config.comp_src and links is not None:
            linked = {link.source for link in links}
            if not all(linked.issuperset(range(span.start, span.end)) for span in spans):
                return COMP_SRC
        if self.config.comp_tgt and links is not None:
            content = [link for link in links if not is_punctuation(target[link.target])]
            for span in spans:
                words = {link.target for link in content if span.start <= link.source < span.end}
                if words and max(words) - min(words) >= len(words):
                    return COMP_TGT
        if self.config.comp_ins:
            projected = Counter(fate.label for fate in fates if fate.status == PROJECTED)
            if projected != Counter(span.label for span in spans):
                return COMP_INS
        return None


def project_filtered(
    projector: Projector,
    filters: Filters,
    source: Sequence[str],
    spans: Sequence[Span],
    target: Sequence[str],
    links: Sequence[Link],
    target_labels: np.ndarray | None = None,
) -> tuple[list[ProjectedSpan], str | None]:
    """Project a sentence through the filters.

    Args:
        projector: sees only the entities that take part, so that the others take no words from them.
        filters: what is applied before and after it.
        source: the words of the source sentence.
        spans: its entities.
        target: the words of the target sentence.
        links: the links of the pair.
        target_labels: label distributions of the target words, passed on to the projector.

    Returns:
        The fates of all source entities in the order of `spans`, and the reason why a filter drops the sentence
        (one of `FILTER_REASONS`), None when it passes.
    """
    taking_part = filters.before(spans)
    part = spans if len(taking_part) == len(spans) else [spans[number] for number in taking_part]
    fates = projector.project(source, part, target, links, target_labels)
    return filters.after(spans, target, links, fates, taking_part)
