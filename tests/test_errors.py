from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.errors import XnerError, nearest

names = st.text("abcdef", min_size=1, max_size=6)


def test_an_xner_error_is_a_value_error_that_says_its_message():
    with pytest.raises(ValueError, match=r"^corpus\.tsv:3: no tab\.$"):
        raise XnerError("corpus.tsv:3: no tab.")


@pytest.mark.parametrize(
    "value, known, clause",
    [
        ("hauu", ["hau", "swa"], " Did you mean 'hau'?"),
        ("hau", ["hau", "swa"], " Did you mean 'hau'?"),
        ("xyz", ["hau", "swa"], ""),
        ("hau", [], ""),
        ("", ["hau"], ""),
        ("", [], ""),
    ],
)
def test_only_close_names_are_suggested(value, known, clause):
    assert nearest(value, known) == clause


def test_four_letters_of_six_are_close_and_two_of_four_are_not():
    assert nearest("abcdxy", ["abcdef"]) == " Did you mean 'abcdef'?"
    assert nearest("abxy", ["abcd"]) == ""


def test_two_letters_changing_places_count_as_one_mistake():
    assert nearest("ahu", ["hau"]) == " Did you mean 'hau'?"


def test_the_closest_come_first_and_three_at_most():
    known = ["parable", "para", "paralell", "parallels", "parallel"]
    assert nearest("parallel", known) == " Did you mean 'parallel' or 'parallels' or 'paralell'?"
    assert nearest("parallel", known, most=1) == " Did you mean 'parallel'?"


@given(names, st.lists(names, max_size=8))
def test_the_clause_is_empty_or_names_known_ones(value, known):
    clause = nearest(value, known)
    if clause:
        assert clause.startswith(" Did you mean '") and clause.endswith("'?")
        suggested = clause.removeprefix(" Did you mean '").removesuffix("'?").split("' or '")
        assert 1 <= len(suggested) <= 3
        assert set(suggested) <= set(known)
    assert (value not in known) or f"'{value}'" in clause


def test_names_that_are_no_text_are_compared_as_they_are_printed():
    assert nearest(False, ["False", None, 3]) == " Did you mean 'False'?"
