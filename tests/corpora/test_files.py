from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.corpora.files import read_conll, read_conllu, read_jsonl_sentences, read_sentences, read_text
from xner_hf.corpora.sentence import ReadReport, Sentence
from xner_hf.errors import XnerError
from xner_hf.spans import Span, spans_to_iob2

READERS = {
    ".conll": read_conll,
    ".conllu": read_conllu,
    ".jsonl": read_jsonl_sentences,
    ".txt": lambda path, report=None: read_text(path, str.split, report),
}


def fails_at(sentences, path, line, *words):
    """Read until the error, and check that it opens with `path:line` and holds every one of `words`."""
    with pytest.raises(XnerError) as caught:
        list(sentences)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: "), message
    for word in words:
        assert word in message
    return message


def row(**keys):
    return json.dumps(keys, ensure_ascii=False) + "\n"


class TestConll:
    def test_reads_first_column_as_word_and_last_as_tag_with_tabs_or_spaces(self, write):
        path = write("a.conll", "Ada NNP B-PER\nLovelace NNP I-PER\n\n  \t\nin\tIN\tO\nAccra \t NNP\t B-LOC \n")
        assert list(read_conll(path)) == [
            Sentence("0", ["Ada", "Lovelace"], [Span(0, 2, "PER")]),
            Sentence("1", ["in", "Accra"], [Span(1, 2, "LOC")]),
        ]

    def test_reads_crlf_byte_order_mark_and_a_last_line_without_end(self, write):
        path = write("a.conll", b"\xef\xbb\xbfAda B-PER\r\nsings O\r\n\r\nAccra B-LOC")
        assert [(s.tokens, s.spans) for s in read_conll(path)] == [
            (["Ada", "sings"], [Span(0, 1, "PER")]),
            (["Accra"], [Span(0, 1, "LOC")]),
        ]

    def test_passes_over_document_lines_and_comments_before_a_sentence(self, write):
        path = write("a.conll", "# made by hand\n\n-DOCSTART- -X- -X- O\n\n# id 7\nAda B-PER\n\n-DOCSTART- O\nno O\n")
        assert [s.tokens for s in read_conll(path)] == [["Ada"], ["no"]]

    def test_reads_a_hash_word_that_looks_like_a_comment(self, write):
        text = "# text takes vitamin B-12\n# NN O\nx NN O\n\n# NN O\n\nthis NN O\n# NN O\n"
        path = write("a.conll", text)
        assert [s.tokens for s in read_conll(path)] == [["#", "x"], ["#"], ["this", "#"]]
        assert [s.tokens for s in read_conll(write("b.conll", "# O\nwords O\n"))] == [["#", "words"]]

    def test_repairs_and_notes_every_inside_tag_that_continues_nothing(self, write):
        path = write("a.conll", "Ada B-PER\nLovelace I-PER\nAccra I-LOC\n\nno O\nLagos I-LOC\n\nKisumu B-LOC\n")
        report = ReadReport()
        sentences = list(read_conll(path, report))
        assert [s.spans for s in sentences] == [
            [Span(0, 2, "PER"), Span(2, 3, "LOC")],
            [Span(1, 2, "LOC")],
            [Span(0, 1, "LOC")],
        ]
        assert [s.tags for s in sentences] == [["B-PER", "I-PER", "I-LOC"], ["O", "I-LOC"], ["B-LOC"]]
        assert report == ReadReport(3, [f"{path}:3", f"{path}:6"])

    def test_keeps_line_separators_of_unicode_inside_the_line(self, write):
        path = write("a.conll", "a\u2028b O\n")
        fails_at(read_conll(path), path, 1, r"'a\u2028b'", "white space")

    @pytest.mark.parametrize(
        ("text", "line", "words"),
        [
            ("Ada B-PER\nsings\n", 2, ["one column", "'sings'"]),
            ("Ada B-PER\nsings\t\n", 2, ["one column"]),
            ("Ada B-PER\n\n1487 Doctors'I-ORG\n", 3, ['"Doctors\'I-ORG"', "IOB2", "white space between"]),
            ("Ada PER\n", 1, ["'PER'", "Convert"]),
            ("Ada b-per\n", 1, ["'b-per'", "Convert"]),
            ("Ada B-PER\nKisumu LOC-B\n", 2, ["'LOC-B'", "Convert"]),
            ("grew 0\n", 1, ["'0'", "Convert"]),
            ("\u0300 O 17.0\n", 1, ["'17.0'", "Convert"]),
            ("Ada B-\n", 1, ["'B-'"]),
            ("Ada B-PER\n\tO\n", 2, ["no word"]),
            (" O\n", 1, ["no word"]),
            ("new\u00a0york B-LOC\n", 1, [r"'new\xa0york'", "white space"]),
            ("Ada\tB-PER\nNew York\tB-LOC\n", 2, ["'New York'", "white space", "a line"]),
            ("Ada B-PER\n-DOCSTART- -X- O\n", 2, ["-DOCSTART-", "blank line before"]),
            ("Ada B-PER\n# a comment\n", 2, ["'comment'"]),
        ],
    )
    def test_names_the_line_of_a_defect(self, write, text, line, words):
        path = write("a.conll", text)
        fails_at(read_conll(path), path, line, *words)

    def test_yields_the_sentences_before_a_defect(self, write):
        path = write("a.conll", "Ada B-PER\n\nsings\n")
        sentences = read_conll(path)
        assert next(sentences).tokens == ["Ada"]
        with pytest.raises(XnerError):
            next(sentences)

    words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1).filter(lambda word: word != "-DOCSTART-")

    @settings(max_examples=50)
    @given(st.lists(st.lists(st.tuples(words, st.sampled_from(["O", "B-PER", "B-LOC"])), min_size=1), min_size=1))
    def test_reads_back_what_was_written(self, sentences):
        text = "\n".join("".join(f"{word} {tag}\n" for word, tag in sentence) for sentence in sentences)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.conll"
            path.write_bytes(text.encode("utf-8"))
            read = [list(zip(s.tokens, spans_to_iob2(s.spans, len(s.tokens)), strict=True)) for s in read_conll(path)]
        assert read == sentences


class TestJsonl:
    def test_reads_tags_entities_and_unlabelled_rows(self, write):
        path = write(
            "a.jsonl",
            row(tokens=["Ada", "sings"], ner_tags=["B-PER", "O"], id="x")
            + row(tokens=["in", "Accra"], entities=[{"start": 1, "end": 2, "label": "LOC", "score": 0.5}], id=9)
            + row(tokens=["no"], entities=[])
            + row(tokens=["raw"], ner_tags=None, other={"kept": False}),
        )
        report = ReadReport()
        assert list(read_jsonl_sentences(path, report)) == [
            Sentence("x", ["Ada", "sings"], [Span(0, 1, "PER")]),
            Sentence("9", ["in", "Accra"], [Span(1, 2, "LOC", 0.5)]),
            Sentence("2", ["no"], []),
            Sentence("3", ["raw"], None),
        ]
        assert report == ReadReport(4, [])

    def test_sorts_entities_and_takes_their_scores_when_tags_agree(self, write):
        entities = [{"start": 1, "end": 2, "label": "LOC", "score": 0.25}, {"start": 0, "end": 1, "label": "PER"}]
        path = write("a.jsonl", row(tokens=["Ada", "Accra"], ner_tags=["B-PER", "B-LOC"], entities=entities))
        assert next(read_jsonl_sentences(path)).spans == [Span(0, 1, "PER", 1.0), Span(1, 2, "LOC", 0.25)]

    def test_notes_repaired_tags_with_the_line_of_the_row(self, write):
        good, bad = (
            row(tokens=["a", "b"], ner_tags=["B-PER", "B-LOC"]),
            row(tokens=["a"] * 2, ner_tags=["I-PER", "I-LOC"]),
        )
        path = write("a.jsonl", row(tokens=["no"]) + good + bad)
        report = ReadReport()
        assert list(read_jsonl_sentences(path, report))[2].spans == [Span(0, 1, "PER"), Span(1, 2, "LOC")]
        assert report.repaired == [f"{path}:3", f"{path}:3"]

    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ({}, ["'tokens' is missing"]),
            ({"tokens": "Ada sings"}, ["'tokens' is 'Ada sings'", "list of words"]),
            ({"tokens": []}, ["'tokens' is empty"]),
            ({"tokens": ["a", 7]}, ["tokens[1] is 7", "not a string"]),
            ({"tokens": ["a", ""]}, ["tokens[1] is ''", "is empty"]),
            ({"tokens": ["new york"]}, ["tokens[0] is 'new york'", "white space"]),
            ({"tokens": ["a\u00a0"]}, ["tokens[0]", "white space"]),
            ({"tokens": ["a", "b"], "ner_tags": ["O"]}, ["2 words but 1 'ner_tags'"]),
            ({"tokens": ["a"], "ner_tags": "O"}, ["'ner_tags' is 'O'"]),
            ({"tokens": ["a"], "ner_tags": [0]}, ["ner_tags[0] is 0", "strings"]),
            ({"tokens": ["a"], "ner_tags": ["PER"]}, ["ner_tags[0] is 'PER'"]),
            ({"tokens": ["a"], "id": ""}, ["'id' is ''"]),
            ({"tokens": ["a"], "id": [1]}, ["'id' is [1]"]),
            ({"tokens": ["a"], "id": True}, ["'id' is True"]),
            ({"tokens": ["a"], "entities": {}}, ["'entities' is {}"]),
            ({"tokens": ["a"], "entities": ["PER"]}, ["entities[0] is 'PER'"]),
            ({"tokens": ["a"], "entities": [{"end": 1, "label": "PER"}]}, ["entities[0]: 'start' is None"]),
            ({"tokens": ["a"], "entities": [{"start": 0, "end": True, "label": "PER"}]}, ["'end' is True"]),
            ({"tokens": ["a"], "entities": [{"start": 0, "end": 1.0, "label": "PER"}]}, ["'end' is 1.0"]),
            ({"tokens": ["a"], "entities": [{"start": 0, "end": 1, "label": ""}]}, ["'label' is ''"]),
            ({"tokens": ["a"], "entities": [{"start": 0, "end": 1, "label": "P", "score": 2}]}, ["'score' is 2"]),
            ({"tokens": ["a"], "entities": [{"start": 0, "end": 1, "label": "P", "score": "1"}]}, ["'score' is '1'"]),
            (
                {"tokens": ["a"], "entities": [{"start": 0, "end": 2, "label": "P"}]},
                ["entities", "[0, 2) P does not fit"],
            ),
            (
                {
                    "tokens": ["a", "b"],
                    "entities": [{"start": 0, "end": 2, "label": "P"}, {"start": 1, "end": 2, "label": "L"}],
                },
                ["[0, 2) P and [1, 2) L overlap"],
            ),
            (
                {"tokens": ["a"], "ner_tags": ["O"], "entities": [{"start": 0, "end": 1, "label": "P"}]},
                ["'ner_tags' and 'entities' do not say the same"],
            ),
        ],
    )
    def test_names_the_line_and_value_of_a_defect(self, write, keys, words):
        path = write("a.jsonl", row(tokens=["good"]) + row(**keys))
        fails_at(read_jsonl_sentences(path), path, 2, *words)

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ('{"tokens": ["a"', ["not valid JSON", "cut off"]),
            ('{"tokens": ["a"]} {"tokens": ["b"]}', ["not valid JSON", "Extra data"]),
            ("[" * 100_000, ["not valid JSON"]),
            ('{"start": ' + "1" * 5000 + "}", ["not valid JSON"]),
            ('["a"]', ["['a'] is not a JSON object"]),
            ("null", ["None is not a JSON object"]),
            ("", ["blank"]),
            ('{"tokens": ["\\uD83D"]}', ["surrogate"]),
        ],
    )
    def test_names_the_line_of_a_row_that_is_no_object(self, write, line, words):
        path = write("a.jsonl", row(tokens=["good"]) + line + "\n")
        fails_at(read_jsonl_sentences(path), path, 2, *words)

    def test_reads_a_whole_surrogate_pair(self, write):
        path = write("a.jsonl", '{"tokens": ["\\uD83D\\uDE00"]}\n')
        assert next(read_jsonl_sentences(path)).tokens == ["\U0001f600"]

    @settings(max_examples=50)
    @given(st.integers(1, 8), st.data())
    def test_reads_spans_back_as_entities_and_refuses_exactly_those_that_do_not_fit(self, length, data):
        bounds = st.tuples(st.integers(-1, 9), st.integers(-1, 9), st.sampled_from(["PER", "LOC"]), st.floats(0, 1))
        spans = [Span(*parts) for parts in data.draw(st.lists(bounds, max_size=3))]
        covered = [word for span in spans for word in range(span.start, span.end)]
        fits = all(0 <= span.start < span.end <= length for span in spans) and len(covered) == len(set(covered))
        entities = [span._asdict() for span in spans]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.jsonl"
            path.write_text(row(tokens=["w"] * length, entities=entities))
            if fits:
                assert next(read_jsonl_sentences(path)).spans == sorted(spans)
            else:
                fails_at(read_jsonl_sentences(path), path, 1, "entities")


class TestText:
    def test_reads_one_sentence_a_line_and_passes_over_blank_lines(self, write):
        path = write("a.txt", "Ada sings\r\n\n \t \nin Accra\u0085now")
        report = ReadReport()
        assert list(read_text(path, lambda line: line.split(" "), report)) == [
            Sentence("0", ["Ada", "sings"]),
            Sentence("1", ["in", "Accra\u0085now"]),
        ]
        assert report.sentences == 2

    def test_names_a_line_in_which_the_splitter_finds_no_word(self, write):
        path = write("a.txt", "Ada\n\u200b\n")
        fails_at(read_text(path, lambda line: line.strip("\u200b").split()), path, 2, "no word", r"\u200b")


class TestAnyFile:
    @pytest.mark.parametrize("suffix", READERS)
    def test_names_line_and_offset_of_a_byte_that_is_not_utf8(self, write, suffix):
        good = {".jsonl": b'{"tokens": ["a"]}\n', ".txt": b"a\n"}.get(suffix, b"# a\n")
        path = write("a" + suffix, b"\xef\xbb\xbf" + good + b"caf\xe9 O\n")
        offset = 3 + len(good) + 3
        fails_at(READERS[suffix](path), path, 2, f"byte {offset} of the file (0xe9)", "iconv -f latin1 -t utf-8")

    @pytest.mark.parametrize("suffix", READERS)
    def test_refuses_a_file_that_was_cut_inside_a_character(self, write, suffix):
        path = write("a" + suffix, "caf\u00e9".encode()[:-1])
        fails_at(READERS[suffix](path), path, 1, "byte 3 of the file (0xc3)")

    @pytest.mark.parametrize("suffix", READERS)
    def test_refuses_nul_and_lone_carriage_returns(self, write, suffix):
        path = write("nul" + suffix, b"a\0 O\n")
        fails_at(READERS[suffix](path), path, 1, "NUL", "iconv -f utf-16")
        path = write("mac" + suffix, b"a O\rb O\r")
        fails_at(READERS[suffix](path), path, 1, "carriage return", "tr '\\r' '\\n'")

    @pytest.mark.parametrize("suffix", READERS)
    @pytest.mark.parametrize("content", ["", "\ufeff"])
    def test_refuses_a_file_without_sentences(self, write, suffix, content):
        path = write("a" + suffix, content)
        with pytest.raises(XnerError, match=r"blank" if content and suffix == ".jsonl" else r"holds no sentence"):
            list(READERS[suffix](path))

    @pytest.mark.parametrize("suffix", READERS)
    def test_says_that_a_file_is_missing_or_a_directory(self, tmp_path, suffix):
        missing = tmp_path / f"missing{suffix}"
        with pytest.raises(XnerError, match=rf"^{re.escape(str(missing))}: the file does not exist"):
            list(READERS[suffix](missing))
        with pytest.raises(XnerError, match=rf"^{re.escape(str(tmp_path))}: is a directory"):
            list(READERS[suffix](tmp_path))

    def test_says_that_a_path_runs_through_a_file(self, write):
        path = write("a.txt", "a\n") / "b.txt"
        with pytest.raises(XnerError, match="cannot be read"):
            list(read_text(path, str.split))


class TestReadSentences:
    @pytest.mark.parametrize("name", ["a.conll", "a.bio", "a.iob", "a.iob2", "a.CoNLL"])
    def test_reads_columns_by_suffix(self, write, name):
        path = write(name, "Ada B-PER\n")
        assert list(read_sentences(str(path), str.split)) == [Sentence("0", ["Ada"], [Span(0, 1, "PER")])]

    def test_reads_the_other_formats_by_suffix_and_passes_the_report(self, write):
        report = ReadReport()
        tree = "1\tAda\t_\t_\t_\t_\t0\troot\t_\t_\n"
        files = [write("a.conllu", tree), write("a.jsonl", row(tokens=["Ada"])), write("a.txt", "Ada\n")]
        assert [list(read_sentences(path, str.split, report)) for path in files] == [
            [Sentence("0", ["Ada"], heads=[0], relations=["root"])],
            [Sentence("0", ["Ada"])],
            [Sentence("0", ["Ada"])],
        ]
        assert report.sentences == 3

    @pytest.mark.parametrize("name", ["a.tsv", "a", "a.conll.gz"])
    def test_lists_the_known_suffixes_before_anything_is_read(self, name):
        with pytest.raises(XnerError, match=r"\.conll, \.bio, \.iob, \.iob2, \.conllu, \.jsonl and \.txt") as caught:
            read_sentences(name, str.split)
        assert str(caught.value).startswith(f"{name}: ")
