"""A student's parser as a teacher."""

from __future__ import annotations

import numpy as np
import pytest

from xner_hf.corpora.treebank import tree_fault
from xner_hf.demo import tiny_backbone, tiny_tokenizer
from xner_hf.errors import XnerError
from xner_hf.training.config import TrainingConfig
from xner_hf.training.parsers import ParserTeacher
from xner_hf.training.student import new_student

TEXT = [["Musa", "ya", "tafi", "Kano"], ["Amina", "ta", "dawo"], [" ", "Kano"]]
RELATIONS = ["root", "nsubj", "obl"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The function that writes an untrained student with some relations and returns its folder."""

    def write(relations, seed=42):
        tokenizer = tiny_tokenizer(TEXT)
        config = TrainingConfig("from scratch", seed=seed)
        model, _ = new_student(config, relations, tiny_backbone(tokenizer), tokenizer)
        path = tmp_path_factory.mktemp("parser")
        model.save_pretrained(path)
        tokenizer.save_pretrained(path)
        return str(path)

    return write


def test_arcs_and_relations_are_distributions_over_heads_and_names(folder):
    teacher = ParserTeacher(folder(RELATIONS))
    assert teacher.relations == RELATIONS
    for words, tree in zip(TEXT[:2], teacher.trees(TEXT[:2]), strict=True):
        assert tree["arcs"].shape == (len(words), len(words) + 1)
        assert tree["relations"].shape == (len(words), 3)
        assert tree["arcs"].sum(-1) == pytest.approx(np.ones(len(words)), abs=1e-5)
        assert tree["relations"].sum(-1) == pytest.approx(np.ones(len(words)), abs=1e-5)


def test_a_word_without_sub_words_teaches_nothing(folder):
    tree = ParserTeacher(folder(RELATIONS)).trees(TEXT[2:])[0]
    assert not tree["arcs"][0].any() and not tree["relations"][0].any()


def test_parsed_sentences_are_trees_with_the_words_they_were_given(folder):
    parsed = ParserTeacher(folder(RELATIONS)).parse(TEXT)
    assert [sentence.tokens for sentence in parsed] == TEXT
    assert [tree_fault(sentence.heads) for sentence in parsed] == [None, None, None]


def test_other_weights_have_another_signature(folder):
    one, other = folder(RELATIONS), folder(RELATIONS, seed=1)
    assert ParserTeacher(one).signature() == ParserTeacher(one).signature() != ParserTeacher(other).signature()


def test_a_student_without_a_parser_is_refused(folder):
    with pytest.raises(XnerError, match="has no parser.*[+]parse"):
        ParserTeacher(folder([]))
