"""The staged run of a recipe: text, tag, align, project, each stage cached and resumable."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from xner_hf.align import Aligner, Link, learns, make_aligner
from xner_hf.corpora.base import ReadReport
from xner_hf.corpora.leakage import LeakCheck
from xner_hf.corpora.parallel import SAMPLE
from xner_hf.errors import XnerError
from xner_hf.pipeline.chain import EVALUATION_OVERLAP, project_pair, side_missing
from xner_hf.pipeline.inputs import Signatures, sign
from xner_hf.pipeline.progress import Progress
from xner_hf.pipeline.schema import stage_schema
from xner_hf.pipeline.store import Stage, StageStats, cache_root, write_text
from xner_hf.pipeline.text import read_extras, read_text
from xner_hf.project import make_projector
from xner_hf.project.filters import Filters, FiltersConfig
from xner_hf.recipe import ProjectorConfig, Recipe
from xner_hf.spans import ENTITY_TYPES, Span, keep_types
from xner_hf.tag.consistency import NameVotes

if TYPE_CHECKING:
    import pyarrow as pa

SHARD = 1000
"""Rows of a shard: the unit of work that a killed build loses at most."""


@dataclass(slots=True)
class Run:
    """A finished run: where its stages lie, and what happened."""

    recipe: Recipe
    signatures: Signatures
    stages: dict[str, Stage]
    shards: int
    rows: int
    leak_check: dict[str, Any]
    repaired: int
    stats: list[StageStats] = field(default_factory=list)

    def tables(self) -> Iterator[pa.Table]:
        """Yield one table a shard with the columns of all stages."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        for number in range(self.shards):
            columns: dict[str, pa.ChunkedArray] = {}
            for stage in self.stages.values():
                table = pq.read_table(stage.shard(number))
                columns |= dict(zip(table.column_names, table.columns, strict=True))
            yield pa.table(columns)


def run_recipe(recipe: Recipe, num_proc: int = 1, progress: Progress | None = None) -> Run:
    """Run all stages of a recipe, reusing what the cache has.

    Args:
        recipe: what to build.
        num_proc: processes for the projection stage.
        progress: told of every stage and shard.

    Raises:
        XnerError: an input cannot be had or is malformed.
    """
    progress = progress or Progress()
    try:
        return _run_stages(recipe, num_proc, progress)
    finally:
        progress.finish()


def _run_stages(recipe: Recipe, num_proc: int, progress: Progress) -> Run:
    signatures = sign(recipe)
    root = cache_root(recipe.language, recipe.recipe)
    text = Stage(root, "text", signatures.text)
    stats = [_text_stage(recipe, text, progress)]
    facts = text.done or {}
    shards = facts["shards"]
    stages = {"text": text}
    if recipe.tagger:
        stages["tag"] = Stage(root, "tag", signatures.tag)
        work = _TagShard(recipe, text)
        stats.append(stages["tag"].run(shards, work, progress.stage("tag", facts["rows"])))
        if recipe.tagger.consistent:
            stages["names"] = Stage(root, "names", signatures.tag)
            settle = _SettleShard(text, stages["tag"], shards)
            stats.append(stages["names"].run(shards, settle, progress.stage("names", facts["rows"])))
    stages["align"] = Stage(root, "align", signatures.align)
    stats += _align_stage(recipe, text, stages["align"], shards, facts["rows"], progress)
    target = None
    if tagger := recipe.projector.settings.get("target_tagger"):
        target = Stage(root, "target", signatures.target)
        stats.append(target.run(shards, _TargetShard(tagger, text), progress.stage("target", facts["rows"])))
    stages["project"] = Stage(root, "project", signatures.project)
    work = partial(_project_shard, recipe.projector, recipe.filters, stages, target)
    stats.append(_project_stage(stages["project"], work, shards, num_proc, progress.stage("project", facts["rows"])))
    extra = stages["align"].folder / "dropped.json"
    leak_check = facts["leak_check"]
    if recipe.aligner.extra_parallel and extra.is_file():
        leak_check["dropped_extra"] = json.loads(extra.read_text(encoding="utf-8"))
    return Run(recipe, signatures, stages, shards, facts["rows"], leak_check, facts["repaired"], stats)


def _text_stage(recipe: Recipe, stage: Stage, progress: Progress) -> StageStats:
    """Read, word-split and check the text; rows that cannot be used carry their reason from here on."""

    import pyarrow as pa

    if facts := stage.done:
        return StageStats("text", facts["rows"])
    start = time.perf_counter()
    tell = progress.stage("text", recipe.limit)
    leaks = None
    if recipe.text.corpus != SAMPLE:
        leaks = LeakCheck(recipe.language, recipe.text.corpus, recipe.text.config)
    rows: list[dict[str, Any]] = []
    shards = count = 0

    def flush() -> None:
        nonlocal shards
        stage.write(shards, pa.Table.from_pylist(rows, schema=stage_schema("text")))
        shards += 1
        tell(len(rows))
        rows.clear()

    report = ReadReport()
    for pair in read_text(recipe, report):
        reason = side_missing(pair)
        if reason is None and leaks and leaks.leaked(pair):
            reason = EVALUATION_OVERLAP
        spans = None if pair.source_spans is None else keep_types(pair.source_spans, ENTITY_TYPES)
        rows.append(
            {
                "id": pair.id,
                "tokens": pair.target,
                "source_tokens": pair.source,
                # No label of a sentence that is left out goes any further.
                "source_entities": [] if reason else spans and [span._asdict() for span in spans],
                "reason": reason,
            }
        )
        count += 1
        if len(rows) == SHARD:
            flush()
        if count == recipe.limit:
            break
    if rows:
        flush()
    if not count:
        raise XnerError(f"{recipe.text.corpus}:{recipe.text.config} has no rows, so there is nothing to build.")
    stage.finish(
        shards=shards,
        rows=count,
        leak_check=leaks.report()
        if leaks
        else {"status": "not done", "why": "the sample is no evaluation set's text"},
        repaired=len(report.repaired),
    )
    return StageStats("text", count, time.perf_counter() - start, cached=False)


class _TagShard:
    """Tags one shard; the model is loaded with the first one that is missing."""

    def __init__(self, recipe: Recipe, text: Stage):
        self._config = recipe.tagger
        self._text = text
        self._tagger = None

    def __call__(self, number: int) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from xner_hf.tag.model import ModelTagger

        if self._tagger is None:
            self._tagger = ModelTagger(self._config.model, self._config.revision)
        rows = pq.read_table(self._text.shard(number), columns=["source_tokens", "reason"]).to_pylist()
        sentences = [[] if row["reason"] else row["source_tokens"] for row in rows]
        entities = [[span._asdict() for span in spans] for spans in self._tagger.tag(sentences)]
        return pa.table({"source_entities": entities}, schema=stage_schema("tag"))


class _SettleShard:
    """Gives every name of one shard the type that it has in the whole text; the first shard counts all votes."""

    def __init__(self, text: Stage, tag: Stage, shards: int):
        self._text, self._tag, self._shards = text, tag, shards
        self._votes: NameVotes | None = None

    def __call__(self, number: int) -> pa.Table:
        import pyarrow as pa

        if self._votes is None:
            self._votes = NameVotes(lambda: (row for shard in range(self._shards) for row in self._rows(shard)))
        settled = [self._votes.settle(words, spans) for words, spans in self._rows(number)]
        entities = [[span._asdict() for span in spans] for spans in settled]
        return pa.table({"source_entities": entities}, schema=stage_schema("names"))

    def _rows(self, number: int) -> Iterator[tuple[list[str], list[Span]]]:
        import pyarrow.parquet as pq

        rows = pq.read_table(self._text.shard(number), columns=["source_tokens", "reason"]).to_pylist()
        found = pq.read_table(self._tag.shard(number)).column(0).to_pylist()
        for row, entities in zip(rows, found, strict=True):
            yield [] if row["reason"] else row["source_tokens"], [Span(**entity) for entity in entities]


class _TargetShard:
    """Tags the target side of one shard; the model is loaded with the first one that is missing."""

    def __init__(self, model: str, text: Stage):
        self._model, self._text = model, text
        self._tagger = None

    def __call__(self, number: int) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from xner_hf.tag.model import ModelTagger

        self._tagger = self._tagger or ModelTagger(self._model)
        rows = pq.read_table(self._text.shard(number), columns=["tokens", "reason"]).to_pylist()
        found = self._tagger.ner_distributions([[] if row["reason"] else row["tokens"] for row in rows])
        return pa.table({"target_labels": [one.tolist() for one in found]}, schema=stage_schema("target"))


def _align_stage(
    recipe: Recipe, text: Stage, stage: Stage, shards: int, rows: int, progress: Progress
) -> list[StageStats]:
    """Train on all usable pairs and the extra parallel text, then align shard by shard."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    stats: list[StageStats] = []
    aligner: Aligner | None = None
    dropped: dict[str, int] = {}

    def usable(number: int) -> tuple[list[list[str]], list[list[str]]]:
        table = pq.read_table(text.shard(number), columns=["source_tokens", "tokens", "reason"]).to_pylist()
        return (
            [[] if row["reason"] else row["source_tokens"] for row in table],
            [[] if row["reason"] else row["tokens"] for row in table],
        )

    def training_text() -> Iterator[tuple[list[str], list[str]]]:
        for number in range(shards):
            yield from zip(*usable(number), strict=True)
        for pair in read_extras(recipe, dropped):
            yield pair.source, pair.target

    def load() -> Aligner:
        method, settings = recipe.aligner.method, recipe.aligner.settings
        folder, done = stage.folder / "model", stage.folder / "dropped.json"
        if done.is_file() or not learns(method, settings):
            return make_aligner(method, settings, training_text, folder)
        shutil.rmtree(folder, ignore_errors=True)  # of a killed run, of which nobody knows what was dropped
        progress.stage("train aligner", None)
        start = time.perf_counter()
        trained = make_aligner(method, settings, training_text, folder)
        write_text(done, json.dumps(dropped))
        stats.append(StageStats("train aligner", rows, time.perf_counter() - start, cached=False))
        return trained

    def make(number: int) -> pa.Table:
        nonlocal aligner
        if aligner is None:
            aligner = load()
        links = [[link._asdict() for link in pair] for pair in aligner.align(*usable(number))]
        return pa.table({"links": links}, schema=stage_schema("align"))

    training = time.perf_counter()
    own = stage.run(shards, make, progress.stage("align", rows))
    own.seconds = time.perf_counter() - training - sum(s.seconds for s in stats)
    return [*stats, own]


def _project_stage(
    stage: Stage, make: Callable[[int], pa.Table], shards: int, num_proc: int, tell: Callable[[int], None]
) -> StageStats:
    missing = [number for number in range(shards) if not stage.shard(number).is_file()]
    if num_proc < 2 or len(missing) < 2:
        return stage.run(shards, make, tell)
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    start = time.perf_counter()
    with ProcessPoolExecutor(min(num_proc, len(missing)), mp_context=get_context("spawn")) as pool:
        for number, table in zip(missing, pool.map(make, missing), strict=True):
            stage.write(number, table)
    stats = stage.run(shards, make, tell)
    return StageStats(stats.name, stats.sentences, time.perf_counter() - start, cached=False)


def _project_shard(
    method: ProjectorConfig, filtering: FiltersConfig, stages: dict[str, Stage], target: Stage | None, number: int
) -> pa.Table:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    projector, filters = make_projector(method.method, method.settings), Filters(filtering)
    rows = pq.read_table(stages["text"].shard(number), columns=["source_tokens", "tokens", "reason"]).to_pylist()
    spans_from = stages.get("names", stages.get("tag", stages["text"]))
    spans = pq.read_table(spans_from.shard(number), columns=["source_entities"]).column(0).to_pylist()
    links = pq.read_table(stages["align"].shard(number)).column("links").to_pylist()
    labels = pq.read_table(target.shard(number)).column(0).to_pylist() if target else [None] * len(rows)
    out: dict[str, list[Any]] = {"entities": [], "ner_tags": [], "reason": []}
    for row, entities, own, tagged in zip(rows, spans, links, labels, strict=True):
        if row["reason"]:
            out["entities"].append([])
            out["ner_tags"].append([])
            out["reason"].append(row["reason"])
            continue
        done = project_pair(
            projector,
            filters,
            row["source_tokens"],
            [Span(**entity) for entity in entities or ()],
            row["tokens"],
            [Link(**link) for link in own],
            None if tagged is None else np.array(tagged),
        )
        out["entities"].append([entity._asdict() for entity in done.entities])
        out["ner_tags"].append(done.ner_tags(len(row["tokens"])))
        out["reason"].append(done.reason)
    return pa.table(out, schema=stage_schema("project"))
