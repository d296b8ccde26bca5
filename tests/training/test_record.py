"""What a training run was made from and what it took."""

from __future__ import annotations

import json
import os
import sys
import types
from types import SimpleNamespace

import pytest
import torch

from xner_hf.demo import tiny_backbone, tiny_tokenizer
from xner_hf.pipeline.build import build_corpus
from xner_hf.recipe import make_recipe
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus
from xner_hf.training.provenance import FROM_SCRATCH, command_line, public_name, training_inputs
from xner_hf.training.record import TrainingRecord, hardware
from xner_hf.training.soft_labels import SoftSource
from xner_hf.training.student import new_student, train_student
from xner_hf.training.teachers import Teacher, TeacherEnsemble

WORDS = [["Musa", "ya", "bar", "Kano", "."]]
CPU = SimpleNamespace(device=torch.device("cpu"), world_size=1)


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """A build of the bundled Hausa sample."""
    folder = tmp_path_factory.mktemp("builds") / "hau"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        build_corpus(make_recipe("hau", "sample", {"limit": 20}), folder)
    return folder


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr("xner_hf.training.record.time.monotonic", lambda: now.seconds)
    return now


def at(folder, step, first=True):
    args = SimpleNamespace(output_dir=str(folder), **vars(CPU))
    return args, SimpleNamespace(global_step=step, is_world_process_zero=first), None


def entry(found, role):
    return next(one for one in found["inputs"] if one["role"] == role)


# What it is made from


def test_inputs_of_a_build_are_those_that_the_build_was_made_from(build):
    found = training_inputs(FROM_SCRATCH, {"corpora": [str(build)], "text": [str(build)]})
    assert found["inputs"] == [
        {
            "name": "bundled sample",
            "role": "build hau",
            "revision": None,
            "licence": "cc0-1.0",
            "licence_class": "permissive",
            "local": False,
        }
    ]
    (kept,) = found["builds"]
    facts = json.loads((build / "build.json").read_text())
    assert kept == {"name": "hau", **{key: value for key, value in facts.items() if key != "stages"}}
    assert found["teachers"] == []


def test_models_and_corpora_of_the_tables_have_their_terms(mirror):
    data = {
        "corpora": ["masakhane/masakhaner2:hau"],
        "trees": ["universal-dependencies/universal_dependencies:wo_wtb"],
        "parser": "org/parser",
    }
    source = SoftSource(Teacher("xner/minilm-conll2003-en", "main"), WORDS)
    found = training_inputs("org/encoder", data, {0: source})
    terms = {one["role"]: (one["name"], one["licence"], one["licence_class"]) for one in found["inputs"]}
    assert terms == {
        "backbone": ("org/encoder", "unknown", "unknown"),
        "corpus": ("masakhane/masakhaner2:hau", "cc-by-nc-4.0", "non-commercial"),
        "treebank": ("universal-dependencies/universal_dependencies:wo_wtb", "cc-by-sa-4.0", "permissive"),
        "teacher": ("xner/minilm-conll2003-en", "other", "research-only"),
        "parser": ("org/parser", "unknown", "unknown"),
    }
    assert found["teachers"] == [{"model": "xner/minilm-conll2003-en", "revision": "main", "weight": 1.0}]
    assert entry(found, "teacher")["revision"] == "main"


def test_teachers_have_their_weights(mirror):
    teachers = [Teacher("xner/minilm-conll2003-en"), Teacher(str(mirror / "models" / "xner" / "minilm-conll2003-en"))]
    found = training_inputs(FROM_SCRATCH, {}, {0: SoftSource(TeacherEnsemble(teachers, [3, 1]), WORDS)})
    assert [(one["model"], one["weight"]) for one in found["teachers"]] == [
        ("xner/minilm-conll2003-en", 0.75),
        ("minilm-conll2003-en", 0.25),
    ]


def test_a_student_of_ours_has_the_terms_of_what_it_was_made_from(tmp_path):
    folder = tmp_path / "parser"
    folder.mkdir()
    made_from = [
        {"name": "a/b", "role": "treebank", "revision": None, "licence": "mit", "licence_class": "permissive"}
    ]
    (folder / "training.json").write_text(json.dumps({"inputs": made_from}))
    found = training_inputs(str(folder), {})
    assert found["inputs"][0] == {**made_from[0], "role": "backbone parser"}


def test_files_of_this_machine_are_named_without_their_folders_and_have_no_known_terms(tmp_path):
    file = tmp_path / "my.conll"
    file.write_text("")
    (found,) = training_inputs(FROM_SCRATCH, {"corpora": [str(file)]})["inputs"]
    assert (found["name"], found["licence_class"], found["local"]) == ("my.conll", "unknown", True)


def test_builds_that_lie_in_no_folder_are_named_with_their_inputs():
    licences = [{"name": "masakhane/mafand", "licence": "cc-by-nc-4.0", "licence_class": "non-commercial"}]
    facts = {"name": "gone", "language": "luo", "recipe": {"recipe": "parallel"}, "licences": licences}
    found = training_inputs(FROM_SCRATCH, {"corpora": [], "builds": [facts]})
    assert [(one["name"], one["role"], one["licence"]) for one in found["inputs"]] == [
        ("masakhane/mafand", "build luo", "cc-by-nc-4.0")
    ]
    assert found["builds"] == [facts]


def test_training_data_that_nobody_named_are_unknown():
    (found,) = training_inputs(FROM_SCRATCH, {"corpus": "something"})["inputs"]
    assert (found["name"], found["licence"]) == ("training data", "unknown")


def test_the_command_is_kept_without_folders_of_this_machine(monkeypatch):
    words = ["xner", "train", "hau", "--corpus", "/home/jane/my text.tsv", "--set=backbone=/m/enc", "--seed", "7"]
    monkeypatch.setattr(sys, "argv", words)
    assert command_line() == "xner train hau --corpus 'my text.tsv' --set=backbone=enc --seed 7"
    monkeypatch.setattr(sys, "argv", ["xner", "train", "--output=../out/m", "build/hau"])
    assert command_line() == "xner train --output=m build/hau"


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("org/name", "org/name"),
        ("org/name:config/split", "org/name:config/split"),
        ("build/hau", "build/hau"),
        ("/home/jane/tagger", "tagger"),
        ("~/tagger", "tagger"),
        ("../tagger", "tagger"),
        ("C:\\Users\\jane\\tagger", "tagger"),
        ("/home/jane/a.en,/home/jane/a.ha", "a.en,a.ha"),
    ],
)
def test_strangers_see_no_folders_of_this_machine(reference, name):
    assert public_name(reference) == name


# What it took


def test_seconds_are_those_between_begin_and_end(tmp_path, clock):
    record = TrainingRecord()
    record.on_train_begin(*at(tmp_path, 0))
    clock.seconds += 12.34
    record.on_train_end(*at(tmp_path, 8))
    clock.seconds += 99
    facts = record.facts()
    assert facts["seconds"] == 12.3 and facts["emissions"] is None
    assert facts["versions"]["xner-hf"] and facts["versions"]["torch"] == torch.__version__
    assert facts["hardware"]["number"] == 1 and facts["hardware"]["cores"] == os.cpu_count()
    assert len(facts["date"]) == 10


def test_a_resumed_run_counts_what_went_before(tmp_path, clock):
    (tmp_path / "checkpoint-4").mkdir()
    first = TrainingRecord()
    first.on_train_begin(*at(tmp_path, 0))
    clock.seconds += 10
    first.on_save(*at(tmp_path, 4))
    clock.seconds += 5  # lost when it was killed
    second = TrainingRecord()
    second.on_train_begin(*at(tmp_path, 4))
    clock.seconds += 7
    second.on_train_end(*at(tmp_path, 8))
    assert second.facts()["seconds"] == 17.0


def test_a_checkpoint_of_an_older_version_is_gone_on_from(tmp_path, clock):
    record = TrainingRecord()
    record.on_train_begin(*at(tmp_path, 4))
    clock.seconds += 3
    record.on_train_end(*at(tmp_path, 8))
    assert record.facts()["seconds"] == 3.0


@pytest.fixture
def codecarbon(monkeypatch):
    """A stand-in for codecarbon, which is not installed here: 2 g flushed, 5 g at the end."""
    module = types.ModuleType("codecarbon")

    class EmissionsTracker:
        def __init__(self, save_to_file, log_level):
            assert save_to_file is False
            self.final_emissions_data = SimpleNamespace(country_name="Kenya")

        def start(self):
            pass

        def flush(self):
            return 0.002

        def stop(self):
            return 0.005

    module.EmissionsTracker = EmissionsTracker
    monkeypatch.setitem(sys.modules, "codecarbon", module)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: module if name == "codecarbon" else None)


def test_co2_is_measured_where_codecarbon_is_installed(tmp_path, codecarbon):
    (tmp_path / "checkpoint-4").mkdir()
    record = TrainingRecord()
    record.on_train_begin(*at(tmp_path, 0))
    record.on_save(*at(tmp_path, 4))
    record.on_train_end(*at(tmp_path, 8))
    assert record.facts()["emissions"] == {"grams": 5.0, "place": "Kenya"}
    resumed = TrainingRecord()
    resumed.on_train_begin(*at(tmp_path, 4))
    resumed.on_train_end(*at(tmp_path, 8))
    assert resumed.facts()["emissions"]["grams"] == 7.0


def test_co2_of_a_part_of_the_machines_is_not_taken_for_that_of_all(tmp_path, codecarbon, monkeypatch):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    args, state, control = at(tmp_path, 0)
    args.world_size = 8
    record = TrainingRecord()
    record.on_train_begin(args, state, control)
    record.on_train_end(args, state, control)
    assert record.facts()["emissions"] is None


def test_hardware_names_what_computes():
    found = hardware(torch.device("cpu"), 2)
    assert found["device"] and found["number"] == 2


def test_training_keeps_its_record_beside_the_weights_and_removes_scores_of_earlier_ones(build, tmp_path):
    from xner_hf.corpora.labelled import read_labelled

    sentences = list(read_labelled(str(build), "train"))
    tokenizer = tiny_tokenizer([one.tokens for one in sentences])
    config = TrainingConfig(FROM_SCRATCH, epochs=1, batch_size=8, max_length=64)
    folder = tmp_path / "student"
    folder.mkdir()
    (folder / "scores.json").write_text("[]")
    student = new_student(config, (), tiny_backbone(tokenizer), tokenizer)
    provenance = {"corpora": [str(build)], "command": "xner train hau"}
    corpora = [Corpus("projected", sentences)]
    facts = train_student(corpora, folder, config, provenance=provenance, student=student, quiet=True)
    assert json.loads((folder / "training.json").read_text()) == facts
    assert facts["run"]["seconds"] > 0 and facts["inputs"][0]["name"] == "bundled sample"
    assert not (folder / "scores.json").exists()
