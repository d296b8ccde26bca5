"""The student of one run, made again: what it is made from, and how it compares with the store."""

from __future__ import annotations

import copy
import json
import shutil

import pytest

from xner_hf.corpora.labelled import read_labelled
from xner_hf.errors import XnerError
from xner_hf.evaluation.scores import only_types
from xner_hf.metrics import entities
from xner_hf.publish.checks import check_model
from xner_hf.publish.model_card import model_card
from xner_hf.study import Store, load_study
from xner_hf.study.provenance import provenance
from xner_hf.study.reproduce import check_new, compare, find_run, place_of, reproduce
from xner_hf.study.run import run_text
from xner_hf.study.runner import run_study
from xner_hf.tag.model import ModelTagger
from xner_hf.training.provenance import training_inputs

GOLD, LINKS = "masakhane/masakhaner2:luo/train", "xner/masakhaner2-translated:luo/train"
TREES = "universal-dependencies/universal_dependencies:en_ewt"
MODEL, MAFAND = "xner/minilm-conll2003-en", "masakhane/mafand"
ARMS = {
    "direct": {},
    "projected": {},
    "projected+parse": {},
    "distill": {"languages": ["luo"]},
    "gold": {"languages": ["luo"], "noise": 0.25},
    "projected+text": {"arm": "projected", "trees": "text"},
    "projected+random": {"arm": "projected+parse", "trees": "random"},
    "direct+projected-trees": {"arm": "direct+parse", "trees": "projected"},
}


@pytest.fixture
def study(invented, shared, monkeypatch, tmp_path):
    """The function that reads a study over the invented mirror."""
    monkeypatch.setenv("XNER_MIRROR", str(shared))

    def read(**changes):
        table = {"languages": ["luo", "hau"], "arms": ARMS, **changes}
        return load_study(invented.write_study(tmp_path / "tiny.yaml", **table))

    return read


@pytest.fixture
def made_from(study):
    """The function that returns role and name of every input of a run's student, and what else is recorded."""

    def made_from(place):
        made = study()
        run = find_run(made, place)
        facts = provenance(made, run, "xner study student tiny.yaml")
        found = training_inputs(run.settings["backbone"], facts)
        return {(one["role"], one["name"]) for one in found["inputs"]}, facts

    return made_from


def test_a_student_that_is_kept_is_that_of_the_row(study, tmp_path):
    made = study()
    run, store = find_run(made, "luo/projected+parse/1"), Store(made.folder)
    run_study(made, store, [run])
    again = reproduce(made, run, tmp_path / "kept", "xner study student tiny.yaml")
    (row,) = store.results()
    assert again.store["state"] == "same" and again.store["f1"] == row["scores"]["f1"]
    assert (again.store["difference"], again.store["sentences"]) == (0, 0)
    for name in ("signatures", "steps", "scores", "parsing", "curve", "predictions"):
        assert again.row[name] == row[name]
    assert again.trees["las"] == row["parsing"]["las"] and again.entities["f1"] == row["scores"]["f1"]

    gold = list(read_labelled("masakhane/masakhaner2:luo", "test"))
    labels, _ = ModelTagger(str(tmp_path / "kept")).label([one.tokens for one in gold])
    spans = {
        one.id: [[span.start, span.end, span.label] for span in entities(only_types(tags))]
        for one, tags in zip(gold, labels, strict=True)
    }
    assert {name: found for name, found in spans.items() if found} == row["predictions"]["spans"]
    # Nothing but the student was kept, and nothing was added to the store.
    assert not (tmp_path / "kept" / "checkpoints").exists() and len(store.rows()) == 1


def test_the_training_record_names_the_run_and_every_source(study, tmp_path):
    made = study()
    run = find_run(made, "luo/distill/1")
    reproduce(made, run, tmp_path / "kept", "xner study student tiny.yaml luo/distill/1")
    facts = json.loads((tmp_path / "kept" / "training.json").read_text(encoding="utf-8"))
    assert facts["data"]["study"] == {"name": "tiny", "key": run.key, "settings": json.loads(json.dumps(run.settings))}
    assert (facts["data"]["arm"], facts["data"]["language"]) == ("distill", "luo")
    assert facts["data"]["command"] == "xner study student tiny.yaml luo/distill/1" and "builds" not in facts["data"]
    assert {(one["role"], one["name"]) for one in facts["inputs"]} == {
        ("backbone", MODEL),
        ("teacher", MODEL),
        ("text", GOLD),
        ("text", LINKS),
        ("build luo", MAFAND),
        ("build luo", MODEL),
    }
    assert facts["teachers"] == [{"model": MODEL, "revision": None, "weight": 1.0}]
    (build,) = facts["builds"]
    assert build["recipe"]["text"]["corpus"] == MAFAND and build["recipe"]["tagger"]["model"] == MODEL
    assert build["leak_check"]["status"] == "done" and build["leak_check"]["dropped"] == {}
    card = model_card(tmp_path / "kept")
    assert "People have marked the names in some of its text" in card and "their labels were not used" in card
    assert "Build `masakhane/masakhaner2:luo/train, recipe parallel`" in card
    assert "`xner study student tiny.yaml luo/distill/1`" in card


COMMON = {("backbone", MODEL), ("build luo", MAFAND), ("build luo", MODEL)}


@pytest.mark.parametrize(
    ("place", "inputs"),
    [
        ("luo/direct/1", {("backbone", MODEL), ("corpus", "eriktks/conll2003:conll2003/train")}),
        ("luo/projected/1", {*COMMON, ("text", GOLD), ("text", LINKS)}),
        ("luo/gold/1", {*COMMON, ("corpus", GOLD), ("text", LINKS)}),
        ("luo/projected+parse/1", {*COMMON, ("text", GOLD), ("text", LINKS), ("treebank", TREES)}),
        ("luo/projected+text/1", {*COMMON, ("text", GOLD), ("text", LINKS), ("text", TREES)}),
        ("hau/projected/1", {("backbone", MODEL), ("build hau", MAFAND), ("build hau", MODEL)}),
    ],
)
def test_every_arm_names_what_it_learns_from(made_from, place, inputs):
    assert made_from(place)[0] == inputs


def test_trees_that_are_projected_name_treebank_and_text(made_from):
    found, _ = made_from("luo/direct+projected-trees/1")
    assert found == {
        *COMMON,
        ("corpus", "eriktks/conll2003:conll2003/train"),
        ("text", GOLD),
        ("text", LINKS),
        ("treebank", TREES),
    }


def test_what_was_made_wrong_on_purpose_is_told(made_from):
    assert made_from("luo/gold/1")[1]["experiment"] == ("a share of 0.25 of its gold training labels was made wrong")
    assert "random" in made_from("luo/projected+random/1")[1]["experiment"]
    assert "experiment" not in made_from("luo/projected+parse/1")[1]


def test_training_sentences_that_stand_in_the_test_set_are_left_out(study, invented, shared, write_corpus, tmp_path):
    budget = invented.study_table()["budget"]
    made = study(budget={**budget, "sentences": 15})  # a number of its own: texts are kept by it in the process
    root = shutil.copytree(shared, tmp_path / "mirror")
    luo = [invented.labelled(invented.translated(one, 0)) for one in invented.ENGLISH]
    splits = {"train": luo[:-20], "validation": luo[-20:-18], "test": [*luo[-18:], *luo[:3]]}
    write_corpus(root, "masakhane/masakhaner2", {"luo": splits}, {"ner_tags": invented.NAMES})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_MIRROR", str(root))
        run = find_run(made, "luo/projected/1")
        (build,) = provenance(made, run, "")["builds"]
        assert build["leak_check"]["dropped"] == {"evaluation_overlap": 3}
        learnt = {" ".join(row.tokens) for row in run_text(run).train}
        assert learnt and not learnt & {" ".join(row["tokens"]) for row in splits["test"]}


def test_terms_that_cannot_be_combined_are_found(study, tmp_path):
    made = study()
    reproduce(made, find_run(made, "luo/projected+parse/1"), tmp_path / "kept", "xner study student tiny.yaml")
    with pytest.raises(XnerError, match="cc-by-sa-4.0.*cannot be combined"):
        check_model(tmp_path / "kept", allow_unscored=True)


# Which run


def test_a_run_has_its_key_and_a_name(study):
    made = study()
    for run in made.runs():
        assert find_run(made, run.key).settings == find_run(made, place_of(run)).settings == run.settings


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("luo/projetced/1", r"no run 'luo/projetced/1'\. Did you mean 'luo/projected/1'"),
        ("luo/projected/7", "Did you mean 'luo/projected/1'"),
        ("0123456789abcdef", "no run '0123456789abcdef'.*xner study run .*tiny.yaml --dry-run"),
        ("hau/gold/1", "no run 'hau/gold/1'"),
    ],
)
def test_an_unknown_run_is_told_with_the_nearest(study, name, told):
    with pytest.raises(XnerError, match=told):
        find_run(study(), name)


def test_a_name_of_several_runs_asks_for_the_key(study, invented):
    made = study(backbones=[invented.BACKBONE, "org/other"])
    with pytest.raises(XnerError, match=r"luo/projected/1 names 2 runs.*\(org/other\)"):
        find_run(made, "luo/projected/1")
    key = next(run.key for run in made.runs() if run.settings["backbone"] == "org/other")
    assert find_run(made, key).settings["backbone"] == "org/other"


# What is refused, and what the comparison says


def test_nothing_is_written_over_a_folder_that_holds_something(study, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("words")
    made = study()
    run = find_run(made, "luo/direct/1")
    for path, told in ((tmp_path / "mine", "is not empty"), (tmp_path / "mine" / "thesis.tex", "is a file")):
        with pytest.raises(XnerError, match=told):
            reproduce(made, run, path, "")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
    (tmp_path / "empty").mkdir()
    check_new(tmp_path / "empty")
    check_new(tmp_path / "new")


def test_inputs_that_are_not_here_are_all_told_before_anything_is_trained(study, tmp_path, monkeypatch):
    made = study(teachers={"eng": "org/unheard-of"}, gold="masakhane/masakhaner9")
    with pytest.raises(XnerError, match=r"(?s)luo/projected/1 cannot be reproduced here.*masakhaner9.*org/unheard-of"):
        reproduce(made, find_run(made, "luo/projected/1"), tmp_path / "kept", "")
    assert not (tmp_path / "kept").exists()


def test_a_difference_from_the_store_is_measured(study, tmp_path):
    spans = {"0": [[0, 1, "PER"]], "1": [[2, 3, "LOC"]]}
    row = {
        "status": "done",
        "scores": {"f1": 0.5},
        "predictions": {"gold": "a/b:c", "split": "test", "sentences": 3, "spans": spans},
        "parsing": None,
        "hardware": {"threads": 1},
    }
    assert compare(row, None) == {"state": "none"}
    assert compare(row, {**row, "status": "failed", "error": "no trees"}) == {"state": "failed", "error": "no trees"}
    same = {"state": "same", "f1": 0.5, "difference": 0.0, "sentences": 0, "hardware": {"threads": 1}}
    assert compare(row, row) == same
    other = copy.deepcopy(row)
    other["scores"]["f1"] = 0.25
    other["predictions"]["spans"] = {"0": [[0, 2, "PER"]], "1": [[2, 3, "LOC"]], "2": [[0, 1, "ORG"]]}
    assert compare(row, other) == {**same, "state": "different", "f1": 0.25, "difference": 0.25, "sentences": 2}
    parsed = {**row, "parsing": {"treebank": "a/b:c", "uas": 0.5, "las": 0.25, "sentences": 9}}
    assert compare(parsed, row)["state"] == "different" and compare(parsed, row)["difference"] == 0
