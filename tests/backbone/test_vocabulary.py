"""The new vocabulary, and what its sub-words take over from the old one."""

from __future__ import annotations

import pytest
import torch

from xner_hf.backbone.text import BackboneText
from xner_hf.backbone.vocabulary import learn_tokenizer, new_embeddings
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError
from xner_hf.inference.checkpoint import load_tokenizer


def text_of(**languages):
    """Text whose source side is one English word."""
    text = BackboneText()
    for code, sentences in languages.items():
        text.train[code] = [Pair(str(n), ["word"], one.split()) for n, one in enumerate(sentences)]
        text.sources[code] = ["eng"] * len(sentences)
    return text


def test_case_and_marks_are_kept_and_composed():
    tokenizer = learn_tokenizer(text_of(yor=["Ẹlẹ́rìí ẹlẹ́rìí elerii Ọjọ́"] * 9), 200, 1000, 64)
    assert tokenizer.tokenize("Ẹlẹ́rìí ẹlẹ́rìí elerii") == ["Ẹlẹ́rìí", "ẹlẹ́rìí", "elerii"]
    decomposed = "E\u0323le\u0323\u0301ri\u0300i\u0301"
    assert tokenizer.tokenize(decomposed) == ["Ẹlẹ́rìí"]
    one = tokenizer.convert_tokens_to_ids("elerii")
    assert tokenizer("elerii", "elerii")["input_ids"] == [2, one, 3, one, 3]


def test_the_same_text_gives_the_same_vocabulary():
    letters = "abcdefgh"
    words = [a + b + c for a in letters for b in letters for c in letters]  # all pairs are as frequent: ties alone
    one, other = (learn_tokenizer(text_of(luo=words), 100, 10**6, 64) for _ in range(2))
    assert one.get_vocab() == other.get_vocab() and len(one) == 100


def test_it_is_the_same_after_it_was_saved(tmp_path):
    tokenizer = learn_tokenizer(text_of(luo=["Nyaŋo Odhiambo nyaŋo"] * 9), 60, 1000, 64)
    tokenizer.save_pretrained(tmp_path)
    again = load_tokenizer(str(tmp_path))
    assert again.get_vocab() == tokenizer.get_vocab() and again.model_max_length == 64
    assert again("Nyaŋo odhiambo")["input_ids"] == tokenizer("Nyaŋo odhiambo")["input_ids"]
    assert again.mask_token == "[MASK]" and again.pad_token_id == 0


def test_a_large_language_does_not_crowd_a_small_one_out():
    large = [f"{a}{b}{c}a{a}{c}{b}" for a in "bcdfg" for b in "hklmn" for c in "prstw"]
    text = text_of(luo=["dhaŋo matek"] * 3, hau=large * 20)
    crowded = learn_tokenizer(text, 80, 10**6, 64)
    fair = learn_tokenizer(text, 80, 6, 64)
    assert len(fair.tokenize("dhaŋo matek")) < len(crowded.tokenize("dhaŋo matek"))


def test_a_vocabulary_without_room_for_the_letters_is_refused():
    with pytest.raises(XnerError, match="26 letters, which take 57 sub-words alone, more than a vocabulary of 20"):
        learn_tokenizer(text_of(luo=["abcdefghijklmnopqrstuvwxyz"]), 20, 1000, 64)


def test_sub_words_take_the_embeddings_of_the_same_letters_or_the_mean_of_their_parts(body):
    before = load_tokenizer(str(body))
    old = torch.randn(len(before), 4, generator=torch.Generator().manual_seed(1))
    row = before.get_vocab()
    after = learn_tokenizer(text_of(luo=["Kano kanó visited visiteds Ŋ", "[MASK]"] * 9), 120, 1000, 64)
    new, place = new_embeddings(old, before, after, seed=1), after.get_vocab()
    assert new.shape == (len(after), 4)
    for token in ("[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"):
        assert torch.equal(new[place[token]], old[row[token]])
    # Case and marks are what the old tokenizer took away.
    assert torch.equal(new[place["Kano"]], old[row["kano"]]) and torch.equal(new[place["kanó"]], old[row["kano"]])
    assert torch.equal(new[place["##d"]], old[row["##d"]])
    parts = old[[row["visited"], row["##s"]]].mean(0)
    assert torch.allclose(new[place["visiteds"]], parts)


def test_a_sub_word_of_unknown_letters_is_drawn_with_the_mean_and_deviation_of_all(body):
    before = load_tokenizer(str(body))
    old = torch.zeros(len(before), 3) + torch.tensor([1.0, 2.0, 3.0])
    after = learn_tokenizer(text_of(luo=["漢字 Ж"] * 9), 60, 1000, 64)
    new = new_embeddings(old, before, after, seed=1)
    assert torch.allclose(new, old[:1].expand(len(after), 3))
    varied = torch.randn(old.shape, generator=torch.Generator().manual_seed(1))
    one, same, other = (new_embeddings(varied, before, after, seed)[after.get_vocab()["Ж"]] for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
