"""Builds as a data set for the Hub: a folder of one configuration per build, with its card and what it was made by.

``load_dataset(FOLDER, CONFIG)`` gives the rows of the build, before and after the folder is published.
"""

from __future__ import annotations

import json
import re
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError
from xner_hf.languages import language
from xner_hf.pipeline.build import read_build
from xner_hf.pipeline.licences import Licence
from xner_hf.pipeline.progress import Progress
from xner_hf.pipeline.schema import SPLITS, corpus_schema
from xner_hf.pipeline.store import file_digest, write_text
from xner_hf.publish.scores import read_scores
from xner_hf.recipe import make_recipe
from xner_hf.spans import NER_LABELS

if TYPE_CHECKING:
    import pyarrow as pa

DATASET = "xner/projected"
SHARD_SIZE = 500_000_000
"""Bytes of a Parquet file above which a split is cut, as in `datasets`."""

_ROW_GROUP = 10_000
"""Rows of a row group: some megabytes, which streaming reads at once."""
_EXAMPLES = 3
_FORMAT = 1
_EXPORTING = ".xner-exporting"
"""Marks a folder in which configurations are being moved into place; the card ends that."""
_COPIED = ("build.json", "recipe.yaml")
_SCRIPT = Path("dataset_scripts", "projected.py")


@dataclass(frozen=True)
class _Build:
    """A build that was found whole.

    Attributes:
        folder: where it lies.
        facts: content of its build.json.
        files: Parquet files by split; a split without rows has none.
    """

    folder: Path
    facts: Mapping[str, Any]
    files: Mapping[str, list[Path]]

    @property
    def config(self) -> str:
        return self.facts["language"]


def export_builds(
    builds: Sequence[Path],
    folder: Path,
    *,
    max_shard_size: int = SHARD_SIZE,
    licence_override: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, Any]]:
    """Write builds to a folder as configurations of one data set and return the ``export.json`` of all that are in it.

    A configuration that the folder holds already is replaced, others stay. Everything is checked first, written aside
    and moved into place; the card comes last. The same builds give the same bytes.

    Args:
        builds: folders of whole builds, one for every language.
        folder: new, empty, or of an earlier export.
        max_shard_size: bytes of a Parquet file above which a split is cut into several of about the same size.
        licence_override: ``licence`` and ``reason``, see `xner_hf.publish.licences.binding_terms`.
        progress: shows the rows written.

    Raises:
        Refused: the terms of a build are unknown or cannot be combined.
        XnerError: a build is not whole or was made by another version, two are of the same language, or the folder
            holds other files or cannot be written.
    """
    from xner_hf.publish.dataset_card import dataset_card
    from xner_hf.publish.licences import binding_terms

    if not builds:
        raise XnerError("no build was given to export. Make one with `xner build LANG`.")
    if max_shard_size < 1:
        raise XnerError(f"max_shard_size is {max_shard_size} bytes; it is at least 1.")
    script = _script()
    found: dict[str, _Build] = {}
    for path in builds:
        build = _read(path)
        if build.config in found:
            raise XnerError(
                f"{found[build.config].folder} and {path} are both builds of {build.config!r}; a data set has one "
                "configuration a language. Give one of them."
            )
        binding_terms([Licence(**one) for one in build.facts.get("licences", ())], licence_override)
        found[build.config] = build
    others = _check_folder(folder)
    progress = progress or Progress()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as partial:
        for config in sorted(found):
            fresh = Path(partial) / config
            fresh.mkdir()
            others[config] = _write(found[config], fresh, max_shard_size, licence_override, progress)
        exports = {config: others[config] for config in sorted(others)}
        card = dataset_card(DATASET, exports)
        (folder / _EXPORTING).touch()
        (folder / "README.md").unlink(missing_ok=True)
        for config in found:
            if (folder / config).exists():
                (folder / config).rename(Path(partial) / f"{config}.old")
            (Path(partial) / config).rename(folder / config)
        (folder / "scripts").mkdir(exist_ok=True)
        write_text(folder / "scripts" / script.name, script.read_text(encoding="utf-8"))
        write_text(folder / "README.md", card)
    (folder / _EXPORTING).unlink()
    progress.finish()
    return exports


def parse_size(text: str) -> int:
    """Return the bytes that ``500MB``, ``2 GB`` or a plain number stands for; KB, MB and GB are powers of 1000.

    Raises:
        XnerError: the text is none of these.
    """
    match = re.fullmatch(r"([0-9]+) ?([KMG]?)B?", text.strip().upper())
    if not match or not int(match[1]):
        raise XnerError(f"{text!r} is not a file size. Give one such as 500MB or 2GB.")
    return int(match[1]) * 1000 ** " KMG".index(match[2] or " ")


def _read(path: Path) -> _Build:
    """Return a build with its files, which must hold the rows that its build.json says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    facts = read_build(path)
    code, wanted = language(facts["language"]).code, corpus_schema()
    files: dict[str, list[Path]] = {}
    for split in SPLITS:
        found = sorted((path / split).glob("*.parquet"))
        rows = 0
        for file in found:
            try:
                schema = pq.read_schema(file)
                rows += pq.read_metadata(file).num_rows
            except (pa.ArrowInvalid, OSError) as error:
                raise XnerError(f"{file} cannot be read: {error} Build the corpus again.") from error
            if not schema.remove_metadata().equals(wanted.remove_metadata()):
                raise XnerError(
                    f"{file} has other columns than this version of xner-hf writes. Build the corpus again with "
                    f"`xner build {code}`."
                )
        if rows != facts.get("rows", {}).get(split):
            raise XnerError(
                f"{path} is not a complete build: {split} has {rows:,} rows, but its build.json says "
                f"{facts.get('rows', {}).get(split)}. Build the corpus again with `xner build {code}`."
            )
        files[split] = found if rows else []
    if not files["train"]:
        raise XnerError(f"the build {path} has no rows in train, so there is nothing to publish; see its build.json.")
    if facts["language"] != code or not (path / "recipe.yaml").is_file():
        raise XnerError(f"{path} is not a complete build: it lacks recipe.yaml. Build the corpus again.")
    return _Build(path, facts, files)


def _check_folder(folder: Path) -> dict[str, dict[str, Any]]:
    """Make the folder and check that it can take an export; return the whole configurations that are in it."""
    kept: dict[str, dict[str, Any]] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        for path in entries:
            if (path / "export.json").is_file():
                kept[path.name] = _kept(path / "export.json")
        ours = kept or (folder / _EXPORTING).exists()
        known = {"README.md", "scripts", *kept}
        strangers = [path.name for path in entries if not ours or path.name not in known]
        if strangers:
            raise XnerError(
                f"the output folder {folder} holds other files ({', '.join(strangers[:3])}); a data set would mix "
                "with them. Give an empty or new folder with --output."
            )
        with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-"):
            pass
    except OSError as error:
        raise XnerError(
            f"the output folder {folder} cannot be written: {error}. Give another with --output."
        ) from error
    for left in (*folder.glob(".partial-*"), *folder.glob(".*.tmp")):  # of a killed export
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return kept


def _kept(path: Path) -> dict[str, Any]:
    try:
        export = json.loads(path.read_text(encoding="utf-8"))
        if export["format"] == _FORMAT and export["config"] == path.parent.name:
            return export
    except (ValueError, KeyError, TypeError) as error:
        raise XnerError(f"{path} cannot be read ({error}). Remove its folder and export that build again.") from error
    raise XnerError(f"{path} is of another format or configuration. Remove its folder and export that build again.")


def _write(
    build: _Build, folder: Path, max_shard_size: int, override: Mapping[str, str] | None, progress: Progress
) -> dict[str, Any]:
    """Write one configuration, its export.json last."""
    rows = build.facts["rows"]
    done = progress.stage(f"export {build.config}", sum(rows[split] for split in SPLITS))
    splits = {}
    for split, sources in build.files.items():
        if sources:
            files = _write_split(sources, rows[split], folder, split, max_shard_size)
            splits[split] = {
                "rows": rows[split],
                "bytes": sum(file.stat().st_size for file in files),
                "files": [f"{build.config}/{file.name}" for file in files],
            }
            done(rows[split])
    for name in _COPIED:
        shutil.copyfile(build.folder / name, folder / name)
    export = {
        "format": _FORMAT,
        "config": build.config,
        "build": build.facts,
        "splits": splits,
        "sha256": {f"{build.config}/{file.name}": file_digest(file) for file in sorted(folder.iterdir())},
        "features": json.loads(corpus_schema().metadata[b"huggingface"])["info"]["features"],
        "examples": _examples(build.files["train"]),
        "scores": read_scores(build.folder),
        "licence_override": dict(override) if override else None,
        "command": _command(build),
    }
    # Keys are not sorted: the order of the features is that of the columns.
    write_text(folder / "export.json", json.dumps(export, ensure_ascii=False, indent=2) + "\n")
    return export


def _write_split(sources: Sequence[Path], rows: int, folder: Path, split: str, largest: int) -> list[Path]:
    """Write the rows of a split to as few files as keep below `largest` bytes, and return these."""
    number = 1
    while True:
        files = [folder / f"{split}-{i:05d}-of-{number:05d}.parquet" for i in range(number)]
        for i, file in enumerate(files):
            _write_shard(sources, file, rows * i // number, rows * (i + 1) // number)
        size = max(file.stat().st_size for file in files)
        if size <= largest or number >= rows:
            return files
        for file in files:
            file.unlink()
        number = min(rows, max(number + 1, -(-number * size // largest)))


def _write_shard(sources: Sequence[Path], target: Path, start: int, stop: int) -> None:
    import pyarrow.parquet as pq

    schema = corpus_schema()
    # Content-defined chunks let the Hub store only what changed when a corpus is built again.
    options = {"use_content_defined_chunking": True, "write_page_index": True}
    with pq.ParquetWriter(target, schema, compression="zstd", **options) as writer:
        for table in _row_groups(sources, start, stop):
            writer.write_table(table.cast(schema), row_group_size=_ROW_GROUP)


def _row_groups(sources: Sequence[Path], start: int, stop: int) -> Iterator[pa.Table]:
    """Yield the rows from `start` to `stop` of files that are read one after the other, `_ROW_GROUP` at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    waiting: list[pa.RecordBatch] = []
    position = count = 0
    for source in sources:
        for batch in pq.ParquetFile(source).iter_batches(1000):
            first, last = max(start - position, 0), min(stop - position, batch.num_rows)
            position += batch.num_rows
            while first < last:
                part = batch.slice(first, min(last - first, _ROW_GROUP - count))
                waiting.append(part)
                first, count = first + part.num_rows, count + part.num_rows
                if count == _ROW_GROUP:
                    yield pa.Table.from_batches(waiting)
                    waiting, count = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _examples(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the first rows that have names."""
    import pyarrow.parquet as pq

    found: list[dict[str, Any]] = []
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(1000, columns=["tokens", "ner_tags", "source_tokens"]):
            for row in batch.to_pylist():
                if any(row["ner_tags"]):
                    found.append({**row, "ner_tags": [NER_LABELS[tag] for tag in row["ner_tags"]]})
                    if len(found) == _EXAMPLES:
                        return found
    return found


def _command(build: _Build) -> str:
    """Return how the configuration is made again: by name where the table has its recipe, else from its file."""
    recipe = build.facts["recipe"]
    command = f"python scripts/{_SCRIPT.name} {build.config} --output DIR"  # where it lies beside the data
    for name, option in ((None, ""), (recipe.get("recipe"), f" --recipe {recipe.get('recipe')}")):
        for limit, more in ((None, ""), (recipe.get("limit"), f" --limit {recipe.get('limit')}")):
            try:
                known = make_recipe(build.config, name, {"limit": limit} if limit else None)
            except XnerError:
                continue
            if json.loads(json.dumps(known.to_dict())) == recipe:
                return command + option + more
    return f"{command} --recipe {build.config}/recipe.yaml"


def _script() -> Path:
    """Return the script that is published beside the data: of the checkout, else of the installed package."""
    places = [Path(__file__).parents[2], Path(sysconfig.get_path("data")) / "share" / "xner_hf"]
    for place in places:
        if (place / _SCRIPT).is_file():
            return place / _SCRIPT
    looked = " nor ".join(str(place / _SCRIPT) for place in places)
    raise XnerError(f"the script {_SCRIPT.name} is neither in {looked}. Install xner-hf again.")
