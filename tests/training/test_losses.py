"""The losses of a student, on cases worked out by hand."""

from __future__ import annotations

from math import log
from types import SimpleNamespace

import pytest
import torch

from xner_hf.errors import XnerError
from xner_hf.training.losses import LossConfig, counts, soft_loss, sums

IGNORED = -100


def logits_of(*probabilities):
    """Logits whose softmax is the given probabilities: ``[1, words, labels]``."""
    return torch.tensor([probabilities]).log()


def soft(*probabilities):
    return torch.tensor([probabilities])


# Soft labels


def test_mse_is_the_mean_over_labels_of_squared_differences_of_probabilities():
    student, teacher = logits_of([0.5, 0.25, 0.25], [0.2, 0.2, 0.6]), soft([1.0, 0.0, 0.0], [0.2, 0.2, 0.6])
    expected = (0.25 + 0.0625 + 0.0625) / 3  # the second word is right
    assert soft_loss(student, teacher, LossConfig("mse")).item() == pytest.approx(expected, abs=1e-6)


def test_kl_is_the_divergence_of_the_student_from_the_teacher():
    student, teacher = logits_of([0.5, 0.5]), soft([0.8, 0.2])
    expected = 0.8 * log(0.8 / 0.5) + 0.2 * log(0.2 / 0.5)
    assert soft_loss(student, teacher, LossConfig("kl")).item() == pytest.approx(expected, abs=1e-6)


def test_kl_softens_both_by_the_temperature_and_scales_by_its_square():
    # Square roots of 0.64, 0.36 are 0.8, 0.6: 4/7 and 3/7. Of 0.5, 0.5 it is 0.5 each.
    student, teacher = logits_of([0.5, 0.5]), soft([0.64, 0.36])
    expected = 4 * (4 / 7 * log(8 / 7) + 3 / 7 * log(6 / 7))
    assert soft_loss(student, teacher, LossConfig("kl", 2.0)).item() == pytest.approx(expected, abs=1e-6)


def test_kl_with_a_sure_teacher_is_finite():
    assert soft_loss(logits_of([0.5, 0.5]), soft([1.0, 0.0]), LossConfig("kl")).item() == pytest.approx(log(2))


def test_hard_is_the_cross_entropy_of_the_likeliest_label():
    student, teacher = logits_of([0.25, 0.75], [0.25, 0.75]), soft([0.6, 0.4], [0.4, 0.6])
    assert soft_loss(student, teacher, LossConfig("hard")).item() == pytest.approx(log(4) + log(4 / 3), abs=1e-6)


@pytest.mark.parametrize("kind", ["mse", "kl", "hard"])
def test_rows_of_zeros_have_no_loss_and_no_gradient(kind):
    student = logits_of([0.5, 0.3, 0.2], [0.5, 0.3, 0.2]).requires_grad_()
    loss = soft_loss(student, soft([0.0, 0.0, 0.0], [0.1, 0.2, 0.7]), LossConfig(kind))
    only = soft_loss(student[:, 1:], soft([0.1, 0.2, 0.7]), LossConfig(kind))
    assert loss.item() == only.item() > 0
    loss.backward()
    assert student.grad[0, 0].abs().sum() == 0 and student.grad[0, 1].abs().sum() > 0


@pytest.mark.parametrize("kind", ["mse", "kl", "hard"])
def test_a_batch_of_nothing_but_zeros_has_the_loss_zero(kind):
    student = logits_of([0.5, 0.5]).requires_grad_()
    loss = soft_loss(student, soft([0.0, 0.0]), LossConfig(kind))
    loss.backward()
    assert loss.item() == 0 and torch.isfinite(student.grad).all()


@pytest.mark.parametrize("kind", ["mse", "kl"])
def test_a_student_that_agrees_with_its_teacher_has_no_loss(kind):
    rows = [[0.7, 0.2, 0.1], [0.2, 0.2, 0.6]]
    assert soft_loss(logits_of(*rows), soft(*rows), LossConfig(kind, 1.5)).item() == pytest.approx(0, abs=1e-6)


# All terms of a batch


@pytest.fixture
def batch():
    """Two words of three sub-words; the first is labelled with weight 0.5, both have an arc, one a soft label."""
    return {
        "input_ids": torch.zeros(1, 3, dtype=torch.long),
        "word_starts": torch.tensor([[0, 2]]),
        "labels": torch.tensor([[1, IGNORED, 0]]),
        "label_weights": torch.tensor([[0.5, 0.0, 1.0]]),
        "soft_labels": torch.tensor([[[0.0, 0.0], [1.0, 0.0]]]),
        "heads": torch.tensor([[0, 1]]),
        "relations": torch.tensor([[0, IGNORED]]),
        "soft_arcs": torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]),
        "soft_relations": torch.tensor([[[0.5, 0.5], [1.0, 0.0]]]),
    }


@pytest.fixture
def output():
    arcs = torch.tensor([[[0.5, 0.0, 0.5], [0.2, 0.8, 0.0]]]).log()
    relations = torch.zeros(1, 2, 3, 2)
    relations[0, 0, 0] = torch.tensor([0.25, 0.75]).log()
    return SimpleNamespace(
        logits=logits_of([0.5, 0.5], [0.1, 0.9], [0.75, 0.25]),
        arc_logits=arcs.clamp(min=torch.finfo(torch.float32).min),
        rel_logits=relations,
    )


def test_every_term_is_a_sum_over_words_beside_what_it_is_divided_by(batch, output):
    found = {name: value.item() for name, value in sums(output, batch, LossConfig("mse")).items()}
    assert found == pytest.approx(
        {
            "ner": 0.5 * log(2) + log(4 / 3),
            "soft": (0.0625 + 0.0625) / 2,  # of the second word, whose first sub-word stands at 2
            "arc": log(2) - log(0.8),
            "rel": log(4),
            "soft_arc": log(2),
            "soft_rel": (log(4) + log(4 / 3)) / 2,
        },
        abs=1e-6,
    )
    assert counts(batch).tolist() == [1.5, 1, 2, 1, 1, 1]


def test_a_batch_has_only_the_terms_of_its_targets(batch, output):
    only = {name: batch[name] for name in ("input_ids", "word_starts", "labels", "label_weights")}
    assert list(sums(output, only, LossConfig())) == ["ner"]
    assert counts(only).tolist() == [1.5, 0, 0, 0, 0, 0]
    assert sums(output, {"input_ids": batch["input_ids"]}, LossConfig()) == {}


def test_a_head_that_cannot_be_costs_nothing_where_the_teacher_gives_it_nothing(batch, output):
    loss = sums(output, batch, LossConfig())["soft_arc"]
    assert torch.isfinite(loss)


# Weights


def test_weights_are_one_by_default_constant_or_run_over_the_training():
    config = LossConfig(weights={"ner": 0.5, "soft": [1.0, 0.0], "parsing": (0, 2)})
    assert [config.weight("ner", p) for p in (0.0, 1.0)] == [0.5, 0.5]
    assert [config.weight("soft", p) for p in (0.0, 0.25, 1.0)] == [1.0, 0.75, 0.0]
    assert [config.weight("parsing", p) for p in (0.0, 0.5, 1.0)] == [0.0, 1.0, 2.0]
    assert config.weight("soft_parsing", 0.3) == 1.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"soft": "mes"}, "unknown loss 'mes'. Did you mean 'mse'"),
        ({"temperature": 0.0}, "loss.temperature is 0.0"),
        ({"temperature": -1.0}, "loss.temperature is -1.0"),
        ({"weights": {"nre": 1.0}}, "no loss 'nre' to weigh.*'ner'"),
        ({"weights": {"ner": -1.0}}, "weight of ner is -1.0"),
        ({"weights": {"ner": "much"}}, "weight of ner is 'much'"),
        ({"weights": {"ner": True}}, "weight of ner is True"),
        ({"weights": {"ner": float("nan")}}, "weight of ner is nan"),
        ({"weights": {"soft": [1.0, 0.5, 0.0]}}, r"weight of soft is \[1.0, 0.5, 0.0\]"),
        ({"weights": {"soft": [1.0, -0.5]}}, r"weight of soft is \[1.0, -0.5\]"),
        ({"weights": 2.0}, "weights of the losses are 2.0"),
        ({"weights": {"ner": 1.0}, "learned": True}, "given and to be learned"),
    ],
)
def test_losses_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(XnerError, match=message):
        LossConfig(**settings)
