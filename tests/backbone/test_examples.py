"""Inputs of masked and translation language modelling."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.backbone.examples import MaskedCollator, held_out_examples, training_examples
from xner_hf.backbone.text import BackboneText
from xner_hf.backbone.vocabulary import learn_tokenizer
from xner_hf.corpora.sentence import Pair
from xner_hf.training.data import IGNORED

LONG = [f"w{n}" for n in range(30)]
TEXT = BackboneText(
    train={"luo": [Pair("0", ["one", "two"], ["achiel", "ariyo"]), Pair("1", ["three"], LONG)]},
    held_out={"luo": [Pair("2", ["four"], ["angwen", "achiel", "ariyo"])]},
    sources={"luo": ["eng", "eng"]},
)


@pytest.fixture(scope="module")
def tokenizer():
    return learn_tokenizer(TEXT, 300, 1000, 64)


def test_each_side_stands_alone_and_both_together_where_there_is_room(tokenizer):
    found = training_examples(TEXT, tokenizer, 16)
    texts = [(one.language, tokenizer.decode(one.input_ids)) for one in found[:3]]
    assert texts == [
        ("eng", "[CLS] one two [SEP]"),
        ("luo", "[CLS] achiel ariyo [SEP]"),
        ("luo", "[CLS] one two [SEP] achiel ariyo [SEP]"),
    ]
    # The second pair is too long for one input: its parts hold all that it has, in order, and are not joined.
    assert [one.language for one in found[3:]] == ["eng", *["luo"] * (len(found) - 4)]
    assert all(len(one) <= 16 for one in found)
    parts = [number for one in found[4:] for number in one.input_ids[1:-1]]
    assert parts == tokenizer([LONG], is_split_into_words=True, add_special_tokens=False)["input_ids"][0]


def test_the_held_out_are_masked_once_and_for_all(tokenizer):
    one, same, other = (held_out_examples(TEXT, tokenizer, 16, 0.5, seed) for seed in (1, 1, 5))
    assert one == same and [len(example) for example in one] == [len(example) for example in other]
    batch = MaskedCollator(tokenizer, 0.15)(one)
    assert batch["labels"].tolist() == [example.labels for example in one]
    assert batch["input_ids"].tolist() == [example.input_ids for example in one]


@settings(max_examples=60)
@given(
    rows=st.lists(st.lists(st.integers(5, 40), min_size=1, max_size=12), min_size=1, max_size=5),
    masked=st.floats(0.01, 0.9),
    seed=st.integers(0, 99),
)
def test_what_is_to_be_guessed_is_never_special_and_never_nothing(tokenizer, rows, masked, seed):
    width = max(map(len, rows)) + 2
    ids = torch.tensor([[2, *row, 3, *[0] * (width - len(row) - 2)] for row in rows])
    changed, labels = MaskedCollator(tokenizer, masked).mask(ids, torch.Generator().manual_seed(seed))
    chosen = labels != IGNORED
    assert not chosen[ids < 5].any() and chosen.any(-1).all()
    assert torch.equal(labels[chosen], ids[chosen]) and torch.equal(changed[~chosen], ids[~chosen])


def test_a_share_is_chosen_and_most_of_it_hidden(tokenizer):
    ids = torch.full((400, 60), 9)
    changed, labels = MaskedCollator(tokenizer, 0.15).mask(ids, torch.Generator().manual_seed(1))
    chosen = labels != IGNORED
    assert chosen.float().mean().item() == pytest.approx(0.15, abs=0.01)
    hidden = (changed == tokenizer.mask_token_id)[chosen].float().mean().item()
    same = (changed == ids)[chosen].float().mean().item()
    assert hidden == pytest.approx(0.8, abs=0.03) and same == pytest.approx(0.1, abs=0.03)


def test_inputs_of_a_batch_are_padded(tokenizer):
    found = training_examples(TEXT, tokenizer, 64)[:3]
    batch = MaskedCollator(tokenizer, 0.15)(found)
    longest = max(map(len, found))
    assert {name: tuple(one.shape) for name, one in batch.items()} == dict.fromkeys(batch, (3, longest))
    assert batch["attention_mask"].sum(-1).tolist() == [len(one) for one in found]
    assert (batch["labels"][batch["attention_mask"] == 0] == IGNORED).all()
