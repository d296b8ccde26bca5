"""``xner study backbone``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answers import done, refused

SETTINGS = {"vocabulary": 120, "held_out": 10, "epochs": 1, "batch_size": 32, "max_length": 32, "bf16": False}


@pytest.fixture
def backbone(xner, shared, load_module, monkeypatch, tmp_path):
    """The function that runs ``xner study backbone`` on settings over Luo, with changes."""
    monkeypatch.setenv("XNER_MIRROR", str(shared))
    load_module("backbone/conftest.py").write_body(tmp_path / "body")

    def run(*arguments, **changes):
        settings = {"body": "body", "languages": ["luo"], **SETTINGS, **changes}
        Path("given.yaml").write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
        return xner("study", "backbone", "given.yaml", *arguments)

    return run


def test_its_cost_is_told_before(backbone):
    found = done(backbone("--dry-run", "--tokens-per-second", "1", "--json"))
    assert found["hours"] == round(found["subwords"] / 3600, 2) > 0
    assert found["text"]["rows"] == {"masakhane/mafand:en-luo": 191}
    code, out, _ = backbone("--dry-run", "--tokens-per-second", "1")
    assert code == 0 and f"about {found['hours']} hours" in out and "masakhane/mafand:en-luo: 191 pairs" in out
    assert not Path("models").exists()
    assert "--tokens-per-second N tells" in backbone("--dry-run")[1]
    twice = done(backbone("--dry-run", "--set", "epochs=2", "--json"))
    assert twice["subwords"] == 2 * found["subwords"] and twice["settings"]["epochs"] == 2


def test_it_is_made_and_what_to_do_next_is_told(backbone):
    code, out, err = backbone("--output", "models/new")
    assert code == 0, err
    assert "held-out sub-words guessed right" in out and "sub-words a second" in out
    assert "Next:  xner train LANG --arm direct --backbone models/new" in out
    facts = json.loads(Path("models/new/backbone.json").read_text(encoding="utf-8"))
    assert facts["vocabulary"] <= 120 and facts["languages"]["luo"]["pairs"] == 181
    assert facts["settings"]["body"] == "body"


def test_what_is_wrong_is_told(backbone):
    refused(backbone(), "--output models/NAME", "--dry-run")
    refused(backbone("--output", "new", epochs=0), "given.yaml", "epochs is 0")
    refused(backbone("--output", "new", "--set", "epochs=0"), "given.yaml", "epochs is 0")
    refused(backbone("--output", "new", "--set", "epoch=1"), "no key 'epoch'", "epochs")
    refused(backbone("--output", "new", languages=["bbj"]), "masakhane/mafand", "fr-bbj")
    refused(backbone("--output", "new", body="org/none"), "org/none")
    refused(backbone("--output", "new", max_length=999), "max_length is 999")
    refused(backbone("--output", "new", "--resume"), "nothing to resume", "Leave out --resume")
