"""Short runs of the trainer, started by the tests with one process and with two.

python equality.py OUT '[{"name": "a", "batch": 8, "accumulation": 1, "optim": "sgd", ...}, ...]'

Runs follow each other in one process, since starting one takes longer than the runs; each writes to ``OUT/name``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, Trainer, TrainerCallback, TrainingArguments, set_seed

from xner_hf.corpora.sentence import Sentence
from xner_hf.demo import tiny_tokenizer
from xner_hf.models import XnerConfig, XnerForTokenClassificationAndParsing
from xner_hf.spans import NER_LABELS, Span
from xner_hf.training.data import Corpus
from xner_hf.training.losses import LossConfig
from xner_hf.training.soft_labels import SoftSource
from xner_hf.training.teacher_student import TeacherStudentCallback
from xner_hf.training.trainer import XnerTrainer

RELATIONS = {"root": 0, "nsubj": 1, "obj": 2}
WORDS = ["Musa", "Kano", "ya", "tafi", "Zaria", "ta", "bar", "Amina", "gida", "jiya"]


def sentences(count: int, seed: int, kind: str) -> list[Sentence]:
    """Return invented sentences with labels, with trees, or with neither."""
    generator = np.random.default_rng(seed)
    found = []
    for number in range(count):
        words = [WORDS[i] for i in generator.integers(0, len(WORDS), generator.integers(2, 9))]
        spans = [Span(0, 1, "PER", float(generator.uniform(0.3, 1.0)))] if kind == "labels" else None
        heads = [0, *generator.integers(1, 2, len(words) - 1).tolist()] if kind == "trees" else None
        relations = None if heads is None else ["root", *(["nsubj", "obj"] * len(words))[: len(words) - 1]]
        found.append(Sentence(f"{kind}-{number}", words, spans, heads=heads, relations=relations))
    return found


class Teacher:
    """Gives every word a distribution that hangs on its letters."""

    def distributions(self, texts):
        rows = [[[1.0 + (len(word) * k) % 5 for k in range(len(NER_LABELS))] for word in words] for words in texts]
        return [np.array(one, dtype=np.float32) / np.sum(one, -1, keepdims=True) for one in rows]

    def trees(self, texts):
        return [
            {
                "arcs": np.full((len(words), len(words) + 1), 1 / (len(words) + 1), dtype=np.float32),
                "relations": np.full((len(words), len(RELATIONS)), 1 / len(RELATIONS), dtype=np.float32),
            }
            for words in texts
        ]

    def signature(self):
        return "letters"


class KillAt(TrainerCallback):
    """Ends the process without a word after a step."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **_):
        if state.global_step == self.step:
            os._exit(9)


class Begin(TrainerCallback):
    """Notes the step that training begins at."""

    step = None

    def on_train_begin(self, args, state, control, **_):
        self.step = state.global_step


def run(folder: Path, settings: dict) -> None:
    """Train with some settings; the first process writes ``facts.json`` and ``model``."""
    corpora = [
        Corpus("labels", sentences(50, 0, "labels"), confidence=True),
        Corpus("trees", sentences(30, 1, "trees")),
        Corpus("plain", sentences(40, 2, "plain"), soft=True),
    ]
    if settings.get("tasks"):
        corpora = corpora[:2]
    tokenizer = tiny_tokenizer([one.tokens for corpus in corpora for one in corpus.sentences])
    for corpus in corpora:
        corpus.encode(tokenizer, 32, RELATIONS)
    set_seed(settings.get("weights", 1))
    backbone = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        hidden_dropout_prob=settings.get("dropout", 0.0),
        attention_probs_dropout_prob=0.0,
    )
    model = XnerForTokenClassificationAndParsing(
        XnerConfig(
            backbone,
            id2label=dict(enumerate(NER_LABELS)),
            relation_labels=list(RELATIONS),
            arc_size=16,
            relation_size=8,
            head_dropout=0.0,
            parser_dropout=0.0,
        )
    )
    sources = {} if settings.get("tasks") else {2: SoftSource(Teacher(), [s.tokens for s in corpora[2].sentences])}
    if sources and settings.get("parser"):
        sources[2].parser = Teacher()
    teaching = TeacherStudentCallback(sources, settings.get("decay"), 1) if sources else None
    args = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=settings["batch"],
        gradient_accumulation_steps=settings.get("accumulation", 1),
        max_steps=settings.get("steps", 20),
        learning_rate=settings.get("rate", 1e-2),
        optim=settings.get("optim", "sgd"),
        logging_steps=1,
        save_strategy="steps" if settings.get("save") else "no",
        save_steps=settings.get("save") or 500,
        use_cpu=True,
        seed=7,
        report_to=[],
        disable_tqdm=True,
        activation_checkpointing=settings.get("checkpointing", False),
    )
    begin = Begin()
    trainer: Trainer = XnerTrainer(
        model,
        args,
        corpora,
        LossConfig(
            settings.get("soft", "mse"), settings.get("temperature", 1.0), learned=settings.get("learned", False)
        ),
        {"strategy": settings.get("strategy", "alternate")},
        teaching,
        processing_class=tokenizer,
        callbacks=[begin, *([KillAt(settings["kill"])] if settings.get("kill") else [])],
    )
    trainer.train(resume_from_checkpoint=settings.get("resume"))
    if trainer.is_world_process_zero():
        facts = {
            "world": args.world_size,
            "began_at": begin.step,
            "log": [entry for entry in trainer.state.log_history if "loss" in entry],
        }
        (folder / "facts.json").write_text(json.dumps(facts))
        trainer.model.save_pretrained(folder / "model")


def main() -> None:
    torch.set_num_threads(1)
    for settings in json.loads(sys.argv[2]):
        run(Path(sys.argv[1]) / settings["name"], settings)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
