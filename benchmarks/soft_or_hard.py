"""Projected labels, hard and soft, beside gold labels of the same sentences: what a student makes of each.

XNER_MIRROR=... python benchmarks/soft_or_hard.py --store runs.jsonl [--language luo] [--seeds 1 2 3 4 5] [--arms ...]
XNER_MIRROR=... python benchmarks/soft_or_hard.py --store runs.jsonl --table

Sentences: the first 3,000 of the language's MasakhaNER2 train split that have a human translation; their labels come
from the translation by the default recipe, and are compared with their gold. Arms: `gold`; `hard`, the projected
labels; `softened`, these with the teacher's doubt about type and entity; `carried`, the teacher's word distributions
carried over links (distill-aligned); `hard+carried`, both losses. Scores are those of the test split. `--english` is
another English tagger (with a store of its own; `gold` needs none).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from distillation import BATCH, ENGLISH, EPOCHS, RATE, settings

from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.sentence import Pair, Sentence
from xner_hf.evaluation.intrinsic import TranslatedGold, translated_gold
from xner_hf.evaluation.scores import score_tagger
from xner_hf.project.projector import PROJECTED, ProjectedSpan
from xner_hf.recipe import make_recipe
from xner_hf.registry import make
from xner_hf.spans import LABEL_NUMBER, NER_LABELS
from xner_hf.tag.model import ModelTagger
from xner_hf.training.data import Corpus
from xner_hf.training.soft_labels import SoftLabels, SoftSource, carry
from xner_hf.training.student import train_student
from xner_hf.training.teachers import Teacher

SENTENCES = 3000
ARMS = ("gold", "hard", "softened", "carried", "hard+carried")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--language", default="luo")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=ARMS)
    parser.add_argument("--english", default=ENGLISH, metavar="MODEL", help="tagger and teacher of the source side")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--table", action="store_true", help="only print what the store holds")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    done = [json.loads(line) for line in arguments.store.read_text().splitlines()] if arguments.store.exists() else []
    missing = [
        (seed, arm)
        for seed in arguments.seeds
        for arm in arguments.arms
        if not any((one["language"], one["arm"], one["seed"]) == (arguments.language, arm, seed) for one in done)
    ]
    if missing and not arguments.table:
        labels = Labels(arguments.language, arguments.english)
        for seed, arm in missing:
            row = {"language": arguments.language, "arm": arm, "seed": seed, **labels.run(arm, seed)}
            with arguments.store.open("a") as file:
                file.write(json.dumps(row) + "\n")
            done.append(row)
            print(row, flush=True)
    table(done)


class Labels:
    """The sentences of a language with all their labels."""

    def __init__(self, language: str, english: str):
        recipe = make_recipe(language, overrides={"tagger": english})
        self.data: TranslatedGold = translated_gold(recipe, f"masakhane/masakhaner2:{language}", "train", SENTENCES)
        self.projections = self.data.project(
            make("projector", recipe.projector.method, recipe.projector.settings), recipe.filters
        )
        rows = Teacher(english).distributions([pair.source for pair in self.data.pairs])
        lengths = [len(pair.target) for pair in self.data.pairs]
        self.carried = [carry(*one) for one in zip(rows, self.data.links, lengths, strict=True)]
        self.softened = [
            soften(projection.entities, pair, own)
            for projection, pair, own in zip(self.projections, self.data.pairs, rows, strict=True)
        ]
        self.test = list(read_labelled(f"masakhane/masakhaner2:{language}", "test"))

    def run(self, arm: str, seed: int) -> dict[str, Any]:
        """Train and score one student."""
        started = time.perf_counter()
        config = settings(seed)
        sentences, soft = [], []
        for number, (gold, projection) in enumerate(zip(self.data.gold, self.projections, strict=True)):
            if arm != "gold" and projection.reason is not None:
                continue  # what a build rejects
            spans = gold.spans if arm == "gold" else projection.spans() if arm.startswith("hard") else None
            sentences.append(Sentence(gold.id, gold.tokens, spans))
            soft.append(self.softened[number] if arm == "softened" else self.carried[number])
        taught = arm not in ("gold", "hard")
        sources = {0: Ready(SoftLabels([rows.copy() for rows in soft]))} if taught else {}
        with tempfile.TemporaryDirectory() as folder:
            student = Path(folder) / "student"
            train_student([Corpus(arm, sentences, soft=taught)], student, config, None, sources, quiet=True)
            scores = score_tagger(ModelTagger(str(student)), self.test)
        return {
            "sentences": len(sentences),
            "epochs": EPOCHS,
            "batch": BATCH,
            "learning_rate": RATE,
            **{name: scores[name] for name in ("precision", "recall", "f1", "calibration_error")},
            "seconds": round(time.perf_counter() - started),
        }


class Ready(SoftSource):
    """Soft labels that are there already."""

    def __init__(self, soft: SoftLabels):
        super().__init__(None, [])
        self._soft = soft

    def make(self, *_: Any, **__: Any) -> SoftLabels:
        return self._soft


def soften(entities: list[ProjectedSpan], pair: Pair, rows: np.ndarray) -> np.ndarray:
    """Return projected labels with the teacher's doubt: a word of an entity has the mean distribution over types, and
    over no entity, of the words of its source entity; all other words are ``O``."""
    soft = np.zeros((len(pair.target), len(NER_LABELS)), dtype=np.float32)
    soft[:, 0] = 1.0
    for entity in entities:
        if entity.status != PROJECTED:
            continue
        source = pair.source_spans[entity.source]
        mean = rows[source.start : source.end].mean(0)
        for word in range(entity.start, entity.end):
            soft[word] = 0.0
            soft[word, 0] = mean[0]
            place = "B" if word == entity.start else "I"
            for kind in ("PER", "ORG", "LOC"):
                mass = mean[LABEL_NUMBER[f"B-{kind}"]] + mean[LABEL_NUMBER[f"I-{kind}"]]
                soft[word, LABEL_NUMBER[f"{place}-{kind}"]] = mass
    return soft


def table(done: list[dict[str, Any]]) -> None:
    """Print mean and deviation over the seeds, and the difference of each arm from the hard labels by seed."""
    print(f"\n{SENTENCES:,} sentences, {EPOCHS:g} epochs, batch {BATCH}, rate {RATE:g}, bfloat16; test F1")
    for language in dict.fromkeys(one["language"] for one in done):
        by = {(one["arm"], one["seed"]): 100 * one["f1"] for one in done if one["language"] == language}
        for arm in ARMS:
            scores = [score for (name, _), score in by.items() if name == arm]
            if not scores:
                continue
            spread = f" +- {statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
            apart = [
                score - by["hard", seed] for (name, seed), score in by.items() if name == arm and ("hard", seed) in by
            ]
            against = f"   minus hard: {statistics.mean(apart):+.1f}" if apart and arm != "hard" else ""
            if len(apart) > 1 and arm != "hard":
                against += f" +- {statistics.stdev(apart):.1f}"
            print(f"{language} {arm:<14}{statistics.mean(scores):5.1f}{spread} ({len(scores)} seeds){against}")


if __name__ == "__main__":
    main()
