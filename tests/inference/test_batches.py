"""Batches under a budget, and what happens when memory runs out."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.inference.batches import Batches


def test_texts_of_like_length_come_together_the_longest_first():
    done = []
    Batches(10, "cpu").run([2, 5, 3, 5, 1, 2], done.append)
    assert done == [[1, 3], [2, 0, 5], [4]]


def test_a_text_above_the_budget_comes_alone():
    done = []
    Batches(10, "cpu").run([4, 30, 6], done.append)
    assert done == [[1], [2], [0]]


def test_no_texts_are_no_batches():
    Batches(10, "cpu").run([], pytest.fail)


def test_a_batch_is_halved_until_it_fits_and_so_are_those_after_it(caplog):
    batches, done = Batches(12, "cpu"), []

    def work(rows):
        if len(rows) > 1:
            raise MemoryError
        done.extend(rows)

    with caplog.at_level(logging.WARNING):
        batches.run([3, 3, 3, 3], work)
    assert done == [0, 1, 2, 3]
    assert (batches.halved, batches.budget) == (2, 3)
    assert [record.getMessage() for record in caplog.records] == [
        "out of memory on cpu with a batch of 4 (12 tokens): going on with batches of 6 tokens",
        "out of memory on cpu with a batch of 2 (6 tokens): going on with batches of 3 tokens",
    ]


def test_a_text_that_does_not_fit_by_itself_is_said():
    def work(rows):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory\nand more")

    with pytest.raises(XnerError, match="a text of 7 tokens .* cpu by itself: DefaultCPUAllocator: .* Split it"):
        Batches(7, "cpu").run([7], work)


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 100), st.integers(1, 200))
def test_every_text_is_done_once_and_no_batch_of_two_is_above_the_budget(lengths, budget, memory):
    done = []

    def work(rows):
        size = len(rows) * max(lengths[row] for row in rows)
        assert len(rows) == 1 or size <= budget
        if size > memory and len(rows) > 1:
            raise MemoryError
        done.extend(rows)

    Batches(budget, "cpu").run(lengths, work)
    assert sorted(done) == list(range(len(lengths)))
