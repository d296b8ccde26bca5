"""What a recipe reads is checked and signed before any long work, and its licences are known."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xner_hf.align.statistical import StatisticalAligner, StatisticalConfig
from xner_hf.errors import XnerError
from xner_hf.pipeline.inputs import sign, usable_recipes
from xner_hf.pipeline.licences import Licence, licences, most_restrictive
from xner_hf.pipeline.revisions import asked_models
from xner_hf.pipeline.store import STAGE_VERSIONS, cache_folder
from xner_hf.recipe import make_recipe

MAFAND = "masakhane/mafand"
GOLD = "masakhane/masakhaner2"
TRANSLATED = {"text.corpus": "xner/conll2003-nllb", "text.config": "hau"}
TAGGER = "dslim/bert-base-NER"
STAGES = ("text", "tag", "align", "target", "project")
WITHOUT_TARGET = ["text", "tag", "align", "project"]


def parallel(**overrides):
    return make_recipe("hau", "parallel", overrides)


def changed(before, after):
    """Return the stages whose signatures differ."""
    return [stage for stage in STAGES if getattr(before, stage) != getattr(after, stage)]


def fails(recipe, *words):
    with pytest.raises(XnerError) as caught:
        sign(recipe)
    for word in words:
        assert word in str(caught.value)
    return str(caught.value)


# Signatures


def test_equal_recipes_and_inputs_have_equal_signatures_wherever_the_inputs_lie(mirror, monkeypatch, tmp_path):
    before = sign(parallel())
    assert sign(parallel()) == before
    monkeypatch.setenv("XNER_MIRROR", str(shutil.copytree(mirror, tmp_path / "elsewhere")))
    assert sign(parallel()) == before


@pytest.mark.parametrize(
    ("overrides", "stages"),
    [
        ({"limit": 5}, ["text", "tag", "align", "project"]),
        ({"text.splits": ["train"]}, ["text", "tag", "align", "project"]),
        ({"text.revision": "v1"}, ["text", "tag", "align", "project"]),
        ({"tagger.consistent": False}, ["project"]),
        ({"aligner": "none"}, ["align", "project"]),
        ({"aligner.stem": 0}, ["align", "project"]),
        ({"aligner": {"method": "combined", "members": [{"method": "statistical"}]}}, ["align", "project"]),
        ({"projector.target_tagger": TAGGER}, ["target", "project"]),
        ({"projector.weights": {"bias": 0.0}}, ["project"]),
        ({"filters.comp_src": True}, ["project"]),
        ({"filters.min_score": 0.5}, ["project"]),
        ({"projector": "heuristic"}, ["project"]),
        ({"projector.null_threshold": 0.5}, ["project"]),
        ({"validation_percent": 10.0}, ["project"]),
    ],
)
def test_a_setting_changes_the_signatures_from_its_stage_on(mirror, overrides, stages):
    assert changed(sign(parallel()), sign(parallel(**overrides))) == stages


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        (f"datasets/{MAFAND}/en-hau/test-00000-of-00001.parquet", ["text", "tag", "align", "project"]),
        (f"datasets/{GOLD}/hau/validation-00000-of-00001.parquet", ["text", "tag", "align", "project"]),
        (
            "datasets/xner/masakhaner2-translated/leakage/train-00000-of-00001.parquet",
            ["text", "tag", "align", "project"],
        ),
        (f"models/{TAGGER}/model.safetensors", ["tag", "project"]),
        (f"models/{TAGGER}/tokenizer.json", ["tag", "project"]),
        (f"datasets/{GOLD}/hau/train-00000-of-00001.parquet", []),
        ("datasets/xner/conll2003-nllb/hau/train-00000-of-00001.parquet", []),
    ],
    ids=["text", "gold", "leakage table", "weights", "tokenizer", "gold for training", "another corpus"],
)
def test_a_changed_input_changes_the_signatures_of_the_stages_that_read_it(mirror, name, stages):
    before = sign(parallel())
    with (mirror / name).open("ab") as file:
        file.write(b" ")
    assert changed(before, sign(parallel())) == stages


def test_an_evaluation_set_that_went_away_changes_the_signatures(mirror):
    before = sign(parallel())
    shutil.rmtree(mirror / "datasets" / GOLD)
    assert changed(before, sign(parallel())) == WITHOUT_TARGET


def test_further_parallel_text_is_signed_by_its_content(mirror, tmp_path):
    path = tmp_path / "more.tsv"
    path.write_text("Kano\tKano\n")
    recipe = parallel(aligner={"extra_parallel": [str(path)]})
    before = sign(recipe)
    assert changed(sign(parallel()), before) == ["align", "project"]
    path.write_text("Jos\tJos\n")
    assert changed(before, sign(recipe)) == ["align", "project"]


@pytest.mark.parametrize(
    ("stage", "stages"),
    [("text", WITHOUT_TARGET), ("tag", ["tag", "project"]), ("align", ["align", "project"]), ("project", ["project"])],
)
def test_another_version_of_a_stage_changes_its_signature_and_those_of_later_stages(
    mirror, monkeypatch, stage, stages
):
    before = sign(parallel())
    monkeypatch.setitem(STAGE_VERSIONS, stage, STAGE_VERSIONS[stage] + 1)
    assert changed(before, sign(parallel())) == stages


def test_another_version_of_a_method_changes_its_stage_and_later_ones(mirror, monkeypatch):
    before = sign(parallel())
    monkeypatch.setattr(StatisticalConfig, "version", StatisticalConfig.version + 1)
    assert changed(before, sign(parallel())) == ["align", "project"]


def test_languages_with_the_same_recipe_have_different_signatures():
    assert changed(sign(make_recipe("hau", "sample")), sign(make_recipe("swa", "sample"))) == WITHOUT_TARGET


def test_settings_of_combined_aligners_are_signed_however_deep(mirror):
    def combined(stem):
        inner = {"method": "combined", "members": [{"method": "statistical", "stem": stem}]}
        return parallel(aligner={"method": "combined", "members": [{"method": "none"}, inner]})

    assert sign(combined(3)) == sign(combined(3))
    assert changed(sign(combined(3)), sign(combined(4))) == ["align", "project"]


def test_a_kept_aligner_is_signed_by_its_content(mirror, tmp_path):
    StatisticalAligner.train([(["Kano"], ["Kano"])], tmp_path / "kept")
    plain, recipe = parallel(), parallel(**{"aligner.model": str(tmp_path / "kept")})
    before = sign(recipe)
    assert changed(sign(plain), before) == ["align", "project"]
    assert sign(recipe) == before
    StatisticalAligner.train([(["Jos"], ["Jos"])], tmp_path / "kept")
    assert changed(before, sign(recipe)) == ["align", "project"]


@pytest.mark.parametrize(
    ("overrides", "stages"),
    [
        ({"aligner": {"method": "encoder", "model": TAGGER}}, ["align", "project"]),
        ({"aligner": {"method": "simalign", "model": TAGGER}}, ["align", "project"]),
        (
            {"aligner": {"method": "combined", "members": [{"method": "encoder", "model": TAGGER}]}},
            ["align", "project"],
        ),
        ({"projector.target_tagger": TAGGER}, ["target", "project"]),
    ],
    ids=["encoder", "simalign", "combined", "target tagger"],
)
def test_the_models_of_aligner_and_target_side_are_signed_by_their_files(mirror, overrides, stages):
    recipe = make_recipe("hau", "translate-train", TRANSLATED | overrides)
    before = sign(recipe)
    with (mirror / "models" / TAGGER / "model.safetensors").open("ab") as file:
        file.write(b" ")
    assert changed(before, sign(recipe)) == stages


# Inputs that cannot be had


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"text": {"corpus": "masakhane/mafnad"}}, ["'masakhane/mafnad'", f"Did you mean '{MAFAND}'"]),
        ({"text": {"config": "en-hua"}}, ["'en-hua'", "Did you mean 'en-hau'?"]),
        ({"text": {"splits": ["train", "dev"]}}, ["'dev'", "test, train, validation"]),
        ({"tagger": "dslim/bert-base-NEB"}, ["'dslim/bert-base-NEB'", f"Did you mean '{TAGGER}'?"]),
        ({"tagger": "no-such-folder"}, ["'no-such-folder'", "neither a local folder"]),
        (
            {"aligner": {"method": "encoder", "model": "no-such-folder"}},
            ["'no-such-folder'", "neither a local folder"],
        ),
        (
            {"aligner": {"method": "combined", "members": [{"method": "simalign", "model": "org/gone"}]}},
            ["no model 'org/gone'"],
        ),
        ({"projector.target_tagger": "org/gone"}, ["no model 'org/gone'"]),
        ({"aligner": {"extra_parallel": ["gone.tsv"]}}, ["gone.tsv", "not a local file"]),
        ({"aligner": {"extra_parallel": [f"{MAFAND}:en-hua"]}}, ["'en-hua'", "Did you mean 'en-hau'?"]),
    ],
)
def test_an_input_that_cannot_be_had_is_named_with_recipes_that_work_here(mirror, overrides, words):
    fails(parallel(**overrides), *words, "The recipe 'parallel' for hau", "work here: sample")
    assert not list(cache_folder().iterdir())


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"aligner": {"extra_parallel": ["gone.txt"]}}, ["'gone.txt'", "org/name:config"]),
        ({"text": {"corpus": GOLD, "config": "hau", "splits": ["test"]}}, [f"{GOLD}:hau/test", "evaluation set"]),
        ({"text": {"corpus": GOLD, "config": "hau"}}, ["evaluation set"]),
        ({"aligner": {"extra_parallel": [f"{GOLD}:hau"]}}, ["evaluation set"]),
    ],
)
def test_an_input_that_is_wrong_wherever_one_is_gets_no_list_of_other_recipes(mirror, overrides, words):
    with pytest.raises(XnerError) as caught:
        sign(parallel(**overrides))
    assert all(word in str(caught.value) for word in words) and "work here" not in str(caught.value)


def test_where_nothing_but_the_package_is_there_the_sample_is_offered():
    fails(make_recipe("hau"), MAFAND, "Set XNER_MIRROR", "other recipes that work here: sample (--recipe)")
    fails(make_recipe("yor"), MAFAND, "other recipes that work here: none")


def test_a_mirror_without_the_corpus_names_it_and_the_recipes_that_work(mirror):
    shutil.rmtree(mirror / "datasets" / MAFAND)
    fails(make_recipe("hau"), f"the mirror {mirror} has no corpus '{MAFAND}'", "work here: sample")


def test_a_mirror_that_is_gone_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("XNER_MIRROR", str(tmp_path / "gone"))
    fails(make_recipe("hau"), f"XNER_MIRROR={tmp_path / 'gone'} is not a folder", "work here: sample")


def test_usable_recipes_are_those_whose_inputs_are_here(mirror):
    assert usable_recipes("hau") == ["parallel", "sample"]  # no NLLB-200, and no ready translation is taken unasked
    shutil.rmtree(mirror / "models")
    assert usable_recipes("hau") == ["sample"]
    assert usable_recipes("yor") == []


def test_the_sample_needs_nothing_but_the_package():
    assert usable_recipes("swa") == ["sample"]
    assert sign(make_recipe("swa", "sample")).tag == sign(make_recipe("swa", "sample")).text


# Licences


def test_every_input_brings_its_terms():
    mafand = Licence(MAFAND, "cc-by-nc-4.0", "non-commercial")
    tagger = Licence(TAGGER, "mit", "research-only")
    assert licences(parallel()) == [mafand, tagger]
    assert licences(make_recipe("hau", "sample")) == [Licence("bundled sample", "cc0-1.0", "permissive")]
    assert licences(make_recipe("hau", "translate-train", TRANSLATED)) == [
        Licence("xner/conll2003-nllb", "other", "research-only")
    ]


def test_what_the_tables_do_not_know_has_an_unknown_licence():
    recipe = parallel(tagger="me/tagger", aligner={"extra_parallel": ["own.tsv", "xner/bible:eng-ewe"]})
    assert licences(recipe)[1:] == [
        Licence("me/tagger", "unknown", "unknown"),
        Licence("own.tsv", "unknown", "unknown"),
        Licence("xner/bible", "cc0-1.0", "permissive"),
    ]
    assert licences(parallel(text={"corpus": "me/pairs"}))[0] == Licence("me/pairs", "unknown", "unknown")


def test_every_model_brings_its_terms_once_wherever_it_is_named():
    inner = {"method": "combined", "members": [{"method": "none"}, {"method": "simalign", "model": "c/d"}]}
    members = [{"method": "encoder", "model": "a/b"}, {"method": "encoder", "model": "a/b", "layer": 3}, inner]
    recipe = parallel(
        aligner={"method": "combined", "members": members, "extra_parallel": ["xner/bible:eng-ewe"]},
        **{"projector.target_tagger": TAGGER},
    )
    assert list(asked_models(recipe)) == [TAGGER, "a/b", "c/d"]
    assert licences(recipe)[1:] == [
        Licence(TAGGER, "mit", "research-only"),
        Licence("a/b", "unknown", "unknown"),
        Licence("c/d", "unknown", "unknown"),
        Licence("xner/bible", "cc0-1.0", "permissive"),
    ]
    target = make_recipe("hau", "sample", {"projector.target_tagger": "me/tagger"})
    assert licences(target)[1:] == [Licence("me/tagger", "unknown", "unknown")]
    assert most_restrictive(licences(target)).name == "me/tagger"
    assert asked_models(make_recipe("hau", "sample")) == {}


def test_a_kept_aligner_has_the_unknown_terms_of_its_text(tmp_path):
    StatisticalAligner.train([(["Kano"], ["Kano"])], tmp_path)
    recipe = make_recipe("hau", "sample", {"aligner.model": str(tmp_path)})
    assert licences(recipe)[1:] == [Licence(str(tmp_path), "unknown", "unknown")]


def test_a_source_language_without_a_tagger_by_default_is_no_hindrance():
    recipe = parallel(tagger="me/tagger", source_language="swa")
    assert licences(recipe)[1:] == [Licence("me/tagger", "unknown", "unknown")]


def test_the_most_restrictive_terms_bind():
    found = [Licence(name, "x", name) for name in ("permissive", "unknown", "non-commercial", "research-only")]
    assert most_restrictive(found).name == "unknown"
    assert most_restrictive([found[0], found[3], found[2]]).name == "research-only"
    assert most_restrictive([found[0], found[2]]).name == "non-commercial"
    assert most_restrictive(licences(parallel())).name == TAGGER


def test_a_local_tagger_is_signed_by_its_files(mirror, tmp_path):
    folder = Path(shutil.copytree(mirror / "models" / TAGGER, tmp_path / "tagger"))
    assert changed(sign(parallel()), sign(parallel(tagger=str(folder)))) == []
    (folder / "README.md").write_text("other words")
    assert changed(sign(parallel()), sign(parallel(tagger=str(folder)))) == []
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    assert changed(sign(parallel()), sign(parallel(tagger=str(folder)))) == ["tag", "project"]
