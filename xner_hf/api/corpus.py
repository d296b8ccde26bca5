"""``xner.load_dataset``, ``xner.build`` and what they return: a projected corpus of a language."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError
from xner_hf.languages import language as find_language
from xner_hf.pipeline.build import build_corpus, read_build
from xner_hf.pipeline.progress import Progress
from xner_hf.recipe import Recipe, load_recipe, make_recipe

if TYPE_CHECKING:
    import datasets

SHOWN = 3
"""Sentence pairs that a notebook shows of a build."""


def load_dataset(language: str, recipe: str | None = None, split: str | None = None, **overrides: Any) -> Any:
    """Return the projected corpus of a language; the same as ``datasets.load_dataset("xner/projected", language)``.

    It is built on the first call, and read from the cache after that.

    Args:
        language: code, alias or English name.
        recipe: name of a recipe; by default that of the language (`xner languages LANG`).
        split: ``train``, ``validation``, ``rejected`` or a part such as ``train[:10%]``; all of them by default.
        **overrides: keys of the recipe, such as ``tagger="ORG/MODEL"``, ``limit=1000``, ``text={"corpus": "my.tsv"}``.

    Returns:
        A `datasets.DatasetDict`, or a `datasets.Dataset` if `split` is given.

    Raises:
        XnerError: the language, a setting or an input is unknown or does not fit.
    """
    import datasets

    code = find_language(language).code
    return datasets.load_dataset("xner/projected", code, split=split, recipe=recipe, **overrides)


def build(
    language: str,
    recipe: str | None = None,
    *,
    text: str | Mapping[str, Any] | None = None,
    output: str | Path | None = None,
    num_proc: int = 1,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    **overrides: Any,
) -> Build:
    """Project a corpus for a language, write it to a folder and return it.

    Args:
        language: code, alias or English name.
        recipe: name of a recipe, or a ``.yaml`` file; by default that of the language or of the text.
        text: text of your own: a file (``my.tsv``, ``my.jsonl``, ``my.txt``, ``a.en,a.ha``), or a mapping with
            ``corpus`` and ``config`` of a Hub corpus.
        output: folder to write; ``build/LANG`` by default.
        num_proc: processes for the projection, 1 or more.
        settings: keys of the recipe, also dotted: ``{"projector.method": "heuristic"}``.
        progress: shows the stages.
        **overrides: further keys of the recipe, such as ``tagger="ORG/MODEL"`` or ``limit=1000``.

    Raises:
        XnerError: a setting or an input does not fit, or the folder holds other files; nothing is written then.
    """
    given = {**(settings or {}), **overrides}
    if text is not None:
        given["text"] = {"corpus": text} if isinstance(text, str) else dict(text)
    if recipe and Path(recipe).suffix in (".yaml", ".yml"):
        chosen = load_recipe(Path(recipe), given)
        if chosen.language != find_language(language).code:
            raise XnerError(f"{recipe} is a recipe for {chosen.language!r}, not for {language!r}.")
    else:
        chosen = make_recipe(language, recipe, given)
    folder = Path(output) if output else Path("build") / chosen.language
    build_corpus(chosen, folder, num_proc, progress)
    return Build(folder)


class Build:
    """A projected corpus in a folder, as `build` and ``xner build`` write it.

    Args:
        folder: the folder.

    Attributes:
        folder: the folder.
        facts: the content of ``build.json``: counts, settings, licences, revisions, versions.

    Raises:
        XnerError: the folder has no complete build.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.facts = read_build(self.folder)

    @property
    def language(self) -> str:
        """ISO 639-3 code of the language."""
        return self.facts["language"]

    @property
    def recipe(self) -> Recipe:
        """The recipe that it was made by."""
        return load_recipe(self.folder / "recipe.yaml")

    @property
    def dataset(self) -> datasets.DatasetDict:
        """The corpus: a `datasets.DatasetDict` with ``train``, ``validation`` and ``rejected``, those with rows."""
        import datasets

        names = [name for name, count in self.facts["rows"].items() if name != "in" and count]
        files = {name: str(self.folder / name / "*.parquet") for name in names}
        return datasets.load_dataset("parquet", data_files=files)

    def report(self, output: str | Path | None = None, sample: int = 60) -> Path:
        """Write one HTML page about the build, and return its path.

        Args:
            output: file to write; ``report.html`` in the folder by default.
            sample: sentence pairs to show, 0 or more.
        """
        from xner_hf.report import write_report

        return write_report(self.folder, Path(output) if output else None, sample, None, None)

    def export(self, output: str | Path, **options: Any) -> Path:
        """Write the build as a data set ready to publish: Parquet shards, a card, its recipe; return the folder.

        Args:
            output: new or empty folder, or an earlier export.
            **options: those of `xner_hf.publish.export.export_builds`.
        """
        from xner_hf.publish.export import export_builds

        export_builds([self.folder], Path(output), **options)
        return Path(output)

    def publish(self, repo: str, **options: Any) -> dict[str, Any]:
        """Publish the build on the Hub with a card, in one commit; the same as ``xner publish``.

        Args:
            repo: ``ORG/NAME``, created if it does not exist.
            **options: ``private``, ``revision``, ``create_pr``, ``dry_run``, ``message``, ``tag``, ``licence`` and
                ``reason``, as for `xner_hf.publish.folder.publish_folder`.

        Returns:
            What was done: ``state``, ``url``, ``commit``, ``changes`` and more, as ``xner publish --json`` prints.

        Raises:
            XnerError: no right to write, the licence is unknown, or the Hub cannot be reached.
        """
        from xner_hf.publish.folder import publish_folder

        return publish_folder(self.folder, repo, **options).to_dict()

    def __repr__(self) -> str:
        rows = self.facts["rows"]
        return (
            f"Build({str(self.folder)!r}, language={self.language!r}, train={rows['train']:,}, "
            f"validation={rows['validation']:,}, rejected={rows['rejected']:,})"
        )

    def _repr_html_(self) -> str:
        rows, entities = self.facts["rows"], self.facts["entities"]
        counts = ", ".join(f"{name} {rows[name]:,}" for name in ("train", "validation", "rejected"))
        types = ", ".join(f"{kind} {count:,}" for kind, count in entities.items()) or "none"
        shown = "".join(_pair(row) for row in self._sample())
        return (
            f"<p><b>{escape(self.language)}</b>, recipe {escape(self.facts['recipe']['recipe'])}: {counts} sentences; "
            f"entities: {escape(types)}; terms: {escape(self.facts['licence']['licence_class'])}</p>{shown}"
        )

    def _sample(self) -> list[dict[str, Any]]:
        """Return the first rows that have entities."""
        import pyarrow.parquet as pq

        found: list[dict[str, Any]] = []
        for path in sorted((self.folder / "train").glob("*.parquet")):
            for batch in pq.ParquetFile(path).iter_batches(200):
                found += [row for row in batch.to_pylist() if row["entities"]]
                if len(found) >= SHOWN:
                    return found[:SHOWN]
        return found


_COLOURS = {"PER": "#fde2c4", "ORG": "#cfe3f7", "LOC": "#d5efd0"}


def _pair(row: dict[str, Any]) -> str:
    placed = [one for one in row["entities"] if one["status"] == "projected"]
    source = _sentence(row["source_tokens"], row["source_entities"])
    return f'<p dir="auto">{source}<br>{_sentence(row["tokens"], placed)}</p>'


def _sentence(words: list[str], entities: list[dict[str, Any]]) -> str:
    shown = [escape(word) for word in words]
    for one in entities:
        label = escape(str(one["label"]))
        colour = _COLOURS.get(str(one["label"]), "#e6e6e6")
        shown[one["start"]] = f'<mark style="background:{colour}" title="{label}">{shown[one["start"]]}'
        shown[one["end"] - 1] += f" <small>{label}</small></mark>"
    return " ".join(shown)
