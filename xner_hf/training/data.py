"""Word-split sentences as windows of sub-words that fit the encoder, with the targets of every task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xner_hf.corpora.sentence import Sentence
from xner_hf.errors import XnerError
from xner_hf.spans import ENTITY_TYPES, LABEL_NUMBER, spans_to_iob2

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""Label of positions without loss: special tokens, and all sub-words of a word except the first."""


@dataclass(slots=True)
class Example:
    """A window: a sentence, or part of one that is longer than the encoder. All lists except `input_ids` are by word.

    Attributes:
        sentence: number of the sentence in its corpus.
        input_ids: sub-words, special tokens included.
        words: the words of the sentence that the window counts; every word is counted in one window only.
        starts: position in `input_ids` of the first sub-word of each.
        labels: entity labels, numbers of `NER_LABELS` or `IGNORED`; None if the sentence has none.
        weights: weight of each label in the loss, from 0.0.
        heads: head of each word: 0 for the root, else 1-based within the window; `IGNORED` if it is unknown or in
            another window; None without a tree.
        relations: number of the relation to it, or `IGNORED`.
    """

    sentence: int
    input_ids: list[int]
    words: list[int]
    starts: list[int]
    labels: list[int] | None = None
    weights: list[float] | None = None
    heads: list[int] | None = None
    relations: list[int] | None = None


@dataclass
class Corpus:
    """One training corpus of a student.

    Attributes:
        name: what it is called in messages and logs.
        sentences: its sentences; a student is trained on what they have: spans, trees, or neither.
        soft: whether a teacher labels them.
        share: its share of the steps, relative to the others; None: the strategy decides.
        confidence: whether words are weighted by the scores of their spans in the loss.
        min_confidence: words of spans with a score below have no loss.
    """

    name: str
    sentences: Sequence[Sentence]
    soft: bool = False
    share: float | None = None
    confidence: bool = False
    min_confidence: float = 0.0
    examples: list[Example] = field(default_factory=list)

    @property
    def labelled(self) -> bool:
        """Whether its sentences have entity labels."""
        return any(sentence.spans is not None for sentence in self.sentences)

    @property
    def parsed(self) -> bool:
        """Whether its sentences have trees."""
        return any(sentence.heads is not None for sentence in self.sentences)

    def encode(
        self, tokenizer: PreTrainedTokenizerBase, limit: int, relations: Mapping[str, int] | None = None
    ) -> Corpus:
        """Fill `examples` and return the corpus; arguments are those of `encode`."""
        self.examples = encode(self.sentences, tokenizer, limit, relations)
        if self.confidence or self.min_confidence:
            for example in self.examples:
                self._weigh(example)
        return self

    def _weigh(self, example: Example) -> None:
        if example.labels is None:
            return
        scores = dict.fromkeys(example.words, 1.0)
        for span in self.sentences[example.sentence].spans or ():
            scores.update(dict.fromkeys(range(span.start, span.end), span.score))
        example.weights = [scores[word] if self.confidence else 1.0 for word in example.words]
        example.labels = [
            IGNORED if scores[word] < self.min_confidence else label
            for word, label in zip(example.words, example.labels, strict=True)
        ]


def encode(
    sentences: Sequence[Sentence],
    tokenizer: PreTrainedTokenizerBase,
    limit: int,
    relations: Mapping[str, int] | None = None,
) -> list[Example]:
    """Return the windows of sentences, with the targets of each sentence.

    A sentence longer than `limit` sub-words comes as several windows that do not overlap, so that every word is
    counted once; a word without sub-words (control characters) has no position and no loss, nor have words whose head
    is such a word or stands in another window.

    Args:
        sentences: any mixture of labelled, parsed and plain ones.
        tokenizer: a fast tokenizer.
        limit: longest sequence, special tokens included.
        relations: number of every dependency relation; needed if a sentence has a tree.

    Raises:
        XnerError: a tree has a relation that is not in `relations`, or an entity is not PER, ORG or LOC.
    """
    if not sentences:
        return []
    encoded = tokenizer(
        [sentence.tokens for sentence in sentences],
        is_split_into_words=True,
        truncation=True,
        max_length=limit,
        return_overflowing_tokens=True,
    )
    examples = []
    last: tuple[int, int | None] = (-1, None)  # a word cut by a window border is counted in the first window only
    for row, number in enumerate(encoded["overflow_to_sample_mapping"]):
        words, starts = [], []
        for position, word in enumerate(encoded.word_ids(row)):
            if word is not None:
                if (number, word) != last:
                    words.append(word)
                    starts.append(position)
                last = (number, word)
        example = Example(number, encoded["input_ids"][row], words, starts)
        _label(example, sentences[number])
        _parse(example, sentences[number], relations or {})
        examples.append(example)
    return examples


def _label(example: Example, sentence: Sentence) -> None:
    if sentence.spans is None:
        return
    if other := {span.label for span in sentence.spans}.difference(ENTITY_TYPES):
        raise XnerError(
            f"sentence {sentence.id!r} has entities of the type {' and '.join(sorted(other))}, which no student "
            f"is trained on. Map them to {', '.join(ENTITY_TYPES)} or leave them out, as `read_labelled` does with "
            "`labels`."
        )
    tags = spans_to_iob2(sentence.spans, len(sentence.tokens))
    example.labels = [LABEL_NUMBER[tags[word]] for word in example.words]


def _parse(example: Example, sentence: Sentence, relations: Mapping[str, int]) -> None:
    if sentence.heads is None or sentence.relations is None:
        return
    place = {word: number for number, word in enumerate(example.words, 1)}
    example.heads, example.relations = [], []
    for word in example.words:
        head, relation = sentence.heads[word], sentence.relations[word]
        # Projected trees may leave a word without a head.
        at = IGNORED if head is None else 0 if head == 0 else place.get(head - 1, IGNORED)
        example.heads.append(at)
        if at != IGNORED and relation not in relations:
            raise XnerError(
                f"sentence {sentence.id!r} has the relation {relation!r}, which the student does not have; it has "
                f"{', '.join(relations) or 'no parser'}. Strip the subtypes, or train a student with this relation."
            )
        example.relations.append(IGNORED if at == IGNORED else relations[relation])
