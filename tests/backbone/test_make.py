"""A backbone made from the invented mirror: it learns, is loaded by everything that loads an encoder, goes on."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForMaskedLM, Trainer

from xner_hf.backbone import estimate, make_backbone
from xner_hf.errors import XnerError
from xner_hf.inference.checkpoint import load_checkpoint, load_tokenizer
from xner_hf.training.config import TrainingConfig
from xner_hf.training.provenance import training_inputs
from xner_hf.training.student import new_student


@pytest.fixture
def make(config, tmp_path):
    """The function that makes a backbone in a folder below `tmp_path`."""
    return lambda name, resume=False, **changes: make_backbone(config(**changes), tmp_path / name, resume, quiet=True)


def test_it_learns_and_says_what_it_is_made_from(make, config, tmp_path):
    facts = make("made", epochs=5.0, learning_rate=5e-3)
    scores = [one for one in facts["log"] if "held_out" in one]
    assert len(scores) == 6 and scores[0]["step"] == 0
    for language, before in scores[0]["held_out"].items():
        assert scores[-1]["held_out"][language]["loss"] < before["loss"] - 1.0
    losses = [one["loss"] for one in facts["log"] if "loss" in one]
    assert len(losses) == 5 and losses[-1] < losses[0] - 0.5
    assert {one["name"] for one in facts["inputs"]} >= {"masakhane/mafand:en-luo", "masakhane/mafand:en-hau"}
    assert json.loads((tmp_path / "made" / "backbone.json").read_text(encoding="utf-8")) == facts
    left = {path.name for path in (tmp_path / "made").iterdir()}
    assert left == {"backbone.json", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert str(tmp_path) not in "".join((tmp_path / "made" / name).read_text() for name in left if "json" in name)

    # A student that starts from it has the terms of its text.
    (terms,) = {
        one["licence_class"]
        for one in training_inputs(str(tmp_path / "made"), {"corpora": ["sample"]})["inputs"]
        if one["name"].startswith("masakhane/mafand") and one["role"] == "backbone made"
    }
    assert terms == "non-commercial"

    told = estimate(config(epochs=5.0, learning_rate=5e-3), tokens_per_second=100.0)
    assert told.pop("hours") == round(facts["subwords"] / 100 / 3600, 2)
    assert told == {name: facts[name] for name in told}


def test_it_is_an_encoder_like_any_other(make, tmp_path):
    make("made", epochs=1.0)
    model, tokenizer = load_checkpoint(AutoModel, str(tmp_path / "made"))
    masked, _ = load_checkpoint(AutoModelForMaskedLM, str(tmp_path / "made"))
    assert len(tokenizer) == model.config.vocab_size == masked.config.vocab_size <= 120
    table = model.get_input_embeddings().weight
    assert torch.equal(table, masked.get_output_embeddings().weight)
    student, words = new_student(TrainingConfig(str(tmp_path / "made"), seed=1), ["root", "obj"])
    assert torch.equal(student.backbone.get_input_embeddings().weight, table)
    assert words.tokenize("Amina") == load_tokenizer(str(tmp_path / "made")).tokenize("Amina")


def test_without_training_it_is_the_body_with_other_sub_words(make, body, tmp_path):
    make("made", epochs=1.0, learning_rate=1e-12)
    old, new = (load_checkpoint(AutoModel, str(path))[0].state_dict() for path in (body, tmp_path / "made"))
    for name, weights in old.items():
        if "word_embeddings" not in name and "pooler" not in name:
            assert torch.allclose(weights, new[name], atol=1e-6), name


def test_the_same_settings_make_the_same_weights(make, tmp_path):
    for name in ("one", "other"):
        make(name)
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "other"))
    assert one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class Killed(Exception):
    pass


def test_a_run_that_was_killed_goes_on_from_its_last_epoch(make, monkeypatch, tmp_path):
    whole = make("whole", epochs=3.0)
    steps = whole["log"][-1]["step"] // 3
    ordinary, done = Trainer.training_step, []

    def killed(self, *arguments, **options):
        if len(done) == allowed:
            raise Killed
        done.append(1)
        return ordinary(self, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "training_step", killed)
        allowed = 2 * steps + 3
        with pytest.raises(Killed):
            make("killed", epochs=3.0)
        shutil.copytree(tmp_path / "killed", tmp_path / "changed")
        done.clear()
        allowed = steps  # as many as the last epoch has
        facts = make("killed", epochs=3.0, resume=True)
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "killed"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert [one["held_out"] for one in facts["log"] if one.get("held_out")] == [
        one["held_out"] for one in whole["log"] if one.get("held_out")
    ]
    with pytest.raises(XnerError, match=r"had other settings.*masked: 0\.15 before, 0\.2 now"):
        make("changed", epochs=3.0, masked=0.2, resume=True)
    with pytest.raises(XnerError, match="nothing to resume"):
        make("new", resume=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"body": "xner/none"}, "no model 'xner/none'"),
        ({"max_length": 65}, "max_length is 65, but .* takes 64 sub-words at most"),
        ({"learning_rate": 1e30}, "not finite.*Use a lower learning_rate"),
    ],
)
def test_what_cannot_be_made_is_refused(make, changes, message):
    with pytest.raises(XnerError, match=f"(?s){message}"):
        make("refused", **changes)


def test_several_processes_are_refused(make, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(XnerError, match="by one process"):
        make("refused")
