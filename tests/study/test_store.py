"""The store of results: what a row may hold."""

from __future__ import annotations

import math
import random
import shutil

import numpy as np
import pytest
from store_rows import failed, row

from xner_hf.errors import XnerError
from xner_hf.study import Store
from xner_hf.study.rows import FIELDS, error_line


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "main")


def test_a_row_comes_back_as_it_was(store):
    file = store.add(row())
    assert file.name == f"luo_projected_1_{row()['key']}_1.json"
    assert store.rows() == store.results() == store.attempts(row()["key"]) == [row()]
    assert store.has(row()["key"])
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_file_has_a_field_on_each_line_in_a_fixed_order(store):
    text = store.add(dict(reversed(row().items()))).read_text(encoding="utf-8")
    assert [line.split('"')[1] for line in text.splitlines()[1:-1]] == list(FIELDS)
    assert store.add(row()).read_text(encoding="utf-8") == text


def test_a_store_that_was_not_written_yet_is_empty(store):
    assert store.rows() == store.results() == []
    assert not store.has(row()["key"])
    assert not store.folder.exists()


def test_rows_are_sorted_by_language_arm_and_seed_not_by_the_time(store):
    made = [row(seed, language=code, label=arm) for code in ("luo", "wol") for arm in ("a", "b") for seed in (2, 10)]
    for one in random.Random(1).sample(made, len(made)):
        store.add(one)
    assert store.rows() == made


def test_the_same_row_may_come_again_and_another_content_may_not(store):
    assert store.add(row()) == store.add(row())
    with pytest.raises(XnerError, match="with other content. Rows are added, never changed"):
        store.add(row(seconds={"train": 13.0}))
    assert store.rows() == [row()]


def test_a_changed_setting_makes_a_new_row(store):
    store.add(row())
    changed = {**row()["settings"], "learning_rate": 1e-4}
    store.add(row(settings=changed))
    assert {one["settings"]["learning_rate"] for one in store.rows()} == {5e-4, 1e-4}


def test_a_failed_run_is_kept_and_may_be_tried_again_until_it_is_done(store):
    key = row()["key"]
    store.add(failed())
    assert not store.has(key)
    assert store.rows()[0]["scores"] is None and store.rows()[0]["error"] == "XnerError: no trees"
    store.add(failed(attempt=2))
    store.add(row(attempt=3))
    assert [one["attempt"] for one in store.attempts(key)] == [1, 2, 3]
    assert store.has(key)
    assert store.results() == [row(attempt=3)]
    with pytest.raises(XnerError, match="is done already"):
        store.add(row(attempt=4))
    assert len(store.rows()) == 3


def test_runs_that_another_store_has_done_are_its_own_as_well(store, tmp_path):
    first, second = Store(tmp_path / "first"), Store(tmp_path / "second")
    first.add(row(2, study="first"))
    first.add(failed(3, study="first"))
    second.add(row(2, study="second"))
    second.add(row(1, study="second"))
    store.add(row(4))
    store.add(failed(1))
    both = Store(store.folder, [first.folder, second.folder])
    assert [(one["settings"]["seed"], one["study"], one["status"]) for one in both.results()] == [
        (1, "second", "done"),
        (2, "first", "done"),
        (4, "main", "done"),
    ]
    assert all(both.result(one["key"]) == one and both.has(one["key"]) for one in both.results())
    assert not both.has(row(3)["key"]) and both.result(row(3)["key"]) is None, "what failed elsewhere is to be made"
    assert both.rows() == store.rows() and both.attempts(row(2)["key"]) == []
    both.add(row(2))
    assert both.result(row(2)["key"])["study"] == "main", "its own row comes first"
    assert len(first.rows()) == len(second.rows()) == 2


def test_attempts_are_numbered_without_gaps(store):
    with pytest.raises(XnerError, match="is attempt 2, but there are 0 so far; the next one is 1"):
        store.add(row(attempt=2))
    assert store.rows() == []


def test_names_from_outside_make_no_paths(store, tmp_path):
    settings = {"language": "../../x", "label": "a/b_c d\x00\né" + "y" * 300, "seed": "/tmp/../1"}
    file = store.add(row(settings=settings))
    assert file.parent == store.folder and len(file.name) < 200
    assert file.name.startswith("x_a-b-c-d-") and file.name.count("_") == 4
    assert store.rows() == store.attempts(row(settings=settings)["key"]) == [row(settings=settings)]
    assert [path.name for path in tmp_path.iterdir()] == ["main"]


@pytest.mark.parametrize("key", ["../../../../etc/x", "*", "", "0123456789abcdeF", "0" * 17])
def test_what_is_no_key_is_refused(store, key):
    for ask in (store.has, store.attempts, store.claim):
        with pytest.raises(XnerError, match="is not the key of a run"):
            ask(key)


def without(name):
    return {key: value for key, value in row().items() if key != name}


def spans(value):
    return row(predictions={**row()["predictions"], "spans": {"0": value}})


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        *((without(name), f"lacks the field '{name}'") for name in FIELDS),
        (row(tokens=[["Amina"]]), "a row has no field 'tokens'"),
        (row(ner_tags=[[1]]), "a row has no field 'ner_tags'"),
        (row(predictons={}), "Did you mean 'predictions'"),
        (row(key="0" * 16), "but that of its settings is"),
        (row(attempt=0), "attempts count from 1"),
        (row(attempt=True), "attempt is True; it takes a whole number"),
        (row(status="ok"), "it is done or failed"),
        (row(error="x"), "has scores and predictions, and no error"),
        (row(scores=None), "has scores and predictions, and no error"),
        (row(predictions=None), "has scores and predictions, and no error"),
        (row(status="failed"), "of a failed row it is one line"),
        (row(status="failed", error="two\nlines"), "of a failed row it is one line"),
        (row(status="failed", error="x" * 501), "up to 500 signs"),
        (row(settings={"language": "luo", "seed": 1}), "its settings lack 'label'"),
        (row(started="2026-01-31 12:00"), "started is '2026-01-31 12:00'"),
        (row(started="yesterday"), "started is 'yesterday'"),
        (row(dirty=1), "dirty is 1; it takes true or false"),
        (row(seconds=3.0), "seconds is 3.0; it takes a mapping"),
        (row(scores={"f1": math.nan}), r"the row\['scores'\]\['f1'\] is nan"),
        (row(curve=[{"loss": math.inf}]), r"\['curve'\]\[0\]\['loss'\] is inf"),
        (row(scores={"f1": np.float32(0.5)}), "float32, which JSON does not have"),
        (row(signatures={"a": {1, 2}}), "of the type set"),
        (row(scores={1: 0.5}), "has the key 1, which is not text"),
        (row(scores={"f1": 0.5, "words": ["Amina"]}), r"scores\['words'\]\[0\] is the text 'Amina'; it takes numbers"),
        (row(curve=[{"gold": "B-PER"}]), "numbers only"),
        (row(parsing={"tree": "x"}), "numbers only"),
        (row(parsing={"treebank": "a sentence of words"}), "none of them white space"),
        (row(signatures={"sentences": "a sentence of words"}), "none of them white space"),
        (row(predictions={**row()["predictions"], "tokens": {}}), "and nothing else"),
        (row(predictions={**row()["predictions"], "sentences": None}), "and nothing else"),
        (row(predictions={**row()["predictions"], "sentences": 1}), "spans of 2 of 1 sentences"),
        (row(predictions={**row()["predictions"], "spans": {"Amina went": []}}), "none of them white space"),
        (spans("PER"), "are a list of"),
        (spans([[0, 1, "DATE"]]), "one of PER, ORG, LOC"),
        (spans([[0, 1, "PER", "Amina"]]), "nothing else gets into a store"),
        (spans([["Amina", 1, "PER"]]), "whole numbers"),
        (spans([[False, True, "PER"]]), "whole numbers"),
        (spans([[1, 1, "PER"]]), "does not fit"),
        (spans([[0, 2, "PER"], [1, 3, "LOC"]]), "overlap"),
    ],
)
def test_a_row_that_is_malformed_or_could_hold_words_is_refused(store, bad, message):
    with pytest.raises(XnerError, match=message):
        store.add(bad)
    assert not store.folder.exists()


def test_the_scores_of_a_parser_name_their_treebank(store):
    store.add(row(parsing={"treebank": "org/trees:en", "uas": 0.5}))
    assert store.rows()[0]["parsing"]["treebank"] == "org/trees:en"


def test_an_exception_becomes_one_short_line(store):
    line = error_line(RuntimeError("shapes\tdo not fit\nTraceback ..." + "x" * 600))
    assert line == "RuntimeError: shapes do not fit"
    assert error_line(KeyboardInterrupt()) == "KeyboardInterrupt"
    store.add(failed(error=error_line(ValueError("y" * 600))))
    assert len(store.rows()[0]["error"]) == 500


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace("0.0005", "0.0006"),
        lambda text: text.replace('"f1": 0.5', '"f1": NaN'),
        lambda text: text.replace('"attempt": 1', '"attempt": 2'),
        lambda text: text.replace('"study": "main",', ""),
    ],
)
def test_a_damaged_file_is_named(store, damage):
    file = store.add(row())
    file.write_text(damage(file.read_text(encoding="utf-8")), encoding="utf-8")
    for ask in (store.rows, store.results, lambda: store.has(row()["key"]), lambda: store.add(row())):
        with pytest.raises(XnerError, match=f"{file.name} is damaged: .* Bring it back from version control"):
            ask()


def test_a_row_under_another_name_is_refused_since_it_would_count_twice(store):
    file = store.add(row())
    shutil.copy(file, file.with_name("copy.json"))
    with pytest.raises(XnerError, match=f"copy.json is damaged: by what it holds its name is {file.name}"):
        store.rows()


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "main").write_text("a file", encoding="utf-8")
    for write in (lambda one: one.add(row()), lambda one: one.claim(row()["key"])):
        with pytest.raises(XnerError, match="the store .*main cannot be written"):
            write(Store(tmp_path / "main"))
