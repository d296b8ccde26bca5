"""Turns a row of a build into what the page shows: the status of each entity, and the boxes to draw."""

from __future__ import annotations

from typing import Any, NamedTuple

from xner_hf.errors import XnerError
from xner_hf.report.build import NO_STATUS
from xner_hf.spans import ENTITY_TYPES, Span, check_spans


class Mark(NamedTuple):
    """A box around the words ``[start, end)`` of one side.

    Attributes:
        start: first word.
        end: one past the last word.
        kind: style class, the type in lower case or ``other``.
        caption: text at the box.
        dashed: whether the entity was not projected.
    """

    start: int
    end: int
    kind: str
    caption: str
    dashed: bool


class Outcome(NamedTuple):
    """What became of one entity; texts are empty where a side has no span, scores None where they are unknown."""

    label: str
    kind: str
    source: str
    source_score: float | None
    target: str
    score: float | None
    status: str


class Link(NamedTuple):
    """A link between a source word and a target word; `score` in [0, 1] is the probability, None if unknown."""

    source: int
    target: int
    score: float | None


class PairView(NamedTuple):
    """A row, checked and ready to be drawn; `rejected_for` is its reason, None for a labelled sentence."""

    id: str
    split: str
    language: str
    source_language: str
    source: list[str]
    target: list[str]
    source_marks: list[Mark]
    target_marks: list[Mark]
    outcomes: list[Outcome]
    links: list[Link]
    rejected_for: str | None


def kind_of(label: str | None) -> str:
    """Return the style class of an entity type: its lower-case name for PER, ORG and LOC, else ``other``."""
    return label.lower() if label in ENTITY_TYPES else "other"


def view_of(row: dict[str, Any]) -> PairView:
    """Check `row`, as `rows_at` returns it, and gather what the page shows of it.

    Raises:
        XnerError: a span, a link or the `source` of an entity points outside the sentence; names file and id.
    """
    where = f"{row['file']}, row {row['id']!r}"
    source, target = row["source_tokens"] or [], row["tokens"] or []
    source_entities, entities = row["source_entities"] or [], row["entities"] or []
    check_spans(map(_span, source_entities), len(source), f"{where}, source_entities")
    placed = [entity for entity in entities if entity["status"] == "projected"]
    check_spans(map(_span, placed), len(target), f"{where}, entities")
    links = [Link(link["source"], link["target"], _score(link["score"])) for link in row["links"] or []]
    for link in links:
        if not (0 <= link.source < len(source) and 0 <= link.target < len(target)):
            raise XnerError(
                f"{where}: the link {link.source}-{link.target} does not fit {len(source)} source and {len(target)} "
                "target words. Build the corpus again with `xner build LANG`."
            )
    for entity in entities:
        if not -1 <= entity["source"] < len(source_entities):
            raise XnerError(
                f"{where}: an entity points to source entity {entity['source']} of {len(source_entities)}. "
                "Build the corpus again with `xner build LANG`."
            )

    source_marks: list[Mark] = []
    outcomes: list[Outcome] = []
    for index, origin in enumerate(source_entities):
        children = [entity for entity in entities if entity["source"] == index]
        outcomes += [_outcome(origin, child, source, target) for child in children or [None]]
        statuses = list(dict.fromkeys(child["status"] or NO_STATUS for child in children)) or [NO_STATUS]
        lost = "projected" not in statuses
        caption = f"{origin['label']} · {', '.join(statuses)}" if lost else str(origin["label"])
        source_marks.append(Mark(origin["start"], origin["end"], kind_of(origin["label"]), caption, lost))
    outcomes += [_outcome(None, entity, source, target) for entity in entities if entity["source"] == -1]
    target_marks = [Mark(e["start"], e["end"], kind_of(e["label"]), str(e["label"]), False) for e in placed]
    return PairView(
        str(row["id"]),
        row["split"],
        str(row["language"]),
        str(row["source_language"]),
        source,
        target,
        sorted(source_marks),
        sorted(target_marks),
        outcomes,
        links,
        row["reason"],
    )


def _span(entity: dict[str, Any]) -> Span:
    return Span(entity["start"], entity["end"], str(entity["label"]))


def _score(value: float | None) -> float | None:
    # NaN is the only value that differs from itself; it would end up in the drawing's coordinates.
    return None if value is None or value != value else value


def _outcome(
    origin: dict[str, Any] | None, entity: dict[str, Any] | None, source: list[str], target: list[str]
) -> Outcome:
    label = str((entity or origin or {})["label"])
    placed = entity is not None and entity["status"] == "projected"
    return Outcome(
        label,
        kind_of(label),
        " ".join(source[origin["start"] : origin["end"]]) if origin else "",
        _score(origin["score"]) if origin else None,
        " ".join(target[entity["start"] : entity["end"]]) if placed else "",
        _score(entity["score"]) if placed else None,
        (entity["status"] if entity else None) or NO_STATUS,
    )
