"""smoke.py against the test server, and the manifest against what the Hub answered when it was last asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hub_fixtures import client_environment
from hub_layouts import bert_of_2020, pickled, put, put_script

HERE = Path(__file__).parent
PINNED = "0123456789abcdef0123456789abcdef01234567"
TAGGER = {"revision": None, "commit": None, "weights": ["model.safetensors"]}
LABELS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-DATE"]
GOLD = {"read_from": "converted", "configs": ["hau"], "splits": ["train", "validation", "test"]}
GOLD |= {"needed": ["validation", "test"], "columns": ["tokens", "ner_tags"]}


@pytest.fixture
def smoke(hub, tmp_path):
    """The function (manifest) -> (exit code, lines by name, what was recorded)."""

    def run(manifest):
        (tmp_path / "manifest.yaml").write_text(yaml.safe_dump({"models": {}, "datasets": {}} | manifest))
        command = [sys.executable, HERE / "smoke.py", "--manifest", "manifest.yaml", "--record", "replies.json"]
        environment = client_environment(hub.url, tmp_path / "home", token=None)
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        lines = {line.split()[1]: line for line in done.stdout.splitlines()[:-1]}
        return done.returncode, lines, json.loads((tmp_path / "replies.json").read_text())

    return run


def test_what_is_as_the_manifest_says_is_ok_and_recorded(hub, smoke, shared_mirror):
    files = bert_of_2020(shared_mirror / "models" / "dslim" / "bert-base-NER")
    put(hub.hub, "model", "org/pinned", files, oid=PINNED)
    put(hub.hub, "model", "org/proposed", pickled(files))
    proposed = put(hub.hub, "model", "org/proposed", files, "refs/pr/45")
    put_script(hub.hub, "masakhane/masakhaner2", shared_mirror / "datasets" / "masakhane" / "masakhaner2")
    pinned = TAGGER | {"revision": PINNED, "commit": PINNED[:7], "labels": LABELS}
    models = {"org/pinned": pinned, "org/proposed": TAGGER | {"revision": "refs/pr/45"}}
    code, lines, replies = smoke({"models": models, "datasets": {"masakhane/masakhaner2": GOLD}})
    assert code == 0 and all(line.startswith("ok ") for line in lines.values())
    assert PINNED[:12] in lines["org/pinned"] and proposed.oid[:12] in lines["org/proposed"]
    assert replies["models"]["org/pinned"]["files"]["model.safetensors"] == len(files["model.safetensors"])
    assert replies["datasets"]["masakhane/masakhaner2"]["configs"] == {"hau": ["test", "train", "validation"]}


def test_what_is_missing_or_differs_is_named(hub, smoke, shared_mirror):
    files = bert_of_2020(shared_mirror / "models" / "dslim" / "bert-base-NER")
    put(hub.hub, "model", "org/pickled", pickled(files))
    put(hub.hub, "model", "org/moved", files)
    put(hub.hub, "model", "org/other-labels", files)
    put_script(hub.hub, "masakhane/masakhaner2", shared_mirror / "datasets" / "masakhane" / "masakhaner2")
    gold = GOLD | {"configs": ["hau", "yor"], "columns": ["upos"]}
    models = {
        "org/pickled": TAGGER,
        "org/moved": TAGGER | {"commit": "f" * 7},
        "org/other-labels": TAGGER | {"labels": ["O", "I-PER"]},
        "org/none": TAGGER,
    }
    code, lines, _ = smoke({"models": models, "datasets": {"masakhane/masakhaner2": gold}})
    assert code == 1
    states = {name: line.split()[0] for name, line in lines.items()}
    assert states == {
        "org/pickled": "missing",
        "org/moved": "differs",
        "org/other-labels": "differs",
        "org/none": "missing",
        "masakhane/masakhaner2": "missing",
    }
    assert "no model.safetensors" in lines["org/pickled"] and "the commit was fffffff" in lines["org/moved"]
    assert "B-ORG" in lines["org/other-labels"]
    assert "no configuration yor; no column upos" in lines["masakhane/masakhaner2"]


def test_the_manifest_agrees_with_the_last_recorded_replies(load_module):
    recorded = HERE / "replies.json"
    if not recorded.is_file():
        pytest.skip("make hub-smoke has not been run on a machine with internet yet")
    replies = json.loads(recorded.read_text(encoding="utf-8"))
    manifest = yaml.safe_load((HERE / "defaults.yaml").read_text(encoding="utf-8"))
    smoke = load_module("hub/smoke.py")
    for kind, compare in (("models", smoke.model_faults), ("datasets", smoke.dataset_faults)):
        assert {name: list(compare(row, replies[kind][name])) for name, row in manifest[kind].items()} == {
            name: [] for name in manifest[kind]
        }
