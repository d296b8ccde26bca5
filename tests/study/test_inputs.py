"""What a dry run finds of the inputs of a study, without the Hub and without a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hub_fixtures import hub, hub_env, run_client  # noqa: F401

from xner_hf.languages import languages
from xner_hf.study import Store, load_study
from xner_hf.study.inputs import check_inputs
from xner_hf.study.runner import run_study

STUDIES = Path(__file__).parents[2] / "studies"
GOLD = {"projected": {}, "projected+parse": {}, "gold": {}}


@pytest.fixture
def check(invented, shared, monkeypatch, tmp_path):
    """The function that returns the inputs of a study by kind and name, their state and what is said of them."""
    monkeypatch.setenv("XNER_MIRROR", str(shared))

    def check(**changes):
        study = load_study(invented.write_study(tmp_path / "tiny.yaml", **changes))
        found = check_inputs(study, study.runs(), Store(study.folder))["inputs"]
        return {(one["kind"], one["name"]): (one["state"], one["detail"]) for one in found}

    return check


def state(found, kind, name, *words):
    """Return the state of an input, and check what is said of it."""
    is_, detail = found[kind, name]
    assert all(word in detail for word in words), detail
    return is_


def test_all_that_a_study_with_translated_gold_reads_is_looked_up(check, invented):
    found = check(arms=GOLD | {"direct": {}})
    assert {key: value for key, (value, _) in found.items()} == {
        ("model", invented.BACKBONE): "ok",
        ("corpus", "masakhane/masakhaner2:luo/test"): "ok",
        ("treebank", f"{invented.TREEBANK}:en_ewt"): "ok",
        ("twin", "masakhane/masakhaner2:luo"): "ok",
        ("corpus", "eriktks/conll2003:conll2003/train"): "ok",
        ("corpus", "masakhane/masakhaner2:luo/train"): "ok",
        ("corpus", "xner/masakhaner2-translated:luo/train"): "ok",
        ("corpus", "masakhane/mafand:en-luo"): "ok",
    }


def test_a_language_without_translations_reads_no_gold_but_its_test_set_and_has_no_twin(check):
    found = check(languages=["hau"], arms=GOLD)
    assert not [name for _, name in found if name.endswith("/train")]
    assert state(found, "corpus", "masakhane/mafand:en-hau") == "ok"
    assert state(found, "twin", "masakhane/masakhaner2:hau", "Restrict the arm with languages") == "wrong"


def test_the_twin_is_missing_where_only_the_translations_are(check, shared, monkeypatch, tmp_path):
    root = shutil.copytree(shared, tmp_path / "mirror")
    shutil.rmtree(root / "datasets" / "xner")
    check()
    monkeypatch.setenv("XNER_MIRROR", str(root))
    assert state(check(arms=GOLD), "twin", "masakhane/masakhaner2:luo", "has no corpus") == "missing"


def test_what_the_mirror_lacks_is_missing_if_it_may_be_elsewhere(check, invented):
    lacking = {"backbones": ["FacebookAI/xlm-roberta-large"], "gold": "google/xtreme:PAN-X.sw", "languages": ["swa"]}
    found = check(**lacking)
    assert state(found, "model", "FacebookAI/xlm-roberta-large", "has no model") == "missing"
    assert state(found, "corpus", "google/xtreme:PAN-X.sw/test", "The language table knows") == "missing"
    assert state(found, "corpus", "masakhane/mafand:en-swa", "The language table knows it") == "missing"
    other = {"eng": f"{invented.TREEBANK}:af_afribooms"}
    assert state(check(trees=other), "treebank", other["eng"], "The language table knows it") == "missing"


@pytest.mark.parametrize(
    ("changes", "kind", "name", "words"),
    [
        ({"backbones": ["xner/minilm-conll2003-em"]}, "model", "xner/minilm-conll2003-em", "Did you mean"),
        ({"teachers": {"eng": "a tagger"}}, "model", "a tagger", "neither a local folder nor a Hub id"),
        ({"gold": "masakhane/masakhaner2:lou"}, "corpus", "masakhane/masakhaner2:lou/test", "no configuration 'lou'"),
        ({"gold": "masakhane/masakhaner3"}, "corpus", "masakhane/masakhaner3:luo/test", "Did you mean"),
        ({"split": "tset"}, "corpus", "masakhane/masakhaner2:luo/tset", "has no split 'tset'"),
        ({"trees": {"eng": "gone.conllu"}}, "treebank", "gone.conllu", "there is no file gone.conllu"),
        ({"trees": {"eng": "en_ewt"}}, "treebank", "en_ewt", "neither a file or folder here nor of the form"),
        (
            {"source_labels": {"eng": "eriktks/conll2003:conll2002/train"}},
            "corpus",
            "eriktks/conll2003:conll2002/train",
            "no configuration 'conll2002'",
        ),
        (
            {"recipe": {"name": "parallel", "aligner.extra_parallel": ["gone.tsv"]}},
            "corpus",
            "gone.tsv",
            "there is no file gone.tsv",
        ),
    ],
)
def test_what_cannot_be_is_wrong(check, changes, kind, name, words):
    arms = {"projected": {}, "projected+parse": {}, "direct": {}}
    assert state(check(arms=arms, **changes), kind, name, words) == "wrong"


def test_a_model_without_safetensors_is_wrong_since_no_other_weights_are_loaded(check, shared, tmp_path, invented):
    folder = shutil.copytree(shared / "models" / invented.BACKBONE, tmp_path / "encoder")
    assert state(check(backbones=[str(folder)]), "model", str(folder)) == "ok"
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert state(check(backbones=[str(folder)]), "model", str(folder), "no weights as safetensors") == "wrong"
    (folder / "config.json").unlink()
    assert state(check(backbones=[str(folder)]), "model", str(folder), "no configuration") == "wrong"


def test_files_of_the_user_are_inputs_as_well(check, tmp_path):
    tree = "1\tA\t_\tX\t_\t_\t0\troot\t_\t_\n\n"
    (tmp_path / "own.conllu").write_text(tree, encoding="utf-8")
    found = check(trees={"eng": str(tmp_path / "own.conllu")})
    assert state(found, "treebank", str(tmp_path / "own.conllu")) == "ok"


def test_a_treebank_with_a_test_split_alone_can_be_learnt_from(check, invented):
    own = f"{invented.TREEBANK}:ha_northernautogramm"
    arms = {"projected": {}, "projected+parse": {"trees": "target"}}
    assert state(check(languages=["hau"], target_trees={"hau": own}, arms=arms), "treebank", own) == "ok"


def test_runs_that_are_there_are_told_and_cost_nothing(check, invented, tmp_path):
    check()
    study = load_study(tmp_path / "tiny.yaml")
    store = Store(study.folder)
    before = check_inputs(study, study.runs(), store, tokens_per_second=100.0)
    # 16 sentences for the arm without trees, and half as many again for the other, of 35 sub-words each.
    assert (before["tokens"], before["hours"]) == ((16 + 24) * 35, round(40 * 35 / 100 / 3600, 1))
    assert [one["done"] for one in before["runs"]] == [False, False]
    run_study(study, store, study.runs()[:1])
    after = check_inputs(study, study.runs(), store)
    assert [one["done"] for one in after["runs"]] == [True, False]
    assert (after["tokens"], after["hours"]) == (24 * 35, None)


def test_what_the_hub_lacks_is_wrong_and_what_cannot_be_asked_is_missing(hub_env, run_client, shared, invented):  # noqa: F811
    code = """
        import os, pathlib
        from huggingface_hub import HfApi, constants
        from xner_hf.study.inputs import _look

        folder, api, result = pathlib.Path(tagger), HfApi(), []
        for name, left_out in (("xner/whole", "*.none"), ("xner/pickle", "*.safetensors")):
            api.create_repo(name)
            api.upload_folder(repo_id=name, folder_path=folder, ignore_patterns=left_out)
        for kind, name, part in (
            ("model", "xner/whole", None),
            ("model", "xner/whole", "no-branch"),
            ("model", "xner/pickle", None),
            ("model", "xner/none", None),
            ("corpus", "xner/none:xx", "test"),
        ):
            result.append(_look(kind, name, part)["state"])
        constants.HF_HUB_OFFLINE = True
        result += [_look("model", "xner/other", None)["state"], _look("corpus", "xner/other:xx", "test")["state"]]
    """
    found = run_client(code, hub_env(), tagger=str(shared / "models" / invented.BACKBONE))
    assert found == ["ok", "wrong", "wrong", "wrong", "wrong", "missing", "missing"]


# The studies of this repository


def test_the_cluster_study_has_every_test_set_of_the_paper_once():
    study = load_study(STUDIES / "paper57.yaml")
    wanted = sorted(reference for one in languages() for reference in one.test_sets)
    assert sorted(one.gold for one in study.languages) == wanted and len(wanted) == 57
    assert {one.recipe for one in study.languages} == {"parallel", "translate-test"}
    translated = [one for one in study.languages if one.recipe == "translate-test"]
    assert len(translated) == 41
    assert {one.recipe_settings["translator.model"] for one in translated} == {"facebook/nllb-200-3.3B"}


def test_the_cluster_study_asks_the_questions_of_the_main_study():
    main, cluster = (load_study(STUDIES / f"{name}.yaml") for name in ("main", "paper57"))
    assert cluster.contrasts == main.contrasts
    assert {name: (arm.arm, arm.trees, arm.seeds) for name, arm in cluster.arms.items()} == {
        name: (arm.arm, arm.trees, arm.seeds) for name, arm in main.arms.items()
    }
    trees = {one.name: one.target_trees for one in cluster.languages if one.target_trees}
    assert set(cluster.arms["projected+distill-aligned+parse-target"].languages) == set(trees)
    known = {one.code: one.treebanks for one in languages()}
    assert all(trees[one.name] in known[one.code] for one in cluster.languages if one.name in trees)


def test_nothing_in_the_cluster_study_is_wrong(monkeypatch, shared):
    """The invented mirror lacks nearly all of it: what the language table knows is missing, not wrong."""
    monkeypatch.setenv("XNER_MIRROR", str(shared))
    study = load_study(STUDIES / "paper57.yaml")
    runs = study.runs()
    found = check_inputs(study, runs, Store(study.folder), tokens_per_second=10_000)
    assert len(found["runs"]) == len(runs) == 2805
    states = {one["name"]: one["state"] for one in found["inputs"] if one["kind"] != "twin"}
    assert set(states.values()) <= {"ok", "missing"}
    assert states["facebook/nllb-200-3.3B@f046cc4ebd1ea4aa8015c3d48282a6299d9f3915"] == "missing"
    assert states["google/xtreme:PAN-X.zh/test"] == "missing" and states["masakhane/masakhaner2:luo/test"] == "ok"
    assert found["hours"] == round(found["tokens"] / 10_000 / 3600, 1)
