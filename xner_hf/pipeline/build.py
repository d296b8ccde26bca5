"""A finished run as a folder: Parquet per split, README.md, and build.json, which marks a complete build."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError
from xner_hf.markdown import table
from xner_hf.pipeline.chain import REASONS
from xner_hf.pipeline.licences import licences, most_restrictive
from xner_hf.pipeline.progress import Progress
from xner_hf.pipeline.revisions import revisions
from xner_hf.pipeline.rows import corpus_files
from xner_hf.pipeline.run import Run, run_recipe
from xner_hf.pipeline.schema import SPLITS, corpus_schema
from xner_hf.pipeline.store import STAGE_VERSIONS, write_text
from xner_hf.recipe import Recipe
from xner_hf.registry import MODEL

if TYPE_CHECKING:
    import pyarrow as pa

_VERSIONS = ("xner-hf", "pyarrow", "rapidfuzz", "regex", "scipy")


def build_corpus(recipe: Recipe, folder: Path, num_proc: int = 1, progress: Progress | None = None) -> dict[str, Any]:
    """Run a recipe and write the build to `folder`; return the content of its build.json.

    Raises:
        XnerError: the folder cannot be written, or an input is not available or malformed.
    """
    check_output(folder)
    return write_build(run_recipe(recipe, num_proc, progress), folder)


def write_build(run: Run, folder: Path) -> dict[str, Any]:
    """Write a finished run to `folder` and return the content of its build.json.

    The splits are written to a temporary folder and moved into place. build.json is deleted first and written last: it
    marks a complete build. A folder with other files is refused.

    Raises:
        XnerError: the folder cannot be written, or holds other files.
    """
    import pyarrow.parquet as pq

    check_output(folder)
    for stale in ("build.json", "report.html", "scores.json"):
        (folder / stale).unlink(missing_ok=True)
    counts = _Counts()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as partial:
        for name, files in corpus_files(run).items():
            path = Path(partial) / name / f"{name}-00000-of-00001.parquet"
            path.parent.mkdir()
            with pq.ParquetWriter(path, corpus_schema(), compression="zstd") as writer:
                for file in files:
                    table = pq.read_table(file)
                    counts.add(name, table)
                    if table.num_rows:
                        writer.write_table(table)
        for name in SPLITS:
            shutil.rmtree(folder / name, ignore_errors=True)
            (Path(partial) / name).rename(folder / name)
    if counts.rows["in"] != run.stages.rows:
        raise AssertionError(f"{run.stages.rows} rows were read but {counts.rows['in']} written")
    facts = _facts(run, counts)
    write_text(folder / "README.md", _readme(facts))
    write_text(folder / "recipe.yaml", run.recipe.to_yaml())
    write_text(folder / "build.json", json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
    (folder / _BUILDING).unlink(missing_ok=True)
    return facts


def read_build(folder: Path) -> dict[str, Any]:
    """Return the build.json of a complete build.

    Raises:
        XnerError: the folder has no complete build, or its build.json is not a JSON object with a language and recipe.
    """
    path = folder / "build.json"
    if not path.is_file():
        what = "is not a local folder" if not folder.is_dir() else "has no build.json, so it is not a complete build"
        raise XnerError(f"{folder} {what}. Make one with `xner build LANG --output {folder}`.")
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise XnerError(f"{path} is not JSON: {error}. Build the corpus again with `xner build LANG`.") from error
    if not isinstance(facts, dict):
        raise XnerError(f"{path} holds no JSON object. Build the corpus again with `xner build LANG`.")
    for key in ("language", "recipe"):
        if not facts.get(key):
            raise XnerError(f"{path} has no {key!r}. Build the corpus again with `xner build LANG`.")
    return facts


_BUILDING = ".xner-building"
"""Marks a folder where a build has begun; build.json replaces it when the build is complete."""


def check_output(folder: Path) -> None:
    """Create the output folder and check that it is new, empty or a build, and can be written.

    Raises:
        XnerError: it cannot be used; called before any long work starts.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ours = (folder / "build.json").exists() or (folder / _BUILDING).exists()
        names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
        known = {*SPLITS, "README.md", "recipe.yaml", "build.json", "report.html", "scores.json"}
        others = [name for name in names if not ours or name not in known]
        others += [name for name in SPLITS if (folder / name).is_file()]
        others += [name for name in known.difference(SPLITS) if (folder / name).is_dir()]
        if others:
            raise XnerError(
                f"the output folder {folder} holds other files ({', '.join(others[:3])}); a build would mix with "
                "them. Give an empty or new folder with --output."
            )
        (folder / _BUILDING).touch()
    except OSError as error:
        raise XnerError(
            f"the output folder {folder} cannot be written: {error}. Give another with --output."
        ) from error
    for left in (*folder.glob(".partial-*"), *folder.glob(".*.tmp")):  # of a killed build
        shutil.rmtree(left) if left.is_dir() else left.unlink()


class _Counts:
    """Rows by split, entities by status and by type, rejected rows by reason."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter({"in": 0, **dict.fromkeys(SPLITS, 0)})
        self.statuses: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.entities: Counter[str] = Counter()

    def add(self, split: str, table: pa.Table) -> None:
        import pyarrow.compute as pc

        self.rows["in"] += table.num_rows
        self.rows[split] += table.num_rows
        entities = pc.list_flatten(table["entities"].combine_chunks())
        status, label = pc.struct_field(entities, "status"), pc.struct_field(entities, "label")
        self.statuses.update(status.to_pylist())
        if split == "rejected":
            self.reasons.update(table["reason"].to_pylist())
        else:
            self.entities.update(label.filter(pc.equal(status, "projected")).to_pylist())


def _facts(run: Run, counts: _Counts) -> dict[str, Any]:
    found = licences(run.recipe)
    read = run.recipe.inputs()
    names = [*_VERSIONS, *(("torch", "transformers") if any(one.kind == MODEL for one in read) else ())]
    names += [name for name in run.recipe.packages() if name not in names]
    return {
        "language": run.recipe.language,
        "signature": run.signatures.project,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "recipe": run.recipe.to_dict(),
        "inputs": [one.to_dict() for one in read],
        "citations": run.recipe.citations(),
        "stage_versions": {name: STAGE_VERSIONS[name] for name, own in vars(run.signatures).items() if own},
        "licence": vars(most_restrictive(found)),
        "licences": [vars(licence) for licence in found],
        "revisions": revisions(run.recipe),
        "rows": dict(counts.rows),
        "entities": dict(sorted(counts.entities.items())),
        "statuses": dict(sorted(counts.statuses.items())),
        "reasons": dict(sorted(counts.reasons.items())),
        "leak_check": run.leak_check,
        **({"markers": run.markers} if run.markers else {}),
        "repaired_tags": run.repaired,
        "source_labels": run.labels,
        "read": run.read,
        "versions": {name: version(name) for name in names},
        "stages": [stats.to_dict() for stats in run.stats],
    }


_PROJECTED = "the labels of the source side were projected to the target side by word alignment and name similarity."
_MADE = {
    "marker": "the labels of the source side were kept by markers in the translation, or projected by word alignment.",
    "transfer": "a tagger has labelled the text itself.",
    "combine": "the labels of several recipes were joined; `recipe.yaml` names them.",
}


def _readme(facts: dict[str, Any]) -> str:
    rows, recipe = facts["rows"], facts["recipe"]
    splits = "\n".join(f"  - split: {name}\n    path: {name}/*.parquet" for name in SPLITS if rows[name])
    counted = table(["split", "sentences"], [[name, f"{rows[name]:,}"] for name in SPLITS])
    rejected = "\n".join(f"- {number:,} `{reason}`: {REASONS[reason]}" for reason, number in facts["reasons"].items())
    binding = facts["licence"]
    inputs = "\n".join(f"- {one['name']}: {one['licence']} ({one['licence_class']})" for one in facts["licences"])
    return f"""---
language: {recipe["language"]}
task_categories:
- token-classification
configs:
- config_name: {recipe["language"]}
  data_files:
{splits}
---

# Projected named entities for `{recipe["language"]}`

Made by xner-hf with the recipe `{recipe["recipe"]}` (`recipe.yaml`): {_MADE.get(recipe["recipe"], _PROJECTED)}
No person has checked them. `build.json` has every count and setting.

{counted}

Rejected sentences have no labels:

{rejected or "- none"}

## Terms

The strictest of the inputs binds this corpus: that of {binding["name"]} ({binding["licence_class"]}).

{inputs}
"""
