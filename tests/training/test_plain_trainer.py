"""transformers' own `Trainer` with a student, as with any other token classifier."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
)

from xner_hf.demo import tiny_backbone, tiny_tokenizer
from xner_hf.spans import LABEL_NUMBER
from xner_hf.training.config import TrainingConfig
from xner_hf.training.student import new_student

SENTENCES = [
    (["Amina", "ta", "tafi", "Kano"], ["B-PER", "O", "O", "B-LOC"]),
    (["Musa", "Bello", "ya", "zo"], ["B-PER", "I-PER", "O", "O"]),
    (["Ruwa", "ya", "sauka"], ["O", "O", "O"]),
    (["Kano", "da", "Jos", "da", "Zaria"], ["B-LOC", "O", "B-LOC", "O", "B-LOC"]),
]


@pytest.fixture(params=[(), ("root", "nsubj", "obj")], ids=["ner", "ner+parsing"])
def student(request, tmp_path):
    """The folder of an untrained student, with a parser or without."""
    tokenizer = tiny_tokenizer([words for words, _ in SENTENCES])
    model, _ = new_student(TrainingConfig(seed=2), request.param, tiny_backbone(tokenizer), tokenizer)
    model.save_pretrained(tmp_path / "student")
    tokenizer.save_pretrained(tmp_path / "student")
    return str(tmp_path / "student")


def rows(tokenizer, repeat=4):
    """Rows as of run_ner.py: sub-words, and -100 but at the first sub-word of a word."""
    found = []
    for words, tags in SENTENCES * repeat:
        encoded = tokenizer(words, is_split_into_words=True)
        word_of = encoded.word_ids()
        firsts = [word is not None and word != before for before, word in zip([None, *word_of], word_of, strict=False)]
        labels = [LABEL_NUMBER[tags[w]] if first else -100 for first, w in zip(firsts, word_of, strict=True)]
        found.append({**encoded, "labels": labels})
    return found


def trainer_of(folder, output, **options):
    model, tokenizer = AutoModelForTokenClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    seen = []

    def compute_metrics(prediction):
        logits, labels = prediction
        seen.append((logits, labels))
        known = labels != -100
        return {"accuracy": float((logits.argmax(-1)[known] == labels[known]).mean())}

    settings = {"num_train_epochs": 3, "learning_rate": 5e-3, "per_device_train_batch_size": 4, "use_cpu": True}
    args = TrainingArguments(str(output), **(settings | options), report_to="none", disable_tqdm=True, seed=3)
    data = rows(tokenizer)
    collator = DataCollatorForTokenClassification(tokenizer)
    trainer = Trainer(
        model,
        args,
        data_collator=collator,
        train_dataset=data,
        eval_dataset=data,
        processing_class=tokenizer,
        compute_metrics=compute_metrics,
    )
    return trainer, seen


def test_evaluation_gives_a_loss_and_calls_the_metrics(student, tmp_path):
    trainer, seen = trainer_of(student, tmp_path / "out")
    scores = trainer.evaluate()
    assert np.isfinite(scores["eval_loss"]) and 0 <= scores["eval_accuracy"] <= 1
    ((logits, labels),) = seen
    assert isinstance(logits, np.ndarray) and logits.shape == (*labels.shape, len(LABEL_NUMBER))
    predicted = trainer.predict(trainer.eval_dataset)
    assert predicted.predictions.argmax(-1).shape == predicted.label_ids.shape == labels.shape
    assert predicted.metrics["test_loss"] == pytest.approx(scores["eval_loss"])


def test_training_learns_and_ends_with_the_best_model(student, tmp_path):
    best = {"eval_strategy": "epoch", "save_strategy": "epoch", "load_best_model_at_end": True}
    trainer, seen = trainer_of(student, tmp_path / "out", num_train_epochs=12, **best)
    before = trainer.evaluate()["eval_loss"]
    trainer.train()
    assert trainer.state.best_metric < before
    assert trainer.evaluate()["eval_loss"] == pytest.approx(trainer.state.best_metric, rel=1e-3)
    trainer.save_model(str(tmp_path / "saved"))
    saved = AutoModelForTokenClassification.from_pretrained(tmp_path / "saved")
    for name, weights in saved.state_dict().items():
        assert torch.equal(weights, trainer.model.state_dict()[name])
    config = json.loads((tmp_path / "saved" / "config.json").read_text())
    assert config["word_patterns"]


def test_named_labels_activations_and_accumulation_do_no_harm(student, tmp_path):
    options = {"label_names": ["labels"], "gradient_accumulation_steps": 2, "max_steps": 2}
    trainer, seen = trainer_of(student, tmp_path / "out", activation_checkpointing=True, **options)
    trainer.train()
    assert trainer.state.global_step == 2
    assert np.isfinite(trainer.evaluate()["eval_loss"]) and len(seen) == 1
