"""Writers of a store: no row is lost, doubled or made twice, whoever is killed when."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time

import pytest
from store_rows import failed, hidden, row

from xner_hf.errors import XnerError
from xner_hf.study import Store

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "main")


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
        (fcntl, "flock", False, False),
        (tempfile, "mkstemp", True, False),
        (tempfile, "mkstemp", False, False),
        (os, "fsync", True, False),
        (os, "fsync", False, False),
        (os, "replace", True, False),
        (os, "replace", False, True),
    ],
)
def test_a_writer_killed_anywhere_leaves_the_whole_row_or_none(store, module, name, before, whole):
    assert killed(process(add_and_die, store.folder, module, name, before))
    assert store.rows() == ([row()] if whole else [])
    store.add(row())
    store.add(row(2))
    assert store.rows() == [row(), row(2)]
    assert hidden(store.folder) == []


def test_a_writer_waits_for_the_one_before_it(store):
    ready, go, second = FORK.Event(), FORK.Event(), FORK.Event()

    def slow():
        replace = os.replace

        def wait(*args):
            ready.set()
            go.wait(20)
            replace(*args)

        os.replace = wait
        Store(store.folder).add(row())

    def quick():
        Store(store.folder).add(row(2))
        second.set()

    writers = [process(slow)]
    assert ready.wait(20)
    writers.append(process(quick))
    assert not second.wait(0.3), "it would sweep away the file of the first"
    with store.claim(row(3)["key"]) as other:
        assert other and len(hidden(store.folder)) == 1
    go.set()
    for one in writers:
        one.join(20)
    assert store.rows() == [row(), row(2)]
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
                assert "with other content" in str(error)
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
