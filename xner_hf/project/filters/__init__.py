"""Filters of projections (Ebing & Glavaš 2025): they remove entities and sentences of low quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar

from xner_hf.project.projector import FILTERED, PROJECTED, ProjectedSpan, Projector, lost
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import Method, methods, with_parts
from xner_hf.settings import check_settings
from xner_hf.spans import Span


class Filter(Method):
    """Base class of a filter: its settings, and what it lets pass. A subclass overrides one of the three methods.

    Where several filters would act, the one with the smallest `order` is named.

    Attributes:
        meaning: why it removes an entity, or drops a sentence, for reports.
        drops_sentence: whether it drops whole sentences.
    """

    meaning: ClassVar[str]
    drops_sentence: ClassVar[bool] = False

    @property
    def is_on(self) -> bool:
        """Whether the settings ask for this filter: whether any differs from its default."""
        return any(getattr(self, one.name) != one.default for one in fields(self))  # type: ignore[arg-type]

    @property
    def name(self) -> str:
        """The status or reason of what it removes."""
        return f"{FILTERED}:{self.registered_as}"

    def takes_part(self, span: Span) -> bool:
        """Whether a source entity takes part in the projection."""
        return True

    def keeps(self, projected: ProjectedSpan, span: Span) -> bool:
        """Whether the projection of a source entity is kept."""
        return True

    def keeps_sentence(self, pair: SentencePair, projected: Sequence[ProjectedSpan]) -> bool:
        """Whether a sentence is kept.

        Args:
            pair: its entities are those that take part; its links are None where markers carried the entities.
            projected: the projections of the entities.
        """
        return True


def filter_meanings(drop_sentences: bool) -> dict[str, str]:
    """Return why filters drop sentences, or take entities away, by the reason or status that rows have."""
    found = [one for one in methods("filter").values() if one.drops_sentence == drop_sentences]
    return {f"{FILTERED}:{one.registered_as}": one.meaning for one in found}


@dataclass(frozen=True)
class _AllFilters(Method):
    """Has the settings of all registered filters (`with_parts`)."""

    parts = "filter"
    section = "filters"


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
        check_settings(settings, with_parts(_AllFilters), "the recipe's filters")
        object.__setattr__(self, "settings", asdict(with_parts(_AllFilters)(**settings)))

    @property
    def own(self) -> Method:
        """The settings as those of one method, whose parts are the filters that are on."""
        return with_parts(_AllFilters)(**self.settings)


class Filters:
    """Removes single entities, or drops whole sentences.

    An entity that a filter removes has the status ``filtered:NAME``; a sentence that a filter drops has the reason
    ``filtered:NAME``. Filters of sentences look only at the entities that take part. A sentence in which none takes
    part passes.
    """

    def __init__(self, config: FiltersConfig):
        self._filters: list[Filter] = config.own.part_settings()

    def before(self, spans: Sequence[Span]) -> list[int]:
        """Return the numbers of the source entities that take part in the projection, ascending."""
        return [number for number, span in enumerate(spans) if all(one.takes_part(span) for one in self._filters)]

    def after(
        self, pair: SentencePair, projected: Sequence[ProjectedSpan], taking_part: Sequence[int]
    ) -> tuple[list[ProjectedSpan], str | None]:
        """Filter a projection of the entities that take part.

        Args:
            pair: the sentence pair with all its entities; filters of links pass where its links are None.
            projected: what the projector returned for the entities that take part, which it numbers from 0.
            taking_part: what `before` returned.

        Returns:
            What became of all source entities, in the order of ``pair.spans``, whose numbers ``source`` now gives; and
            the reason why the sentence is dropped, None when it passes. A dropped sentence keeps its entities.
        """
        kept = [self._filtered(one._replace(source=taking_part[one.source]), pair.spans) for one in projected]
        part = replace(pair, spans=[pair.spans[number] for number in taking_part])
        reason = next((one.name for one in self._filters if not one.keeps_sentence(part, kept)), None)
        for number in set(range(len(pair.spans))).difference(taking_part):
            span = pair.spans[number]
            refusing = next(one for one in self._filters if not one.takes_part(span))
            kept.append(lost(span, number, refusing.name, span.score))
        return sorted(kept, key=lambda one: one.source), reason

    def of_marked(self, pair: SentencePair, marked: Sequence[ProjectedSpan]) -> tuple[list[ProjectedSpan], str | None]:
        """Filter the entities projected by markers, one for each of ``pair.spans``; returns as `after`."""
        taking_part = self.before(pair.spans)
        by_source = {one.source: one for one in marked}
        projected = [by_source[number]._replace(source=place) for place, number in enumerate(taking_part)]
        return self.after(replace(pair, links=None), projected, taking_part)

    def _filtered(self, projected: ProjectedSpan, spans: Sequence[Span]) -> ProjectedSpan:
        if projected.status != PROJECTED:
            return projected
        span = spans[projected.source]
        refusing = next((one for one in self._filters if not one.keeps(projected, span)), None)
        return projected if refusing is None else projected._replace(start=-1, end=-1, status=refusing.name)


def project_filtered(
    projector: Projector, filters: Filters, pair: SentencePair
) -> tuple[list[ProjectedSpan], str | None]:
    """Project a sentence through the filters.

    Args:
        projector: sees only the entities that take part, so that the others take no words from them.
        filters: the filters to apply before and after it.
        pair: the sentence pair.

    Returns:
        What became of all source entities, in the order of ``pair.spans``, and the reason why a filter drops the
        sentence, None when it passes.
    """
    taking_part = filters.before(pair.spans)
    part = pair
    if len(taking_part) < len(pair.spans):
        part = replace(pair, spans=[pair.spans[number] for number in taking_part])
    return filters.after(pair, projector.project(part), taking_part)
