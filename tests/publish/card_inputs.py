"""What cards are made from, invented: an export, a training record, scores."""

from __future__ import annotations

import copy
import json

from xner_hf.pipeline.schema import corpus_schema
from xner_hf.spans import NER_LABELS

MAFAND = {"name": "masakhane/mafand", "licence": "cc-by-nc-4.0", "licence_class": "non-commercial"}
ENGLISH = {"name": "xner/minilm-conll2003-en", "licence": "other", "licence_class": "research-only"}
FRENCH = {"name": "xner/minilm-wikineural-fr", "licence": "other", "licence_class": "non-commercial"}

BUILD = {
    "language": "hau",
    "signature": "0123456789abcdef",
    "created": "2026-11-23T01:12:01+00:00",
    "recipe": {
        "recipe": "parallel",
        "language": "hau",
        "source_language": "eng",
        "text": {"corpus": "masakhane/mafand", "config": "en-hau", "splits": None, "revision": "abc123"},
        "tagger": {"model": "xner/minilm-conll2003-en", "revision": "main", "labels": None, "consistent": True},
        "aligner": {"method": "statistical", "extra_parallel": []},
        "projector": {
            "method": "fused",
            "weights": {"alignment": 1.5, "bias": -7.25},
            "null_threshold": 0.2,
            "fitted_on": ["masakhane/masakhaner2:bam:validation", "masakhane/masakhaner2:ewe:validation"],
        },
        "filters": {"comp_src": False},
        "limit": None,
    },
    "licence": ENGLISH,
    "licences": [MAFAND, ENGLISH],
    "rows": {"in": 1236, "train": 1000, "validation": 36, "rejected": 200},
    "entities": {"LOC": 400, "ORG": 100, "PER": 300},
    "statuses": {"conflict": 50, "projected": 800, "unaligned": 150},
    "reasons": {"evaluation_overlap": 180, "no_alignment": 20},
    "leak_check": {
        "status": "done",
        "checked": ["masakhane/masakhaner2:hau/test"],
        "unreachable": [],
        "dropped": {"leakage_table": 180},
    },
    "repaired_tags": 0,
    "versions": {"xner-hf": "0.1.0", "pyarrow": "26.0.1"},
}

EXAMPLES = [
    {
        "tokens": ["Musa", "Garba", "ya", "bar", "Kano", "."],
        "ner_tags": ["B-PER", "I-PER", "O", "O", "B-LOC", "O"],
        "source_tokens": ["Musa", "Garba", "left", "Kano", "."],
    }
]

SCORE = {
    "dataset": "masakhane/masakhaner2",
    "config": "hau",
    "split": "test",
    "revision": None,
    "kind": "model",
    "task": "ner",
    "metric": "f1",
    "value": 0.6123,
    "low": 0.5912,
    "high": 0.6321,
    "precision": 0.7,
    "recall": 0.5441,
    "sentences": 1633,
    "gold": 2000,
    "left_out": 0,
    "types": {"PER": {"precision": 0.8, "recall": 0.6, "f1": 0.6857, "gold": 900}},
    "convention": "strict spans, PER ORG LOC",
    "date": "2026-11-24",
    "command": "xner evaluate hau-projected --gold masakhane/masakhaner2:hau --split test",
}


def export(config="hau", **changes):
    """Return an ``export.json``; `changes` go into its ``build``."""
    build = {**copy.deepcopy(BUILD), "language": config, **changes}
    build["recipe"]["language"] = config
    splits = {
        name: {"rows": rows, "bytes": 10 * rows, "files": [f"{config}/{name}-00000-of-00001.parquet"]}
        for name, rows in build["rows"].items()
        if name != "in" and rows
    }
    return {
        "format": 1,
        "config": config,
        "build": build,
        "splits": splits,
        "sha256": {},
        "features": json.loads(corpus_schema().metadata[b"huggingface"])["info"]["features"],
        "examples": copy.deepcopy(EXAMPLES),
        "scores": [],
        "licence_override": None,
        "command": f"python scripts/projected.py {config} --output DIR",
    }


TRAINING = {
    "settings": {"backbone": "FacebookAI/xlm-roberta-base", "epochs": 3.0, "loss": {"soft": "kl", "weights": {}}},
    "data": {
        "arm": "projected+distill-aligned",
        "language": "hau",
        "corpora": ["build/hau"],
        "command": "xner train hau --arm projected+distill-aligned",
    },
    "inputs": [
        {
            "name": "FacebookAI/xlm-roberta-base",
            "role": "backbone",
            "revision": "e73636d4f797dec63c3081bb6ed5c7b0bb3f2089",
            "licence": "unknown",
            "licence_class": "unknown",
            "local": False,
        },
        {**MAFAND, "role": "build hau", "revision": None, "local": False},
        {**ENGLISH, "role": "build hau", "revision": None, "local": False},
        {**ENGLISH, "role": "teacher", "revision": "main", "local": False},
    ],
    "builds": [{"name": "build/hau", **BUILD}],
    "teachers": [{"model": "xner/minilm-conll2003-en", "revision": "main", "weight": 1.0}],
    "sentences": {"train": {"projected+distill-aligned": 1000}, "validation": 36},
    "steps": {"projected+distill-aligned": 32},
    "processes": 2,
    "run": {
        "date": "2026-11-23",
        "seconds": 5025.2,
        "hardware": {"device": "NVIDIA H200", "number": 2},
        "versions": {"python": "3.11.7", "xner-hf": "0.1.0", "torch": "2.13.0"},
        "emissions": {"grams": 120.5, "place": "Germany"},
    },
    "validation": {"epoch": 1.0, "eval_f1": 0.71, "eval_runtime": 1.0},
    "log": [{"epoch": 1.0, "eval_f1": 0.71, "eval_runtime": 1.0}, {"epoch": 2.0, "eval_f1": 0.5, "eval_runtime": 1.0}],
}

CONFIG = {
    "model_type": "xner",
    "tasks": ["ner"],
    "id2label": {str(number): name for number, name in enumerate(NER_LABELS)},
    "relation_labels": [],
}


def write_model(folder, training=TRAINING, config=CONFIG, scores=(SCORE,)):
    """Write what a card reads of a model; no weights."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("training.json", training), ("config.json", config), ("scores.json", list(scores))):
        if content:
            (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder
