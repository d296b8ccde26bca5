"""Sentence pairs from local files: JSONL, tab-separated text, and two parallel text files.

The rules are those of `xner_hf.corpora.files`: UTF-8, one pair at a time, no line skipped, errors with ``path:line``.
A side without words is allowed, since raw parallel text has such lines and the projector reports them.
"""

from __future__ import annotations

from collections.abc import Iterator

from xner_hf.corpora.base import Pair, ReadReport
from xner_hf.corpora.lines import (
    FilePath,
    Splitter,
    json_entities,
    json_id,
    json_rows,
    json_words,
    no_sentences,
    numbered_lines,
    open_file,
)
from xner_hf.errors import XnerError


def read_jsonl_pairs(path: FilePath, need_spans: bool, report: ReadReport | None = None) -> Iterator[Pair]:
    """Read ``{"source_tokens": [...], "target_tokens": [...]}``, one row a line.

    ``source_entities`` and ``target_entities`` are optional lists of ``{"start", "end", "label"}`` with an optional
    ``score`` in [0, 1]. A missing ``id`` is the 0-based row number. Other keys are ignored.

    Args:
        path: the JSONL file.
        need_spans: whether every row has to have ``source_entities`` because no tagger will add them.
        report: counts the pairs.

    Raises:
        XnerError: a line is not a JSON object; words are missing, empty, not strings or hold white space; entities do
            not fit, overlap, or are needed and missing; the file is empty or not readable UTF-8 text.
    """
    report = ReadReport() if report is None else report
    for index, (place, row) in enumerate(json_rows(path)):
        source = json_words(row, "source_tokens", place)
        target = json_words(row, "target_tokens", place)
        source_spans = json_entities(row, "source_entities", len(source), place)
        target_spans = json_entities(row, "target_entities", len(target), place)
        if need_spans and source_spans is None:
            raise XnerError(
                f"{place}: 'source_entities' is missing. Add them (an empty list says that there are none), or name a "
                "model that finds them (--tagger)."
            )
        report.sentences += 1
        yield Pair(json_id(row, index, place), source, target, source_spans, target_spans)


def read_tsv_pairs(
    path: FilePath, split_source: Splitter, split_target: Splitter, report: ReadReport | None = None
) -> Iterator[Pair]:
    """Read ``source TAB target`` of raw text; `split_source` and `split_target` cut the sides into words.

    Ids are the 0-based line numbers. There is no quoting and no header.

    Raises:
        XnerError: a line has not exactly two columns; the file is empty or not readable UTF-8 text.
    """
    report = ReadReport() if report is None else report
    number = 0
    for number, line in numbered_lines(path):
        columns = line.split("\t")
        if len(columns) != 2:
            raise XnerError(
                f"{path}:{number}: {len(columns)} columns, not 2. A line is a source text, one tab, a target text."
            )
        report.sentences += 1
        yield Pair(str(number - 1), split_source(columns[0]), split_target(columns[1]))
    if not number:
        raise no_sentences(path)


def read_parallel_text(
    source_path: FilePath,
    target_path: FilePath,
    split_source: Splitter,
    split_target: Splitter,
    report: ReadReport | None = None,
) -> Iterator[Pair]:
    """Read line i of both files as pair i, numbered from 0; the two functions cut the sides into words.

    Both files are read twice, first to count their lines.

    Raises:
        XnerError: the numbers of lines differ (before the first pair), a file is empty, is no regular file, or is not
            readable UTF-8 text.
    """
    report = ReadReport() if report is None else report
    counts = [_count_lines(source_path), _count_lines(target_path)]
    if counts[0] != counts[1]:
        raise XnerError(
            f"{source_path} has {counts[0]} lines but {target_path} has {counts[1]}. Line i of the one has to be the "
            "translation of line i of the other: was one cut off, or lost its blank lines?"
        )
    if not counts[0]:
        raise no_sentences(source_path)
    both = zip(numbered_lines(source_path), numbered_lines(target_path), strict=True)
    for (number, source), (_, target) in both:
        report.sentences += 1
        yield Pair(str(number - 1), split_source(source), split_target(target))


def _count_lines(path: FilePath) -> int:
    """Count lines as `numbered_lines` does, a last one without line end included."""
    lines, last = 0, b"\n"
    with open_file(path) as file:
        if not file.seekable():
            raise XnerError(f"{path}: is a pipe, but parallel text is read twice. Write it to a file first.")
        while chunk := file.read(1 << 20):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return lines + (last != b"\n")
