"""Unlabelled text of every origin as one stream: text files, folders of them, JSONL, corpora on the Hub."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from reprlib import repr as short
from typing import NamedTuple, NoReturn

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.hub import CorpusSplit
from xner_hf.corpora.lines import json_id, json_rows, no_sentences, numbered_lines
from xner_hf.corpora.own import PAIRS, text_form
from xner_hf.corpora.parallel import corpus_splits, read_files, read_split, splitting_rule
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError
from xner_hf.languages import DEFAULT_SOURCE

_FORMS = "a .txt or .jsonl file, a folder of .txt files, a corpus org/name on the Hub with its configuration"


class PlainText(NamedTuple):
    """A document, a line or a sentence.

    Attributes:
        id: unique within its corpus and stable from read to read.
        text: raw text, which may hold several lines, or nothing.
        words: its words where the corpus is already split into sentences and words, else None.
    """

    id: str
    text: str
    words: list[str] | None = None


def plain_files(reference: str) -> list[Path] | None:
    """Return the files that a reference to local text names, sorted; None when it may be the id of a Hub corpus.

    Local are a ``.txt`` or ``.jsonl`` file and a folder with ``.txt`` files in it or its sub-folders. Hidden files and
    folders, whose names begin with a full stop, are left out.

    Raises:
        XnerError: a folder does not exist, cannot be read, or holds no ``.txt`` file.
    """
    path = Path(reference)
    if path.is_dir():
        return _text_files(path)
    if path.suffix.lower() in (".txt", ".jsonl"):
        return [path]
    if reference.startswith((".", "/", "~")) or reference.endswith("/") or path.exists():
        raise XnerError(f"{reference}: is not a text file or folder (relative to {Path.cwd()}). Give {_FORMS}.")
    return None


def read_plain(
    corpus: str,
    target_language: str,
    config: str = "",
    splits: tuple[str, ...] | None = None,
    revision: str | None = None,
    source_language: str = DEFAULT_SOURCE,
) -> Iterator[PlainText]:
    """Yield the text of a corpus, a row or line at a time.

    A line of a ``.txt`` file is a text of its own, called ``path:line``, with the path relative to the folder that was
    named; a row of a ``.jsonl`` file has the column ``text`` and an optional ``id`` (by default its 0-based number).
    Rows of a Hub corpus are called ``config/split/row``, counted from 0. It has a column ``text``, or words in
    ``tokens``, or it is parallel text (`read_split`), of which the target side is read. What stands in ``tokens`` with
    white space in it, such as ``3 000`` in a treebank, is several words; a row of which a word is null has none.
    Of local pairs the target side is read, too.

    Args:
        corpus: local text (`plain_files`) where `config` is empty, else the Hub id ``org/name``.
        target_language: ISO 639-3 code of the text.
        config: configuration of a Hub corpus.
        splits: its splits, all of them by default.
        revision: Hub branch, tag or commit.
        source_language: ISO 639-3 code of the other side of parallel text.

    Raises:
        XnerError: the corpus is not available or is of none of these forms; a file is empty, no UTF-8 text or no
            JSONL; a split is gold for evaluation.
    """
    if config:
        for split in corpus_splits(corpus, config, splits, revision):
            yield from _read_hub(split, source_language, target_language)
        return
    if text_form(corpus) == PAIRS:
        yield from _target_side(read_files(corpus, source_language, target_language), splitting_rule(target_language))
        return
    files = plain_files(corpus)
    if files is None:
        raise XnerError(
            f"the text {corpus!r} is not a local file or folder, and names no configuration. Give {_FORMS}."
        )
    if files[0].suffix.lower() == ".jsonl":
        yield from _read_jsonl(files[0])
        return
    root, found = Path(corpus), False
    for file in files:
        name = file.relative_to(root).as_posix() if file != root else file.name
        for number, line in numbered_lines(file):
            found = True
            yield PlainText(f"{name}:{number}", line)
    if not found:
        raise no_sentences(root)


def _text_files(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> NoReturn:
        raise XnerError(f"{error.filename}: cannot be read ({error.strerror}). Check its permissions.") from error

    found = []
    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in files if name.lower().endswith(".txt") and not name.startswith(".")]
    if not found:
        raise XnerError(f"{folder}: holds no .txt file. Name the folder that does, or give {_FORMS}.")
    return sorted(found)


def _read_jsonl(path: Path) -> Iterator[PlainText]:
    for index, (place, row) in enumerate(json_rows(path)):
        text = row.get("text")
        if not isinstance(text, str):
            problem = f"is {short(text)}" if "text" in row else "is missing"
            raise XnerError(f"{place}: 'text' {problem}. It has to be a string with the text of the row.")
        yield PlainText(json_id(row, index, place), text)


def _target_side(pairs: Iterator[Pair], rule: str) -> Iterator[PlainText]:
    for pair in pairs:
        yield PlainText(pair.id, detokenise(pair.target, rule), pair.target)


def _read_hub(split: CorpusSplit, source_language: str, target_language: str) -> Iterator[PlainText]:
    columns = split.columns()
    name = f"{split.config}/{split.split}"
    rule = splitting_rule(target_language)
    if "text" in columns:
        for number, row in enumerate(split.rows(["text"])):
            yield PlainText(f"{name}/{number}", row["text"] or "")
    elif "tokens" in columns:
        for number, row in enumerate(split.rows(["tokens"])):
            tokens = row["tokens"] or []
            words = [] if None in tokens else [word for token in tokens for word in token.split()]
            yield PlainText(f"{name}/{number}", detokenise(words, rule), words)
    elif columns & {"translation", "target_text", "target_tokens"}:
        yield from _target_side(read_split(split, source_language, target_language), rule)
    else:
        raise XnerError(
            f"{split} has the columns {', '.join(sorted(columns))}, but neither 'text', nor 'tokens', nor those of "
            "parallel text ('translation', 'target_text', 'target_tokens')."
        )
