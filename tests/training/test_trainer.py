"""The trainer: how losses are weighed and logged, and when a moving average takes over from the teachers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import BertConfig, TrainingArguments, set_seed

from xner_hf.corpora.sentence import Sentence
from xner_hf.demo import tiny_tokenizer
from xner_hf.errors import XnerError
from xner_hf.models import XnerConfig, XnerForTokenClassificationAndParsing
from xner_hf.spans import NER_LABELS, Span
from xner_hf.training.data import Corpus
from xner_hf.training.losses import TASKS, LossConfig
from xner_hf.training.soft_labels import SoftSource
from xner_hf.training.teacher_student import MovingAverage, TeacherStudentCallback
from xner_hf.training.trainer import LOG_VARIANCE_RATE, XnerTrainer

RELATIONS = ["root", "nsubj"]
LABELLED = [Sentence(f"l{i}", ["Musa", "ya", "tafi"], [Span(0, 1, "PER")]) for i in range(8)]
PARSED = [
    Sentence(f"t{i}", ["Musa", "ya", "tafi"], None, heads=[3, 3, 0], relations=["nsubj", "nsubj", "root"])
    for i in range(8)
]
PLAIN = [Sentence(f"p{i}", ["ta", "tafi", "Kano"]) for i in range(8)]


class Teacher:
    """Sure of one label for every word, and of the root as every head; it counts the sentences it is asked."""

    def __init__(self, label=5, top=1.0):
        self.row = np.full(7, (1 - top) / 6, dtype=np.float32)
        self.row[label] = top
        self.asked = 0

    def distributions(self, sentences):
        self.asked += len(sentences)
        return [np.tile(self.row, (len(words), 1)) for words in sentences]

    def trees(self, sentences):
        self.asked += len(sentences)
        roots = [np.zeros((len(words), len(words) + 1), dtype=np.float32) for words in sentences]
        for arcs in roots:
            arcs[:, 0] = 1
        return [{"arcs": arcs, "relations": np.full((len(arcs), 2), 0.5, dtype=np.float32)} for arcs in roots]

    def signature(self):
        return str(self.row)


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer([one.tokens for one in [*LABELLED, *PLAIN]])


@pytest.fixture
def model(tokenizer):
    """An untrained student with a parser, always the same."""
    set_seed(3)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    backbone = BertConfig(vocab_size=len(tokenizer), hidden_dropout_prob=0.0, **size)
    return XnerForTokenClassificationAndParsing(
        XnerConfig(
            backbone,
            id2label=dict(enumerate(NER_LABELS)),
            relation_labels=RELATIONS,
            arc_size=8,
            relation_size=8,
            head_dropout=0.0,
            parser_dropout=0.0,
        )
    )


@pytest.fixture
def trainer(model, tokenizer, tmp_path):
    """The function that returns a trainer of corpora, two sentences a step and every step logged."""

    def make(corpora, loss=None, teaching=None, model=model, **changes):
        settings = {"max_steps": 4, "learning_rate": 0.1, "lr_scheduler_type": "constant", "optim": "sgd"}
        args = TrainingArguments(
            output_dir=str(tmp_path / "out"),
            per_device_train_batch_size=2,
            logging_steps=1,
            save_strategy="no",
            use_cpu=True,
            seed=7,
            disable_tqdm=True,
            max_grad_norm=0.0,
            **(settings | {"weight_decay": 0.5} | changes),
        )
        relations = {name: number for number, name in enumerate(RELATIONS)}
        for corpus in corpora:
            corpus.encode(tokenizer, 32, relations)
        sampling = {"strategy": "alternate"}
        return XnerTrainer(model, args, corpora, loss, sampling, teaching, processing_class=tokenizer)

    return make


def logged(trainer):
    trainer.train()
    return [entry for entry in trainer.state.log_history if "loss" in entry]


def taught(**sources):
    """A callback with a source of `PLAIN` for the corpus of every number ``n0``, ``n1``, ..."""
    words = [sentence.tokens for sentence in PLAIN]
    return {int(name[1:]): SoftSource(teacher, words) for name, teacher in sources.items()}


# Weights


def test_the_loss_is_the_weighted_sum_of_its_terms(trainer):
    config = LossConfig(weights={"ner": 0.5, "parsing": 2.0})
    labels, trees, *_ = logged(trainer([Corpus("labels", LABELLED), Corpus("trees", PARSED)], config))
    assert labels["loss"] == pytest.approx(0.5 * labels["loss_ner"], abs=1e-6)
    assert trees["loss"] == pytest.approx(2 * (trees["loss_arc"] + trees["loss_rel"]), abs=1e-6)
    assert {"loss_arc", "loss_soft"}.isdisjoint(labels) and "loss_ner" not in trees


def test_scheduled_weights_run_over_the_training(trainer):
    found = logged(trainer([Corpus("labels", LABELLED)], LossConfig(weights={"ner": [1.0, 0.0]})))
    shares = [entry["loss"] / entry["loss_ner"] for entry in found]
    assert shares == pytest.approx([1.0, 0.75, 0.5, 0.25], abs=1e-5)


def test_a_weight_of_zero_leaves_the_student_alone(trainer, model):
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    config = LossConfig(weights={"ner": 0.0})
    assert logged(trainer([Corpus("labels", LABELLED)], config, weight_decay=0.0))[0]["loss_ner"] > 1
    assert all(torch.equal(weight, before[name]) for name, weight in model.named_parameters())


def test_weights_of_words_are_relative_within_the_batch(trainer):
    def loss_with(score):
        sentences = [Sentence(one.id, one.tokens, [Span(0, 1, "PER", score)]) for one in LABELLED]
        corpus = Corpus("labels", sentences, confidence=True)
        return logged(trainer([corpus], max_steps=1, learning_rate=0.0))[0]["loss_ner"]

    others, whole = loss_with(0.0), loss_with(1.0)  # means over two words and over three
    name = 3 * whole - 2 * others
    assert loss_with(0.5) == pytest.approx((0.5 * name + 2 * others) / 2.5, abs=1e-5)


# Learned weights


def test_learned_weights_follow_homoscedastic_uncertainty(trainer, model):
    # At log s^2 = 0 the loss is half of the task's, and its gradient by log s^2 is (1 - loss) / 2.
    (entry,) = logged(trainer([Corpus("labels", LABELLED)], LossConfig(learned=True), max_steps=1))
    assert entry["loss"] == pytest.approx(entry["loss_ner"] / 2, abs=1e-6)
    moved = dict(zip(TASKS, model.task_log_variances.tolist(), strict=True))
    assert moved.pop("ner") == pytest.approx(-LOG_VARIANCE_RATE * (1 - entry["loss_ner"]) / 2, abs=1e-6)
    assert set(moved.values()) == {0.0}


def test_learned_weights_are_used_and_do_not_decay(trainer, model):
    first, second = logged(trainer([Corpus("labels", LABELLED)], LossConfig(learned=True), max_steps=2))
    variance = -LOG_VARIANCE_RATE * (1 - first["loss_ner"]) / 2
    expected = np.exp(-variance) * second["loss_ner"] / 2 + variance / 2
    assert second["loss"] == pytest.approx(expected, abs=1e-5)
    moved = variance - LOG_VARIANCE_RATE * (1 - np.exp(-variance) * second["loss_ner"]) / 2
    assert model.task_log_variances[0].item() == pytest.approx(moved, abs=1e-5)


# Soft labels


def test_a_teacher_is_asked_once_before_the_first_step(trainer):
    teacher = Teacher()
    found = logged(trainer([Corpus("plain", PLAIN, soft=True)], None, TeacherStudentCallback(taught(n0=teacher))))
    assert teacher.asked == 8 and all("loss_soft" in entry for entry in found)


def test_labels_and_a_teacher_may_speak_of_the_same_sentences(trainer):
    source = SoftSource(Teacher(), [sentence.tokens for sentence in LABELLED])
    corpus = Corpus("both", LABELLED, soft=True)
    entry = logged(trainer([corpus], LossConfig("kl"), TeacherStudentCallback({0: source})))[0]
    assert entry["loss"] == pytest.approx(entry["loss_ner"] + entry["loss_soft"], abs=1e-6)


def test_sentences_of_an_unsure_teacher_are_left_out_and_counted(trainer):
    sources = taught(n0=Teacher(top=0.4))
    sources[0].confidence = 0.5
    teaching = TeacherStudentCallback(sources)
    found = logged(trainer([Corpus("plain", PLAIN, soft=True)], None, teaching))
    assert teaching.left_out == {0: 8} and all(entry["loss"] == 0 for entry in found)


def test_the_arcs_of_a_parsing_teacher_are_learnt_beside_its_labels(trainer):
    sources = taught(n0=Teacher())
    sources[0].parser = Teacher()
    entry = logged(trainer([Corpus("plain", PLAIN, soft=True)], None, TeacherStudentCallback(sources)))[0]
    parts = entry["loss_soft"] + entry["loss_soft_arc"] + entry["loss_soft_rel"]
    assert entry["loss"] == pytest.approx(parts, abs=1e-5)
    assert entry["loss_soft_rel"] == pytest.approx(np.log(2), abs=0.1)


# The moving average


def test_a_moving_average_keeps_its_decay_and_takes_in_the_rest(model, tokenizer):
    average = MovingAverage(model, tokenizer, 0.75)
    with torch.no_grad():
        before = model.classifier.bias.clone()
        model.classifier.bias += 1.0
    average.update(model, 3)
    assert torch.allclose(average.model.classifier.bias, before + 0.25)
    assert torch.allclose(model.classifier.bias, before + 1.0)
    assert not any(weight.requires_grad for weight in average.model.parameters())


def test_the_untrained_student_that_an_average_begins_as_is_soon_forgotten(model, tokenizer):
    average = MovingAverage(model, tokenizer, 0.999)
    before = model.classifier.bias.detach().clone()
    for step in range(1, 100):
        with torch.no_grad():
            model.classifier.bias += 1.0
        average.update(model, step)
    # Of the first 99 steps it is the plain mean, with what was there before them: 0, 1, ..., 99.
    assert torch.allclose(average.model.classifier.bias, before + 49.5, rtol=1e-4)


def teach_for_two_epochs(trainer, **sources):
    teaching = TeacherStudentCallback(taught(**sources), decay=0.5)
    made = trainer([Corpus("plain", PLAIN, soft=True)], LossConfig("kl"), teaching, max_steps=8)
    return made, logged(made)


def test_the_moving_average_takes_over_after_an_epoch(trainer):
    teacher = Teacher()
    made, found = teach_for_two_epochs(trainer, n0=teacher)
    assert teacher.asked == 8
    # Student and average have hardly parted, while the teacher was sure.
    assert found[4]["loss_soft"] < 0.1 < found[3]["loss_soft"]
    assert made.data_collator.soft[0].labels(0).max() < 1


def test_labels_of_an_earlier_run_in_the_folder_are_not_taken(trainer, tmp_path):
    teach_for_two_epochs(trainer, n0=Teacher(5))
    before = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.safetensors")}
    made, _ = teach_for_two_epochs(trainer, n0=Teacher(1))
    after = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.safetensors")}
    assert len(before) == len(after) == 1 and before != after
    rows = made.data_collator.soft[0].labels(0)
    assert rows.mean(0)[1] > 1 / 7


def test_a_corpus_without_a_teacher_of_labels_gets_none_from_the_average(trainer):
    words = [sentence.tokens for sentence in PLAIN]
    parser = Teacher()
    teaching = TeacherStudentCallback({0: SoftSource(None, words, parser=parser)}, decay=0.5)
    made = trainer([Corpus("plain", PLAIN, soft=True)], None, teaching, max_steps=8)
    assert [entry["loss_soft_arc"] > 0 for entry in logged(made)] == [True] * 8
    assert made.data_collator.soft[0].labels(0).sum() == 0 and parser.asked == 8


@pytest.mark.parametrize(
    ("arguments", "message"), [((1.0,), "is 1.0"), ((0.0,), "is 0.0"), ((0.5, 0), "every 0 epochs")]
)
def test_an_average_that_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(XnerError, match=message):
        TeacherStudentCallback({}, *arguments)


# What is refused


def test_a_model_without_a_parser_takes_no_trees(trainer, model):
    del model.parser
    with pytest.raises(XnerError, match="trees has trees, and the model has no parser"):
        trainer([Corpus("trees", PARSED)])


def test_a_corpus_that_is_taught_needs_its_teacher(trainer):
    teaching = TeacherStudentCallback(taught(n0=Teacher()))
    with pytest.raises(XnerError, match="second is to be labelled by a teacher"):
        trainer([Corpus("first", PLAIN, soft=True), Corpus("second", PLAIN, soft=True)], None, teaching)
