"""Files of columns: where the words and the tags stand, and what is refused because it is not certain."""

from __future__ import annotations

import pytest

from xner_hf.corpora.conll import read_conll
from xner_hf.corpora.sentence import ReadReport
from xner_hf.errors import XnerError
from xner_hf.spans import Span

WORDS = [["Wanjiru", "Kamau", "lives", "in", "Nakuru"], ["Safaricom", "grew"], ["Rain"]]
TAGS = [["B-PER", "I-PER", "O", "O", "B-LOC"], ["B-ORG", "O"], ["O"]]


def lines(*columns, between="\t"):
    """Write sentences of columns, each a list of cells a sentence; `None` leaves a cell out."""
    return "\n".join(
        "".join(between.join(cell for cell in row if cell is not None) + "\n" for row in zip(*cells, strict=True))
        for cells in zip(*columns, strict=True)
    )


def numbers(start, words=WORDS):
    return [[str(start + i) for i in range(len(sentence))] for sentence in words]


def read(path):
    report = ReadReport()
    return list(read_conll(path, report)), report


def refused(path, line, *words):
    with pytest.raises(XnerError) as caught:
        list(read_conll(path))
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: "), message
    for word in words:
        assert word in message, message


# Numbers of words


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("between", ["\t", " "])
def test_words_behind_their_numbers_are_read_as_from_the_plain_file(write, start, between):
    plain, _ = read(write("plain.conll", lines(WORDS, TAGS)))
    path = write("numbered.conll", lines(numbers(start), WORDS, TAGS, between=between))
    found, report = read(path)
    assert found == plain
    assert [s.tags for s in found] == TAGS
    assert report.notes == [
        f"{path}: the first column numbers the words; they are read from column 2, their tags from column 3"
    ]


def test_numbers_stand_beside_comments_document_lines_and_further_columns(write):
    pos = [["NNP", "NNP", "VB", "IN", "NNP"], ["NNP", "VB"], ["NN"]]
    text = "-DOCSTART- -X- O O\n\n# sent_id = 1\n# text = Wanjiru Kamau\n" + lines(numbers(1), WORDS, pos, TAGS)
    found, report = read(write("a.conll", text))
    assert [s.tokens for s in found] == WORDS
    assert "tags from column 4" in report.notes[0]
    found, _ = read(write("b.conll", "0\t-DOCSTART-\tO\n\n" + lines(numbers(0), WORDS, TAGS)))
    assert [s.tokens for s in found] == WORDS


def test_an_annotator_behind_the_tag_may_stand_in_some_lines_or_in_all(write):
    note = [["-" if tag != "O" else None for tag in tags] for tags in TAGS]
    for dash in (note, [["-"] * len(tags) for tags in TAGS]):
        name = [["ann" if cell else None for cell in cells] for cells in dash]
        found, report = read(write("a.iob2", lines(numbers(1), WORDS, TAGS, dash, name)))
        assert [s.tokens for s in found] == WORDS
        assert [s.tags for s in found] == TAGS
        assert "tags from column 3" in report.notes[0]


def test_a_single_sentence_and_sentences_of_one_word_are_numbered_too(write):
    found, _ = read(write("a.conll", lines(numbers(1)[:1], WORDS[:1], TAGS[:1])))
    assert found[0].tokens == WORDS[0]
    found, _ = read(write("b.conll", "1 Kisumu B-LOC\n\n1 Rain O\n"))
    assert [s.tokens for s in found] == [["Kisumu"], ["Rain"]]


def test_words_that_are_numbers_stay_words(write):
    found, report = read(write("digits.conll", "1 O\n2 O\n3 O\n\n1 O\n2 O\n"))
    assert [s.tokens for s in found] == [["1", "2", "3"], ["1", "2"]]
    found, _ = read(write("pos.conll", "1 CD O\n2 CD O\n3 CD O\n\nKisumu NNP B-LOC\nwon VB O\n7 CD O\n"))
    assert [s.tokens for s in found] == [["1", "2", "3"], ["Kisumu", "won", "7"]]
    found, _ = read(write("table.conll", "10 CD O\n20 CD O\n30 CD O\n"))
    assert found[0].tokens == ["10", "20", "30"]
    assert not report.notes


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("1 CD O\n2 CD O\n3 CD O\n", 1, ["numbers the words", "two columns"]),
        ("1 Kisumu B-LOC\n", 1, ["numbers the words", "two columns"]),
        ("1 1 O\n2 2 O\n", 1, ["numbers the words"]),
        ("1 B-NP O\n2 I-NP O\n", 1, ["numbers the words"]),
        ("0 Ada B-PER\n1 sings O\n\n1 Accra B-LOC\n2 grew O\n", 4, ["numbers the words", "not of this one"]),
        ("1 Ada B-PER\n2 sings O\n\n3 Accra B-LOC\n4 grew O\n", 4, ["not of this one"]),
        ("1 Ada B-PER\n2 sings O\n1 Accra B-LOC\n2 grew O\n\n1 Rain O\n", 1, ["blank line between"]),
        ("1 no O\n2 go O\n\n1 Ada B-PER\n2 sings O\n\n1-2 du O\n2 port O\n", 7, ["not of this one"]),
        ("7 Ada B-PER\n7 sings O\n\n8 Accra B-LOC\n8 grew O\n", 1, ["same in all lines", "two columns"]),
    ],
)
def test_what_may_be_numbers_or_words_is_refused(write, text, line, words):
    refused(write("a.conll", text), line, *words)


def test_a_name_with_a_space_behind_a_number_is_refused(write):
    refused(write("a.conll", "1 in O\n2 New York B-LOC\n3 now O\n"), 2, "4 columns where the lines above have 3")


def test_two_columns_of_entity_tags_are_refused_but_chunks_are_none(write):
    inner = [["O", "O", "O", "O", "O"], ["B-LOC", "O"], ["O"]]
    path = write("a.conll", lines(numbers(1), WORDS, TAGS, inner))
    refused(path, 1, "the first column numbers the words", "columns 3 and 4", "cut -f2,3")
    refused(write("b.conll", lines(WORDS, TAGS, inner)), 1, "columns 2 and 3", "cut -f1,2")
    chunks = [["B-NP", "I-NP", "B-VP", "B-PP", "B-NP"], ["B-NP", "B-VP"], ["O"]]
    found, _ = read(write("c.conll", lines(WORDS, chunks, TAGS)))
    assert [s.tags for s in found] == TAGS


# Widths


@pytest.mark.parametrize(
    ("text", "line", "wide", "narrow"),
    [
        ("in O\nNew York B-LOC\n", 2, 3, 2),
        ("ten O\n\n10 000 O\n", 3, 3, 2),
        ("Name _ O B-PER\nLast Name _ O I-PER\n", 2, 5, 4),
        ("Ada NNP B-PER\n\nAccra B-LOC\n", 3, 2, 3),
        ("Ada\tNNP\tB-PER\nAccra\t\tB-LOC\n", 2, 2, 3),
    ],
)
def test_another_number_of_columns_is_refused_with_its_line(write, text, line, wide, narrow):
    refused(write("a.conll", text), line, f"{wide} columns where the lines above have {narrow}")


# Prefixes


def test_a_language_prefix_of_every_word_is_taken_off_and_said(write):
    path = write("a.conll", "sw:Wanjiru B-PER\nsw:: O\n\nsw:Nakuru B-LOC\n")
    found, report = read(path)
    assert [s.tokens for s in found] == [["Wanjiru", ":"], ["Nakuru"]]
    assert report.notes == [f"{path}: every word begins with 'sw:', which is taken off"]
    found, _ = read(
        write("b.conll", lines(numbers(0, [["a", "b"]]), [["zh-min-nan:a", "zh-min-nan:b"]], [["O", "O"]]))
    )
    assert found[0].tokens == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("en:Ada B-PER\nen:sings O\n\nsw:Nakuru B-LOC\n", 4),
        ("en:Ada B-PER\nen:sings O\nhere O\n", 3),
        ("en:Ada B-PER\nen: O\nen:sings O\n", 2),
    ],
)
def test_prefixes_that_differ_or_are_missing_are_refused(write, text, line):
    refused(write("a.conll", text), line, "begin with 'en:'", "Take the prefix off")


def test_words_with_a_colon_stay_as_they_are(write):
    words = [["http://a.org", "http://b.org"], ["10:30", "10:45"], ["re:x", "Ada", "sings"], ["id:5"]]
    for sentence in words:
        found, report = read(write("a.conll", "".join(f"{word} O\n" for word in sentence)))
        assert found[0].tokens == sentence
        assert not report.notes


# Schemes


def test_an_iob1_file_says_the_same_as_its_iob2_twin(write):
    path = write("a.conll", "Ada I-PER\nLovelace I-PER\nsaw O\n\nin O\nAccra I-LOC\nLagos B-LOC\nState I-LOC\n")
    found, report = read(path)
    assert [s.spans for s in found] == [[Span(0, 2, "PER")], [Span(1, 2, "LOC"), Span(2, 4, "LOC")]]
    assert [s.tags for s in found] == [["B-PER", "I-PER", "O"], ["O", "B-LOC", "B-LOC", "I-LOC"]]
    assert (report.repaired, report.notes) == ([], [f"{path}: the tags are IOB1"])


def test_a_tag_that_breaks_its_scheme_is_refused_with_its_line(write):
    refused(write("a.conll", "Ada B-PER\nsings O\n\nAccra S-LOC\n"), 2, "no tag ends the entity PER", "IOBES")
    refused(write("b.conll", "Accra U-LOC\n\nAda L-PER\n"), 3, "no tag opens its entity", "BILOU")
    refused(write("c.conll", "Ada B-PER\nL E-PER\n\nAccra U-LOC\n"), 4, "'U-LOC'", "B-, E-")
