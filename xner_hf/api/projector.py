"""``xner.Projector``: entities carried over to the translations of sentences, in the idiom of `datasets`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from xner_hf.corpora.base import Pair
from xner_hf.corpora.lines import json_entities, json_words
from xner_hf.errors import XnerError
from xner_hf.languages import language
from xner_hf.pipeline.chain import Projection, project_pairs, tag_sources
from xner_hf.project.filters import FiltersConfig
from xner_hf.recipe import AlignerConfig, projector_config, tagger_config

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
        target_language: code of the target language, which chooses fitted weights; may be None.

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
        target_language: str | None = None,
    ):
        method, settings = _method(aligner)
        self.aligner = AlignerConfig(method, settings=settings)
        self.aligner.own.check()
        code = target_language and language(target_language).code
        method, settings = _method(projector)
        self.projector = projector_config(method, settings, code)
        self.filters = FiltersConfig(**(filters or {}))
        own = {"model": tagger} if isinstance(tagger, str) else tagger
        self.tagger = tagger_config(own) if own else None
        self._loaded: Any = None

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
        made = [_made(pair, one) for pair, one in zip(pairs, done, strict=True)]
        if batch:
            return {name: [one[name] for one in made] for name in _MADE}
        return [{**row, **one} for row, one in zip(table, made, strict=True)]

    def project(self, pairs: list[Pair]) -> list[Projection]:
        """Project pairs, in their order; those without entities are tagged first, which changes them."""
        unscored: set[int] = set()
        if self.tagger:
            self._loaded = self._loaded or self.tagger.own.make()
            unscored = tag_sources(pairs, self._loaded, self.tagger.consistent)
        return list(project_pairs(pairs, self.aligner, self.projector, self.filters, unscored=unscored))

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
        return {**self.__dict__, "_loaded": None}


_MADE = ("source_entities", "entities", "links", "reason")


def _made(pair: Pair, done: Projection) -> dict[str, Any]:
    return {
        "source_entities": [span._asdict() for span in pair.source_spans or ()],
        "entities": [one._asdict() for one in done.entities],
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
