"""``xner calibrate`` and ``xner tune`` as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xner_hf.evaluation.tuning import MARGIN

NER_NAMES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]


@pytest.fixture
def translated(mirror, write_corpus):
    """The invented mirror, with a little translated gold of tsn and pcm beside it."""
    text = [
        ("Amina visited Kano.", "Amina o etetse Kano."),
        ("Rain fell.", "Pula e nele."),
        ("Musa ate.", "Musa o jele."),
    ]
    tags = [[1, 0, 0, 5, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    words = [target.replace(".", " .").split() for _, target in text]
    gold = [{"id": str(i), "tokens": one, "ner_tags": tags[i]} for i, one in enumerate(words)]
    rows = [{"index": i, "source_text": source} for i, (source, _) in enumerate(text)]
    codes = ("tsn", "pcm")
    own_text = [("Musa visited Amina.", "Musa o etetse Amina."), ("Kano sleeps.", "Kano e robala.")]
    pairs = {f"en-{code}": {"train": [{"translation": {"en": s, code: t}} for s, t in own_text]} for code in codes}
    write_corpus(mirror, "masakhane/mafand", pairs)
    splits = ("validation", "test")
    labelled = {code: dict.fromkeys(splits, gold) for code in codes}
    write_corpus(mirror, "masakhane/masakhaner2", labelled, {"ner_tags": NER_NAMES})
    leakage = {"leakage": {"train": [{"config": "", "split": "", "index": 0, "linked": False}]}}
    write_corpus(mirror, "xner/masakhaner2-translated", {**leakage, **{c: dict.fromkeys(splits, rows) for c in codes}})
    return mirror


def test_calibrate_writes_a_recipe_file_that_build_takes(xner, translated):
    code, out, _ = xner("calibrate", "tsn", "--on", "pcm", "--set", "projector.max_words=4")
    assert code == 0 and "masakhane/masakhaner2:pcm:validation" in out.replace("\n", "")
    assert out.endswith("xner build tsn --recipe build/tsn.yaml\n")
    code, out, _ = xner("build", "tsn", "--recipe", "build/tsn.yaml", "--json")
    recipe = json.loads(out)["recipe"]
    assert code == 0 and recipe["projector"]["max_words"] == 4
    assert recipe["projector"]["fitted_on"] == ["masakhane/masakhaner2:pcm:validation"]


def test_calibrate_prints_exactly_one_json_object(xner, translated):
    code, out, _ = xner("calibrate", "setswana", "--on", "naija", "--output", "deep/er/mine.yml", "--json")
    result = json.loads(out)
    assert code == 0 and out.count("\n") == 1
    assert (result["language"], result["output"]) == ("tsn", "deep/er/mine.yml")
    assert result["recipe"]["projector"]["weights"] == result["weights"]
    assert Path("deep/er/mine.yml").is_file() and not Path("build").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tsn", "--on", "pcm,Setswana"], "own gold"),
        (["tsn", "--on", "pcm", "--split", "test"], "test splits are kept"),
        (["tsn", "--on", "hau"], "no translated gold of Hausa"),
        (["tswanna", "--on", "pcm"], "'tswana'"),
        (["tsn", "--on", " , "], "no language to fit on"),
        (["tsn", "--output", "tsn.json"], "tsn.json"),
        (["tsn", "--on", "pcm", "--tagger", "nobody/tagger"], "nobody/tagger"),
    ],
)
def test_calibrate_refuses_what_does_not_fit_before_it_works(xner, translated, arguments, words):
    code, out, err = xner("calibrate", *arguments)
    assert (code, out) == (2, "") and words in err and not Path("build").exists()


@pytest.mark.parametrize("command", [("calibrate", "hau"), ("tune", "hau", "--recipe", "sample")])
def test_a_file_that_is_there_is_never_overwritten(xner, command):
    Path("build").mkdir()
    Path("build/hau.yaml").write_text("mine")
    code, _, err = xner(*command)
    assert code == 2 and "build/hau.yaml" in err and "--output" in err
    assert Path("build/hau.yaml").read_text() == "mine"
    code, _, err = xner(*command, "--output", "build/hau.yaml/x.yaml")
    assert code == 2 and "not a folder" in err


def test_tune_prints_every_method_and_writes_a_recipe_file_that_build_takes(xner):
    code, out, _ = xner("tune", "hau", "--recipe", "sample", "--limit", "50")
    assert code == 0 and "50 pairs" in out and out.endswith("xner build hau --recipe build/hau.yaml\n")
    for name in ("fused", "candidates, surface alone", "heuristic, ratio .8", "round trip"):
        assert name in out
    assert xner("build", "hau", "--recipe", "build/hau.yaml", "--output", "corpus")[0] == 0


def test_tune_prints_exactly_one_json_object(xner):
    code, out, _ = xner("tune", "hausa", "--recipe", "sample", "--limit", "20", "--set", "limit=30", "--json")
    result = json.loads(out)
    assert code == 0 and out.count("\n") == 1
    assert (result["language"], result["pairs"], result["recipe"]["limit"]) == ("hau", 20, 30)
    means = {row["method"]: row["mean"] for row in result["rows"]}
    best = result["rows"][0]["method"]
    assert result["picked"] == (best if means[best] > means["fused"] + MARGIN else "fused") and len(means) == 6
    assert set(result["rows"][0]) == {"method", "projected", "agreement", "round_trip", "mean"}


def test_tune_refuses_a_projector_and_an_unknown_language(xner):
    code, out, err = xner("tune", "hau", "--set", "projector.method=heuristic")
    assert (code, out) == (2, "") and "projector.method" in err
    assert xner("tune", "hasua")[0] == 2
    assert xner("tune", "hau", "--limit", "0")[0] == 2
