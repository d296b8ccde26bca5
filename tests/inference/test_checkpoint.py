"""Tokenizers and limits of checkpoints of many kinds."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, RobertaTokenizerFast, T5Config, T5EncoderModel

from xner_hf.inference.checkpoint import load_tokenizer, longest_input

SMALL = {"vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}


@pytest.fixture(params=["roberta", "gpt2", "llama"])
def byte_level(request, tmp_path):
    """The folder of a byte-level BPE tokenizer as it is by default: words without a space before them."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=request.param != "llama")
    if request.param == "llama":
        words = pre_tokenizers.Split(Regex(r" ?\w+|[^\w\s]+"), "isolated")
        made.pre_tokenizer = pre_tokenizers.Sequence([words, made.pre_tokenizer])
    made.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    made.train_from_iterator(["Then Amina Bello visited Kano"] * 9, trainer)
    kind = RobertaTokenizerFast if request.param == "roberta" else PreTrainedTokenizerFast
    kind(tokenizer_object=made).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "roberta"}))
    return tmp_path


def test_words_of_a_byte_level_tokenizer_are_not_glued_together(byte_level):
    words = ["Amina", "Bello", "visited", "Kano"]
    tokenizer = load_tokenizer(str(byte_level))
    # As in running text, to which a space is put in front as well.
    assert tokenizer.tokenize(words, is_split_into_words=True) == tokenizer.tokenize(" ".join(words))
    assert [one for one in tokenizer.tokenize(words, is_split_into_words=True) if one.startswith("Ġ")] == [
        f"Ġ{word}" for word in words
    ]
    tokenizer.save_pretrained(byte_level / "again")
    again = load_tokenizer(str(byte_level / "again"))
    assert again.tokenize(words, is_split_into_words=True) == tokenizer.tokenize(words, is_split_into_words=True)


def test_an_encoder_without_a_limit_gets_one(byte_level):
    model = T5EncoderModel(T5Config(vocab_size=32, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2))
    tokenizer = load_tokenizer(str(byte_level))
    tokenizer.model_max_length = int(1e30)
    assert longest_input(model, tokenizer) == 4096
    tokenizer.model_max_length = 77
    assert longest_input(model, tokenizer) == 77


@pytest.mark.parametrize(
    ("kind", "positions", "taken"), [("Bert", 20, 20), ("Roberta", 20, 18), ("XLMRoberta", 20, 18)]
)
@pytest.mark.parametrize("stated", [12, 10**30])
def test_an_encoder_runs_at_the_longest_input_and_reserved_positions_do_not_count(kind, positions, taken, stated):
    import torch
    import transformers

    config = getattr(transformers, f"{kind}Config")(**SMALL, max_position_embeddings=positions, pad_token_id=1)
    model = getattr(transformers, f"{kind}ForTokenClassification")(config)
    longest = longest_input(model, SimpleNamespace(model_max_length=stated))
    assert longest == min(taken, stated)
    assert model(torch.full((1, longest), 3)).logits.shape == (1, longest, 2)
