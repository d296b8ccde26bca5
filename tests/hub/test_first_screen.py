"""``load_dataset("xner/projected", "hau")`` as a stranger runs it: no mirror, no tagger named; then no network."""

from __future__ import annotations

import pytest
from hub_fixtures import client_environment, run_snippet, serving
from hub_layouts import bert_of_2020, put, put_script

from xner_hf.languages import tagger_entry

CLIENT = """
import xner_hf
from datasets import load_dataset
data = load_dataset("xner/projected", "hau")
result = {split: data[split].to_list() for split in data}
"""

BUILD = """
import json
from pathlib import Path
from xner_hf.pipeline.build import build_corpus
from xner_hf.recipe import make_recipe
build_corpus(make_recipe("hau"), Path("built"))
result = json.loads(Path("built/build.json").read_text())
"""


def lay_out(hub, mirror, tagger):
    """Put on a server what the first screen of README needs, as the Hub has it."""
    for corpus in ("masakhane/mafand", "masakhane/masakhaner2"):
        put_script(hub, corpus, mirror / "datasets" / corpus)
    entry = tagger_entry("eng")
    put(hub, "model", entry.model, bert_of_2020(tagger), oid=entry.revision)


@pytest.fixture(scope="module")
def runs(shared_mirror, tmp_path_factory):
    """What the client got online, offline with its caches, offline from the downloads; the build, and the log."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("client")

    def run(code, cache, **more):
        environment = client_environment(url, home, token=None) | {"XNER_CACHE": str(home / cache)} | more
        environment.pop("XNER_MIRROR", None)
        return run_snippet(code, environment, folder)

    with serving() as server:
        url = server.url
        lay_out(server.hub, shared_mirror, shared_mirror / "models" / "xner" / "minilm-conll2003-en")
        online = run(CLIENT, "first")
        log = [record.path for record in server.log]
    offline = {"HF_HUB_OFFLINE": "1"}
    again = run(CLIENT, "first", **offline)
    fresh = run(CLIENT, "second", HF_DATASETS_CACHE=str(home / "other"), **offline)
    facts = run(BUILD, "third", **offline)
    return online, again, fresh, facts, log


def test_no_tagger_is_named_and_rows_come_out(runs):
    tags = {" ".join(row["tokens"]): row["ner_tags"] for rows in runs[0].values() for row in rows}
    assert tags["Musa Garba ya bar Kano zuwa Zaria ."] == [1, 2, 0, 0, 5, 0, 5, 0]
    assert tags["Manoman sun sayar da awaki a Zaria ."] == [0, 0, 0, 0, 0, 0, 5, 0]


def test_without_a_network_the_rows_are_the_same(runs):
    online, again, fresh, *_ = runs
    assert again == online
    assert fresh == online  # built anew from what was downloaded


def test_the_build_says_at_which_commits_everything_was_read(runs):
    facts = runs[3]
    assert facts["revisions"]["dslim/bert-base-NER"] == tagger_entry("eng").revision
    assert len(facts["revisions"]["masakhane/mafand"]) == 40
    assert facts["recipe"]["tagger"]["revision"] == tagger_entry("eng").revision
    gold = [one for one in facts["leak_check"]["checked"] if one.startswith("masakhane/masakhaner2:hau/")]
    assert len(gold) == 2


def test_only_what_is_used_is_downloaded(runs):
    asked = " ".join(path for path in runs[4] if "/resolve/" in path)
    assert "model.safetensors" in asked
    for other in ("pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "onnx/", "mafand.py"):
        assert other not in asked
