"""The steps of a projection on pairs in memory: tag, align, project. The staged build runs them shard by shard."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xner_hf.align.base import Aligner, Link
from xner_hf.corpora.base import Pair
from xner_hf.errors import XnerError
from xner_hf.project.base import PROJECTED, UNALIGNED, ProjectedSpan, Projector
from xner_hf.spans import LABEL_NUMBER, Span, spans_to_iob2
from xner_hf.tag import Tagger

EMPTY_SOURCE = "empty_source"
EMPTY_TARGET = "empty_target"
EVALUATION_OVERLAP = "evaluation_overlap"
NO_ALIGNMENT = "no_alignment"
NOTHING_PROJECTED = "nothing_projected"

REASONS = {
    EMPTY_SOURCE: "the source side has no words",
    EMPTY_TARGET: "the target side has no words",
    EVALUATION_OVERLAP: "the sentence occurs in an evaluation set",
    NO_ALIGNMENT: "the source side has entities, and no link leaves any of them nor does any name recur",
    NOTHING_PROJECTED: "the source side has entities, and none of them found a place in the target side",
}
"""Why a row stands in the split ``rejected``."""


@dataclass(slots=True)
class Projection:
    """What became of one pair: its links, the fate of every source entity, and why the row is rejected, if it is."""

    links: list[Link]
    entities: list[ProjectedSpan]
    reason: str | None

    def spans(self) -> list[Span]:
        """Return the projected spans of the target sentence."""
        return [Span(e.start, e.end, e.label, e.score) for e in self.entities if e.status == PROJECTED]

    def ner_tags(self, length: int) -> list[int]:
        """Return the tags of the target sentence as integers of the ClassLabel; none for a rejected row."""
        if self.reason:
            return []
        return [LABEL_NUMBER[tag] for tag in spans_to_iob2(self.spans(), length)]


def side_missing(pair: Pair) -> str | None:
    """Return the reason why a pair cannot be projected at all, None when both sides have words."""
    if not pair.source:
        return EMPTY_SOURCE
    return None if pair.target else EMPTY_TARGET


def project_pair(
    projector: Projector, source: Sequence[str], spans: Sequence[Span], target: Sequence[str], links: list[Link]
) -> Projection:
    """Project one pair and decide whether the row can be trained on.

    A sentence whose source side has entities, none of which was projected, would teach the student that there is
    none; it is rejected. One that lost some of them is kept, with the fate of each.
    """
    entities = projector.project(source, spans, target, links)
    if not entities or any(entity.status == PROJECTED for entity in entities):
        return Projection(links, entities, None)
    unaligned = all(entity.status == UNALIGNED for entity in entities)
    return Projection(links, entities, NO_ALIGNMENT if unaligned else NOTHING_PROJECTED)


def tag_sources(pairs: Sequence[Pair], tagger: Tagger) -> None:
    """Give every pair the entities that the tagger finds on its source side."""
    for pair, spans in zip(pairs, tagger.tag([pair.source for pair in pairs]), strict=True):
        pair.source_spans = spans


def train_aligner(method: str, pairs: Iterable[tuple[Sequence[str], Sequence[str]]], folder: Path) -> Aligner:
    """Return an aligner of the given method, trained in `folder` where the method needs that.

    Raises:
        XnerError: there is nothing to train on.
    """
    if method == "none":
        return NoAligner()
    from xner_hf.align.statistical import StatisticalAligner

    return StatisticalAligner.train(pairs, folder)


class NoAligner:
    """Gives no links at all."""

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[Link]]:
        return [[] for _ in zip(sources, targets, strict=True)]


def project_pairs(
    pairs: Sequence[Pair], aligner: str, projector: Projector, extra: Iterable[Pair] = ()
) -> Iterator[Projection]:
    """Align and project pairs whose source entities are known, in their order.

    The aligner is trained on the pairs themselves and on `extra`. A pair with an empty side comes back with its
    reason and every entity ``unaligned``.

    Raises:
        XnerError: no pair has words on both sides.
    """
    links = align_pairs(pairs, aligner, extra)
    for pair, own in zip(pairs, links, strict=True):
        spans = pair.source_spans or []
        reason = side_missing(pair)
        done = project_pair(projector, pair.source, spans, pair.target, own)
        yield Projection(own, done.entities, reason or done.reason)


def align_pairs(pairs: Sequence[Pair], aligner: str, extra: Iterable[Pair] = ()) -> list[list[Link]]:
    """Return the links of every pair, from an aligner trained on them and on `extra`.

    Raises:
        XnerError: no pair has words on both sides.
    """
    if not any(pair.source and pair.target for pair in pairs):
        raise XnerError("there is no pair with words on both sides, so there is nothing to align.")

    def text() -> Iterator[tuple[list[str], list[str]]]:
        for pair in itertools.chain(pairs, extra):
            yield pair.source, pair.target

    with tempfile.TemporaryDirectory(prefix="xner-align-") as folder:
        trained = train_aligner(aligner, text(), Path(folder))
        return trained.align([pair.source for pair in pairs], [pair.target for pair in pairs])
