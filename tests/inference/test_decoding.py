"""Valid tags, trees with one root and relations from scores."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import networkx
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.inference.decoding import decode_relations, decode_tags, decode_trees

LABELS = ["I-B", "B-A", "O", "I-A", "B-B"]  # in no order
SCORES = st.one_of(st.integers(-3, 3).map(float), st.floats(-9, 9), st.just(-math.inf))


def padded(sentences, *axes):
    """Stack the scores of sentences into a batch whose other axes are `axes`, with NaN around them."""
    batch = np.full((len(sentences), *axes), np.nan)
    for i, one in enumerate(sentences):
        batch[(i, *map(slice, one.shape))] = one
    return batch


def value(scores, numbers):
    """Return what is compared of a path or tree: fewer impossible scores first, then the larger sum of the others."""
    chosen = [scores[i, number] for i, number in enumerate(numbers)]
    return -chosen.count(-math.inf), sum(score for score in chosen if score > -math.inf)


def is_valid(tags):
    return all(
        tag[:2] != "I-" or before in (f"B-{tag[2:]}", tag) for before, tag in zip(["O", *tags], tags, strict=False)
    )


@st.composite
def word_scores(draw, longest=4):
    words = draw(st.integers(0, longest))
    cells = draw(st.lists(SCORES, min_size=words * len(LABELS), max_size=words * len(LABELS)))
    return np.array(cells).reshape(words, len(LABELS))


@given(batch=st.lists(word_scores(), min_size=1, max_size=4), padding=st.integers(0, 2))
def test_tags_are_the_best_valid_ones_among_all_sequences(batch, padding):
    lengths = [len(scores) for scores in batch]
    found = decode_tags(padded(batch, max(lengths) + padding, len(LABELS)), lengths, LABELS)
    for tags, of_sentence in zip(found, batch, strict=True):
        assert len(tags) == len(of_sentence)
        assert is_valid(tags)
        possible = itertools.product(range(len(LABELS)), repeat=len(of_sentence))
        best = max(value(of_sentence, path) for path in possible if is_valid([LABELS[i] for i in path]))
        assert value(of_sentence, [LABELS.index(tag) for tag in tags]) == pytest.approx(best, abs=1e-9)


@given(batch=st.lists(word_scores(longest=6), min_size=1, max_size=5))
def test_the_best_label_of_every_word_is_taken_where_that_is_valid(batch):
    lengths = [len(scores) for scores in batch]
    for tags, scores in zip(decode_tags(padded(batch, 6, len(LABELS)), lengths, LABELS), batch, strict=True):
        best = [LABELS[number] for number in scores.argmax(1)]
        assert tags == best or not is_valid(best)


def test_a_stray_inside_label_gives_way_to_the_cheapest_repair():
    # O I-A: either the first word becomes B-A (costs 3) or the second O (costs 2), B-A (1).
    scores = np.array([[-9, -4, -1, -9, -9], [-9, -2, -3, -1, -9]], float)
    assert decode_tags(scores[None], [2], LABELS) == [["O", "B-A"]]
    scores[0, 1] = -1.5
    assert decode_tags(scores[None], [2], LABELS) == [["B-A", "I-A"]]


def test_tags_stay_valid_when_a_word_has_no_possible_label():
    scores = np.full((1, 3, 5), -np.inf)
    scores[0, 2, 3] = 0.0  # I-A
    assert decode_tags(scores, [3], LABELS)[0][1:] in (["B-A", "I-A"], ["I-A", "I-A"])
    assert is_valid(decode_tags(scores, [3], LABELS)[0])


def test_masks_of_the_least_number_count_as_impossible():
    for least in (np.finfo(np.float32).min, np.finfo(np.float64).min):
        scores = np.array([[[0, least, 1, least, 2], [5, least, 1e-9, least, 0]]])
        scores[0, 0, 4] = least
        assert decode_tags(scores, [2], LABELS) == [["O", "O"]]


def test_no_sentences_and_no_words_give_no_tags():
    assert decode_tags(np.zeros((0, 3, 5)), [], LABELS) == []
    assert decode_tags(np.zeros((2, 0, 5)), [0, 0], LABELS) == [[], []]


@pytest.mark.parametrize("label", ["PER", "S-PER", "B-", "B", "", "LABEL_0", 0])
def test_a_label_that_is_not_iob2_is_refused_with_its_number(label):
    with pytest.raises(XnerError, match=f"label 1: {label!r} is not an IOB2 label"):
        decode_tags(np.zeros((1, 1, 2)), [1], ["O", label])


@pytest.mark.parametrize(
    ("shape", "lengths", "labels", "message"),
    [
        ((1, 2), [1], ["O", "B-A"], r"the shape is \[1, 2\], but \[sentences, words, labels\] is needed"),
        ((1, 2, 2), [1], ["O"], "the last axis has 2 labels but 1 names are given"),
        ((2, 2, 1), [1], ["O"], "scores of 2 sentences but 1 lengths"),
        ((1, 2, 1), [3], ["O"], "sentence 0 has 3 words, but there are scores of 0 to 2 words"),
        ((1, 2, 1), [-1], ["O"], "sentence 0 has -1 words"),
        ((1, 2, 2), [1], ["O", "O"], "name one twice"),
        ((1, 2, 1), [1], ["I-A"], "can open no sentence"),
        ((1, 2, 0), [1], [], "can open no sentence"),
    ],
)
def test_tags_from_shapes_lengths_or_labels_that_do_not_fit_are_refused(shape, lengths, labels, message):
    with pytest.raises(XnerError, match=message):
        decode_tags(np.zeros(shape), lengths, labels)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_score_that_cannot_be_compared_is_refused_with_its_place(wrong):
    scores = np.zeros((2, 3, 5))
    scores[1, 2, 4] = wrong
    assert decode_tags(scores, [3, 2], LABELS)  # beyond the length, it is not looked at
    with pytest.raises(XnerError, match=rf"log_probabilities: {wrong} at \[1, 2, 4\] is not a score"):
        decode_tags(scores, [3, 3], LABELS)
    arcs = np.zeros((1, 3, 4))
    arcs[0, 1, 2] = wrong  # a word as its own head
    assert decode_trees(arcs, [3])
    arcs[0, 1, 3] = wrong
    assert decode_trees(arcs, [2])
    with pytest.raises(XnerError, match=rf"arc_scores: {wrong} at \[0, 1, 3\] is not a score"):
        decode_trees(arcs, [3])
    relations = np.zeros((1, 2, 3, 2))
    relations[0, 1, 1, 0] = wrong
    assert decode_relations(relations, [[0, 0]], ["a", "b"]) == [["a", "a"]]
    with pytest.raises(XnerError, match=rf"rel_scores of the chosen heads: {wrong} at \[0, 1, 0\] is not a score"):
        decode_relations(relations, [[0, 1]], ["a", "b"])


def is_tree(heads):
    """Whether heads form a tree with exactly one root."""
    if list(heads).count(0) != 1:
        return False
    for word in range(1, len(heads) + 1):
        seen = set()
        while word:
            if word in seen:
                return False
            seen.add(word)
            word = heads[word - 1]
    return True


@lru_cache
def all_trees(words):
    return [heads for heads in itertools.product(range(words + 1), repeat=words) if is_tree(heads)]


@st.composite
def arc_scores(draw, longest=5):
    words = draw(st.integers(1, longest))
    cells = draw(st.lists(SCORES, min_size=words * (words + 1), max_size=words * (words + 1)))
    return np.array(cells).reshape(words, words + 1)


def test_the_brute_force_knows_every_tree():
    assert [len(all_trees(words)) for words in range(1, 6)] == [1, 2, 9, 64, 625]  # Cayley: n ** (n - 1)


@given(batch=st.lists(arc_scores(), min_size=1, max_size=3), padding=st.integers(0, 2))
def test_trees_are_the_best_with_one_root_among_all_trees(batch, padding):
    lengths = [len(scores) for scores in batch]
    words = max(lengths) + padding
    found = decode_trees(padded(batch, words, words + 1), lengths)
    for heads, scores in zip(found, batch, strict=True):
        assert len(heads) == len(scores)
        assert is_tree(heads)
        best = max(value(scores, tree) for tree in all_trees(len(scores)))
        assert value(scores, heads) == pytest.approx(best, abs=1e-9)


@given(scores=arc_scores())
def test_the_best_heads_are_taken_where_they_make_a_tree(scores):
    words = len(scores)
    itself = np.arange(words), np.arange(1, words + 1)
    scores[itself] = -np.inf
    greedy = scores.argmax(1).tolist()
    scores[itself] = 99.0  # which must not matter
    assert decode_trees(scores[None], [words]) == [greedy] or not is_tree(greedy)


@given(data=st.data(), words=st.integers(6, 14))
def test_trees_of_longer_sentences_score_as_those_of_networkx(data, words):
    cells = data.draw(st.lists(st.integers(-20, 20), min_size=words * (words + 1), max_size=words * (words + 1)))
    scores = np.array(cells, float).reshape(words, words + 1)
    heads = decode_trees(scores[None], [words])[0]
    assert is_tree(heads)
    graph = networkx.DiGraph()
    for word, head in itertools.product(range(words), range(words + 1)):
        if head != word + 1:
            graph.add_edge(head, word + 1, weight=scores[word, head] - (10**6 if head == 0 else 0))
    best = networkx.maximum_spanning_arborescence(graph)
    assert sum(scores[word - 1, head] for head, word in best.edges) == value(scores, heads)[1]


@given(scores=arc_scores(), shifts=st.lists(st.integers(-50, 50), min_size=5, max_size=5))
def test_a_constant_per_word_changes_no_score_of_the_tree(scores, shifts):
    words = len(scores)
    shifted = scores + np.array(shifts[:words], float)[:, None]
    before, after = (decode_trees(one[None], [words])[0] for one in (scores, shifted))
    assume(value(scores, before)[0] == 0)  # an impossible arc has no score that a constant could move
    assert value(scores, after) == pytest.approx(value(scores, before), abs=1e-9)


def test_a_cycle_is_broken_where_it_costs_least():
    # Words 1 and 2 choose each other; entering the cycle at word 2 loses 5 - 4, at word 1 it loses 5 - 2.
    scores = np.array([[2, 0, 5], [4, 5, 0]], float)
    assert decode_trees(scores[None], [2]) == [[2, 0]]


def test_of_two_words_that_prefer_the_root_the_cheaper_gives_way():
    scores = np.array([[9, 0, 3], [9, 5, 0]], float)
    assert decode_trees(scores[None], [2]) == [[0, 1]]


def test_a_tree_may_be_non_projective():
    # Arcs 1-3 and 2-4 cross.
    heads = [3, 4, 0, 3]
    scores = np.zeros((4, 5))
    scores[np.arange(4), heads] = 1.0
    assert decode_trees(scores[None], [4]) == [heads]
    scores[2, 1] = 1.5  # the heads of words 1 and 3 form a cycle now
    assert decode_trees(scores[None], [4]) == [[3, 4, 0, 3]]


def test_sentences_of_no_and_of_one_word_have_one_tree():
    scores = np.full((3, 2, 3), np.nan)
    scores[1, 0, 0] = -np.inf
    scores[2, 0, 0] = 3.0
    assert decode_trees(scores, [0, 1, 1]) == [[], [0], [0]]
    assert decode_trees(np.zeros((2, 0, 1)), [0, 0]) == [[], []]
    assert decode_trees(np.zeros((0, 0, 1)), []) == []


@pytest.mark.parametrize("mask", [-np.inf, -1e9, np.finfo(np.float32).min, np.finfo(np.float64).min])
def test_masked_arcs_are_not_used_and_leave_the_precision_of_the_others(mask):
    # Word 1 is the only possible root. 2 and 3 form a cycle, entered from 1 with a difference of 1e-4.
    scores = np.array([[0, mask, mask, mask], [mask, 1 + 1e-4, mask, 5], [mask, 1, 5, mask]])
    assert decode_trees(scores[None], [3]) == [[0, 1, 2]]
    scores[1, 1] = 1 - 1e-4
    assert decode_trees(scores[None], [3]) == [[0, 3, 1]]


def test_scores_that_are_all_impossible_still_give_a_tree():
    assert is_tree(decode_trees(np.full((1, 5, 6), -np.inf), [5])[0])


def test_a_tree_takes_as_few_impossible_arcs_as_it_can():
    # No word may be the root: one impossible arc is needed, and the chain 2 <- 1, 3 <- 2 avoids all others.
    scores = np.full((3, 4), -np.inf)
    scores[1, 1], scores[2, 2] = -7.0, -8.0
    assert decode_trees(scores[None], [3]) == [[0, 1, 2]]


def test_long_sentences_of_nested_cycles_are_solved():
    words = 200
    # Neighbours prefer each other in pairs, pairs prefer pairs, and so on: the cycles nest, and all trees are chains.
    position = np.arange(words)
    scores = np.full((words, words + 1), -1e4)
    scores[position[1:], position[1:]] = -position[1:] / words
    scores[position[:-1], position[:-1] + 2] = 1 - position[:-1] / words
    scores[:, 0] = 0.0
    heads = decode_trees(scores[None], [words])[0]
    assert is_tree(heads)
    # With root r, words before it look right and words after it look left.
    gains = [
        sum(scores[i, i + 2] for i in range(r)) + sum(scores[i, i] for i in range(r + 1, words)) for r in position
    ]
    assert value(scores, heads)[1] == pytest.approx(max(gains), abs=1e-9)


@pytest.mark.parametrize(
    ("shape", "lengths", "message"),
    [
        ((1, 2, 2), [2], r"the shape is \[1, 2, 2\], but \[sentences, words, words \+ 1\] is needed"),
        ((2, 3), [2], "is needed"),
        ((1, 2, 3), [2, 2], "scores of 1 sentences but 2 lengths"),
        ((1, 2, 3), [3], "sentence 0 has 3 words"),
    ],
)
def test_trees_from_shapes_or_lengths_that_do_not_fit_are_refused(shape, lengths, message):
    with pytest.raises(XnerError, match=message):
        decode_trees(np.zeros(shape), lengths)


def relation_scores(*best):
    """Scores of one sentence for three relations: for every word a dictionary from head to its best relation."""
    scores = np.zeros((1, len(best), len(best) + 1, 3))
    for word, by_head in enumerate(best):
        for head, relation in by_head.items():
            scores[0, word, head, relation] = 1.0
    return scores


def test_a_word_gets_the_best_relation_to_its_head_and_not_to_another():
    scores = relation_scores({0: 0, 2: 1}, {0: 2, 1: 0})
    assert decode_relations(scores, [[2, 0]], ["a", "b", "c"]) == [["b", "c"]]
    assert decode_relations(scores, [[0, 1]], ["a", "b", "c"]) == [["a", "a"]]


def test_the_root_word_and_no_other_is_labelled_root():
    scores = relation_scores({0: 0, 2: 1}, {0: 2})
    assert decode_relations(scores, [[2, 0]], ["nsubj", "root", "obj"]) == [["nsubj", "root"]]
    scores[0, 0, 2] = [-np.inf, 0.0, -np.inf]
    assert decode_relations(scores, [[2, 0]], ["nsubj", "root", "obj"]) == [["nsubj", "root"]]


def test_relations_of_a_batch_follow_the_length_of_each_sentence():
    scores = np.full((3, 2, 3, 3), np.nan)
    scores[0] = relation_scores({2: 2}, {0: 0})[0]
    scores[1, 0, 0] = [0, 0, 1]
    names = ["det", "punct", "root"]
    assert decode_relations(scores, [[2, 0], [0], []], names) == [["det", "root"], ["root"], []]
    assert decode_relations(scores[:, :0, :1], [[], [], []], names) == [[], [], []]


def test_relations_that_are_only_root_fit_one_word_alone():
    assert decode_relations(np.zeros((1, 1, 2, 1)), [[0]], ["root"]) == [["root"]]
    with pytest.raises(XnerError, match="only relation is 'root'"):
        decode_relations(np.zeros((1, 2, 3, 1)), [[0, 1]], ["root"])


@pytest.mark.parametrize(
    ("shape", "heads", "message"),
    [
        ((1, 2, 3), [[0, 1]], r"\[sentences, words, words \+ 1, relations\] is needed"),
        ((1, 2, 2, 2), [[0, 1]], r"the shape is \[1, 2, 2, 2\]"),
        ((1, 2, 3, 3), [[0, 1]], "the last axis has 3 relations but 2 names are given"),
        ((1, 2, 3, 2), [[0, 1], [0]], "scores of 1 sentences but 2 lengths"),
        ((1, 2, 3, 2), [[0, 1, 1]], "sentence 0 has 3 words"),
        ((1, 2, 3, 2), [[0, 3]], "sentence 0, word 2: the head 3 is not in a sentence of 2 words"),
        ((1, 2, 3, 2), [[-1, 0]], "sentence 0, word 1: the head -1 is not"),
        ((1, 2, 3, 2), [[2]], "sentence 0, word 1: the head 2 is not in a sentence of 1 words"),
    ],
)
def test_relations_from_shapes_or_heads_that_do_not_fit_are_refused(shape, heads, message):
    with pytest.raises(XnerError, match=message):
        decode_relations(np.zeros(shape), heads, ["root", "dep"])
