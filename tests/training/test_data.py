"""Sentences as windows of sub-words with the targets of every task."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.corpora.sentence import Sentence
from xner_hf.demo import tiny_tokenizer
from xner_hf.errors import XnerError
from xner_hf.spans import Span
from xner_hf.training.data import IGNORED, Corpus, encode

RELATIONS = {"root": 0, "nsubj": 1, "obj": 2}


@pytest.fixture(scope="module")
def tokenizer():
    """Knows "ya" and "ta" as words and all other words by their letters."""
    return tiny_tokenizer([["ya", "ya", "ta", "ta", "Musa", "Kano"]])


def lengths(tokenizer, words):
    return [len(tokenizer.tokenize(word)) for word in words]


# Labels


def test_labels_stand_for_words_and_their_first_sub_words(tokenizer):
    words = ["Musa", "ya", "Kano", "ta"]
    (example,) = encode([Sentence("0", words, [Span(0, 1, "PER"), Span(2, 4, "LOC")])], tokenizer, 32)
    assert lengths(tokenizer, words) == [4, 1, 4, 1]
    assert example.words == [0, 1, 2, 3]
    assert example.starts == [1, 5, 6, 10]  # [CLS] stands at 0
    assert example.labels == [1, 0, 5, 6]
    assert len(example.input_ids) == 12
    assert (example.weights, example.heads, example.relations) == (None, None, None)


def test_an_entity_of_a_type_that_no_student_learns_is_refused_and_never_made_o(tokenizer):
    with pytest.raises(XnerError, match=r"sentence 's7' has entities of the type PERSON.*PER, ORG, LOC"):
        encode([Sentence("s7", ["ya", "ta"], [Span(0, 1, "PERSON"), Span(1, 2, "ORG")])], tokenizer, 32)


def test_a_sentence_without_labels_has_none_and_one_without_entities_has_o(tokenizer):
    plain, empty = encode([Sentence("0", ["ya"]), Sentence("1", ["ya"], [])], tokenizer, 32)
    assert plain.labels is None and empty.labels == [0]


def test_no_sentences_give_no_windows(tokenizer):
    assert encode([], tokenizer, 16) == []


# Windows


def test_a_word_that_a_window_cuts_is_counted_in_the_first_window_only(tokenizer):
    # Windows of 5 hold 3 sub-words: M u s | a ya K | a n o
    windows = encode([Sentence("0", ["Musa", "ya", "Kano"], [Span(0, 1, "PER"), Span(2, 3, "LOC")])], tokenizer, 5)
    assert [window.words for window in windows] == [[0], [1, 2], []]
    assert [window.starts for window in windows] == [[1], [2, 3], []]
    assert [window.labels for window in windows] == [[1], [0, 5], []]


def test_a_word_without_sub_words_has_no_position(tokenizer):
    (example,) = encode([Sentence("0", ["ya", "\u00a0", "ta"], [Span(0, 1, "PER")])], tokenizer, 32)
    assert example.words == [0, 2] and example.starts == [1, 2] and example.labels == [1, 0]


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from(["Musa", "ya", "Kanokano", "ta"]), min_size=1, max_size=25), max_size=4),
    st.integers(4, 20),
)
def test_windows_fit_and_count_every_word_once_in_order(texts, limit):
    known = tiny_tokenizer([["ya", "ya", "ta", "ta", "Musa", "Kano", "k"]])
    sentences = [Sentence(str(i), words, [Span(0, 1, "PER")]) for i, words in enumerate(texts)]
    windows = encode(sentences, known, limit)
    assert all(len(window.input_ids) <= limit for window in windows)
    counted = [(window.sentence, word) for window in windows for word in window.words]
    assert counted == [(i, word) for i, words in enumerate(texts) for word in range(len(words))]
    for window in windows:
        firsts = known.convert_ids_to_tokens([window.input_ids[start] for start in window.starts])
        spelt = [texts[window.sentence][word] for word in window.words]
        assert all(word.startswith(first) for word, first in zip(spelt, firsts, strict=True))


# Trees


def test_heads_count_from_one_within_the_window(tokenizer):
    sentence = Sentence("0", ["ya", "ta", "ya"], None, heads=[2, 0, 2], relations=["nsubj", "root", "obj"])
    (example,) = encode([sentence], tokenizer, 32, RELATIONS)
    assert example.heads == [2, 0, 2] and example.relations == [1, 0, 2] and example.labels is None


def test_a_tree_over_two_windows_loses_only_the_arcs_that_cross(tokenizer):
    # Windows of 5 hold three words: ya ta ya | ta ya
    sentence = Sentence(
        "0",
        ["ya", "ta", "ya", "ta", "ya"],
        None,
        heads=[2, 0, 4, 5, 2],
        relations=["nsubj", "root", "obj", "obj", "obj"],
    )
    first, second = encode([sentence], tokenizer, 5, RELATIONS)
    assert first.words == [0, 1, 2] and second.words == [3, 4]
    assert first.heads == [2, 0, IGNORED] and first.relations == [1, 0, IGNORED]
    assert second.heads == [2, IGNORED] and second.relations == [2, IGNORED]


def test_words_whose_head_is_not_known_or_has_no_sub_words_have_no_arc(tokenizer):
    sentence = Sentence("0", ["ya", "\u00a0", "ta"], None, heads=[2, 0, None], relations=["nsubj", "root", None])
    (example,) = encode([sentence], tokenizer, 32, RELATIONS)
    assert example.words == [0, 2] and example.heads == [IGNORED, IGNORED]
    assert example.relations == [IGNORED, IGNORED]


def test_a_relation_that_the_student_lacks_is_refused_with_its_sentence(tokenizer):
    sentence = Sentence("w-7", ["ya", "ta"], None, heads=[2, 0], relations=["iobj", "root"])
    with pytest.raises(XnerError, match=r"'w-7' has the relation 'iobj'.*root, nsubj, obj"):
        encode([sentence], tokenizer, 32, RELATIONS)
    with pytest.raises(XnerError, match="it has no parser"):
        encode([sentence], tokenizer, 32)


# Corpora


UNSURE = Sentence("0", ["ya", "ta", "ya", "ta"], [Span(0, 2, "PER", 0.25), Span(3, 4, "LOC", 0.75)])


def test_scores_of_spans_weigh_their_words(tokenizer):
    corpus = Corpus("c", [UNSURE, Sentence("1", ["ya"])], confidence=True).encode(tokenizer, 32)
    assert corpus.examples[0].weights == [0.25, 0.25, 1.0, 0.75]
    assert corpus.examples[0].labels == [1, 2, 0, 5]
    assert corpus.examples[1].weights is None


def test_words_of_uncertain_spans_have_no_loss(tokenizer):
    corpus = Corpus("c", [UNSURE], min_confidence=0.5).encode(tokenizer, 32)
    assert corpus.examples[0].labels == [IGNORED, IGNORED, 0, 5]
    assert corpus.examples[0].weights == [1.0] * 4
    both = Corpus("c", [UNSURE], confidence=True, min_confidence=0.5).encode(tokenizer, 32)
    assert both.examples[0].labels == [IGNORED, IGNORED, 0, 5] and both.examples[0].weights[3] == 0.75
    at_the_bound = Corpus("c", [UNSURE], min_confidence=0.25).encode(tokenizer, 32)
    assert at_the_bound.examples[0].labels == [1, 2, 0, 5]


def test_without_confidence_words_are_not_weighed(tokenizer):
    assert Corpus("c", [UNSURE]).encode(tokenizer, 32).examples[0].weights is None


def test_weights_follow_their_words_into_windows(tokenizer):
    first, second = Corpus("c", [UNSURE], confidence=True).encode(tokenizer, 5).examples
    assert first.weights == [0.25, 0.25, 1.0] and second.weights == [0.75]


def test_a_corpus_knows_what_its_sentences_carry():
    tree = Sentence("0", ["ya"], None, heads=[0], relations=["root"])
    assert [(c.labelled, c.parsed) for c in (Corpus("a", [UNSURE, tree]), Corpus("b", [tree]), Corpus("c", []))] == [
        (True, True),
        (False, True),
        (False, False),
    ]
