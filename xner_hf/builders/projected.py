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
from huggingface_hub import get_token

from xner_hf.builders.features import check_features, in_features, is_own, own_features
from xner_hf.errors import XnerError
from xner_hf.languages import language, languages
from xner_hf.pipeline.inputs import Signatures, sign
from xner_hf.pipeline.rows import corpus_files
from xner_hf.pipeline.run import run_recipe
from xner_hf.pipeline.schema import SPLITS
from xner_hf.pipeline.store import digest
from xner_hf.recipe import Recipe, make_recipe

_VERSION = datasets.Version("1.0.0")

DECLARED = "declared"
"""Id of a builder that only describes the corpus: it reads no input and builds nothing."""


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
        """Return the recipe of this configuration."""
        own = {field.name for field in fields(self)} - {field.name for field in fields(datasets.BuilderConfig)}
        return make_recipe(self.name, self.recipe, {key: getattr(self, key) for key in own - {"recipe"}})

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: Any = None) -> str:
        """Name the cache folder by a digest of its settings, inputs, stage and library versions, and features."""
        return config_id(self.name, sign(self.to_recipe()), custom_features)


def config_id(name: str, signatures: Signatures, features: datasets.Features | None) -> str:
    """Return the id of a corpus; features given by the caller change the id."""
    own = "" if features is None or is_own(features) else f"-{digest(features.to_dict(), list(features))}"
    return f"{name}-{signatures.project}{own}"


class ProjectedNer(datasets.ArrowBasedBuilder):
    """Builds the projected corpus of a language; `split_generators` runs the pipeline, the rest reads its shards."""

    VERSION = _VERSION
    BUILDER_CONFIG_CLASS = ProjectedConfig
    BUILDER_CONFIGS = [ProjectedConfig(name=one.code, version=_VERSION) for one in languages()]

    def __init__(
        self,
        *args: Any,
        config_name: str | None = None,
        features: datasets.Features | None = None,
        token: bool | str | None = None,
        config_id: str | None = None,
        **kwargs: Any,
    ):
        if config_name is not None:
            config_name = language(config_name).code
        check_features(features)
        _refuse_idle(token, config_id, kwargs)
        super().__init__(*args, config_name=config_name, features=features, token=token, config_id=config_id, **kwargs)

    def _info(self) -> datasets.DatasetInfo:
        self.config.to_recipe()  # reports errors in the settings, whatever is requested
        return datasets.DatasetInfo(
            description=f"Named entities projected onto {language(self.config.name).name}.",
            features=own_features(),
        )

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        declared_only = self.config_id == DECLARED and not isinstance(dl_manager, datasets.DownloadManager)
        files = {} if declared_only else self._files()
        return [
            datasets.SplitGenerator(
                name=split, gen_kwargs={"files": [os.fspath(path) for path in files.get(split, ())]}
            )
            for split in SPLITS
        ]

    def _files(self) -> dict[str, list[Path]]:
        run = run_recipe(self.config.to_recipe())
        if self.config_id != config_id(self.config.name, run.signatures, self.info.features):
            raise XnerError(
                "an input of the corpus, or this package, has changed since the builder was created, so its cache is "
                "out of date. Create the builder again."
            )
        return corpus_files(run)

    def _generate_tables(self, files: list[str]) -> Iterator[tuple[int, pa.Table]]:
        for number, file in enumerate(files):
            yield number, in_features(pq.read_table(Path(file)), self.info.features)

    def _as_dataset(self, split: Any = datasets.Split.TRAIN, in_memory: bool = False) -> datasets.Dataset:
        # `datasets` writes splits without rows, but cannot read them.
        wanted = (
            split if isinstance(split, datasets.ReadInstruction) else datasets.ReadInstruction.from_spec(str(split))
        )
        parts = wanted.to_absolute({name: info.num_examples for name, info in self.info.splits.items()})
        if all(part.from_ == part.to for part in parts):
            name = split if isinstance(split, datasets.NamedSplit) else None
            rows: dict[str, list[Any]] = {column: [] for column in self.info.features}
            return datasets.Dataset.from_dict(rows, self.info.features, self.info.copy(), name)
        return super()._as_dataset(split, in_memory)


def _refuse_idle(token: bool | str | None, own_id: str | None, kwargs: dict[str, Any]) -> None:
    """Refuse arguments of `load_dataset` that do not change the rows, or change only the name of their folder."""
    remedies = {
        "data_files": "name text of your own with text={'corpus': 'FILE'}",
        "data_dir": "name text of your own with text={'corpus': 'FOLDER'}",
        "storage_options": "give paths on this machine, or Hub ids",
        "version": "give revision= to read what is published on the Hub",
        "description": "leave it out",
        "base_path": "leave it out",
    }
    for name, remedy in remedies.items():
        if kwargs.get(name):
            raise XnerError(f"xner/projected is built here, so {name}= cannot be used; {remedy}.")
    if own_id not in (None, DECLARED):
        raise XnerError("xner/projected names its cache by what is in it, so config_id= cannot be used; leave it out.")
    check_token(token)


def check_token(token: bool | str | None) -> None:
    """Check that a token for the Hub, if one is given, is that which is used.

    Raises:
        XnerError: another token would be used.
    """
    if isinstance(token, str | bool) and token not in (True, get_token() or False):
        raise XnerError(
            "xner/projected is built here from other repositories, which are read with the token that huggingface_hub "
            "knows, so token= cannot be used; set HF_TOKEN, or log in with `hf auth login`."
        )
