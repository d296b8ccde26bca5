"""Scores of taggers and builds against gold."""

from __future__ import annotations

from xner_hf.corpora.sentence import Sentence
from xner_hf.evaluation.scores import gold_tags, score_tagger, score_tags
from xner_hf.spans import Span
from xner_hf.tag.model import ModelTagger


def test_gold_keeps_the_corpus_tags():
    sentence = Sentence("0", ["a", "b", "c"], [Span(0, 1, "PER")], tags=["I-PER", "O", "O"])
    assert gold_tags(sentence) == ["I-PER", "O", "O"]
    assert gold_tags(Sentence("0", ["a", "b"], [Span(0, 2, "LOC")])) == ["B-LOC", "I-LOC"]


def test_strict_and_default_differ_where_an_entity_opens_with_i():
    scores = score_tags([["B-PER", "I-PER", "O"]], [["I-PER", "I-PER", "O"]])
    assert (scores["correct"], scores["predicted"], scores["gold"]) == (0, 0, 1)
    assert scores["default"]["f1"] == 1.0


def test_a_tagger_is_scored_and_progress_told_of_every_sentence_once(mirror, told):
    words = ["Amina", "went", "to", "Kano", "."]
    spans = [Span(0, 1, "PER"), Span(3, 4, "LOC")]
    long = [Span(start, start + 1, label) for i in range(200) for start, label in ((5 * i, "PER"), (5 * i + 3, "LOC"))]
    gold = [Sentence("0", words, spans), Sentence("1", [], []), Sentence("2", words * 200, long)]
    tagger = ModelTagger("xner/minilm-conll2003-en")
    assert len(gold[2].tokens) > tagger.limit  # read in several windows
    found = score_tagger(tagger, gold, told)
    assert (found["f1"], found["gold"]) == (1.0, 402)
    assert told.stages == {"tag": [3, 3]}
