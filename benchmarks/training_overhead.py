"""Training speed of the student beside a plain `Trainer`, on the same backbone, sentences, batches and machine.

XNER_MIRROR=... python benchmarks/training_overhead.py [--sentences 512] [--rounds 3] [--backbone xlm-r-base] [--bf16]

Rows: `Trainer` with `AutoModelForTokenClassification`; ours with entity labels only; with a parser and trees of the
same sentences as well; with soft labels from the cache as well. `xner/ewt-joint` has both entities and trees. Rounds
are run in turn and the best time of each stands. With `--backbone xlm-r-base` or `xlm-r-large` the backbone has that
size and random weights; `--compile` compiles it, and `--memory` (on a GPU) prints peaks and doubles the batch until
memory runs out. `--peak` is what the device can do at most, in TFLOP/s of the precision used (an H200 in bfloat16:
989); with it every row has its model FLOP utilisation: 6 operations a sub-word and weight of the encoder without its
embeddings, by time, by peak.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
)

from xner_hf.corpora.hub import model_source
from xner_hf.corpora.sentence import Sentence
from xner_hf.corpora.trees import read_trees, relation_labels
from xner_hf.inference.checkpoint import load_tokenizer
from xner_hf.models import XnerConfig, XnerForTokenClassificationAndParsing
from xner_hf.spans import NER_LABELS
from xner_hf.training.data import IGNORED, Corpus, encode
from xner_hf.training.soft_labels import SoftLabels, SoftSource
from xner_hf.training.teacher_student import TeacherStudentCallback
from xner_hf.training.trainer import XnerTrainer

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
_XLM_R = {"vocab_size": 250002, "max_position_embeddings": 514, "type_vocab_size": 1}
SIZES = {
    "xlm-r-base": {**_XLM_R, "hidden_size": 768, "num_hidden_layers": 12, "intermediate_size": 3072},
    "xlm-r-large": {**_XLM_R, "hidden_size": 1024, "num_hidden_layers": 24, "intermediate_size": 4096},
}
for _size in SIZES.values():
    _size["num_attention_heads"] = _size["hidden_size"] // 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--backbone", choices=["minilm", *SIZES], default="minilm")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--peak", type=float, metavar="TFLOPS")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    bench = Bench(arguments)
    if arguments.memory:
        bench.memory()
    else:
        bench.compare(arguments.rounds)


class Bench:
    """The same sentences for every row."""

    def __init__(self, arguments: argparse.Namespace):
        self.arguments = arguments
        self.tokenizer = load_tokenizer(MINILM)
        self.sentences = list(islice(read_trees("xner/ewt-joint:default", "train"), arguments.sentences))
        self.bare = [Sentence(one.id, one.tokens, one.spans) for one in self.sentences]
        self.relations = {name: number for number, name in enumerate(relation_labels(self.sentences))}
        self.examples = encode(self.sentences, self.tokenizer, 128, self.relations)
        self.tokens = sum(len(one.input_ids) for one in self.examples)

    def compare(self, rounds: int) -> None:
        """Print the table."""
        rows: dict[str, Callable[[], float]] = {
            "Trainer, AutoModelForTokenClassification": self.plain,
            "ours, entity labels": lambda: self.ours(("ner",)),
            "ours, + parser": lambda: self.ours(("ner", "parsing")),
            "ours, + parser + soft labels": lambda: self.ours(("ner", "parsing"), soft=True),
            "ours, entity labels + soft labels": lambda: self.ours(("ner",), soft=True),
        }
        best = dict.fromkeys(rows, float("inf"))
        for _ in range(rounds):
            for name, row in rows.items():
                best[name] = min(best[name], row())
        base = next(iter(best.values()))
        device = (
            torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {self.arguments.threads} threads"
        )
        print(f"{len(self.examples)} sentences, {self.tokens:,} sub-words, batch {self.arguments.batch}, {device}")
        print(f"backbone {self.arguments.backbone}, bf16 {self.arguments.bf16}, compiled {self.arguments.compile}")
        print(
            "                                            sub-words/s   time of plain x"
            + "   MFU" * bool(self.arguments.peak)
        )
        for name, seconds in best.items():
            used = f"   {self.utilisation(seconds):.1%}" if self.arguments.peak else ""
            print(f"{name:<44}{self.tokens / seconds:>10,.0f}   {seconds / base:>14.3f}{used}")

    def utilisation(self, seconds: float) -> float:
        """Return the share of the device's peak that the encoder's matrices took; attention and heads not counted."""
        config = AutoConfig.from_pretrained(model_source(MINILM)[0])
        if self.arguments.backbone != "minilm":
            config = AutoConfig.for_model("xlm-roberta", **SIZES[self.arguments.backbone])
        model = AutoModel.from_config(config)
        weights = sum(one.numel() for name, one in model.named_parameters() if "embeddings" not in name)
        return 6 * weights * self.tokens / seconds / (self.arguments.peak * 1e12)

    def memory(self) -> None:
        """Double the batch until memory runs out, and print the peak of each."""
        while True:
            torch.cuda.reset_peak_memory_stats()
            try:
                seconds = self.ours(("ner", "parsing"), soft=True)
            except torch.OutOfMemoryError:
                print(f"batch {self.arguments.batch}: out of memory")
                return
            peak = torch.cuda.max_memory_allocated() / 2**30
            used = f", MFU {self.utilisation(seconds):.1%}" if self.arguments.peak else ""
            told = f"batch {self.arguments.batch}: {self.tokens / seconds:,.0f} sub-words/s, {peak:.1f} GiB{used}"
            print(told, flush=True)
            self.arguments.batch *= 2

    def args(self, folder: str) -> TrainingArguments:
        return TrainingArguments(
            output_dir=folder,
            num_train_epochs=1,
            per_device_train_batch_size=self.arguments.batch,
            train_sampling_strategy="group_by_length",
            save_strategy="no",
            logging_strategy="epoch",
            disable_tqdm=True,
            bf16=self.arguments.bf16,
            torch_compile=self.arguments.compile,
            use_cpu=not torch.cuda.is_available(),
            dataloader_pin_memory=torch.cuda.is_available(),
            report_to=[],
        )

    def plain(self) -> float:
        """Return the seconds of an epoch of a plain `Trainer`."""
        settings = {"num_labels": len(NER_LABELS)}
        if self.arguments.backbone == "minilm":
            model = AutoModelForTokenClassification.from_pretrained(
                model_source(MINILM)[0], dtype="float32", **settings
            )
        else:
            config = AutoConfig.for_model("xlm-roberta", **SIZES[self.arguments.backbone], **settings)
            model = AutoModelForTokenClassification.from_config(config)
        rows = []
        for one in self.examples:
            labels = [IGNORED] * len(one.input_ids)
            for start, label in zip(one.starts, one.labels, strict=True):
                labels[start] = label
            rows.append({"input_ids": one.input_ids, "attention_mask": [1] * len(labels), "labels": labels})
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(
                model=model,
                args=self.args(folder),
                train_dataset=rows,
                data_collator=DataCollatorForTokenClassification(self.tokenizer),
            )
            return timed(trainer)

    def ours(self, tasks: tuple[str, ...], soft: bool = False) -> float:
        """Return the seconds of an epoch of ours."""
        if self.arguments.backbone == "minilm":
            backbone = AutoModel.from_pretrained(model_source(MINILM)[0], dtype="float32")
            config = XnerConfig(backbone.config, tasks, list(self.relations), num_labels=len(NER_LABELS))
            model = XnerForTokenClassificationAndParsing(config, backbone)
        else:
            config = AutoConfig.for_model("xlm-roberta", **SIZES[self.arguments.backbone])
            model = XnerForTokenClassificationAndParsing(
                XnerConfig(config, tasks, list(self.relations), num_labels=len(NER_LABELS))
            )
        sentences = self.sentences if "parsing" in tasks else self.bare
        corpus = Corpus("ewt", sentences, soft=soft).encode(self.tokenizer, 128, self.relations)
        teaching = TeacherStudentCallback({0: _Cached(self.sentences)}) if soft else None
        with tempfile.TemporaryDirectory() as folder:
            trainer = XnerTrainer(
                model, self.args(folder), [corpus], teaching=teaching, processing_class=self.tokenizer
            )
            return timed(trainer)


class _Cached(SoftSource):
    """Soft labels that are there already, as they are from the second epoch on."""

    def __init__(self, sentences: list[Any]):
        import numpy as np

        super().__init__(None, [sentence.tokens for sentence in sentences])
        rows = np.random.default_rng(0).dirichlet([0.3] * len(NER_LABELS), [len(s.tokens) for s in sentences][0])
        self._soft = SoftLabels(
            [np.resize(rows, (len(s.tokens), len(NER_LABELS))).astype(np.float32) for s in sentences]
        )

    def make(self, *_: Any, **__: Any) -> SoftLabels:
        return self._soft


def timed(trainer: Trainer) -> float:
    """Return the seconds of the training loop."""
    start = time.perf_counter()
    trainer.train()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
