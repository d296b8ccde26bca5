"""Weights of source languages by likeness: the model on clouds of points, and on states of encoders."""

from __future__ import annotations

import numpy as np
import pytest

from xner_hf.errors import XnerError
from xner_hf.training.similarity import (
    SentenceEncoder,
    SimilarityConfig,
    SimilarityModel,
    SimilarityWeights,
    fit_similarity,
)

FAST = SimilarityConfig(learning_rate=1e-3)


def cloud(place, count=100, seed=0, size=8):
    """Features of `count` sentences around a point on the first axis."""
    found = np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)
    found[:, 0] += place
    return found


@pytest.fixture(scope="module")
def model():
    return fit_similarity({"a": cloud(4, seed=1), "b": cloud(-4, seed=2)}, FAST)


# The model


def test_a_target_near_a_language_has_its_weight_mostly_there(model):
    assert model.languages == ("a", "b")
    near_a, near_b = model.weights(cloud(3, seed=3)), model.weights(cloud(-3, seed=3))
    assert near_a.dtype == np.float32 and near_a.shape == (2,)
    assert near_a[0] > 0.6 and near_b[1] > 0.6
    assert near_a.sum() == pytest.approx(1, abs=1e-6)


def test_sentences_have_weights_of_their_own(model):
    target = np.concatenate([cloud(4, 20, seed=3), cloud(-4, 5, seed=4)])
    found = model.weights(target, "sentence")
    assert found.shape == (25, 2) and found.sum(-1) == pytest.approx(np.ones(25), abs=1e-6)
    assert (found[:20, 0] > 0.5).all() and (found[20:, 1] > 0.5).all()
    assert len(np.unique(found[:, 0])) > 20
    np.testing.assert_allclose(model.weights(target), found.mean(0), atol=1e-6)


def test_weights_are_a_softmax_sharpened_by_the_variance_of_the_logits():
    model = SimilarityModel(("a", "b"), np.float32([[1, 0], [0, 1]]), 1.0)
    target = np.float32([[2, 0], [0, 1]])  # these are the logits; their variance is 11 / 12
    assert model.temperature(target) == pytest.approx(12 / 11)
    first, second = 1 / (1 + np.exp(-24 / 11)), 1 / (1 + np.exp(12 / 11))
    np.testing.assert_allclose(model.weights(target, "sentence")[:, 0], [first, second], rtol=1e-6)
    np.testing.assert_allclose(model.weights(target)[0], (first + second) / 2, rtol=1e-6)
    np.testing.assert_allclose(model.weights(target, "sentence", 1.0)[0, 0], 1 / (1 + np.exp(-2)), rtol=1e-6)


def test_logits_that_are_all_the_same_give_equal_weights():
    model = SimilarityModel(("a", "b", "c"), np.ones((2, 3), dtype=np.float32), 1.0)
    assert model.weights(np.float32([[1, 2]])) == pytest.approx([1 / 3] * 3)


def test_logits_that_hardly_differ_overflow_nothing():
    model = SimilarityModel(("a", "b"), np.float32([[1e-20, -1e-20]]), 1.0)
    assert model.weights(np.float32([[1], [1]])).tolist() == [1.0, 0.0]


def test_a_row_of_zeros_counts_for_nothing(model):
    target = cloud(3, 10, seed=3)
    with_zeros = np.concatenate([target, np.zeros((5, 8), dtype=np.float32)])
    np.testing.assert_allclose(model.weights(with_zeros), model.weights(target), atol=1e-6)
    assert model.weights(with_zeros, "sentence")[10:].tolist() == [[0.5, 0.5]] * 5
    zeros = np.zeros((50, 8), dtype=np.float32)
    padded = fit_similarity({"a": np.concatenate([cloud(4, seed=1), zeros]), "b": cloud(-4, seed=2)}, FAST)
    np.testing.assert_array_equal(padded.directions, model.directions)


def test_a_seed_decides_everything_and_leaves_the_seed_of_torch_alone(model):
    import torch

    state = torch.random.get_rng_state()
    features = {"a": cloud(4, seed=1), "b": cloud(-4, seed=2)}
    again = fit_similarity(features, FAST)
    assert again.directions.dtype == np.float32
    np.testing.assert_array_equal(again.directions, model.directions)
    other = fit_similarity(features, SimilarityConfig(learning_rate=1e-3, seed=1))
    assert (other.directions != model.directions).any()
    assert torch.equal(torch.random.get_rng_state(), state)


def test_features_are_left_as_they_were():
    features = {"a": cloud(4, 3, seed=1), "b": cloud(-4, 1, seed=2)}
    fit_similarity(features, FAST)
    np.testing.assert_array_equal(features["a"], cloud(4, 3, seed=1))
    np.testing.assert_array_equal(features["b"], cloud(-4, 1, seed=2))


def test_the_rank_is_at_most_the_size_of_the_features(model):
    directions = fit_similarity({name: cloud(i, seed=i) for i, name in enumerate("abc")}, SimilarityConfig(rank=1))
    assert np.linalg.matrix_rank(directions.directions, tol=1e-5) == 1
    assert model.directions.shape == (8, 2)  # 64 by default


def test_a_language_with_much_text_is_not_preferred():
    even = cloud(0, 200, seed=5)
    found = fit_similarity({"a": cloud(1, 1000, seed=1), "b": cloud(-1, 50, seed=2)}, FAST).weights(even)
    assert found == pytest.approx([0.5, 0.5], abs=0.1)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({}, "2 of them or more, there is none"),
        ({"eng": cloud(1)}, "2 of them or more, there is eng"),
        ({"eng": cloud(1), "fra": np.zeros((0, 8))}, "no features of fra"),
        ({"eng": np.zeros((3, 8)), "fra": cloud(1)}, "no features of eng"),
        ({"eng": cloud(1), "fra": cloud(1, size=7)}, "differ in size .eng: 8, fra: 7"),
        ({"eng": cloud(1), "fra": cloud(1)[0]}, r"of fra have the shape \(8,\)"),
        ({"eng": cloud(1), "fra": cloud(np.nan)}, "features of fra hold values that are not finite"),
    ],
)
def test_features_that_nothing_can_be_learnt_from_are_refused(features, message):
    with pytest.raises(XnerError, match=message):
        fit_similarity(features)


def test_languages_that_cannot_be_told_apart_have_no_weights(model):
    assert model.accuracy == 1.0
    with pytest.raises(XnerError, match="eng, fra could not be told apart: 50% of 200 sentences.*uniform"):
        fit_similarity({"eng": cloud(1), "fra": cloud(1)})


def test_target_features_that_do_not_fit_are_refused(model):
    with pytest.raises(XnerError, match="features of size 7.*of size 8"):
        model.weights(cloud(1, size=7))
    with pytest.raises(XnerError, match="no features of the target"):
        model.weights(np.zeros((0, 8)))
    with pytest.raises(XnerError, match="no level 'sentences'.*Did you mean 'sentence'.*corpus, sentence"):
        model.weights(cloud(1), "sentences")


def test_settings_out_of_range_are_refused():
    for name in ("rank", "epochs", "learning_rate", "batch_size"):
        with pytest.raises(XnerError, match=f"{name} is 0"):
            SimilarityConfig(**{name: 0})
    with pytest.raises(XnerError, match="gamma is -1"):
        SimilarityConfig(gamma=-1)


# Features and text


def test_features_are_the_mean_of_the_last_states_over_sub_words(checkpoint):
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = str(checkpoint({"B-PER": ["Amina"], "B-LOC": ["Kano"]}))
    sentences = [["Amina", "ab"], ["\u0007"], ["Kano"], [], ["x"] * 100]
    found = SentenceEncoder(folder, device="cpu").features(sentences)
    assert found.dtype == np.float32 and found.shape == (5, 9)
    encoder, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    for number in (0, 2):
        encoded = tokenizer([sentences[number]], is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            states = encoder(**encoded).last_hidden_state[0, 1:-1]
        np.testing.assert_allclose(found[number], states.mean(0), atol=1e-6)
    assert not found[[1, 3]].any()
    np.testing.assert_allclose(found[4], SentenceEncoder(folder, device="cpu").features([["x"]])[0], atol=1e-6)


def test_no_sentences_have_no_features(checkpoint):
    assert SentenceEncoder(str(checkpoint({"B-LOC": ["Kano"]})), device="cpu").features([]).shape == (0, 9)


def test_weights_rest_on_the_text_and_not_on_the_order_of_languages(checkpoint):
    folder = str(checkpoint({"B-PER": ["ab", "cd"], "B-LOC": ["wx", "yz"]}))
    eng, fra, target = [["ab"], ["cd", "ab"]] * 64, [["wx", "yz"]] * 128, [["ab"], ["cd"], ["yz"]]
    fast = SimilarityConfig(learning_rate=0.01)
    weights = SimilarityWeights(folder, {"eng": eng, "fra": fra}, target, config=fast)
    turned = SimilarityWeights(folder, {"fra": fra, "eng": eng}, target, config=fast)
    assert weights.languages == ("eng", "fra")
    assert weights.corpus_weights["eng"] > 0.5
    assert weights.weights([["wx"], []]).tolist() == [list(weights.corpus_weights.values())] * 2
    assert weights.weights([]).shape == (0, 2)
    assert turned.corpus_weights == weights.corpus_weights
    assert turned.signature() == weights.signature()


def test_text_that_cannot_be_measured_is_refused_before_any_model_is_loaded(checkpoint, mirror):
    folder, text = str(checkpoint({"B-LOC": ["Kano"]})), {"eng": [["ab"]], "fra": [["yz"]]}
    with pytest.raises(XnerError, match="2 source languages or more, there is eng"):
        SimilarityWeights(folder, {"eng": [["ab"]]}, [["ab"]])
    with pytest.raises(XnerError, match="no text of fra"):
        SimilarityWeights(folder, {"eng": [["ab"]], "fra": [[]]}, [["ab"]])
    with pytest.raises(XnerError, match="no text of the target"):
        SimilarityWeights(folder, text, [])
    with pytest.raises(XnerError, match="no level 'word'"):
        SimilarityWeights(folder, text, [["ab"]], level="word")
    with pytest.raises(XnerError, match="no model 'org/encoder'"):
        SimilarityWeights("org/encoder", text, [["ab"]])


def test_a_folder_that_holds_no_encoder_is_named(tmp_path):
    with pytest.raises(XnerError, match="has no configuration that can be read"):
        SentenceEncoder(str(tmp_path))


def test_english_text_is_most_like_english(real_mirror):
    from xner_hf.corpora.hub import CorpusSplit

    def text(config, code, split, count):
        rows = CorpusSplit("masakhane/mafand", config, split).rows(["translation"])
        sentences = (row["translation"][code].split() for row in rows)
        return [words for words in sentences if 0 < len(words) <= 12][:count]

    sources = {"eng": text("en-hau", "en", "train", 200), "fra": text("fr-wol", "fr", "train", 200)}
    encoder = "sentence-transformers/all-MiniLM-L6-v2"
    english = SimilarityWeights(encoder, sources, text("en-hau", "en", "validation", 60), "sentence", device="cpu")
    assert len(sources["eng"]) == len(sources["fra"]) == 200 and len(english.target) == 60
    assert english.corpus_weights["eng"] > 0.6
    french = text("fr-wol", "fr", "validation", 30)
    found = english.weights([*english.target[:30], *french])
    assert (found[:30, 0] > 0.5).mean() > 0.9 and (found[30:, 1] > 0.5).mean() > 0.9
