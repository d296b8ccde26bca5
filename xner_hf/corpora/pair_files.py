"""Sentence pairs from local files: JSONL, tab-separated text, and two parallel text files.

The rules are those of `xner_hf.corpora.files`: UTF-8, one pair at a time, no line skipped, errors with ``path:line``.
A side without words is allowed, since raw parallel text has such lines and the projector reports them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from reprlib import repr as short
from typing import Any

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
from xner_hf.corpora.sentence import Pair, ReadReport
from xner_hf.errors import XnerError
from xner_hf.languages import languages

_SIDES = ("source_tokens", "target_tokens")
_HEADINGS = frozenset(
    ("source", "src", "original", "target", "tgt", "trg", "translation", "reference", "lang", "language")
    + ("text", "sentence", "sentences", "segment", "tokens", "words", "en", "eng", "english", "fr", "fra", "french")
)
"""Words of which the heading of a column consists, with the codes and names of the table's languages."""
_OTHER_LABELS = re.compile(
    r"(?!source_entities$)((source_)?(entities|spans|ner|ner_tags|ner_labels)|source_(tags|labels))"
)
"""Keys under which other programs keep the entities of a row."""


def read_jsonl_pairs(path: FilePath, need_spans: bool, report: ReadReport | None = None) -> Iterator[Pair]:
    """Read ``{"source_tokens": [...], "target_tokens": [...]}``, one row a line.

    ``source_entities`` and ``target_entities`` are optional lists of ``{"start", "end", "label"}`` with an optional
    ``score`` in [0, 1]. A missing ``id`` is the 0-based row number. Other keys are ignored, but a row without
    ``source_entities`` may not have labels under another name.

    Args:
        path: the JSONL file.
        need_spans: whether every row has to have ``source_entities`` because no tagger will add them.
        report: counts the pairs.

    Raises:
        XnerError: a line is not a JSON object; words are missing, empty, not strings or hold white space; entities do
            not fit, overlap, stand under another name, or are needed and missing; the file is empty or not readable
            UTF-8 text.
    """
    report = ReadReport() if report is None else report
    for index, (place, row) in enumerate(json_rows(path)):
        _check_keys(row, place)
        source, target = (json_words(row, key, place) for key in _SIDES)
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
        XnerError: a line has not exactly two columns, or is quoted as in CSV; the first line holds the headings of
            columns; the file is empty or not readable UTF-8 text.
    """
    report = ReadReport() if report is None else report
    number = 0
    for number, line in numbered_lines(path):
        columns = line.split("\t")
        if len(columns) != 2:
            raise XnerError(
                f"{path}:{number}: {len(columns)} columns, not 2. A line is a source text, one tab, a target text."
                f"{_columns_remedy(line, len(columns))}"
            )
        if any(re.fullmatch(r'"(?:[^"]|"")*""(?:[^"]|"")*"', column) for column in columns):
            raise XnerError(
                f'{path}:{number}: {short(line)} is quoted as in CSV, where "" stands for one quotation mark. Nothing '
                "is quoted in a .tsv; write the texts as they are."
            )
        if number == 1:
            _check_headings(columns, path)
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
        XnerError: the numbers of lines differ (before the first pair), the first lines are the headings of columns, a
            file is empty, is no regular file, or is not readable UTF-8 text.
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
        if number == 1:
            _check_headings([source, target], f"{source_path} and {target_path}")
        report.sentences += 1
        yield Pair(str(number - 1), split_source(source), split_target(target))


def _check_keys(row: dict[str, Any], place: str) -> None:
    missing = [key for key in _SIDES if key not in row]
    if missing:
        raise XnerError(
            f"{place}: {missing[0]!r} is missing. A pair has 'source_tokens' and 'target_tokens', each a list of "
            f"words; this row has {', '.join(map(repr, row)) or 'no keys'}. Rename or split them; text that is not "
            "split into words can be given as a .tsv file (source, tab, target)."
        )
    if row.get("source_entities") is None and (other := [key for key in row if _OTHER_LABELS.fullmatch(key)]):
        raise XnerError(
            f"{place}: {other[0]!r} is not read. Labels of a pair stand in 'source_entities', a list of "
            '{"start", "end", "label"} that counts words from 0, the end exclusive. Convert them, or rename the key '
            "if it holds no labels of the source side."
        )


def _columns_remedy(line: str, columns: int) -> str:
    if columns > 2:
        return " Keep two, such as the first and second: cut -f1,2 FILE > NEW.tsv"
    if "|||" in line:
        return " Put a tab in the place of |||: sed 's/ *||| */\\t/' FILE > NEW.tsv"
    return ""


def _check_headings(columns: list[str], where: FilePath) -> None:
    """Refuse a first line that names its columns (``source TAB target``, ``en TAB hau``): it is no pair."""
    parts = [re.findall(r"[^\W_]+", column.casefold()) for column in columns]
    if parts[0] != parts[1] and all(own and _headings().issuperset(own) for own in parts):
        raise XnerError(
            f"{where}:1: {' and '.join(map(repr, columns))} seem to be the headings of columns. Delete the line: tail "
            "-n +2 FILE > NEW. If it is a pair, let another one come first."
        )


@lru_cache(maxsize=1)
def _headings() -> frozenset[str]:
    names = {name.casefold() for row in languages() for name in (row.code, row.name, row.nllb or "", *row.aliases)}
    return _HEADINGS | {part for name in names for part in re.findall(r"[^\W_]+", name)}


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
