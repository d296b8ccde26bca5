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
        commit: hash of a commit.
        files: path of the file of a split, or of both sides of parallel text; ``{split}`` stands for the file's name
            of the split: ``train``, ``dev`` or ``test``.
        layout: ``words`` (a word, a space and its tag on every line), ``iob2`` (number, word and tag between tabs,
            with comments), ``json`` (``{"translation": {"en": ..., "hau": ...}}`` on every line) or ``sides`` (a
            sentence on every line, one file a side).
        rows: sentences that every split holds at least, as it is to be read; None where the number is not known.
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
    # The script reads data/json_files of the branch main. English-Luo is read from the text files, which its authors
    # keep in another folder. Text files and JSON hold the same sentences in the same order, but for the training split
    # of English-Hausa, of which the text files have the last 3,098 of 5,865. Checked at these commits, against a copy
    # of main: the number of characters of en-hau/train.json and of three files of en_luo is exactly that of its rows;
    # that of seven other JSON files is a few spaces and empty rows more.
    sides = tuple(config.split("-"))
    base, columns = _GITHUB + "masakhane-io/lafand-mt", ("translation", sides)
    if config == "en-luo":
        files = tuple(f"data/text_files/en_luo/{{split}}.{side}" for side in sides)
        return RawSource(base, "2a7a4372e58f6f8f9056c2f3aba82d5ab37dc494", files, "sides", rows, *columns)
    files = (f"data/json_files/{config}/{{split}}.json",)
    return RawSource(base, "9b698bb4223ef005ec1af3323ddcefd3aa4598a4", files, "json", rows, *columns)


_MAFAND = {
    "en-amh": (0, 899, 1037),
    "en-hau": (5865, 1300, 1500),
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
    # The commit is of 2025-06-25; public programs of 2026 read the files of three languages at it.
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
    # A repository for every treebank; the script reads their branches and sets OTH and the stray B-O to O. Checked at
    # these commits: as many entities of every type as the authors' own .stats file counts there.
    base = f"{_GITHUB}UniversalNER/{repository}"
    return RawSource(base, commit, (f"{config}-ud-{{split}}.iob2",), "iob2", rows, "ner_tags", NER_LABELS)


_PUD = {
    "de_pud": ("UNER_German-PUD", "f2d508ddfa78c6bd6e99c1964514c3d39b71bbd5"),
    # One person more than at 07ea0553144e, the state of 2026, of whose hash no more than this could be found.
    "en_pud": ("UNER_English-PUD", "71c02150f23d031e21ede60ea350dd3dd245b166"),
    "pt_pud": ("UNER_Portuguese-PUD", "03a01372517373d2fbd416e686944b4c9fed01d4"),
    "sv_pud": ("UNER_Swedish-PUD", "984ddb8e1bbc3a02167eea7c0ce3975ba46adb37"),
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
