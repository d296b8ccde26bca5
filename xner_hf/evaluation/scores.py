"""Scores of taggers, students and builds against gold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xner_hf.corpora.labelled import composed, read_labelled
from xner_hf.corpora.sentence import Sentence
from xner_hf.errors import XnerError
from xner_hf.metrics import (
    attachment_scores,
    expected_calibration_error,
    sentence_attachment_counts,
    sentence_counts,
    span_f1,
)
from xner_hf.metrics.bootstrap import attachment_intervals, f1_interval
from xner_hf.pipeline.progress import Progress
from xner_hf.spans import ENTITY_TYPES, spans_to_iob2
from xner_hf.tag.model import ModelTagger


def gold_tags(sentence: Sentence) -> list[str]:
    """Return the gold tags of a sentence, faults included, as `read_labelled` yields them."""
    if sentence.tags is not None:
        return sentence.tags
    return spans_to_iob2(sentence.spans or (), len(sentence.tokens))


def only_types(tags: Sequence[str]) -> list[str]:
    """Return predicted IOB2 tags with every type but PER, ORG and LOC replaced by ``O``."""
    return [tag if tag.partition("-")[2] in ENTITY_TYPES else "O" for tag in tags]


def score_tags(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return strict span scores, and those of seqeval's default mode under ``"default"``.

    Strict reads an entity only where a ``B-`` opens it. Published figures mostly use the default mode, which lets an
    ``I-`` open one too. ``f1_interval`` is the 95 % bootstrap interval of the strict F1, None without sentences.
    """
    found = span_f1(gold, predicted, "strict")
    found["f1_interval"] = f1_interval([sentence_counts(*pair) for pair in zip(gold, predicted, strict=True)])
    return {**found, "default": span_f1(gold, predicted, "default")}


def score_tagger(
    tagger: ModelTagger, sentences: Sequence[Sentence], progress: Progress | None = None
) -> dict[str, Any]:
    """Tag gold sentences and return `score_tags`, with ``calibration_error``, that of the words' labels."""
    import numpy as np

    tell = (progress or Progress()).stage("tag", len(sentences))
    labels, scores = tagger.label([sentence.tokens for sentence in sentences], tell)
    gold, predicted = [gold_tags(sentence) for sentence in sentences], [only_types(tags) for tags in labels]
    found = score_tags(gold, predicted)
    right = [
        mine == true for one, other in zip(predicted, gold, strict=True) for mine, true in zip(one, other, strict=True)
    ]
    if right:
        found["calibration_error"] = expected_calibration_error(np.concatenate(scores), right)["ece"]
    return found


def score_parser(model: str, sentences: Sequence[Sentence], progress: Progress | None = None) -> dict[str, Any]:
    """Parse gold sentences with a student, and return `attachment_scores` by the convention of CoNLL 2018.

    ``intervals`` holds the 95 % bootstrap intervals of ``uas`` and ``las``.

    Raises:
        XnerError: the model is not available or has no parser, or a sentence has no tree.
    """
    from xner_hf.inference.annotator import Annotator

    annotator = Annotator(model)
    if not annotator.relations:
        raise XnerError(f"the model {model!r} has no parser; give one that was trained with +parse.")
    bare = next((sentence.id for sentence in sentences if sentence.heads is None), None)
    if bare is not None:
        raise XnerError(f"sentence {bare} of the gold has no tree; give a treebank.")
    tell = (progress or Progress()).stage("parse", len(sentences))
    found = annotator.annotate([sentence.tokens for sentence in sentences], advance=tell)
    gold = [(sentence.heads, sentence.relations) for sentence in sentences]
    predicted = [(one.heads, one.relations) for one in found]
    scores = attachment_scores(gold, predicted)
    counts = [sentence_attachment_counts(*pair) for pair in zip(gold, predicted, strict=True)]
    return {**scores, "intervals": attachment_intervals(counts)}


def score_build(folder: Path, sentences: Sequence[Sentence]) -> dict[str, Any]:
    """Score the labels of a build on the gold sentences that it holds (equal words in NFC), and return `score_tags`.

    ``left_out`` counts the gold sentences that the build does not have in train or validation.

    Raises:
        XnerError: the build holds none of them.
    """
    built: dict[tuple[str, ...], list[str]] = {}
    for split in ("train", "validation"):
        for sentence in read_labelled(str(folder), split):
            built[tuple(composed(sentence.tokens))] = sentence.tags or []
    found = [sentence for sentence in sentences if tuple(composed(sentence.tokens)) in built]
    if not found:
        raise XnerError(f"the corpus {folder} holds none of the {len(sentences)} gold sentences, so nothing to score.")
    predicted = [built[tuple(composed(sentence.tokens))] for sentence in found]
    scores = score_tags([gold_tags(sentence) for sentence in found], predicted)
    return {**scores, "left_out": len(sentences) - len(found)}
