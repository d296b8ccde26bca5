r"""Wu et al. 2020 in small: a teacher applied as it is, and students taught by it, on test sets with gold.

XNER_MIRROR=... python benchmarks/distillation.py --store runs.jsonl [--seeds 1 2 3] [--languages deu luo ...]
XNER_MIRROR=... python benchmarks/distillation.py --store runs.jsonl --table
XNER_MIRROR=... python benchmarks/distillation.py --store runs.jsonl --choose distill-aligned:kl:5e-4
XNER_MIRROR=... python benchmarks/distillation.py --store two.jsonl --languages wol ewe \
    --arms teacher teacher@fr distill distill@fr distill@uniform distill@similar

The teacher is the mirror's English tagger (CoNLL-2003) or another (`--english`, with a store of its own), or the
French one for the source side of wol; the student is a fresh MiniLM. Text: wikiann validation tokens for de, es, nl;
the target side of MAFAND for luo, wol, pcm, as builds hold it. Every run is one line of the store, and a second start
goes on with what is missing. Soft labels are learnt by kl, or by mse in the arm "distill:mse"; training is in
bfloat16. "@fr" is the French teacher, "@uniform" and "@similar" both of them, with uniform weights or those learned as
in the paper. Test gold is only scored against, and trained on in the arm "gold".
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from taggers import TAGGERS, tagger_of

from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.sentence import Sentence
from xner_hf.evaluation.scores import score_tagger
from xner_hf.languages import language as find_language
from xner_hf.pipeline.build import build_corpus
from xner_hf.recipe import make_recipe
from xner_hf.tag.model import ModelTagger
from xner_hf.training.arms import Arm, ArmInputs, make_plan, read_unlabelled
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus
from xner_hf.training.losses import LossConfig
from xner_hf.training.similarity import SimilarityWeights
from xner_hf.training.soft_labels import SoftSource
from xner_hf.training.student import train_student
from xner_hf.training.teachers import Teacher, TeacherEnsemble

BACKBONE = "sentence-transformers/all-MiniLM-L6-v2"
ENGLISH, FRENCH = TAGGERS["eng"], TAGGERS["fra"]
WIKIANN = {"deu": "de", "spa": "es", "nld": "nl"}
MASAKHANER = ("luo", "wol", "pcm")
SENTENCES = 2000
EPOCHS = 2.0
BATCH, RATE = 16, 5e-4
"""The best of a few that were tried with `--choose`, batches of 32 among them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--languages", nargs="+", default=[*MASAKHANER, *WIKIANN])
    parser.add_argument("--arms", nargs="+", default=["teacher", "distill", "distill-aligned", "projected", "gold"])
    parser.add_argument("--english", default=ENGLISH, metavar="MODEL", help="the English teacher")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument(
        "--choose", nargs="+", metavar="ARM:LOSS:RATE", help="only print F1 on luo's projected validation sentences"
    )
    parser.add_argument("--table", action="store_true", help="only print what the store holds")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.choose:
        for one in arguments.choose:
            choose(*one.split(":"))
        return
    done = [json.loads(line) for line in arguments.store.read_text().splitlines()] if arguments.store.exists() else []
    if not arguments.table:
        for seed in arguments.seeds:
            for language in arguments.languages:
                for arm in arguments.arms:
                    run(arguments.store, done, language, arm, seed, arguments.english)
    table(done)


def choose(arm: str, loss: str, rate: str) -> None:
    """Print the F1 of a student of luo, taught on 1,000 sentences, on 150 projected validation sentences by epoch."""
    needs = ArmInputs("luo", corpora=[corpus("luo")], limit=1000)
    plan = make_plan(Arm(arm), needs, labeller("", needs, ENGLISH) if "distill" in arm else None)
    plan.validation.sentences = plan.validation.sentences[:150]
    config = replace(settings(1, loss), learning_rate=float(rate))
    with tempfile.TemporaryDirectory() as folder:
        facts = train_student(plan.corpora, Path(folder), config, plan.validation, plan.sources, quiet=True)
    print(arm, loss, rate, [round(100 * one["eval_f1"], 1) for one in facts["log"] if "eval_f1" in one], flush=True)


def run(store: Path, done: list[dict[str, Any]], language: str, arm: str, seed: int, english: str) -> None:
    """Do one run unless the store has it, or it makes no sense."""
    if language in WIKIANN and arm.partition(":")[0] not in ("teacher", "distill"):
        return  # no parallel text, no other teachers
    seed = 0 if arm.startswith("teacher") else seed
    if any((one["language"], one["arm"], one["seed"]) == (language, arm, seed) for one in done):
        return
    started = time.perf_counter()
    gold = f"unimelb-nlp/wikiann:{WIKIANN[language]}" if language in WIKIANN else f"masakhane/masakhaner2:{language}"
    test = list(read_labelled(gold, "test"))[: 5000 if language in WIKIANN else None]
    if arm.startswith("teacher"):
        scores = score_tagger(ModelTagger(FRENCH if arm == "teacher@fr" else english), test)
        trained = 0
    else:
        with tempfile.TemporaryDirectory() as folder:
            trained = train(language, arm, seed, english, Path(folder) / "student")
            scores = score_tagger(ModelTagger(str(Path(folder) / "student")), test)
    row = {
        "language": language,
        "arm": arm,
        "seed": seed,
        "english": english,
        "sentences": trained,
        "epochs": EPOCHS,
        "batch": BATCH,
        "learning_rate": RATE,
        **{name: scores[name] for name in ("precision", "recall", "f1")},
        "seconds": round(time.perf_counter() - started),
    }
    with store.open("a") as file:
        file.write(json.dumps(row) + "\n")
    done.append(row)
    print(row, flush=True)


def train(language: str, arm: str, seed: int, english: str, folder: Path) -> int:
    """Train a student and return the number of its sentences."""
    name, _, loss = arm.partition(":")
    name, _, teachers = name.partition("@")
    config = settings(seed, loss or "kl")
    if arm == "gold":
        sentences = list(read_labelled(f"masakhane/masakhaner2:{language}", "train"))[:SENTENCES]
        train_student([Corpus("gold", sentences)], folder, config, quiet=True)
        return len(sentences)
    if language in WIKIANN:
        # The only text there is: words of the validation split, which `xner train` would refuse as an evaluation set.
        words = [one.tokens for one in read_labelled(f"unimelb-nlp/wikiann:{WIKIANN[language]}", "validation")]
        sentences = [Sentence(str(number), one) for number, one in enumerate(words[:SENTENCES])]
        source = SoftSource(Teacher(english), [one.tokens for one in sentences])
        train_student([Corpus("distill", sentences, soft=True)], folder, config, None, {0: source}, quiet=True)
        return len(sentences)
    needs = ArmInputs(language, corpora=[corpus(language)], limit=SENTENCES)
    if "aligned" in name and find_language(language).source == "fra":
        teachers = "fr"  # it reads the source side
    plan = make_plan(Arm(name), needs, labeller(teachers, needs, english) if "distill" in name else None)
    train_student(plan.corpora, folder, config, None, plan.sources, plan.facts, quiet=True)
    return len(plan.corpora[0].sentences)


def settings(seed: int, loss: str = "kl") -> TrainingConfig:
    """Return the settings of every student."""
    return TrainingConfig(
        BACKBONE,
        epochs=EPOCHS,
        learning_rate=RATE,
        batch_size=BATCH,
        seed=seed,
        checkpoints=False,
        max_length=128,
        bf16=True,
        loss=LossConfig(loss),
    )


def labeller(name: str, needs: ArmInputs, english: str) -> Teacher | TeacherEnsemble:
    """Return the English teacher, the French one, or both with uniform or with learned weights (Wu et al. 2020)."""
    if name in ("", "fr"):
        return Teacher(FRENCH if name else english)
    both = [Teacher(english, language="eng"), Teacher(FRENCH, language="fra")]
    if name == "uniform":
        return TeacherEnsemble(both)
    texts = {"eng": "eriktks/conll2003:conll2003/train", "fra": "Babelscape/wikineural:fr/validation"}
    words = {code: [one.tokens for one in read_unlabelled([text], None, SENTENCES)] for code, text in texts.items()}
    target = [one.tokens for one in read_unlabelled(needs.corpora, needs.language, SENTENCES)]
    likeness = SimilarityWeights(BACKBONE, words, target)
    print("weights", needs.language, likeness.corpus_weights, flush=True)
    return TeacherEnsemble(both, likeness)


def corpus(language: str) -> str:
    """Build the projected corpus of a language, or find it built."""
    folder = Path("build") / language
    if not (folder / "build.json").is_file():
        build_corpus(make_recipe(language, overrides={"tagger": tagger_of(language)}), folder)
    return str(folder)


def table(done: list[dict[str, Any]]) -> None:
    """Print mean and deviation over the seeds."""
    languages = list(dict.fromkeys(one["language"] for one in done))
    arms = list(dict.fromkeys(one["arm"] for one in done))
    print(f"\nF1 on test, {SENTENCES:,} sentences, {EPOCHS:g} epochs: mean and deviation over seeds (number of them)")
    print("language  " + "  ".join(f"{arm:>24}" for arm in arms))
    for language in languages:
        cells = []
        for arm in arms:
            scores = [100 * one["f1"] for one in done if (one["language"], one["arm"]) == (language, arm)]
            spread = f" +- {statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
            cells.append(f"{statistics.mean(scores):.1f}{spread} ({len(scores)})" if scores else "-")
        print(f"{language:<8}  " + "  ".join(f"{cell:>24}" for cell in cells))


if __name__ == "__main__":
    main()
