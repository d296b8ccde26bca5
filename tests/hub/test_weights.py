"""Models whose safetensors are in a pull request alone: pinned, named where they are not, and read without network."""

from __future__ import annotations

from pathlib import Path

import pytest
from hub_fixtures import client_environment, run_snippet, serving
from hub_layouts import bert_of_2020, pickled, put

from xner_hf.languages import model_entry, tagger_entry

NLLB = "facebook/nllb-200-distilled-600M"

LOAD = """
from xner_hf.inference.checkpoint import load_checkpoint
from xner_hf.corpora.hub import model_source
from xner_hf.pipeline.revisions import revisions
from xner_hf.recipe import make_recipe
from transformers import AutoModelForSeq2SeqLM
model, _ = load_checkpoint(AutoModelForSeq2SeqLM, name, fast=False)
recipe = make_recipe("hau", "sample", {"aligner": {"method": "encoder", "model": name}})
result = [model_source(name)[1], revisions(recipe), model.get_input_embeddings().weight.sum().item()]
"""

TRY = """
from xner_hf.errors import XnerError
from xner_hf.tag import tagger_settings
result = {}
for case, (name, revision) in cases.items():
    try:
        result[case] = tagger_settings(name, revision).make().labels
    except XnerError as error:
        result[case] = str(error)
"""

SIGN = """
from xner_hf.errors import XnerError
from xner_hf.pipeline.inputs import sign
from xner_hf.recipe import make_recipe
try:
    sign(make_recipe("hau", None, {"text": {"corpus": own}}))
except XnerError as error:
    result = str(error)
"""

BUILD = """
import logging
from xner_hf.pipeline.preflight import check_models, downloads
from xner_hf.recipe import make_recipe
from xner_hf.tag import tagger_settings
told = []
class Keep(logging.Handler):
    def emit(self, record):
        told.append(record.getMessage())
logging.getLogger("xner_hf").addHandler(Keep())
recipe = make_recipe("hau", "sample", {"projector.target_tagger": name})
result = {"sizes": downloads(recipe)}
check_models(recipe)
result["told"] = told
tagger_settings(name).make()
result["left"] = downloads(recipe)
"""


@pytest.fixture(scope="module")
def tagger(shared_mirror):
    return bert_of_2020(shared_mirror / "models" / "dslim" / "bert-base-NER")


@pytest.fixture
def client(tmp_path):
    """The function (url, code, **values) -> result of a process with the cache of this test."""

    def run(url, code, offline=False, **values):
        environment = client_environment(url, tmp_path / "home", token=None)
        return run_snippet(code, environment | ({"HF_HUB_OFFLINE": "1"} if offline else {}), tmp_path, **values)

    return run


def test_a_translator_is_read_at_its_pull_request_and_again_without_network(client, load_module, tmp_path_factory):
    tiny = load_module("translate/tiny_models.py")
    folder = Path(tiny.random_model(tmp_path_factory.mktemp("nllb"), tiny.nllb_tokenizer()))
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    with serving() as server:
        put(server.hub, "model", NLLB, pickled(files))
        proposed = put(server.hub, "model", NLLB, files, model_entry(NLLB).revision)
        first = client(server.url, LOAD, name=NLLB)
    assert first[:2] == [proposed.oid, {NLLB: proposed.oid}]
    assert client(server.url, LOAD, offline=True, name=NLLB) == first


def test_a_model_without_safetensors_names_the_pull_requests_that_have_them(hub, client, tagger):
    put(hub.hub, "model", "org/old", pickled(tagger))
    put(hub.hub, "model", "org/old", pickled(tagger), "refs/pr/2")  # says so in its title and has none
    put(hub.hub, "model", "org/old", tagger, "refs/pr/3")
    put(hub.hub, "model", "org/old", tagger, "refs/pr/11")
    put(hub.hub, "model", "org/lost", pickled(tagger))
    cases = {"old": ("org/old", None), "named": ("org/old", "refs/pr/3"), "lost": ("org/lost", None)}
    found = client(hub.url, TRY, cases=cases)
    assert "'org/old' has no weights as safetensors" in found["old"]
    assert "refs/pr/11, refs/pr/3." in found["old"] and "refs/pr/2" not in found["old"]
    assert "tagger.revision=refs/pr/11" in found["old"] and "revision= in Python" in found["old"]
    assert found["named"][:2] == ["O", "B-PER"]
    assert "None of its pull requests has them. Convert it" in found["lost"]


def test_what_is_to_be_downloaded_is_told_before_and_nothing_is_left_after(hub, client, tagger):
    big = {**tagger, "added_tokens.json": tagger["added_tokens.json"] + b" " * 30_000_000}
    put(hub.hub, "model", "org/tagger", big)
    found = client(hub.url, BUILD, name="org/tagger")
    used = ("config.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
    whole = sum(len(big[name]) for name in (*used, "model.safetensors"))
    assert whole - len(big["config.json"]) == found["sizes"]["org/tagger"]  # it is read to find the commit
    assert found["told"][0] == "Downloading: org/tagger 30 MB."  # before the tagger is loaded and described
    assert found["left"] == {"org/tagger": 0}


def test_without_the_default_tagger_the_error_says_how_to_name_another(hub, client, tmp_path):
    (tmp_path / "pairs.tsv").write_text("Amina left Kano.\tAmina ta bar Kano.\n", encoding="utf-8")
    told = client(hub.url, SIGN, own=str(tmp_path / "pairs.tsv"))
    assert tagger_entry("eng").model in told
    assert '--tagger ORG/NAME, in Python tagger="ORG/NAME"' in told
