"""The runs of a study: rows of a store, whoever fails, is killed, or works beside."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from safetensors.torch import load_file, save_file

from xner_hf.errors import XnerError
from xner_hf.study import Store, load_study
from xner_hf.study.runner import run_study

PARSE = {"projected+parse": {}, "projected": {}}


@pytest.fixture
def study(invented, shared, monkeypatch, tmp_path):
    """The function that returns a study, written to a file again each time."""
    monkeypatch.setenv("XNER_MIRROR", str(shared))
    return lambda **changes: load_study(invented.write_study(tmp_path / "tiny.yaml", **changes))


def make(study, **options):
    """Make the runs of a study, and return the tally and the rows."""
    store = Store(study.folder)
    return run_study(study, store, study.runs(), **options), store.rows()


def states(rows):
    return [(row["settings"]["label"], row["settings"]["seed"], row["attempt"], row["status"]) for row in rows]


# Rows


def test_every_run_is_a_row_that_names_what_it_was(study):
    told = []
    one = study(seeds=[1, 2])
    tally, rows = make(one, tell=lambda run, number, total, row: told.append((number, total, row["key"])))
    assert states(rows) == [(label, seed, 1, "done") for label in ("projected", "projected+parse") for seed in (1, 2)]
    assert [(number, total) for number, total, _ in told] == [(n, 4) for n in range(1, 5)]
    assert [key for *_, key in told] == tally.made == [run.key for run in one.runs()]
    assert (tally.failed, tally.there, tally.elsewhere, tally.left) == ({}, 0, 0, 0)
    for row in rows:
        assert row["study"] == "tiny" and row["seconds"]["train"] > 0 and row["versions"]["torch"]
        assert row["settings"] == dict(next(run for run in one.runs() if run.key == row["key"]).settings)


def test_the_store_holds_no_words_and_no_gold(study, invented):
    one = study(languages=["luo", "hau"], arms={**PARSE, "gold": {"languages": ["luo"]}})
    make(one)
    files = list(one.folder.glob("*.json"))
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    words = {word for line in invented.ENGLISH for side in (0, 1) for word in invented.translated(line, side).split()}
    words |= {word for line in invented.ENGLISH for word in line.split()}
    assert len(files) == 5
    assert not [word for word in words if len(word) > 2 and f'"{word}"' in text]
    told = [json.loads(path.read_text(encoding="utf-8"))["predictions"] for path in files]
    assert all(set(one) == {"gold", "split", "sentences", "spans"} for one in told)


def test_a_second_runner_finds_all_done(study):
    make(study())
    tally, rows = make(study())
    assert (tally.made, tally.there, len(rows)) == ([], 2, 2)


def test_a_changed_setting_makes_new_rows_and_leaves_the_others(study):
    _, before = make(study())
    training = {"learning_rate": 0.01, "max_length": 64, "loss.soft": "kl"}
    tally, after = make(study(training=training))
    assert len(tally.made) == 2 and len(after) == 4
    assert [row for row in after if row["key"] not in tally.made] == before


def test_a_backbone_that_changed_under_its_name_is_refused(study, invented, shared, tmp_path):
    folder = shutil.copytree(shared / "models" / invented.BACKBONE, tmp_path / "encoder")
    one = study(backbones=[str(folder)])
    _, rows = make(one)
    (signature,) = {row["signatures"]["backbone"] for row in rows}
    assert len(signature) == 16
    (folder / "README.md").write_text("A card decides nothing.\n", encoding="utf-8")
    assert make(study(backbones=[str(folder)]))[0].there == 2
    weights = load_file(folder / "model.safetensors")
    save_file({name: one + 0.001 for name, one in weights.items()}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(XnerError, match="encoder is not the one of the results.*folder of another name"):
        make(study(backbones=[str(folder)]))


def test_a_backbone_of_the_hub_has_no_signature(study):
    assert all("backbone" not in row["signatures"] for row in make(study())[1])


# Failures


def test_a_failed_run_is_a_row_and_the_others_go_on(study, monkeypatch, tmp_path):
    monkeypatch.setenv("XNER_CACHE", str(tmp_path / "cache"))
    # The third arm wants more sentences than there are, the fourth diverges.
    broken = {**PARSE, "distill": {"sentences": 500}, "direct": {"learning_rate": 1e30, "epochs": 3}}
    one = study(arms=broken)
    tally, rows = make(one)
    assert states(rows) == [
        ("direct", 1, 1, "failed"),
        ("distill", 1, 1, "failed"),
        ("projected", 1, 1, "done"),
        ("projected+parse", 1, 1, "done"),
    ]
    errors = {row["settings"]["label"]: row["error"] for row in rows if row["error"]}
    assert errors["distill"].startswith("XnerError: luo: masakhane/masakhaner2:luo has 196 sentences to train on")
    assert "is not finite" in errors["direct"]
    assert "$XNER_CACHE/study/student-" in errors["direct"] and str(tmp_path) not in errors["direct"]
    assert set(tally.failed.values()) == set(errors.values())
    assert all(row["scores"] is None and set(row["seconds"]) == {"failed"} for row in rows if row["error"])


def test_a_failed_run_is_tried_again_only_if_asked(study, shared, monkeypatch, tmp_path):
    one = study()
    monkeypatch.setenv("XNER_MIRROR", str(tmp_path))
    (tmp_path / "models").mkdir()
    tally, rows = make(one)
    assert len(tally.failed) == 2 and "the mirror $XNER_MIRROR has no model" in rows[0]["error"]
    monkeypatch.setenv("XNER_MIRROR", str(shared))
    tally, rows = make(one)
    assert (tally.made, tally.there, len(rows)) == ([], 2, 2)
    tally, rows = make(one, retry_failed=True)
    assert states(rows) == [
        (label, 1, attempt, status)
        for label in ("projected", "projected+parse")
        for attempt, status in ((1, "failed"), (2, "done"))
    ]
    tally, rows = make(one, retry_failed=True)
    assert (tally.made, tally.there, len(rows)) == ([], 2, 4)


# Time, and other runners


def test_no_run_is_begun_when_the_time_is_over(study):
    tally, rows = make(study(), hours=0.0)
    assert (tally.made, tally.left, rows) == ([], 2, [])
    assert not (study().folder / "tiny").exists()


def test_a_run_in_the_hands_of_another_is_left_to_it(study):
    one = study()
    with Store(one.folder).claim(one.runs()[0].key):
        tally, rows = make(one)
    assert (len(tally.made), tally.elsewhere) == (1, 1)
    assert [row["key"] for row in rows] == [one.runs()[1].key]


@pytest.fixture
def runner(shared, tmp_path):
    """The function that starts ``xner study run`` on the study as a process of its own."""
    started = []

    def start():
        changes = {"XNER_MIRROR": shared, "XNER_CACHE": tmp_path / "cache", "OMP_NUM_THREADS": 1}
        environment = os.environ | {name: str(value) for name, value in changes.items()} | {"CUDA_VISIBLE_DEVICES": ""}
        command = [sys.executable, "-m", "xner_hf", "study", "run", tmp_path / "tiny.yaml", "--threads", "1", "--json"]
        process = subprocess.Popen(
            list(map(str, command)), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for(condition, process):
    """Wait until a condition holds, and fail if the process ends before."""
    limit = time.monotonic() + 240
    while not condition():
        assert process.poll() is None and time.monotonic() < limit, process.communicate()[1][-3000:]
        time.sleep(0.005)


def test_a_runner_that_is_killed_in_a_run_loses_and_doubles_nothing(study, runner, monkeypatch, tmp_path):
    monkeypatch.setenv("XNER_CACHE", str(tmp_path / "cache"))
    one = study(seeds=[1, 2, 3])
    process = runner()
    rows = lambda: list(one.folder.glob("[!.]*.json"))  # noqa: E731
    # Two runs are done, and the student of another is being trained.
    wait_for(lambda: len(rows()) > 1 and list((tmp_path / "cache" / "study").glob("student-*/")), process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    store = Store(one.folder)
    before = store.rows()
    assert 2 <= len(before) < 6 and {row["status"] for row in before} == {"done"}
    tally, after = make(one)
    assert len(after) == 6 == len({row["key"] for row in after}) and {row["attempt"] for row in after} == {1}
    assert [row for row in after if row["key"] not in tally.made] == before
    assert len(tally.made) == 6 - len(before) and tally.elsewhere == 0
    assert not list((tmp_path / "cache" / "study").glob("student-*"))


def test_two_runners_of_one_store_lose_and_double_nothing(study, runner, tmp_path):
    one = study(seeds=[1, 2, 3])
    answers = []
    for process in [runner(), runner()]:
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err[-3000:]
        answers.append(json.loads(out))
    made = [key for answer in answers for key in answer["made"]]
    rows = Store(one.folder).rows()
    assert sorted(made) == sorted(row["key"] for row in rows) == sorted(run.key for run in one.runs())
    assert {row["status"] for row in rows} == {"done"}
    for answer in answers:
        assert len(answer["made"]) + answer["there"] + answer["elsewhere"] == 6
    assert len(list((tmp_path / "cache" / "study").glob("translations-luo-*.json"))) == 1
