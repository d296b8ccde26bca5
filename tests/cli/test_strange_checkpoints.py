"""Every command that takes a model goes through one gate: no code of a checkpoint runs, and damaged ones end in 2."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import pytest
from answers import refused

GOLD = "Amina B-PER\nleft O\nKano B-LOC\n\n" * 4
TREE = "1\tAmina\t_\t_\t_\t_\t2\tnsubj\t_\t_\n2\tleft\t_\t_\t_\t_\t0\troot\t_\t_\n\n"
TEXT = "Amina ta tafi Kano da safe\nMusa ya bar Kano jiya\n" * 4
PAIR = {"source_tokens": ["Amina", "left", "Kano"], "target_tokens": ["Amina", "ta", "bar", "Kano"]}
DISTILL = ("train", "--text", "text.txt", "--output", "out", "--backbone", "good")

COMMANDS = {
    "project": ("project", "pairs.jsonl", "--tagger", "MODEL"),
    "project, target side": (
        *("project", "pairs.jsonl", "--tagger", "good"),
        *("--projector", "candidates", "--set", "projector.target_tagger=MODEL"),
    ),
    "evaluate": ("evaluate", "MODEL", "--gold", "gold.conll"),
    "evaluate trees": ("evaluate", "MODEL", "--parsing", "--gold", "gold.conllu"),
    "train": ("train", "--corpus", "gold.conll", "--output", "out", "--backbone", "MODEL"),
    "teacher": (*DISTILL, "--arm", "distill", "--teacher", "MODEL"),
    "parser": (*DISTILL, "--arm", "distill+parse", "--teacher", "good", "--parser", "MODEL"),
    "encoder": ("align", "pairs.jsonl", "--aligner", "encoder", "--set", "aligner.model=MODEL"),
    "simalign": ("align", "pairs.jsonl", "--aligner", "simalign", "--set", "aligner.model=MODEL"),
    "build": ("build", "hau", "--recipe", "sample", "--tagger", "MODEL"),
    "build, translator": (
        *("build", "hau", "--recipe", "translate-test", "--tagger", "good"),
        *("--set", "text.corpus=text.txt", "--set", "translator.model=MODEL"),
    ),
}


@pytest.fixture
def good(tmp_path, write_tagger):
    """A folder with a whole tagger, and what the commands read beside it."""
    write_tagger(tmp_path / "good", {"B-PER": ["Amina", "Musa"], "B-LOC": ["Kano"]})
    for name, text in (("gold.conll", GOLD), ("gold.conllu", TREE), ("text.txt", TEXT)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "pairs.jsonl").write_text((json.dumps(PAIR) + "\n") * 4, encoding="utf-8")
    return tmp_path / "good"


@pytest.fixture
def plant(good):
    """The function that copies the tagger to ``bad`` with other files in it, and returns the folder."""

    def planted(**files):
        folder = shutil.copytree(good, good.parent / "bad")
        for name, content in files.items():
            path = folder / name.replace("__", ".")
            if isinstance(content, dict):
                content = {**json.loads(path.read_text(encoding="utf-8")), **content}
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return folder

    return planted


def code(folder):
    """Return the text of a module that leaves a mark when it is imported, and the map that names it."""
    names = ("AutoConfig", "AutoModel", "AutoModelForTokenClassification", "AutoModelForSeq2SeqLM")
    module = f"""
from pathlib import Path

Path({str(folder)!r}, "ran").touch()
from transformers import BertConfig, BertForTokenClassification, BertTokenizer

class Config(BertConfig):
    model_type = "evil"

class Model(BertForTokenClassification):
    config_class = Config

class Tokenizer(BertTokenizer):
    pass
"""
    return module, {name: "evil.Config" if name == "AutoConfig" else "evil.Model" for name in names}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_runs_the_code_of_a_checkpoint_even_if_the_terminal_says_yes(
    xner, plant, monkeypatch, tmp_path, command
):
    module, auto_map = code(tmp_path)
    plant(
        evil__py=module,
        config__json={"model_type": "evil", "auto_map": auto_map},
        tokenizer_config__json={"auto_map": {"AutoTokenizer": ["evil.Tokenizer", None]}, "tokenizer_class": "Evil"},
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 50))
    arguments = [word.replace("MODEL", "bad") for word in COMMANDS[command]]
    refused(xner(*arguments), "'bad' has its own code", "code of checkpoints is never run")
    assert not (tmp_path / "ran").exists() and not Path("out/model.safetensors").exists()


def damaged(folder, **changes):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    for name, change in changes.items():
        key = next(key for key in weights if key.endswith(name.replace("__", ".")))
        weights[key] = change(weights.pop(key))
    kept = {key: weight.contiguous() for key, weight in weights.items() if weight is not None}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})


def nan(weight):
    weight.view(-1)[0] = float("nan")
    return weight


def cut(folder, name, size):
    path = folder / name
    path.write_bytes(path.read_bytes()[:size])


FAULTS = {
    "one NaN": (lambda folder: damaged(folder, word_embeddings__weight=nan), "not finite"),
    "one infinite": (lambda folder: damaged(folder, classifier__bias=lambda one: one / 0), "not finite"),
    "no classifier": (lambda folder: damaged(folder, classifier__weight=lambda one: None), "lacks weights"),
    "a layer is missing": (lambda folder: damaged(folder, query__weight=lambda one: None), "lacks weights"),
    "another shape": (
        lambda folder: damaged(folder, classifier__weight=lambda one: one[:, 1:]),
        "could not be loaded",
    ),
    "truncated weights": (lambda folder: cut(folder, "model.safetensors", 2000), "could not be loaded"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "could not be loaded"),
    "empty tokenizer": (lambda folder: (folder / "tokenizer.json").write_text("{}"), "tokenizer"),
    "truncated tokenizer": (lambda folder: cut(folder, "tokenizer.json", 200), "tokenizer"),
    "no JSON": (lambda folder: (folder / "config.json").write_text("{"), "no configuration that can be read"),
    "a list": (lambda folder: (folder / "config.json").write_text("[]"), "no configuration that can be read"),
    "empty": (lambda folder: (folder / "config.json").write_text("{}"), "no configuration that can be read"),
    "unknown type": (
        lambda folder: (folder / "config.json").write_text('{"model_type": "brandnew"}'),
        "no configuration that can be read",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_tagger_ends_in_one_message(xner, plant, fault):
    harm, word = FAULTS[fault]
    harm(plant())
    refused(xner("project", "pairs.jsonl", "--tagger", "bad"), "'bad'", word)


@pytest.mark.parametrize("command", ["evaluate", "train", "teacher", "encoder", "simalign", "build"])
def test_a_damaged_encoder_is_refused_wherever_it_is_used(xner, plant, command):
    damaged(plant(), query__weight=nan)
    refused(xner(*(word.replace("MODEL", "bad") for word in COMMANDS[command])), "'bad'", "not finite")


def test_a_backbone_needs_no_head_of_a_tagger(xner, plant):
    damaged(plant(), classifier__weight=lambda one: None, classifier__bias=lambda one: None)
    answer = xner(*(word.replace("MODEL", "bad") for word in COMMANDS["train"]), "--epochs", "1")
    assert answer[0] == 0, answer


EMPTY = {
    "project": ("project", "pairs.jsonl", "--tagger", ""),
    "build": ("build", "hau", "--recipe", "sample", "--tagger", ""),
    "build, target side": ("build", "hau", "--recipe", "sample", "--set", "projector.target_tagger=''"),
    "evaluate": ("evaluate", "", "--gold", "gold.conll"),
    "intrinsic": ("evaluate", "hau", "--intrinsic", "--tagger", ""),
    "backbone": ("train", "--corpus", "gold.conll", "--output", "out", "--backbone", ""),
    "teacher": (*DISTILL, "--arm", "distill", "--teacher", ""),
    "parser": (*DISTILL, "--arm", "distill+parse", "--teacher", "good", "--parser", ""),
    "encoder": ("align", "pairs.jsonl", "--aligner", "encoder", "--set", "aligner.model=''"),
    "simalign": ("align", "pairs.jsonl", "--aligner", "simalign", "--set", "aligner.model=''"),
    "translator": ("build", "hau", "--recipe", "translate-test", "--set", "translator.model=''"),
}


@pytest.mark.parametrize("command", EMPTY)
def test_an_empty_name_of_a_model_is_wrong_usage(xner, good, command):
    code, out, err = xner(*EMPTY[command])
    assert (code, out) == (2, "") and "Traceback" not in err
    assert "is empty" in err or "give a model" in err, err


# What a tagger's labels mean


def test_labels_without_a_name_are_named_on_the_command_line(xner, tmp_path, good, write_tagger):
    write_tagger(tmp_path / "numbers", {"LABEL_1": ["Amina"], "LABEL_2": ["Kano"]}, ("LABEL_0", "LABEL_1", "LABEL_2"))
    refused(xner("project", "pairs.jsonl", "--tagger", "numbers"), "tagger.labels='{LABEL_1: B-PER, LABEL_2: I-PER}'")
    said = ("--set", "tagger.labels={LABEL_0: O, LABEL_1: B-PER, LABEL_2: B-LOC}")
    code, out, err = xner("project", "pairs.jsonl", "--tagger", "numbers", *said)
    assert code == 0, err
    assert [one["label"] for one in json.loads(out.splitlines()[0])["source_entities"]] == ["PER", "LOC"]
    code, out, err = xner("evaluate", "numbers", "--gold", "gold.conll", "--json", *said)
    assert json.loads(out)["f1"] == 1, err
    refused(xner("project", "pairs.jsonl", "--set", "tagger.revision=main"), "--set tagger.revision")
    refused(xner("project", "pairs.jsonl", "--tagger", "numbers", "--set", "tagger.model=a/b"), "--set tagger.model")
    refused(xner("evaluate", "numbers", "--gold", "gold.conll", "--set", "projector.max_words=3"), "--intrinsic")


def overflowing(at):
    """Return a change that makes one unit so large that sums of its products overflow where it is above 0."""

    def change(weight):
        weight[at] *= 1e30
        return weight

    return change


def test_rows_whose_scores_are_no_numbers_are_rejected_and_no_others(xner, write_tagger, tmp_path, good):
    write_tagger(tmp_path / "bad", {"B-PER": ["Amina"], "B-LOC": ["Kano"]})
    unit = 5  # of B-LOC, which becomes infinite for a place
    damaged(tmp_path / "bad", layer__0__output__LayerNorm__weight=overflowing(unit))
    damaged(tmp_path / "bad", classifier__weight=overflowing(unit))
    rows = [PAIR, {"source_tokens": ["Amina", "left"], "target_tokens": ["Amina", "ta", "bar"]}] * 4
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, out, err = xner("project", "pairs.jsonl", "--tagger", "bad")
    assert code == 0, err
    assert [json.loads(line)["reason"] for line in out.splitlines()] == ["no_scores", None] * 4
    assert "4 pairs `no_scores` (the scores of the tagger are not numbers), the first in row 1" in err
    on_the_target = ("--projector", "candidates", "--set", "projector.target_tagger=bad")
    code, out, err = xner("project", "pairs.jsonl", "--tagger", "good", *on_the_target)
    assert [json.loads(line)["reason"] for line in out.splitlines()] == ["no_scores", None] * 4, err
    refused(xner("evaluate", "bad", "--gold", "gold.conll"), "scores that are not numbers")


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_build_rejects_rows_whose_scores_are_no_numbers(xner, write_tagger, tmp_path, good, side):
    from xner_hf.corpora.parallel import sample_path

    words = [json.loads(line) for line in sample_path("hau").read_text(encoding="utf-8").splitlines()]
    key = "source_tokens" if side == "source" else "target_tokens"
    names = [word for row in words for word in row[key] if word.istitle() and word.isascii()]
    name = max(sorted(set(names)), key=names.count)
    write_tagger(tmp_path / "bad", {"B-PER": ["Amina"], "B-LOC": [name]})
    damaged(tmp_path / "bad", layer__0__output__LayerNorm__weight=overflowing(5), classifier__weight=overflowing(5))
    options = ("--tagger", "bad")
    if side == "target":
        options = ("--tagger", "good", "--set", "projector.target_tagger=bad")
    code, out, err = xner("build", "hau", "--recipe", "sample", *options)
    assert code == 0, err
    reasons = json.loads(Path("build/hau/build.json").read_text(encoding="utf-8"))["reasons"]
    assert 0 < reasons["no_scores"] == sum(name in row[key] for row in words) < len(words)
