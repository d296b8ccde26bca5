"""The language table: what can be built for which language, from what, under which licence.

The table itself is `languages.yaml` beside this module, which also explains its columns. It is read on first use and
kept, so importing this module costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from xner_hf.errors import XnerError, nearest
from xner_hf.splits import parts, roles, translate

_MAFAND = "masakhane/mafand:"

DEFAULT_SOURCE = "eng"
"""ISO 639-3 code of the source language of a row that names no other."""


@dataclass(frozen=True, slots=True)
class Language:
    """One target language. References to data sets have the form ``hub_id:config``.

    Attributes:
        code: ISO 639-3, as the test sets use it (``swa``, not ``swh``).
        name: English name.
        script: ISO 15924.
        aliases: other codes and names that mean this language.
        xtreme: code of the XTREME PAN-X test set, or None.
        nllb: NLLB-200 code, or None where NLLB-200 does not know the language.
        words: ``spaces`` or ``characters``: how raw text is split into words.
        clitics: ``english``, ``french`` or None: which clitics are split off.
        agglutinative: whether affixes are commonly written together with a name, so that a target word may be longer
            than the name in it.
        source: source language of its labels, another row of the table.
        labelled: labelled corpus whose split ``train`` teaches a student or is translated, or None.
        gold: gold NER evaluation sets.
        test_sets: those of `gold` that are among the 57 test sets of Politov et al. (2025).
        treebanks: Universal Dependencies treebanks, largest first.
        parallel: human translations.
        labelled_translations: machine translations of a labelled source corpus, for those who name them.
        text: unlabelled text, or None.
        sample: whether a sample is shipped with this package.
    """

    code: str
    name: str
    script: str
    aliases: tuple[str, ...] = ()
    xtreme: str | None = None
    nllb: str | None = None
    words: str = "spaces"
    clitics: str | None = None
    agglutinative: bool = False
    source: str = DEFAULT_SOURCE
    labelled: str | None = None
    gold: tuple[str, ...] = ()
    test_sets: tuple[str, ...] = ()
    treebanks: tuple[str, ...] = ()
    parallel: tuple[str, ...] = ()
    labelled_translations: tuple[str, ...] = ()
    text: str | None = None
    sample: bool = False

    @property
    def mafand(self) -> str | None:
        """The config of masakhane/mafand (``en-hau``, ``fr-bam``), or None."""
        return next((ref.removeprefix(_MAFAND) for ref in self.parallel if ref.startswith(_MAFAND)), None)

    @property
    def default_recipe(self) -> str:
        """``parallel`` where MAFAND has the language, else ``translate-test``."""
        return "parallel" if self.mafand else "translate-test"

    @property
    def recipes(self) -> list[str]:
        """Names of the recipes that there are for the language, the default first."""
        known = {
            "parallel": self.mafand is not None,
            "translate-test": self.text is not None,
            "translate-train": self.nllb is not None and labelled_source(self) is not self,
            "marker": self.nllb is not None and labelled_source(self) is not self,
            "transfer": self.text is not None,
            "combine": self.text is not None,
            "sample": self.sample,
        }
        return [name for name, available in known.items() if available]


@dataclass(frozen=True, slots=True)
class CorpusEntry:
    """Licence and hold-out of a data set, or of one config of it.

    Attributes:
        hub_id: ``organisation/name`` on the Hub.
        licence: SPDX or Hub licence id, ``other`` or ``unknown``.
        licence_class: ``permissive``, ``non-commercial``, ``research-only`` or ``unknown``.
        role: ``gold``, ``treebank``, ``parallel``, ``translated-labels``, ``text``, ``source-labels``, ``links`` or
            ``alignments``.
        evaluation_splits: splits whose labels and text must never enter a training corpus.
        shapes: how our tables and a mirror name a configuration and split, and how the Hub does, as for
            `xner_hf.splits.translate`; empty where both do the same.
        labels: names of the tags of a column that holds numbers without names on the Hub, by column.
    """

    hub_id: str
    licence: str
    licence_class: str
    role: str
    evaluation_splits: tuple[str, ...]
    shapes: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """Revision and licence of a translator or tagger.

    Attributes:
        model: Hub id.
        revision: branch, tag, pull request or commit that is read where none is named; None for the main branch.
        licence: SPDX or Hub licence id, ``other`` or ``unknown``.
        licence_class: as for `CorpusEntry`.
    """

    model: str
    revision: str | None
    licence: str
    licence_class: str


@dataclass(frozen=True, slots=True)
class TaggerEntry(ModelEntry):
    """The default NER tagger of a source language.

    Attributes:
        source_language: ISO 639-3.
        clitics: ``english``, ``french`` or None: which clitics of the text that it was trained on were split off.
    """

    source_language: str
    clitics: str | None


@lru_cache(maxsize=1)
def _table() -> dict[str, dict | list]:
    from pathlib import Path

    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with Path(__file__).with_name("languages.yaml").open(encoding="utf-8") as file:
        return loader(file).get_single_data()


@lru_cache(maxsize=1)
def _languages() -> dict[str, Language]:
    rows = (
        Language(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})
        for row in _table()["languages"]
    )
    return {row.code: row for row in sorted(rows, key=lambda row: row.code)}


@lru_cache(maxsize=1)
def _codes_by_key() -> dict[str, str]:
    return {key.casefold(): row.code for row in _languages().values() for key in (row.code, row.name, *row.aliases)}


@lru_cache(maxsize=1)
def _hub_ids_by_key() -> dict[str, str]:
    return {
        key.casefold(): hub_id
        for hub_id, row in _table()["corpora"].items()
        for key in (hub_id, *row.get("former_ids", ()))
    }


def languages() -> list[Language]:
    """Return every language of the table that something can be built for, sorted by code."""
    return [row for row in _languages().values() if row.recipes]


@lru_cache(maxsize=1)
def source_languages() -> tuple[str, ...]:
    """Return the ISO 639-3 codes of the languages that others of the table have as their source, commonest first."""
    counts = Counter(row.source for row in _languages().values())
    return tuple(code for code, _ in counts.most_common())


def source_of(code: str | None) -> Language:
    """Return the source language of a language, the default one where none is named."""
    return language(language(code).source if code else DEFAULT_SOURCE)


def labelled_source(row: Language) -> Language:
    """Return the language whose labelled corpus is translated for a language: its source, if that has one."""
    sources = [language(code) for code in (row.source, *source_languages())]
    return next(one for one in sources if one.labelled)


def language(code: str) -> Language:
    """Return the language that `code` names: its code, an alias or its English name, without regard to case.

    Raises:
        XnerError: no language of the table has that code or name.
    """
    key = code.strip().casefold()
    if key in _codes_by_key():
        return _languages()[_codes_by_key()[key]]
    known = list(dict.fromkeys(name for row in languages() for name in (row.code, row.name.casefold())))
    raise XnerError(
        f"{code!r} is not a language of this version.{nearest(key, known)} "
        "Run 'xner languages' to see the codes and names."
    )


def _hub_id(hub_id: str) -> str | None:
    # A folder of a local mirror ends like the id of the data set in it, and must be guarded like it.
    name = "/".join(hub_id.replace("\\", "/").rstrip("/").split("/")[-2:])
    return _hub_ids_by_key().get(name.casefold())


def corpus_entry(hub_id: str, config: str | None = None) -> CorpusEntry:
    """Return licence and hold-out of a data set, or of one config where they differ.

    Args:
        hub_id: id on the Hub, a former id of it, or the folder of it in a local mirror; without regard to case.
        config: name of a config; one that the table does not set apart has the terms of the whole data set.

    Raises:
        XnerError: the table does not know the data set.
    """
    known = _hub_id(hub_id)
    if known is None:
        raise XnerError(
            f"{hub_id!r} is not a data set of the language table, so its licence and evaluation splits are unknown."
            f"{nearest(hub_id, list(_table()['corpora']))} Give the id of a data set in the table, or your own files."
        )
    row = dict(_table()["corpora"][known])
    for group in row.pop("configs", ()):
        if config in group["names"]:
            row |= group
    labels = {column: tuple(names) for column, names in row.get("labels", {}).items()}
    splits, shapes = tuple(row["evaluation_splits"]), tuple(row.get("shapes", ()))
    return CorpusEntry(known, row["licence"], row["class"], row["role"], splits, shapes, labels)


def our_names(hub_id: str, config: str, split: str) -> tuple[str, str]:
    """Return configuration and split as our table and a mirror call them, which may be given as the Hub does.

    Where both differ (`CorpusEntry.shapes`), everything has two names: ``default`` and ``val_fr`` of WikiNEuRal are
    ``fr`` and ``validation`` here.
    """
    shapes = _shapes(hub_id)
    return (translate(config, split, shapes[1], shapes[0]) if shapes else None) or (config, split)


def their_names(hub_id: str, config: str, split: str) -> tuple[str, str]:
    """Return what the Hub calls the configuration and split of our names, as far as the table knows."""
    shapes = _shapes(hub_id)
    return (translate(config, split, *shapes) if shapes else None) or (config, split)


def _shapes(hub_id: str) -> tuple[str, ...]:
    known = _hub_id(hub_id)
    return corpus_entry(known).shapes if known else ()


def known_labels(hub_id: str) -> Mapping[str, tuple[str, ...]]:
    """Return `CorpusEntry.labels` of a data set, nothing for one that the table does not know."""
    known = _hub_id(hub_id)
    return corpus_entry(known).labels if known else {}


def is_evaluation_split(hub_id: str, config: str | None, split: str | None) -> bool:
    """Return whether reading this split would put evaluation data into a training corpus.

    A data set that is not in the table is the user's own and has no evaluation split.

    Args:
        hub_id: as for `corpus_entry`.
        config: name of a config, or None.
        split: a split as `datasets.load_dataset` takes it: a name in any spelling (``dev``, ``val_fr``), a slice
            (``test[:100]``), a sum (``train+test``), or ``all`` or None for every split.
    """
    if _hub_id(hub_id) is None:
        return False
    if split is None or split == "all":
        return bool(_held_out(hub_id, config))
    for part in parts(split):
        ours = our_names(hub_id, config, part)[0] if config is not None else None
        held_out = _held_out(hub_id, ours)
        # Where there are evaluation splits, any part that may be one of them counts.
        if held_out and (held_out & roles(part) or not roles(part)):
            return True
    return False


def _held_out(hub_id: str, config: str | None) -> set[str]:
    """Evaluation splits of a configuration; without one, those of any."""
    row = _table()["corpora"][_hub_id(hub_id)]
    groups = row.get("configs", ()) if config is None else ()
    found = {*corpus_entry(hub_id, config).evaluation_splits}
    return found.union(*(group.get("evaluation_splits", ()) for group in groups))


def tagger_languages() -> list[str]:
    """Return the source languages that have a default tagger, as ISO 639-3 codes."""
    return sorted(_table()["taggers"])


def tagger_entry(source_language: str) -> TaggerEntry:
    """Return the default tagger of a source language, one of `tagger_languages`.

    Raises:
        XnerError: there is no default tagger for it.
    """
    if source_language not in tagger_languages():
        raise XnerError(
            f"there is no default tagger for the source language {source_language!r}, only for "
            f"{', '.join(map(repr, tagger_languages()))}. Give a tagger: --tagger ORG/NAME."
        )
    row = _table()["taggers"][source_language]
    return TaggerEntry(row["model"], row["revision"], row["licence"], row["class"], source_language, row["clitics"])


@lru_cache(maxsize=1)
def _models_by_key() -> dict[str, tuple[str, dict[str, str]]]:
    rows = {row["model"]: row for row in _table()["taggers"].values()} | _table()["models"]
    return {model.casefold(): (model, row) for model, row in rows.items()}


def model_entry(model: str) -> ModelEntry:
    """Return revision and licence of a model that recipes name; the licence of any other is ``unknown``.

    Args:
        model: Hub id, without regard to case.
    """
    model, row = _models_by_key().get(model.casefold(), (model, {"licence": "unknown", "class": "unknown"}))
    return ModelEntry(model, row.get("revision"), row["licence"], row["class"])
