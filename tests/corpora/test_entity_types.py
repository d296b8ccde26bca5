"""Types of labelled data: kept, renamed, left out and counted, or refused with the mapping to give."""

from __future__ import annotations

import json

import pytest

from xner_hf.corpora.entity_types import EntityTypes
from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.sentence import ReadReport
from xner_hf.errors import XnerError
from xner_hf.spans import Span
from xner_hf.tag import tagger_settings

OWN = "Wanjiru B-PERSON\nKamau I-PERSON\nleft O\nKenya B-GPE\nfor O\nSafaricom B-ORG\n\nAkinyi B-PERSON\nslept O\n"


def read(path, labels=None):
    report = ReadReport()
    return list(read_labelled(str(path), "train", report, labels=labels)), report


def test_other_types_are_counted_and_refused_with_a_mapping_before_a_sentence_is_read(write):
    path = write("a.conll", OWN)
    with pytest.raises(XnerError) as caught:
        next(read_labelled(str(path), "train"))
    message = str(caught.value)
    for words in (str(path), "PERSON 2", "GPE 1", f"{path}:1", "--labels", "'{PERSON: PER, GPE: LOC}'"):
        assert words in message


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("PER.NAM", "PER"),
        ("gpe", "LOC"),
        ("Organisation", "ORG"),
        ("PERCENT", "O"),
        ("LOCOMOTIVE", "O"),
        ("NORP", "O"),
    ],
)
def test_the_mapping_that_a_message_gives_is_a_likely_one(write, name, meaning):
    path = write("a.conll", f"x B-{name}\n")
    with pytest.raises(XnerError, match=rf"'{{{name}: {meaning}}}'"):
        read(path)


def test_mapped_types_are_renamed_and_those_mapped_to_o_left_out_both_counted(write):
    sentences, report = read(write("a.conll", OWN), {"PERSON": "PER", "GPE": "O"})
    assert [s.spans for s in sentences] == [[Span(0, 2, "PER"), Span(5, 6, "ORG")], [Span(0, 1, "PER")]]
    assert sentences[0].tags == ["B-PER", "I-PER", "O", "O", "O", "B-ORG"]
    assert (report.renamed, report.left_out) == ({"PERSON -> PER": 2}, {"GPE": 1})
    assert report.said() == ["entity types renamed: PERSON -> PER 2", "left out, not being projected: GPE 1"]


def test_names_in_another_case_stand_for_themselves_and_misc_and_date_are_left_out(write):
    path = write("a.conll", "Ada B-per\nin O\nAccra B-Loc\nHausa B-MISC\nMonday B-date\n")
    sentences, report = read(path)
    assert sentences[0].spans == [Span(0, 1, "PER"), Span(2, 3, "LOC")]
    assert report.renamed == {"per -> PER": 1, "Loc -> LOC": 1}
    assert report.left_out == {"MISC": 1, "date": 1}


def test_a_mapping_may_rename_known_types_and_swap_two(write):
    path = write("a.conll", "Accra B-LOC\nFC B-ORG\nHausa B-MISC\n")
    sentences, _ = read(path, {"LOC": "ORG", "ORG": "LOC", "MISC": "PER"})
    assert sentences[0].spans == [Span(0, 1, "ORG"), Span(1, 2, "LOC"), Span(2, 3, "PER")]


def test_a_mapping_to_something_else_is_refused():
    with pytest.raises(XnerError, match="'GPE' is mapped to 'PLACE'; it may be mapped to PER, ORG, LOC or O"):
        EntityTypes({"GPE": "PLACE"}, ReadReport())


def test_faulty_tags_stay_faulty_when_their_type_is_renamed(write):
    path = write("a.conll", "Ada I-per\nsaw O\nB B-PER\nC I-PERSON\n\nAccra B-LOC\nLagos B-LOC\n")
    sentences, report = read(path, {"PERSON": "PER"})
    assert sentences[0].tags == ["I-PER", "O", "B-PER", "B-PER"]  # the last would else go on with the one before
    assert sentences[0].spans == [Span(0, 1, "PER"), Span(2, 3, "PER"), Span(3, 4, "PER")]
    assert report.repaired == [f"{path}:1", f"{path}:4"]


def test_entities_of_jsonl_are_counted_as_tags_are(write):
    rows = [
        {"tokens": ["Ada", "x"], "entities": [{"start": 0, "end": 1, "label": "PERSON"}]},
        {"tokens": ["Bo"], "ner_tags": ["S-PERSON"]},
    ]
    path = write("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(XnerError, match="PERSON 2"):
        read(path)
    sentences, _ = read(path, {"PERSON": "PER"})
    assert [s.spans for s in sentences] == [[Span(0, 1, "PER")], [Span(0, 1, "PER")]]


def test_a_labelled_file_as_tagger_takes_the_same_mapping(write):
    path = write("a.conll", OWN)
    with pytest.raises(XnerError, match="PERSON 2, GPE 1"):
        tagger_settings(str(path)).make()
    tagger = tagger_settings(str(path), labels={"PERSON": "PER", "GPE": "LOC"}).make()
    assert tagger.tag([["Akinyi", "slept"]]) == [[Span(0, 1, "PER")]]


def test_a_labelled_file_that_contradicts_itself_says_so(write):
    path = write("a.iob", "Jos B-LOC\nwon O\n\nJos B-PER\nwon O\n\nJos B-LOC\nwon O\n")
    report = ReadReport()
    assert tagger_settings(str(path)).make(report).tag([["Jos", "won"]]) == [[Span(0, 1, "LOC")]]
    assert report.said() == [f"{path}: 1 sentences have other labels than the same words before, which count"]
