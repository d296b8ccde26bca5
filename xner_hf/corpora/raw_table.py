"""Where the files lie that loading scripts on the Hub read: one entry for every configuration, at a fixed commit.

Each entry was written from the loading script of the data set and from the files themselves. The commits are those of
the data sets' own repositories; a commit stands for its content, so a file that was fetched once stays right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xner_hf.spans import NER_LABELS

_GITHUB = "https://raw.githubusercontent.com/"


@dataclass(frozen=True)
class RawSource:
    """The files of one configuration of a data set, as its authors keep them.

    Attributes:
        base: address of the repository, below which files are found as ``commit/file``.
        commit: hash of a commit, or the beginning of one.
        files: path of the file of a split, or of both sides of parallel text; ``{split}`` stands for the file's name
            of the split: ``train``, ``dev`` or ``test``.
        layout: ``words`` (a word, a space and its tag on every line), ``iob2`` (number, word and tag between tabs,
            with comments) or ``sides`` (a sentence on every line, one file a side).
        rows: sentences of every split, as it is to be read; None where the number is not known.
        column: name of the column of tags, as on the Hub.
        labels: names of the tags in the order of the Hub, or the codes of both sides of parallel text.
    """

    base: str
    commit: str
    files: tuple[str, ...]
    layout: str
    rows: Mapping[str, int | None]
    column: str
    labels: tuple[str, ...]


_FILE_NAMES = {"train": "train", "validation": "dev", "test": "test"}


def addresses(source: RawSource, split: str) -> list[str]:
    """Return the URLs of the files of a split."""
    return [f"{source.base}/{source.commit}/{file.format(split=_FILE_NAMES[split])}" for file in source.files]


def _masakhaner2(config: str, rows: tuple[int | None, ...]) -> RawSource:
    # The script reads the branch main; this commit is of 2025-10-15. The numbers were counted in its files (the table
    # in the repository's README differs for some languages); None: not counted.
    return RawSource(
        _GITHUB + "masakhane-io/masakhane-ner",
        "ba5843cd08aa491d5f96a5e809e71eb9ec461391",
        (f"MasakhaNER2.0/data/{config}/{{split}}.txt",),
        "words",
        dict(zip(_FILE_NAMES, rows, strict=True)),
        "ner_tags",
        (*NER_LABELS, "B-DATE", "I-DATE"),
    )


_MASAKHANER2 = {
    "bam": (4462, 638, 1274),
    "bbj": (3384, 483, 966),
    "ewe": (3505, 501, 1001),
    "fon": (4343, 623, 1228),
    "hau": (5716, 816, 1633),
    "ibo": (7634, 1090, 2181),
    "kin": (7825, 1118, 2235),
    "lug": (None, None, None),
    "luo": (5161, 737, 1474),
    "mos": (None, None, None),
    "nya": (6250, 893, 1785),
    "pcm": (5646, 806, 1613),
    "sna": (6207, 887, 1773),
    "swa": (6593, 942, 1883),
    "tsn": (3489, 499, 996),
    "twi": (None, None, None),
    "wol": (4593, 656, 1312),
    "xho": (5718, 817, 1633),
    "yor": (6876, 983, 1964),
    "zul": (None, None, None),
}


def _mafand(config: str, rows: dict[str, int]) -> RawSource:
    # The script reads data/json_files. The text files hold the same sentences, in the order that the table of leaked
    # rows counts in, and are the only ones with English-Luo.
    folder = "en_luo" if config == "en-luo" else config
    sides = tuple(config.split("-"))
    return RawSource(
        _GITHUB + "masakhane-io/lafand-mt",
        "d441f8b063d6",
        tuple(f"data/text_files/{folder}/{{split}}.{side}" for side in sides),
        "sides",
        rows,
        "translation",
        sides,
    )


_MAFAND = {
    "en-amh": (0, 899, 1037),
    "en-hau": (3098, 1300, 1500),
    "en-ibo": (6998, 1500, 1500),
    "en-kin": (0, 460, 1006),
    "en-lug": (4075, 1500, 1500),
    "en-luo": (4262, 1500, 1500),
    "en-nya": (0, 483, 1004),
    "en-pcm": (4790, 1484, 1564),
    "en-sna": (0, 556, 1005),
    "en-swa": (30782, 1791, 1835),
    "en-tsn": (2100, 1342, 1500),
    "en-twi": (3337, 1284, 1500),
    "en-xho": (0, 486, 1002),
    "en-yor": (6644, 1544, 1558),
    "en-zul": (3500, 1239, 998),
    "fr-bam": (3013, 1500, 1500),
    "fr-bbj": (2232, 1133, 1430),
    "fr-ewe": (2026, 1414, 1563),
    "fr-fon": (2637, 1227, 1579),
    "fr-mos": (2493, 1492, 1574),
    "fr-wol": (3360, 1506, 1500),
}
"""Rows of train (0: there is none), validation and test in which neither side is empty."""

_UPOS = (
    *("NOUN", "PUNCT", "ADP", "NUM", "SYM", "SCONJ", "ADJ", "PART", "DET"),
    *("CCONJ", "PROPN", "PRON", "X", "_", "ADV", "INTJ", "VERB", "AUX"),
)
"""The order of the Hub's universal_dependencies, which masakhapos keeps."""


def _masakhapos(config: str) -> RawSource:
    return RawSource(
        _GITHUB + "masakhane-io/masakhane-pos",
        "376f4161f0425584d4bd7664122b56fa026926d3",
        (f"data/{config}/{{split}}.txt",),
        "words",
        dict.fromkeys(_FILE_NAMES),
        "upos",
        _UPOS,
    )


def _universal_ner(config: str, repository: str, commit: str, rows: dict[str, int]) -> RawSource:
    # A repository for every treebank; the script reads their branches and sets OTH and the stray B-O to O.
    base = f"{_GITHUB}UniversalNER/{repository}"
    return RawSource(base, commit, (f"{config}-ud-{{split}}.iob2",), "iob2", rows, "ner_tags", NER_LABELS)


_PUD = {
    "de_pud": ("UNER_German-PUD", "47eb039b6d80"),
    "en_pud": ("UNER_English-PUD", "07ea0553144e"),
    "pt_pud": ("UNER_Portuguese-PUD", "cda2cf86b68d"),
    "sv_pud": ("UNER_Swedish-PUD", "7fed5e267858"),
}

RAW: dict[str, dict[str, RawSource]] = {
    "masakhane/masakhaner2": {config: _masakhaner2(config, rows) for config, rows in _MASAKHANER2.items()},
    "masakhane/mafand": {
        config: _mafand(config, {split: n for split, n in zip(_FILE_NAMES, rows, strict=True) if n})
        for config, rows in _MAFAND.items()
    },
    "masakhane/masakhapos": {config: _masakhapos(config) for config in _MASAKHANER2},
    "universalner/universal_ner": {
        **{config: _universal_ner(config, *place, {"test": 1000}) for config, place in _PUD.items()},
        "en_ewt": _universal_ner(
            "en_ewt",
            "UNER_English-EWT",
            "8ed072de2fd24022cc62458997fe96a8fe191ea4",
            {"train": 12543, "validation": 2001, "test": 2077},
        ),
    },
}
"""Sources by Hub id and configuration. Every data set here is a loading script on the Hub."""
