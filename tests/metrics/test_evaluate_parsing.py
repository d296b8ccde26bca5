"""The modules of the `evaluate` library for attachment and calibration."""

from __future__ import annotations

import socket
from pathlib import Path

import datasets
import evaluate
import pytest

from xner_hf.errors import XnerError
from xner_hf.metrics import attachment_scores, evaluate_path, expected_calibration_error
from xner_hf.metrics.evaluate_attachment.evaluate_attachment import Attachment
from xner_hf.metrics.evaluate_calibration.evaluate_calibration import Calibration

GOLD = [{"heads": [2, 0, 2], "relations": ["nsubj:pass", "root", "punct"]}, {"heads": [], "relations": []}]
PREDICTED = [{"heads": [2, 0, 1], "relations": ["nsubj", "root", "punct"]}, {"heads": [], "relations": []}]
SCORES = {
    "uas": 2 / 3,
    "las": 2 / 3,
    "label_accuracy": 1.0,
    "words": 3,
    "correct_heads": 2,
    "correct_relations": 3,
    "correct_both": 2,
    "sentences": 2,
}
CONFIDENCES, CORRECT = [0.75, 0.75, 0.25, 0.25], [True, True, False, False]


@pytest.fixture(autouse=True)
def network_attempts(monkeypatch, tmp_path):
    """Refuse connections and list them; keep what evaluate buffers out of the user's cache."""
    attempts = []

    def refuse(self, address):
        attempts.append(address)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", tmp_path / "cache")
    yield attempts
    assert attempts == []


def loaded(name, how):
    folder = Path(evaluate_path(name))
    return evaluate.load(str(folder if how == "folder" else folder / f"{folder.name}.py"))


@pytest.fixture(params=["folder", "file", "class"])
def attachment(request) -> evaluate.Metric:
    return Attachment() if request.param == "class" else loaded("attachment", request.param)


@pytest.fixture(params=["folder", "file", "class"])
def calibration(request) -> evaluate.Metric:
    return Calibration() if request.param == "class" else loaded("calibration", request.param)


@pytest.mark.parametrize("name", ["attachment", "calibration"])
def test_the_path_is_a_folder_with_a_script_of_its_name(name):
    folder = Path(evaluate_path(name))
    assert folder.name == f"evaluate_{name}"
    assert (folder / f"evaluate_{name}.py").is_file()


def test_attachment_computes_flat_results_however_it_was_loaded(attachment):
    assert attachment.compute(predictions=PREDICTED, references=GOLD) == SCORES


def test_the_convention_is_an_argument_of_compute(attachment):
    full = attachment.compute(predictions=PREDICTED, references=GOLD, convention="full")
    assert (full["las"], full["label_accuracy"]) == (1 / 3, 2 / 3)
    without = attachment.compute(predictions=PREDICTED, references=GOLD, convention="no-punctuation")
    assert (without["las"], without["words"]) == (1.0, 2)


def test_trees_may_be_added_one_by_one_and_in_batches(attachment):
    attachment.add(prediction=PREDICTED[0], reference=GOLD[0])
    attachment.add_batch(predictions=PREDICTED[1:], references=GOLD[1:])
    assert attachment.compute() == SCORES


def test_attachment_agrees_with_the_plain_function():
    gold, predicted = ([(tree["heads"], tree["relations"]) for tree in trees] for trees in (GOLD, PREDICTED))
    assert Attachment().compute(predictions=PREDICTED, references=GOLD) == attachment_scores(gold, predicted)


def test_calibration_computes_the_error_and_its_table_however_it_was_loaded(calibration):
    result = calibration.compute(predictions=CONFIDENCES, references=CORRECT, bins=2)
    assert result == {
        "ece": 0.25,
        "accuracy": 0.5,
        "confidence": 0.5,
        "count": 4,
        "bins": [
            {"from": 0.0, "to": 0.5, "count": 2, "confidence": 0.25, "accuracy": 0.0},
            {"from": 0.5, "to": 1.0, "count": 2, "confidence": 0.75, "accuracy": 1.0},
        ],
    }


def test_predictions_may_be_added_one_by_one_and_in_batches(calibration):
    calibration.add(prediction=CONFIDENCES[0], reference=CORRECT[0])
    calibration.add_batch(predictions=CONFIDENCES[1:], references=CORRECT[1:])
    assert calibration.compute() == expected_calibration_error(CONFIDENCES, CORRECT)


def test_each_combines_with_another_metric_under_its_prefix():
    both = evaluate.combine([evaluate_path("attachment"), Attachment()], force_prefix=True)
    result = both.compute(predictions=PREDICTED, references=GOLD)
    assert {key: result[f"attachment_0_{key}"] for key in SCORES} == SCORES
    both = evaluate.combine([evaluate_path("calibration"), Calibration()], force_prefix=True)
    assert both.compute(predictions=CONFIDENCES, references=CORRECT)["calibration_1_ece"] == 0.25


def test_each_says_what_it_takes_and_whom_to_cite():
    tree = {"heads": datasets.List(datasets.Value("int64")), "relations": datasets.List(datasets.Value("string"))}
    number = datasets.Value("float64")
    assert (Attachment().name, Calibration().name) == ("attachment", "calibration")
    assert Attachment().features == datasets.Features({"predictions": tree, "references": tree})
    assert Calibration().features == datasets.Features({"predictions": number, "references": number})
    assert "Zeman" in Attachment().citation
    assert "Buchholz" in Attachment().citation
    assert "Guo" in Calibration().citation
    assert "convention:" in Attachment().compute.__doc__
    assert "bins:" in Calibration().compute.__doc__


def test_bad_trees_and_conventions_are_refused():
    with pytest.raises(XnerError, match="sentence 0: prediction: word 1: the head 2 is not a number from 0 to 1"):
        Attachment().compute(predictions=[{"heads": [2], "relations": ["root"]}], references=[GOLD[1]])
    with pytest.raises(XnerError, match="convention 'ful' is unknown.* Did you mean 'full'"):
        Attachment().compute(predictions=PREDICTED, references=GOLD, convention="ful")


@pytest.mark.parametrize("outcome", [2, 0.5])
def test_outcomes_are_not_rounded_on_their_way_in(outcome):
    with pytest.raises(XnerError, match="prediction 1: .* says neither right"):
        Calibration().compute(predictions=[0.5, 0.5], references=[1, outcome])


def test_confidences_outside_zero_and_one_are_refused():
    with pytest.raises(XnerError, match="prediction 0: the confidence 50.0 lies outside"):
        Calibration().compute(predictions=[50, 0.5], references=[1, 0])
