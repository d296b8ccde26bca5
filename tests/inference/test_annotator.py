"""A student on word-split sentences; its encoder sees every sub-word by itself, so that results are known."""

from __future__ import annotations

import random
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from xner_hf.errors import XnerError
from xner_hf.inference import Annotator
from xner_hf.inference.decoding import decode_relations, decode_trees
from xner_hf.models import XnerConfig, XnerForTokenClassificationAndParsing
from xner_hf.tag.model import ModelTagger

RELATIONS = ["nsubj", "root", "obj", "dep"]
LONG = random.Random(5).choices(["Amina", "Bello", "Kano", "left", "rain", "a"], k=400)


@pytest.fixture(scope="module")
def folder(write_student):
    return write_student()


@pytest.fixture(scope="module")
def annotator(folder):
    return Annotator(folder, device="cpu")


def alike(one, other):
    """Whether two annotations with distributions say the same, probabilities up to rounding.

    A word that stands twice has the same vector twice, and rounding alone decides which of the two is a head: trees
    that differ have the same score.
    """
    assert one.tags == other.tags
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-6)
    np.testing.assert_allclose(one.arc_probabilities, other.arc_probabilities, atol=1e-6)
    np.testing.assert_allclose(one.relation_probabilities, other.relation_probabilities, atol=1e-6)
    assert np.isfinite(tree_score(one))
    np.testing.assert_allclose(tree_score(one), tree_score(other), rtol=1e-5, atol=1e-6)
    for head, other_head, *relations in zip(one.heads, other.heads, one.relations, other.relations, strict=True):
        assert head != other_head or len(set(relations)) == 1
    return True


def tree_score(found):
    """Log probability of the arcs of an annotation."""
    return float(np.log(found.arc_probabilities[range(len(found.heads)), found.heads]).sum())


# What the model says


def test_an_annotation_is_what_the_model_says_at_first_sub_words(annotator):
    words = ["Amina", "Bello", "left", "Kano"]  # "left" is four sub-words, a name one
    ids = annotator.tokenizer([words], is_split_into_words=True, return_tensors="pt")["input_ids"]
    starts = torch.tensor([[1, 2, 3, 7]])
    with torch.no_grad():
        output = annotator.model(input_ids=ids, word_starts=starts)
    (found,) = annotator.annotate([words], distributions=True)
    assert found.tags == ["B-PER", "I-PER", "O", "B-LOC"]
    expected = output.logits[0, starts[0]].softmax(-1)
    assert found.probabilities.dtype == np.float32
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)
    assert [found.heads] == decode_trees(output.arc_logits.numpy(), [4])
    assert [found.relations] == decode_relations(output.rel_logits.numpy(), [found.heads], RELATIONS)
    np.testing.assert_allclose(found.arc_probabilities, output.arc_logits[0].softmax(-1), atol=1e-6)
    for word, head in enumerate(found.arc_probabilities.argmax(-1)):
        at_head = output.rel_logits[0, word, head].softmax(-1)
        np.testing.assert_allclose(found.relation_probabilities[word], at_head, atol=1e-6)


def test_distributions_of_trees_are_given_on_request(annotator):
    (found,) = annotator.annotate([["Amina", "left"]])
    assert found.arc_probabilities is None and found.relation_probabilities is None


def test_tags_are_valid_unless_they_may_be_anything(annotator):
    words = ["Bello", "left", "Kano", "Bello"]
    assert annotator.annotate([words], constrained=False)[0].tags == ["I-PER", "O", "B-LOC", "I-PER"]
    tags = annotator.annotate([words])[0].tags
    assert tags[1] == "O" and tags[2] != "O"
    for before, tag in pairwise(["O", *tags]):
        assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_what_the_model_has_no_head_for_is_none(write_student):
    sentences = [["Amina", "left"], []]
    tagged = Annotator(write_student(tasks=["ner"])).annotate(sentences, distributions=True)
    assert [one.tags for one in tagged] == [["B-PER", "O"], []]
    assert {(one.heads, one.relations, one.arc_probabilities) for one in tagged} == {(None, None, None)}
    parsed = Annotator(write_student(tasks=["parsing"])).annotate(sentences)
    assert {(one.tags, one.probabilities) for one in parsed} == {(None, None)}
    assert sorted(parsed[0].heads) in ([0, 1], [0, 2]) and parsed[1].heads == parsed[1].relations == []


# Many sentences, and long ones


def test_every_sentence_is_told_of_once(annotator):
    told = []
    annotator.annotate([["Kano"], [], ["Amina", "left", "Kano"] * 400, ["Bello"]], advance=told.append)
    assert sum(told) == 4 and len(told) > 1


def test_no_sentences_and_empty_sentences_have_empty_annotations(annotator):
    assert annotator.annotate([]) == []
    first, second, third = annotator.annotate([[], ["Kano"], []], distributions=True)
    assert second.tags == ["B-LOC"] and second.heads == [0] and second.relations == ["root"]
    for one in (first, third, *annotator.annotate([[]], distributions=True)):
        assert one.tags == one.heads == one.relations == []
        assert one.probabilities.shape == (0, 7)
        assert one.arc_probabilities.shape == (0, 1) and one.relation_probabilities.shape == (0, 4)


def test_sentences_keep_their_order_and_do_not_touch_each_other(annotator):
    choose = random.Random(3)
    sentences = [choose.choices(LONG[:40], k=choose.choice([0, 1, 2, 5, 17, 70])) for _ in range(60)]
    found = annotator.annotate(sentences, distributions=True)
    assert [len(one.tags) for one in found] == list(map(len, sentences))
    for number in range(0, 60, 7):
        assert alike(found[number], annotator.annotate([sentences[number]], distributions=True)[0])


def test_a_long_sentence_is_annotated_as_by_an_encoder_that_takes_it_whole(annotator, write_student):
    whole = Annotator(write_student(positions=2048))
    assert (annotator.limit, whole.limit) == (64, 2048)
    (expected,) = whole.annotate([LONG], distributions=True)
    (found,) = annotator.annotate([LONG], distributions=True)
    assert alike(found, expected)
    assert max(abs(head - word) for word, head in enumerate(found.heads, 1) if head) > 64  # across windows
    assert found.heads.count(0) == 1 == found.relations.count("root")


def test_a_sentence_of_more_windows_than_fit_a_batch_is_annotated_all_the_same(annotator, folder):
    small = Annotator(folder)
    small._batches.budget = 100
    sentences = [LONG, ["Kano"], LONG[:30]]
    found = [one.annotate(sentences, distributions=True) for one in (small, annotator)]
    for one, other in zip(*found, strict=True):
        assert alike(one, other)


def test_a_word_longer_than_a_window_is_read_at_its_beginning(annotator):
    assert annotator.annotate([["Amina", "x" * 300, "Kano", "y" * 59, "Musa"]])[0].tags == [
        *("B-PER", "O", "B-LOC", "O", "B-PER")
    ]


def test_a_word_is_read_in_the_window_where_it_stands_farthest_from_a_border(folder):
    annotator = Annotator(folder)
    table = annotator.model.backbone.embeddings.position_embeddings.weight
    with torch.no_grad():
        table[1:15, 5] = 9.0  # the first words of a window are taken for a place,
        table[-15:-1, 3] = 9.0  # the last ones of a full window for an organisation
    (found,) = annotator.annotate([["x"] * 2000], constrained=False)
    assert found.tags[:14] == ["B-LOC"] * 14 and set(found.tags[14:-14]) == {"O"}


def test_an_encoder_without_a_longest_input_reads_long_sentences_too(annotator):
    tokenizer = AutoTokenizer.from_pretrained(annotator.tokenizer.name_or_path, model_max_length=10**30)
    config = XnerConfig(
        {"model_type": "t5", "vocab_size": len(tokenizer), "d_model": 8, "d_ff": 8, "num_layers": 1, "num_heads": 1}
    )
    endless = Annotator((XnerForTokenClassificationAndParsing(config), tokenizer))
    assert endless.limit == 4096
    assert len(endless.annotate([["a"] * 100 + ["left"] * 10], constrained=False)[0].heads) == 110


# Words without sub-words

UNSEEN = "\u0007"


@pytest.mark.parametrize(
    ("words", "above"),
    [
        (["Amina", UNSEEN, "left", "Kano"], {2: 1}),
        ([UNSEEN, UNSEEN, "left", "Kano"], {1: 3, 2: 3}),
        (["Amina", "left", UNSEEN, UNSEEN], {3: 2, 4: 2}),
    ],
)
def test_a_word_without_sub_words_hangs_on_its_neighbour_and_moves_no_other(annotator, words, above):
    seen = [i for i, word in enumerate(words, 1) if word != UNSEEN]
    (found,) = annotator.annotate([words], distributions=True)
    (alone,) = annotator.annotate([[words[i - 1] for i in seen]], distributions=True)
    assert {i: found.heads[i - 1] for i in above} == above
    assert {found.relations[i - 1] for i in above} == {"dep"}
    assert {found.tags[i - 1] for i in above} == {"O"}
    assert [found.tags[i - 1] for i in seen] == alone.tags
    assert [found.heads[i - 1] for i in seen] == [0 if head == 0 else seen[head - 1] for head in alone.heads]
    assert [found.relations[i - 1] for i in seen] == alone.relations
    rows, columns = [i - 1 for i in seen], [0, *seen]
    np.testing.assert_allclose(found.arc_probabilities[np.ix_(rows, columns)], alone.arc_probabilities, atol=1e-6)
    np.testing.assert_allclose(found.probabilities[rows], alone.probabilities, atol=1e-6)
    for probabilities in (found.probabilities, found.arc_probabilities, found.relation_probabilities):
        assert not probabilities[[i - 1 for i in above]].any()
    assert not found.arc_probabilities[:, list(above)].any()


def test_an_entity_does_not_go_on_after_a_word_without_sub_words(annotator):
    tags = annotator.annotate([["Amina", UNSEEN, "Bello"]])[0].tags
    assert tags[:2] == ["B-PER", "O"] and not tags[2].startswith("I-")


def test_a_sentence_of_words_without_sub_words_is_a_tree_all_the_same(annotator):
    found, other = annotator.annotate([[UNSEEN] * 3, ["Kano"]], distributions=True)
    assert found.tags == ["O"] * 3 and found.heads == [0, 1, 1] and found.relations == ["root", "dep", "dep"]
    assert not found.probabilities.any() and found.arc_probabilities.shape == (3, 4)
    assert other.tags == ["B-LOC"]


def test_without_a_relation_dep_such_a_word_bears_the_likeliest_one_but_root(write_student):
    annotator = Annotator(write_student(relations=["root", "nsubj", "obj"]))
    (found,) = annotator.annotate([["Kano", UNSEEN]])
    ids = annotator.tokenizer([["Kano"]], is_split_into_words=True, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        scores = annotator.model(input_ids=ids, word_starts=torch.tensor([[1]])).rel_logits[0, 0, 1]
    assert found.heads == [0, 1] and found.relations == ["root", ["nsubj", "obj"][int(scores[1:].argmax())]]
    assert annotator.annotate([[UNSEEN] * 2])[0].relations == ["root", "nsubj"]


# Models


def test_a_loaded_model_is_used_as_it_is_and_keeps_its_mode(folder, annotator):
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    model.train()
    (found,) = Annotator((model, tokenizer)).annotate([["Amina", "left", "Kano"]], distributions=True)
    (expected,) = annotator.annotate([["Amina", "left", "Kano"]], distributions=True)
    assert model.training and model.parser.training
    assert alike(found, expected) and found.heads == expected.heads


def test_a_model_of_half_precision_annotates(folder):
    model = AutoModel.from_pretrained(folder, dtype=torch.bfloat16)
    (found,) = Annotator((model, AutoTokenizer.from_pretrained(folder))).annotate([["Amina", "left", "Kano"]])
    assert found.tags == ["B-PER", "O", "B-LOC"] and found.heads.count(0) == 1


def test_what_is_no_student_is_refused(shared_mirror, folder):
    with pytest.raises(XnerError, match="of type 'bert', not a student"):
        Annotator(str(shared_mirror / "models" / "xner" / "minilm-conll2003-en"))
    with pytest.raises(XnerError, match="neither a local folder nor a Hub id"):
        Annotator("nowhere")
    with pytest.raises(XnerError, match="a fast tokenizer is required"):
        Annotator((AutoModel.from_pretrained(folder), SimpleNamespace(is_fast=False)))


def test_a_model_that_diverged_is_named(folder):
    annotator = Annotator(folder)
    with torch.no_grad():
        annotator.model.parser.root.fill_(float("nan"))
    with pytest.raises(XnerError, match="diverged"):
        annotator.annotate([["Kano"]])


def test_a_student_is_a_tagger_like_any_other(folder, annotator):
    tagger = ModelTagger(folder)
    sentences = [["Amina", "Bello", "left", "Kano"], [UNSEEN, "Musa"]]
    assert [[tuple(span[:3]) for span in spans] for spans in tagger.tag(sentences)] == [
        [(0, 2, "PER"), (3, 4, "LOC")],
        [(1, 2, "PER")],
    ]
    for rows, found in zip(tagger.distributions(sentences), annotator.annotate(sentences), strict=True):
        np.testing.assert_allclose(rows, found.probabilities, atol=1e-6)
