"""Word-level labels on sub-word sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xner_hf.corpora.base import Sentence
from xner_hf.spans import ENTITY_TYPES, LABEL_NUMBER, keep_types, spans_to_iob2

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""Label of the positions that carry no loss: special tokens and all but the first sub-word of a word."""


def encode(sentences: Sequence[Sentence], tokenizer: PreTrainedTokenizerBase, limit: int) -> list[dict[str, Any]]:
    """Return model inputs whose labels stand on the first sub-word of each word.

    A sentence longer than `limit` sub-words comes as several windows that do not overlap, so that every word is
    counted once; a word without sub-words (control characters) has no position and no loss.

    Args:
        sentences: labelled sentences; entities that are not PER, ORG or LOC become ``O``.
        tokenizer: a fast tokenizer.
        limit: longest sequence, special tokens included.

    Returns:
        One mapping a window: ``input_ids``, ``attention_mask``, ``labels`` (numbers of `LABEL_NUMBER`) and ``length``.
    """
    if not sentences:
        return []
    tags = [
        [LABEL_NUMBER[tag] for tag in spans_to_iob2(keep_types(s.spans or (), ENTITY_TYPES), len(s.tokens))]
        for s in sentences
    ]
    encoded = tokenizer(
        [sentence.tokens for sentence in sentences],
        is_split_into_words=True,
        truncation=True,
        max_length=limit,
        return_overflowing_tokens=True,
    )
    examples = []
    last: tuple[int, int | None] = (-1, None)  # a word cut by a window border is labelled in the first window only
    for row, sentence in enumerate(encoded["overflow_to_sample_mapping"]):
        labels = []
        for word in encoded.word_ids(row):
            first = word is not None and (sentence, word) != last
            labels.append(tags[sentence][word] if first else IGNORED)
            if word is not None:
                last = (sentence, word)
        ids = encoded["input_ids"][row]
        examples.append(
            {
                "input_ids": ids,
                "attention_mask": encoded["attention_mask"][row],
                "labels": labels,
                "length": len(ids),
            }
        )
    return examples
