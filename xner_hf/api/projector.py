"""``xner.Projector``: entities projected to the translations of sentences, in the idiom of `datasets`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xner_hf.corpora.lines import json_entities, json_words
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError
from xner_hf.languages import language
from xner_hf.pipeline.chain import Projection, align_pairs, project_aligned, tag_sources, tag_targets
from xner_hf.project.filters import Filters, FiltersConfig
from xner_hf.recipe import AlignerConfig, projector_config, tagger_config
from xner_hf.tag.model import ModelTagger

_log = logging.getLogger(__name__)

Rows = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]
"""A batch of `datasets` (a mapping of columns), or a list of rows."""


class Projector:
    """Tags source sentences, aligns them with their translations and carries the entities over.

    >>> import xner_hf as xner
    >>> pairs = [{
    ...     "source_tokens": ["Ada", "lives", "in", "Kano"], "target_tokens": ["Ada", "tana", "zaune", "a", "Kano"],
    ...     "source_entities": [{"start": 0, "end": 1, "label": "PER"}, {"start": 3, "end": 4, "label": "LOC"}],
    ... }]
    >>> projected = xner.Projector(aligner="none", target_language="hau")(pairs)
    >>> [(one["start"], one["end"], one["label"]) for one in projected[0]["entities"]]
    [(0, 1, 'PER'), (4, 5, 'LOC')]

    It is called with a list of mappings, or by ``dataset.map(projector, batched=True)``. Rows have ``source_tokens``
    and ``target_tokens``, and ``source_entities`` where there is no tagger; ``entities``, ``links`` and ``reason``
    (why a row cannot be trained on, or None) are added.

    An aligner that is trained on text, such as ``statistical``, is trained on what one call is given: give all rows at
    once (``map(..., batch_size=None)``), or take one that needs no text.

    Args:
        tagger: model or file that labels the source side, or a mapping of settings; None where rows have entities.
        aligner: a registered aligner, or a mapping of ``method`` and settings.
        projector: a registered projection method, or a mapping of ``method`` and settings.
        filters: settings of filters, such as ``{"comp_ins": True}``.
        source_language: code of the source language, which some scores read; may be None.
        target_language: that of the target language, which chooses fitted weights; may be None.

    Raises:
        XnerError: a method or setting is unknown, or a value does not fit.
    """

    def __init__(
        self,
        tagger: str | Mapping[str, Any] | None = None,
        aligner: str | Mapping[str, Any] = "statistical",
        projector: str | Mapping[str, Any] = "fused",
        *,
        filters: Mapping[str, Any] | None = None,
        source_language: str | None = None,
        target_language: str | None = None,
    ):
        method, settings = _method(aligner)
        self.aligner = AlignerConfig(method, settings=settings)
        self.aligner.own.check()
        source, code = (one and language(one).code for one in (source_language, target_language))
        self.languages = (source, code)
        method, settings = _method(projector)
        self.projector = projector_config(method, settings, code)
        self.filters = FiltersConfig(**(filters or {}))
        own = {"model": tagger} if isinstance(tagger, str) else tagger
        self.tagger = tagger_config(own) if own else None
        self._loaded: dict[str, Any] = {}

    def __call__(self, rows: Rows) -> Any:
        """Project rows; returns a list of new rows, or the new columns of a batch.

        Raises:
            XnerError: a row lacks words, or entities where there is no tagger, or they do not fit its words.
        """
        batch = isinstance(rows, Mapping)
        table: list[Mapping[str, Any]] = (
            [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
            if isinstance(rows, Mapping)
            else list(rows)
        )
        if batch and self.aligner.own.is_trained:
            _log.warning(
                "the aligner %r is trained on the %d rows of this batch alone; to train it on all rows, give "
                "map(..., batch_size=None).",
                self.aligner.method,
                len(table),
            )
        pairs = [self._pair(row, number) for number, row in enumerate(table)]
        done = self.project(pairs)
        made = [projected_row(row, pair, one) for row, pair, one in zip(table, pairs, done, strict=True)]
        return {name: [one[name] for one in made] for name in (*rows, *_MADE)} if batch else made

    def project(self, pairs: list[Pair]) -> list[Projection]:
        """Project pairs, in their order; those without entities are tagged first, which changes them."""
        unscored: set[int] = set()
        if self.tagger:
            unscored = tag_sources(pairs, self._once("tagger", self.tagger.own.make), self.tagger.consistent)
        if self.aligner.own.is_trained:
            links = align_pairs(pairs, self.aligner)
        else:
            aligner = self._once("aligner", lambda: self.aligner.own.make(lambda: (), Path()))
            links = aligner.align([pair.source for pair in pairs], [pair.target for pair in pairs])
        model = self.projector.settings.get("target_tagger")
        labels = tag_targets(pairs, model and self._once("target", lambda: ModelTagger(model)))
        projector = self._once("projector", self.projector.own.make)
        filters = Filters(self.filters)
        return list(project_aligned(pairs, links, labels, projector, filters, unscored, self.languages))

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what was made under a name, made on the first call: models are loaded once for all batches."""
        if name not in self._loaded:
            self._loaded[name] = make()
        return self._loaded[name]

    def _pair(self, row: Mapping[str, Any], number: int) -> Pair:
        place = f"row {number}"
        source, target = (json_words(dict(row), key, place) for key in ("source_tokens", "target_tokens"))
        spans = json_entities(dict(row), "source_entities", len(source), place)
        if spans is None and self.tagger is None:
            raise XnerError(
                f"{place}: 'source_entities' is missing. Add them (an empty list means that there are none), or name "
                'a model that finds them: Projector(tagger="ORG/MODEL").'
            )
        return Pair(str(row.get("id", number)), source, target, spans)

    def __getstate__(self) -> dict[str, Any]:
        # `datasets` hashes the object to name its cache: by its settings, not by a model that happens to be loaded.
        return {**self.__dict__, "_loaded": {}}


_MADE = ("source_entities", "entities", "links", "reason")
"""What is written beside the user's own columns; ``source_entities`` only where rows have none."""


def projected_row(row: Mapping[str, Any], pair: Pair, done: Projection) -> dict[str, Any]:
    """Return a row with its projection; entities that the user gave keep their order and keys, and get a score.

    A type that is mapped is renamed; an entity whose type is mapped to nothing stays as it was, and is not projected.
    """
    spans = [span._asdict() for span in pair.source_spans or ()]
    own = [dict(one) for one in row.get("source_entities") or spans]
    place_of = {(one["start"], one["end"]): place for place, one in enumerate(own)}
    places = [place_of[span["start"], span["end"]] for span in spans]
    for place, span in zip(places, spans, strict=True):
        own[place] = {**span, **own[place], "label": span["label"], "score": span["score"]}
    entities = sorted((one._replace(source=places[one.source]) for one in done.entities), key=lambda one: one.source)
    return {
        **{"id": pair.id, "source_tokens": pair.source, "target_tokens": pair.target},
        **row,
        "source_entities": own,
        "entities": [entity._asdict() for entity in entities],
        "links": [link._asdict() for link in done.links],
        "reason": done.reason,
    }


def _method(value: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(value, str):
        return value, {}
    settings = dict(value)
    if "method" not in settings:
        raise XnerError(f"{settings} lacks the key 'method', the name of a registered method (`xner methods`).")
    return settings.pop("method"), settings
