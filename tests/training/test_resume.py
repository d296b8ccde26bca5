"""A training that was killed, gone on with; and one that stops early."""

from __future__ import annotations

import json

import pytest
from student_fixtures import (
    PLAIN,
    TEXT,
    Killed,
    Oracle,
    assert_same_weights,
    labelled,
    settings,
)

from xner_hf.corpora.sentence import Sentence
from xner_hf.errors import XnerError
from xner_hf.evaluation.scores import score_tagger
from xner_hf.tag.model import ModelTagger
from xner_hf.training.data import Corpus
from xner_hf.training.losses import LossConfig
from xner_hf.training.soft_labels import SoftSource

EPOCHS = 3
STEPS = 4


@pytest.fixture
def unbroken(train, tmp_path):
    train("unbroken", [labelled(2)], settings(epochs=EPOCHS))
    return tmp_path / "unbroken"


@pytest.fixture
def killed(train, tmp_path):
    """The folder of a run that was killed in its last epoch."""
    with pytest.raises(Killed):
        train("killed", [labelled(2)], settings(epochs=EPOCHS), killed_after=2 * STEPS + 1)
    return tmp_path / "killed"


def test_a_run_that_was_killed_goes_on_from_its_last_epoch(train, killed, unbroken):
    assert sorted(path.name for path in (killed / "checkpoints").iterdir()) == ["checkpoint-4", "checkpoint-8"]
    # Only as many batches as the last epoch has are allowed.
    facts = train("killed", [labelled(2)], settings(epochs=EPOCHS), killed_after=STEPS, resume=True)
    assert_same_weights(killed, unbroken)
    before = json.loads((unbroken / "training.json").read_text())["log"]
    assert [entry["loss_ner"] for entry in facts["log"]] == [entry["loss_ner"] for entry in before]
    assert not (killed / "checkpoints").exists() and not (killed / "run.json").exists()


def test_a_checkpoint_that_was_cut_short_is_passed_over(train, killed, unbroken):
    last = killed / "checkpoints" / "checkpoint-8"
    (last / "whole.json").unlink()
    (last / "model.safetensors").write_bytes(b"cut short")
    train("killed", [labelled(2)], settings(epochs=EPOCHS), killed_after=2 * STEPS, resume=True)
    assert_same_weights(killed, unbroken)


def test_a_run_without_a_whole_checkpoint_begins_anew(train, killed, unbroken):
    for file in killed.rglob("whole.json"):
        file.unlink()
    train("killed", [labelled(2)], settings(epochs=EPOCHS), resume=True)
    assert_same_weights(killed, unbroken)


def test_a_new_run_takes_nothing_from_the_old_one(train, killed, unbroken):
    train("killed", [labelled(2)], settings(epochs=EPOCHS))
    assert_same_weights(killed, unbroken)


@pytest.mark.parametrize(
    ("changes", "corpus", "message"),
    [
        ({"learning_rate": 1e-3}, labelled(2), "learning_rate: 5e-05 before, 0.001 now"),
        ({"loss": LossConfig("mse")}, labelled(2), "loss: .*'kl'.* before, .*'mse'.* now"),
        ({}, labelled(3), "corpora: "),
        ({}, Corpus("labels", TEXT * 2, min_confidence=0.5), "corpora: "),
    ],
)
def test_a_run_of_other_settings_is_not_gone_on_with(train, killed, changes, corpus, message):
    with pytest.raises(XnerError, match=f"had other settings.*{message}.*without --resume"):
        train("killed", [corpus], settings(epochs=EPOCHS, **changes), resume=True)
    assert (killed / "checkpoints" / "checkpoint-8" / "whole.json").is_file()


def test_a_run_of_another_teacher_or_number_of_processes_is_not_gone_on_with(train, monkeypatch):
    source = SoftSource(Oracle(), [sentence.tokens for sentence in PLAIN])
    options = {"corpora": [Corpus("distill", PLAIN, soft=True)], "config": settings(epochs=2), "sources": {0: source}}
    with pytest.raises(Killed):
        train("killed", **options, killed_after=3)
    with monkeypatch.context() as patch:
        patch.setattr(source.teacher, "name", "another")
        with pytest.raises(XnerError, match="teachers: .* before, .* now"):
            train("killed", **options, resume=True)
    with monkeypatch.context() as patch:
        patch.setenv("WORLD_SIZE", "2")
        with pytest.raises(XnerError, match="processes: 1 before, 2 now"):
            train("killed", **options, resume=True)
    train("killed", **options, resume=True)


def test_there_is_nothing_to_resume_in_an_empty_folder(train):
    with pytest.raises(XnerError, match="nothing to resume.*--resume"):
        train("new", [labelled()], resume=True)


def test_training_stops_after_epochs_without_a_better_one(train, tmp_path):
    # At this rate nothing is learnt, so no epoch is better than the first.
    config = settings(epochs=9, learning_rate=1e-9, patience=2)
    facts = train("patient", [labelled()], config, validation=Corpus("validation", TEXT))
    assert len([entry for entry in facts["log"] if "eval_f1" in entry]) == 3
    assert not (tmp_path / "patient" / "checkpoints").exists()


def test_a_run_that_was_killed_does_not_become_patient_again(train, tmp_path):
    config = settings(epochs=9, learning_rate=1e-9, patience=3)
    options = {"corpora": [labelled(2)], "config": config, "validation": Corpus("validation", TEXT)}
    unbroken = train("unbroken", **options)
    with pytest.raises(Killed):
        train("killed", **options, killed_after=3 * (STEPS + 1) + 1)  # a step of each epoch scores
    resumed = train("killed", **options, resume=True)
    of = [[entry["epoch"] for entry in facts["log"] if "eval_f1" in entry] for facts in (unbroken, resumed)]
    assert of == [[1.0, 2.0, 3.0, 4.0]] * 2
    assert resumed["validation"]["epoch"] == 1.0  # the first of equals


def test_the_scores_of_the_epoch_that_is_kept_are_named(train, tmp_path):
    # Of 8 epochs at so high a rate the last one is hardly the best.
    validation = Corpus("validation", TEXT)
    facts = train("patient", [labelled(2)], settings(epochs=8, learning_rate=3e-2, patience=8), validation=validation)
    scored = [entry for entry in facts["log"] if "eval_f1" in entry]
    best = max(scored, key=lambda entry: entry["eval_f1"])
    assert facts["validation"] == best != scored[-1]
    gold = [Sentence(one.id, one.tokens, one.spans) for one in TEXT]
    assert score_tagger(ModelTagger(str(tmp_path / "patient")), gold)["f1"] == pytest.approx(best["eval_f1"])
    assert train("plain", [labelled()], validation=validation)["validation"]["epoch"] == 1.0
    assert train("unscored", [labelled()])["validation"] is None
