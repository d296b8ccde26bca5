"""Directions that translate, run through a small trained translator on the bundled Hausa sample, against its gold."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.parallel import sample_path
from xner_hf.metrics import span_f1
from xner_hf.pipeline.run import run_recipe
from xner_hf.project.markers import FORMS, MARKER_FAULTS
from xner_hf.recipe import make_recipe
from xner_hf.spans import NER_LABELS, Span, spans_to_iob2


@pytest.fixture(scope="module")
def sample():
    return [json.loads(line) for line in sample_path("hau").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def hausa(sample, tmp_path):
    """A text file of the Hausa side."""
    path = tmp_path / "hausa.txt"
    path.write_text("\n".join(detokenise(row["target_tokens"]) for row in sample) + "\n", encoding="utf-8")
    return {"corpus": str(path)}


@pytest.fixture
def english(sample, tmp_path):
    """The English side with its gold labels."""
    blocks = []
    for row in sample:
        spans = [Span(e["start"], e["end"], e["label"]) for e in row["source_entities"]]
        tags = spans_to_iob2(spans, len(row["source_tokens"]))
        blocks.append("".join(f"{word} {tag}\n" for word, tag in zip(row["source_tokens"], tags, strict=True)))
    path = tmp_path / "english.conll"
    path.write_text("\n".join(blocks), encoding="utf-8")
    return {"corpus": str(path)}


@pytest.fixture(scope="module")
def tagger(sample, write_tagger, tmp_path_factory):
    """A tagger that knows the English names of the sample, word by word."""
    lexicon = defaultdict(list)
    known = set()
    for row in sample:
        for entity in row["source_entities"]:
            for place in range(entity["start"], entity["end"]):
                word = row["source_tokens"][place]
                if word not in known and word[0].isupper():
                    lexicon[f"{'B' if place == entity['start'] else 'I'}-{entity['label']}"].append(word)
                known.add(word)
    folder = tmp_path_factory.mktemp("tagger")
    write_tagger(folder, lexicon, positions=128)
    return str(folder)


def gold_tags(row):
    spans = {Span(e["start"], e["end"], e["label"]) for e in row["target_entities"]}
    return spans_to_iob2(sorted(spans), len(row["target_tokens"]))


def score(sample, rows):
    """Strict span F1 of the rows whose words are those of a sentence of the sample."""
    gold = {tuple(row["target_tokens"]): gold_tags(row) for row in sample}
    both = [
        (gold[tuple(row["tokens"])], [NER_LABELS[tag] for tag in row["ner_tags"]])
        for row in rows
        if tuple(row["tokens"]) in gold
    ]
    return len(both), span_f1(*map(list, zip(*both, strict=True)))["f1"]


def kept(rows):
    return rows["train"] + rows["validation"]


def model(folder, **settings):
    return {"method": "seq2seq", "model": str(folder), **settings}


def test_text_is_translated_tagged_and_projected_back(sample, small_translator, hausa, tagger, rows_of):
    recipe = make_recipe(
        "hau", "translate-test", {"text": hausa, "translator": model(small_translator), "tagger": tagger}
    )
    rows = rows_of(run_recipe(recipe))
    every = [row for split in rows.values() for row in split]
    assert len(every) == len(sample)
    english = {detokenise(row["source_tokens"], "english") for row in sample}
    learnt = [row for row in every if detokenise(row["source_tokens"], "english") in english]
    assert len(learnt) >= 0.95 * len(sample)
    count, f1 = score(sample, kept(rows))
    assert count >= 130 and f1 > 0.75


@pytest.mark.parametrize("form", FORMS)
def test_markers_carry_entities_over_and_alignment_does_where_they_fail(
    sample, small_translator, english, rows_of, form
):
    translator = model(small_translator, markers=form)
    run = run_recipe(make_recipe("hau", "marker", {"text": english, "translator": translator}))
    assert sum(run.markers.values()) == len(sample)
    assert set(run.markers) <= {"kept", *MARKER_FAULTS, "translation_cut", "translation_repeated", "translation_short"}
    assert run.markers["kept"] >= 0.7 * len(sample)
    rows = rows_of(run)
    assert sum(map(len, rows.values())) == len(sample)
    marked = {
        row["id"]: row["marked"]
        for number in range(run.stages.shards)
        for row in run.stages.read(number, ["id", "marked"])
    }
    assert any(marked[row["id"]] is None for row in kept(rows)) or run.markers["kept"] == len(sample)
    for row in kept(rows):
        assert [entity["source"] for entity in row["entities"]] == list(range(len(row["source_entities"])))
    count, f1 = score(sample, [row for row in kept(rows) if marked[row["id"]] is not None])
    assert count >= 0.5 * len(sample) and f1 > 0.85


def test_a_marked_translation_that_is_an_evaluation_sentence_is_left_out(
    small_translator, english, rows_of, mirror, write_corpus
):
    settings = {"text": english, "translator": model(small_translator, markers="xml"), "limit": 8}
    first = rows_of(run_recipe(make_recipe("hau", "marker", settings)))
    known = kept(first)[0]
    gold = [{"id": "0", "tokens": known["tokens"], "ner_tags": [0] * len(known["tokens"])}]
    write_corpus(mirror, "masakhane/masakhaner2", {"hau": {"test": gold}}, {"ner_tags": ["O"]})
    second = rows_of(run_recipe(make_recipe("hau", "marker", settings)))
    (out,) = [row for row in second["rejected"] if row["reason"] == "evaluation_overlap"]
    assert out["id"] == known["id"] and not out["entities"] and not any(out["ner_tags"])
    assert [row["id"] for row in kept(second)] == [row["id"] for row in kept(first) if row["id"] != known["id"]]


def test_labelled_text_is_translated_and_projected(sample, small_translator, english, rows_of):
    recipe = make_recipe("hau", "translate-train", {"text": english, "translator": model(small_translator)})
    assert (recipe.text_side, recipe.translates) == ("source", ("eng", "hau"))
    run = run_recipe(recipe)
    assert list(run.stages.made) == ["text", "translate", "align", "project"]
    count, f1 = score(sample, kept(rows_of(run)))
    assert count >= 120 and f1 > 0.75


@pytest.mark.parametrize("mode", ["replace", "rescore"])
def test_links_are_refined_through_a_back_translation(sample, small_translator, english, rows_of, mode):
    refinement = {"mode": mode, "translator": model(small_translator, markers="xml")}
    given = {"text": english, "translator": model(small_translator), "projector": "heuristic"}
    direct = run_recipe(make_recipe("hau", "translate-train", given))
    run = run_recipe(make_recipe("hau", "translate-train", {**given, "back_translation": refinement}))
    assert list(run.stages.made) == ["text", "translate", "align", "back", "same", "refine", "project"]
    before, after = ({row["id"]: row for row in kept(rows_of(one))} for one in (direct, run))
    assert any(before[name]["links"] != after[name]["links"] for name in before.keys() & after.keys())
    # The back-translation of what was learnt by heart is the sentence itself: nothing is better aligned.
    assert score(sample, after.values())[1] >= score(sample, before.values())[1]


def test_translation_likelihood_alone_finds_most_names(sample, small_translator, english, rows_of):
    projector = {
        "method": "candidates",
        "alignment_weight": 0.0,
        "min_surface": 2.0,
        "null_threshold": 0.3,
        "translation_model": str(small_translator),
    }
    given = {
        "text": english,
        "translator": model(small_translator),
        "aligner": "none",
        "projector": projector,
        "limit": 60,
    }
    recipe = make_recipe("hau", "translate-train", given)
    assert list(recipe.projector.settings["translation_languages"]) == ["eng", "hau"]
    count, f1 = score(sample, kept(rows_of(run_recipe(recipe))))
    assert count >= 30 and f1 > 0.6
