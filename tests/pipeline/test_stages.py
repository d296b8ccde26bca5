"""The stages that a recipe may have or not: names settled over the whole text, a tagged target side, filters."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from xner_hf.pipeline import text
from xner_hf.pipeline.build import write_build
from xner_hf.pipeline.chain import REASONS
from xner_hf.pipeline.progress import Progress
from xner_hf.pipeline.run import run_recipe
from xner_hf.pipeline.schema import SPLITS, corpus_schema
from xner_hf.pipeline.store import cache_folder
from xner_hf.recipe import make_recipe

TAGGER = "xner/minilm-conll2003-en"
PLAIN = {"aligner": "none", "projector": "candidates", "validation_percent": 0}
"""What needs no training and rests on nothing that was fitted."""


def every(rows):
    """Return the rows of all splits by id."""
    return {row["id"]: row for split in SPLITS for row in rows[split]}


def entities(row, column="source_entities"):
    return [(entity["start"], entity["end"], entity["label"]) for entity in row[column]]


def stages(run):
    return {stats.name: stats.cached for stats in run.stats}


# Names

TEXT = [
    ("Kano grew fast .", "Kano ta girma ."),
    ("he saw Kano .", "ya ga Kano ."),
    ("she left Kano .", "ta bar Kano ."),
    ("Jos and Kano .", "Jos da Kano ."),
    ("rain fell .", "an yi ruwa ."),
]
"""The tagger takes Kano and Jos for an organisation where they open a sentence, elsewhere for places."""


@pytest.fixture
def wavering(mirror, write_wavering_tagger, write_corpus, monkeypatch, tmp_path):
    """The function that returns the recipe of a text whose names are tagged now this way, now that; 2 rows a shard."""
    folder = tmp_path / "wavering"
    write_wavering_tagger(folder, ["Kano", "Jos"])
    monkeypatch.setattr(text, "SHARD", 2)

    def recipe(text=TEXT, **overrides):
        write_corpus(mirror, "org/pairs", {"a": {"train": [{"source_text": s, "target_text": t} for s, t in text]}})
        chosen = {"text": {"corpus": "org/pairs", "config": "a"}, "tagger": {"model": str(folder)}, **PLAIN}
        return make_recipe("hau", "parallel", chosen | overrides)

    return recipe


def test_a_name_has_one_type_in_sentences_of_all_shards(wavering, rows_of):
    run = run_recipe(wavering())
    assert run.stages.shards == 3
    found = [entities(row) for row in every(rows_of(run)).values()]
    assert found == [
        [(0, 1, "LOC")],
        [(2, 3, "LOC")],
        [(2, 3, "LOC")],
        [(0, 1, "ORG"), (2, 3, "LOC")],  # Jos occurs here alone
        [],
    ]
    first, *_, fourth, _ = every(rows_of(run)).values()
    assert first["ner_tags"] == [5, 0, 0, 0] and fourth["ner_tags"] == [3, 0, 5, 0]


def test_where_that_is_not_asked_for_every_sentence_keeps_what_the_tagger_found(wavering, rows_of):
    run = run_recipe(wavering(**{"tagger.consistent": False}))
    assert list(run.stages.made) == ["text", "tag", "align", "project"]
    first, second, *_ = every(rows_of(run)).values()
    assert (entities(first), entities(second)) == ([(0, 1, "ORG")], [(2, 3, "LOC")])
    assert first["ner_tags"] == [3, 0, 0, 0]


def test_the_score_of_a_name_is_what_it_is_in_the_whole_text(wavering, rows_of):
    loose = every(rows_of(run_recipe(wavering(**{"tagger.consistent": False}))))
    found = every(rows_of(run_recipe(wavering())))
    scores = [e["score"] for row in loose.values() for e in row["source_entities"] if e["label"] == "LOC"]
    assert len(scores) == 3
    kano = [e["score"] for row in found.values() for e in row["source_entities"] if e["label"] == "LOC"]
    assert kano == pytest.approx([sum(scores) / 4] * 4, abs=1e-6)


def test_a_name_that_was_missed_in_one_sentence_is_found_there(wavering, rows_of):
    text = [*TEXT, (". . . . . . Kano", ". . . . . . Kano")]
    *_, last = every(rows_of(run_recipe(wavering(text)))).values()
    assert (entities(last), last["ner_tags"]) == ([(6, 7, "LOC")], [0, 0, 0, 0, 0, 0, 5])
    *_, last = every(rows_of(run_recipe(wavering(text, **{"tagger.consistent": False})))).values()
    assert entities(last) == []


def test_a_sentence_that_is_left_out_neither_votes_nor_is_given_entities(wavering, rows_of):
    leaked = ("Kano Kano Kano Kano Kano", "Musa ya ziyarci manoman.")
    whole = every(rows_of(run_recipe(wavering([*TEXT, leaked, ("Kano", "")]))))
    alone = every(rows_of(run_recipe(wavering())))
    for name, row in alone.items():
        assert whole[name] == row
    left_out = [row for name, row in whole.items() if name not in alone]
    assert [row["reason"] for row in left_out] == ["evaluation_overlap", "empty_target"]
    assert [row["source_entities"] for row in left_out] == [[], []]


def test_settled_names_are_cached_and_shared_by_recipes_with_the_same_tags(wavering):
    assert stages(run_recipe(wavering()))["names"] is False
    assert stages(run_recipe(wavering()))["names"] is True
    again = stages(run_recipe(wavering(projector="heuristic")))
    assert (again["tag"], again["names"], again["project"]) == (True, True, False)
    loose = stages(run_recipe(wavering(**{"tagger.consistent": False})))
    assert "names" not in loose and (loose["tag"], loose["project"]) == (True, False)


def test_a_run_that_was_cut_off_while_names_were_settled_goes_on_there(wavering, rows_of, fresh_cache):
    expected = rows_of(run_recipe(wavering()))
    fresh_cache()

    class Cut(Progress):
        def stage(self, name, total):
            def done(number):
                if name == "names":
                    raise KeyboardInterrupt

            return done

    with pytest.raises(KeyboardInterrupt):
        run_recipe(wavering(), progress=Cut())
    (folder,) = cache_folder().glob("*/names-*")
    shards = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert [path.name for path in shards] == ["00000.parquet"]
    run = run_recipe(wavering())
    assert (stages(run)["tag"], stages(run)["names"]) == (True, False)
    assert rows_of(run) == expected
    assert all(path.stat().st_mtime_ns == before for path, before in shards.items())


# The target side


@pytest.fixture
def labelled(mirror, write_corpus, monkeypatch):
    """The function that returns the recipe of a labelled text whose target side only a tagger understands."""
    monkeypatch.setattr(text, "SHARD", 2)
    rows = [
        ("the city grew", [0, 5, 0], "an ga Kano"),
        ("the man left", [0, 1, 0], "Amina ta tafi"),
        ("the city fell", [0, 5, 0], "ya fadi"),
        ("the man , the city", [0, 1, 0, 0, 5], "Zaria da Musa"),
        ("Musa", [1], ""),
    ]
    table = [
        {"source_tokens": source.split(), "source_ner_tags": tags, "target_tokens": target.split()}
        for source, tags, target in rows
    ]
    names = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
    write_corpus(mirror, "org/labelled", {"a": {"train": table}}, {"source_ner_tags": names})
    fused = {"method": "fused", "weights": {"bias": -2, "tagger": 6}, "null_threshold": 0.5}

    def recipe(target_tagger=TAGGER, **overrides):
        chosen = {"text": {"corpus": "org/labelled", "config": "a"}, **PLAIN}
        projector = {"projector": {**fused, "target_tagger": target_tagger}}
        return make_recipe("hau", "translate-train", chosen | projector | overrides)

    return recipe


def test_labels_of_the_target_side_reach_the_projector(labelled, rows_of):
    found = every(rows_of(run_recipe(labelled())))
    assert [row["ner_tags"] for row in found.values()] == [[0, 0, 5], [1, 0, 0], [5, 0, 1], [], []]
    reasons = {row["source_tokens"][-1]: row["reason"] for row in found.values() if row["reason"]}
    assert reasons == {"fell": "no_alignment", "Musa": "empty_target"}
    without = every(rows_of(run_recipe(labelled(None))))
    assert not any(row["ner_tags"] for row in without.values())


def test_they_are_kept_in_a_stage_of_their_own_and_not_in_the_corpus(labelled, rows_of, tmp_path):
    run = run_recipe(labelled())
    assert [stats.name for stats in run.stats] == ["text", "align", "target", "project"]
    assert all(list(row) == corpus_schema().names for row in every(rows_of(run)).values())
    (folder,) = cache_folder().glob("*/target-*")
    rows = [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).column(0).to_pylist()]
    assert [len(words) for words in rows] == [3, 3, 2, 3, 0]
    assert [len(word) for words in rows for word in words] == [7] * 11
    assert rows[0][2].index(max(rows[0][2])) == 5
    write_build(run, tmp_path / "out")
    schema = pq.read_schema(tmp_path / "out" / "train" / "train-00000-of-00001.parquet")
    assert schema.equals(corpus_schema(), check_metadata=False)


def test_they_are_cached_apart_from_the_weights(labelled):
    assert stages(run_recipe(labelled()))["target"] is False
    assert stages(run_recipe(labelled())) == {"text": True, "align": True, "target": True, "project": True}
    again = stages(run_recipe(labelled(**{"projector.null_threshold": 0.1})))
    assert (again["target"], again["project"]) == (True, False)
    assert "target" not in stages(run_recipe(labelled(None)))


def test_a_sentence_that_is_left_out_is_not_tagged(labelled, mirror, write_corpus):
    rows = [{"source_tokens": ["Musa"], "source_ner_tags": [1], "target_tokens": ["Musa", "ya", "ziyarci", "manoman"]}]
    write_corpus(mirror, "org/labelled", {"a": {"train": rows}}, {"source_ner_tags": ["O", "B-PER"]})
    run_recipe(labelled())
    (path,) = cache_folder().glob("*/target-*/00000.parquet")
    assert pq.read_table(path).column(0).to_pylist() == [[]]


def test_several_processes_give_the_rows_of_one(labelled, rows_of, fresh_cache):
    filters = {"min_score": 0.6, "comp_ins": True}
    alone = rows_of(run_recipe(labelled(filters=filters)))
    fresh_cache()
    assert rows_of(run_recipe(labelled(filters=filters), num_proc=2)) == alone


# Filters


def test_entities_that_a_filter_takes_away_and_sentences_that_it_drops_are_counted(rows_of, tmp_path):
    chosen = {"projector": "candidates", "filters": {"comp_ins": True, "min_score": 0.7}}
    run = run_recipe(make_recipe("hau", "sample", chosen))
    facts = write_build(run, tmp_path / "out")
    rows = rows_of(run)
    statuses = [entity["status"] for row in every(rows).values() for entity in row["entities"]]
    assert {name for name in facts["statuses"] if name.startswith("filtered:")} == {"filtered:min_score"}
    assert facts["statuses"] == {name: statuses.count(name) for name in sorted(set(statuses))}
    assert facts["reasons"]["filtered:comp_ins"] > 0 and set(facts["reasons"]) <= set(REASONS)
    counts = facts["rows"]
    assert counts["in"] == 160 == counts["train"] + counts["validation"] + counts["rejected"]
    assert sum(facts["reasons"].values()) == counts["rejected"]
    assert f"`filtered:comp_ins`: {REASONS['filtered:comp_ins']}" in (tmp_path / "out" / "README.md").read_text()
    assert json.loads((tmp_path / "out" / "build.json").read_text())["recipe"]["filters"]["min_score"] == 0.7
    for row in rows["train"] + rows["validation"]:  # as many target as source entities of every type
        assert all(entity["status"] == "projected" and entity["score"] >= 0.7 for entity in row["entities"])


def test_filters_only_take_away(rows_of, fresh_cache):
    plain = every(rows_of(run_recipe(make_recipe("hau", "sample", {"projector": "candidates"}))))
    chosen = {"projector": "candidates", "filters": {"min_score": 0.7, "comp_src": True}}
    run = run_recipe(make_recipe("hau", "sample", chosen))
    assert stages(run) == {"text": True, "align": True, "project": False}
    for name, row in every(rows_of(run)).items():
        for before, after in zip(plain[name]["entities"], row["entities"], strict=True):
            assert after == before or (before["status"], after["status"]) == ("projected", "filtered:min_score")
        assert row["reason"] in (plain[name]["reason"], "filtered:comp_src", "nothing_projected")


def test_entities_of_which_the_tagger_is_unsure_are_not_carried_over(mirror, rows_of, tmp_path):
    overrides = {**PLAIN, "filters.min_source_score": 0.995}  # the invented tagger is never that sure
    facts = write_build(run_recipe(make_recipe("hau", "parallel", overrides)), tmp_path / "out")
    assert set(facts["statuses"]) == {"filtered:min_source_score"}
    assert facts["rows"] == {"in": 16, "train": 2, "validation": 0, "rejected": 14}  # two have no names
    assert facts["entities"] == {}
