"""Filters of projections (Ebing & Glavaš 2025): which entities and which sentences are good enough to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from xner_hf.align.base import Link
from xner_hf.errors import XnerError, nearest
from xner_hf.project.base import FILTERED, PROJECTED, ProjectedSpan, Projector, lost
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import Method, methods
from xner_hf.settings import check_settings
from xner_hf.spans import Span


class Filter(Method):
    """Base class of a filter: its settings, and what it lets pass. A subclass overrides one of the three methods.

    Attributes:
        meaning: why it takes an entity away, or drops a sentence, for reports.
        drops_sentence: whether it drops whole sentences.
        order: where several filters would act, the one with the smallest is named.
    """

    meaning: ClassVar[str]
    drops_sentence: ClassVar[bool] = False
    order: ClassVar[int] = 10

    @property
    def is_on(self) -> bool:
        """Whether the settings ask for this filter: whether any differs from its default."""
        return any(getattr(self, one.name) != one.default for one in fields(self))  # type: ignore[arg-type]

    def takes_part(self, span: Span) -> bool:
        """Whether a source entity takes part in the projection."""
        return True

    def keeps(self, projected: ProjectedSpan, span: Span) -> bool:
        """Whether the projection of a source entity is kept."""
        return True

    def keeps_sentence(
        self,
        spans: Sequence[Span],
        target: Sequence[str],
        links: Sequence[Link] | None,
        projected: Sequence[ProjectedSpan],
    ) -> bool:
        """Whether a sentence is kept.

        Args:
            spans: the source entities that take part.
            target: words of the target sentence.
            links: links of the pair; None where markers carried the entities.
            projected: what became of the entities.
        """
        return True


def _filters() -> list[type[Filter]]:
    return sorted(methods("filter").values(), key=lambda one: one.order)


def filter_meanings(drop_sentences: bool) -> dict[str, str]:
    """Return why filters drop sentences, or take entities away, by the reason or status that rows have."""
    found = [one for one in _filters() if one.drops_sentence == drop_sentences]
    return {f"{FILTERED}:{one.registered_as}": one.meaning for one in found}


@dataclass(frozen=True, init=False)
class FiltersConfig:
    """Settings of all registered filters; every filter is off by default.

    Args:
        **settings: any of them, such as ``min_score=0.5``.

    Raises:
        XnerError: a setting is unknown, or its value does not fit.
    """

    settings: dict[str, Any]

    def __init__(self, **settings: Any):
        known = {one.name: one.default for kind in _filters() for one in fields(kind)}  # type: ignore[arg-type]
        for key in settings:
            if key not in known:
                raise XnerError(f"there is no filter {key!r}.{nearest(key, list(known))} Known: {', '.join(known)}.")
        given = {**known, **settings}
        for kind in _filters():
            own = {one.name: given[one.name] for one in fields(kind)}  # type: ignore[arg-type]
            check_settings(own, kind, "the recipe's filters")
            given |= own
            kind(**own)
        object.__setattr__(self, "settings", given)

    def filters(self) -> list[Filter]:
        """Return the filters that are on."""
        made = [kind(**{one.name: self.settings[one.name] for one in fields(kind)}) for kind in _filters()]  # type: ignore[arg-type]
        return [one for one in made if one.is_on]


class Filters:
    """Takes single entities away, or drops whole sentences.

    An entity that a filter takes away has the status ``filtered:NAME``; a sentence that one drops has the reason
    ``filtered:NAME``. Filters of sentences look only at the entities that take part. A sentence in which none takes
    part passes.
    """

    def __init__(self, config: FiltersConfig):
        self._filters = config.filters()

    def before(self, spans: Sequence[Span]) -> list[int]:
        """Return the numbers of the source entities that take part in the projection, ascending."""
        return [number for number, span in enumerate(spans) if all(one.takes_part(span) for one in self._filters)]

    def after(
        self,
        spans: Sequence[Span],
        target: Sequence[str],
        links: Sequence[Link] | None,
        projected: Sequence[ProjectedSpan],
        taking_part: Sequence[int],
    ) -> tuple[list[ProjectedSpan], str | None]:
        """Filter a projection of the entities that take part.

        Args:
            spans: all entities of the source sentence.
            target: the words of the target sentence.
            links: the links of the pair; None where markers carried the entities: filters of links then pass.
            projected: what the projector returned for the entities that take part, which it numbers from 0.
            taking_part: what `before` returned.

        Returns:
            What became of all source entities, in the order of `spans`, whose numbers ``source`` now gives; and the
            reason why the sentence is dropped, None when it passes. A dropped sentence keeps its entities.
        """
        kept = [self._filtered(one._replace(source=taking_part[one.source]), spans) for one in projected]
        part = [spans[number] for number in taking_part]
        dropping = (one for one in self._filters if not one.keeps_sentence(part, target, links, kept))
        reason = next((f"{FILTERED}:{one.registered_as}" for one in dropping), None)
        for number in sorted(set(range(len(spans))).difference(taking_part)):
            span = spans[number]
            refusing = next(one for one in self._filters if not one.takes_part(span))
            kept.append(lost(span, number, f"{FILTERED}:{refusing.registered_as}", span.score))
        return sorted(kept, key=lambda one: one.source), reason

    def of_marked(
        self, spans: Sequence[Span], target: Sequence[str], marked: Sequence[ProjectedSpan]
    ) -> tuple[list[ProjectedSpan], str | None]:
        """Filter the entities that markers brought over, one for each of `spans`; returns as `after`."""
        taking_part = self.before(spans)
        by_source = {one.source: one for one in marked}
        projected = [by_source[number]._replace(source=place) for place, number in enumerate(taking_part)]
        return self.after(spans, target, None, projected, taking_part)

    def _filtered(self, projected: ProjectedSpan, spans: Sequence[Span]) -> ProjectedSpan:
        if projected.status != PROJECTED:
            return projected
        span = spans[projected.source]
        refusing = next((one for one in self._filters if not one.keeps(projected, span)), None)
        if refusing is None:
            return projected
        return projected._replace(start=-1, end=-1, status=f"{FILTERED}:{refusing.registered_as}")


def project_filtered(
    projector: Projector, filters: Filters, pair: SentencePair
) -> tuple[list[ProjectedSpan], str | None]:
    """Project a sentence through the filters.

    Args:
        projector: sees only the entities that take part, so that the others take no words from them.
        filters: what is applied before and after it.
        pair: the sentence pair.

    Returns:
        What became of all source entities, in the order of ``pair.spans``, and the reason why a filter drops the
        sentence, None when it passes.
    """
    taking_part = filters.before(pair.spans)
    part = pair
    if len(taking_part) < len(pair.spans):
        part = replace(pair, spans=[pair.spans[number] for number in taking_part])
    return filters.after(pair.spans, pair.target, pair.links, projector.project(part), taking_part)
