"""A study file to change, and what is asked of the runs that it makes."""

from __future__ import annotations

import copy

import yaml

from xner_hf.study import load_study

ALIGNED = "projected+distill-aligned"
STUDY = {
    "question": "Do trees help?\n",
    "backbones": ["org/encoder"],
    "languages": ["luo", "wol"],
    "recipe": "parallel",
    "gold": "masakhane/masakhaner2",
    "teachers": {"eng": "org/tagger-en", "fra": "org/tagger-fr"},
    "source_labels": {"eng": "eriktks/conll2003:conll2003/train", "fra": "Babelscape/wikineural:fr/validation"},
    "trees": {"eng": "org/trees:en", "fra": "org/trees:fr"},
    "target_trees": {"wol": "org/trees:wo"},
    "seeds": [1, 2],
    "budget": {"sentences": 100, "epochs": 2, "batch_size": 16, "tree_share": 0.5, "hours": 8, "note": "a guess"},
    "training": {"learning_rate": "5e-4", "max_length": 128, "loss": {"soft": "kl", "weights": {"soft": 0.5}}},
    "arms": {
        "direct": None,
        "direct+parse": {},
        ALIGNED: {"seeds": [1, 2, 3]},
        f"{ALIGNED}+parse": {"seeds": [1, 2, 3]},
        f"{ALIGNED}+text": {"arm": ALIGNED, "trees": "text"},
        f"{ALIGNED}+random": {"arm": f"{ALIGNED}+parse", "trees": "random"},
        "projected+parse-target": {"arm": "projected+parse", "trees": "target", "languages": ["wol"]},
        "gold": {},
    },
    "contrasts": {
        "text": {"arm": f"{ALIGNED}+parse", "against": f"{ALIGNED}+text"},
        "primary": {"arm": f"{ALIGNED}+parse", "against": ALIGNED},
    },
}
PARSING = {"direct+parse", f"{ALIGNED}+parse", f"{ALIGNED}+random", "projected+parse-target"}


def read_study(tmp_path, changes=None):
    """Read STUDY with changes: places, parted by ``/``, and what stands there instead (`...`: nothing)."""
    table = copy.deepcopy(STUDY)
    for place, value in (changes or {}).items():
        *folders, last = place.split("/")
        inner = table
        for name in folders:
            inner[name] = inner[name] or {}
            inner = inner[name]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
    path = tmp_path / "main.yaml"
    path.write_text(yaml.safe_dump(table, sort_keys=False), encoding="utf-8")
    return load_study(path)


def one(study, label, language="luo", seed=1):
    """The only run of an arm with a language and a seed."""
    wanted = {"label": label, "language": language, "seed": seed}
    (found,) = [run for run in study.runs() if wanted.items() <= run.settings.items()]
    return found


def keys(study, *without):
    """Keys of the runs by what they are called."""
    names = ("label", "language", "seed")
    return {
        tuple(run.settings[name] for name in names): run.key
        for run in study.runs()
        if run.settings["label"] not in without
    }
