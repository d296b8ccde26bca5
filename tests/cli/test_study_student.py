"""``xner study student`` and ``xner report --study``: what a study leaves besides its tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from answers import done, refused

from xner_hf.pipeline.build import build_corpus
from xner_hf.publish import Refused
from xner_hf.publish.checks import check_model
from xner_hf.publish.model_card import model_card
from xner_hf.publish.scores import read_scores
from xner_hf.recipe import make_recipe

TREES = "universal-dependencies/universal_dependencies"


@pytest.fixture
def study(xner, invented, shared, monkeypatch, tmp_path):
    """The function that runs ``xner`` beside ``tiny.yaml``, of which both runs are to be made."""
    monkeypatch.setenv("XNER_MIRROR", str(shared))
    invented.write_study(tmp_path / "tiny.yaml", question="Do trees help?")
    return xner


def test_a_student_is_kept_with_its_scores_and_may_be_published(study):
    made = done(study("study", "run", "tiny.yaml", "--json"))["made"]
    row = min(Path("tiny").glob("luo_projected_1_*.json"))
    found = done(study("study", "student", "tiny.yaml", "luo/projected/1", "--output", "models/kept", "--json"))
    stored = json.loads(row.read_text(encoding="utf-8"))
    assert found["key"] == stored["key"] in made and found["run"] == "luo/projected/1"
    assert found["store"]["state"] == "same" and found["scores"] == stored["scores"] and found["parsing"] is None

    folder = Path("models/kept")
    (score,) = read_scores(folder)
    assert (score["dataset"], score["config"], score["split"]) == ("masakhane/masakhaner2", "luo", "test")
    assert (score["task"], score["metric"], score["kind"]) == ("ner", "f1", "model")
    assert score["value"] == stored["scores"]["f1"] and score["sentences"] == 18
    assert score["command"] == "xner evaluate kept --gold masakhane/masakhaner2:luo --split test"
    files = check_model(folder).names
    assert {"model.safetensors", "config.json", "training.json", "scores.json"} <= set(files)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "xner study student tiny.yaml luo/projected/1" in card and "Nobody has scored" not in card
    data = yaml.safe_load(model_card(folder, "org/kept").split("---\n")[1])
    (result,) = data["model-index"][0]["results"]
    assert result["metrics"][0]["value"] == round(stored["scores"]["f1"], 4)
    assert (data["license_name"], data["language"]) == ("research-only", ["luo"])
    assert {"masakhane/masakhaner2", "masakhane/mafand"} <= set(data["datasets"])

    # `xner evaluate --save` measures the same, so that its score takes the place of ours.
    done(study("evaluate", folder, "--gold", "masakhane/masakhaner2:luo", "--save", "--json"))
    assert read_scores(folder) == [score]
    refused(study("study", "student", "tiny.yaml", "luo/projected/1", "--output", "models/kept"), "is not empty")


def test_a_parser_has_the_scores_of_its_trees_and_terms_that_stand_in_the_way(study):
    key = next(one["key"] for one in done(study("study", "run", "tiny.yaml", "--dry-run", "--json"))["runs"])
    assert done(study("study", "student", "tiny.yaml", key, "--output", "plain", "--json"))["store"]["state"] == "none"
    code, out, err = study("study", "student", "tiny.yaml", "luo/projected+parse/1", "--output", "kept")
    assert code == 0, err
    assert "F1 " in out and "UAS " in out and "the store has no row of this run" in out
    assert "xner publish kept --repo ORG/NAME --dry-run" in out
    scores = {one["metric"]: one for one in read_scores(Path("kept"))}
    assert set(scores) == {"f1", "las", "uas"}
    assert (scores["las"]["dataset"], scores["las"]["config"]) == (TREES, "en_ewt")
    assert scores["las"]["sentences"] == 10 and scores["las"]["command"] == (
        f"xner evaluate kept --parsing --gold {TREES}:en_ewt --split test"
    )
    with pytest.raises(Refused, match="cannot be combined"):
        check_model(Path("kept"))
    decided = {"licence": "cc-by-nc-4.0", "reason": "a test"}
    assert check_model(Path("kept"), licence_override=decided)


def test_a_row_of_other_hardware_is_a_warning_and_no_error(study):
    done(study("study", "run", "tiny.yaml", "--json"))
    row = min(Path("tiny").glob("luo_projected_1_*.json"))
    table = json.loads(row.read_text(encoding="utf-8"))
    table["scores"]["f1"] += 0.0125
    table["predictions"]["spans"].pop(next(iter(table["predictions"]["spans"])))
    row.write_text(json.dumps(table), encoding="utf-8")
    code, out, err = study("study", "student", "tiny.yaml", "luo/projected/1", "--output", "kept")
    assert code == 0, err
    assert "warning: not the same as the store's row" in out
    assert "-1.25 points; sentences with other spans: 1." in out and "threads" in out
    assert Path("kept/scores.json").is_file()


def test_what_cannot_be_made_is_refused_before_any_work(study, monkeypatch, tmp_path):
    refused(study("study", "student", "gone.yaml", "luo/projected/1", "--output", "kept"), "cannot be read")
    refused(study("study", "student", "tiny.yaml", "luo/projected/2", "--output", "kept"), "Did you mean")
    (tmp_path / "empty" / "models").mkdir(parents=True)
    monkeypatch.setenv("XNER_MIRROR", str(tmp_path / "empty"))
    answer = study("study", "student", "tiny.yaml", "luo/projected/1", "--output", "kept")
    refused(answer, "cannot be reproduced here", "masakhane/masakhaner2:luo/test", "xner/minilm-conll2003-en")
    assert not Path("kept").exists()


def test_a_report_has_the_study_if_asked(study, shared):
    build_corpus(make_recipe("luo", "parallel", {"tagger": "xner/minilm-conll2003-en"}), Path("build/luo"))
    assert done(study("report", "build/luo", "--study", "tiny.yaml", "--json"))["report"] == "build/luo/report.html"
    page = Path("build/luo/report.html").read_text(encoding="utf-8")
    assert "Do trees help?" in page and "None of its 2 runs is made" in page
    done(study("study", "run", "tiny.yaml", "--json"))
    done(study("report", "build/luo", "--study", "tiny.yaml", "--json"))
    page = Path("build/luo/report.html").read_text(encoding="utf-8")
    assert "All 2 runs are made." in page and "F1 by arm, in luo" in page
    before = Path("build/luo/report.html").read_bytes()
    refused(study("report", "build/luo", "--study", "gone.yaml"), "the study cannot be read")
    refused(study("report", "build/luo", "--backbone", "org/other"), "--study")
    refused(study("report", "build/luo", "--study", "tiny.yaml", "--backbone", "org/other"), "no backbone 'org/other'")
    assert Path("build/luo/report.html").read_bytes() == before
