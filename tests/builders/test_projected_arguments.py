"""Arguments of ``load_dataset`` that are not keys of the recipe: honoured, or refused before anything is built."""

from __future__ import annotations

import datasets
import pytest
from datasets import (
    ClassLabel,
    Features,
    List,
    ReadInstruction,
    Value,
    get_dataset_config_info,
    get_dataset_infos,
    get_dataset_split_names,
    load_dataset,
    load_dataset_builder,
)
from hypothesis import given
from hypothesis import strategies as st

import xner_hf  # noqa: F401  registers the builder
from xner_hf.builders.features import in_features, own_features
from xner_hf.builders.projected import DECLARED, ProjectedNer
from xner_hf.errors import XnerError
from xner_hf.languages import languages
from xner_hf.pipeline.store import cache_folder
from xner_hf.spans import NER_LABELS

CORPUS = "xner/projected"
SPLITS = ["train", "validation", "rejected"]


def labelled(names):
    return Features({**own_features(), "ner_tags": List(ClassLabel(names=list(names)))})


OTHER = labelled(["B-MISC", "I-MISC", *reversed(NER_LABELS)])


def named(data):
    """The names of the tags of every row, by split."""
    return {
        s: [[rows.features["ner_tags"].feature.int2str(n) for n in row["ner_tags"]] for row in rows]
        for s, rows in data.items()
    }


def built():
    return list(cache_folder().iterdir())


# Features


def test_labels_of_another_order_are_told_by_their_names_and_spoil_no_other_cache(sample, fresh):
    def load(**keywords):
        return load_dataset(CORPUS, "hau", recipe="sample", **fresh, **keywords)

    first, plain, again = load(features=OTHER), load(), load(features=OTHER)
    assert first["train"].features == again["train"].features == OTHER
    assert named(first) == named(plain) == named(again) == named(sample)
    assert first["train"]["ner_tags"][:] != plain["train"]["ner_tags"][:]
    assert plain["train"].features == own_features()
    assert first["train"].remove_columns("ner_tags").to_list() == plain["train"].remove_columns("ner_tags").to_list()
    assert first["train"].cache_files == again["train"].cache_files != plain["train"].cache_files


def test_features_count_in_streams_and_processes_too(sample, fresh):
    streamed = load_dataset(CORPUS, "hau", recipe="sample", features=OTHER, streaming=True)
    assert streamed["train"].features == OTHER
    numbers = [OTHER["ner_tags"].feature.names.index(name) for row in named(sample)["train"] for name in row]
    assert [tag for row in streamed["train"] for tag in row["ner_tags"]] == numbers
    made = load_dataset(CORPUS, "hau", recipe="sample", features=OTHER, num_proc=2, split="train", **fresh)
    assert [tag for row in made["ner_tags"] for tag in row] == numbers


def test_columns_come_in_the_order_of_the_features(sample, fresh):
    order = Features(dict(reversed(own_features().items())))
    data = load_dataset(CORPUS, "hau", recipe="sample", split="train", features=order, **fresh)
    assert list(data.features) == data.column_names == list(order)
    assert data.to_list() == sample["train"].to_list()


def test_features_that_are_the_corpus_s_own_share_its_cache(sample):
    again = load_dataset(CORPUS, "hau", recipe="sample", features=own_features())
    assert again["train"].cache_files == sample["train"].cache_files
    assert built() == []


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (Features({"tokens": List(Value("string"))}), ["same columns", "select_columns"]),
        (Features({**own_features(), "text": Value("string")}), ["same columns", "'text'"]),
        (labelled(NER_LABELS[:-1]), ["has no I-LOC", "'ner_tags'"]),
        (labelled(["0", "1", "2"]), ["has no O, B-PER"]),
        (Features({**own_features(), "ner_tags": List(Value("string"))}), ["'ner_tags'", "cast_column"]),
        (Features({**own_features(), "reason": Value("int32")}), ["'reason'", "another type"]),
    ],
)
def test_features_that_do_not_fit_are_refused_before_anything_is_built(features, words):
    for load in (
        lambda: load_dataset(CORPUS, "hau", recipe="sample", features=features),
        lambda: ProjectedNer(config_name="hau", recipe="sample", features=features),
    ):
        with pytest.raises(XnerError) as caught:
            load()
        for word in words:
            assert word in str(caught.value)
    assert built() == []


@given(
    names=st.permutations([*NER_LABELS, "B-DATE", "I-DATE"]), tags=st.lists(st.lists(st.integers(0, 6), max_size=4))
)
def test_every_tag_keeps_its_name_under_every_order_of_the_labels(names, tags):
    import pyarrow as pa

    own = own_features()
    table = pa.table({name: [None] * len(tags) for name in own} | {"ner_tags": tags}, own.arrow_schema)
    for part in (table, table.slice(1)):
        made = in_features(part, labelled(names))
        before = [[NER_LABELS[tag] for tag in row] for row in part["ner_tags"].to_pylist()]
        assert [[names[tag] for tag in row] for row in made["ner_tags"].to_pylist()] == before


# What is known without a build


def test_what_is_declared_is_told_without_inputs_and_without_a_build():
    # The default recipe reads MAFAND, and neither a mirror nor the Hub is there.
    assert get_dataset_split_names(CORPUS, "hau") == SPLITS
    assert get_dataset_split_names(CORPUS, "hau", validation_percent=0) == SPLITS
    info = get_dataset_config_info(CORPUS, "swa")
    assert (list(info.splits), info.features, info.config_name) == (SPLITS, own_features(), "swa")
    infos = get_dataset_infos(CORPUS)
    assert list(infos) == [row.code for row in languages()]
    assert {tuple(one.splits) for one in infos.values()} == {tuple(SPLITS)}
    assert built() == []


def test_what_is_wrong_is_named_by_whoever_asks_what_is_declared():
    with pytest.raises(XnerError, match="Did you mean 'sample'"):
        get_dataset_split_names(CORPUS, "hau", recipe="samples")
    with pytest.raises(XnerError, match="Did you mean 'hau'"):
        get_dataset_split_names(CORPUS, "hao")


def test_a_builder_makes_nothing_before_it_is_asked_to(fresh):
    builder = load_dataset_builder(CORPUS, "hau", recipe="sample", **fresh)
    assert builder.info.features == own_features() and builder.info.splits is None
    assert built() == []


def test_a_builder_that_only_tells_what_is_declared_cannot_build(fresh):
    builder = ProjectedNer(config_name="hau", recipe="sample", config_id=DECLARED, **fresh)
    with pytest.raises(XnerError, match="Create the builder again"):
        builder.download_and_prepare()


def test_a_builder_of_an_input_that_has_changed_since_writes_nothing(tmp_path, fresh):
    path = tmp_path / "pairs.jsonl"
    row = '{"source_tokens": ["Musa"], "target_tokens": ["Musa"], "source_entities": []}\n'
    path.write_text(row)
    keywords = {"recipe": "translate-train", "text": {"corpus": str(path)}, **fresh}
    builder = load_dataset_builder(CORPUS, "luo", **keywords)
    path.write_text(row * 2)
    with pytest.raises(XnerError, match="has changed since"):
        builder.download_and_prepare()
    assert sum(map(len, load_dataset(CORPUS, "luo", **keywords).values())) == 2


# Splits


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    "split", ["test", "train+test", "dev[:10%]", ["train", "test"], {"a": "tset"}, "train[:x]", ""]
)
def test_a_split_that_is_not_there_is_refused_before_anything_is_built(split, streaming):
    with pytest.raises(XnerError) as caught:
        load_dataset(CORPUS, "hau", recipe="sample", split=split, streaming=streaming)
    assert "train, validation, rejected" in str(caught.value)
    assert built() == []


def test_splits_of_every_form_are_let_through(sample):
    def load(split):
        return load_dataset(CORPUS, "hau", recipe="sample", split=split)

    assert len(load("all")) == 160 == len(load(datasets.Split.ALL))
    assert load(datasets.Split.TRAIN)["id"][:] == sample["train"]["id"][:]
    assert [len(one) for one in load(["train[:5]", "validation[:0]"])] == [5, 0]
    assert {name: one["id"][:] for name, one in load({"mine": "train[-3:]"}).items()} == {
        "mine": sample["train"]["id"][-3:]
    }
    percent = ReadInstruction("train", to=50, unit="%", rounding="pct1_dropremainder")
    assert 0 < len(load(percent)) < len(sample["train"])


def test_a_split_without_rows_is_there_with_none(fresh):
    data = load_dataset(CORPUS, "hau", recipe="sample", limit=6, validation_percent=0, **fresh)
    assert list(data) == SPLITS and len(data["validation"]) == 0
    assert (data["validation"].features, str(data["validation"].split)) == (own_features(), "validation")
    again = load_dataset(CORPUS, "hau", recipe="sample", limit=6, validation_percent=0, split="validation", **fresh)
    assert again.to_list() == []
    both = load_dataset(
        CORPUS, "hau", recipe="sample", limit=6, validation_percent=0, split="train+validation", **fresh
    )
    assert both["id"][:] == data["train"]["id"][:]
    streamed = load_dataset(CORPUS, "hau", recipe="sample", limit=6, validation_percent=0, streaming=True, **fresh)
    assert {name: len(list(rows)) for name, rows in streamed.items()} == {
        name: len(rows) for name, rows in data.items()
    }


# The others


@pytest.mark.parametrize(
    "keywords",
    [
        {"keep_in_memory": True},
        {"verification_mode": "all_checks"},
        {"verification_mode": "no_checks"},
        {"save_infos": True},
        {"download_mode": "force_redownload"},
        {"download_mode": "reuse_cache_if_exists"},
        {"token": True},
        {"storage_options": {}},
    ],
)
def test_what_decides_only_how_the_rows_are_held_changes_none(sample, fresh, keywords):
    again = load_dataset(CORPUS, "hau", recipe="sample", **fresh, **keywords)
    assert {split: rows.to_list() for split, rows in again.items()} == {
        split: rows.to_list() for split, rows in sample.items()
    }


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"token": "hf_secret"}, ["token=", "HF_TOKEN"]),
        ({"storage_options": {"key": "x"}}, ["storage_options="]),
        ({"version": "2.0.0"}, ["version=", "revision="]),
        ({"description": "mine"}, ["description="]),
        ({"config_id": "hau-mine"}, ["config_id="]),
        ({"download_config": datasets.DownloadConfig(local_files_only=True)}, ["download_config="]),
        ({"download_config": datasets.DownloadConfig(token="hf_secret")}, ["token=", "HF_TOKEN"]),
    ],
)
def test_what_would_be_passed_over_is_refused(keywords, words):
    for load in (load_dataset, load_dataset_builder, get_dataset_split_names):
        with pytest.raises(XnerError) as caught:
            load(CORPUS, "hau", recipe="sample", **keywords)
        assert all(word in str(caught.value) for word in words) and "hf_secret" not in str(caught.value)
    assert built() == []


@pytest.mark.parametrize("keywords", [{"data_files": "a.jsonl"}, {"data_dir": "folder"}])
def test_files_are_no_input_of_the_builder_itself(tmp_path, monkeypatch, keywords):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text("{}\n")
    with pytest.raises(XnerError, match="text="):
        ProjectedNer(config_name="hau", recipe="sample", **keywords)
