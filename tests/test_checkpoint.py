"""Tokenizers and limits of checkpoints of many kinds."""

from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import RobertaTokenizerFast, T5Config, T5EncoderModel

from xner_hf.checkpoint import load_tokenizer, longest_input


@pytest.fixture
def byte_level(tmp_path):
    """The folder of a byte-level BPE tokenizer as RoBERTa has it by default: words without a space before them."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    made.train_from_iterator(["Then Amina Bello visited Kano"] * 9, trainer)
    RobertaTokenizerFast(tokenizer_object=made).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "roberta"}))
    return tmp_path


def test_words_of_a_byte_level_tokenizer_are_not_glued_together(byte_level):
    words = ["Amina", "Bello", "visited", "Kano"]
    tokenizer = load_tokenizer(str(byte_level))
    assert tokenizer.convert_ids_to_tokens(tokenizer(words, is_split_into_words=True)["input_ids"]) == (
        tokenizer.tokenize(" " + " ".join(words), add_special_tokens=True)
    )
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
