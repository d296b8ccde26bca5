"""A small invented mirror for studies, and studies over it. Luo has human translations of its gold, Hausa has not."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import yaml

PEOPLE, PLACES = ("Amina", "Musa", "Halima"), ("Kano", "Zaria", "Jos")
LEXICON = {"B-PER": PEOPLE, "B-LOC": PLACES}
NAMES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
VERBS = {
    "visited": ("limo", "ziyarci"),
    "left": ("weyo", "bar"),
    "saw": ("neno", "ga"),
    "loved": ("hero", "so"),
    "reached": ("chopo", "isa"),
    "praised": ("pako", "yabi"),
}
TIMES = {"today": ("kawuono", "yau"), "again": ("kendo", "kuma"), "yesterday": ("nyoro", "jiya"), "": ("", "")}
ENGLISH = [
    f"{who} {verb} {where} {when} .".replace("  ", " ")
    for verb, when, who, where in product(VERBS, TIMES, PEOPLE, PLACES)
]
"""216 sentences; the verb changes last, so that the first ones have few."""

BACKBONE = TEACHER = "xner/minilm-conll2003-en"
TREEBANK = "universal-dependencies/universal_dependencies"
ALIGNED = "projected+distill-aligned"
TEST = 20
"""Held-out sentences of Luo, its last, and of Hausa, from the sixth: 2 are the validation split, 18 the test split."""


def translated(sentence: str, language: int) -> str:
    """Return an English sentence in Luo (0) or Hausa (1), or what stands for them."""
    table = {english: both[language] for english, both in (VERBS | TIMES).items()}
    return " ".join(table.get(word, word) for word in sentence.split())


def labelled(sentence: str) -> dict[str, Any]:
    """Return a row of a labelled corpus; a name is the same in every language."""
    words = sentence.split()
    tags = [1 if word in PEOPLE else 5 if word in PLACES else 0 for word in words]
    return {"id": "0", "tokens": words, "ner_tags": tags}


def unlike(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row in which the place is an organisation, as no teacher and no student of one knows it."""
    return {**row, "ner_tags": [3 if tag == 5 else tag for tag in row["ner_tags"]]}


def parsed(sentence: str, number: int) -> dict[str, Any]:
    """Return a row of a treebank: everything hangs on the verb, the second word."""
    words = sentence.split()
    heads = [str(0 if place == 1 else 2) for place in range(len(words))]
    relations = ["nsubj", "root", "obj", *["advmod"] * (len(words) - 4), "punct"]
    return {"idx": f"s{number}", "tokens": words, "head": heads, "deprel": relations}


def write_mirror(root: Path, write_corpus: Any, write_tagger: Any) -> None:
    """Write the mirror: gold, translations, parallel text, source labels, treebanks and a tagger."""
    gold = {"ner_tags": NAMES}
    luo, hausa = ([labelled(translated(one, side)) for one in ENGLISH] for side in (0, 1))
    held_out = {"luo": luo[-TEST:], "hau": hausa[5 : 5 + TEST]}
    train = {"luo": luo[:-TEST], "hau": hausa[:5]}
    splits = {
        code: {"train": train[code], "validation": rows[:2], "test": [*rows[2:-4], *map(unlike, rows[-4:])]}
        for code, rows in held_out.items()
    }
    write_corpus(root, "masakhane/masakhaner2", splits, gold)
    links = [{"index": n, "source_text": one} for n, one in enumerate(ENGLISH[:-TEST])]
    flags = [{"config": "en-yor", "split": "train", "index": 0, "linked": True}]
    tables = {"luo": {"train": links}, "hau": {"train": links[:6]}, "leakage": {"train": flags}}
    write_corpus(root, "xner/masakhaner2-translated", tables)
    pairs = {
        f"en-{code}": {
            "train": [
                {"translation": {"en": one, code: translated(one, side)}} for one in ENGLISH[5 : len(ENGLISH) - TEST]
            ]
        }
        for side, code in enumerate(("luo", "hau"))
    }
    write_corpus(root, "masakhane/mafand", pairs)
    write_corpus(root, "eriktks/conll2003", {"conll2003": {"train": list(map(labelled, ENGLISH[::5]))}}, gold)
    english = [parsed(one, number) for number, one in enumerate(ENGLISH)]
    own = [parsed(translated(one, 1), number) for number, one in enumerate(ENGLISH)]
    trees = {"en_ewt": {"train": english[:60], "test": english[60:70]}, "ha_northernautogramm": {"test": own[:120]}}
    write_corpus(root, TREEBANK, trees)
    write_tagger(root / "models" / TEACHER, LEXICON, NAMES)


def study_table(**changes: Any) -> dict[str, Any]:
    """Return a study over the invented mirror as its file holds it."""
    return {
        "backbones": [BACKBONE],
        "languages": ["luo"],
        "recipe": "parallel",
        "gold": "masakhane/masakhaner2",
        "teachers": {"eng": TEACHER},
        "source_labels": {"eng": "eriktks/conll2003:conll2003/train"},
        "trees": {"eng": f"{TREEBANK}:en_ewt"},
        "target_trees": {},
        "seeds": [1],
        "budget": {"sentences": 16, "epochs": 1, "batch_size": 8, "tree_share": 0.5, "tree_sentences": 12},
        "training": {"learning_rate": 0.02, "max_length": 64, "loss.soft": "kl"},
        "arms": {"projected": {}, "projected+parse": {}},
        "contrasts": {"primary": {"arm": "projected+parse", "against": "projected"}},
    } | changes


def write_study(path: Path, **changes: Any) -> Path:
    """Write a study over the invented mirror to a file."""
    path.write_text(yaml.safe_dump(study_table(**changes), sort_keys=False), encoding="utf-8")
    return path
