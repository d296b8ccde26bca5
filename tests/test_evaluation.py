"""Scores of taggers and builds against gold."""

from __future__ import annotations

from xner_hf.corpora.base import Sentence
from xner_hf.evaluation import gold_tags, score_tags
from xner_hf.spans import Span


def test_gold_keeps_the_corpus_tags_and_drops_other_types():
    sentence = Sentence("0", ["a", "b", "c"], [Span(0, 1, "PER")], tags=["I-PER", "B-DATE", "I-DATE"])
    assert gold_tags(sentence) == ["I-PER", "O", "O"]
    assert gold_tags(Sentence("0", ["a", "b"], [Span(0, 2, "LOC")])) == ["B-LOC", "I-LOC"]


def test_strict_and_default_differ_where_an_entity_opens_with_i():
    scores = score_tags([["B-PER", "I-PER", "O"]], [["I-PER", "I-PER", "O"]])
    assert (scores["correct"], scores["predicted"], scores["gold"]) == (0, 0, 1)
    assert scores["default"]["f1"] == 1.0
