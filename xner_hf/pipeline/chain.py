"""The steps of a projection on pairs in memory: tag, align, project. The staged build runs them shard by shard."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xner_hf.align import Link
from xner_hf.corpora.ingest import TEXT_REASONS
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError
from xner_hf.pipeline.progress import Progress
from xner_hf.project import SentencePair
from xner_hf.project.filters import Filters, FiltersConfig, filter_meanings, project_filtered
from xner_hf.project.projector import PROJECTED, UNALIGNED, ProjectedSpan, Projector
from xner_hf.recipe import AlignerConfig, ProjectorConfig
from xner_hf.spans import LABEL_NUMBER, Span, spans_to_iob2
from xner_hf.tag import Tagger
from xner_hf.tag.consistency import NameVotes
from xner_hf.translate.translation import FAULTS

if TYPE_CHECKING:
    import numpy as np

    from xner_hf.tag.model import ModelTagger

EMPTY_SOURCE = "empty_source"
EMPTY_TARGET = "empty_target"
EVALUATION_OVERLAP = "evaluation_overlap"
NO_ALIGNMENT = "no_alignment"
NO_SCORES = "no_scores"
NOTHING_PROJECTED = "nothing_projected"

REASONS = {
    EMPTY_SOURCE: "the source side has no words",
    EMPTY_TARGET: "the target side has no words",
    EVALUATION_OVERLAP: "the sentence occurs in an evaluation set",
    NO_SCORES: "the scores of the tagger are not numbers",
    NO_ALIGNMENT: "the source side has entities, and no link leaves any of them nor does any name recur",
    NOTHING_PROJECTED: "the source side has entities, and none of them found a place in the target side",
    **TEXT_REASONS,
    **FAULTS,
    **filter_meanings(drop_sentences=True),
}
"""Why a row is in the split ``rejected``."""

ALIGNED_AT_ONCE = 10_000
"""Pairs that an aligner is given at once: few enough to show progress."""


@dataclass(slots=True)
class Projection:
    """The result for one pair: its links, the status of every source entity, and why the row is rejected, if it is."""

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
    projector: Projector, filters: Filters, pair: SentencePair, marked: list[ProjectedSpan] | None = None
) -> Projection:
    """Project one pair and decide whether the row can be trained on.

    Entities found by markers (`marked`) only go through the filters, except for filters that read links.

    A pair is rejected when its source side has entities and none was projected: it would teach the student that there
    are none. A pair that lost some entities is kept, with the status of each, unless a filter drops it.
    """
    if marked is None:
        entities, reason = project_filtered(projector, filters, pair)
    else:
        entities, reason = filters.of_marked(pair, marked)
    if not reason and entities and not any(entity.status == PROJECTED for entity in entities):
        reason = NO_ALIGNMENT if all(entity.status == UNALIGNED for entity in entities) else NOTHING_PROJECTED
    return Projection(list(pair.links or ()), entities, reason)


def label_directly(spans: Sequence[Span], reason: str | None = None) -> Projection:
    """Return the labels that a tagger gives to the target sentence itself; its entities are their own source."""
    entities = [ProjectedSpan(*span, number, PROJECTED) for number, span in enumerate(() if reason else spans)]
    return Projection([], entities, reason)


def tag_sources(
    pairs: Sequence[Pair], tagger: Tagger, consistent: bool = True, progress: Progress | None = None
) -> set[int]:
    """Give every pair that has no labels the entities that the tagger finds on its source side.

    Args:
        pairs: what to tag.
        tagger: labels the source side.
        consistent: give every name one type over all pairs (`NameVotes`); labels that pairs came with vote too, and
            do not change.
        progress: shows the stage.

    Returns:
        The numbers of the pairs whose scores are no numbers, and which have no entities for that reason.
    """
    wanted = [number for number, pair in enumerate(pairs) if pair.source_spans is None]
    advance = (progress or Progress()).stage("tag", len(wanted))
    unscored = set()
    for number, spans in zip(wanted, tagger.tag([pairs[number].source for number in wanted]), strict=True):
        pairs[number].source_spans = spans or []
        if spans is None:
            unscored.add(number)
    advance(len(wanted))
    if consistent:
        votes = NameVotes(lambda: ((pair.source, pair.source_spans or ()) for pair in pairs))
        settled = {
            number: votes.settle(pairs[number].source, pairs[number].source_spans or ())
            for number in wanted
            if number not in unscored
        }
        for number, spans in settled.items():
            pairs[number].source_spans = spans
    return unscored


def check_scored(pairs: Sequence[Pair], unscored: set[int], labels: Iterable[np.ndarray | None] = ()) -> None:
    """Check that taggers have labelled both sides of every pair, where none can be rejected.

    Args:
        pairs: what `tag_sources` was given.
        unscored: what it returned.
        labels: what `tag_targets` returned.

    Raises:
        XnerError: the scores of one are no numbers.
    """
    for number, (pair, rows) in enumerate(itertools.zip_longest(pairs, labels)):
        if number in unscored or (rows is not None and known(rows) is None):
            raise XnerError(f"{pair.id}: {REASONS[NO_SCORES]}, so its entities are unknown. Use another tagger.")


def known(rows: np.ndarray) -> np.ndarray | None:
    """Return label distributions, None where they are not finite."""
    import numpy as np

    return rows if np.isfinite(rows).all() else None


def tag_targets(pairs: Sequence[Pair], model: str | ModelTagger | None) -> Sequence[np.ndarray | None]:
    """Return the label distributions of the target words of every pair; None for all where there is no model."""
    if model is None:
        return [None] * len(pairs)
    from xner_hf.tag.model import ModelTagger

    tagger = ModelTagger(model) if isinstance(model, str) else model
    return tagger.ner_distributions([pair.target for pair in pairs])


Languages = tuple[str | None, str | None]
"""ISO 639-3 codes of source and target language, where they are known; some scores read them."""


def project_pairs(
    pairs: Sequence[Pair],
    aligner: AlignerConfig,
    projector: ProjectorConfig,
    filters: FiltersConfig,
    extra: Iterable[Pair] = (),
    progress: Progress | None = None,
    unscored: Collection[int] = (),
    languages: Languages = (None, None),
) -> Iterator[Projection]:
    """Align and project pairs whose source entities are known, in their order.

    An aligner that is trained on text is trained on the pairs themselves and on `extra`. The rest is as in
    `project_aligned`.

    Raises:
        XnerError: no pair has words on both sides.
    """
    progress = progress or Progress()
    links = align_pairs(pairs, aligner, extra, progress=progress)
    labels = tag_targets(pairs, projector.settings.get("target_tagger"))
    return project_aligned(pairs, links, labels, projector.own.make(), Filters(filters), unscored, languages, progress)


def project_aligned(
    pairs: Sequence[Pair],
    links: Sequence[list[Link]],
    labels: Sequence[np.ndarray | None],
    projector: Projector,
    filters: Filters,
    unscored: Collection[int] = (),
    languages: Languages = (None, None),
    progress: Progress | None = None,
) -> Iterator[Projection]:
    """Project pairs whose links are known, in their order.

    A pair with an empty side comes back with its reason and every entity ``unaligned``, and so do those of the numbers
    `unscored` (`tag_sources`).

    Args:
        pairs: what to project, with the entities of the source side.
        links: those of every pair.
        labels: label distributions of the target words of every pair, None without a target tagger.
        projector: carries the entities over.
        filters: are applied before and after it.
        unscored: numbers of pairs whose tagger gave no scores.
        languages: of the pairs.
        progress: shows the stage.
    """
    import numpy as np

    advance = (progress or Progress()).stage("project", len(pairs))
    for number, (pair, own, rows) in enumerate(zip(pairs, links, labels, strict=True)):
        reason = side_missing(pair) or (NO_SCORES if number in unscored else None)
        if rows is not None and known(rows) is None:
            rows, reason = np.zeros_like(rows), reason or NO_SCORES
        whole = SentencePair(pair.source, pair.source_spans or [], pair.target, own, rows, pair.id, *languages)
        done = project_pair(projector, filters, whole)
        advance(1)
        yield Projection(own, done.entities, reason or done.reason)


def align_pairs(
    pairs: Sequence[Pair],
    aligner: AlignerConfig,
    extra: Iterable[Pair] = (),
    keep: Path | None = None,
    progress: Progress | None = None,
) -> list[list[Link]]:
    """Return the links of every pair, from an aligner trained on them and on `extra` if it is trained on text.

    Args:
        pairs: what to align.
        aligner: which aligner, and its settings.
        extra: further text to train on.
        keep: folder for the trained model; without it the model is deleted.
        progress: shows the stages.

    Raises:
        XnerError: no pair has words on both sides.
    """
    if not any(pair.source and pair.target for pair in pairs):
        raise XnerError("there is no pair with words on both sides, so there is nothing to align.")

    def text() -> Iterator[tuple[list[str], list[str]]]:
        for pair in itertools.chain(pairs, extra):
            yield pair.source, pair.target

    progress = progress or Progress()
    links: list[list[Link]] = []
    with tempfile.TemporaryDirectory(prefix="xner-align-") as folder:
        if aligner.own.is_trained:
            progress.stage("train aligner", None)
        made = aligner.own.make(text, keep or Path(folder) / "model")
        advance = progress.stage("align", len(pairs))
        for start in range(0, len(pairs), ALIGNED_AT_ONCE):
            piece = pairs[start : start + ALIGNED_AT_ONCE]
            links += made.align([pair.source for pair in piece], [pair.target for pair in piece])
            advance(len(piece))
    return links
