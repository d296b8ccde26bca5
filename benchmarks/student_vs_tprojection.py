"""A student trained on our labels against the same student trained on T-Projection's, on the same sentences.

    XNER_MIRROR=... python benchmarks/student_vs_tprojection.py --output FILE.jsonl [--print]

4,000 sentences of the NLLB translations of CoNLL-2003 (chosen by a fixed seed among those that neither side rejects),
all-MiniLM-L6-v2, 2 epochs, learning rate 3e-4, batch 32, seeds 1, 2 and 3; scored on MasakhaNER2 test (strict span F1,
PER, ORG, LOC). About an hour and a half on 2 cores. Runs that are already in FILE are not done again.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from tprojection_agreement import reference, translated

from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.sentence import Sentence
from xner_hf.evaluation.scores import score_tagger
from xner_hf.pipeline.rows import corpus_files
from xner_hf.pipeline.run import run_recipe
from xner_hf.recipe import make_recipe
from xner_hf.spans import NER_LABELS, spans_from_iob2
from xner_hf.tag.model import ModelTagger
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus
from xner_hf.training.student import train_student

SENTENCES = 4000
SEEDS = (1, 2, 3)
LANGUAGES = ("hau", "swa")


def corpora(language: str) -> dict[str, list[Sentence]]:
    """Return the same sentences with both sides' labels."""
    theirs = reference(language)
    both: dict[str, list[Sentence]] = {"ours": [], "t-projection": []}
    for path in corpus_files(run_recipe(make_recipe(language, "translate-train", translated(language))))["train"]:
        for row in pq.read_table(path, columns=["id", "tokens", "ner_tags"]).to_pylist():
            tags = [NER_LABELS[tag] for tag in row["ner_tags"]]
            other = theirs[int(row["id"].rpartition("/")[2])]
            both["ours"].append(Sentence(row["id"], row["tokens"], spans_from_iob2(tags)))
            both["t-projection"].append(Sentence(row["id"], row["tokens"], spans_from_iob2(other)))
    chosen = sorted(random.Random(0).sample(range(len(both["ours"])), SENTENCES))
    return {name: [sentences[i] for i in chosen] for name, sentences in both.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--print", action="store_true", help="only print the table of FILE")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.output.open()] if options.output.exists() else []
    done = {(row["language"], row["labels"], row["seed"]) for row in rows}
    for seed in () if options.print else SEEDS:
        for language in LANGUAGES:
            sentences = corpora(language)
            gold = list(read_labelled(f"masakhane/masakhaner2:{language}", "test"))
            for labels in ("ours", "t-projection"):
                if (language, labels, seed) in done:
                    continue
                config = TrainingConfig(
                    backbone="sentence-transformers/all-MiniLM-L6-v2",
                    epochs=2,
                    learning_rate=3e-4,
                    seed=seed,
                    checkpoints=False,
                )
                with tempfile.TemporaryDirectory() as folder:
                    train_student([Corpus(labels, sentences[labels])], Path(folder), config, quiet=True)
                    scores = score_tagger(ModelTagger(folder), gold)
                row = {"language": language, "labels": labels, "seed": seed}
                row |= {name: scores[name] for name in ("precision", "recall", "f1")}
                rows.append(row)
                with options.output.open("a") as file:
                    file.write(json.dumps(row) + "\n")
    print("language  labels        seeds  F1 mean  deviation  single runs")
    for language in LANGUAGES:
        for labels in ("ours", "t-projection"):
            f1 = [100 * r["f1"] for r in rows if (r["language"], r["labels"]) == (language, labels)]
            if len(f1) > 1:
                runs = " ".join(f"{value:.1f}" for value in f1)
                mean, deviation = statistics.mean(f1), statistics.stdev(f1)
                print(f"{language:9} {labels:13} {len(f1):5} {mean:8.1f} {deviation:10.2f}  {runs}")


if __name__ == "__main__":
    main()
