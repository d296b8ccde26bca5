"""The keys of runs: what changes them and what does not; and how runs are dealt out to machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_file import ALIGNED, PARSING, STUDY, keys, one, read_study

from xner_hf.errors import XnerError
from xner_hf.study import RunSpec, settings_key, shard


@pytest.fixture
def study(tmp_path):
    """The function that reads the study file with changes."""
    return partial(read_study, tmp_path)


def test_notes_hours_and_the_order_of_the_file_change_no_key(study):
    changes = {"budget/note": "measured", "budget/hours": 3, "question": "Another?", "name": "other"}
    assert keys(study(changes)) == keys(study())
    turned = {"arms": dict(reversed(STUDY["arms"].items())), "training": dict(reversed(STUDY["training"].items()))}
    assert keys(study(turned)) == keys(study())


def test_a_default_that_is_written_out_changes_no_key(study):
    written = {
        "training/warmup_share": 0.1,
        "training/loss": {"soft": "kl", "learned": False, "weights": {"soft": 0.5, "ner": 1}},
        "budget/epochs": 2.0,
        "arms/direct": {"arm": "direct", "trees": "none", "seeds": [1, 2], "sentences": 100},
        "split": "test",
    }
    assert keys(study(written)) == keys(study())


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"training/learning_rate": 1e-4}, set(STUDY["arms"])),
        ({"budget/sentences": 101}, set(STUDY["arms"])),
        ({"training/bf16": True}, set(STUDY["arms"])),
        ({"gold": "org/other"}, set(STUDY["arms"])),
        ({"backbones": ["org/other"]}, set(STUDY["arms"])),
        ({"budget/tree_share": 1.0}, {*PARSING, f"{ALIGNED}+text"}),
        ({"training/loss": {"weights": {"soft": 0.5, "parsing": 0.1}}}, PARSING),
        ({"training/loss": {"weights": {"soft": 0.6}}}, {name for name in STUDY["arms"] if "distill" in name}),
        ({"target_trees/wol": "org/other"}, {"projected+parse-target"}),
        ({"source_labels": dict.fromkeys(["eng", "fra"], "org/other:x/train")}, {"direct", "direct+parse"}),
    ],
)
def test_a_setting_changes_the_keys_of_the_runs_that_it_decides_and_no_others(study, changes, changed):
    before, after = keys(study()), keys(study(changes))
    assert before.keys() == after.keys()
    assert {label for (label, *_), key in before.items() if after[label, *_] != key} == changed


VALUES = st.one_of(
    st.integers(-5, 5).filter(bool), st.floats(0.001, 1e6), st.text(max_size=5), st.lists(st.floats(0, 1), max_size=2)
)
SETTINGS = st.dictionaries(st.text(min_size=1, max_size=4), st.one_of(VALUES, st.booleans(), st.none()), max_size=6)


@given(SETTINGS, st.randoms(use_true_random=False))
def test_a_key_does_not_depend_on_the_order_and_survives_json(settings, random):
    names = list(settings)
    random.shuffle(names)
    key = settings_key(settings)
    assert settings_key({name: settings[name] for name in names}) == key
    assert settings_key(json.loads(json.dumps(settings))) == key
    assert len(key) == 16 and int(key, 16) >= 0


@given(SETTINGS, st.data())
def test_a_key_changes_with_every_setting_that_is_on(settings, data):
    name = data.draw(st.sampled_from([*settings, "new"]))
    value = data.draw(VALUES.filter(lambda value: value != settings.get(name)))
    assert settings_key({**settings, name: value}) != settings_key(settings)


@given(SETTINGS)
def test_a_setting_that_is_off_changes_no_key(settings):
    assert settings_key({**settings, "a new one": None, "another": False}) == settings_key(settings)


def test_a_key_is_the_same_in_every_process_and_version():
    settings = {"seed": 1, "language": "luo", "learning_rate": 5e-4, "epochs": 2.0, "bf16": False}
    assert settings_key(settings) == "65fc2241035c4480"
    code = f"from xner_hf.study import settings_key; print(settings_key({settings}))"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True
        )
        assert done.stdout.strip() == "65fc2241035c4480", done.stderr


def made(*costs):
    """Runs that cost so many sentences."""
    return [
        RunSpec({"seed": number, "sentences": cost, "epochs": 1.0, "tree_share": None})
        for number, cost in enumerate(costs)
    ]


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 6))
def test_shards_divide_the_runs_and_their_work(costs, count):
    runs = made(*costs)
    shards = [shard(runs, number, count) for number in range(1, count + 1)]
    assert sorted(run.settings["seed"] for each in shards for run in each) == list(range(len(runs)))
    for each in shards:
        assert each == [run for run in runs if run in each]
    work = [sum(run.cost for run in each) for each in shards]
    assert max(work) - min(work) <= max(costs, default=0)


def test_dear_and_cheap_runs_that_take_turns_are_dealt_out_evenly():
    first, second = shard(made(1, 3, 1, 3, 1, 3), 1, 2), shard(made(1, 3, 1, 3, 1, 3), 2, 2)
    assert [[run.settings["seed"] for run in one] for one in (first, second)] == [[0, 2, 3], [1, 4, 5]]


def test_trees_and_epochs_count_in_the_cost(study):
    assert one(study(), ALIGNED).cost == 200
    assert one(study(), f"{ALIGNED}+parse").cost == 300


@pytest.mark.parametrize(("number", "count"), [(0, 2), (3, 2), (1, 0), (-1, 3)])
def test_a_shard_that_does_not_exist_is_refused(number, count):
    with pytest.raises(XnerError, match=f"no shard {number}/{count}"):
        shard(made(1), number, count)
