"""The sentences of a recipe, read in one stream."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.entity_types import EntityTypes
from xner_hf.corpora.ingest import prepare
from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.language_check import LanguageCheck
from xner_hf.corpora.leakage import LeakCheck
from xner_hf.corpora.pair_files import read_jsonl_pairs
from xner_hf.corpora.parallel import (
    SAMPLE,
    corpus_splits,
    local_files,
    read_extra,
    read_files,
    read_split,
    sample_path,
    splitting_rule,
)
from xner_hf.corpora.plain import read_plain
from xner_hf.corpora.sentence import Pair, ReadReport
from xner_hf.errors import XnerError
from xner_hf.pipeline.chain import EVALUATION_OVERLAP, side_missing
from xner_hf.pipeline.progress import Progress
from xner_hf.pipeline.schema import stage_schema
from xner_hf.pipeline.store import Stage, StageStats
from xner_hf.recipe import Recipe

if TYPE_CHECKING:
    import pyarrow as pa

SHARD = 1000
"""Rows of a shard: the unit of work that a killed build loses at most."""


@dataclass(slots=True)
class Row:
    """A sentence pair, or the one side of it that there is before it is translated.

    Attributes:
        pair: the words; the side that is missing is empty.
        raw: what the translator reads, None for pairs.
        reason: why the sentence cannot be used, or None.
    """

    pair: Pair
    raw: str | None = None
    reason: str | None = None


def read_rows(recipe: Recipe, report: ReadReport) -> Iterator[Row]:
    """Yield the rows of the recipe's own text, leaked ones included, without its limit.

    Repairs and labels left out are counted in `report`; pairs keep the types of the text.

    Raises:
        XnerError: the text is not available, malformed or in another language, or has no labels and no tagger.
    """
    if recipe.text_side == "target":
        yield from _target_rows(recipe)
    elif recipe.text_side == "source":
        yield from _source_rows(recipe, report)
    else:
        for pair in read_pairs(recipe, report):
            yield Row(pair)


def read_pairs(recipe: Recipe, report: ReadReport | None = None) -> Iterator[Pair]:
    """Yield the pairs of a recipe whose text has both sides, leaked ones included, without its limit.

    Repaired source tags are counted in `report`.

    Raises:
        XnerError: the source side has neither labels nor a tagger.
    """
    text = recipe.text
    if text.corpus == SAMPLE:
        yield from read_jsonl_pairs(sample_path(text.config), need_spans=True)
    elif local_files(text.corpus):
        for pair in read_files(text.corpus, recipe.source_language, recipe.language):
            _check_labels(pair, recipe, text.corpus)
            yield pair
    else:
        for split in corpus_splits(text.corpus, text.config, text.splits, text.revision):
            for pair in read_split(split, recipe.source_language, recipe.language, report):
                _check_labels(pair, recipe, str(split))
                yield pair


def _check_labels(pair: Pair, recipe: Recipe, where: str) -> None:
    if pair.source_spans is None and recipe.tagger is None:
        raise XnerError(
            f"{where} has no labels on its source side (source_ner_tags in a Hub corpus, source_entities in a .jsonl "
            "file). Give a tagger: --tagger ORG/NAME, or tagger.model."
        )


def _target_rows(recipe: Recipe) -> Iterator[Row]:
    text = recipe.text
    documents = read_plain(
        text.corpus, recipe.language, text.config, text.splits, text.revision, recipe.source_language
    )
    for row in prepare(documents, recipe.language, LanguageCheck(recipe.language)):
        yield Row(Pair(row.id, [], row.words), row.text, row.reason)


def _source_rows(recipe: Recipe, report: ReadReport) -> Iterator[Row]:
    text, rule = recipe.text, splitting_rule(recipe.source_language)
    if text.local:
        parts = [(text.corpus, "train")]
    else:
        splits = corpus_splits(text.corpus, text.config, text.splits, text.revision)
        parts = [(f"{text.corpus}:{text.config}", split.split) for split in splits]
    for reference, split in parts:
        for sentence in read_labelled(reference, split, report, text.revision, text.labels):
            name = sentence.id if text.local else f"{text.config}/{split}/{sentence.id}"
            yield Row(
                Pair(name, sentence.tokens, [], sentence.spans),
                detokenise(sentence.tokens, rule),
            )


def read_extras(recipe: Recipe, dropped: dict[str, int] | None = None) -> Iterator[Pair]:
    """Yield the pairs of the recipe's further parallel text, without those that occur in an evaluation set.

    Those are counted in `dropped`, by reference.
    """
    for reference in recipe.aligner.extra_parallel:
        corpus, _, config = reference.partition(":")
        leaks = LeakCheck(recipe.language, corpus, config)
        for pair in read_extra(reference, recipe.source_language, recipe.language):
            if not leaks.leaked(pair):
                yield pair
        if dropped is not None:
            dropped[reference] = leaks.dropped.total()


def text_stage(recipe: Recipe, stage: Stage, progress: Progress) -> StageStats:
    """Read, word-split and check the text; rows that cannot be used get their reason here."""
    if facts := stage.done:
        return StageStats("text", facts["rows"])
    start = time.perf_counter()
    advance = progress.stage("text", recipe.limit)
    leaks = None
    if recipe.text.corpus != SAMPLE:
        leaks = LeakCheck(recipe.language, recipe.text.corpus, recipe.text.config)
    report = ReadReport()
    types = EntityTypes(recipe.text.labels, report)
    rows: list[dict[str, Any]] = []
    shards = count = usable = labelled = 0

    def flush() -> None:
        nonlocal shards
        stage.write(shards, _text_table(recipe, rows))
        shards += 1
        advance(len(rows))
        rows.clear()

    for row in read_rows(recipe, report):
        if recipe.text_side == "pairs" and row.pair.source_spans is not None:
            row.pair.source_spans = types.spans(row.pair.source_spans, f"row {row.pair.id}")
        rows.append(_text_row(row, recipe, leaks))
        usable += not rows[-1]["reason"]
        labelled += not rows[-1]["reason"] and row.pair.source_spans is not None
        count += 1
        if len(rows) == SHARD:
            flush()
        if count == recipe.limit:
            break
    types.check(recipe.text.corpus)
    if rows:
        flush()
    if not count:
        raise XnerError(f"{recipe.text.corpus}:{recipe.text.config} has no rows, so there is nothing to build.")
    done = leaks.report() if leaks else {"status": "not done", "why": "the sample is no evaluation set's text"}
    labels = {"repaired": len(report.repaired), "usable": usable, "labelled": labelled, "read": report.said()}
    stage.finish(shards=shards, rows=count, leak_check=done, **labels)
    return StageStats("text", count, time.perf_counter() - start, cached=False)


def _text_row(row: Row, recipe: Recipe, leaks: LeakCheck | None) -> dict[str, Any]:
    pair, reason = row.pair, row.reason
    if recipe.text_side == "pairs":
        reason = reason or side_missing(pair)
    if reason is None and leaks and leaks.leaked(pair):
        reason = EVALUATION_OVERLAP
    spans = pair.source_spans
    return {
        "id": pair.id,
        "tokens": pair.target,
        "source_tokens": pair.source,
        # Labels of rejected sentences stop here.
        "source_entities": [] if reason else spans and [span._asdict() for span in spans],
        "raw": row.raw,
        "reason": reason,
    }


def _text_table(recipe: Recipe, rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    schema = stage_schema(recipe.text_side)
    return pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in rows], schema=schema)
