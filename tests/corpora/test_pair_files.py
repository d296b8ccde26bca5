from __future__ import annotations

import json
import os
import re

import pytest

from xner_hf.corpora.pair_files import read_jsonl_pairs, read_parallel_text, read_tsv_pairs
from xner_hf.corpora.sentence import Pair, ReadReport
from xner_hf.errors import XnerError
from xner_hf.spans import Span


def upper(text):
    return text.upper().split()


def row(**keys):
    return json.dumps(keys) + "\n"


def entity(start, end, label="PER", **keys):
    return {"start": start, "end": end, "label": label, **keys}


def fails_at(pairs, path, line, *words):
    with pytest.raises(XnerError) as caught:
        list(pairs)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: "), message
    for word in words:
        assert word in message


class TestJsonlPairs:
    def test_reads_both_sides_with_and_without_entities(self, write):
        first = row(
            id="x",
            source_tokens=["Ada", "sings"],
            target_tokens=["Ada", "tana", "waka"],
            source_entities=[entity(0, 1, score=0.5)],
            target_entities=[entity(2, 3, "LOC", status="projected"), entity(0, 1)],
        )
        path = write("a.jsonl", first + row(source_tokens=["a"], target_tokens=["b"], target_entities=[]))
        report = ReadReport()
        assert list(read_jsonl_pairs(path, need_spans=False, report=report)) == [
            Pair(
                "x",
                ["Ada", "sings"],
                ["Ada", "tana", "waka"],
                [Span(0, 1, "PER", 0.5)],
                [Span(0, 1, "PER"), Span(2, 3, "LOC")],
            ),
            Pair("1", ["a"], ["b"], None, []),
        ]
        assert report.sentences == 2

    def test_allows_empty_sides(self, write):
        path = write("a.jsonl", row(source_tokens=[], target_tokens=[], source_entities=[]))
        assert list(read_jsonl_pairs(path, need_spans=True)) == [Pair("0", [], [], [])]

    @pytest.mark.parametrize("missing", [{}, {"source_entities": None}])
    def test_asks_for_entities_or_a_tagger_when_spans_are_needed(self, write, missing):
        good = row(source_tokens=["a"], target_tokens=["b"], source_entities=[])
        path = write("a.jsonl", good + row(source_tokens=["a"], target_tokens=["b"], **missing))
        fails_at(read_jsonl_pairs(path, need_spans=True), path, 2, "'source_entities' is missing", "--tagger")
        assert len(list(read_jsonl_pairs(path, need_spans=False))) == 2

    @pytest.mark.parametrize(
        ("keys", "words"),
        [
            ({"target_tokens": ["b"]}, ["'source_tokens' is missing"]),
            ({"source_tokens": ["a"]}, ["'target_tokens' is missing"]),
            ({"source_tokens": "a", "target_tokens": ["b"]}, ["'source_tokens' is 'a'"]),
            ({"source_tokens": ["a"], "target_tokens": ["b", None]}, ["target_tokens[1] is None"]),
            ({"source_tokens": ["a"], "target_tokens": ["b c"]}, ["target_tokens[0] is 'b c'", "white space"]),
            ({"source_tokens": [""], "target_tokens": ["b"]}, ["source_tokens[0] is ''"]),
            (
                {"source_tokens": ["a"], "target_tokens": ["b"], "source_entities": [entity(0, 2)]},
                ["source_entities: the span [0, 2) PER does not fit a sentence of 1 words"],
            ),
            (
                {"source_tokens": [], "target_tokens": ["b"], "source_entities": [entity(0, 1)]},
                ["does not fit a sentence of 0 words"],
            ),
            (
                {
                    "source_tokens": ["a"],
                    "target_tokens": ["b", "c"],
                    "target_entities": [entity(0, 2), entity(1, 2, "LOC")],
                },
                ["target_entities: the spans [0, 2) PER and [1, 2) LOC overlap"],
            ),
            (
                {"source_tokens": ["a"], "target_tokens": ["b"], "target_entities": [entity("0", 1)]},
                ["target_entities[0]: 'start' is '0'"],
            ),
        ],
    )
    def test_names_the_line_and_value_of_a_defect(self, write, keys, words):
        path = write("a.jsonl", row(source_tokens=["a"], target_tokens=["b"]) + row(**keys))
        fails_at(read_jsonl_pairs(path, need_spans=False), path, 2, *words)

    def test_refuses_malformed_rows_and_empty_files(self, write):
        path = write("a.jsonl", '{"source_tokens": ["a"], "target_tok')
        fails_at(read_jsonl_pairs(path, need_spans=False), path, 1, "not valid JSON", "cut off")
        with pytest.raises(XnerError, match="holds no sentence"):
            list(read_jsonl_pairs(write("b.jsonl", ""), need_spans=False))

    @pytest.mark.parametrize(
        "keys",
        [
            {"src": "Ada sings", "tgt": "Ada tana waka"},
            {"source": ["Ada"], "target": ["Ada"]},
            {"translation": {"en": "Ada sings", "ha": "Ada tana waka"}},
            {"tokens": ["Ada"], "ner_tags": ["B-PER"]},
            {},
        ],
    )
    def test_keys_of_other_programs_are_named_with_those_that_are_read(self, write, keys):
        path = write("a.jsonl", row(**keys))
        pairs = read_jsonl_pairs(path, need_spans=False)
        fails_at(pairs, path, 1, "'source_tokens' is missing", "'target_tokens'", ".tsv", *map(repr, keys))

    @pytest.mark.parametrize("key", ["source_ner_tags", "source_labels", "ner_tags", "entities", "spans", "ner"])
    def test_labels_under_another_name_are_not_passed_over(self, write, key):
        pair = {"source_tokens": ["Ada"], "target_tokens": ["Ada"], key: ["B-PER"]}
        for missing in ({}, {"source_entities": None}):
            path = write("a.jsonl", row(**pair, **missing))
            fails_at(read_jsonl_pairs(path, need_spans=False), path, 1, repr(key), "'source_entities'", "Convert")
        path = write("b.jsonl", row(**pair, source_entities=[entity(0, 1)]))
        assert next(read_jsonl_pairs(path, need_spans=True)).source_spans == [Span(0, 1, "PER")]

    def test_a_key_that_stands_twice_is_refused(self, write):
        text = '{"source_tokens": ["a"], "target_tokens": ["b"], "source_entities": [%s], "source_entities": []}'
        path = write("a.jsonl", text % '{"start": 0, "end": 1, "label": "PER"}')
        fails_at(read_jsonl_pairs(path, need_spans=True), path, 1, "'source_entities' stands twice")
        path = write("b.jsonl", text.replace(', "source_entities": []', "") % '{"start": 0, "start": 1}')
        fails_at(read_jsonl_pairs(path, need_spans=True), path, 1, "'start' stands twice")

    def test_an_array_is_refused_with_how_to_convert_it(self, write):
        pair = {"source_tokens": ["a"], "target_tokens": ["b"]}
        for text in (json.dumps([pair]), json.dumps([pair], indent=1)):
            path = write("a.jsonl", text)
            fails_at(read_jsonl_pairs(path, need_spans=False), path, 1, "JSON", "jq -c '.[]' FILE")


class TestTsvPairs:
    def test_splits_each_side_with_its_own_function(self, write):
        path = write("a.tsv", '\ufeffAda sings\tAda tana\r\n"a\t\n\tb')
        report = ReadReport()
        assert list(read_tsv_pairs(path, upper, str.split, report)) == [
            Pair("0", ["ADA", "SINGS"], ["Ada", "tana"]),
            Pair("1", ['"A'], []),
            Pair("2", [], ["b"]),
        ]
        assert report.sentences == 3

    @pytest.mark.parametrize(("line", "columns"), [("one side", 1), ("a\tb\tc", 3), ("", 1)])
    def test_names_a_line_without_exactly_two_columns(self, write, line, columns):
        path = write("a.tsv", f"a\tb\n{line}\nc\td\n")
        fails_at(read_tsv_pairs(path, str.split, str.split), path, 2, f"{columns} columns, not 2", "one tab")

    @pytest.mark.parametrize(
        "heading",
        [
            "source\ttarget",
            "\ufeffSource text\tTarget text\r",
            "en\thau",
            "English\tHausa",
            '"src"\t"tgt"',
            "eng_Latn\tswh_Latn",
            "French sentence\tBambara sentence",
        ],
    )
    def test_headings_of_columns_are_no_pair(self, write, heading):
        path = write("a.tsv", f"{heading}\nAda sings\tAda tana waka\n")
        fails_at(read_tsv_pairs(path, str.split, str.split), path, 1, "headings of columns", "tail -n +2")

    @pytest.mark.parametrize(
        "line", ["source\tmarmaro", "Hausa\tHausa", "the source\tthe target", "Ada\tAda", "\ttarget", "source\t"]
    )
    def test_what_may_be_a_pair_is_one_and_so_are_headings_below_the_first_line(self, write, line):
        assert len(list(read_tsv_pairs(write("a.tsv", f"{line}\nsource\ttarget\n"), str.split, str.split))) == 2

    def test_an_empty_column_or_one_too_many_has_a_remedy(self, write):
        for line, remedy in (("1\tAda\tAda", "cut -f1,2"), ("Ada ||| Ada", r"sed 's/ *||| */\t/'"), ("||| b", "sed")):
            path = write("a.tsv", f"a\tb\n{line}\n")
            fails_at(read_tsv_pairs(path, str.split, str.split), path, 2, "columns, not 2", remedy)

    def test_quoted_columns_of_csv_are_refused_and_quotation_marks_kept(self, write):
        path = write("a.tsv", 'a\tb\n"He said ""no""."\t"Ya ce ""a\'a""."\n')
        fails_at(read_tsv_pairs(path, str.split, str.split), path, 2, "quoted as in CSV")
        path = write("b.tsv", '"No."\t"A\'a."\n"No," he said\t""\n')
        assert [pair.source for pair in read_tsv_pairs(path, str.split, str.split)] == [
            ['"No."'],
            ['"No,"', "he", "said"],
        ]

    def test_refuses_an_empty_file(self, write):
        with pytest.raises(XnerError, match="holds no sentence"):
            list(read_tsv_pairs(write("a.tsv", ""), str.split, str.split))


class TestParallelText:
    def test_pairs_lines_by_number_and_keeps_blank_ones(self, write):
        source = write("a.eng", "Ada sings\n\nc")
        target = write("a.hau", "Ada tana\r\nb\r\n\r\n")
        report = ReadReport()
        assert list(read_parallel_text(source, target, upper, str.split, report)) == [
            Pair("0", ["ADA", "SINGS"], ["Ada", "tana"]),
            Pair("1", [], ["b"]),
            Pair("2", ["C"], []),
        ]
        assert report.sentences == 3

    @pytest.mark.parametrize(("text", "lines"), [("a\n", 1), ("a\nb\n\n", 3), ("a\nb\nc", 3), ("", 0)])
    def test_says_both_numbers_of_lines_before_the_first_pair(self, write, text, lines):
        source, target = write("a.eng", "a\nb\n"), write("a.hau", text)
        pattern = rf"^{re.escape(str(source))} has 2 lines but {re.escape(str(target))} has {lines}\."
        with pytest.raises(XnerError, match=pattern):
            next(read_parallel_text(source, target, str.split, str.split))

    def test_headings_in_the_first_lines_are_no_pair(self, write):
        source, target = write("a.eng", "English\nAda sings\n"), write("a.hau", "Hausa\nAda tana waka\n")
        with pytest.raises(XnerError, match="headings of columns"):
            next(read_parallel_text(source, target, str.split, str.split))

    def test_counts_lines_across_read_blocks(self, write):
        text = "x" * (1 << 20) + "\n" + "y\n" * 3
        source, target = write("a.eng", text), write("a.hau", "1\n2\n3\n4")
        assert [pair.target for pair in read_parallel_text(source, target, len_as_word, str.split)] == [
            ["1"],
            ["2"],
            ["3"],
            ["4"],
        ]

    def test_names_file_and_line_of_a_byte_that_is_not_utf8(self, write):
        source, target = write("a.eng", "a\nb\n"), write("a.hau", b"a\ncaf\xe9\n")
        fails_at(read_parallel_text(source, target, str.split, str.split), target, 2, "byte 5 of the file (0xe9)")

    def test_refuses_empty_and_missing_files_and_directories(self, write, tmp_path):
        empty, full, missing = write("a", ""), write("b", "x\n"), tmp_path / "missing"
        for source, target, words in [
            (empty, empty, "holds no sentence"),
            (full, missing, "missing: the file does not exist"),
            (tmp_path, full, "is a directory"),
        ]:
            with pytest.raises(XnerError, match=words):
                next(read_parallel_text(source, target, str.split, str.split))

    def test_refuses_a_pipe_because_it_reads_twice(self, write):
        read_end, write_end = os.pipe()
        os.close(write_end)
        try:
            with pytest.raises(XnerError, match="is a pipe"):
                next(read_parallel_text(f"/dev/fd/{read_end}", write("a", "x\n"), str.split, str.split))
        finally:
            os.close(read_end)


def len_as_word(text):
    return [str(len(text))]
