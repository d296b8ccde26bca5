"""The states that an encoder gives for words: which layer, which sub-words, which windows, and which models."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import transformers

from xner_hf.align.embedding import Embedder, _windows, default_layer
from xner_hf.align.encoder import EncoderAligner, EncoderConfig
from xner_hf.errors import XnerError
from xner_hf.inference.subwords import SubWords, WordTokenizer

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {"vocab_size": 600, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3}
CONFIGS = {
    "Bert": {**SMALL, "num_attention_heads": 4},
    "Roberta": {**SMALL, "num_attention_heads": 4, "pad_token_id": 0, "max_position_embeddings": 515},
    "DistilBert": {"vocab_size": 600, "dim": 32, "hidden_dim": 64, "n_layers": 3, "n_heads": 4, "pad_token_id": 0},
    "ModernBert": {**SMALL, "num_attention_heads": 4, "pad_token_id": 0},
    "Albert": {**SMALL, "num_attention_heads": 4, "embedding_size": 16},
    "MT5": {"vocab_size": 600, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 3, "num_heads": 4},
    "M2M100": {
        "vocab_size": 600,
        "d_model": 32,
        **{
            f"{part}_{name}": size
            for part in ("encoder", "decoder")
            for name, size in (("layers", 3), ("ffn_dim", 64))
        },
        **{f"{part}_attention_heads": 4 for part in ("encoder", "decoder")},
        "max_position_embeddings": 512,
        "pad_token_id": 0,
    },
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_states_are_those_that_transformers_gives_for_the_layer(kind, write_encoder, sample_pairs, tmp_path):
    folder = write_encoder(tmp_path, getattr(transformers, f"{kind}Config")(**CONFIGS[kind]))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    encoder = model.get_encoder() if model.config.is_encoder_decoder else model
    sentences = sample_pairs[0][:4]
    for layer in range(4):
        embedder = Embedder(folder, layer=layer, device="cpu")
        states = embedder.states(embedder.split(sentences), np.arange(4), 100)
        expected = []
        for sentence in sentences:
            encoded = tokenizer([sentence], is_split_into_words=True, return_tensors="pt")
            inputs = {name: encoded[name] for name in ("input_ids", "attention_mask")}
            with torch.no_grad():
                hidden = encoder(**inputs, output_hidden_states=True).hidden_states
            assert len(hidden) == 4
            expected.append(hidden[layer][0, 1:-1])
        torch.testing.assert_close(states, torch.cat(expected), rtol=1e-4, atol=1e-4)


def test_layers_above_the_one_that_is_read_are_gone(bert):
    whole, cut = Embedder(bert, layer=3, device="cpu"), Embedder(bert, layer=1, device="cpu")
    assert len(whole._encoder.encoder.layer) == 3
    assert len(cut._encoder.encoder.layer) == 2  # the second gives its input and is not run


@pytest.mark.parametrize(
    ("model", "config", "layer"),
    [
        ("bert-base-multilingual-cased", transformers.BertConfig(), 8),
        ("org/deep", transformers.XLMRobertaConfig(num_hidden_layers=24), 16),
        ("org/distilled", transformers.DistilBertConfig(), 4),
        ("sentence-transformers/LaBSE", transformers.BertConfig(), 6),
        ("facebook/nllb-200-distilled-600M", transformers.M2M100Config(encoder_layers=12, decoder_layers=6), 12),
        ("google/mt5-small", transformers.MT5Config(), 8),
    ],
)
def test_the_default_layer_depends_on_the_model(model, config, layer):
    assert default_layer(model, config) == layer


@pytest.mark.parametrize("kind", ["wordpiece", "bytes", "always", "first"])
def test_words_are_split_as_in_their_sentences(kind, write_encoder, bert_settings, sample_pairs, tmp_path):
    write_encoder(tmp_path, bert_settings(), kind)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    sentences = [*sample_pairs[0], ["", "a\u0301", "\u200b"], [], *sample_pairs[1]]
    once = WordTokenizer(tokenizer)
    for _ in range(2):  # the second time from memory
        found = once.split(sentences)
        for i, sentence in enumerate(sentences):
            encoded = tokenizer([sentence], is_split_into_words=True, add_special_tokens=False)
            mine = slice(found.bounds[i], found.bounds[i + 1])
            assert found.ids[mine].tolist() == encoded["input_ids"][0]
            assert found.words[mine].tolist() == encoded.word_ids(0)


def test_a_long_sentence_is_cut_into_overlapping_windows_and_read_where_it_is_deepest():
    # 18 sub-words in windows of 10 that share 5 or more: 0-9, 5-14, 8-17.
    subwords = SubWords(np.arange(21), np.arange(21), np.array([0, 3, 21]), 0)
    windows = _windows(subwords, np.array([1, 0]), room=10)
    assert windows.start.tolist() == [0, 3, 8, 11]
    assert windows.length.tolist() == [3, 10, 10, 10]
    assert windows.skip.tolist() == [0, 0, 3, 4]
    assert windows.keep.tolist() == [3, 8, 4, 6]
    assert windows.row.tolist() == [18, 0, 8, 12]


@pytest.mark.parametrize(
    "config",
    [
        transformers.GPT2Config(vocab_size=600, n_embd=32, n_layer=2, n_head=2),
        transformers.LlamaConfig(**{**SMALL, "num_attention_heads": 4}),
        transformers.BertConfig(**{**SMALL, "num_attention_heads": 4, "is_decoder": True}),
    ],
    ids=lambda config: config.model_type,
)
def test_a_decoder_is_refused(config, write_encoder, tmp_path):
    with pytest.raises(XnerError, match="is a decoder .* Give an encoder"):
        EncoderAligner(EncoderConfig(write_encoder(tmp_path, config)), "cpu")


def test_a_model_without_tokenizer_is_refused(write_encoder, bert_settings, tmp_path):
    with pytest.raises(XnerError, match="tokenizer"):
        EncoderAligner(EncoderConfig(write_encoder(tmp_path, bert_settings(), kind=None)), "cpu")


def test_a_model_that_lacks_weights_is_refused(write_encoder, bert_settings, tmp_path):
    folder = write_encoder(tmp_path, bert_settings())
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 4}))
    with pytest.raises(XnerError, match="lacks weights of its encoder .*layer.3"):
        EncoderAligner(EncoderConfig(folder), "cpu")


def test_a_layer_that_the_model_does_not_have_is_refused(bert):
    with pytest.raises(XnerError, match="has 3 layers, so there is no layer 8"):
        EncoderAligner(EncoderConfig(bert, layer=8), "cpu")
