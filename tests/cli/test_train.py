"""``xner train``: students of every kind, settings from everywhere, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from answers import done, refused
from safetensors.numpy import load_file

from xner_hf.pipeline.build import build_corpus
from xner_hf.recipe import make_recipe

TREE = "1\tMusa\t_\tX\t_\t_\t2\tnsubj\t_\t_\n2\tleft\t_\tX\t_\t_\t0\troot\t_\t_\n\n"


@pytest.fixture(scope="module")
def sample_build(tmp_path_factory):
    """A small build of the bundled Hausa sample."""
    folder = tmp_path_factory.mktemp("builds") / "hau"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        build_corpus(make_recipe("hau", "sample", {"projector": "candidates"}), folder)
    return folder


@pytest.fixture
def train(xner, sample_build, mirror, tmp_path):
    """Run ``xner train`` beside ``build/hau``, with the encoder of the invented tagger, on few sentences."""
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "hau").symlink_to(sample_build)
    backbone = str(mirror / "models" / "xner" / "minilm-conll2003-en")
    return lambda *arguments: xner("train", *arguments, "--backbone", backbone, "--limit", "12")


# Students


def test_a_student_of_projected_labels_is_written_and_shown(train):
    code, out, err = train("hau", "--epochs", "1")
    assert code == 0 and "trained on 12 of projected -> models/hau-projected" in out
    assert "validation F1" in out and "xner evaluate models/hau-projected" in out
    assert "projected: 12 sentences" in err


def test_a_student_that_has_not_left_o_is_told(train, xner, mirror, write_corpus):
    bare = {"id": "0", "tokens": ["Musa", "ya", "ziyarci", "Kano"], "ner_tags": [0, 0, 0, 0]}
    named = {**bare, "ner_tags": [1, 0, 0, 5]}
    names = {"ner_tags": ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]}
    splits = {"train": [{**bare, "id": str(number)} for number in range(12)], "validation": [named]}
    write_corpus(mirror, "org/bare", {"hau": splits, "named": {"train": [named] * 12, "validation": [named]}}, names)
    options = ("--arm", "direct", "--epochs", "8", "--learning-rate", "0.01")
    code, out, err = train("--corpus", "org/bare:hau", *options)
    assert code == 0 and "validation F1 0.0" in out
    assert "predicts no entity on its validation sentences" in err and "(--epochs, now 8)" in err
    gold = ("--gold", "org/bare:named", "--split", "validation")
    assert "no entity was predicted at all" in xner("evaluate", "models/bare-hau", *gold)[1]
    code, out, err = train("--corpus", "org/bare:named", *options)
    assert code == 0 and "validation F1 100.0" in out and "predicts no entity" not in err
    assert "no entity was predicted" not in xner("evaluate", "models/bare-named", *gold)[1]


def test_a_teacher_and_a_treebank_come_with_the_arm(train, tmp_path):
    (tmp_path / "own.conllu").write_text(TREE * 3)
    arm = "projected+distill-aligned+parse"
    facts = done(train("hau", "--arm", arm, "--trees", "own.conllu", "--epochs", "1", "--json"))
    assert facts["output"] == f"models/hau-{arm}"
    assert facts["sentences"]["train"] == {"projected+distill-aligned": 12, "trees": 3}
    terms = {key for entry in facts["log"] for key in entry if key.startswith("loss_")}
    assert terms == {"loss_ner", "loss_soft", "loss_arc", "loss_rel"}
    saved = json.loads(Path(facts["output"], "config.json").read_text())
    assert saved["relation_labels"] == ["root", "nsubj"]


def test_a_student_that_parses_teaches_another(train, tmp_path):
    (tmp_path / "own.conllu").write_text(TREE * 3)
    done(train("hau", "--arm", "projected+parse", "--trees", "own.conllu", "--epochs", "1", "--json"))
    options = ("--arm", "projected+parse", "--parser", "models/hau-projected+parse", "--output", "second")
    facts = done(train("hau", *options, "--epochs", "1", "--json"))
    assert facts["sentences"]["train"] == {"projected": 12}
    assert {"loss_soft_arc", "loss_soft_rel"} <= {key for entry in facts["log"] for key in entry}
    projected = done(train("hau", *options[:-1], "third", "--project-trees", "--epochs", "1", "--json"))
    assert "projected trees" in projected["sentences"]["train"]


def test_where_the_default_teacher_cannot_be_had_another_can_be_named(train, mirror):
    shutil.rmtree(mirror / "models" / "dslim")
    refused(train("hau", "--arm", "distill"), "no model 'dslim/bert-base-NER'", "--teacher ORG/NAME")


def test_several_teachers_are_weighed(train):
    def weights(*options):
        teachers = ("--teacher", "xner/minilm-conll2003-en", "--teacher", "xner/minilm-conll2003-en")
        facts = done(train("hau", "--arm", "distill", *teachers, *options, "--epochs", "1", "--json"))
        return load_file(Path(facts["output"]) / "model.safetensors")["classifier.weight"]

    # Both are the same, so that all weights lead to the same labels.
    assert abs(weights("--teacher-weights", "0.7,0.3") - weights()).max() < 1e-4


def test_any_labelled_corpus_trains_a_tagger(train):
    facts = done(train("--corpus", "masakhane/masakhaner2:hau", "--arm", "direct", "--epochs", "1", "--json"))
    assert facts["output"] == "models/masakhaner2-hau" and facts["sentences"]["train"] == {"direct": 1}


# Settings


def test_settings_come_from_a_file_then_from_set_then_from_options(train, tmp_path):
    (tmp_path / "train.yaml").write_text("epochs: 7\nseed: 5\nlearning_rate: 0.001\nloss: {temperature: 2.0}\n")
    options = ("--config", "train.yaml", "--set", "loss.soft=kl", "--set", "seed=6", "--epochs", "1")
    settings = done(train("hau", "--arm", "projected+distill", *options, "--json"))["settings"]
    assert (settings["epochs"], settings["seed"], settings["learning_rate"]) == (1.0, 6, 0.001)
    assert settings["loss"] == {"soft": "kl", "temperature": 2.0, "weights": {}, "learned": False}


def test_weights_of_losses_are_set_by_name(train):
    setting = "loss.weights={ner: 0.5, soft: [1.0, 0.0]}"
    facts = done(train("hau", "--arm", "projected+distill", "--set", setting, "--epochs", "1", "--json"))
    assert facts["settings"]["loss"]["weights"] == {"ner": 0.5, "soft": [1.0, 0.0]}


def test_confidence_reaches_the_corpus(train):
    losses = [
        [
            entry["loss_ner"]
            for entry in done(train("hau", "--epochs", "1", *options, "--json"))["log"]
            if "loss" in entry
        ]
        for options in ((), ("--confidence",), ("--min-confidence", "0.9"))
    ]
    assert len({tuple(one) for one in losses}) == 3


def test_two_processes_train_one_student(train, mirror, tmp_path):
    backbone = str(mirror / "models" / "xner" / "minilm-conll2003-en")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command += ["-m", "xner_hf", "train", "hau", "--backbone", backbone, "--limit", "12", "--epochs", "1", "--json"]
    env = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    ran = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=400, check=False)
    assert ran.stdout, ran.stderr[-3000:]
    assert json.loads(ran.stdout)["processes"] == 2  # one object, however many processes there are
    assert json.loads((tmp_path / "models" / "hau-projected" / "training.json").read_text())["processes"] == 2


# What is refused


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["--corpus"]),
        (("hau", "--arm", "distil"), ["no arm 'distil'", "'distill'"]),
        (("hausa-x",), ["hausa-x"]),
        (("hau", "--teacher", "a/b"), ["--teacher a/b", "arm with distill"]),
        (("hau", "--arm", "distill", "--teacher", "a/b"), ["a/b"]),
        (("hau", "--arm", "distill", "--teacher-weights", "0.5,0.5"), ["single teacher"]),
        (("hau", "--set", "epoch=3"), ["no key 'epoch'", "'epochs'"]),
        (("hau", "--set", "loss.soft=mes"), ["unknown loss 'mes'", "'mse'"]),
        (("hau", "--set", "loss=kl"), ["loss is 'kl'", "loss.soft"]),
        (("hau", "--set", "epochs"), ["KEY=VALUE"]),
        (("hau", "--epochs", "0"), ["epochs is 0"]),
        (("hau", "--config", "gone.yaml"), ["gone.yaml"]),
        (("hau", "--resume"), ["nothing to resume"]),
        (("hau", "--trees", "x.conllu"), ["ignores trees", "parse"]),
        (("hau", "--text", "x.txt"), ["ignores text", "distill"]),
        (("hau", "--project-trees"), ["--parser"]),
        (("hau", "--set", "ema_decay=0.9"), ["ema_decay"]),
        (("hau", "--set", "sampling=alternat"), ["no sampling 'alternat'", "'alternate'"]),
    ],
)
def test_bad_input_is_refused_with_a_remedy(train, arguments, words):
    refused(train(*arguments), *words)


@pytest.mark.parametrize("weights", ["much,little", "0.5", "0,0", "-1,2"])
def test_weights_that_do_not_fit_the_teachers_are_refused(train, weights):
    teachers = ("--teacher", "xner/minilm-conll2003-en", "--teacher", "xner/minilm-conll2003-en")
    refused(train("hau", "--arm", "distill", *teachers, "--teacher-weights", weights), "weight")


def test_a_language_without_a_build_names_the_command_that_makes_one(xner):
    refused(xner("train", "hau"), "xner build hau")
