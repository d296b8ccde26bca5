"""A student from its training to a stranger's pipeline, and who may read what: over both transports of the client."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hub_fixtures import client_environment, run_snippet, serving

from xner_hf.corpora.labelled import read_labelled
from xner_hf.demo import tiny_backbone, tiny_tokenizer
from xner_hf.pipeline.build import build_corpus
from xner_hf.recipe import make_recipe
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus
from xner_hf.training.student import new_student, train_student

ROOT = Path(__file__).parents[2]
REPO = "xner/student-hau"
WORDS = ["Amina", "Bello", "ta", "tafi", "Kano", "."]

ABSENT = """
import sys
class Absent:
    def find_spec(self, name, *_):
        if name.split(".")[0] == "xner_hf":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
"""

ELSEWHERE = """
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline
def logits(source, **options):
    tokenizer = AutoTokenizer.from_pretrained(source)
    model = AutoModelForTokenClassification.from_pretrained(source, **options)
    inputs = tokenizer([words], is_split_into_words=True, return_tensors="pt")
    with torch.no_grad():
        return model(**inputs).logits.tolist()
def found(source, **options):
    return [
        {name: str(value) for name, value in one.items()}
        for one in pipeline("token-classification", source, aggregation_strategy="first", **options)(" ".join(words))
    ]
"""


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    """The folder of a tiny student of the bundled Hausa sample, with a score of made-up gold."""
    root = tmp_path_factory.mktemp("student")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        build_corpus(make_recipe("hau", "sample"), root / "build")
    sentences = list(read_labelled(str(root / "build"), "train"))[:40]
    config = TrainingConfig("from scratch", epochs=2, learning_rate=2e-3, batch_size=16, max_length=64)
    tokenizer = tiny_tokenizer([one.tokens for one in sentences])
    facts = {"arm": "projected", "language": "hau", "corpora": [str(root / "build")]}
    folder = root / "models" / "hau-projected"
    train_student(
        [Corpus("projected", sentences)],
        folder,
        config,
        provenance=facts,
        student=new_student(config, (), tiny_backbone(tokenizer), tokenizer),
        quiet=True,
    )
    gold = root / "gold.conll"
    gold.write_text("Amina B-PER\nta O\n\nKano B-LOC\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "xner_hf", "evaluate", folder, "--gold", gold, "--save", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module", params=["xet", "lfs"])
def published(request, student, tmp_path_factory):
    """A server that holds the student, published by the command, and the transport."""
    with serving() as server:
        home = tmp_path_factory.mktemp("home")
        done = subprocess.run(
            [sys.executable, ROOT / "push_to_hub.py", "model", student, "--repo", REPO, "--tag", "v1.0", "--json"],
            env=client_environment(server.url, home, transport=request.param),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["state"] == "published"
        yield server, request.param


def ask(published, tmp_path, code, token=None, **values):
    server, transport = published
    environment = client_environment(server.url, tmp_path / "home", token=token, transport=transport)
    return run_snippet(code, environment, tmp_path, words=WORDS, **values)


def test_a_stranger_gets_the_same_logits_and_entities(published, student, tmp_path):
    here = run_snippet(
        ELSEWHERE + "import xner_hf.models\nresult = [logits(own), found(own)]",
        client_environment(published[0].url, tmp_path / "home-here", token=None),
        tmp_path,
        own=str(student),
        words=WORDS,
    )
    asked = len(published[0].log)
    code = (
        ABSENT
        + ELSEWHERE
        + """
options = {"trust_remote_code": True}
result = [logits(repo, **options), found(repo, **options), logits(repo, revision="v1.0", **options)]
try:
    logits(repo, trust_remote_code=False)
except ValueError as error:
    result.append(str(error))
"""
    )
    logits, entities, tagged, refusal = ask(published, tmp_path, code, repo=REPO)
    assert any("model.safetensors" in one.path for one in published[0].log[asked:])
    assert [logits, entities] == here and tagged == logits
    assert "trust_remote_code" in refusal


def test_with_the_package_no_remote_code_is_needed(published, student, tmp_path):
    code = ELSEWHERE + "import xner_hf.models\nresult = logits(repo) == logits(own)"
    assert ask(published, tmp_path, code, repo=REPO, own=str(student))


def test_the_card_holds_the_score_and_the_files_of_the_hub_do_too(published):
    files = dict(published[0].hub.files("model", REPO))
    import yaml

    card = files["README.md"].decode()
    data = yaml.safe_load(card.split("---\n")[1])
    assert data["language"] == ["ha"] and data["pipeline_tag"] == "token-classification"
    # Gold of one's own is on the card but not in the index, which names data sets of the Hub.
    assert "gold.conll" in card and "100.0" in card.replace("**", "") or "F1" in card
    assert not [name for name in files if name.endswith((".bin", ".pt"))]
    # No path of the machine that trained it.
    assert not [name for name, content in files.items() if b"pytest-of" in content or str(ROOT).encode() in content]


def test_publishing_the_same_model_again_makes_no_commit(published, student, tmp_path):
    server, transport = published
    before = len(server.hub.commits("model", REPO))
    done = subprocess.run(
        [sys.executable, ROOT / "push_to_hub.py", "model", student, "--repo", REPO],
        env=client_environment(server.url, tmp_path / "home", transport=transport),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "no commit was made" in done.stdout
    assert len(server.hub.commits("model", REPO)) == before


def test_files_that_a_manifest_of_others_lists_are_not_deleted(hub, student, hub_env, hub_api):
    repo, content = "xner/others", b"theirs"
    api = hub_api()
    api.create_repo(repo)
    manifest = json.dumps({"sha256": {"notes.txt": hashlib.sha256(content).hexdigest()}}).encode()
    for path, of in {"notes.txt": content, "manifest.json": manifest}.items():
        api.upload_file(path_or_fileobj=of, path_in_repo=path, repo_id=repo)
    for _ in range(2):
        command = [sys.executable, ROOT / "push_to_hub.py", "model", student, "--repo", repo]
        done = subprocess.run(command, env=hub_env(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert dict(hub.hub.files("model", repo))["notes.txt"] == content


READ = """
from xner_hf.inference.checkpoint import load_config
from xner_hf.errors import XnerError
import xner_hf.models
try:
    load_config(repo)
    result = "read"
except XnerError as error:
    result = str(error)
"""


def test_private_and_gated_models_are_refused_with_what_to_do(hub, student, hub_env, run_client, hub_api):
    for repo, private in (("xner/private", True), ("xner/gated", False)):
        command = [sys.executable, ROOT / "push_to_hub.py", "model", student, "--repo", repo]
        done = subprocess.run(
            command + (["--private"] if private else []), env=hub_env(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    hub_api().update_repo_settings("xner/gated", gated="auto")
    for token, expected in ((None, "log in"), ("hf_other", "access"), ("hf_read", "read")):
        for repo in ("xner/private", "xner/gated"):
            told = run_client(READ, hub_env(token=token), repo=repo)
            assert (told == "read") == (expected == "read"), (token, repo, told)
            if expected != "read":
                assert "hf auth login" in told or "access" in told, told
                assert token is None or token not in told
