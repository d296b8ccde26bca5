"""The store of results: what a row may hold, and that no row is lost, doubled or changed, whoever is killed when."""

from __future__ import annotations

import fcntl
import json
import math
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time

import numpy as np
import pytest

from xner_hf.errors import XnerError
from xner_hf.study import Store, settings_key
from xner_hf.study.rows import FIELDS, error_line

FORK = multiprocessing.get_context("fork")


def row(seed=1, *, language="luo", label="projected", **changes):
    """A row that is done."""
    settings = {"language": language, "label": label, "seed": seed, "learning_rate": 5e-4, "bf16": False}
    settings = changes.pop("settings", settings)
    return {
        "key": settings_key(settings),
        "attempt": 1,
        "status": "done",
        "error": None,
        "study": "main",
        "settings": settings,
        "revision": "0123abc",
        "dirty": False,
        "versions": {"python": "3.11", "torch": None},
        "signatures": {"sentences": "00ff"},
        "hardware": {"device": "an x86 of 2 cores", "threads": 1},
        "started": "2026-01-31T12:00:00+00:00",
        "seconds": {"train": 12.5},
        "steps": {"projected": 10},
        "scores": {"f1": 0.5, "types": {"PER": {"f1": 0.5, "gold": 2}}},
        "parsing": None,
        "curve": [{"step": 10, "loss": 0.25}],
        "predictions": {
            "gold": "org/gold:luo",
            "split": "test",
            "sentences": 3,
            "spans": {"0": [[0, 2, "PER"], [3, 4, "LOC"]], "2": []},
        },
        **changes,
    }


def failed(seed=1, attempt=1, **changes):
    """A row of an attempt that failed before there was a result."""
    made = row(seed, attempt=attempt, status="failed", **{"error": "XnerError: no trees", **changes})
    return {name: value for name, value in made.items() if name not in ("scores", "predictions", "signatures")}


def hidden(folder):
    """Names of what writers left behind."""
    return [path.name for path in folder.glob(".*") if path.is_file()]


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
    with pytest.raises(XnerError, match="with another content. Rows are added, never changed"):
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
        with pytest.raises(XnerError, match="is no key of a run"):
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
        (row(scores={1: 0.5}), "has the key 1, which is no text"),
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


def test_a_claim_is_for_one_and_can_be_had_again_after_it(store):
    key, other = row(1)["key"], row(2)["key"]
    with store.claim(key) as first:
        assert first
        assert not store.claim(key)
        with store.claim(key) as second:
            assert not second
        assert not store.claim(key), "a claim that was not had must not be given back"
        assert store.claim(other)
    with pytest.raises(RuntimeError), store.claim(key):
        raise RuntimeError
    with store.claim(key) as again:
        assert again
        again.release()
        with store.claim(key) as third:
            again.release()
            assert third and not store.claim(key)
    assert list((store.folder / ".locks").glob(f"{key}*")) == []
    assert store.rows() == []


def test_everything_survives_a_copy_to_another_place(store, tmp_path):
    for one in (row(1), failed(2), row(2, attempt=2)):
        store.add(one)
    (store.folder / "table.md").write_text("| a |", encoding="utf-8")
    with store.claim(row(3)["key"]):
        copy = Store(shutil.copytree(store.folder, tmp_path / "elsewhere" / "main"))
        assert copy.claim(row(3)["key"]), "a lock does not travel"
    assert copy.rows() == store.rows() and len(copy.rows()) == 3
    assert copy.has(row(2)["key"]) and not copy.has(row(3)["key"])
    copy.add(row(3))
    assert len(copy.rows()) == 4 and len(store.rows()) == 3


def process(target, *args):
    """Start a process; it ends without the clean-up of this one."""

    def run():
        target(*args)
        os._exit(0)

    started = FORK.Process(target=run)
    started.start()
    return started


def killed(started):
    started.join(20)
    return started.exitcode == -signal.SIGKILL


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def add_and_die(folder, module, name, before):
    """Add a row and be killed before or after a call on the way."""
    call = getattr(module, name)

    def last(*args, **kwargs):
        if not before:
            call(*args, **kwargs)
        die()

    setattr(module, name, last)
    Store(folder).add(row())


@pytest.mark.parametrize(
    ("module", "name", "before", "whole"),
    [
        (tempfile, "mkstemp", True, False),
        (tempfile, "mkstemp", False, False),
        (fcntl, "flock", False, False),
        (os, "fchmod", True, False),
        (os, "fsync", True, False),
        (os, "fsync", False, False),
        (os, "link", True, False),
        (os, "link", False, True),
        (os, "unlink", True, True),
        (os, "unlink", False, True),
    ],
)
def test_a_writer_killed_anywhere_leaves_the_whole_row_or_none(store, module, name, before, whole):
    assert killed(process(add_and_die, store.folder, module, name, before))
    assert store.rows() == ([row()] if whole else [])
    store.add(row())
    store.add(row(2))
    assert store.rows() == [row(), row(2)]
    assert hidden(store.folder) == []


def test_the_temporary_file_of_a_living_writer_is_left_alone(store):
    ready, go = FORK.Event(), FORK.Event()

    def slow():
        link = os.link

        def wait(*args):
            ready.set()
            go.wait(20)
            link(*args)

        os.link = wait
        Store(store.folder).add(row())

    writer = process(slow)
    assert ready.wait(20)
    store.add(row(2))
    with store.claim(row(3)["key"]):
        assert len(hidden(store.folder)) == 1
    go.set()
    writer.join(20)
    assert store.rows() == [row(), row(2)]
    assert hidden(store.folder) == []


def meddle(folder, work):
    """Do what another process might between the opening of the first file and its locking, and that very moment."""
    flock = fcntl.flock

    def late(handle, how):
        fcntl.flock = flock
        Store(folder).claim(row(9)["key"])  # sweeps temporary files away
        for lock in (folder / ".locks").glob(f"{row()['key']}.lock"):
            lock.unlink()
        flock(handle, how)

    fcntl.flock = late
    work(Store(folder))
    assert fcntl.flock is flock


def claim_alone(store):
    with store.claim(row()["key"]) as mine:
        assert mine and not store.claim(row()["key"])


@pytest.mark.parametrize("work", [lambda store: store.add(row()), claim_alone])
def test_a_file_that_another_removes_before_it_is_locked_is_made_anew(store, work):
    store.add(row(2))
    one = process(meddle, store.folder, work)
    one.join(20)
    assert one.exitcode == 0
    assert all(found in (row(), row(2)) for found in store.rows())
    assert hidden(store.folder) == []


LARGE = {str(number): [[0, 2, "PER"], [3, 4, "LOC"]] for number in range(400)}


def large(seed, sign=0.5):
    predictions = {**row()["predictions"], "sentences": 400, "spans": LARGE}
    return row(seed, predictions=predictions, scores={"f1": sign})


def test_no_row_is_lost_or_torn_when_writers_are_killed_at_any_moment(store):
    random_delay = random.Random(7)
    told, tell = os.pipe()

    def write(first):
        mine = Store(store.folder)
        for seed in range(first, first + 1000):
            mine.add(large(seed))
            os.write(tell, seed.to_bytes(4, "big"))

    for number in range(15):
        writer = process(write, 1000 * number)
        time.sleep(random_delay.uniform(0.005, 0.06))
        os.kill(writer.pid, signal.SIGKILL)
        assert killed(writer)
    os.close(tell)
    done = b"".join(iter(lambda: os.read(told, 1 << 16), b""))
    os.close(told)
    seeds = {int.from_bytes(done[at : at + 4], "big") for at in range(0, len(done), 4)}
    found = store.rows()
    assert found == [large(one["settings"]["seed"]) for one in found]
    written = {one["settings"]["seed"] for one in found}
    assert seeds <= written and len(written - seeds) <= 15, "what was added is there; of each at most one more"
    store.add(row(-1))
    assert hidden(store.folder) == []


def test_of_two_writers_of_the_same_rows_one_is_first_with_each(store, tmp_path):
    start = FORK.Barrier(2)
    seeds = range(40)

    def write(sign, out):
        mine, refused = Store(store.folder), []
        start.wait(20)
        for seed in seeds if sign == 0.25 else reversed(seeds):
            try:
                mine.add(large(seed, sign))
            except XnerError as error:
                assert "with another content" in str(error)
                refused.append(seed)
        out.write_text(json.dumps(refused), encoding="utf-8")

    outs = [tmp_path / "0.json", tmp_path / "1.json"]
    writers = [process(write, sign, out) for sign, out in zip((0.25, 0.75), outs, strict=True)]
    for one in writers:
        one.join(60)
    assert [one.exitcode for one in writers] == [0, 0]
    found = store.rows()
    assert [one["settings"]["seed"] for one in found] == list(seeds)
    refused = [json.loads(out.read_text(encoding="utf-8")) for out in outs]
    assert sorted(refused[0] + refused[1]) == list(seeds)
    assert [one["scores"]["f1"] for one in found] == [0.75 if seed in refused[0] else 0.25 for seed in seeds]
    assert hidden(store.folder) == []


def test_the_claim_of_a_killed_process_is_free_though_its_workers_live_on(store):
    key = row()["key"]
    said, say = os.pipe()

    def work():
        os.write(say, os.getpid().to_bytes(4, "big"))
        time.sleep(60)

    def hold():
        with Store(store.folder).claim(key):
            process(work).join()

    holder = process(hold)
    worker = int.from_bytes(os.read(said, 4), "big")
    try:
        assert not store.claim(key)
        os.kill(holder.pid, signal.SIGKILL)
        os.waitpid(holder.pid, 0)  # not `join`, which waits for the worker too
        os.kill(worker, 0)
        with store.claim(key) as mine:
            assert mine and not store.claim(key)
    finally:
        os.kill(worker, signal.SIGKILL)
        os.close(said)
        os.close(say)


def test_two_runners_that_are_killed_again_and_again_make_every_run_once_and_none_together(store, tmp_path):
    seeds = range(25)
    keys = {seed: row(seed)["key"] for seed in seeds}
    faults = tmp_path / "faults"
    busy = tmp_path / "busy"
    busy.mkdir()

    def run():
        mine = Store(store.folder)
        for seed, key in keys.items():
            if mine.has(key):
                continue
            with mine.claim(key) as claimed:
                if not claimed or mine.has(key):
                    continue
                with (busy / key).open("w") as file:  # a lock of another kind, which tells whether two are in here
                    try:
                        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        faults.write_text(key, encoding="utf-8")
                    time.sleep(0.004)
                    mine.add(row(seed, hardware={"process": os.getpid()}))

    chance = random.Random(3)
    kills = 0
    while len(store.rows()) < len(seeds):
        runners = [process(run), process(run)]
        time.sleep(chance.uniform(0.005, 0.05))
        if kills < 12:
            victim = chance.choice(runners)
            os.kill(victim.pid, signal.SIGKILL)
            kills += 1
        for one in runners:
            one.join(60)
            assert one.exitcode in (0, -signal.SIGKILL)
    assert not faults.exists()
    assert [one["settings"]["seed"] for one in store.rows()] == list(seeds)
    assert len(list(store.folder.glob("*.json"))) == len(seeds)
    assert kills > 0
