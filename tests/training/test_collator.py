"""Batches: padding, mixtures of targets, soft labels of windows."""

from __future__ import annotations

import numpy as np
import pytest

from xner_hf.corpora.sentence import Sentence
from xner_hf.demo import tiny_tokenizer
from xner_hf.spans import Span
from xner_hf.training.collator import Mixture, WordCollator
from xner_hf.training.data import IGNORED, Corpus
from xner_hf.training.soft_labels import SoftLabels

RELATIONS = {"root": 0, "nsubj": 1}
LABELLED = Sentence("l", ["Musa", "ya"], [Span(0, 1, "PER", 0.5)])
PARSED = Sentence("t", ["ya", "ta", "ya"], None, heads=[2, 0, 2], relations=["nsubj", "root", "nsubj"])
PLAIN = Sentence("p", ["ta"])


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer([["ya", "ya", "ta", "ta", "Musa", "Kano"]])


@pytest.fixture
def batch_of(tokenizer):
    """The function that returns the batch of all windows of corpora."""

    def batch_of(corpora, soft=None, limit=32, learnt=True):
        mixture = Mixture([one.encode(tokenizer, limit, RELATIONS) for one in corpora], learnt)
        return WordCollator(tokenizer.pad_token_id, soft)([mixture[i] for i in range(len(mixture))])

    return batch_of


def peaked(*labels):
    """Rows of a teacher that is sure of a label for every word."""
    return np.eye(7, dtype=np.float32)[list(labels)]


# Numbers


def test_examples_are_numbered_through_and_keep_the_name_of_their_sentence(tokenizer):
    corpora = [Corpus("one", [LABELLED, PLAIN]), Corpus("two", [PARSED])]
    mixture = Mixture([one.encode(tokenizer, 32, RELATIONS) for one in corpora])
    assert len(mixture) == 3 and mixture.bounds == [0, 2, 3]
    assert [mixture[i][:2] for i in range(3)] == [(0, 0), (1, 0), (2, 1)]
    assert [mixture.name(i) for i in range(3)] == ["one: sentence 'l'", "one: sentence 'p'", "two: sentence 't'"]


# Padding


def test_a_batch_pads_sub_words_and_words(batch_of, tokenizer):
    batch = batch_of([Corpus("c", [LABELLED, PARSED, PLAIN])])
    pad = tokenizer.pad_token_id
    assert batch["input_ids"].shape == (3, 7)  # [CLS] M u s a ya [SEP]
    assert batch["attention_mask"].sum(1).tolist() == [7, 5, 3]
    assert batch["input_ids"][2, 3:].tolist() == [pad] * 4
    assert batch["word_starts"].tolist() == [[1, 5, -1], [1, 2, 3], [1, -1, -1]]
    assert batch["example"].tolist() == [0, 1, 2]


def test_labels_trees_and_neither_stand_in_one_batch(batch_of):
    batch = batch_of([Corpus("c", [LABELLED, PARSED, PLAIN], confidence=True)])
    no = IGNORED
    assert batch["labels"].tolist() == [[no, 1, no, no, no, 0, no], [no] * 7, [no] * 7]
    assert batch["label_weights"][0].tolist() == [0, 0.5, 0, 0, 0, 1, 0]
    assert batch["label_weights"][1:].sum() == 0
    assert batch["heads"].tolist() == [[no] * 3, [2, 0, 2], [no] * 3]
    assert batch["relations"].tolist() == [[no] * 3, [1, 0, 1], [no] * 3]
    assert not {"soft_labels", "soft_arcs", "soft_relations"} & set(batch)


def test_targets_that_no_window_has_are_left_out(batch_of):
    common = {"example", "input_ids", "attention_mask", "word_starts"}
    assert set(batch_of([Corpus("c", [PLAIN])])) == common
    assert set(batch_of([Corpus("c", [LABELLED, PLAIN])])) == common | {"labels", "label_weights"}
    assert set(batch_of([Corpus("c", [PARSED])])) == common | {"heads", "relations"}


def test_a_window_without_words_is_padded_as_well(batch_of):
    windows = batch_of([Corpus("c", [Sentence("k", ["Kano"], [Span(0, 1, "LOC")])])], limit=4)
    assert windows["word_starts"].tolist() == [[1], [-1]]
    assert (windows["labels"] != IGNORED).sum(1).tolist() == [1, 0]


# Soft labels


def test_soft_labels_stand_beside_hard_ones_and_rows_without_them_are_zero(batch_of):
    soft = {1: SoftLabels([peaked(5)])}
    batch = batch_of([Corpus("hard", [LABELLED]), Corpus("soft", [PLAIN], soft=True)], soft)
    assert batch["soft_labels"].shape == (2, 2, 7)
    assert batch["soft_labels"][0].sum() == 0
    assert batch["soft_labels"][1].tolist() == [[0, 0, 0, 0, 0, 1, 0], [0] * 7]
    assert "soft_arcs" not in batch


def test_windows_of_a_long_sentence_get_the_rows_of_their_words(batch_of):
    words = ["ya", "ta", "ya", "ta", "ya"]
    soft = {0: SoftLabels([peaked(0, 1, 2, 3, 4)])}
    batch = batch_of([Corpus("soft", [Sentence("0", words)], soft=True)], soft, limit=5)
    assert batch["soft_labels"].argmax(-1).tolist() == [[0, 1, 2], [3, 4, 0]]
    assert batch["soft_labels"].sum(-1).tolist() == [[1, 1, 1], [1, 1, 0]]


def test_a_word_without_sub_words_takes_no_row_of_another(batch_of):
    soft = {0: SoftLabels([peaked(1, 2, 3)])}
    batch = batch_of([Corpus("soft", [Sentence("0", ["ya", "\u00a0", "ta"])], soft=True)], soft)
    assert batch["soft_labels"][0].argmax(-1).tolist() == [1, 3]


def test_soft_trees_of_a_window_are_scaled_over_the_heads_that_it_sees(batch_of):
    arcs = np.zeros((4, 5), dtype=np.float32)
    arcs[0] = [0.2, 0.0, 0.6, 0.0, 0.2]  # 0.8 of it in the first window of words 1 to 3
    arcs[1] = [1.0, 0.0, 0.0, 0.0, 0.0]
    arcs[2] = [0.1, 0.2, 0.1, 0.0, 0.6]  # mostly in the other window: no loss
    arcs[3] = [0.0, 0.2, 0.0, 0.0, 0.8]  # mostly itself, which no word is: no loss
    of_relations = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]], dtype=np.float32)
    soft = {0: SoftLabels([np.zeros((4, 7), dtype=np.float32)], [(arcs, of_relations)])}
    batch = batch_of([Corpus("soft", [Sentence("0", ["ya"] * 4)], soft=True)], soft, limit=5)
    assert batch["soft_arcs"].shape == (2, 3, 4) and batch["soft_relations"].shape == (2, 3, 2)
    np.testing.assert_allclose(batch["soft_arcs"][0], [[0.25, 0, 0.75, 0], [1, 0, 0, 0], [0] * 4], atol=1e-6)
    assert batch["soft_arcs"][1].sum() == 0
    np.testing.assert_allclose(batch["soft_relations"][1, 0], [0.6, 0.4])


def test_soft_labels_may_be_exchanged_between_batches(tokenizer):
    mixture = Mixture([Corpus("soft", [PLAIN], soft=True).encode(tokenizer, 32)])
    collator = WordCollator(tokenizer.pad_token_id)
    assert "soft_labels" not in collator([mixture[0]])
    for label in (1, 5):
        collator.soft[0] = SoftLabels([peaked(label)])
        assert collator([mixture[0]])["soft_labels"].argmax().item() == label


def test_validation_batches_never_get_soft_labels(batch_of):
    # The first corpus that is learnt from has the number of the one that is validated on.
    soft = {0: SoftLabels([peaked(1, 1)])}
    assert "soft_labels" in batch_of([Corpus("train", [LABELLED], soft=True)], soft)
    assert "soft_labels" not in batch_of([Corpus("validation", [LABELLED])], soft, learnt=False)
