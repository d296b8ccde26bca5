"""Soft labels: kept in chunks, shared between processes, carried over alignment links."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.spans import LABEL_NUMBER
from xner_hf.training.soft_labels import CHUNK, SoftLabels, SoftSource, carry

NONE, B_PER, I_PER, B_ORG, I_ORG, B_LOC, I_LOC = range(7)
TEXT = [["word"] * (1 + number % 3) for number in range(2 * CHUNK + 100)]


class Counting:
    """A teacher that remembers what it was asked, and may die before a sentence."""

    def __init__(self, dies_at=None, name="counting"):
        self.asked, self.dies_at, self.name = 0, dies_at, name

    def distributions(self, sentences):
        if self.dies_at is not None and self.asked + len(sentences) > self.dies_at:
            raise KeyboardInterrupt
        self.asked += len(sentences)
        return [np.eye(7, dtype=np.float32)[[len(words) % 7] * len(words)] for words in sentences]

    def trees(self, sentences):
        self.asked += len(sentences)
        return [
            {
                "arcs": np.eye(len(words) + 1, dtype=np.float32)[1:],
                "relations": np.full((len(words), 2), 0.5, dtype=np.float32),
            }
            for words in sentences
        ]

    def signature(self):
        return self.name


def rows_of(soft):
    return [soft.labels(number) for number in range(len(soft))]


def same(one, two):
    return len(one) == len(two) and all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


# Made and kept


def test_every_sentence_gets_the_rows_of_its_words():
    soft = SoftSource(Counting(), TEXT).make()
    assert len(soft) == len(TEXT) and soft.relations == 0 and soft.tree(0) is None
    assert same(rows_of(soft), Counting().distributions(TEXT))
    assert soft.labels(0).dtype == np.float32


def test_what_was_made_is_not_made_again():
    made = SoftSource(Counting(), TEXT).make()
    again = Counting()
    assert same(rows_of(SoftSource(again, TEXT).make()), rows_of(made)) and again.asked == 0


def test_another_teacher_and_another_text_are_made_anew():
    SoftSource(Counting(), TEXT).make()
    other = Counting(name="other")
    SoftSource(other, TEXT).make()
    assert other.asked == len(TEXT)
    same_name = Counting()
    SoftSource(same_name, [*TEXT[:-1], ["another"]]).make()
    assert same_name.asked == len(TEXT)


def test_a_kill_costs_one_chunk():
    killed = Counting(dies_at=CHUNK + 1)
    with pytest.raises(KeyboardInterrupt):
        SoftSource(killed, TEXT).make()
    assert killed.asked == CHUNK
    second = Counting()
    soft = SoftSource(second, TEXT).make()
    assert second.asked == len(TEXT) - CHUNK
    assert same(rows_of(soft), Counting().distributions(TEXT))


def test_a_chunk_that_was_being_written_is_not_taken_for_whole(tmp_path):
    SoftSource(Counting(), TEXT).make(folder=tmp_path)
    (first, *_) = sorted(tmp_path.rglob("*.safetensors"))
    first.rename(first.with_suffix(".4711"))
    again = Counting()
    SoftSource(again, TEXT).make(folder=tmp_path)
    assert again.asked == CHUNK


def test_two_processes_make_their_shares_and_have_all():
    barrier = threading.Barrier(2)
    teachers = [Counting(), Counting()]
    found = [None, None]

    def process(number):
        found[number] = SoftSource(teachers[number], TEXT).make(number, 2, barrier.wait)

    threads = [threading.Thread(target=process, args=(number,)) for number in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.asked for one in teachers] == [CHUNK + 100, CHUNK]
    expected = Counting().distributions(TEXT)
    assert same(rows_of(found[0]), expected) and same(rows_of(found[1]), expected)


def test_processes_without_a_common_disk_make_what_they_do_not_find(tmp_path):
    alone = Counting()
    soft = SoftSource(alone, TEXT).make(1, 2, folder=tmp_path)
    assert alone.asked == len(TEXT) and same(rows_of(soft), Counting().distributions(TEXT))


def test_probabilities_that_are_no_numbers_are_refused_and_not_kept(tmp_path):
    teacher = Counting()
    teacher.distributions = lambda sentences: [np.full((len(words), 7), np.nan, np.float32) for words in sentences]
    for _ in range(2):
        with pytest.raises(XnerError, match="not numbers.*damaged"):
            SoftSource(teacher, TEXT[:3]).make(folder=tmp_path)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_sentence_without_words_has_no_rows():
    soft = SoftSource(Counting(), [["a"], [], ["b"]]).make()
    assert [len(rows) for rows in rows_of(soft)] == [1, 0, 1]


# Trees


def test_a_parsing_teacher_gives_trees_beside_labels():
    soft = SoftSource(Counting(), TEXT[:3], parser=Counting()).make()
    arcs, relations = soft.tree(2)
    assert soft.relations == 2 and arcs.shape == (3, 4) and relations.shape == (3, 2)
    assert soft.labels(2).shape == (3, 7)


def test_a_parsing_teacher_alone_leaves_labels_without_loss():
    soft = SoftSource(None, TEXT[:3], parser=Counting()).make()
    assert all(rows.sum() == 0 for rows in rows_of(soft)) and soft.tree(0) is not None


def test_labels_may_come_from_the_source_side_and_trees_from_the_corpus_itself():
    source = SoftSource(Counting(), [["a", "b"]], [[(1, 0, 1.0)]], [3], parser=Counting(), parsed=[["x", "y", "z"]])
    soft = source.make()
    assert soft.labels(0).shape == (3, 7) and soft.tree(0)[0].shape == (3, 4)


# Confidence


def test_sentences_whose_labels_are_unsure_on_average_have_no_loss():
    def rows(*tops):
        return np.array([[top, 1 - top, 0, 0, 0, 0, 0] if top else [0] * 7 for top in tops], dtype=np.float32)

    soft = SoftLabels([rows(0.9, 0.6), rows(0.9, 0.5), rows(0.0, 0.8), rows(0.0), rows()])
    assert soft.select(0.75) == 1
    assert [float(one.sum()) for one in rows_of(soft)] == [2, 0, 1, 0, 0]  # a zero row is not counted


def test_rows_read_from_disk_can_be_left_out():
    source = SoftSource(Counting(), [["a"]])
    source.make()
    soft = source.make()
    assert soft.select(1.1) == 1 and soft.labels(0).sum() == 0


# Carried over links


def sure(*labels):
    return np.eye(7, dtype=np.float32)[list(labels)]


def labels_of(carried):
    return [int(row.argmax()) if row.sum() else None for row in carried]


@pytest.mark.parametrize(
    ("source", "links", "length", "expected"),
    [
        pytest.param([B_PER, NONE], [(0, 0, 1.0), (1, 1, 1.0)], 2, [B_PER, NONE], id="one to one"),
        pytest.param([B_PER, NONE], [(0, 1, 1.0), (1, 0, 1.0)], 2, [NONE, B_PER], id="reordered"),
        pytest.param([B_PER], [(0, 0, 1.0), (0, 1, 1.0)], 2, [B_PER, I_PER], id="one to two"),
        pytest.param([B_LOC], [(0, 0, 1.0), (0, 2, 1.0)], 3, [B_LOC, None, B_LOC], id="one to two apart"),
        pytest.param([B_PER, I_PER], [(0, 0, 1.0), (1, 0, 1.0)], 1, [B_PER], id="two to one"),
        pytest.param([B_PER, I_PER], [(0, 1, 1.0), (1, 0, 1.0)], 2, [B_PER, I_PER], id="crossing within an entity"),
        pytest.param([NONE, B_PER, I_PER], [(2, 0, 1.0)], 1, [B_PER], id="only the inside is linked"),
        pytest.param([B_PER, B_PER], [(0, 0, 1.0), (1, 1, 1.0)], 2, [B_PER, B_PER], id="two entities side by side"),
        pytest.param([B_PER, B_LOC], [(0, 1, 1.0), (1, 0, 1.0)], 2, [B_LOC, B_PER], id="two entities crossing"),
        pytest.param([B_PER, I_PER], [(0, 0, 1.0), (1, 2, 1.0)], 3, [B_PER, None, B_PER], id="a hole in the middle"),
        pytest.param([I_ORG, I_ORG], [(0, 0, 1.0), (1, 1, 1.0)], 2, [B_ORG, I_ORG], id="an entity that opens with I"),
        pytest.param([B_PER], [], 2, [None, None], id="no links"),
        pytest.param([], [], 1, [None], id="no source words"),
        pytest.param([NONE], [(0, 0, 0.0)], 1, [NONE], id="a link of no probability"),
    ],
)
def test_labels_are_carried(source, links, length, expected):
    carried = carry(sure(*source), links, length)
    assert carried.shape == (length, 7) and carried.dtype == np.float32
    assert labels_of(carried) == expected


def test_a_word_of_several_gets_their_mean_weighted_by_the_links():
    rows = np.array([[0.2, 0.8, 0, 0, 0, 0, 0], [0.6, 0, 0, 0, 0, 0.4, 0]], dtype=np.float32)
    carried = carry(rows, [(0, 0, 0.75), (1, 0, 0.25)], 1)
    np.testing.assert_allclose(carried, [[0.3, 0.6, 0, 0, 0, 0.1, 0]], atol=1e-6)


def test_the_mass_of_b_and_i_goes_to_the_one_that_fits_the_place():
    rows = np.array([[0.2, 0.1, 0.5, 0, 0, 0.05, 0.15]], dtype=np.float32)  # I-PER by the teacher
    carried = carry(rows, [(0, 0, 1.0), (0, 1, 1.0)], 2)
    np.testing.assert_allclose(carried[0], [0.2, 0.6, 0, 0, 0, 0.2, 0], atol=1e-6)
    np.testing.assert_allclose(carried[1], [0.2, 0, 0.6, 0, 0, 0, 0.2], atol=1e-6)


def test_a_word_continues_the_entity_of_its_likeliest_link():
    rows = sure(B_PER, B_PER)
    assert labels_of(carry(rows, [(0, 0, 1.0), (0, 1, 0.4), (1, 1, 0.6)], 2)) == [B_PER, B_PER]
    assert labels_of(carry(rows, [(0, 0, 1.0), (0, 1, 0.6), (1, 1, 0.4)], 2)) == [B_PER, I_PER]


def test_source_words_of_which_the_teacher_says_nothing_are_left_out():
    rows = np.zeros((2, 7), dtype=np.float32)
    rows[1, B_LOC] = 1
    carried = carry(rows, [(0, 0, 0.9), (1, 0, 0.1), (0, 1, 1.0)], 2)
    assert labels_of(carried) == [B_LOC, None] and carried[0].sum() == 1


def test_a_source_with_links_carries_what_its_teacher_says():
    # The invented teacher calls every word of two by label 2, I-PER.
    soft = SoftSource(Counting(), [["a", "b"]], [[(0, 2, 1.0), (1, 1, 1.0)]], [3]).make()
    assert labels_of(soft.labels(0)) == [None, B_PER, I_PER]


@st.composite
def carried_cases(draw):
    words, length = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    mass = st.lists(st.integers(0, 9), min_size=7, max_size=7)
    rows = np.array(draw(st.lists(mass, min_size=words, max_size=words)), dtype=np.float32)
    rows = np.divide(rows, rows.sum(-1, keepdims=True), out=rows, where=rows.sum(-1, keepdims=True) > 0)
    link = st.tuples(st.integers(0, words - 1), st.integers(0, length - 1), st.floats(0, 1))
    return rows, draw(st.lists(link, max_size=8)), length


@settings(max_examples=200)
@given(carried_cases())
def test_rows_are_distributions_or_zero_and_every_type_keeps_its_mass(case):
    rows, links, length = case
    carried = carry(rows, links, length)
    linked = {target for source, target, _ in links if rows[source].sum() > 0}
    for word in range(length):
        assert carried[word].min() >= 0
        assert carried[word].sum() == pytest.approx(1.0 if word in linked else 0.0, abs=1e-5)
        for kind in ("PER", "ORG", "LOC"):
            opening, inside = carried[word, LABEL_NUMBER[f"B-{kind}"]], carried[word, LABEL_NUMBER[f"I-{kind}"]]
            assert opening == 0 or inside == 0
    assert carried[0, [I_PER, I_ORG, I_LOC]].sum() == 0
