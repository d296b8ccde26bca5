"""A student from its corpora to a folder."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from student_fixtures import (
    PLAIN,
    TEXT,
    TREES,
    Oracle,
    assert_same_weights,
    labelled,
    settings,
    weights,
)

from xner_hf.corpora.parallel import splitting_rule
from xner_hf.corpora.sentence import Sentence
from xner_hf.corpora.words import word_patterns
from xner_hf.demo import tiny_backbone
from xner_hf.errors import XnerError
from xner_hf.evaluation.scores import score_tagger
from xner_hf.models.words_xner import split_words
from xner_hf.spans import NER_LABELS, Span
from xner_hf.tag.model import ModelTagger
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus
from xner_hf.training.losses import LossConfig
from xner_hf.training.soft_labels import SoftSource
from xner_hf.training.student import new_student, train_student

# What comes out


@pytest.fixture(scope="module")
def trained(tokenizer, tmp_path_factory):
    """A student that has learnt the sentences above, and its facts."""
    folder = tmp_path_factory.mktemp("trained") / "student"
    config = settings(epochs=25, learning_rate=3e-3)
    made = new_student(config, (), tiny_backbone(tokenizer), tokenizer)
    provenance = {"corpus": "test"}
    validation = Corpus("validation", TEXT)
    facts = train_student([labelled(4)], folder, config, validation, None, provenance, student=made, quiet=True)
    return folder, facts


def test_a_student_learns_its_sentences_and_is_read_by_the_pipeline(trained):
    from transformers import pipeline

    folder, facts = trained
    assert facts["log"][-1]["eval_f1"] == 1.0
    assert score_tagger(ModelTagger(str(folder)), TEXT)["f1"] == 1.0
    ner = pipeline("token-classification", str(folder), aggregation_strategy="first")
    found = [(entity["entity_group"], entity["word"]) for entity in ner("Halima Bello ta bar Zaria .")]
    assert found == [("PER", "Halima Bello"), ("LOC", "Zaria")]
    glued = [(entity["entity_group"], entity["word"]) for entity in ner("Halima Bello ta bar Zaria.")]
    assert glued == found


@pytest.mark.parametrize(
    ("language", "words"), [("hau", ["Zaria", "."]), ("zho", ["北", "京", "Zaria", "."]), (None, [])]
)
def test_a_student_splits_text_by_the_rule_of_its_language(tokenizer, tmp_path, language, words):
    from transformers import AutoConfig

    config = settings(epochs=1)
    made = new_student(config, (), tiny_backbone(tokenizer), tokenizer)
    train_student([labelled()], tmp_path, config, student=made, quiet=True, language=language)
    patterns = AutoConfig.from_pretrained(tmp_path).word_patterns
    assert patterns == word_patterns(splitting_rule(language))
    text = "北京Zaria." if language == "zho" else "Zaria."
    assert not words or split_words(text, patterns) == words


def test_a_student_loads_as_a_token_classifier_with_our_labels(trained):
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    model = AutoModelForTokenClassification.from_pretrained(trained[0])
    assert [model.config.id2label[i] for i in range(7)] == list(NER_LABELS)
    assert AutoTokenizer.from_pretrained(trained[0]).is_fast


def test_the_facts_are_written_beside_the_weights(trained):
    folder, facts = trained
    assert json.loads((folder / "training.json").read_text()) == facts
    assert facts["data"] == {"corpus": "test"} and facts["settings"]["learning_rate"] == 3e-3
    assert facts["sentences"] == {"train": {"labels": 16}, "validation": 4}
    assert facts["steps"] == {"labels": 8} and facts["processes"] == 1


def test_the_log_has_the_losses_and_the_scores_of_every_epoch(trained):
    log = trained[1]["log"]
    losses = [entry["loss_ner"] for entry in log if "loss_ner" in entry]
    scores = [entry["eval_f1"] for entry in log if "eval_f1" in entry]
    assert len(losses) == len(scores) == 25
    assert losses[-1] < 0.1 < losses[0]
    assert all({"eval_precision", "eval_recall"} <= set(entry) for entry in log if "eval_f1" in entry)


def test_only_weights_code_and_facts_are_left(trained, train, tmp_path):
    train("plain", [labelled()], settings(checkpoints=False))
    for folder in (trained[0], tmp_path / "plain"):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert {path.suffix for path in files} <= {".json", ".py", ".safetensors"}
        assert {"model.safetensors", "config.json", "tokenizer.json", "training.json"} <= {one.name for one in files}
        assert not [path.name for path in folder.iterdir() if path.is_dir()] and not (folder / "run.json").exists()


def test_learned_weights_of_losses_stay_out_of_the_student(train, tmp_path):
    from transformers import AutoModelForTokenClassification

    train("learned", [labelled()], settings(loss=LossConfig(learned=True)))
    assert not [name for name in weights(tmp_path / "learned") if "variance" in name]
    _, report = AutoModelForTokenClassification.from_pretrained(tmp_path / "learned", output_loading_info=True)
    assert not report["unexpected_keys"] and not report["missing_keys"]


def test_the_same_seed_gives_the_same_weights_and_another_others(train, tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        train(name, [labelled()], settings(epochs=2, seed=seed))
    assert_same_weights(tmp_path / "a", tmp_path / "b")
    with pytest.raises(AssertionError):
        assert_same_weights(tmp_path / "a", tmp_path / "c")


# Several corpora


def test_labels_and_trees_are_learnt_together_and_both_validated(train, tmp_path):
    both = Sentence(
        "v", TREES[1].tokens, [Span(0, 1, "PER"), Span(3, 4, "LOC")], None, TREES[1].heads, TREES[1].relations
    )
    relations = ["root", "aux", "nsubj", "obj"]
    config = settings(epochs=25, learning_rate=3e-3, sampling="alternate")
    corpora = [labelled(2), Corpus("trees", TREES * 4)]
    facts = train("both", corpora, config, relations, validation=Corpus("validation", [both]))
    assert facts["log"][-1]["eval_uas"] == facts["log"][-1]["eval_las"] == 1.0
    assert "eval_f1" in facts["log"][-1]
    assert facts["steps"] == {"labels": 4, "trees": 4}
    saved = json.loads((tmp_path / "both" / "config.json").read_text())
    assert saved["relation_labels"] == relations and saved["tasks"] == ["ner", "parsing"]


def test_a_teacher_stands_in_for_labels(train, tmp_path):
    config = settings(epochs=25, learning_rate=3e-3, loss=LossConfig("kl"))
    source = SoftSource(Oracle(), [sentence.tokens for sentence in PLAIN * 4])
    facts = train("distilled", [Corpus("distill", PLAIN * 4, soft=True)], config, sources={0: source})
    assert score_tagger(ModelTagger(str(tmp_path / "distilled")), TEXT)["f1"] == 1.0
    assert facts["left_out_by_confidence"] == {"distill": 0}
    assert {"loss_soft"} == {key for entry in facts["log"] for key in entry if key.startswith("loss_")}


def test_relations_of_a_parsing_teacher_come_first(student, tmp_path, tokenizer):
    folder = tmp_path / "encoder"
    student(settings())[0].backbone.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    config = settings(backbone=str(folder))
    train_student(
        [labelled(), Corpus("trees", TREES)], tmp_path / "out", config, relations=["root", "obj"], quiet=True
    )
    saved = json.loads((tmp_path / "out" / "config.json").read_text())
    assert saved["relation_labels"] == ["root", "obj", "aux", "nsubj"]


def test_the_tokenizer_of_a_student_has_the_limit_of_its_encoder(train, student, tmp_path):
    model, tokenizer = student(settings())
    before = tokenizer.model_max_length
    tokenizer.model_max_length = int(1e30)
    try:
        train("limited", [labelled()], settings(max_length=16))
        kept = json.loads((tmp_path / "limited" / "tokenizer.json").read_text())
        assert kept["truncation"] is None and kept["padding"] is None
        limit = json.loads((tmp_path / "limited" / "tokenizer_config.json").read_text())["model_max_length"]
        assert limit == model.config.backbone_config.max_position_embeddings
    finally:
        tokenizer.model_max_length = before


# What is refused


def test_a_loss_that_is_no_number_stops_and_names_the_sentences(train, tmp_path):
    bad = Sentence("bad", ["Kano", "ne"], [Span(0, 1, "LOC", float("nan"))])
    with pytest.raises(XnerError, match="loss of step 0 is not finite.*lower learning rate"):
        train("nan", [Corpus("labels", [bad, TEXT[0]], confidence=True)])
    (file,) = (tmp_path / "nan").rglob("not_finite-0.json")
    found = json.loads(file.read_text())
    assert found["step"] == 0
    assert sorted(found["sentences"]) == ["labels: sentence '0'", "labels: sentence 'bad'"]


def test_weights_that_the_last_step_broke_are_not_saved(student, tmp_path):
    model, words = student(settings())
    with torch.no_grad():  # a row that no sentence reads, so that no loss tells
        model.get_input_embeddings().weight[words.convert_tokens_to_ids("[MASK]")] = float("inf")
    with pytest.raises(XnerError, match=r"weights that are not finite \(.*embeddings"):
        train_student([labelled()], tmp_path / "broken", settings(), student=(model, words), quiet=True)
    assert not (tmp_path / "broken" / "model.safetensors").exists()


def test_what_cannot_be_trained_is_said(train, tmp_path):
    with pytest.raises(XnerError, match="no corpus to train on"):
        train("x", [])
    with pytest.raises(XnerError, match="labels has no sentence"):
        train("x", [Corpus("labels", [])])
    with pytest.raises(XnerError, match="plain has neither entity labels nor trees"):
        train("x", [Corpus("plain", PLAIN)])
    with pytest.raises(XnerError, match="distill is to be labelled by a teacher"):
        train("x", [Corpus("distill", PLAIN, soft=True)])
    with pytest.raises(XnerError, match="validation has no sentence"):
        train("x", [labelled()], validation=Corpus("validation", []))
    with pytest.raises(
        XnerError, match="'t0' has the relation 'nsubj', which the student does not have; it has no parser"
    ):
        train("x", [Corpus("trees", TREES)])
    with pytest.raises(XnerError, match="patience needs validation"):
        train("x", [labelled()], settings(patience=1))
    with pytest.raises(XnerError, match="ema_decay is given"):
        train("x", [labelled()], settings(ema_decay=0.9))
    assert not list(tmp_path.rglob("run.json"))


def test_a_folder_that_cannot_be_written_is_refused_first(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(XnerError, match="cannot be written.*--output"):
        train_student([], tmp_path / "file" / "student", settings())


def test_an_unknown_backbone_is_named(tmp_path, mirror):
    with pytest.raises(XnerError, match="no model 'org/encoder'.*minilm-conll2003-en"):
        train_student([labelled()], tmp_path / "student", TrainingConfig("org/encoder"))
    shutil.rmtree(tmp_path / "student")  # nothing but the folder that was tried
