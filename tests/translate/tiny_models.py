"""Tokenizers and translators of every family, tiny and made without training: what they say is known beforehand.

The vocabulary is the alphabet, so that a sub-word is a letter and ``▁`` stands before every word.
"""

from __future__ import annotations

import json

LETTERS = "▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,!?'<>/"
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
NLLB_CODES = ["eng_Latn", "fra_Latn", "hau_Latn", "swh_Latn", "bam_Latn"]
POSITIONS = 64


def nllb_tokenizer(codes=NLLB_CODES, letters=LETTERS, positions=POSITIONS):
    from transformers import NllbTokenizer

    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *letters])}
    return NllbTokenizer(
        vocab=vocabulary, merges=[], extra_special_tokens=list(codes), src_lang=codes[0], model_max_length=positions
    )


def mbart_tokenizer(kind):
    """Return an ``MBartTokenizer`` or ``MBart50Tokenizer`` with all its codes."""
    import transformers
    from transformers.models.mbart import tokenization_mbart
    from transformers.models.mbart50 import tokenization_mbart50

    module = tokenization_mbart if kind == "MBartTokenizer" else tokenization_mbart50
    scored = [*((token, 0.0) for token in SPECIAL), *((letter, -2.0) for letter in LETTERS)]
    scored += [*((code, 0.0) for code in module.FAIRSEQ_LANGUAGE_CODES), ("<mask>", 0.0)]
    return getattr(transformers, kind)(vocab=scored, bos_token="<s>", model_max_length=POSITIONS)


def m2m100_tokenizer(folder, registered=False):
    """Return an ``M2M100Tokenizer``; `registered` as on the Hub, where its files list the codes as special tokens."""
    model, pieces = _sentencepiece(folder)
    from transformers import M2M100Tokenizer
    from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

    vocabulary = folder / "pieces.json"
    vocabulary.write_text(json.dumps({token: i for i, token in enumerate([*SPECIAL, *pieces])}))
    codes = {"additional_special_tokens": [f"__{code}__" for code in FAIRSEQ_LANGUAGE_CODES["m2m100"]]}
    return M2M100Tokenizer(str(vocabulary), str(model), model_max_length=POSITIONS, **(codes if registered else {}))


def marian_tokenizer(folder, codes=()):
    """Return a ``MarianTokenizer`` whose vocabulary has the tokens ``>>code<<``."""
    model, pieces = _sentencepiece(folder)
    from transformers import MarianTokenizer

    tokens = ["</s>", "<unk>", *(f">>{code}<<" for code in codes), *pieces, "<pad>"]
    vocabulary = folder / "pieces.json"
    vocabulary.write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    return MarianTokenizer(str(model), str(model), str(vocabulary), model_max_length=POSITIONS)


def _sentencepiece(folder):
    """Write a SentencePiece model of single letters and return its file and pieces."""
    import io

    import pytest

    sentencepiece = pytest.importorskip("sentencepiece", reason="the tokenizers of M2M-100 and Marian need it")
    folder.mkdir(parents=True, exist_ok=True)
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(LETTERS[1:])] * 4),
        model_writer=written,
        model_type="char",
        vocab_size=len(LETTERS) + 3,
        character_coverage=1.0,
        minloglevel=2,
    )
    file = folder / "letters.spm"
    file.write_bytes(written.getvalue())
    loaded = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    return file, [loaded.id_to_piece(i) for i in range(3, loaded.get_piece_size())]


def random_model(folder, tokenizer, family="M2M100", seed=0, **settings):
    """Write a translator with random weights, large enough that its output depends on its input; return the folder."""
    import torch

    model = _model(tokenizer, family, 32, tie_word_embeddings=False, **settings)
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.dim() > 1:
                weights.normal_(std=1.0 if "embed" in name or "shared" in name else 0.4)
        # Padding inside of a translation, which no trained model writes, has no position.
        model.lm_head.weight[tokenizer.pad_token_id] = 0
    return _save(model, tokenizer, folder)


def chain_model(folder, tokenizer, followers, family="M2M100", **settings):
    """Write a translator that takes no notice of the text: each token is followed by a given one; return the folder.

    Args:
        followers: what follows a token; ``</s>`` follows those that are named as a follower only.
        settings: of the generation.
    """
    import torch

    size = 2 * ((_entries(tokenizer) + 1) // 2)
    model = _model(tokenizer, family, size, tie_word_embeddings=False)
    ids = tokenizer.convert_tokens_to_ids
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.fill_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
        embeddings = model.get_decoder().embed_tokens.weight
        embeddings.copy_(10 * torch.eye(*embeddings.shape))
        for token in {*followers, *followers.values()}:
            model.lm_head.weight[ids(followers.get(token, tokenizer.eos_token)), ids(token)] = 1.0
    model.generation_config.update(**settings)
    return _save(model, tokenizer, folder)


def _model(tokenizer, family, size, **settings):
    import transformers

    config = getattr(transformers, f"{family}Config")
    kind = "MarianMTModel" if family == "Marian" else f"{family}ForConditionalGeneration"
    return getattr(transformers, kind)(
        config(
            vocab_size=_entries(tokenizer),
            d_model=size,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=8,
            decoder_ffn_dim=8,
            max_position_embeddings=POSITIONS,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=tokenizer.pad_token_id if family == "Marian" else tokenizer.eos_token_id,
            **settings,
        )
    )


def _entries(tokenizer):
    ids = {**tokenizer.get_vocab(), **getattr(tokenizer, "lang_token_to_id", {})}
    return 1 + max(ids.values()) + getattr(tokenizer, "num_madeup_words", 0)


def _save(model, tokenizer, folder):
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
