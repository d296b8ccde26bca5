"""The finished rows of a run: one Parquet file for every shard and split, which builders and `write_build` read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from xner_hf.corpora.words import matching_key
from xner_hf.pipeline.run import Run
from xner_hf.pipeline.schema import SPLITS, corpus_schema
from xner_hf.pipeline.store import Stage, cache_root, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa


def corpus_files(run: Run) -> dict[str, list[Path]]:
    """Return, for every split, its files in the order of the text; what the cache lacks is written first.

    A row goes to ``rejected`` when it has a reason, else to ``validation`` when the hash of its target text falls into
    the first `validation_percent`, so that copies of a sentence stay together, else to ``train``. A split has one file
    a shard, an empty one where the shard has none of its rows.
    """
    stage = Stage(cache_root(run.recipe.language, run.recipe.recipe), "rows", run.signatures.project)
    files = {
        split: [stage.folder / f"{split}-{number:05d}.parquet" for number in range(run.stages.shards)]
        for split in SPLITS
    }
    if stage.done is None:
        for number, table in enumerate(run.stages.tables()):
            for split, part in _split(run, table).items():
                write_parquet(part, files[split][number])
        stage.finish(shards=run.stages.shards)
    return files


def _split(run: Run, table: pa.Table) -> dict[str, pa.Table]:
    import pyarrow as pa
    import pyarrow.compute as pc

    recipe, schema = run.recipe, corpus_schema()
    # Where nothing is projected the sentence is its own source.
    source = recipe.source_language if recipe.projects else recipe.language
    constants = {"language": recipe.language, "source_language": source}
    whole = pa.table(
        {
            name: pa.repeat(constants[name], table.num_rows) if name in constants else table[name]
            for name in schema.names
        }
    ).cast(schema)
    split = pa.array(
        [
            "rejected" if reason else "validation" if _share(words) < recipe.validation_percent else "train"
            for reason, words in zip(whole["reason"].to_pylist(), whole["tokens"].to_pylist(), strict=True)
        ]
    )
    return {name: whole.filter(pc.equal(split, name)) for name in SPLITS}


def _share(words: list[str]) -> float:
    """Where a sentence falls in [0, 100), by the hash of its text."""
    digest = hashlib.sha256(matching_key("".join(words)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * 100
