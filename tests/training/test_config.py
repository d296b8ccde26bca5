"""Settings of a training run, from Python, YAML and the command line."""

from __future__ import annotations

import pytest

from xner_hf.errors import XnerError
from xner_hf.training.config import TrainingConfig, read_training_settings, training_config
from xner_hf.training.losses import LossConfig


def test_plain_values_and_dotted_keys_fill_the_settings():
    config = training_config({"epochs": 5, "loss.soft": "kl", "loss.temperature": 2.0, "loss.weights": {"ner": 0.5}})
    assert config == TrainingConfig(epochs=5, loss=LossConfig("kl", 2.0, {"ner": 0.5}))


def test_dotted_keys_stand_above_the_table_before_them():
    assert training_config({"loss": {"soft": "kl", "temperature": 3.0}, "loss.soft": "hard"}).loss == LossConfig(
        "hard", 3.0
    )


def test_settings_return_as_plain_values():
    config = TrainingConfig(loss=LossConfig(weights={"soft": [1.0, 0.0]}))
    assert training_config(config.to_dict()) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epoch": 3}, "training has no key 'epoch'.*'epochs'"),
        ({"loss.sof": "kl"}, "loss has no key 'sof'.*'soft'"),
        ({"loss": "kl"}, "loss is 'kl'; it takes a mapping"),
        ({"loss": None}, "loss is None; it takes a mapping"),
        ({"epochs": "three"}, "epochs is 'three'; it takes"),
        ({"bf16": 1}, "bf16 is 1"),
        ({"epochs": 0}, "epochs is 0; it must be above 0"),
        ({"learning_rate": -1e-5}, "learning_rate is -1e-05"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"gradient_accumulation": 0}, "gradient_accumulation is 0"),
        ({"max_length": 2}, "max_length is 2"),
        ({"warmup_share": 1.0}, "warmup_share is 1.0"),
        ({"warmup_share": -0.1}, "warmup_share is -0.1"),
        ({"patience": 0}, "patience is 0"),
        ({"refresh": 0}, "refresh is 0"),
        ({"loss.soft": "mes"}, "unknown loss 'mes'"),
        ({"loss.weights": 2}, "weights of the losses are 2"),
        ({1: 2}, "training has no key 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, message):
    with pytest.raises(XnerError, match=message):
        training_config(values)


def test_a_yaml_file_holds_settings(tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("epochs: 2\nloss:\n  soft: kl\n  weights: {soft: [1.0, 0.5]}\n", encoding="utf-8")
    config = training_config(read_training_settings(file) | {"loss.temperature": 2.0})
    assert config.epochs == 2 and config.loss == LossConfig("kl", 2.0, {"soft": [1.0, 0.5]})


@pytest.mark.parametrize("text", ["", "- epochs", "epochs: [", "\udcff"])
def test_a_file_that_is_no_mapping_is_refused_by_its_name(tmp_path, text):
    file = tmp_path / "train.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(XnerError, match=r"train\.yaml: (the settings cannot be read|settings are a YAML mapping)"):
        read_training_settings(file)
    with pytest.raises(XnerError, match=r"gone\.yaml: the settings cannot be read"):
        read_training_settings(tmp_path / "gone.yaml")


def test_a_rate_may_be_written_with_an_exponent_and_no_point():
    assert training_config({"learning_rate": "5e-5"}).learning_rate == 5e-5
