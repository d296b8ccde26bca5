"""``pipeline("ner-and-parsing", model=...)``: entities with offsets, heads, relations and CoNLL-U from text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import regex
from transformers import AutoModelForTokenClassification, Pipeline
from transformers.pipelines import PIPELINE_REGISTRY

from xner_hf.corpora.parallel import splitter
from xner_hf.errors import XnerError
from xner_hf.inference.annotator import Annotation, Annotator
from xner_hf.spans import spans_from_iob2

TASK = "ner-and-parsing"


@dataclass(frozen=True, slots=True)
class _Words:
    """A sentence: its text, its words, and the characters ``[start, end)`` of the text that every word is."""

    text: str
    words: list[str]
    offsets: list[tuple[int, int]]
    raw: bool  # whether the text is what was given, not the words joined


class NerAndParsingPipeline(Pipeline):
    """Entities and dependency trees of sentences, by a student.

    ``pipeline("ner-and-parsing", model="xner/student-hau")("Amina ta tafi Kano.", language="hau")``

    It takes a sentence, or a list of sentences. A sentence is raw text, or a list of its words; a single list of words
    is marked by ``is_split_into_words=True``, since a list of strings is else a list of texts. Sentences longer than
    the encoder are read in overlapping windows; see `Annotator`.

    Args:
        language: ISO 639-3 code of the language, for the rule by which raw text is split into words; by default the
            student's own, that of the language it was trained for.
        constrained: False takes the likeliest label of every word by itself; by default tags are valid IOB2.
        is_split_into_words: of a call: whether strings are words, not texts.
        batch_size: sentences that are sorted by length and run together, 64 by default.

    Returns:
        For each sentence a dictionary; what the model has no head for is None:
        ``tokens`` (the words; those of raw text are in NFC), ``entities`` (``label``, ``score``, the mean probability
        of its words' labels; ``start`` and ``end`` in words; ``start_char``, ``end_char`` and ``text`` in the text as
        given, or in the words joined by single spaces), ``heads`` (counted from 1; 0 marks the root), ``relations``,
        and ``conllu`` (a sentence of CoNLL-U with entities as ``NER=`` in MISC; empty without words, None without a
        parser).

    Raises:
        XnerError: the input is neither text nor words, the language is unknown, or as for `Annotator`.
    """

    _load_tokenizer = True
    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **{"batch_size": 64} | kwargs)
        self._annotator = Annotator((self.model, self.tokenizer))

    def __call__(self, inputs: Any, *args: Any, is_split_into_words: bool = False, **kwargs: Any) -> Any:
        if isinstance(inputs, list) and not inputs:
            return super().__call__([[]], *args, **kwargs)[0] if is_split_into_words else []
        if is_split_into_words and isinstance(inputs, list | tuple) and all(isinstance(one, str) for one in inputs):
            return super().__call__([list(inputs)], *args, **kwargs)[0]
        return super().__call__(inputs, *args, **kwargs)

    def _sanitize_parameters(
        self, language: str | None = None, constrained: bool | None = None
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        before = {} if language is None else {"language": language}
        return before, {} if constrained is None else {"constrained": constrained}, {}

    def preprocess(self, sentence: str | Sequence[str], language: str | None = None) -> dict[str, _Words]:
        """Return the words of a sentence."""
        if isinstance(sentence, str):
            from xner_hf.models.words_xner import split_words, word_offsets

            own = self.model.config.word_patterns
            words = split_words(sentence, own) if language is None else splitter(language)(sentence)
            return {"sentence": _Words(sentence, words, word_offsets(sentence, words), True)}
        if not isinstance(sentence, list | tuple) or not all(isinstance(word, str) for word in sentence):
            raise XnerError(f"{sentence!r} is not a sentence. Give a text, or a list of words.")
        offsets, start = [], 0
        for word in sentence:
            offsets.append((start, start + len(word)))
            start += len(word) + 1
        return {"sentence": _Words(" ".join(sentence), list(sentence), offsets, False)}

    def _forward(self, inputs: dict[str, Any], constrained: bool = True) -> dict[str, Any]:
        sentences = inputs["sentence"]
        if isinstance(sentences, list):  # a batch
            found = self._annotator.annotate([one.words for one in sentences], constrained)
            return {"sentence": sentences, "annotation": found}
        return {"sentence": sentences, "annotation": self._annotator.annotate([sentences.words], constrained)[0]}

    def postprocess(self, outputs: dict[str, Any]) -> dict[str, Any]:
        """Return what is said of a sentence."""
        sentence, annotation = outputs["sentence"], outputs["annotation"]
        return {
            "tokens": sentence.words,
            "entities": None if annotation.tags is None else self._entities(sentence, annotation),
            "heads": annotation.heads,
            "relations": annotation.relations,
            "conllu": None if annotation.heads is None else _conllu(sentence, annotation),
        }

    def _entities(self, sentence: _Words, annotation: Annotation) -> list[dict[str, Any]]:
        number_of = {label: number for number, label in enumerate(self._annotator.labels)}
        entities = []
        for start, end, label, _ in spans_from_iob2(annotation.tags):
            scores = [annotation.probabilities[i, number_of[annotation.tags[i]]] for i in range(start, end)]
            first, last = sentence.offsets[start][0], sentence.offsets[end - 1][1]
            entities.append(
                {
                    "label": label,
                    "score": float(sum(scores) / len(scores)),
                    "start": start,
                    "end": end,
                    "start_char": first,
                    "end_char": last,
                    "text": sentence.text[first:last],
                }
            )
        return entities


def _conllu(sentence: _Words, annotation: Annotation) -> str:
    """Return a sentence as CoNLL-U, with the blank line that ends it; an empty string where it has no words."""
    if not sentence.words:
        return ""
    lines = [f"# text = {_one_line(sentence.text)}"]
    for i, word in enumerate(sentence.words):
        misc = [] if annotation.tags is None else [f"NER={annotation.tags[i]}"]
        end = sentence.offsets[i][1]
        if (
            sentence.raw
            and i + 1 < len(sentence.words)
            and not regex.search(r"\s", sentence.text[end : sentence.offsets[i + 1][0]])
        ):
            misc.append("SpaceAfter=No")
        head, relation = annotation.heads[i], annotation.relations[i]
        columns = [i + 1, _one_line(word) or "_", "_", "_", "_", "_", head, relation, "_", "|".join(misc) or "_"]
        lines.append("\t".join(map(str, columns)))
    return "\n".join(lines) + "\n\n"


def _one_line(text: str) -> str:
    """Return text that fits a column: white space is single spaces, and there is no NUL."""
    return " ".join(text.replace("\0", " ").split())


PIPELINE_REGISTRY.register_pipeline(
    TASK, pipeline_class=NerAndParsingPipeline, pt_model=AutoModelForTokenClassification
)
# With this mark a saved pipeline would copy this file beside the weights, and ask for remote code to be loaded again.
del NerAndParsingPipeline._registered_impl
