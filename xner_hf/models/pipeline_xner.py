"""``pipeline("token-classification")`` for students: what their words are, and which sub-words speak for them.

transformers' own pipeline takes what stands between two spaces for a word, for most tokenizers, so that ``Nairobi.``
and ``(Kisumu)`` would be words; a student was trained on text whose punctuation is split off, and its output for a
word is what it says of the first sub-word. This file is copied beside the weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers.pipelines import PIPELINE_REGISTRY
from transformers.pipelines.token_classification import AggregationStrategy, TokenClassificationPipeline

from .words_xner import (
    OVERLAP,
    best_valid_path,
    character_places,
    deepest_places,
    encode_windows,
    first_subwords,
    runs,
    split_words,
    tag_order,
)


@dataclass(slots=True)
class _Window:
    """A window of a text. An object, since pipelines copy lists at every step.

    Attributes:
        text: the whole text.
        places: of it, of all characters of every word.
        word_of: word of every sub-word.
        offsets: of every sub-word in its word.
    """

    text: str
    places: list[list[tuple[int, int]]]
    word_of: list[int | None] = field(default_factory=list)
    offsets: list[tuple[int, int]] = field(default_factory=list)


class StudentTokenClassificationPipeline(TokenClassificationPipeline):
    """The token-classification pipeline; of a student, with the student's words. It is called as the usual one.

    Words are those of the configuration (`word_patterns`), or the given ones. Their tags are the likeliest valid IOB2
    sequence, as in ``ner-and-parsing``; a text longer than the encoder is read in overlapping windows, of `stride`
    sub-words where that is given. As only first sub-words are trained, every aggregation strategy but "none" gives the
    same: entities of whole words, with the mean probability of their tags. "none" gives every sub-word the tag of its
    word, with ``I-`` after the first.

    Raises:
        ValueError: the tokenizer is no fast one, the configuration says nothing of words, or `offset_mapping` is
            given.
    """

    def __new__(cls, model: Any = None, **kwargs: Any) -> Any:
        # None where one is unpickled. Other models have no such setting, nor have students that were saved before it.
        if model is not None and getattr(model.config, "word_patterns", None) is None:
            return TokenClassificationPipeline(model=model, **kwargs)
        return super().__new__(cls)

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        if not self.tokenizer.is_fast:
            raise ValueError("a student needs a fast tokenizer, by which its words are found.")

    def check_model_type(self, supported_models: Any) -> None:
        """Do nothing: the usual pipeline would say that a student is not among the models of transformers."""

    def _sanitize_parameters(
        self, stride: int | None = None, offset_mapping: Any = None, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        if offset_mapping is not None:
            raise ValueError("a student finds its words itself: leave offset_mapping out.")
        before, forward, after = super()._sanitize_parameters(**kwargs)
        return before if stride is None else before | {"stride": stride}, forward, after

    def preprocess(
        self,
        sentence: str | list[str],
        is_split_into_words: bool = False,
        delimiter: str = " ",
        stride: int = OVERLAP,
    ) -> Iterator[dict[str, Any]]:
        """Yield the windows of a text, or of its words."""
        if is_split_into_words:
            words, text = sentence, delimiter.join(sentence)
            places, at = [], 0
            for word in words:
                places.append([(at + i, at + i + 1) for i in range(len(word))] or [(at, at)])
                at += len(word) + len(delimiter)
        else:
            if not isinstance(sentence, str):
                raise ValueError(f"{sentence!r} is not text. Give text, or words with is_split_into_words=True.")
            text, words = sentence, split_words(sentence, self._patterns())
            places = character_places(text, words)
        if not words:
            yield self._inputs([], _Window(text, places), True)
            return
        encoded = encode_windows(self.tokenizer, [words], self._limit(), stride, offsets=True)
        last = len(encoded["input_ids"]) - 1
        for row, ids in enumerate(encoded["input_ids"]):
            window = _Window(text, places, encoded.word_ids(row), encoded["offset_mapping"][row])
            yield self._inputs(ids, window, row == last)

    def _inputs(self, ids: list[int], window: _Window, last: bool) -> dict[str, Any]:
        ids = torch.tensor([ids or [self.tokenizer.pad_token_id or 0]])  # no encoder takes nothing
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "window": window, "is_last": last}

    def _patterns(self) -> Sequence[str]:
        if not self.model.config.word_patterns:
            raise ValueError(
                "config.json of this student has no word_patterns, by which text is split into words. Give words "
                "(is_split_into_words=True), or load and save the student with xner-hf."
            )
        return self.model.config.word_patterns

    def _limit(self) -> int:
        return min(self.tokenizer.model_max_length, self.model.longest_input)

    def _forward(self, inputs: dict[str, Any]) -> dict[str, Any]:
        # Padded on the right, whatever the tokenizer does: positions of most encoders count from the left.
        rows = [ids[mask.bool()] for ids, mask in zip(inputs["input_ids"], inputs["attention_mask"], strict=True)]
        padding = self.tokenizer.pad_token_id or 0
        ids = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=padding)
        lengths = torch.tensor([len(row) for row in rows], device=ids.device)
        mask = (torch.arange(ids.size(1), device=ids.device) < lengths[:, None]).long()
        training = self.model.training
        self.model.eval()
        try:
            logits = self.model(input_ids=ids, attention_mask=mask).logits
        finally:
            self.model.train(training)
        return {**inputs, "input_ids": ids, "attention_mask": mask, "logits": logits}

    def postprocess(
        self,
        all_outputs: list[dict[str, Any]],
        aggregation_strategy: AggregationStrategy = AggregationStrategy.NONE,
        ignore_labels: Sequence[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Return the entities of a text, or its sub-words."""
        windows = [one["window"] for one in all_outputs]
        text, characters = windows[0].text, windows[0].places
        places = deepest_places((len(one.word_of), first_subwords(one.word_of)) for one in windows)
        tags = self._tags(all_outputs, places)
        words = [
            {"entity": tag, "score": score, "word": "", "start": own[0][0], "end": own[-1][1]}
            for own, (tag, score) in ((own, tags.get(word, ("O", 1.0))) for word, own in enumerate(characters))
        ]
        if aggregation_strategy == AggregationStrategy.NONE:
            found = list(self._subwords(all_outputs, places, words, characters))
        else:
            found = self.group_entities(words)
            for one in found:
                one["score"] = float(one["score"])
                one["word"] = text[one["start"] : one["end"]]
        ignored = ["O"] if ignore_labels is None else ignore_labels
        return [one for one in found if one.get("entity", one.get("entity_group")) not in ignored]

    def _tags(self, windows: list[dict[str, Any]], places: dict[int, tuple[int, int]]) -> dict[int, tuple[str, float]]:
        """Return the tag of every word that has sub-words, and its probability."""
        if not places:
            return {}
        labels = [self.model.config.id2label[number] for number in range(self.model.config.num_labels)]
        states = torch.stack([windows[window]["logits"][0, position] for window, position in places.values()])
        logs = states.float().log_softmax(-1).numpy()
        numbers = logs.argmax(-1)
        first, following = tag_order(labels)
        if all(label == "O" or label[:2] in ("B-", "I-") for label in labels) and first.any():
            # Words without sub-words are O, so what stands between two of them is decoded by itself.
            for start, stop in runs(list(places)):
                numbers[start:stop] = best_valid_path(logs[None, start:stop].astype(np.float64), first, following)[0]
        return {
            word: (labels[number], float(np.exp(row[number])))
            for word, number, row in zip(places, numbers, logs, strict=True)
        }

    def _subwords(
        self,
        windows: list[dict[str, Any]],
        places: dict[int, tuple[int, int]],
        words: list[dict[str, Any]],
        characters: list[list[tuple[int, int]]],
    ) -> Iterator[dict[str, Any]]:
        """Yield the sub-words of every word, from the window from which its tag is taken."""
        for word, (number, first) in places.items():
            window, length = windows[number]["window"], len(characters[word])
            own = [place for place in range(first, len(window.word_of)) if window.word_of[place] == word]
            # Tokenizers count a space that they put before a word, or leave out the first letter instead.
            starts = [0, *(min(window.offsets[place][0], length - 1) for place in own[1:])]
            entity = words[word]["entity"]
            inside = "I-" + entity[2:]
            for place, start in zip(own, starts, strict=True):
                end = length if place == own[-1] else min(max(window.offsets[place][1], start + 1), length)
                if place != first and inside in self.model.config.label2id:
                    entity = inside
                yield {
                    "entity": entity,
                    "score": words[word]["score"],
                    "index": place,
                    "word": self.tokenizer.convert_ids_to_tokens(int(windows[number]["input_ids"][0, place])),
                    "start": characters[word][start][0],
                    "end": characters[word][end - 1][1],
                }


def register() -> None:
    """Make ``pipeline("token-classification")`` take the words of a student from it; other models keep theirs."""
    PIPELINE_REGISTRY.check_task("token-classification")[1]["impl"] = StudentTokenClassificationPipeline
