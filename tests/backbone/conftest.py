"""A small encoder with random weights that knows lower-case English alone, and settings over the invented mirror."""

from __future__ import annotations

import string

import pytest

from xner_hf.backbone import BackboneConfig
from xner_hf.languages import language

WORDS = ["amina", "kano", "visited", "visit", "##ed", "today"]


def write_body(folder, positions=64):
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    letters = string.ascii_lowercase + "."
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + one for one in letters), *WORDS]
    tokenizer = BertTokenizer(vocab={one: i for i, one in enumerate(pieces)}, do_lower_case=True)
    tokenizer.model_max_length = positions
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(pieces), max_position_embeddings=positions, **size)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def body(tmp_path_factory):
    """The folder of the encoder."""
    return write_body(tmp_path_factory.mktemp("body") / "encoder")


@pytest.fixture
def config(body, shared, monkeypatch):
    """The function that returns settings over Luo and Hausa of the invented mirror, with changes."""
    monkeypatch.setenv("XNER_MIRROR", str(shared))

    def make(**changes):
        text = {code: language(code).parallel for code in ("luo", "hau")}
        small = {"vocabulary": 120, "held_out": 10, "epochs": 2.0, "batch_size": 32, "max_length": 32, "bf16": False}
        return BackboneConfig(**({"body": str(body), "languages": text, **small} | changes))

    return make
