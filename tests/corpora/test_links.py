"""Gold links: what counts from 0 is read, what counts from 1 is never scored as if it did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.corpora.links import read_links
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError

PAIRS = [
    Pair("0", ["my", "goat", "is", "black"], ["mbuzi", "wangu", "ni", "mweusi"]),
    Pair("1", ["it", "eats"], ["inakula"]),
]


def fails(path, *words, first=None):
    with pytest.raises(XnerError) as caught:
        read_links(path, PAIRS, first)
    for word in words:
        assert word in str(caught.value)


def test_sure_links_are_possible_as_well(write):
    sure, possible = read_links(write("gold.txt", "\ufeff0-1 1-0 2?2 3p3\r\n\r\n"), PAIRS)
    assert sure == [{(0, 1), (1, 0)}, set()]
    assert possible == [{(0, 1), (1, 0), (2, 2), (3, 3)}, set()]


def test_links_that_count_from_1_are_read_where_that_is_said(write):
    zero, one = write("zero.txt", "0-1 1?0\n1-0\n"), write("one.txt", "1-2 2?1\n2-1\n")
    assert read_links(one, PAIRS, 1) == read_links(zero, PAIRS) == read_links(zero, PAIRS, 0)


@pytest.mark.parametrize("line", ["1-2 2-1 3-3", "1?2", "3p3"])
def test_without_a_word_0_on_either_side_it_has_to_be_said(write, line):
    path = write("gold.txt", f"{line}\n\n")
    fails(path, f"{path}:1: ", "no link of the file has a word 0", "--gold-from 1", "--gold-from 0")


def test_a_word_0_on_one_side_of_one_link_is_enough(write):
    assert read_links(write("gold.txt", "1-2 2-1\n1-0\n"), PAIRS)[0] == [{(1, 2), (2, 1)}, {(1, 0)}]


def test_a_file_without_links_says_nothing_of_where_it_counts_from(write):
    assert read_links(write("gold.txt", "\n\n"), PAIRS) == ([set(), set()], [set(), set()])


def test_what_is_said_is_believed(write):
    path = write("gold.txt", "1-2 2-1\n\n")
    assert read_links(path, PAIRS, 0)[0] == [{(1, 2), (2, 1)}, set()]
    assert read_links(path, PAIRS, 1)[0] == [{(0, 1), (1, 0)}, set()]


def test_a_link_to_a_word_after_the_last_says_where_words_seem_to_be_counted_from(write):
    path = write("gold.txt", "1-2 4-4\n2-1\n")
    fails(path, f"{path}:1: the link 4-4", "4 and 4 words", "counted from 0", "try --gold-from 1")
    assert read_links(path, PAIRS, 1)[0] == [{(0, 1), (3, 3)}, {(1, 0)}]
    path = write("gold.txt", "0-0 4-4\n\n")
    fails(path, f"{path}:1: the link 4-4", "counted from 0")
    fails(path, f"{path}:1: the link 0-0", "counted from 1", first=1)


@pytest.mark.parametrize("word", ["0-0:0.9", "0001", "0-0-0", "a-b", "0–0", "-1-0"])
def test_other_forms_are_refused_with_their_place(write, word):
    path = write("gold.txt", f"0-0\n{word}\n")
    fails(path, f"{path}:2: ", repr(word), "i-j (sure) or i?j (possible), without scores")


@pytest.mark.parametrize(("text", "words"), [("0-0\n", "1 lines for 2 pairs"), ("0-0\n\n\n", "more lines than the 2")])
def test_there_is_one_line_a_pair(write, text, words):
    fails(write("gold.txt", text), words)


links = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=6)


@given(own=links, first=st.sampled_from([0, 1]))
def test_written_links_are_read_again(tmp_path_factory, own, first):
    path = tmp_path_factory.mktemp("links") / "gold.txt"
    path.write_text(" ".join(f"{i + first}-{j + first}" for i, j in sorted(own)) + "\n\n")
    assert read_links(path, PAIRS, first)[0] == [own, set()]
