"""Taggers with the tokenizer files that checkpoints come with: each finds the right words, and truncates nothing."""

from __future__ import annotations

import json
import random

import pytest

from xner_hf.errors import XnerError
from xner_hf.inference.checkpoint import load_tokenizer
from xner_hf.inference.windows import windows_of
from xner_hf.tag.model import ModelTagger

TEXT = [
    "Amina left Kano at noon .",
    "Kano is far from Zaria , said Amina .",
    "Musa and Amina saw rain in Zaria .",
] * 30
LABELS = {"Amina": "B-PER", "Musa": "B-PER", "Kano": "B-LOC", "Zaria": "B-LOC"}
NAMES = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
POSITIONS = 40


def sentencepiece(folder, name, **settings):
    """Write a SentencePiece model of the text under a name."""
    from sentencepiece import SentencePieceTrainer

    with (folder / name).open("wb") as file:
        SentencePieceTrainer.train(
            # It takes for a sub-word what several words have in common.
            sentence_iterator=iter([*TEXT * 30, *(f"{word}s {word}d" for word in LABELS)]),
            model_writer=file,
            vocab_size=64,
            hard_vocab_limit=False,
            minloglevel=2,
            **settings,
        )


def camembert(folder):
    sentencepiece(folder, "sentencepiece.bpe.model")
    return {"model_type": "camembert", "pad_token_id": 1}


def xlm_roberta(folder):
    sentencepiece(folder, "sentencepiece.bpe.model")
    return {"model_type": "xlm-roberta", "pad_token_id": 1}


def deberta(folder):
    sentencepiece(folder, "spm.model", pad_id=0, bos_id=1, eos_id=2, unk_id=3, bos_piece="[CLS]", eos_piece="[SEP]")
    return {"model_type": "deberta-v2", "relative_attention": False}


def t5(folder):
    sentencepiece(folder, "spiece.model", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    return {"model_type": "t5", "d_model": 6, "d_kv": 6, "d_ff": 6, "num_layers": 1, "num_heads": 1}


def bert(folder):
    letters = sorted(set("".join(TEXT)) - {" "})
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LABELS, *letters, *("##" + letter for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}')  # all that dslim/bert-base-NER says
    return {"model_type": "bert"}


def bytes_of(folder):
    from tokenizers import ByteLevelBPETokenizer

    made = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made.train_from_iterator(TEXT * 30, vocab_size=340, special_tokens=special, show_progress=False)
    made.save_model(str(folder))  # vocab.json and merges.txt
    return {"model_type": "roberta", "pad_token_id": 1}


def fast(folder):
    config = bert(folder)
    load_into(folder, config)
    load_tokenizer(str(folder)).save_pretrained(folder)
    for name in ("vocab.txt", "special_tokens_map.json"):
        (folder / name).unlink(missing_ok=True)
    assert (folder / "tokenizer.json").is_file()
    return config


SHAPES = {"fast": fast, "Unigram as of CamemBERT": camembert, "Unigram as of XLM-R": xlm_roberta} | {
    "Unigram as of DeBERTa": deberta,
    "Unigram as of T5": t5,
    "vocab.txt": bert,
    "byte-level BPE": bytes_of,
}


def load_into(folder, config):
    (folder / "config.json").write_text(json.dumps(config))


@pytest.fixture(params=SHAPES)
def shape(request, tmp_path):
    """A folder with a tokenizer in one of the shapes, and a model that labels words by their first sub-word."""
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification

    stated = SHAPES[request.param](tmp_path)
    load_into(tmp_path, stated)
    tokenizer = load_tokenizer(str(tmp_path))
    size = {"hidden_size": 6, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 6}
    config = AutoConfig.for_model(
        **{**({} if stated["model_type"] == "t5" else size | {"max_position_embeddings": POSITIONS}), **stated},
        vocab_size=max(tokenizer.get_vocab().values()) + 1,
        id2label=dict(enumerate(NAMES)),
        label2id={name: number for number, name in enumerate(NAMES)},
    )
    model = AutoModelForTokenClassification.from_config(config)
    rows = tokenizer([[word] for word in LABELS], is_split_into_words=True, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.fill_(1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0)
        embeddings = model.get_input_embeddings().weight
        embeddings[:, 0] = 1.0
        for row, label in zip(rows, LABELS.values(), strict=True):
            embeddings[row[0]] = torch.eye(6)[NAMES.index(label)]
        model.classifier.weight.copy_(2 * torch.eye(len(NAMES), 6))
    model.save_pretrained(tmp_path)
    return tmp_path


def test_a_tagger_of_every_shape_labels_the_right_words_to_the_end(shape):
    tagger = ModelTagger(str(shape))
    choose = random.Random(4)
    sentences = [line.split() for line in TEXT] + [choose.choices(" ".join(TEXT).split(), k=300), ["Kano"]]
    labels, _ = tagger.label(sentences)
    assert labels == [[LABELS.get(word, "O") for word in words] for words in sentences]


def test_the_sub_words_of_a_word_of_every_shape_spell_it(shape):
    tokenizer = load_tokenizer(str(shape))
    assert tokenizer.is_fast
    words = TEXT[1].split()
    (found,) = windows_of(tokenizer, [words], 10**6)
    (ids,) = found.windows
    bounds = [*(position for _, position in found.places), len(ids)]
    spelt = [
        tokenizer.decode(ids[start:end], skip_special_tokens=True).strip()
        for start, end in zip(bounds, bounds[1:], strict=False)
    ]
    assert spelt == words


@pytest.mark.parametrize("listed", [[], ["eng_Latn", "hau_Latn"], "all"])
def test_an_nllb_translator_is_read_from_its_sentencepiece_model(tmp_path, listed):
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    from xner_hf.translate.codes import codes_of

    sentencepiece(tmp_path, "sentencepiece.bpe.model", model_type="bpe")
    load_into(tmp_path, {"model_type": "m2m_100"})
    listed = FAIRSEQ_LANGUAGE_CODES if listed == "all" else listed
    stated = {"tokenizer_class": "NllbTokenizer", "src_lang": "eng_Latn"}
    stated |= {"additional_special_tokens": listed} if listed else {}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(stated))
    tokenizer = load_tokenizer(str(tmp_path), fast=False)
    codes = codes_of(tokenizer)
    assert codes.style == "nllb" and set(codes.tokens) == set(FAIRSEQ_LANGUAGE_CODES)
    # As in fairseq: pieces, then the codes in this order, then the mask.
    ids = tokenizer.convert_tokens_to_ids([*FAIRSEQ_LANGUAGE_CODES, "<mask>"])
    assert ids == list(range(len(tokenizer) - len(ids), len(tokenizer)))
    row = tokenizer("Amina left Kano").input_ids
    assert row[0] == tokenizer.convert_tokens_to_ids("eng_Latn")
    assert tokenizer.decode(row, skip_special_tokens=True) == "Amina left Kano"
    tokenizer.save_pretrained(tmp_path / "again")
    load_into(tmp_path / "again", {"model_type": "m2m_100"})
    again = load_tokenizer(str(tmp_path / "again"), fast=False)
    assert again.get_vocab() == tokenizer.get_vocab() and again("Amina left Kano").input_ids == row


def test_a_sentencepiece_model_that_is_none_is_named(tmp_path):
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    load_into(tmp_path, {"model_type": "camembert"})
    with pytest.raises(XnerError, match="tokenizer"):
        load_tokenizer(str(tmp_path))
