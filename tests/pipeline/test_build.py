"""The folder that a build writes: what is in it, that it says when it is whole, and which folders it leaves alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from xner_hf.errors import XnerError
from xner_hf.pipeline.build import check_output, read_build, write_build
from xner_hf.pipeline.chain import REASONS
from xner_hf.pipeline.run import run_recipe
from xner_hf.pipeline.schema import SPLITS, corpus_schema
from xner_hf.recipe import load_recipe, make_recipe
from xner_hf.spans import NER_LABELS

TRANSLATED = {"text.corpus": "xner/conll2003-nllb", "text.config": "hau"}

TAGGER = "xner/minilm-conll2003-en"
COLUMNS = ["id", "tokens", "ner_tags", "language", "source_language", "source_tokens"]
COLUMNS += ["source_entities", "entities", "links", "reason"]


@pytest.fixture(scope="module")
def shared_runs(shared_mirror, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XNER_MIRROR", str(shared_mirror))
        # Exact rows are told only of a projector whose scores rest on nothing that was fitted.
        overrides = {"projector": "candidates"}
        yield {name: run_recipe(make_recipe("hau", name, overrides)) for name in ("parallel", "sample")}


@pytest.fixture
def runs(shared_runs, monkeypatch):
    """Finished runs by recipe, with the cache that they lie in."""
    monkeypatch.setenv("XNER_CACHE", str(shared_runs["sample"].stages.made["text"].folder.parents[1]))
    return shared_runs


@pytest.fixture
def sample(runs):
    return runs["sample"]


def rows(folder, split):
    return pq.read_table(folder / split).to_pylist()


def header(folder):
    return yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])


def refused(folder, *words):
    """Check that the folder is refused before any work, with the remedy."""
    with pytest.raises(XnerError) as caught:
        check_output(folder)
    for word in (str(folder), "--output", *words):
        assert word in str(caught.value)


# What is written


def test_a_build_holds_its_splits_its_card_its_recipe_and_its_facts(sample, tmp_path):
    facts = write_build(sample, tmp_path / "new" / "hau")
    folder = tmp_path / "new" / "hau"
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "build.json",
        "recipe.yaml",
        "rejected",
        "train",
        "validation",
    ]
    for split in SPLITS:
        assert [path.name for path in (folder / split).iterdir()] == [f"{split}-00000-of-00001.parquet"]
    assert read_build(folder) == facts == json.loads((folder / "build.json").read_text(encoding="utf-8"))
    assert load_recipe(folder / "recipe.yaml") == sample.recipe


def test_parquet_files_carry_the_schema_with_its_features(sample, tmp_path):
    write_build(sample, tmp_path)
    for split in SPLITS:
        (file,) = (tmp_path / split).iterdir()
        schema = pq.read_schema(file)
        assert schema.names == COLUMNS
        assert schema.equals(corpus_schema(), check_metadata=False)
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        assert list(features) == COLUMNS
        assert features["ner_tags"]["feature"] == {"names": list(NER_LABELS), "_type": "ClassLabel"}


@pytest.mark.parametrize("recipe", ["parallel", "sample"])
def test_all_counts_are_those_of_the_rows(runs, tmp_path, recipe):
    facts = write_build(runs[recipe], tmp_path)
    found = {split: rows(tmp_path, split) for split in SPLITS}
    every = [row for split in SPLITS for row in found[split]]
    kept = found["train"] + found["validation"]
    assert facts["rows"] == {"in": len(every), **{split: len(found[split]) for split in SPLITS}}
    assert facts["rows"]["in"] == runs[recipe].stages.rows
    assert sum(facts["statuses"].values()) == sum(len(row["source_entities"]) for row in every)
    assert sum(facts["reasons"].values()) == len(found["rejected"])
    for reason, number in facts["reasons"].items():
        assert number == sum(row["reason"] == reason for row in found["rejected"])
        assert reason in REASONS
    for label in ("PER", "ORG", "LOC"):
        tag = NER_LABELS.index(f"B-{label}")
        assert facts["entities"].get(label, 0) == sum(row["ner_tags"].count(tag) for row in kept)


def test_the_facts_say_what_was_checked_for_leaks_and_how_many_rows_leaked(runs, tmp_path):
    facts = write_build(runs["parallel"], tmp_path / "parallel")
    assert facts["leak_check"] == {
        "status": "done",
        "checked": [
            "masakhane/masakhaner2:hau/validation",
            "masakhane/masakhaner2:hau/test",
            "xner/masakhaner2-translated:leakage/train",
        ],
        "unreachable": [],
        "dropped": {"leakage_table": 2, "text_match": 2},
    }
    assert facts["reasons"]["evaluation_overlap"] == 4
    assert write_build(runs["sample"], tmp_path / "sample")["leak_check"]["status"] == "not done"


def test_a_check_that_could_not_be_done_is_said(mirror, tmp_path):
    shutil.rmtree(mirror / "datasets" / "masakhane" / "masakhaner2")
    facts = write_build(run_recipe(make_recipe("hau", "translate-train", TRANSLATED)), tmp_path / "out")
    assert facts["leak_check"]["status"] == "not done"
    assert facts["leak_check"]["unreachable"] == [
        "masakhane/masakhaner2:hau/validation",
        "masakhane/masakhaner2:hau/test",
    ]
    assert "evaluation_overlap" not in facts["reasons"]


def test_the_facts_name_recipe_signature_terms_and_versions(runs, tmp_path):
    facts = write_build(runs["parallel"], tmp_path / "parallel")
    assert facts["language"] == "hau"
    assert facts["recipe"] == runs["parallel"].recipe.to_dict()
    assert facts["signature"] == runs["parallel"].signatures.project
    assert facts["licence"]["name"] == "dslim/bert-base-NER"
    assert [one["name"] for one in facts["licences"]] == ["masakhane/mafand", "dslim/bert-base-NER"]
    assert {"xner-hf", "torch", "transformers"} <= set(facts["versions"])
    names = ["text", "tag", "names", "train aligner", "align", "project"]
    assert [stage["name"] for stage in facts["stages"]] == names
    assert "torch" not in write_build(runs["sample"], tmp_path / "sample")["versions"]


@pytest.mark.parametrize(
    "overrides",
    [
        {"aligner": {"method": "encoder", "model": TAGGER, "layer": 1}},
        {"aligner": {"method": "combined", "members": [{"method": "encoder", "model": TAGGER, "layer": 1}]}},
        {"aligner": "none", "projector.target_tagger": TAGGER},
    ],
)
def test_a_model_of_aligner_or_target_side_brings_its_terms_and_versions(mirror, tmp_path, overrides):
    facts = write_build(run_recipe(make_recipe("hau", "sample", {"limit": 3, **overrides})), tmp_path / "out")
    assert [one["name"] for one in facts["licences"]] == ["bundled sample", TAGGER]
    assert facts["licence"]["licence_class"] == "research-only"
    assert {"torch", "transformers"} <= set(facts["versions"])


def test_the_card_names_the_files_of_every_split_that_has_rows(runs, tmp_path):
    write_build(runs["sample"], tmp_path / "sample")
    card = header(tmp_path / "sample")
    assert card["language"] == "hau"
    assert card["configs"] == [
        {
            "config_name": "hau",
            "data_files": [{"split": split, "path": f"{split}/*.parquet"} for split in SPLITS],
        }
    ]
    write_build(runs["parallel"], tmp_path / "parallel")  # none of its rows falls into validation
    splits = [entry["split"] for entry in header(tmp_path / "parallel")["configs"][0]["data_files"]]
    assert splits == ["train", "rejected"]
    assert rows(tmp_path / "parallel", "validation") == []


def test_the_card_says_who_checked_the_labels_what_was_rejected_and_which_terms_bind(runs, tmp_path):
    write_build(runs["parallel"], tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "No person has checked them" in text
    assert "| train | 8 |" in text
    assert "- 4 `evaluation_overlap`: the sentence occurs in an evaluation set" in text
    assert "The strictest of the inputs binds this corpus: that of dslim/bert-base-NER (research-only)." in text
    assert "- masakhane/mafand: cc-by-nc-4.0 (non-commercial)" in text


# Whole or not


def test_a_build_replaces_the_one_before_it(runs, tmp_path):
    write_build(runs["sample"], tmp_path)
    (tmp_path / "report.html").write_text("a report may lie beside it")
    facts = write_build(runs["parallel"], tmp_path)
    assert read_build(tmp_path) == facts
    assert [len(rows(tmp_path, split)) for split in SPLITS] == [8, 0, 8]
    assert load_recipe(tmp_path / "recipe.yaml").recipe == "parallel"


def test_what_a_killed_build_left_is_cleared_away(sample, tmp_path):
    (tmp_path / ".partial-x" / "train").mkdir(parents=True)
    (tmp_path / ".partial-x" / "train" / "train-00000-of-00001.parquet").write_bytes(b"PAR1")
    write_build(sample, tmp_path)
    assert not list(tmp_path.glob(".*"))
    assert read_build(tmp_path)["rows"]["in"] == 160


def test_a_build_that_fails_leaves_no_folder_that_counts_as_whole(sample, tmp_path):
    folder = tmp_path / "out"
    write_build(sample, folder)
    (shard,) = (Path(file) for file in sample.stages.made["text"].folder.parent.glob("rows-*/rejected-00000.parquet"))
    good = shard.read_bytes()
    try:
        shard.write_bytes(b"damaged")
        with pytest.raises(Exception, match="Parquet"):
            write_build(sample, folder)
    finally:
        shard.write_bytes(good)
    with pytest.raises(XnerError, match="not a complete build"):
        read_build(folder)
    write_build(sample, folder)
    assert read_build(folder)["rows"]["in"] == 160


def test_a_folder_without_facts_is_no_build(tmp_path):
    for folder, words in ((tmp_path, "has no build.json"), (tmp_path / "gone", "is not a local folder")):
        with pytest.raises(XnerError) as caught:
            read_build(folder)
        assert words in str(caught.value)
        assert f"--output {folder}" in str(caught.value)


def test_damaged_facts_are_named(tmp_path):
    (tmp_path / "build.json").write_text('{"rows": ')
    with pytest.raises(XnerError, match=r"build\.json is not JSON"):
        read_build(tmp_path)


# Folders that are left alone


def test_a_new_or_empty_folder_is_accepted_and_made(tmp_path):
    check_output(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    check_output(tmp_path / "a" / "b")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == [".xner-building"]


def test_a_folder_with_other_files_is_refused_and_not_touched(sample, tmp_path):
    for name in ("thesis.tex", "notes", "data.csv", "z.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "build.json").write_text("{}")
    refused(tmp_path, "holds other files", "data.csv, notes, thesis.tex")
    with pytest.raises(XnerError, match="holds other files"):
        write_build(sample, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "build.json",
        "data.csv",
        "notes",
        "thesis.tex",
        "z.txt",
    ]
    assert (tmp_path / "build.json").read_text() == "{}"


def test_a_file_in_the_way_of_the_folder_is_refused(sample, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "hau"):
        refused(folder, "cannot be written")
        with pytest.raises(XnerError, match="cannot be written"):
            write_build(sample, folder)
    assert (tmp_path / "file").read_text() == "in the way"
