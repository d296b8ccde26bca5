"""The biaffine parser by itself: UAS and LAS on the test split of a treebank, after training on its train split.

XNER_MIRROR=... python benchmarks/parsing.py --store runs.jsonl [--treebanks wo_wtb en_ewt] [--seeds 1]

The backbone is all-MiniLM-L6-v2, an encoder of 22 million weights that was trained on English. Scores are those of
CoNLL 2018: punctuation counts, subtypes of relations do not; words are gold. No setting was chosen on these
treebanks. Training is in bfloat16.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import torch

from xner_hf.corpora.trees import read_trees
from xner_hf.evaluation.scores import score_parser
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus
from xner_hf.training.student import train_student

BACKBONE = "sentence-transformers/all-MiniLM-L6-v2"
TREEBANK = "universal-dependencies/universal_dependencies:"
EPOCHS = {"wo_wtb": 20.0, "en_ewt": 4.0}
RATE = 2e-4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--treebanks", nargs="+", default=list(EPOCHS), choices=list(EPOCHS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--epochs", type=float)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.treebanks:
        for seed in arguments.seeds:
            row = run(name, seed, arguments.epochs or EPOCHS[name])
            with arguments.store.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)


def run(name: str, seed: int, epochs: float) -> dict[str, object]:
    """Train and score one parser."""
    started = time.perf_counter()
    train, test = (list(read_trees(TREEBANK + name, split)) for split in ("train", "test"))
    config = TrainingConfig(
        BACKBONE, epochs=epochs, learning_rate=RATE, seed=seed, checkpoints=False, max_length=256, bf16=True
    )
    for sentence in [*train, *test]:
        sentence.spans = None  # the parser by itself
    with tempfile.TemporaryDirectory() as folder:
        train_student([Corpus(name, train)], Path(folder) / "parser", config, quiet=True)
        scores = score_parser(str(Path(folder) / "parser"), test)
    return {
        "treebank": name,
        "seed": seed,
        "epochs": epochs,
        "learning_rate": RATE,
        "sentences": {"train": len(train), "test": len(test)},
        "uas": scores["uas"],
        "las": scores["las"],
        "label_accuracy": scores["label_accuracy"],
        "seconds": round(time.perf_counter() - started),
    }


if __name__ == "__main__":
    main()
