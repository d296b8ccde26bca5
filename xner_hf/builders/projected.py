"""The builder of ``xner/projected``: one configuration per language, built from its recipe."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

from xner_hf.languages import language, languages
from xner_hf.pipeline.inputs import sign
from xner_hf.pipeline.rows import corpus_files
from xner_hf.pipeline.run import run_recipe
from xner_hf.pipeline.schema import corpus_schema
from xner_hf.recipe import Recipe, make_recipe

_VERSION = datasets.Version("1.0.0")


@dataclass
class ProjectedConfig(datasets.BuilderConfig):
    """A language and, through keyword arguments of ``load_dataset``, any key of its recipe.

    ``translator``, ``tagger``, ``aligner`` and ``projector`` take the model or method as a string, or a mapping of
    settings; see `xner_hf.recipe.make_recipe`.
    """

    recipe: str | None = None
    source_language: str | None = None
    text: dict[str, Any] | None = None
    translator: str | dict[str, Any] | None = None
    tagger: str | dict[str, Any] | None = None
    aligner: str | dict[str, Any] | None = None
    back_translation: dict[str, Any] | None = None
    projector: str | dict[str, Any] | None = None
    filters: dict[str, Any] | None = None
    members: list[dict[str, Any]] | None = None
    combination: str | None = None
    limit: int | None = None
    validation_percent: float | None = None

    def to_recipe(self) -> Recipe:
        """Return the recipe that this configuration stands for."""
        own = {field.name for field in fields(self)} - {field.name for field in fields(datasets.BuilderConfig)}
        return make_recipe(self.name, self.recipe, {key: getattr(self, key) for key in own - {"recipe"}})

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: Any = None) -> str:
        """Name the cache folder by everything that decides the rows: settings, inputs, code and versions."""
        return f"{self.name}-{sign(self.to_recipe()).project}"


class ProjectedNer(datasets.ArrowBasedBuilder):
    """Builds the projected corpus of a language; `split_generators` runs the pipeline, the rest reads its shards."""

    VERSION = _VERSION
    BUILDER_CONFIG_CLASS = ProjectedConfig
    BUILDER_CONFIGS = [ProjectedConfig(name=one.code, version=_VERSION) for one in languages()]

    def __init__(self, *args: Any, config_name: str | None = None, **kwargs: Any):
        if config_name is not None:
            config_name = language(config_name).code
        super().__init__(*args, config_name=config_name, **kwargs)

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(
            description=f"Named entities projected onto {language(self.config.name).name}.",
            features=datasets.Features.from_arrow_schema(corpus_schema()),
        )

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        run = run_recipe(self.config.to_recipe())
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"files": [os.fspath(path) for path in files]})
            for split, files in corpus_files(run).items()
            if any(pq.read_metadata(path).num_rows for path in files)  # `datasets` cannot hold a split without rows
        ]

    def _generate_tables(self, files: list[str]) -> Iterator[tuple[int, pa.Table]]:
        for number, file in enumerate(files):
            yield number, pq.read_table(Path(file))
