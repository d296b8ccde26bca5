"""Sentences from local files: CoNLL columns, CoNLL-U, JSONL and plain text.

Every reader is a generator that holds one sentence at a time, and reads a file of labels twice: first to find how they
are written. Files are UTF-8, with or without a byte order mark, and
their lines end in LF or CRLF. No line is skipped because it is odd: it is read, or it raises an `XnerError` that opens
with ``path:line``. Errors come when the sentence is asked for, not when the reader is called. Ids given in a file are
taken as they are; nothing checks that they are unique, since that would hold all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from reprlib import repr as short
from typing import Any

from xner_hf.corpora.conll import read_conll
from xner_hf.corpora.lines import (
    FilePath,
    Splitter,
    json_entities,
    json_id,
    json_rows,
    json_words,
    no_sentences,
    numbered_lines,
)
from xner_hf.corpora.prefixes import Prefixes
from xner_hf.corpora.scheme import FORMS, IOB2, TAG, TagCounts, read_tags
from xner_hf.corpora.sentence import ReadReport, Sentence
from xner_hf.corpora.treebank import read_conllu
from xner_hf.errors import XnerError

COLUMNS = (".conll", ".bio", ".iob", ".iob2")
"""Suffixes of files of columns (`read_conll`)."""

LABELLED = (*COLUMNS, ".conllu", ".jsonl")
"""Suffixes of files that hold labelled sentences."""


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


def read_jsonl_sentences(path: FilePath, report: ReadReport | None = None) -> Iterator[Sentence]:
    """Read ``{"tokens": [...]}`` with optional ``ner_tags`` (strings), ``entities`` and ``id``, one row a line.

    Tags are of any scheme of `xner_hf.corpora.scheme`. ``entities`` are objects ``{"start", "end", "label"}`` with an
    optional ``score`` in [0, 1]. With neither ``ner_tags`` nor ``entities`` the spans are None; with both they must
    agree. A missing id is the 0-based row number. Other keys are ignored. Where every word begins with the same
    language prefix (``en:``), it is taken off. A tag that opens an entity against the scheme is noted in
    ``report.repaired``.

    Raises:
        XnerError: a line is not a JSON object; words are missing, empty, not strings or hold white space; tags are of
            no scheme or not as many as words; entities do not fit or overlap; the file is empty or not readable UTF-8
            text.
    """
    report = ReadReport() if report is None else report
    scheme, prefix = _survey(path, report)
    for index, (place, row) in enumerate(json_rows(path)):
        tokens = json_words(row, "tokens", place)
        if not tokens:
            raise XnerError(f"{place}: 'tokens' is empty. A sentence has one word or more; delete the row.")
        tags = _json_tags(row, len(tokens), place)
        spans = json_entities(row, "entities", len(tokens), place)
        if tags is not None:
            tagged, tags = read_tags(tags, scheme, lambda _, place=place: place, report)
            if spans is not None and [span[:3] for span in spans] != [span[:3] for span in tagged]:
                raise XnerError(f"{place}: 'ner_tags' and 'entities' do not say the same. Keep the one that is right.")
            spans = tagged if spans is None else spans
        report.sentences += 1
        yield Sentence(json_id(row, index, place), [word[len(prefix) :] for word in tokens], spans, tags)


def _survey(path: FilePath, report: ReadReport) -> tuple[str, str]:
    """Find the scheme of the tags and the prefix of all words; what is wrong with a row is left to the reading."""
    tags, prefixes = TagCounts(), Prefixes()
    types: dict[str, tuple[int, str]] = {}
    for place, row in json_rows(path):
        own, words, entities = row.get("ner_tags"), row.get("tokens"), row.get("entities")
        if _strings(words):
            prefixes.add(words, lambda _, place=place: place)
        if _strings(own) and all(map(TAG.fullmatch, own)):
            tags.add(own, lambda _, place=place: place)
        elif isinstance(entities, list):
            for label in (one.get("label") for one in entities if isinstance(one, dict)):
                if isinstance(label, str):
                    number, first = types.get(label, (0, place))
                    types[label] = (number + 1, first)
    scheme, prefix = tags.scheme(), prefixes.common()
    if scheme != IOB2:
        report.note(f"{path}: the tags are {scheme}")
    if prefix:
        report.note(f"{path}: every word begins with {prefix!r}, which is taken off")
    for name, (number, place) in tags.types().items():
        before, first = types.get(name, (0, place))
        types[name] = (before + number, first)
    report.types[str(path)] = types
    return scheme, prefix


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


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


def _json_tags(row: dict[str, Any], length: int, place: str) -> list[str] | None:
    tags = row.get("ner_tags")
    if tags is None:
        return None
    if not isinstance(tags, list):
        raise XnerError(f"{place}: 'ner_tags' is {short(tags)}. It has to be a list of IOB2 tags.")
    if len(tags) != length:
        raise XnerError(f"{place}: {length} words but {len(tags)} 'ner_tags'. Give exactly one tag a word.")
    for i, tag in enumerate(tags):
        if not isinstance(tag, str) or not TAG.fullmatch(tag):
            raise XnerError(f"{place}: ner_tags[{i}] is {short(tag)}. Tags are the strings {FORMS}.")
    return tags
