"""Sentences from local files: CoNLL columns, CoNLL-U, JSONL and plain text.

Every reader is a generator that holds one sentence at a time. Files are UTF-8, with or without a byte order mark, and
their lines end in LF or CRLF. No line is skipped because it is odd: it is read, or it raises an `XnerError` that opens
with ``path:line``. Errors come when the sentence is asked for, not when the reader is called. Ids given in a file are
taken as they are; nothing checks that they are unique, since that would hold all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from reprlib import repr as short
from typing import Any

from xner_hf.corpora.base import ReadReport, Sentence
from xner_hf.corpora.lines import (
    IOB2,
    FilePath,
    Splitter,
    blocks,
    iob2_spans,
    json_entities,
    json_id,
    json_rows,
    json_words,
    no_sentences,
    numbered_lines,
)
from xner_hf.corpora.treebank import read_conllu
from xner_hf.errors import XnerError
from xner_hf.spans import Span

COLUMNS = (".conll", ".bio", ".iob", ".iob2")
"""Suffixes of files of columns (`read_conll`)."""

LABELLED = (*COLUMNS, ".conllu", ".jsonl")
"""Suffixes of files that hold labelled sentences."""

_DOCUMENT = "-DOCSTART-"


def read_sentences(path: FilePath, split: Splitter, report: ReadReport | None = None) -> Iterator[Sentence]:
    """Read a file in the format that its suffix names; `split` cuts the lines of a ``.txt`` file into words.

    Raises:
        XnerError: the suffix is none of .conll, .bio, .iob, .iob2, .conllu, .jsonl and .txt (raised at once, not when
            the first sentence is asked for), or whatever the reader of the format raises.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".txt":
        return read_text(path, split, report)
    readers = dict.fromkeys(COLUMNS, read_conll)
    readers |= {".conllu": read_conllu, ".jsonl": read_jsonl_sentences}
    if suffix not in readers:
        raise XnerError(
            f"{path}: the suffix {suffix!r} does not name a known format. Known are {', '.join(readers)} and .txt; "
            "rename the file or convert it."
        )
    return readers[suffix](path, report)


def read_conll(path: FilePath, report: ReadReport | None = None) -> Iterator[Sentence]:
    """Read columns between tabs or spaces, the word first and its IOB2 tag last, with blank lines between sentences.

    At the start of a sentence ``-DOCSTART-`` lines are passed over, and so are comments, lines that start with ``# ``.
    A line such as ``# O``, with as many columns as other lines and a tag in the last one, is the word ``#``. Ids are
    "0", "1", ... An ``I-`` tag without ``B-`` opens an entity and is noted in ``report.repaired``.

    Raises:
        XnerError: a line has one column, no word, or a last column that is not an IOB2 tag; ``-DOCSTART-`` stands
            inside a sentence; the file has no sentence or is not readable UTF-8 text.
    """
    report = ReadReport() if report is None else report
    count, width = 0, 2
    for block in blocks(path):
        rows = (_cells(line) for _, line in block)
        width = next((len(cells) for cells in rows if cells[0] not in ("#", _DOCUMENT)), width)
        start = 0
        while start < len(block) and _precedes_sentence(block[start][1], width):
            start += 1
        if start == len(block):
            continue
        tokens, tags, places = [], [], []
        for number, line in block[start:]:
            place = f"{path}:{number}"
            word, tag = _word_and_tag(line, place)
            tokens.append(word)
            tags.append(tag)
            places.append(place)
        report.sentences += 1
        yield Sentence(str(count), tokens, iob2_spans(tags, places, report), tags)
        count += 1
    if not count:
        raise no_sentences(path)


def read_jsonl_sentences(path: FilePath, report: ReadReport | None = None) -> Iterator[Sentence]:
    """Read ``{"tokens": [...]}`` with optional ``ner_tags`` (IOB2 strings), ``entities`` and ``id``, one row a line.

    ``entities`` are objects ``{"start", "end", "label"}`` with an optional ``score`` in [0, 1]. With neither
    ``ner_tags`` nor ``entities`` the spans are None; with both they must agree. A missing id is the 0-based row
    number. Other keys are ignored. An ``I-`` tag without ``B-`` opens an entity and is noted in ``report.repaired``.

    Raises:
        XnerError: a line is not a JSON object; words are missing, empty, not strings or hold white space; tags are not
            IOB2 or not as many as words; entities do not fit or overlap; the file is empty or not readable UTF-8 text.
    """
    report = ReadReport() if report is None else report
    for index, (place, row) in enumerate(json_rows(path)):
        tokens = json_words(row, "tokens", place)
        if not tokens:
            raise XnerError(f"{place}: 'tokens' is empty. A sentence has one word or more; delete the row.")
        tagged = _json_tags(row, len(tokens), place, report)
        spans = json_entities(row, "entities", len(tokens), place)
        if spans is None:
            spans = tagged
        elif tagged is not None and [span[:3] for span in spans] != [span[:3] for span in tagged]:
            raise XnerError(f"{place}: 'ner_tags' and 'entities' do not say the same. Keep the one that is right.")
        report.sentences += 1
        yield Sentence(json_id(row, index, place), tokens, spans, row.get("ner_tags"))


def read_text(path: FilePath, split: Splitter, report: ReadReport | None = None) -> Iterator[Sentence]:
    """Read one sentence a line, cut into words by `split`; blank lines are passed over, ids are "0", "1", ...

    Raises:
        XnerError: `split` finds no word in a line that is not blank; the file has no sentence or is not readable UTF-8
            text.
    """
    report = ReadReport() if report is None else report
    count = 0
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        tokens = split(line)
        if not tokens:
            raise XnerError(f"{path}:{number}: no word in {short(line)}. Delete the line or split it in another way.")
        report.sentences += 1
        yield Sentence(str(count), tokens)
        count += 1
    if not count:
        raise no_sentences(path)


def _json_tags(row: dict[str, Any], length: int, place: str, report: ReadReport) -> list[Span] | None:
    tags = row.get("ner_tags")
    if tags is None:
        return None
    if not isinstance(tags, list):
        raise XnerError(f"{place}: 'ner_tags' is {short(tags)}. It has to be a list of IOB2 tags.")
    if len(tags) != length:
        raise XnerError(f"{place}: {length} words but {len(tags)} 'ner_tags'. Give exactly one tag a word.")
    for i, tag in enumerate(tags):
        if not isinstance(tag, str) or not IOB2.fullmatch(tag):
            raise XnerError(f"{place}: ner_tags[{i}] is {short(tag)}. Tags are the strings 'O', 'B-TYPE' or 'I-TYPE'.")
    return iob2_spans(tags, [place] * length, report)


def _cells(line: str) -> list[str]:
    # Not str.split(): a no-break space belongs to a word and must not cut it unseen. Nor must a space, between tabs.
    line = line.rstrip(" \t")
    return [cell.strip(" ") for cell in re.split(r"\t+", line)] if "\t" in line else re.split(" +", line)


def _precedes_sentence(line: str, width: int) -> bool:
    cells = _cells(line)
    if cells[0] == _DOCUMENT:
        return True
    return line.startswith("# ") and not (len(cells) == width and IOB2.fullmatch(cells[-1]))


def _word_and_tag(line: str, place: str) -> tuple[str, str]:
    cells = _cells(line)
    word, tag = cells[0], cells[-1]
    if not word:
        raise XnerError(f"{place}: no word before the tag in {short(line)}. Put the word first or delete the line.")
    if word.split() != [word]:
        raise XnerError(
            f"{place}: the word {word!r} holds white space, such as a no-break space or, between tabs, a space. "
            "Replace or delete it, or give each of its words a line."
        )
    if word == _DOCUMENT:
        raise XnerError(f"{place}: -DOCSTART- inside a sentence. Put a blank line before it.")
    if len(cells) == 1:
        raise XnerError(f"{place}: one column, {short(line)}. Give the word and its IOB2 tag, or 'O'.")
    if not IOB2.fullmatch(tag):
        raise XnerError(
            f"{place}: {tag!r} in the last column is not an IOB2 tag ('O', 'B-TYPE' or 'I-TYPE'). Convert other "
            "schemes to IOB2, and put white space between a word and its tag."
        )
    return word, tag
