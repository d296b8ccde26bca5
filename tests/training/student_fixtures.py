"""Sentences and fixtures for tests that train a tiny student."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.torch import load_file

from xner_hf.corpora.sentence import Sentence
from xner_hf.demo import tiny_backbone, tiny_tokenizer
from xner_hf.spans import Span
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus
from xner_hf.training.student import new_student, train_student

TEXT = [
    Sentence("0", ["Musa", "ya", "ziyarci", "Kano", "."], [Span(0, 1, "PER"), Span(3, 4, "LOC")]),
    Sentence("1", ["Kano", "babban", "birni", "ne", "."], [Span(0, 1, "LOC")]),
    Sentence("2", ["Jiya", "aka", "yi", "ruwa", "."], []),
    Sentence("3", ["Halima", "Bello", "ta", "bar", "Zaria", "."], [Span(0, 2, "PER"), Span(4, 5, "LOC")]),
]
TREES = [
    Sentence("t0", ["Musa", "ya", "tafi"], None, heads=[3, 3, 0], relations=["nsubj", "aux", "root"]),
    Sentence(
        "t1", ["Halima", "ta", "bar", "Kano"], None, heads=[3, 3, 0, 3], relations=["nsubj", "aux", "root", "obj"]
    ),
]
PLAIN = [Sentence(f"p{i}", sentence.tokens) for i, sentence in enumerate(TEXT)]


class Oracle:
    """A teacher that is sure of the labels of `TEXT`."""

    name = "oracle"
    rows = {
        " ".join(one.tokens): np.eye(7, dtype=np.float32)[
            [
                next((1 + 4 * (s.label == "LOC") + (w > s.start) for s in one.spans if s.start <= w < s.end), 0)
                for w in range(len(one.tokens))
            ]
        ]
        for one in TEXT
    }

    def distributions(self, sentences):
        return [self.rows[" ".join(words)] for words in sentences]

    def signature(self):
        return self.name


class Killed(Exception):
    """Stands for the end of a process."""


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer([sentence.tokens for sentence in [*TEXT, *TREES]])


@pytest.fixture
def student(tokenizer):
    """The function that returns an untrained student of 2 layers; it may be killed after some batches."""

    def make(config, relations=(), killed_after=None):
        model, words = new_student(config, relations, tiny_backbone(tokenizer), tokenizer)
        left = [killed_after]

        def count(*_):
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        if killed_after is not None:
            model.register_forward_hook(count)
        return model, words

    return make


@pytest.fixture
def train(student, tmp_path):
    """The function that trains a student in the folder ``tmp_path / name`` and returns ``training.json``."""

    def train(name, corpora, config=None, relations=(), killed_after=None, **options):
        config = config or settings()
        made = student(config, relations, killed_after)
        return train_student(corpora, tmp_path / name, config, student=made, quiet=True, **options)

    return train


def settings(**changes):
    return TrainingConfig(
        **({"backbone": "from scratch", "epochs": 1, "batch_size": 2, "max_length": 64, "seed": 1} | changes)
    )


def labelled(repeated=1):
    return Corpus("labels", TEXT * repeated)


def weights(folder):
    return load_file(folder / "model.safetensors")


def assert_same_weights(one, two):
    ours, theirs = weights(one), weights(two)
    assert ours.keys() == theirs.keys() and all((ours[name] == theirs[name]).all() for name in ours)
