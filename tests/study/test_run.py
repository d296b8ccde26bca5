"""One run of a study, from its settings to what its row says."""

from __future__ import annotations

import json
import subprocess

import pytest
from filelock import FileLock

from xner_hf.corpora.labelled import read_labelled
from xner_hf.evaluation.scores import gold_tags
from xner_hf.metrics import span_f1
from xner_hf.spans import Span, spans_to_iob2
from xner_hf.study import load_study
from xner_hf.study import surroundings as surroundings_module
from xner_hf.study.run import do_run, run_text
from xner_hf.study.surroundings import code_revision, surroundings
from xner_hf.training.arms import ARMS

ALIGNED = "projected+distill-aligned"


@pytest.fixture
def one(invented, shared, monkeypatch, tmp_path):
    """The function that returns the only run of an arm, which may have settings of its own."""
    monkeypatch.setenv("XNER_MIRROR", str(shared))

    def one(arm, language="luo", study=(), **own):
        arms = {"projected": OTHER, "projected+parse": OTHER, "x": {"arm": arm, "languages": [language], **own}}
        table = {"languages": ["luo", "hau"], "arms": arms, **dict(study)}
        study = load_study(invented.write_study(tmp_path / "tiny.yaml", **table))
        (run,) = [run for run in study.runs() if run.settings["label"] == "x"]
        return run

    return one


@pytest.fixture
def scratch(monkeypatch, tmp_path):
    """The folder in which students lie while they are needed."""
    monkeypatch.setenv("XNER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "study"


OTHER = {"max_length": 63}
"""Of arms that are there because a study has a contrast, so that they are not the arm in question."""


@pytest.mark.parametrize("language", ["luo", "hau"])
def test_the_scores_follow_from_the_predicted_spans(one, language):
    found = do_run(one("projected+parse", language))
    gold = list(read_labelled(f"masakhane/masakhaner2:{language}", "test"))
    told = found["predictions"]
    assert (told["gold"], told["split"], told["sentences"]) == (f"masakhane/masakhaner2:{language}", "test", len(gold))
    tags = [
        spans_to_iob2([Span(*span) for span in told["spans"].get(sentence.id, [])], len(sentence.tokens))
        for sentence in gold
    ]
    again = span_f1([gold_tags(sentence) for sentence in gold], tags)
    assert {name: again[name] for name in found["scores"]} == found["scores"]
    assert 0 < found["scores"]["f1"] < 1  # four of the test sentences no student can get right


@pytest.mark.parametrize("arm", [name + parse for name in (*ARMS, "gold") for parse in ("", "+parse")])
def test_every_arm_runs_for_the_same_number_of_steps(one, arm):
    found = do_run(one(arm))
    steps = list(found["steps"].values())
    assert steps == ([2, 1] if arm.endswith("+parse") else [2])
    assert set(found["seconds"]) == {"prepare", "train", "evaluate"}
    assert found["curve"][-1]["step"] == sum(steps) and found["curve"][-1]["loss"] > 0
    assert ("eval_f1" in found["curve"][-1]) == (not arm.startswith("direct"))
    if arm.endswith("+parse"):
        assert found["parsing"]["treebank"].endswith(":en_ewt") and found["parsing"]["sentences"] == 10
        assert 0 <= found["parsing"]["las"] <= found["parsing"]["uas"] <= 1
    else:
        assert found["parsing"] is None


def test_controls_and_projected_trees_take_as_many_steps_as_the_arm_with_trees(one):
    arms = [(f"{ALIGNED}+parse", "source"), (f"{ALIGNED}+parse", "random"), (f"{ALIGNED}+parse", "projected")]
    found = [do_run(one(arm, trees=trees)) for arm, trees in [*arms, (ALIGNED, "text")]]
    assert [list(one["steps"].values()) for one in found] == [[2, 1]] * 4
    assert len({one["signatures"]["sentences"] for one in found}) == 1
    # Without true trees there is nothing to score the parser by.
    assert [one["parsing"] is None for one in found] == [False, True, True, True]


def test_a_run_says_where_its_sentences_come_from(one):
    assert do_run(one("projected"))["signatures"]["text"] == "translations"
    assert do_run(one("projected", "hau"))["signatures"]["text"] == "build"


def test_the_same_run_gives_the_same_predictions(one):
    first, second = (do_run(one(f"{ALIGNED}+parse")) for _ in range(2))
    for name in ("signatures", "steps", "scores", "parsing", "curve", "predictions"):
        assert first[name] == second[name]


def test_settings_are_chosen_without_a_look_at_the_test_set(one):
    found = do_run(one("projected"), validate_only=True)
    assert set(found) == {"signatures", "steps", "curve", "seconds"}
    assert 0 <= found["curve"][-1]["eval_f1"] <= 1


def test_the_target_treebank_is_cut_where_it_has_a_test_split_alone(one, invented):
    trees = {"target_trees": {"hau": f"{invented.TREEBANK}:ha_northernautogramm"}}
    found = do_run(one("projected+parse", "hau", study=trees.items(), trees="target"))
    assert found["parsing"]["treebank"].endswith(":ha_northernautogramm") and found["parsing"]["sentences"] == 24


def test_a_parser_is_not_scored_on_a_file_which_has_no_test_split(one, tmp_path):
    lines = [f"{i}\t{word}\t_\tX\t_\t_\t{2 if i != 2 else 0}\tdep\t_\t_" for i, word in enumerate("Abc", 1)]
    (tmp_path / "own.conllu").write_text("\n".join([*lines, "", ""]) * 4, encoding="utf-8")
    trees = {"trees": {"eng": str(tmp_path / "own.conllu")}}
    assert do_run(one("projected+parse", study=trees.items()))["parsing"] is None


def test_no_student_is_kept_and_the_parser_of_the_source_language_is_trained_once(one, scratch):
    do_run(one("projected+parse", trees="projected"))
    (parser,) = (path for path in scratch.glob("parser-*") if path.is_dir())
    before = (parser / "training.json").stat().st_mtime_ns
    do_run(one(f"{ALIGNED}+parse", "hau", trees="projected"))
    assert (parser / "training.json").stat().st_mtime_ns == before
    assert json.loads((parser / "training.json").read_text())["sentences"]["train"] == {"trees": 60}
    assert not list(scratch.glob("student-*"))


def test_what_killed_runners_left_is_swept_away_and_what_living_ones_need_is_not(one, scratch):
    for name in ("student-dead", "student-living"):
        (scratch / name).mkdir(parents=True)
        (scratch / name / "model.safetensors").touch()
        (scratch / f"{name}.lock").touch()
    with FileLock(scratch / "student-living.lock"):
        do_run(one("direct"))
        assert [path.name for path in sorted(scratch.glob("student-*"))] == ["student-living", "student-living.lock"]


def test_an_arm_of_source_labels_reads_no_sentences_of_the_language(one):
    assert run_text(one("direct")) is None
    assert [row.id for row in run_text(one("distill")).train] == [str(n) for n in range(16)]


def test_a_row_tells_machine_and_code(monkeypatch):
    found = surroundings()
    assert set(found) == {"revision", "dirty", "versions", "hardware", "started"}
    assert found["started"].endswith("+00:00") and found["versions"]["torch"]
    assert found["hardware"]["cores"] >= 1 and found["hardware"]["threads"] >= 1
    code_revision.cache_clear()
    monkeypatch.setenv("PATH", "")  # without git
    assert (surroundings()["revision"], surroundings()["dirty"]) == (None, False)
    code_revision.cache_clear()


def test_a_row_names_the_commit_of_the_code_that_was_loaded(monkeypatch, tmp_path):
    def git(*words):
        who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
        done = subprocess.run(["git", *who, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    code = tmp_path / "study" / "surroundings.py"
    code.parent.mkdir()
    code.write_text("1\n", encoding="utf-8")
    monkeypatch.setattr(surroundings_module, "__file__", str(code))
    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "of somebody else's project")
    code_revision.cache_clear()
    assert code_revision() == (None, False)  # installed there, and no part of it

    git("add", ".")
    git("commit", "--quiet", "--message", "the code")
    commit = git("rev-parse", "HEAD")
    code_revision.cache_clear()
    assert code_revision() == (commit, False)
    code.write_text("2\n", encoding="utf-8")
    assert code_revision() == (commit, False)
    git("commit", "--quiet", "--all", "--message", "while a study runs")
    assert code_revision() == (commit, False)
    code.write_text("3\n", encoding="utf-8")
    code_revision.cache_clear()
    assert code_revision() == (git("rev-parse", "HEAD"), True)
    code_revision.cache_clear()
