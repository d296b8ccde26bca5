"""What must not be published, and that every reason is told before the Hub is asked for anything."""

from __future__ import annotations

import json
import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xner_hf.demo import tiny_backbone, tiny_tokenizer
from xner_hf.pipeline.build import build_corpus
from xner_hf.pipeline.schema import corpus_schema
from xner_hf.publish import Refused
from xner_hf.publish.checks import check_dataset, check_model
from xner_hf.publish.export import export_builds
from xner_hf.publish.remote import sha256
from xner_hf.recipe import make_recipe
from xner_hf.spans import Span
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus, Sentence
from xner_hf.training.student import new_student, train_student

SECRET = "hf_" + "aB3" * 12  # of the form of a token, of nobody


def refused(call, *words):
    with pytest.raises(Refused) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    return str(caught.value)


def replace_rows(folder, name, change):
    """Change the rows of a shard, and all that vouches for them."""
    path = folder / name
    rows = pq.read_table(path).to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=corpus_schema()), path, compression="zstd")
    export = folder / name.split("/")[0] / "export.json"
    facts = json.loads(export.read_text())
    facts["sha256"][name] = sha256(path)
    export.write_text(json.dumps(facts))


# Data sets


def test_a_whole_export_passes(exported):
    assert list(check_dataset(exported("hau")).exports) == ["hau"]


def test_a_missing_a_changed_and_a_foreign_file_are_all_told_at_once(exported):
    folder = exported("hau")
    (folder / "hau/train-00001-of-00003.parquet").unlink()
    (folder / "hau/recipe.yaml").write_text("recipe: other\n")
    (folder / "notes.txt").write_text("mine\n")
    refused(
        lambda: check_dataset(folder),
        "train-00001-of-00003.parquet is missing",
        "hau/recipe.yaml was changed after the export",
        "notes.txt is not part of the export",
    )


def test_rows_that_do_not_add_up_are_refused(exported):
    folder = exported("hau")
    replace_rows(folder, "hau/train-00000-of-00003.parquet", lambda rows: rows.pop())
    refused(lambda: check_dataset(folder), "hau/train has 140 rows, but the build made 141")


def test_an_empty_folder_is_no_data_set(tmp_path):
    refused(lambda: check_dataset(tmp_path), "holds no exported data set", "dataset_scripts/projected.py")


def test_a_file_outside_of_the_folder_is_not_followed(exported):
    folder = exported("hau")
    export = folder / "hau/export.json"
    facts = json.loads(export.read_text())
    facts["sha256"]["../secret"] = "0" * 64
    export.write_text(json.dumps(facts))
    refused(lambda: check_dataset(folder), "lies outside of hau")


def test_a_secret_is_found_in_text_and_in_rows_and_is_not_repeated(exported, monkeypatch):
    folder = exported("hau")
    script = folder / "scripts/projected.py"
    script.write_text(script.read_text() + f"# {SECRET}\n")
    replace_rows(folder, "hau/train-00000-of-00003.parquet", lambda rows: rows[3]["tokens"].append("AKIA" + "A" * 16))
    told = refused(
        lambda: check_dataset(folder),
        "scripts/projected.py holds a token of the Hub",
        "train-00000-of-00003.parquet holds a key of AWS",
    )
    assert SECRET not in told
    script.write_text("# my-own-token-of-no-known-form\n")
    monkeypatch.setenv("HF_TOKEN", "my-own-token-of-no-known-form")
    refused(lambda: check_dataset(folder), "holds the token of this environment")


def test_a_secret_behind_an_escape_or_cut_into_words_is_found_too(exported, model):
    folder = exported("hau")
    words = ["密", "钥", "hf", "_", SECRET.removeprefix("hf_")]
    replace_rows(folder, "hau/train-00000-of-00003.parquet", lambda rows: rows[3].update(source_tokens=words))
    refused(lambda: check_dataset(folder), "train-00000-of-00003.parquet holds a token of the Hub")
    (model / "tokenizer_config.json").write_text(json.dumps({"chat_template": f"key\n{SECRET}"}))
    refused(lambda: check_model(model, allow_unscored=True), "tokenizer_config.json holds a token of the Hub")


def test_a_pickle_is_refused_whatever_its_name(exported):
    folder = exported("hau")
    (folder / "scripts/data.py").write_bytes(pickle.dumps({"a": 1}))
    refused(lambda: check_dataset(folder), "scripts/data.py is or may be a pickle")


def test_labelled_sentences_of_an_evaluation_set_are_refused(mirror, tmp_path):
    build = tmp_path / "build"
    build_corpus(make_recipe("hau", "parallel"), build)
    (gold,) = (mirror / "datasets/masakhane/masakhaner2/hau").glob("test-*.parquet")
    sentence = pq.read_table(gold).to_pylist()[0]["tokens"]
    folder = tmp_path / "out"
    export_builds([build], folder, licence_override={"licence": "cc-by-nc-4.0", "reason": "invented"})
    check_dataset(folder)

    def leak(rows):
        rows[0]["tokens"] = sentence
        rows[0]["ner_tags"] = [0] * len(sentence)

    replace_rows(folder, "hau/train-00000-of-00001.parquet", leak)
    refused(lambda: check_dataset(folder), "1 labelled sentences are those of evaluation sets")


def test_terms_that_nobody_knows_are_refused_and_can_be_decided_by_hand(exported, tmp_path):
    folder = exported("hau")
    for name in ("hau/build.json", "hau/export.json"):
        facts = json.loads((folder / name).read_text())
        (facts if name.endswith("build.json") else facts["build"])["licences"] = [
            {"name": "org/corpus", "licence": "unknown", "licence_class": "unknown"}
        ]
        (folder / name).write_text(json.dumps(facts))
    facts["sha256"]["hau/build.json"] = sha256(folder / "hau/build.json")
    (folder / "hau/export.json").write_text(json.dumps(facts))
    refused(lambda: check_dataset(folder), "org/corpus")
    facts["licence_override"] = {"licence": "cc-by-4.0", "reason": "the authors wrote so"}
    (folder / "hau/export.json").write_text(json.dumps(facts))
    assert check_dataset(folder).exports["hau"]["licence_override"]["licence"] == "cc-by-4.0"


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("tagger", "/home/amina/models/tagger"),
        ("tagger", "models/tagger"),
        ("tagger", "gold.iob2"),
        ("tagger", "gold.IOB"),
        ("text", "texts"),
        ("text", "a.en,a.sw"),
        ("text", "A.TSV"),
    ],
)
def test_a_recipe_that_names_a_file_of_this_machine_is_refused(exported, part, name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "tagger").mkdir(parents=True)
    own, folder = name, exported("hau")
    for name in ("hau/build.json", "hau/export.json"):
        facts = json.loads((folder / name).read_text())
        recipe = (facts if name.endswith("build.json") else facts["build"])["recipe"]
        recipe[part] = {**(recipe[part] or {}), {"tagger": "model", "text": "corpus"}[part]: own}
        (folder / name).write_text(json.dumps(facts))
    facts["sha256"]["hau/build.json"] = sha256(folder / "hau/build.json")
    (folder / "hau/export.json").write_text(json.dumps(facts))
    refused(lambda: check_dataset(folder), f"'{own}' on this machine")


# Models


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "student"
    words = ["Amina", "ta", "tafi", "Kano", "."]
    sentences = [Sentence(str(i), words, [Span(0, 1, "PER"), Span(3, 4, "LOC")]) for i in range(4)]
    tokenizer = tiny_tokenizer([words])
    config = TrainingConfig("from scratch", epochs=1, batch_size=2, max_length=32)
    student = new_student(config, (), tiny_backbone(tokenizer), tokenizer)
    facts = {"arm": "projected", "language": "hau", "corpora": []}
    train_student([Corpus("projected", sentences)], folder, config, provenance=facts, student=student, quiet=True)
    facts = json.loads((folder / "training.json").read_text())
    facts["inputs"] = [
        {"name": "bundled sample", "role": "corpus", "revision": None, "licence": "cc0-1.0", "local": False}
        | {"licence_class": "permissive"}
    ]
    (folder / "training.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture
def model(trained, tmp_path):
    import shutil

    return shutil.copytree(trained, tmp_path / "student")


SCORE = {
    "dataset": "masakhane/masakhaner2",
    "config": "hau",
    "split": "test",
    "task": "ner",
    "metric": "f1",
    "value": 0.5,
    "precision": 0.5,
    "recall": 0.5,
    "low": 0.4,
    "high": 0.6,
    "sentences": 10,
    "gold": 12,
    "types": {},
    "convention": "strict spans",
    "date": "2026-01-01",
    "command": "xner evaluate student",
}


def test_a_model_without_scores_is_refused_unless_it_is_asked_for(model):
    refused(lambda: check_model(model), "nothing says how good it is", "--save", "--allow-unscored")
    assert "model.safetensors" in check_model(model, allow_unscored=True).names
    (model / "scores.json").write_text(json.dumps([SCORE]))
    assert check_model(model).names


def test_an_unfinished_training_and_pickled_weights_are_refused(model):
    (model / "checkpoints").mkdir()
    (model / "checkpoints" / "optimizer.pt").write_bytes(b"x")
    (model / "run.json").write_text("{}")
    (model / "pytorch_model.bin").write_bytes(pickle.dumps([1]))
    (model / "model.safetensors").unlink()
    refused(
        lambda: check_model(model, allow_unscored=True),
        "no weights in *.safetensors",
        "checkpoints is there, so training did not end",
        "pytorch_model.bin is or may be a pickle",
    )


def test_a_model_of_unknown_terms_needs_a_licence_by_hand(model):
    facts = json.loads((model / "training.json").read_text())
    facts["inputs"][0] |= {"name": "org/backbone", "licence": "unknown", "licence_class": "unknown"}
    (model / "training.json").write_text(json.dumps(facts))
    refused(lambda: check_model(model, allow_unscored=True), "org/backbone")
    by_hand = {"licence": "apache-2.0", "reason": "its authors say so"}
    assert check_model(model, True, by_hand).licence_override == by_hand


def test_a_folder_without_a_model_is_told_apart(tmp_path):
    refused(lambda: check_model(tmp_path), "has no config.json")


def test_a_damaged_shard_is_told_with_its_name(exported):
    folder = exported("hau")
    path = folder / "hau/train-00000-of-00003.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    refused(
        lambda: check_dataset(folder), f"{path.relative_to(folder)} was changed after", f"{path.name} cannot be read"
    )
