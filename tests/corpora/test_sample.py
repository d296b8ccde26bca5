"""The bundled sample is what its data statement says, whose words the tests are named after."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

import xner_hf
from xner_hf.corpora.pair_files import read_jsonl_pairs
from xner_hf.corpora.parallel import sample_path
from xner_hf.corpora.words import matching_key
from xner_hf.spans import ENTITY_TYPES

STATEMENT = (Path(xner_hf.__file__).parent / "corpora" / "sample" / "DATA_STATEMENT.md").read_text(encoding="utf-8")


@pytest.fixture(params=["hau", "swa"])
def code(request):
    return request.param


@pytest.fixture
def rows(code):
    return [json.loads(line) for line in sample_path(code).read_text(encoding="utf-8").splitlines()]


def texts(row, side):
    words = row[f"{side}_tokens"]
    return [" ".join(words[entity["start"] : entity["end"]]) for entity in row[f"{side}_entities"]]


def linked(rows):
    """Yield source text and target text of every linked pair of entities."""
    for row in rows:
        source, target = texts(row, "source"), texts(row, "target")
        for text, entity in zip(target, row["target_entities"], strict=True):
            if entity["source"] is not None:
                yield source[entity["source"]], text


def test_the_statement_covers_every_file_and_counts_it(rows, code):
    assert f"`{code}.jsonl`" in STATEMENT
    assert "160 sentence pairs each" in STATEMENT
    assert len(rows) == 160 >= 150


def test_every_pair_is_read_with_valid_spans_on_both_sides(rows, code):
    pairs = list(read_jsonl_pairs(sample_path(code), need_spans=True))  # refuses spans that do not fit or overlap
    assert [pair.id for pair in pairs] == [f"{code}-{i:03}" for i in range(1, 161)]
    for pair, row in zip(pairs, rows, strict=True):
        assert pair.source and pair.target
        for side, spans in (("source", pair.source_spans), ("target", pair.target_spans)):
            assert [[e["start"], e["end"], e["label"]] for e in row[f"{side}_entities"]] == [
                list(s[:3]) for s in spans
            ]
            assert {span.label for span in spans} <= set(ENTITY_TYPES)


def test_links_of_entities_are_valid_and_of_one_type(rows):
    for row in rows:
        for entity in row["target_entities"]:
            assert "source" in entity, row["id"]
            if entity["source"] is not None:
                assert 0 <= entity["source"] < len(row["source_entities"]), row["id"]
                assert row["source_entities"][entity["source"]]["label"] == entity["label"], row["id"]


def test_no_sentence_stands_in_it_twice(rows):
    for side in ("source", "target"):
        assert len({matching_key("".join(row[f"{side}_tokens"])) for row in rows}) == len(rows)


def test_words_are_normalised_and_hold_no_white_space(rows):
    for row in rows:
        for word in [*row["source_tokens"], *row["target_tokens"]]:
            assert word == unicodedata.normalize("NFC", word)
            assert word.split() == [word]


def test_every_type_occurs_often_and_some_sentences_have_none(rows):
    for label in ENTITY_TYPES:
        assert sum(entity["label"] == label for row in rows for entity in row["target_entities"]) >= 40
    assert sum(not row["source_entities"] for row in rows) >= 5


def test_it_is_null_where_the_target_names_something_that_the_source_does_not(rows):
    assert any(entity["source"] is None for row in rows for entity in row["target_entities"])


def test_it_occurs_twice_where_one_source_entity_is_named_twice(rows):
    named = [[e["source"] for e in row["target_entities"] if e["source"] is not None] for row in rows]
    assert any(len(sources) > len(set(sources)) for sources in named)


def test_a_source_entity_to_which_nothing_points_is_missing_on_the_target_side(rows):
    missing = [
        row
        for row in rows
        if set(range(len(row["source_entities"]))) - {entity["source"] for entity in row["target_entities"]}
    ]
    assert missing


def test_there_are_reordered_entities(rows):
    orders = [[e["source"] for e in row["target_entities"] if e["source"] is not None] for row in rows]
    assert any(order != sorted(order) for order in orders)


def test_there_are_respelled_and_copied_names(rows):
    pairs = list(linked(rows))
    assert sum(source == target for source, target in pairs) > len(pairs) / 3
    assert sum(source != target for source, target in pairs) > len(pairs) / 10


def test_there_is_one_word_for_several(rows):
    assert any(" " not in target and " " in source for source, target in linked(rows))


def test_the_english_clitic_is_a_word_of_its_own(rows):
    words = {word for row in rows for word in row["source_tokens"]}
    assert "'s" in words
    assert not [word for word in words if re.fullmatch(r"\w+['’]s", word)]


def test_sentences_have_about_5_to_20_words(rows):
    lengths = sorted(len(row["source_tokens"]) for row in rows)
    assert lengths[0] >= 3
    assert lengths[-1] <= 30
    assert lengths[len(lengths) // 10] >= 5
    assert lengths[-len(lengths) // 10] <= 20


def test_hausa_is_spelled_with_hooked_letters_and_the_curly_apostrophe():
    text = sample_path("hau").read_text(encoding="utf-8")
    targets = " ".join(" ".join(json.loads(line)["target_tokens"]) for line in text.splitlines())
    assert all(letter in targets for letter in "ɓɗƙ")
    assert "’y" in targets
    assert "'" not in targets


def test_a_linking_ending_written_onto_a_name_belongs_to_it():
    rows = [json.loads(line) for line in sample_path("hau").read_text(encoding="utf-8").splitlines()]
    assert "Najeriyar" in {target for _, target in linked(rows)}


@pytest.mark.parametrize(
    ("code", "name"), [("hau", "Ma’aikatar Lafiya"), ("hau", "Kogin Kwara"), ("swa", "Mlima Kilimanjaro")]
)
def test_a_generic_noun_that_is_part_of_the_usual_name_is_inside(code, name):
    rows = [json.loads(line) for line in sample_path(code).read_text(encoding="utf-8").splitlines()]
    assert any(name in texts(row, "target") for row in rows)


def test_a_generic_noun_before_a_name_that_can_stand_alone_is_outside():
    rows = [json.loads(line) for line in sample_path("hau").read_text(encoding="utf-8").splitlines()]
    targets = [text for row in rows for text in texts(row, "target")]
    assert "APC" in targets
    assert not [text for text in targets if text.startswith(("jam’iyyar ", "Jam’iyyar "))]
