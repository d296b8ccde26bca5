"""``xner study differences``: the sheet that is sorted by hand, and its count."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from xner_hf.corpora.labelled import read_labelled
from xner_hf.evaluation.scores import gold_tags
from xner_hf.metrics import entities
from xner_hf.study import Store, load_study


@pytest.fixture
def study(xner, invented, shared, load_module, monkeypatch):
    """The function that compares the arms of a study: the one with trees is right but in two sentences."""
    monkeypatch.setenv("XNER_MIRROR", str(shared))
    path = invented.write_study(Path("tiny.yaml"), seeds=[1, 2])
    gold = {
        one.id: [list(span[:3]) for span in entities(gold_tags(one))]
        for one in read_labelled("masakhane/masakhaner2:luo", "test")
    }
    wrong = {**gold, "0": gold["0"][:1], "3": [[0, 1, "ORG"], *gold["3"][1:]]}
    made, found = load_module("study/store_rows.py"), load_study(path)
    for run in found.runs():
        spans = gold if run.settings["label"] == "projected+parse" else wrong
        told = {"gold": "masakhane/masakhaner2:luo", "split": "test", "sentences": len(gold), "spans": spans}
        number = sum(map(len, gold.values()))
        right = number if spans is gold else number - 2
        scores = {"f1": 0.5, "correct": right, "predicted": sum(map(len, spans.values())), "gold": number}
        if run.settings["seed"] == 2:
            row = made.row(2, settings=dict(run.settings), key=run.key, predictions=told, scores=scores)
            Store(found.folder).add(row)
    return lambda *options: xner("study", "differences", "tiny.yaml", "--language", "luo", *options)


def test_a_sheet_is_written_filled_and_counted(study):
    code, out, err = study("--sheet", "sheet.tsv", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["seed"], found["different"], found["better"]) == (2, 2, {"arm": 2})
    errors = found["errors"]
    assert errors["projected"] == {**errors["projected+parse"], "exact": found["sentences"] * 2 - 2, "missed": 1} | {
        "type": 1
    }
    text = Path("sheet.tsv").read_text(encoding="utf-8")
    lines = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    assert [(one["id"], one["better"], one["kind"]) for one in lines] == [("0", "arm", ""), ("3", "arm", "")]
    assert lines[1]["gold"].startswith("[PER ") and lines[1]["projected"].startswith("[ORG ")

    code, _, err = study("--tally", "sheet.tsv")
    assert code == 2 and "'0' has no kind yet" in err
    code, _, err = study("--sheet", "sheet.tsv")
    assert code == 2 and "sheet.tsv exists" in err and Path("sheet.tsv").read_text("utf-8") == text
    Path("kinds.tsv").write_text("\ufeffid\tkind\n0\tplace missed\n3\tperson or office\n", encoding="utf-8")
    code, out, _ = study("--tally", "kinds.tsv", "--json")
    assert json.loads(out)["kinds"] == {"person or office": {"arm": 1}, "place missed": {"arm": 1}}
    code, out, _ = study("--tally", "kinds.tsv")
    assert "   1  place missed  (fewer errors: 1 arm, 0 against, 0 neither)" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--seed", "1"), "with seed 1. Seeds with both runs done: 2."),
        (("--contrast", "primaries"), "no contrast 'primaries'. Did you mean 'primary'?"),
        (("--tally", "none.tsv"), "none.tsv cannot be read"),
        (("--sheet", "tiny.yaml/sheet.tsv"), "tiny.yaml/sheet.tsv cannot be written"),
        (("--tally", "tiny.yaml"), "has no columns 'id' and 'kind'"),
    ],
)
def test_what_cannot_be_compared_is_refused(study, options, message):
    code, _, err = study(*options)
    assert code == 2 and message in " ".join(err.split())


def test_gold_on_which_the_runs_were_not_scored_is_refused(
    study, invented, shared, write_corpus, monkeypatch, tmp_path
):
    rows = [invented.labelled(invented.translated(one, 0)) for one in invented.ENGLISH[-18:]]
    root = tmp_path / "mirror"
    write_corpus(root, "masakhane/masakhaner2", {"luo": {"test": rows}}, {"ner_tags": invented.NAMES})
    monkeypatch.setenv("XNER_MIRROR", str(root))
    code, out, err = study("--sheet", "sheet.tsv")
    assert (code, out) == (2, "") and "The gold is not the one that it was scored on" in " ".join(err.split())
    assert not Path("sheet.tsv").exists()
