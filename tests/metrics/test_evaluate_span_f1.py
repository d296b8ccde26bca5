from __future__ import annotations

import socket
from pathlib import Path

import datasets
import evaluate
import pytest

from xner_hf.errors import XnerError
from xner_hf.metrics import evaluate_path, span_f1
from xner_hf.metrics.evaluate_span_f1.evaluate_span_f1 import SpanF1

GOLD = [["B-PER", "I-PER", "O", "B-LOC"], ["B-ORG", "O"], []]
PREDICTED = [["B-PER", "I-PER", "O", "O"], ["I-ORG", "O"], []]
PER = {"PER_precision": 1.0, "PER_recall": 1.0, "PER_f1": 1.0, "PER_correct": 1, "PER_predicted": 1, "PER_gold": 1}
LOC = {"LOC_precision": 0.0, "LOC_recall": 0.0, "LOC_f1": 0.0, "LOC_correct": 0, "LOC_predicted": 0, "LOC_gold": 1}
ORG = {"ORG_precision": 0.0, "ORG_recall": 0.0, "ORG_f1": 0.0, "ORG_correct": 0, "ORG_predicted": 0, "ORG_gold": 1}
STRICT = {
    "overall_precision": 1.0,
    "overall_recall": 1 / 3,
    "overall_f1": 0.5,
    "overall_correct": 1,
    "overall_predicted": 1,
    "overall_gold": 3,
    **LOC,
    **ORG,
    **PER,
    "sentences": 3,
}

SECOND_METRIC = """
import datasets
import evaluate


class TagAccuracy(evaluate.Metric):
    def _info(self):
        tags = datasets.List(datasets.Value("string"))
        features = datasets.Features({"predictions": tags, "references": tags})
        return evaluate.MetricInfo(description="", citation="", features=features)

    def _compute(self, predictions, references):
        pairs = [pair for p, r in zip(predictions, references) for pair in zip(p, r)]
        return {"accuracy": sum(p == r for p, r in pairs) / len(pairs), "sentences": len(references)}
"""


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


@pytest.fixture(params=["folder", "file", "class"])
def metric(request) -> evaluate.Metric:
    folder = Path(evaluate_path("span_f1"))
    if request.param == "class":
        return SpanF1()
    return evaluate.load(str(folder if request.param == "folder" else folder / f"{folder.name}.py"))


def test_it_computes_flat_results_however_it_was_loaded(metric):
    assert metric.compute(predictions=PREDICTED, references=GOLD) == STRICT


def test_the_mode_is_an_argument_of_compute(metric):
    result = metric.compute(predictions=PREDICTED, references=GOLD, mode="default")
    assert (result["ORG_f1"], result["overall_recall"], result["overall_f1"]) == (1.0, 2 / 3, 0.8)


def test_examples_may_be_added_one_by_one_and_in_batches(metric):
    metric.add(prediction=PREDICTED[0], reference=GOLD[0])
    metric.add_batch(predictions=PREDICTED[1:], references=GOLD[1:])
    assert metric.compute() == STRICT


def test_it_agrees_with_the_plain_function():
    result, plain = SpanF1().compute(predictions=PREDICTED, references=GOLD), span_f1(GOLD, PREDICTED)
    for key in ("precision", "recall", "f1", "correct", "predicted", "gold"):
        assert result[f"overall_{key}"] == plain[key]
        for kind, of_type in plain["types"].items():
            assert result[f"{kind}_{key}"] == of_type[key]


def test_sentences_without_entities_score_zero():
    result = SpanF1().compute(predictions=[[], ["O"]], references=[[], ["O"]])
    overall = {key: value for key, value in result.items() if key != "sentences"}
    assert set(overall.values()) == {0}
    assert result["sentences"] == 2


def test_two_metrics_combine_under_their_prefixes(tmp_path):
    other = tmp_path / "tag_accuracy"
    other.mkdir()
    (other / "tag_accuracy.py").write_text(SECOND_METRIC, encoding="utf-8")
    both = evaluate.combine([evaluate_path("span_f1"), str(other)], force_prefix=True)
    expected = {f"span_f1_{key}": value for key, value in STRICT.items()}
    assert both.compute(predictions=PREDICTED, references=GOLD) == {
        **expected,
        "tag_accuracy_accuracy": 4 / 6,
        "tag_accuracy_sentences": 3,
    }


def test_it_says_what_it_takes_and_whom_to_cite():
    metric = SpanF1()
    tags = datasets.List(datasets.Value("string"))
    assert metric.name == "span_f1"
    assert metric.features == datasets.Features({"predictions": tags, "references": tags})
    assert "Nakayama" in metric.citation
    assert "Tjong Kim Sang" in metric.citation
    assert "mode:" in metric.compute.__doc__


def test_sequences_of_unequal_length_are_refused():
    with pytest.raises(XnerError, match="sentence 0: the gold has 2 tags but the prediction has 1"):
        SpanF1().compute(predictions=[["O"]], references=[["O", "O"]])


def test_an_unknown_mode_is_refused():
    with pytest.raises(XnerError, match="mode 'loose' is unknown"):
        SpanF1().compute(predictions=[["O"]], references=[["O"]], mode="loose")


def test_a_type_named_like_the_total_is_refused():
    with pytest.raises(XnerError, match="named 'overall'"):
        SpanF1().compute(predictions=[["B-overall"]], references=[["O"]])
