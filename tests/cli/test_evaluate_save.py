"""``xner evaluate --save``: scores beside a model or a build, and on the model's card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xner_hf.corpora.parallel import sample_path
from xner_hf.pipeline.build import build_corpus
from xner_hf.publish.validate import card_problems
from xner_hf.recipe import make_recipe

TREE = "1\tMusa\t_\tX\t_\t_\t2\tnsubj\t_\t_\n2\tleft\t_\tX\t_\t_\t0\troot\t_\t_\n\n"


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    folder = tmp_path_factory.mktemp("builds") / "hau"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        build_corpus(make_recipe("hau", "sample", {"projector": "candidates"}), folder)
    return folder


@pytest.fixture
def gold(tmp_path):
    """The gold of the sample, as a file."""
    rows = [json.loads(line) for line in sample_path("hau").read_text(encoding="utf-8").splitlines()]
    lines = [json.dumps({"tokens": row["target_tokens"], "entities": row["target_entities"]}) for row in rows]
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_scores_of_a_student_are_kept_and_stand_on_its_card(xner, build, mirror, tmp_path):
    (tmp_path / "own.conllu").write_text(TREE * 3)
    backbone = str(mirror / "models" / "xner" / "minilm-conll2003-en")
    arm = ("--arm", "projected+parse", "--trees", "own.conllu")
    options = ("--corpus", build, "--backbone", backbone, "--limit", "12", "--epochs", "1", "--output", "student")
    code, _, err = xner("train", "hau", *arm, *options)
    assert code == 0, err
    card = Path("student/README.md").read_text()
    assert "Nobody has scored this model." in card and "xner train hau --arm projected+parse" in card
    assert "/tmp" not in card and str(tmp_path) not in card

    code, out, err = xner("evaluate", "student", "--gold", "masakhane/masakhaner2:hau", "--save", "--json")
    result = json.loads(out)
    assert code == 0 and result["saved"] == "student/scores.json"
    (kept,) = json.loads(Path("student/scores.json").read_text())
    assert (kept["dataset"], kept["config"], kept["split"]) == ("masakhane/masakhaner2", "hau", "test")
    assert (kept["task"], kept["metric"], kept["kind"]) == ("ner", "f1", "model")
    assert kept["value"] == result["f1"] and [kept["low"], kept["high"]] == result["f1_interval"]
    assert kept["low"] <= kept["value"] <= kept["high"] and kept["sentences"] == 3
    assert kept["command"] == "xner evaluate student --gold masakhane/masakhaner2:hau --split test"
    assert len(kept["date"]) == 10 and set(kept["types"]) == set(result["types"])

    code, out, _ = xner("evaluate", "student", "--parsing", "--gold", "own.conllu", "--save")
    assert code == 0 and "UAS" in out
    scores = json.loads(Path("student/scores.json").read_text())
    assert [(one["task"], one["metric"]) for one in scores] == [("ner", "f1"), ("parsing", "las"), ("parsing", "uas")]
    assert scores[1]["dataset"] == "own.conllu" and scores[1]["words"] == 6
    card = Path("student/README.md").read_text()
    assert "Nobody has scored this model." not in card and "| masakhane/masakhaner2 hau | test | F1 |" in card
    assert f"| own.conllu (sha256 {scores[1]['revision'][:8]}) |  | LAS |" in card
    # The terms of the invented trees are not known, which the card says; all else on it is valid.
    assert card_problems(card, "model") == [
        "the license is 'unknown': its terms are not settled, so it must not be published."
    ]


def test_scores_of_a_build_are_kept_beside_it(xner, build, gold, tmp_path):
    code, out, err = xner("evaluate", build, "--gold", gold, "--save")
    assert code == 0 and "95 % interval of the strict F1" in out, err
    (kept,) = json.loads((build / "scores.json").read_text())
    assert (kept["dataset"], kept["config"], kept["kind"]) == ("gold.jsonl", None, "labels")
    assert kept["command"] == "xner evaluate hau --gold gold.jsonl" and kept["split"] is None
    assert 0 < kept["low"] < kept["value"] < kept["high"] <= 1
    first = (build / "scores.json").read_bytes()
    xner("evaluate", build, "--gold", gold, "--save")
    assert (build / "scores.json").read_bytes() == first

    other = tmp_path / "other" / gold.name  # which has the same name, and is not the same
    other.parent.mkdir()
    other.write_text("".join(gold.read_text(encoding="utf-8").splitlines(keepends=True)[:20]), encoding="utf-8")
    xner("evaluate", build, "--gold", other, "--save")
    both = json.loads((build / "scores.json").read_text())
    assert kept in both and len(both) == 2
    assert {one["sentences"] for one in both} == {kept["sentences"], 19}  # one of the 20 is rejected
    assert [len(one["revision"]) for one in both] == [64, 64]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("nowhere", "--gold", "a/b:c"), "'nowhere' is not a local directory"),
        (("BUILD", "--gold", "a/b:c", "--limit", "3"), "--limit"),
        (("BUILD", "--intrinsic", "--set", "projector=heuristic"), "--set"),
        (("hau", "--intrinsic"), "'hau' is not a local directory"),
    ],
)
def test_scores_of_something_else_are_not_kept(xner, build, options, words):
    code, out, err = xner("evaluate", *(build if one == "BUILD" else one for one in options), "--save")
    assert (code, out) == (2, "") and "--save" in err and words in err
