"""Runs of whole recipes: which rows come out, in which order, with which labels, and which are rejected and why."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from xner_hf.errors import XnerError
from xner_hf.pipeline import text
from xner_hf.pipeline.build import write_build
from xner_hf.pipeline.rows import corpus_files
from xner_hf.pipeline.run import run_recipe
from xner_hf.pipeline.store import cache_folder
from xner_hf.recipe import make_recipe
from xner_hf.spans import NER_LABELS, spans_from_iob2

TRANSLATED = {"text.corpus": "xner/conll2003-nllb", "text.config": "hau"}
RECIPES = ("parallel", "translate-train", "sample")
CANDIDATES = {"projector": "candidates"}
"""Whose scores rest on nothing that was fitted, so that exact rows can be told."""


@pytest.fixture(scope="module")
def built(shared_mirror, rows_of, tmp_path_factory):
    """The rows by split and the run of every recipe on the invented mirror."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XNER_MIRROR", str(shared_mirror))
        texts = {"translate-train": TRANSLATED}
        runs = {name: run_recipe(make_recipe("hau", name, CANDIDATES | texts.get(name, {}))) for name in RECIPES}
        return {name: (rows_of(run), run) for name, run in runs.items()}


# Rows


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_row_that_goes_in_comes_out_once(built, recipe):
    rows, run = built[recipe]
    expected = {
        "parallel": [
            f"en-hau/{split}/{i}" for split, n in (("train", 12), ("validation", 2), ("test", 2)) for i in range(n)
        ],
        "translate-train": [f"hau/train/{i}" for i in range(6)],
        "sample": [f"hau-{i:03}" for i in range(1, 161)],
    }[recipe]
    assert run.stages.rows == len(expected)
    assert sorted(row["id"] for split in rows.values() for row in split) == sorted(expected)
    for split in rows.values():  # each split in the order of the text
        assert [row["id"] for row in split] == [name for name in expected if name in {row["id"] for row in split}]


@pytest.mark.parametrize("recipe", RECIPES)
def test_tags_agree_with_the_entities_that_were_projected(built, recipe):
    rows, _ = built[recipe]
    for row in rows["train"] + rows["validation"]:
        assert row["reason"] is None
        assert len(row["ner_tags"]) == len(row["tokens"]) > 0
        spans = spans_from_iob2([NER_LABELS[tag] for tag in row["ner_tags"]])
        projected = [entity for entity in row["entities"] if entity["status"] == "projected"]
        assert [tuple(span[:3]) for span in spans] == sorted((e["start"], e["end"], e["label"]) for e in projected)
        # A sentence none of whose entities found a place would teach that there is none.
        assert projected or not row["source_entities"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_source_entity_has_one_fate(built, recipe):
    rows, _ = built[recipe]
    for row in rows["train"] + rows["validation"] + rows["rejected"]:
        assert [entity["source"] for entity in row["entities"]] == list(range(len(row["source_entities"])))
        assert [e["label"] for e in row["entities"]] == [e["label"] for e in row["source_entities"]]
        for entity in row["entities"]:
            assert 0 <= entity["score"] <= 1
            assert (entity["start"] >= 0) == (entity["status"] == "projected")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_rejected_row_has_a_reason_and_no_tags(built, recipe):
    rows, _ = built[recipe]
    assert rows["rejected"]
    for row in rows["rejected"]:
        assert row["reason"]
        assert row["ner_tags"] == []
        assert not [entity for entity in row["entities"] if entity["status"] == "projected"]


def test_parallel_text_is_labelled_by_the_tagger_on_its_source_side(built):
    rows, run = built["parallel"]
    found = {row["id"]: row for split in rows.values() for row in split}
    first = found["en-hau/train/0"]
    assert first["source_tokens"] == ["Amina", "Bello", "visited", "Kano", "."]
    assert [(e["start"], e["end"], e["label"]) for e in first["source_entities"]] == [(0, 2, "PER"), (3, 4, "LOC")]
    assert first["tokens"] == ["Amina", "Bello", "ta", "ziyarci", "Kano", "."]
    assert first["ner_tags"] == [1, 2, 0, 0, 5, 0]
    assert (first["language"], first["source_language"]) == ("hau", "eng")
    assert found["en-hau/train/2"]["ner_tags"] == [0] * 7  # nothing to project
    assert [(e["start"], e["end"], e["label"]) for e in found["en-hau/train/11"]["entities"]] == [
        (0, 1, "PER"),
        (4, 5, "PER"),
    ]
    assert list(run.stages.made) == ["text", "tag", "names", "align", "project"]


def test_rows_that_cannot_be_used_are_rejected_each_with_its_reason(built):
    rows, _ = built["parallel"]
    assert {row["id"]: row["reason"] for row in rows["rejected"]} == {
        "en-hau/train/3": "evaluation_overlap",  # by the table
        "en-hau/train/4": "evaluation_overlap",  # by its text
        "en-hau/train/5": "empty_source",
        "en-hau/train/6": "empty_target",
        "en-hau/train/8": "nothing_projected",
        "en-hau/validation/0": "evaluation_overlap",
        "en-hau/test/0": "evaluation_overlap",
        "en-hau/test/1": "empty_target",
    }


def test_no_label_and_no_link_is_made_for_a_sentence_of_an_evaluation_set(built):
    for recipe, expected in (("parallel", 4), ("translate-train", 1)):
        rows, _ = built[recipe]
        leaked = [row for row in rows["rejected"] if row["reason"] == "evaluation_overlap"]
        assert len(leaked) == expected
        for row in leaked:
            assert row["tokens"]
            assert [row[key] for key in ("ner_tags", "source_entities", "entities", "links")] == [[], [], [], []]


def test_what_leaked_is_counted_by_the_check_that_found_it(built):
    assert built["parallel"][1].leak_check["dropped"] == {"leakage_table": 2, "text_match": 2}
    assert built["parallel"][1].leak_check["status"] == "done"
    assert built["translate-train"][1].leak_check["dropped"] == {"text_match": 1}
    assert built["sample"][1].leak_check["status"] == "not done"


def test_translated_labels_are_projected_without_types_that_are_not_asked_for(built):
    rows, run = built["translate-train"]
    found = {row["id"]: row for split in rows.values() for row in split}
    assert "tag" not in run.stages.made
    assert found["hau/train/2"]["source_entities"] == [{"start": 4, "end": 5, "label": "LOC", "score": 1.0}]
    assert found["hau/train/2"]["ner_tags"] == [0, 0, 0, 0, 5, 0]
    assert found["hau/train/5"]["ner_tags"] == [5, 0, 5, 0]
    assert {row["id"]: row["reason"] for row in rows["rejected"]} == {
        "hau/train/1": "evaluation_overlap",
        "hau/train/3": "empty_target",
    }


def test_without_links_and_without_recurring_names_a_row_is_rejected_as_not_aligned(mirror, rows_of):
    rows = rows_of(run_recipe(make_recipe("hau", "parallel", {"aligner": "none", **CANDIDATES})))
    assert {row["id"]: row["reason"] for row in rows["rejected"]}["en-hau/train/8"] == "no_alignment"
    assert not [row for split in rows.values() for row in split if row["links"]]


def test_a_tagger_may_take_the_place_of_the_labels_that_a_corpus_brings(mirror, rows_of):
    overrides = {"tagger": "xner/minilm-conll2003-en", **TRANSLATED}
    rows = rows_of(run_recipe(make_recipe("hau", "translate-train", overrides)))
    found = {row["id"]: row for split in rows.values() for row in split}
    assert found["hau/train/0"]["source_entities"][0]["score"] == pytest.approx(0.988, abs=1e-3)
    assert found["hau/train/1"]["source_entities"] == []


# What leaked trains nothing


def test_a_leaked_row_does_not_train_the_aligner(mirror, write_corpus, fresh_cache, rows_of):
    leaked = {"source_text": "Musa visited the farmers", "target_text": "Musa ya ziyarci manoman"}
    kept = [
        {"source_text": "the farmers visited Jos", "target_text": "manoman sun ziyarci Jos"},
        {"source_text": "Musa left", "target_text": "Musa ya tafi"},
    ]

    def links(rows):
        fresh_cache()
        write_corpus(mirror, "org/pairs", {"a": {"train": rows}})
        overrides = {"text": {"corpus": "org/pairs", "config": "a"}}
        found = rows_of(run_recipe(make_recipe("hau", "parallel", overrides)))["train"]
        return {row["source_tokens"][1]: row["links"] for row in found}

    assert links([kept[0], leaked, kept[1]]) == links(kept)


def test_further_parallel_text_trains_the_aligner_except_for_what_leaked(mirror, fresh_cache, tmp_path, rows_of):
    def links(text):
        fresh_cache()
        path = tmp_path / "more.tsv"
        path.write_text(text, encoding="utf-8")
        overrides = {"aligner.extra_parallel": [str(path)], **CANDIDATES}
        return [row["links"] for row in rows_of(run_recipe(make_recipe("hau", "parallel", overrides)))["train"]]

    more = "goats\tawaki\n" * 20
    with_more = links(more)
    fresh_cache()
    without = rows_of(run_recipe(make_recipe("hau", "parallel", CANDIDATES)))["train"]
    assert with_more != [row["links"] for row in without]
    assert links(more + "Musa visited the farmers.\tMusa ya ziyarci manoman.\n" * 20) == with_more


# The validation split


@pytest.fixture
def splits_by_id(rows_of):
    return lambda run: {row["id"]: split for split, rows in rows_of(run).items() for row in rows}


def test_a_row_keeps_its_split_when_the_text_is_cut_short(splits_by_id):
    # No aligner, whose links would depend on the rest of the text, and with them what is rejected.
    whole = splits_by_id(run_recipe(make_recipe("hau", "sample", {"aligner": "none"})))
    short = splits_by_id(run_recipe(make_recipe("hau", "sample", {"aligner": "none", "limit": 70})))
    assert len(short) == 70
    assert list(short.items() - whole.items()) == []
    assert "validation" in short.values()


def test_copies_of_a_sentence_stay_together_and_the_share_is_about_right(mirror, write_corpus, splits_by_id):
    texts = [f"An yi ruwa {i} a gari" for i in range(200)]
    pairs = [{"source_text": "It rained .", "target_text": text} for text in texts]
    pairs += [{"source_text": "It rained again .", "target_text": text.upper() + " !"} for text in texts]
    write_corpus(mirror, "org/pairs", {"a": {"train": pairs}})

    def validation(percent):
        overrides = {"text": {"corpus": "org/pairs", "config": "a"}, "aligner": "none", "validation_percent": percent}
        splits = splits_by_id(run_recipe(make_recipe("hau", "parallel", overrides)))
        rows = {int(name.rpartition("/")[2]) for name, split in splits.items() if split == "validation"}
        assert {i % 200 for i in rows} == {i for i in rows if i < 200}
        assert len(rows) == 2 * len({i % 200 for i in rows})
        return rows

    assert validation(0) == set()
    five, thirty = validation(5), validation(30)
    assert 2 <= len(five) <= 40
    assert 80 <= len(thirty) <= 160
    assert five < thirty  # a larger share only adds rows


# Limits and size of the work


def test_a_limit_takes_the_first_rows_and_may_be_larger_than_the_text(mirror, splits_by_id):
    run = run_recipe(make_recipe("hau", "parallel", {"limit": 3}))
    assert run.stages.rows == 3
    assert sorted(splits_by_id(run)) == [f"en-hau/train/{i}" for i in range(3)]
    assert run_recipe(make_recipe("hau", "translate-train", {"limit": 1000, **TRANSLATED})).stages.rows == 6


def test_the_size_of_a_shard_changes_no_row(monkeypatch, fresh_cache, rows_of):
    whole = rows_of(run_recipe(make_recipe("hau", "sample")))
    fresh_cache()
    monkeypatch.setattr(text, "SHARD", 32)
    run = run_recipe(make_recipe("hau", "sample"))
    assert run.stages.shards == 5
    assert [len(files) for files in corpus_files(run).values()] == [5, 5, 5]
    assert rows_of(run) == whole


def test_named_splits_are_read_in_the_order_given(mirror, splits_by_id):
    recipe = make_recipe("hau", "parallel", {"text": {"splits": ["validation", "train"]}, "limit": 3})
    assert sorted(splits_by_id(run_recipe(recipe))) == ["en-hau/train/0", "en-hau/validation/0", "en-hau/validation/1"]


# Told and refused


def test_progress_is_told_of_every_row_of_every_stage(mirror, told):
    run_recipe(make_recipe("hau"), progress=told)
    assert told.finished
    assert told.stages == {
        "text": [None, 16],
        "tag": [16, 16],
        "names": [16, 16],
        "train aligner": [None, 0],
        "align": [16, 16],
        "project": [16, 16],
    }


def test_an_input_that_cannot_be_had_is_told_before_anything_is_written(mirror):
    for overrides in (
        {"text": {"splits": ["dev"]}},
        {"tagger": "org/gone"},
        {"aligner": {"extra_parallel": ["x.tsv"]}},
    ):
        with pytest.raises(XnerError):
            run_recipe(make_recipe("hau", "parallel", overrides))
    assert list(cache_folder().iterdir()) == []


def test_text_in_another_language_is_refused(mirror):
    with pytest.raises(XnerError, match=r"en-hau/train holds en and hau, not yor"):
        run_recipe(make_recipe("yor", "parallel", {"text": {"config": "en-hau"}}))


def test_a_corpus_without_rows_is_refused(mirror, write_corpus):
    row = {"source_tokens": ["Jos"], "source_ner_tags": [1], "target_tokens": ["Jos"]}
    write_corpus(mirror, "org/none", {"a": {"train": [row]}}, {"source_ner_tags": ["O", "B-LOC"]})
    path = next((mirror / "datasets" / "org" / "none" / "a").iterdir())
    pq.write_table(pq.read_table(path).slice(0, 0), path)
    recipe = make_recipe("hau", "translate-train", {"text": {"corpus": "org/none", "config": "a"}})
    with pytest.raises(XnerError, match="org/none:a has no rows"):
        run_recipe(recipe)


def test_real_parallel_text_is_built(real_mirror, tmp_path):
    overrides = {"limit": 60, "tagger": "xner/minilm-conll2003-en"}
    facts = write_build(run_recipe(make_recipe("hau", overrides=overrides)), tmp_path / "hau")
    rows = facts["rows"]
    assert rows["in"] == 60 == rows["train"] + rows["validation"] + rows["rejected"]
    assert facts["leak_check"]["status"] == "done"
    assert sum(facts["entities"].values()) > 20
    assert json.loads((tmp_path / "hau" / "build.json").read_text(encoding="utf-8")) == facts
    assert Path(tmp_path / "hau" / "recipe.yaml").is_file()
