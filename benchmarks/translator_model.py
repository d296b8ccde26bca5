"""Translators of NLLB's kind for measurements: how long they take and how much they hold needs no training.

Random weights never end a translation. Those of `write_lengthed_model` do, by themselves and where they are told to:
the text begins with a token for a number, the first decoder layer looks for it with the position it stands at, and
finding it makes the end token the likeliest. Any program can thus run the model as it is, and all write as much.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer

SIZE = {"d_model": 256, "layers": 4, "heads": 4, "ffn": 1024}
LONGEST = 400
"""Most sub-words that a text of `asking_for` can ask for."""

# Dimensions that no layer writes to. Of the decoder: sines and cosines in which neighbouring positions differ, a one,
# and what is found. Of the encoder: those that positions hardly move.
_CLOCK, _ONE, _FOUND = [*range(16), *range(128, 144)], 110, 111
_WISH, _FLAG = [*range(112, 128), *range(240, 256)], 239
_LOUD = 4.0  # the number beside the noise of the encoder
_ENOUGH = 0.9  # of the product of a position with itself; with the next one it is 0.88


def nllb_tokenizer(texts: Iterable[str], codes: Sequence[str], entries: int, filled: int = 0) -> NllbTokenizer:
    """Return a tokenizer over a BPE vocabulary learnt from texts.

    Args:
        texts: what it is learnt from.
        codes: language codes, at first those of source and target.
        entries: sub-words that are learnt, special tokens included.
        filled: entries of the vocabulary, filled up with ones that no text has.
    """
    learner = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    learner.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    learner.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=entries, special_tokens=special, show_progress=False)
    )
    learnt = json.loads(learner.to_str())["model"]
    for number in range(len(learnt["vocab"]), filled):
        learnt["vocab"][f"filler{number}"] = number
    return NllbTokenizer(
        vocab=learnt["vocab"],
        merges=[tuple(merge) for merge in learnt["merges"]],
        extra_special_tokens=list(codes),
        src_lang=codes[0],
        tgt_lang=codes[1],
        model_max_length=1024,
    )


def asking_for(length: int, text: str) -> str:
    """Return a text that such a model translates with `length` sub-words, code and end included."""
    return f"⟨{min(length, LONGEST)}⟩ {text}"


def write_lengthed_model(folder: Path, tokenizer: NllbTokenizer) -> None:
    """Write a translator whose translations are random sub-words, as many as the text asks for."""
    ordinary = len(tokenizer)
    written = [i for token, i in tokenizer.get_vocab().items() if i > 3 and token not in tokenizer.all_special_tokens]
    tokenizer.add_tokens([f"⟨{n}⟩" for n in range(LONGEST + 1)])
    torch.manual_seed(1)
    model = M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=len(tokenizer),
            d_model=SIZE["d_model"],
            encoder_layers=SIZE["layers"],
            decoder_layers=SIZE["layers"],
            encoder_attention_heads=SIZE["heads"],
            decoder_attention_heads=SIZE["heads"],
            encoder_ffn_dim=SIZE["ffn"],
            decoder_ffn_dim=SIZE["ffn"],
            tie_word_embeddings=False,
        )
    )
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.dim() > 1:
                weights.normal_(std=weights.shape[1] ** -0.5)
            elif name.endswith("bias"):
                weights.zero_()
        _keep(model.model.encoder.layers, [*_WISH, _FLAG])
        _keep(model.model.decoder.layers, [*_CLOCK, _ONE, _FOUND])
        _tell_numbers(model, ordinary)
        _end_at_number(model)
        head = model.lm_head.weight
        kept = head[written].clone()
        kept[:, _FOUND] = 0
        head.zero_()
        head[written] = kept
        head[tokenizer.eos_token_id, _FOUND] = 50.0
    model.generation_config.update(max_length=LONGEST + 100, num_beams=1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _keep(layers, dimensions: list[int]) -> None:
    """Let no layer write to dimensions."""
    for layer in layers:
        for name, weights in layer.named_parameters():
            if name.endswith(("out_proj.weight", "fc2.weight")):
                weights[dimensions] = 0


def _tell_numbers(model, first: int) -> None:
    """Embed the token for n, the first having the id `first`, as the position at which the end is due."""
    decoder, encoder = model.model.decoder, model.model.encoder
    positions = encoder.embed_positions.weights
    told = encoder.embed_tokens.weight
    told[:, [*_WISH, _FLAG]] = -positions[2, [*_WISH, _FLAG]]
    for n in range(LONGEST + 1):
        told[first + n, _WISH] += _LOUD * positions[1 + max(n, 2), _CLOCK]
        told[first + n, _FLAG] += _LOUD
    told /= encoder.embed_tokens.embed_scale
    seen = decoder.embed_tokens.weight
    seen[:, [*_CLOCK, _FOUND]] = 0
    seen[:, _ONE] = 1 / decoder.embed_tokens.embed_scale


def _end_at_number(model) -> None:
    """Let a head of the first decoder layer see the number of its own position, and nothing before."""
    look = model.model.decoder.layers[0].encoder_attn
    size = look.head_dim
    for part in (look.q_proj, look.k_proj, look.v_proj):
        part.weight[:size] = 0
    look.out_proj.weight[:, :size] = 0
    rows = torch.arange(len(_CLOCK))
    # Layer normalisation moves all dimensions alike, by what it makes of the zero in _FOUND.
    look.q_proj.weight[rows, _CLOCK], look.q_proj.weight[: len(rows) + 1, _FOUND] = 64.0, -64.0
    look.k_proj.weight[rows, _WISH] = 1.0
    look.q_proj.weight[len(rows), _ONE] = -64.0 * _ENOUGH * len(_CLOCK) / 2
    look.q_proj.weight[len(rows), _FOUND] = 64.0 * _ENOUGH * len(_CLOCK) / 2
    look.k_proj.weight[len(rows), _FLAG] = 1.0
    look.v_proj.weight[0, _FLAG] = 1.0
    look.out_proj.weight[_FOUND, 0] = 10.0
