"""Word-level labels on sub-words, and the plain student."""

from __future__ import annotations

import json

import pytest

from xner_hf.corpora.base import Sentence
from xner_hf.errors import XnerError
from xner_hf.evaluation import score_tagger
from xner_hf.spans import Span
from xner_hf.tag.model import ModelTagger
from xner_hf.training.data import IGNORED, encode
from xner_hf.training.ner import TrainingConfig, train_ner

TEXT = [
    Sentence("0", ["Musa", "ya", "ziyarci", "Kano", "."], [Span(0, 1, "PER"), Span(3, 4, "LOC")]),
    Sentence("1", ["Kano", "babban", "birni", "ne", "."], [Span(0, 1, "LOC")]),
    Sentence("2", ["Jiya", "aka", "yi", "ruwa", "."], []),
    Sentence("3", ["Halima", "Bello", "ta", "bar", "Zaria", "."], [Span(0, 2, "PER"), Span(4, 5, "LOC")]),
]


@pytest.fixture(scope="module")
def scratch_model():
    """An untrained model of 2 layers whose sub-words are learnt from the sentences above."""
    from xner_hf.demo import tiny_model

    return lambda: tiny_model([sentence.tokens for sentence in TEXT])


def test_labels_stand_on_first_sub_words_only(scratch_model):
    _, tokenizer = scratch_model()
    words = ["Musakano", "ya", "ziyarci"]
    (example,) = encode([Sentence("0", words, [Span(0, 1, "PER"), Span(1, 3, "DATE")])], tokenizer, 32)
    owners = tokenizer(words, is_split_into_words=True).word_ids()
    firsts = [owners.index(word) for word in range(3)]
    assert len(owners) > 5  # the first word has several sub-words
    assert [example["labels"][i] for i in firsts] == [1, 0, 0]  # DATE is not learnt
    assert all(label == IGNORED for i, label in enumerate(example["labels"]) if i not in firsts)


def test_a_long_sentence_comes_in_windows_that_count_every_word_once(scratch_model):
    _, tokenizer = scratch_model()
    words = ["Musa", "ya", "Musakano"] * 60
    spans = [Span(i, i + 1, "PER") for i in range(0, 180, 3)]
    windows = encode([Sentence("0", words, spans)], tokenizer, 16)
    assert len(windows) > 10 and all(len(window["input_ids"]) <= 16 for window in windows)
    labels = [label for window in windows for label in window["labels"] if label != IGNORED]
    assert labels == [1, 0, 0] * 60


def test_no_sentences_give_no_windows(scratch_model):
    assert encode([], scratch_model()[1], 16) == []


def test_a_student_learns_its_sentences_and_is_read_by_the_pipeline(scratch_model, tmp_path):
    from transformers import pipeline

    model, tokenizer = scratch_model()
    config = TrainingConfig("from scratch", epochs=25, learning_rate=3e-3, batch_size=2, max_length=64, seed=1)
    facts = train_ner(TEXT * 4, TEXT, tmp_path / "student", config, {"corpus": "test"}, model, tokenizer, quiet=True)
    assert facts["log"][-1]["eval_f1"] == 1.0
    assert json.loads((tmp_path / "student" / "training.json").read_text())["data"] == {"corpus": "test"}
    assert score_tagger(ModelTagger(str(tmp_path / "student")), TEXT)["f1"] == 1.0
    ner = pipeline("token-classification", str(tmp_path / "student"), aggregation_strategy="first")
    found = [(entity["entity_group"], entity["word"]) for entity in ner("Halima Bello ta bar Zaria .")]
    assert found == [("PER", "Halima Bello"), ("LOC", "Zaria")]


def test_nothing_but_safetensors_is_saved(scratch_model, tmp_path):
    model, tokenizer = scratch_model()
    config = TrainingConfig("from scratch", epochs=1, batch_size=4, max_length=64)
    train_ner(TEXT, [], tmp_path / "student", config, None, model, tokenizer, quiet=True)
    suffixes = {path.suffix for path in (tmp_path / "student").rglob("*") if path.is_file()}
    assert suffixes == {".json", ".safetensors"}


def test_the_same_seed_gives_the_same_weights(scratch_model, tmp_path):
    from safetensors.torch import load_file
    from transformers import set_seed

    weights = []
    for name in ("a", "b"):
        set_seed(0)
        model, tokenizer = scratch_model()
        config = TrainingConfig("from scratch", epochs=2, batch_size=2, max_length=64, seed=7)
        train_ner(TEXT, [], tmp_path / name, config, None, model, tokenizer, quiet=True)
        weights.append(load_file(tmp_path / name / "model.safetensors"))
    assert weights[0].keys() == weights[1].keys()
    assert all((weights[0][key] == weights[1][key]).all() for key in weights[0])


def test_what_cannot_be_trained_is_said_before_anything_is_loaded(tmp_path):
    with pytest.raises(XnerError, match="no labelled sentence"):
        train_ner([], [], tmp_path / "student", TrainingConfig())
    (tmp_path / "file").write_text("")
    with pytest.raises(XnerError, match="cannot be written.*--output"):
        train_ner(TEXT, [], tmp_path / "file" / "student", TrainingConfig())
    with pytest.raises(XnerError, match="epochs is 0"):
        TrainingConfig(epochs=0)


def test_an_unknown_backbone_is_named(tmp_path, mirror):
    with pytest.raises(XnerError, match="no model 'org/encoder'.*minilm-conll2003-en"):
        train_ner(TEXT, [], tmp_path / "student", TrainingConfig("org/encoder"))
