"""Which files are weights of a checkpoint, and that all of them are read, whole, and signed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForTokenClassification

from xner_hf.errors import XnerError
from xner_hf.inference.checkpoint import load_checkpoint, load_config
from xner_hf.pipeline.inputs import model_digest
from xner_hf.tag.model import ModelTagger

INDEX = "model.safetensors.index.json"


@pytest.fixture
def sharded(checkpoint):
    """The folder of a tagger whose weights lie in two files with an index."""
    folder = checkpoint({"B-PER": ["Amina"]})
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = {key: f"model-{1 + key.startswith('classifier')}.safetensors" for key in weights}
    for name in set(names.values()):
        save_file({key: weights[key] for key in weights if names[key] == name}, folder / name, {"format": "pt"})
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": names}))
    return folder


def point(folder, name, at="classifier.weight"):
    table = json.loads((folder / INDEX).read_text())
    table["weight_map"][at] = name
    (folder / INDEX).write_text(json.dumps(table))


def fails(folder, *words):
    with pytest.raises(XnerError) as caught:
        load_checkpoint(AutoModelForTokenClassification, str(folder))
    assert repr(str(folder)) in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_weights_in_several_files_are_read(sharded):
    assert [span[:3] for span in ModelTagger(str(sharded)).tag([["Amina"]])[0]] == [(0, 1, "PER")]


@pytest.mark.parametrize(
    "name",
    [
        "pytorch_model.bin",
        "../outside.safetensors",
        "/tmp/x.safetensors",
        "in/x.safetensors",
        "..\\x.safetensors",
        "",
        3,
    ],
)
def test_an_index_names_safetensors_beside_it_and_nothing_else(sharded, name):
    save_file({"classifier.weight": torch.zeros(8, 9)}, sharded.parent / "outside.safetensors", {"format": "pt"})
    torch.save({"classifier.weight": torch.zeros(8, 9)}, sharded / "pytorch_model.bin")
    point(sharded, name)
    fails(sharded, INDEX, f"names {name!r}", "safetensors files beside it")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": []}', '{"weight_map": {"a": {}}}'])
def test_an_index_that_is_none_is_named(sharded, text):
    (sharded / INDEX).write_text(text)
    fails(sharded, INDEX)


def test_a_file_that_the_index_names_has_to_be_there(sharded):
    (sharded / "model-2.safetensors").unlink()
    fails(sharded, "lacks the file model-2.safetensors")


def test_weights_that_are_links_out_of_the_folder_are_refused(sharded):
    (sharded / "model-2.safetensors").rename(sharded.parent / "elsewhere.safetensors")
    (sharded / "model-2.safetensors").symlink_to(sharded.parent / "elsewhere.safetensors")
    fails(sharded, "model-2.safetensors", "link out of its folder")


def test_the_links_of_the_cache_of_the_hub_are_read(sharded, tmp_path):
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "5e1", tmp_path / "models--a--b" / "blobs"
    blobs.mkdir(parents=True)
    shutil.copytree(sharded, snapshot)
    for path in snapshot.iterdir():
        path.rename(blobs / path.stem)
        path.symlink_to(f"../../blobs/{path.stem}")
    assert ModelTagger(str(snapshot)).tag([["Amina"]])[0]
    # And a link to the folder, as people make them to keep models on another disk.
    (tmp_path / "link").symlink_to(snapshot)
    assert ModelTagger(str(tmp_path / "link")).tag([["Amina"]])[0]


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"transformers_weights": "other.safetensors"}, "transformers_weights"),
        ({"attn_implementation": "someone/attention"}, "attn_implementation"),
    ],
)
def test_a_configuration_names_neither_weights_nor_code_elsewhere(checkpoint, settings, word):
    folder = checkpoint({"B-PER": ["Amina"]})
    table = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**table, **settings}))
    fails(folder, word)


def test_an_adapter_is_no_model(checkpoint):
    folder = checkpoint({"B-PER": ["Amina"]})
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "org/name"}')
    fails(folder, "adapter_config.json")


def test_code_that_a_part_of_a_configuration_names_is_forgotten(tmp_path, checkpoint):
    from xner_hf.models import XnerForTokenClassificationAndParsing

    folder = checkpoint({"B-PER": ["Amina"]})
    student = XnerForTokenClassificationAndParsing.from_backbone(AutoModel.from_pretrained(folder), {"tasks": ["ner"]})
    student.save_pretrained(tmp_path / "student")
    for path in folder.glob("token*"):
        shutil.copy(path, tmp_path / "student")
    table = json.loads((tmp_path / "student" / "config.json").read_text())
    table["backbone_config"]["auto_map"] = {"AutoModel": "evil.Model"}
    (tmp_path / "student" / "config.json").write_text(json.dumps(table))
    for name in ("evil", "modeling_xner", "configuration_xner"):
        (tmp_path / "student" / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert not hasattr(load_config(str(tmp_path / "student")).backbone_config, "auto_map")
    loaded, _ = load_checkpoint(AutoModelForTokenClassification, str(tmp_path / "student"))
    assert type(loaded) is XnerForTokenClassificationAndParsing
    # A kind of which no model is registered: its code is not asked for either.
    table["backbone_config"] = {"model_type": "encoder-decoder", "encoder": {"model_type": "bert"}} | {
        "decoder": {"model_type": "bert"},
        "auto_map": {"AutoModel": "evil.Model"},
    }
    (tmp_path / "student" / "config.json").write_text(json.dumps(table))
    fails(tmp_path / "student", "could not be loaded")
    assert not (tmp_path / "ran").exists()


def test_a_sub_word_without_an_embedding_is_refused(checkpoint):
    folder = checkpoint({"B-PER": ["Amina"]})
    table = json.loads((folder / "tokenizer.json").read_text())
    table["model"]["vocab"]["beyond"] = len(table["model"]["vocab"])
    (folder / "tokenizer.json").write_text(json.dumps(table))
    fails(folder, "has sub-words up to number", "only")


def test_everything_that_is_loaded_is_in_the_digest(sharded):
    seen = {model_digest(str(sharded), None)}
    for path in sorted(sharded.iterdir()):
        content = path.read_bytes()
        path.write_bytes(content + b" ")
        seen.add(model_digest(str(sharded), None))
        path.write_bytes(content)
    for name in ("source.spm", "bpe.codes", "vocab.txt", "model-3.safetensors"):
        (sharded / name).write_bytes(b"a")
        seen.add(model_digest(str(sharded), None))
    assert len(seen) == 1 + len(list(sharded.iterdir()))
    before = model_digest(str(sharded), None)
    (sharded / "README.md").write_text("about it")
    assert model_digest(str(sharded), None) == before


def test_no_other_module_loads_a_checkpoint():
    import ast

    import xner_hf

    for path in Path(xner_hf.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                given = {one.arg: getattr(one.value, "value", None) for one in node.keywords}
                if node.func.attr == "from_pretrained":
                    assert path.name == "checkpoint.py", path
                if node.func.attr in ("from_pretrained", "from_config"):
                    assert given["trust_remote_code"] is False, path
