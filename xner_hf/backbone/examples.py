"""Inputs of masked and translation language modelling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xner_hf.backbone.text import BackboneText
from xner_hf.training.data import IGNORED


@dataclass(frozen=True)
class Example:
    """One input of the encoder.

    Attributes:
        input_ids: its sub-words, special ones included.
        language: code of the language it is scored under.
        labels: sub-words to be guessed, `IGNORED` elsewhere; None where they are chosen again each time.
    """

    input_ids: list[int]
    language: str
    labels: list[int] | None = None

    def __len__(self) -> int:
        return len(self.input_ids)


def training_examples(text: BackboneText, tokenizer: Any, limit: int) -> list[Example]:
    """Return the training inputs: of every pair each side alone, and both in one input where that is short enough.

    In the joint input, a word can be predicted from its translation (translation language modelling, Conneau & Lample
    2019, without language embeddings and with continuous positions). A side that is too long is divided into several
    inputs; no sub-word is left out.
    """
    found: list[Example] = []
    for code, pairs in text.train.items():
        sources = _encode(tokenizer, [pair.source for pair in pairs])
        targets = _encode(tokenizer, [pair.target for pair in pairs])
        for source, target, name in zip(sources, targets, text.sources[code], strict=True):
            found += [Example(one, name) for one in _windows(source, tokenizer, limit)]
            found += [Example(one, code) for one in _windows(target, tokenizer, limit)]
            joint = _joined(tokenizer, source, target)
            if len(joint) <= limit:
                found.append(Example(joint, code))
    return found


def held_out_examples(text: BackboneText, tokenizer: Any, limit: int, masked: float, seed: int) -> list[Example]:
    """Return the target sides of the held-out pairs, with a fixed mask."""
    import torch

    collate = MaskedCollator(tokenizer, masked)
    generator = torch.Generator().manual_seed(seed)
    found = []
    for code, pairs in text.held_out.items():
        for side in _encode(tokenizer, [pair.target for pair in pairs]):
            for window in _windows(side, tokenizer, limit):
                ids, labels = collate.mask(torch.tensor([window]), generator)
                found.append(Example(ids[0].tolist(), code, labels[0].tolist()))
    return found


def _encode(tokenizer: Any, sentences: Sequence[Sequence[str]]) -> list[list[int]]:
    texts = [list(words) for words in sentences]
    return tokenizer(texts, is_split_into_words=True, add_special_tokens=False, truncation=False)["input_ids"]


def _windows(ids: list[int], tokenizer: Any, limit: int) -> Iterator[list[int]]:
    room = limit - tokenizer.num_special_tokens_to_add()
    for start in range(0, len(ids), room):
        yield _joined(tokenizer, ids[start : start + room])


def _joined(tokenizer: Any, *sides: list[int]) -> list[int]:
    """Return sides as one input, in the tokenizer's format: ``[CLS] one [SEP] other [SEP]``."""
    return [tokenizer.cls_token_id, *(one for side in sides for one in [*side, tokenizer.sep_token_id])]


class MaskedCollator:
    """Pads inputs, and chooses the sub-words to be guessed where the example does not say.

    80 % of these are masked, 10 % replaced by others and 10 % unchanged (Devlin et al. 2019).

    Args:
        tokenizer: a tokenizer with a mask token.
        masked: share of the sub-words to be guessed; one at least of every input, or a batch of one short input could
            have none, and a loss that is no number.
    """

    def __init__(self, tokenizer: Any, masked: float):
        self.tokenizer = tokenizer
        self.masked = masked

    def __call__(self, examples: Sequence[Example]) -> dict[str, Any]:
        """Return ``input_ids``, ``attention_mask`` and ``labels``, each ``[examples, longest]``."""
        import torch
        from torch.nn.utils.rnn import pad_sequence

        def padded(rows: list[list[int]], value: int) -> torch.Tensor:
            return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=value)

        ids = padded([one.input_ids for one in examples], self.tokenizer.pad_token_id)
        present = padded([[1] * len(one) for one in examples], 0)
        if all(one.labels is not None for one in examples):
            labels = padded([one.labels or [] for one in examples], IGNORED)
        else:
            ids, labels = self.mask(ids)
        return {"input_ids": ids, "attention_mask": present, "labels": labels}

    def mask(self, ids: Any, generator: Any = None) -> tuple[Any, Any]:
        """Return the inputs with some sub-words hidden, and the labels; both ``[inputs, sub-words]``."""
        import torch

        special = torch.tensor(self.tokenizer.all_special_ids)
        chance = torch.rand(ids.shape, generator=generator)
        chance[torch.isin(ids, special)] = 2.0
        chosen = chance < self.masked
        chosen |= (chance == chance.min(-1, keepdim=True).values) & (chance < 2.0)
        labels = torch.where(chosen, ids, IGNORED)
        how = torch.rand(ids.shape, generator=generator)
        others = torch.randint(len(self.tokenizer), ids.shape, generator=generator)
        hidden = torch.where(how < 0.8, self.tokenizer.mask_token_id, torch.where(how < 0.9, others, ids))
        return torch.where(chosen, hidden, ids), labels
