"""``load_dataset("xner/projected", ...)`` builds the corpus here, and behaves as any other data set does."""

from __future__ import annotations

from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest
from datasets import get_dataset_config_names, get_dataset_split_names, load_dataset, load_dataset_builder

import xner_hf  # noqa: F401  registers the builder
from xner_hf.builders.projected import ProjectedNer
from xner_hf.errors import XnerError
from xner_hf.languages import languages
from xner_hf.pipeline import text
from xner_hf.pipeline.inputs import sign
from xner_hf.pipeline.rows import corpus_files
from xner_hf.pipeline.run import run_recipe
from xner_hf.pipeline.schema import corpus_schema
from xner_hf.pipeline.store import cache_folder
from xner_hf.recipe import make_recipe
from xner_hf.spans import NER_LABELS

CORPUS = "xner/projected"
SPLITS = ["train", "validation", "rejected"]


def ids(data):
    return {split: data[split]["id"][:] for split in data}


# What load_dataset returns


def test_a_language_gives_its_three_splits_with_every_row_of_the_text(sample):
    assert list(sample) == SPLITS
    rows = [name for split in SPLITS for name in sample[split]["id"]]
    assert sorted(rows) == [f"hau-{i:03}" for i in range(1, 161)]
    for split in SPLITS:
        assert sample[split]["id"][:] == sorted(sample[split]["id"])
    assert set(sample["train"]["language"]) == {"hau"}
    assert set(sample["train"]["source_language"]) == {"eng"}
    assert set(sample["train"]["reason"]) == {None}


def test_features_are_those_of_the_schema_with_the_label_names(sample):
    for split in SPLITS:
        features = sample[split].features
        assert features == datasets.Features.from_arrow_schema(corpus_schema())
        assert features["ner_tags"] == datasets.List(datasets.ClassLabel(names=list(NER_LABELS)))
        assert list(features) == [
            "id",
            "tokens",
            "ner_tags",
            "language",
            "source_language",
            "source_tokens",
            "source_entities",
            "entities",
            "links",
            "reason",
        ]
    assert sample["train"].features["entities"] == datasets.List(
        {
            "start": datasets.Value("int32"),
            "end": datasets.Value("int32"),
            "label": datasets.Value("string"),
            "score": datasets.Value("float32"),
            "source": datasets.Value("int32"),
            "status": datasets.Value("string"),
        }
    )


def test_rows_are_those_of_the_run(sample):
    files = corpus_files(run_recipe(make_recipe("hau", "sample")))
    for split in SPLITS:
        assert sample[split].to_list() == [row for file in files[split] for row in pq.read_table(file).to_pylist()]


def test_a_language_is_found_by_its_name_and_other_codes(sample):
    for name in ("Hausa", "ha", "HAU"):
        assert load_dataset(CORPUS, name, recipe="sample", split="train").to_list() == sample["train"].to_list()


def test_splits_can_be_sliced_and_joined(sample):
    def load(split):
        return load_dataset(CORPUS, "hau", recipe="sample", split=split)["id"][:]

    assert load("train[:10]") == sample["train"]["id"][:10]
    assert load("train[-3:]+validation") == sample["train"]["id"][-3:] + sample["validation"]["id"][:]
    assert len(load("train[:50%]")) == pytest.approx(len(sample["train"]) / 2, abs=1)


def test_rows_can_be_streamed(sample):
    streamed = load_dataset(CORPUS, "hau", recipe="sample", streaming=True)
    assert list(streamed) == SPLITS
    for split in SPLITS:
        assert list(streamed[split]) == sample[split].to_list()
        assert streamed[split].features == sample[split].features


def test_several_processes_give_the_rows_of_one(sample, monkeypatch, fresh):
    monkeypatch.setattr(text, "SHARD", 40)
    data = load_dataset(CORPUS, "hau", recipe="sample", num_proc=2, **fresh)
    assert {split: data[split].to_list() for split in data} == {split: sample[split].to_list() for split in sample}


def test_every_language_of_the_table_is_a_configuration():
    assert get_dataset_config_names(CORPUS) == [row.code for row in languages()]
    assert get_dataset_split_names(CORPUS, "hau", recipe="sample") == SPLITS


def test_the_builder_class_works_without_load_dataset(sample, fresh):
    builder = ProjectedNer(config_name="hau", recipe="sample", **fresh)
    builder.download_and_prepare()
    assert {split: builder.info.splits[split].num_examples for split in SPLITS} == {
        split: len(sample[split]) for split in SPLITS
    }
    assert builder.as_dataset(split="train").to_list() == sample["train"].to_list()


# Keywords are keys of the recipe


def test_a_limit_takes_the_first_rows(fresh):
    data = load_dataset(CORPUS, "hau", recipe="sample", limit=20, **fresh)
    assert sorted(name for split in data for name in data[split]["id"]) == [f"hau-{i:03}" for i in range(1, 21)]


def test_the_projector_may_be_named_or_set(fresh):
    # Without links the heuristic projects nothing: every sentence with entities is rejected.
    none = load_dataset(CORPUS, "hau", recipe="sample", projector="heuristic", aligner="none", **fresh)
    fates = [entity["status"] for split in none for row in none[split]["entities"] for entity in row]
    assert set(fates) == {"unaligned"}
    assert set(none["rejected"]["reason"]) == {"no_alignment"}
    settings = {"method": "candidates", "min_surface": 0.99, "null_threshold": 0.95}
    strict = load_dataset(CORPUS, "hau", recipe="sample", projector=settings, **fresh)
    scores = [e["score"] for row in strict["train"]["entities"] for e in row if e["status"] == "projected"]
    assert min(scores) > 0.95


def test_the_aligner_may_be_named_or_set(fresh, sample):
    data = load_dataset(CORPUS, "hau", recipe="sample", aligner="none", **fresh)
    assert not any(data["train"]["links"])
    assert any(sample["train"]["links"])
    whole_words = load_dataset(CORPUS, "hau", recipe="sample", aligner={"stem": 0}, **fresh)
    links = [{row["id"]: row["links"] for split in found.values() for row in split} for found in (whole_words, sample)]
    assert links[0].keys() == links[1].keys() and links[0] != links[1]


def test_filters_may_be_set(fresh, sample):
    data = load_dataset(CORPUS, "hau", recipe="sample", filters={"comp_ins": True}, **fresh)
    assert len(data["rejected"]) > len(sample["rejected"])
    assert "filtered:comp_ins" in data["rejected"]["reason"]
    for row in [*data["train"], *data["validation"]]:
        assert all(entity["status"] == "projected" for entity in row["entities"])


def test_the_tagger_may_be_named(mirror, fresh):
    model = str(mirror / "models" / "xner" / "minilm-conll2003-en")
    text = {"corpus": "xner/conll2003-nllb", "config": "hau"}
    data = load_dataset(CORPUS, "hau", recipe="translate-train", text=text, tagger=model, split="train", **fresh)
    scores = [entity["score"] for row in data["source_entities"] for entity in row]
    assert scores == pytest.approx([0.988] * len(scores), abs=1e-3)


def test_the_default_recipe_is_that_of_the_language(mirror, fresh):
    data = load_dataset(CORPUS, "hau", validation_percent=40, projector="candidates", **fresh)
    assert sorted(ids(data)["rejected"]) == [
        "en-hau/test/0",
        "en-hau/test/1",
        "en-hau/train/3",
        "en-hau/train/4",
        "en-hau/train/5",
        "en-hau/train/6",
        "en-hau/train/8",
        "en-hau/validation/0",
    ]
    assert sum(map(len, ids(data).values())) == 16
    leaked = data["rejected"].filter(lambda row: row["reason"] == "evaluation_overlap")
    assert len(leaked) == 4
    for column in ("ner_tags", "entities", "source_entities"):
        assert leaked[column][:] == [[], [], [], []]


def test_a_split_without_rows_does_not_keep_the_others_from_being_loaded(mirror, fresh):
    data = load_dataset(CORPUS, "hau", projector="candidates", **fresh)  # none of its rows falls into validation
    assert (len(data["train"]), len(data["rejected"])) == (8, 8)
    assert len(data.get("validation", [])) == 0


# The cache


def test_every_setting_has_a_cache_of_its_own(fresh):
    def folder(**keywords):
        return load_dataset_builder(CORPUS, "hau", recipe="sample", **fresh, **keywords).cache_dir

    assert folder() == folder()
    others = [{}, {"limit": 5}, {"aligner": "none"}, {"projector": "heuristic"}, {"validation_percent": 10}]
    others += [{"aligner": {"stem": 3}}, {"filters": {"min_score": 0.5}}]
    assert len({folder(**keywords) for keywords in others}) == len(others)
    assert f"hau-{sign(make_recipe('hau', 'sample')).project}" in Path(folder()).parts


def test_a_corpus_that_was_built_is_not_built_again(sample):
    again = load_dataset(CORPUS, "hau", recipe="sample")
    assert again["train"].cache_files == sample["train"].cache_files
    assert list(cache_folder().iterdir()) == []


def test_a_changed_input_is_built_anew(mirror, write_corpus, fresh):
    def load():
        return load_dataset(CORPUS, "hau", split="train", projector="candidates", **fresh)

    assert len(load()) == 8
    rows = [{"translation": {"en": "Musa left Jos.", "hau": "Musa ya bar Jos."}}]
    write_corpus(mirror, "masakhane/mafand", {"en-hau": {"train": rows}})
    assert load()["ner_tags"][:] == [[1, 0, 0, 5, 0]]


# Refused


@pytest.mark.parametrize(
    "load", [lambda name: load_dataset(CORPUS, name), lambda name: ProjectedNer(config_name=name)]
)
def test_an_unknown_language_is_named_with_its_nearest(load):
    with pytest.raises(XnerError) as caught:
        load("hao")
    assert "'hao'" in str(caught.value)
    assert "Did you mean 'hau'?" in str(caught.value)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        (
            {"recipe": "samples"},
            [
                "'samples'",
                "Did you mean 'sample'?",
                "translate-test, translate-train, marker, transfer, combine, sample",
            ],
        ),
        ({"recipe": "sample", "projector": "heuristik"}, ["'heuristik'", "Did you mean 'heuristic'?"]),
        ({"recipe": "sample", "projector": {"max_word": 3}}, ["'max_word'", "Did you mean 'max_words'?"]),
        ({"recipe": "sample", "aligner": "statistics"}, ["'statistics'", "'statistical'"]),
        ({"recipe": "sample", "aligner": {"stme": 3}}, ["'stme'", "Did you mean 'stem'?"]),
        ({"recipe": "sample", "filters": {"comp_scr": True}}, ["'comp_scr'", "Did you mean 'comp_src'"]),
        ({"recipe": "sample", "limit": 0}, ["limit is 0"]),
        ({"recipe": "sample", "tagger": "no-such-folder"}, ["'no-such-folder'"]),
        ({}, ["masakhane/mafand", "XNER_MIRROR", "work here: sample"]),
    ],
)
def test_a_setting_or_input_that_is_wrong_is_named_before_anything_is_built(keywords, words):
    with pytest.raises(XnerError) as caught:
        load_dataset(CORPUS, "hau", **keywords)
    for word in words:
        assert word in str(caught.value)
    assert list(cache_folder().iterdir()) == []


def test_an_unknown_keyword_is_named():
    with pytest.raises(ValueError, match="'recpie' key"):
        load_dataset(CORPUS, "hau", recpie="sample")


def test_a_language_must_be_named():
    with pytest.raises(ValueError, match="'hau'"):
        load_dataset(CORPUS)


def test_a_gold_evaluation_split_cannot_be_the_text_of_a_corpus(mirror, fresh):
    text = {"corpus": "masakhane/masakhaner2", "config": "hau", "splits": ["test"]}
    with pytest.raises(XnerError, match="masakhane/masakhaner2:hau/test is an evaluation set"):
        load_dataset(CORPUS, "hau", text=text, **fresh)
