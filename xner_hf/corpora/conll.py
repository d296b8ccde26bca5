"""CoNLL columns: one word a line with its tag, sentences apart by blank lines.

A file is read twice: first to find which columns hold the words and the tags, and the scheme of these; then for the
sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from reprlib import repr as short

from xner_hf.corpora.entity_types import likely_meaning
from xner_hf.corpora.lines import FilePath, blocks, no_sentences
from xner_hf.corpora.numbering import Numbering
from xner_hf.corpora.prefixes import Prefixes
from xner_hf.corpora.scheme import FORMS, IOB2, TAG, TagCounts, read_tags
from xner_hf.corpora.sentence import ReadReport, Sentence
from xner_hf.errors import XnerError

_DOCUMENT = "-DOCSTART-"

Row = tuple[str, list[str], str]
"""A line of a sentence: its place, its cells, and the line itself."""


@dataclass
class _Layout:
    """Where things stand in the lines of a file; columns count from 0."""

    word: int = 0
    tag: int = 1
    width: int | None = None  # None where lines may have further columns behind the tag
    prefix: str = ""
    scheme: str = IOB2


def read_conll(path: FilePath, report: ReadReport | None = None) -> Iterator[Sentence]:
    """Read columns between tabs or spaces, the word first and its tag last, with blank lines between sentences.

    Every line has as many columns as the first. Where the first column numbers the words of every sentence, they are
    read from the second, and the tag from the last column in which every line has one. Tags are of any scheme of
    `xner_hf.corpora.scheme`. Where every word begins with the same language prefix (``en:``), it is taken off. The
    report says so.

    At the start of a sentence ``-DOCSTART-`` lines are passed over, and so are comments, lines that start with ``# ``.
    A line such as ``# O``, with as many columns as other lines and a tag in the last one, is the word ``#``. Ids are
    "0", "1", ... A tag that opens an entity against the scheme is noted in ``report.repaired``.

    Raises:
        XnerError: a line has one column or another number of them than the first, no word, or no tag; it is not
            certain whether the first column numbers the words, which column holds the tags, or which scheme they have;
            ``-DOCSTART-`` stands inside a sentence; the file has no sentence or is not readable UTF-8 text.
    """
    report = ReadReport() if report is None else report
    width = _first_width(path)
    layout = _survey(path, width, report)
    for count, rows in enumerate(_sentences(path, width)):
        words, tags = zip(*(_word_and_tag(row, layout) for row in rows), strict=True)
        places = [place for place, _, _ in rows]
        spans, iob2 = read_tags(tags, layout.scheme, places.__getitem__, report)
        report.sentences += 1
        yield Sentence(str(count), [word[len(layout.prefix) :] for word in words], spans, iob2)


def _cells(line: str) -> list[str]:
    # Not str.split(): a no-break space belongs to a word and must not cut it unseen. Nor must a space, between tabs.
    line = line.rstrip(" \t")
    return [cell.strip(" ") for cell in re.split(r"\t+", line)] if "\t" in line else re.split(" +", line)


def _first_width(path: FilePath) -> int:
    """The number of columns of the first line that is surely no comment."""
    rows = (_cells(line) for block in blocks(path) for _, line in block)
    return next((len(cells) for cells in rows if cells[0] not in ("#", _DOCUMENT)), 2)


def _sentences(path: FilePath, width: int) -> Iterator[list[Row]]:
    """Yield the lines of every sentence.

    Raises:
        XnerError: there is none.
    """
    found = False
    for block in blocks(path):
        start = 0
        while start < len(block) and _precedes_sentence(block[start][1], width):
            start += 1
        if start < len(block):
            found = True
            yield [(f"{path}:{number}", _cells(line), line) for number, line in block[start:]]
    if not found:
        raise no_sentences(path)


def _precedes_sentence(line: str, width: int) -> bool:
    cells = _cells(line)
    if cells[0] == _DOCUMENT or (cells[0] in ("0", "1") and cells[1:2] == [_DOCUMENT]):
        return True
    return line.startswith("# ") and not (len(cells) == width and TAG.fullmatch(cells[-1]))


class _Column:
    """One column of a file: whether all of its cells are tags, and which."""

    def __init__(self) -> None:
        self.tags, self.all_tags = TagCounts(), True

    def add(self, cells: list[str], rows: list[Row]) -> None:
        tags = [cell if TAG.fullmatch(cell) else "O" for cell in cells]
        self.all_tags = self.all_tags and tags == cells
        self.tags.add(tags, lambda i: rows[i][0])

    def holds_entities(self) -> bool:
        return self.all_tags and any(likely_meaning(name) != "O" for name in self.tags.types())


def _survey(path: FilePath, width: int, report: ReadReport) -> _Layout:
    """Find the layout of a file; what is wrong with a line is left to the reading."""
    numbering, narrowest = Numbering(), width
    columns: list[_Column] = []
    prefixes = Prefixes(), Prefixes()
    for rows in _sentences(path, width):
        narrowest = min(narrowest, *(len(cells) for _, cells, _ in rows))
        columns += [_Column() for _ in range(narrowest - len(columns))]
        for number in range(1, narrowest):
            columns[number].add([cells[number] for _, cells, _ in rows], rows)
        for number in range(min(2, narrowest)):
            prefixes[number].add([cells[number] for _, cells, _ in rows], lambda i, rows=rows: rows[i][0])
        numbering.add([cells[:2] for _, cells, _ in rows], rows[0][0])
    layout = _Layout(tag=width - 1, width=width)
    if narrowest > 2 and numbering.numbers_words():
        layout.word = 1
        if found := [number for number in range(2, narrowest) if columns[number].all_tags]:
            layout.tag, layout.width = found[-1], None
        report.note(
            f"{path}: the first column numbers the words; they are read from column 2, their tags from column "
            f"{layout.tag + 1}"
        )
    if narrowest < 2 or layout.tag >= narrowest:
        return layout  # some line is too short, which its reading says
    rivals = [number for number in range(layout.word + 1, layout.tag) if columns[number].holds_entities()]
    if rivals:
        numbered = "the first column numbers the words, and " if layout.word else ""
        raise XnerError(
            f"{path}:1: {numbered}the columns {' and '.join(str(one + 1) for one in [*rivals, layout.tag])} hold "
            f"entity tags. Keep one of them: cut -f{layout.word + 1},{rivals[0] + 1} FILE > NEW"
        )
    layout.prefix = prefixes[layout.word].common()
    if layout.prefix:
        report.note(f"{path}: every word begins with {layout.prefix!r}, which is taken off")
    tags = columns[layout.tag].tags
    layout.scheme = tags.scheme()
    if layout.scheme != IOB2:
        report.note(f"{path}: the tags are {layout.scheme}")
    report.types[str(path)] = tags.types()
    return layout


def _word_and_tag(row: Row, layout: _Layout) -> tuple[str, str]:
    place, cells, line = row
    if not cells[0]:
        raise XnerError(f"{place}: no word before the tag in {short(line)}. Put the word first or delete the line.")
    if cells[0] == _DOCUMENT:
        raise XnerError(f"{place}: -DOCSTART- inside a sentence. Put a blank line before it.")
    if len(cells) == 1:
        raise XnerError(f"{place}: one column, {short(line)}. Give the word and its IOB2 tag, or 'O'.")
    tag = cells[-1] if layout.width else cells[layout.tag]
    if layout.width not in (None, len(cells)) and TAG.fullmatch(tag):
        raise XnerError(
            f"{place}: {len(cells)} columns where the lines above have {layout.width}, {short(line)}. Give every line "
            "the same columns; a word holds no white space, so give each word of a name a line."
        )
    if not TAG.fullmatch(tag):
        raise XnerError(
            f"{place}: {tag!r} in the last column is not an IOB2 tag ({FORMS}). Convert it, and put white space "
            "between a word and its tag."
        )
    word = cells[layout.word]
    if word.split() != [word]:
        raise XnerError(
            f"{place}: the word {word!r} holds white space, such as a no-break space or, between tabs, a space. "
            "Replace or delete it, or give each of its words a line."
        )
    return word, tag
