"""Small random encoders with a real tokenizer, and pairs of the bundled sample."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def one_thread():
    """Use one thread: models this small gain nothing from more, and lose much where other work shares the cores."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def sample_pairs():
    """The word-split pairs of the bundled sample: two lists of equal length."""
    from xner_hf.corpora.parallel import sample_path

    rows = [
        json.loads(line)
        for code in ("hau", "swa")
        for line in sample_path(code).read_text(encoding="utf-8").splitlines()
    ]
    return [row["source_tokens"] for row in rows], [row["target_tokens"] for row in rows]


@pytest.fixture(scope="session")
def write_encoder(sample_pairs):
    """The function that writes a random `transformers` model and a tokenizer trained on the sample to a folder."""

    def write(folder, config, kind="wordpiece", positions=512):
        import torch
        from transformers import AutoModel

        if kind is not None:
            _trained_tokenizer(kind, sample_pairs, positions).save_pretrained(folder)
        torch.manual_seed(3)
        model = AutoModel.from_config(config)
        with torch.no_grad():
            for name, weights in model.named_parameters():
                if weights.dim() > 1:  # the usual 0.02 makes all states of so narrow an encoder alike
                    weights.normal_(std=1.0 if "embed" in name or "shared" in name else 0.3)
        model.save_pretrained(folder)
        return str(folder)

    return write


@pytest.fixture(scope="session")
def bert(tmp_path_factory, write_encoder):
    """The folder of a random BERT of 3 layers, whose default layer is 2."""
    return write_encoder(tmp_path_factory.mktemp("bert"), bert_config())


@pytest.fixture(scope="session")
def bert_settings():
    """The function that makes the configuration of a small BERT."""
    return bert_config


def bert_config(**settings):
    from transformers import BertConfig

    size = {"vocab_size": 600, "hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 64}
    return BertConfig(**{**size, "num_hidden_layers": 3, "max_position_embeddings": 512, **settings})


def _trained_tokenizer(kind, pairs, positions):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    settings = {"vocab_size": 600, "special_tokens": special, "show_progress": False}
    text = [" ".join(words) for side in pairs for words in side]
    if kind == "wordpiece":
        learnt = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        learnt.normalizer = normalizers.BertNormalizer(lowercase=False)
        learnt.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        letters = sorted(set("".join(map(learnt.normalizer.normalize_str, text))) - {" "})
        settings["special_tokens"] = [*special, *("##" + letter for letter in letters)]
        trainer = trainers.WordPieceTrainer(**settings)
    elif kind == "bytes":
        learnt = Tokenizer(models.BPE())
        learnt.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        trainer = trainers.BpeTrainer(**settings, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    else:
        learnt = Tokenizer(models.Unigram())
        learnt.normalizer = normalizers.NFKC()
        learnt.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=kind)
        trainer = trainers.UnigramTrainer(**settings, unk_token="[UNK]")
    learnt.train_from_iterator(text, trainer)
    model = learnt.model
    # Two trainers number sub-words in an order of chance. Other numbers mean other random states, and now and then
    # links that rounding decides, so the order is settled: by listing all continuations first, and by sorting.
    if kind == "wordpiece":
        model = models.WordPiece(learnt.get_vocab(), unk_token="[UNK]")
    elif kind != "bytes":
        scores = [(piece, round(score, 6)) for piece, score in json.loads(learnt.to_str())["model"]["vocab"]]
        model = models.Unigram([*scores[: len(special)], *sorted(scores[len(special) :])], unk_id=1)
    tokenizer = Tokenizer(model)
    tokenizer.add_special_tokens(special)
    if learnt.normalizer is not None:
        tokenizer.normalizer = learnt.normalizer
    tokenizer.pre_tokenizer = learnt.pre_tokenizer
    ids = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ids)
    names = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=positions, **names)
