"""A token-classification student or tagger, trained through `transformers.Trainer`."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from xner_hf.corpora.base import Sentence
from xner_hf.errors import XnerError
from xner_hf.metrics import span_f1
from xner_hf.pipeline.store import write_text
from xner_hf.spans import NER_LABELS
from xner_hf.tag.checkpoint import load_checkpoint, longest_input
from xner_hf.training.data import IGNORED, encode


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a training run."""

    backbone: str = field(
        default="FacebookAI/xlm-roberta-base", metadata={"help": "encoder to fine-tune: Hub id or folder"}
    )
    epochs: float = field(default=3.0, metadata={"help": "passes over the training sentences"})
    learning_rate: float = field(default=5e-5, metadata={"help": "peak of the linear schedule"})
    batch_size: int = field(default=32, metadata={"help": "sentences a step and device"})
    warmup_share: float = field(default=0.1, metadata={"help": "share of the steps in which the rate rises"})
    weight_decay: float = field(default=0.01, metadata={"help": "decay of AdamW"})
    max_length: int = field(default=256, metadata={"help": "sub-words of a window; longer sentences take several"})
    seed: int = field(default=42, metadata={"help": "seed of the head, the order and the dropout"})

    def __post_init__(self) -> None:
        for name in ("epochs", "learning_rate", "batch_size", "max_length"):
            if getattr(self, name) <= 0:
                raise XnerError(f"{name} is {getattr(self, name)}; it must be above 0.")


def check_folder(folder: Path) -> None:
    """Create the folder of a model and check that it can be written; called before any long work.

    Raises:
        XnerError: it cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise XnerError(
            f"the output folder {folder} cannot be written: {error}. Give another with --output."
        ) from error


def train_ner(
    train: Sequence[Sentence],
    validation: Sequence[Sentence],
    folder: Path,
    config: TrainingConfig,
    provenance: dict[str, Any] | None = None,
    model: Any = None,
    tokenizer: Any = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Fine-tune an encoder with a token-classification head and save it to `folder`.

    Word labels stand on first sub-words, so the model is read with
    ``pipeline("token-classification", aggregation_strategy="first")``.

    Args:
        train: labelled sentences.
        validation: labelled sentences that are scored after every epoch; may be empty.
        folder: where the model goes, with its tokenizer and ``training.json``.
        config: settings.
        provenance: what the sentences are; kept in ``training.json``.
        model: train this model instead of `config.backbone` (with `tokenizer`), for one built from scratch.
        tokenizer: its fast tokenizer.
        quiet: show no progress.

    Returns:
        The content of ``training.json``.

    Raises:
        XnerError: no training sentence, an unknown backbone, or a folder that cannot be written.
    """
    import torch
    from transformers import (
        AutoModelForTokenClassification,
        DataCollatorForTokenClassification,
        PrinterCallback,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    if not train:
        raise XnerError("there is no labelled sentence to train on.")
    check_folder(folder)
    set_seed(config.seed)
    if model is None:
        labels = dict(enumerate(NER_LABELS))
        model, tokenizer = load_checkpoint(
            AutoModelForTokenClassification,
            config.backbone,
            id2label=labels,
            label2id={name: i for i, name in labels.items()},
            ignore_mismatched_sizes=True,  # a tagger with other labels is a backbone too; its head starts anew
        )
    limit = min(config.max_length, longest_input(model, tokenizer))
    examples, held_out = encode(train, tokenizer, limit), encode(validation, tokenizer, limit)
    steps = max(1, round(config.epochs * len(examples) / config.batch_size))
    with tempfile.TemporaryDirectory(prefix=".training-", dir=folder) as scratch:
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=scratch,
                num_train_epochs=config.epochs,
                learning_rate=config.learning_rate,
                per_device_train_batch_size=config.batch_size,
                per_device_eval_batch_size=4 * config.batch_size,
                warmup_steps=round(config.warmup_share * steps),
                weight_decay=config.weight_decay,
                train_sampling_strategy="group_by_length",
                eval_strategy="epoch" if held_out else "no",
                save_strategy="no",
                logging_strategy="epoch",
                seed=config.seed,
                disable_tqdm=quiet or not sys.stderr.isatty(),
                dataloader_pin_memory=torch.cuda.is_available(),
            ),
            train_dataset=examples,
            eval_dataset=held_out or None,
            data_collator=DataCollatorForTokenClassification(tokenizer, label_pad_token_id=IGNORED),
            processing_class=tokenizer,
            compute_metrics=_score,
            preprocess_logits_for_metrics=lambda logits, labels: logits.argmax(-1),
        )
        if quiet:
            trainer.remove_callback(PrinterCallback)
        trainer.train()
    # Not Trainer.save_model, which leaves a pickle of its arguments beside the weights.
    trainer.model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    facts = {
        "settings": asdict(config),
        "data": provenance or {},
        "sentences": {"train": len(train), "validation": len(validation)},
        "log": [entry for entry in trainer.state.log_history if "loss" in entry or "eval_f1" in entry],
    }
    write_text(folder / "training.json", json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
    return facts


def _score(prediction: Any) -> dict[str, float]:
    gold, predicted = [], []
    for labels, best in zip(prediction.label_ids, prediction.predictions, strict=True):
        words = labels != IGNORED
        gold.append([NER_LABELS[i] for i in labels[words]])
        predicted.append([NER_LABELS[i] for i in best[words]])
    scores = span_f1(gold, predicted)
    return {name: scores[name] for name in ("precision", "recall", "f1")}
