"""The staged run of a recipe: text, translation, tags, links, projection, each stage cached and resumable."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from xner_hf.align import Aligner
from xner_hf.corpora.sentence import Pair, ReadReport
from xner_hf.pipeline.combine import CombineShard
from xner_hf.pipeline.inputs import Signatures, sign
from xner_hf.pipeline.preflight import check_models
from xner_hf.pipeline.progress import Progress
from xner_hf.pipeline.schema import stage_schema
from xner_hf.pipeline.stages import Stages
from xner_hf.pipeline.store import Stage, StageStats, cache_root, write_text
from xner_hf.pipeline.text import read_extras, text_stage
from xner_hf.pipeline.work import (
    BackShard,
    LabelShard,
    MarkShard,
    ProjectShard,
    RefineShard,
    SettleShard,
    TagShard,
    TargetTagShard,
    TranslateShard,
)
from xner_hf.recipe import AlignerConfig, Recipe
from xner_hf.registry import MODEL

if TYPE_CHECKING:
    import pyarrow as pa

Make = Callable[[int], "pa.Table"]


@dataclass(slots=True)
class Run:
    """A finished run, or one finished up to its source side: its stages and their counts.

    Attributes:
        recipe: what was run.
        signatures: those of its stages.
        stages: the stages that were run.
        leak_check: what `LeakCheck` reports.
        repaired: number of repaired gold tags.
        labels: where there is a tagger, how many usable sentences it `tagged`, and of those with labels of their own
            how many `kept` them (local text) or had them `replaced` (a Hub corpus, for which a tagger was named).
        read: how the labels were read and what was left out of them, a line each.
        stats: what each stage took.
        markers: how many sentences kept their markers, and how many have each fault; empty without markers.
    """

    recipe: Recipe
    signatures: Signatures
    stages: Stages
    leak_check: dict[str, Any]
    repaired: int
    labels: dict[str, int]
    read: list[str] = field(default_factory=list)
    stats: list[StageStats] = field(default_factory=list)
    markers: dict[str, int] = field(default_factory=dict)

    def step(self, name: str, signature: str, work: Callable[[Stages], Make], progress: Progress) -> Stage:
        """Run a further stage, shard by shard, on what the stages before it made."""
        stage = self.stages.stage(name, signature)
        advance = progress.stage(name, self.stages.rows)
        self.stats.append(stage.run(self.stages.shards, work(self.stages.before(name)), advance))
        return stage


def run_recipe(recipe: Recipe, num_proc: int = 1, progress: Progress | None = None) -> Run:
    """Run all stages of a recipe, reusing what the cache has.

    Args:
        recipe: what to build.
        num_proc: processes for the projection stage.
        progress: shows every stage.

    Raises:
        XnerError: an input is not available or malformed.
    """
    progress = progress or Progress()
    try:
        return _run(recipe, num_proc, progress)
    finally:
        progress.finish()


def _run(recipe: Recipe, num_proc: int, progress: Progress) -> Run:
    if recipe.members:
        for member in recipe.members:
            check_models(member.recipe)
        return _combine(recipe, [_run(member.recipe, num_proc, progress) for member in recipe.members], progress)
    run = _source_side(recipe, progress)
    if recipe.projects:
        _project(run, num_proc, progress)
    else:
        run.step("label", run.signatures.project, LabelShard, progress)
    return run


def source_side(recipe: Recipe, progress: Progress | None = None, tagged: bool = True) -> Run:
    """Run only the stages that give both sides, and the entities that the tagger finds on the source side.

    Args:
        recipe: what to run.
        progress: shows every stage; the caller calls `finish`.
        tagged: whether the tagger runs; its names are not made consistent.

    Raises:
        XnerError: an input is not available or malformed.
    """
    return _source_side(recipe, progress or Progress(), tagged, settled=False)


def _source_side(recipe: Recipe, progress: Progress, tagged: bool = True, settled: bool = True) -> Run:
    signatures = sign(recipe)
    labels = ReadReport()
    if recipe.tagger and not any(one.kind == MODEL for one in recipe.tagger.inputs()):
        recipe.tagger.own.make(labels)  # a file of labels is read here, and refused before any work
    stages = Stages(cache_root(recipe.language, recipe.recipe))
    text = stages.stage("text", signatures.text)
    if text.done is None:
        check_models(recipe)
    stats = text_stage(recipe, text, progress)
    facts = text.done or {}
    stages.shards, stages.rows = facts["shards"], facts["rows"]
    read = [*facts["read"], *labels.said()]
    kept = _labels(recipe, facts)
    run = Run(recipe, signatures, stages, facts["leak_check"], facts["repaired"], kept, read, [stats])
    if recipe.translator:
        work = MarkShard if recipe.translator.markers else TranslateShard
        run.step("translate", signatures.translate, lambda before: work(recipe, before), progress)
        if recipe.translator.markers:
            run.markers = _marker_counts(stages)
    if recipe.tagger and tagged:
        tagger, side = recipe.tagger, "source_tokens" if recipe.projects else "tokens"
        run.step("tag", signatures.tag, lambda before: TagShard(tagger, before, side, recipe.text.local), progress)
        if tagger.consistent and settled:
            run.step("names", signatures.tag, lambda before: SettleShard(before, side, recipe.text.local), progress)
    return run


def _project(run: Run, num_proc: int, progress: Progress) -> None:
    recipe, signatures = run.recipe, run.signatures

    dropped: dict[str, int] = {}
    extras = partial(read_extras, recipe, dropped)
    found = _align(run, "align", signatures.align, recipe.aligner, _SIDES, extras, dropped, progress)
    if recipe.aligner.extra_parallel and found is not None:
        run.leak_check["dropped_extra"] = found
    if back := recipe.back_translation:
        run.step("back", signatures.back, lambda before: BackShard(recipe, before), progress)
        sides = ("back_tokens", "tokens", "same_links")
        _align(run, "same", signatures.back, back.aligner, sides, lambda: iter(()), {}, progress)
        run.step("refine", signatures.back, lambda before: RefineShard(back, before), progress)
    if tagger := recipe.projector.settings.get("target_tagger"):
        run.step("target", signatures.target, lambda before: TargetTagShard(tagger, before), progress)
    stage = run.stages.stage("project", signatures.project)
    work = ProjectShard(recipe, run.stages.before("project"))
    run.stats.append(_in_processes(stage, work, run.stages, num_proc, progress))


def _combine(recipe: Recipe, members: list[Run], progress: Progress) -> Run:
    """Join the labels of finished members row by row."""
    first, signatures = members[0], sign(recipe)
    stages = Stages(cache_root(recipe.language, recipe.recipe), first.stages.shards, first.stages.rows)
    read = list(dict.fromkeys(line for one in members for line in one.read))
    stats = [one for member in members for one in member.stats]
    run = Run(recipe, signatures, stages, first.leak_check, first.repaired, {}, read, stats)
    run.step("combine", signatures.project, lambda _: CombineShard(recipe, [one.stages for one in members]), progress)
    return run


def _labels(recipe: Recipe, facts: dict[str, Any]) -> dict[str, int]:
    """Return how many sentences kept their own labels, had them replaced, or were tagged, where there is a tagger."""
    own = "kept" if recipe.text.local else "replaced"
    tagged = facts["usable"] - facts["labelled"]
    counts = {own: facts["labelled"], "tagged": tagged} if recipe.tagger else {}
    return {what: number for what, number in counts.items() if number}


def _marker_counts(stages: Stages) -> dict[str, int]:
    """How many sentences kept their markers, and why the others did not."""
    faults: Counter[str] = Counter()
    for number in range(stages.shards):
        for row in stages.read(number, ["marker_fault", "reason"]):
            if row["marker_fault"] or not row["reason"]:
                faults[row["marker_fault"] or "kept"] += 1
    return dict(sorted(faults.items()))


_SIDES = ("source_tokens", "tokens", "links")


def _align(
    run: Run,
    name: str,
    signature: str,
    config: AlignerConfig,
    columns: tuple[str, str, str],
    extra: Callable[[], Iterator[Pair]],
    dropped: dict[str, int],
    progress: Progress,
) -> dict[str, int] | None:
    """Train on all usable rows and `extra`, then align shard by shard; return what was dropped of the extra text.

    `columns` are the words of both sides and the links that are made.
    """
    stage = run.stages.stage(name, signature)
    before = run.stages.before(name)
    done, model = stage.folder / "dropped.json", stage.folder / "model"
    aligner: Aligner | None = None
    training = 0.0

    def usable(number: int) -> tuple[list[list[str]], list[list[str]]]:
        rows = before.read(number, [*columns[:2], "reason"])
        sides = [[[] if row["reason"] else row[side] for row in rows] for side in columns[:2]]
        return sides[0], sides[1]

    def text() -> Iterator[tuple[list[str], list[str]]]:
        for number in range(before.shards):
            yield from zip(*usable(number), strict=True)
        for pair in extra():
            yield pair.source, pair.target

    def load() -> Aligner:
        from filelock import FileLock

        if config.own.is_trained and not done.is_file():
            progress.stage("train aligner", None)
            # One build trains and others wait, so that none removes a model that another is reading.
            with FileLock(stage.folder / "model.lock"):
                if not done.is_file():
                    return train()
        return config.own.make(text, model)

    def train() -> Aligner:
        nonlocal training
        shutil.rmtree(model, ignore_errors=True)  # left by a killed run; what it dropped is unknown
        start = time.perf_counter()
        trained = config.own.make(text, model)
        write_text(done, json.dumps(dropped))
        training = time.perf_counter() - start
        run.stats.append(StageStats("train aligner", before.rows, training, cached=False))
        return trained

    def make(number: int) -> pa.Table:
        import pyarrow as pa

        nonlocal aligner
        if aligner is None:
            aligner = load()
        links = [[link._asdict() for link in pair] for pair in aligner.align(*usable(number))]
        return pa.table({columns[2]: links}, schema=stage_schema(name))

    own = stage.run(before.shards, make, progress.stage(name, before.rows))
    own.seconds -= training
    run.stats.append(own)
    return json.loads(done.read_text(encoding="utf-8")) if done.is_file() else None


def _in_processes(stage: Stage, make: Make, stages: Stages, num_proc: int, progress: Progress) -> StageStats:
    advance = progress.stage(stage.name, stages.rows)
    missing = [number for number in range(stages.shards) if not stage.shard(number).is_file()]
    if num_proc < 2 or len(missing) < 2:
        return stage.run(stages.shards, make, advance)
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    start = time.perf_counter()
    with ProcessPoolExecutor(min(num_proc, len(missing)), mp_context=get_context("spawn")) as pool:
        for number, table in zip(missing, pool.map(make, missing), strict=True):
            stage.write(number, table)
    stats = stage.run(stages.shards, make, advance)
    return StageStats(stats.name, stats.sentences, time.perf_counter() - start, cached=False)
