"""EXPECTATIONS.md against the installed client and the tests beside it."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TEXT = (HERE / "EXPECTATIONS.md").read_text(encoding="utf-8")
LINES = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| Answer |")]
ROWS = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in LINES]


def source_of(name):
    """Return the source of a function by ``module:name``, of the one that is wrapped where it is."""
    module, _, path = name.partition(":")
    found = importlib.import_module(module)
    for part in path.split("."):
        found = inspect.getattr_static(found, part) if inspect.isclass(found) else getattr(found, part)
    return inspect.getsource(inspect.unwrap(found.fget if isinstance(found, property) else found))


def test_every_line_has_an_answer_a_function_words_and_a_test():
    assert len(ROWS) > 45
    assert {len(row) for row in ROWS} == {4}
    assert all(all(row) for row in ROWS)


@pytest.mark.parametrize(("name", "words"), [(row[1], row[2]) for row in ROWS])
def test_the_function_of_the_client_exists_and_says_so(name, words):
    source, quoted = source_of(name.strip("`")), re.findall("`([^`]+)`", words)
    assert quoted
    assert [word for word in quoted if word not in source] == []


@pytest.mark.parametrize("test", sorted({row[3].strip("`") for row in ROWS}))
def test_the_test_exists(test):
    file, _, name = test.partition("::")
    assert re.search(rf"^ *def {name}\(", (HERE / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_the_tests_named_in_the_text_exist_too():
    for file, name in re.findall(r"`(test_\w+\.py)::(\w+)`", TEXT):
        assert f"def {name}(" in (HERE / file).read_text(encoding="utf-8")
