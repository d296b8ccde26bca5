"""Lines and JSON rows of local files, checked: what the readers of `files` and `pairs` stand on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from reprlib import repr as short
from typing import Any, BinaryIO

from xner_hf.errors import XnerError
from xner_hf.spans import Span, check_spans

FilePath = str | os.PathLike[str]
Splitter = Callable[[str], list[str]]


def open_file(path: FilePath) -> BinaryIO:
    """Open a file for reading bytes.

    Raises:
        XnerError: there is no such file, it is a directory, or it may not be read.
    """
    try:
        return open(path, "rb")
    except FileNotFoundError as error:
        raise XnerError(f"{path}: the file does not exist. Check the path (relative to {Path.cwd()}).") from error
    except IsADirectoryError as error:
        raise XnerError(f"{path}: is a directory. Give one file in it.") from error
    except OSError as error:
        raise XnerError(f"{path}: cannot be read ({error.strerror}). Check the path and its permissions.") from error


def numbered_lines(path: FilePath) -> Iterator[tuple[int, str]]:
    """Yield the lines of a UTF-8 file with their 1-based numbers, without line ends and byte order mark.

    Raises:
        XnerError: the file cannot be opened; a line is not UTF-8, or holds NUL or a carriage return that ends no line.
    """
    offset = 0
    with open_file(path) as file:
        # Bytes end lines at LF only; text mode and str.splitlines would also cut at CR, U+0085 or U+2028.
        for number, raw in enumerate(file, start=1):
            try:
                line = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                raise XnerError(
                    f"{path}:{number}: byte {offset + error.start} of the file (0x{raw[error.start]:02x}) is not "
                    "UTF-8. If the file is Latin-1, for example, convert it: iconv -f latin1 -t utf-8 FILE > NEW"
                ) from error
            offset += len(raw)
            line = line.removesuffix("\n").removesuffix("\r")
            if number == 1:
                line = line.removeprefix("\ufeff")
            if "\0" in line:
                raise XnerError(
                    f"{path}:{number}: holds a NUL character. The file is UTF-16 (convert it: iconv -f utf-16 -t "
                    "utf-8 FILE > NEW) or was damaged while it was written (make it again)."
                )
            if "\r" in line:
                raise XnerError(
                    f"{path}:{number}: holds a carriage return that ends no line. Lines end in LF or CRLF; convert "
                    "the file: tr '\\r' '\\n' < FILE > NEW"
                )
            yield number, line


def blocks(path: FilePath) -> Iterator[list[tuple[int, str]]]:
    """Yield runs of lines that are not blank, each line with its 1-based number."""
    block: list[tuple[int, str]] = []
    for number, line in numbered_lines(path):
        if line.strip(" \t"):
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def no_sentences(path: FilePath) -> XnerError:
    """Return the error for a file in which no sentence was found."""
    return XnerError(f"{path}: holds no sentence. Check that it is the right file and was written to its end.")


_ARRAY = "write an array as such lines: jq -c '.[]' FILE > NEW.jsonl"


def json_rows(path: FilePath) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``path:line`` and object of every line of a JSONL file.

    Raises:
        XnerError: a line is blank, malformed or no object, or the file is empty or not readable UTF-8 text.
    """
    place = ""
    for number, line in numbered_lines(path):
        place = f"{path}:{number}"
        if not line.strip():
            raise XnerError(f"{place}: the line is blank. JSONL has one object on every line; delete the line.")
        try:
            row = json.loads(line, object_pairs_hook=partial(_object, place))
            if "\\ud" in line.lower():
                json.dumps(row, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            raise XnerError(
                f"{place}: holds half of a surrogate pair, which is not a character. Write the text again."
            ) from error
        except XnerError:
            raise
        except (ValueError, RecursionError) as error:
            raise XnerError(
                f"{place}: not valid JSON ({error}). JSONL has one complete object per line; "
                f"{_ARRAY if line.lstrip().startswith('[') else 'was this one cut off?'}"
            ) from error
        if isinstance(row, list):
            raise XnerError(f"{place}: {short(row)} is not a JSON object. JSONL has one on every line; {_ARRAY}")
        if not isinstance(row, dict):
            raise XnerError(f'{place}: {short(row)} is not a JSON object. A row looks like {{"tokens": [...]}}.')
        yield place, row
    if not place:
        raise no_sentences(path)


def _object(place: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise XnerError(f"{place}: the key {twice!r} stands twice in one object. Keep the one that is right.")
    return made


def json_words(row: dict[str, Any], key: str, place: str) -> list[str]:
    """Return the words under `key`, which may be none.

    Raises:
        XnerError: the key is missing, its value is no list, or a word is no string, empty or holds white space.
    """
    words = row.get(key)
    if not isinstance(words, list):
        problem = f"is {short(words)}" if key in row else "is missing"
        raise XnerError(f"{place}: {key!r} {problem}. It has to be a list of words.")
    for i, word in enumerate(words):
        if not isinstance(word, str):
            raise XnerError(f"{place}: {key}[{i}] is {short(word)}, not a string. Put it in quotation marks.")
        if word.split() != [word]:
            problem = "holds white space" if word.strip() else "is empty"
            raise XnerError(f"{place}: {key}[{i}] is {short(word)}, a word that {problem}. Split or delete it.")
    return words


def json_entities(row: dict[str, Any], key: str, length: int, place: str) -> list[Span] | None:
    """Return the entities under `key` sorted by position, None where the key is missing or null.

    Raises:
        XnerError: the value is no list of ``{"start", "end", "label"}`` with an optional ``score`` in [0, 1], or the
            spans do not fit `length` words or overlap.
    """
    entities = row.get(key)
    if entities is None:
        return None
    if not isinstance(entities, list):
        raise XnerError(f"{place}: {key!r} is {short(entities)}. It has to be a list of objects.")
    return check_spans(
        [_json_span(item, f"{place}: {key}[{i}]") for i, item in enumerate(entities)], length, f"{place}: {key}"
    )


def json_id(row: dict[str, Any], index: int, place: str) -> str:
    """Return the id of a row as a string, by default its 0-based number `index`.

    Raises:
        XnerError: the id is neither a string with something in it nor an integer.
    """
    value = row.get("id")
    if value is None:
        return str(index)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise XnerError(f"{place}: 'id' is {short(value)}. Give a string or an integer, or leave the key out.")
    return str(value)


def _json_span(item: Any, where: str) -> Span:
    if not isinstance(item, dict):
        raise XnerError(f"{where} is {short(item)}. An entity is an object with 'start', 'end' and 'label'.")
    start, end, label, score = item.get("start"), item.get("end"), item.get("label"), item.get("score")
    for name, value in (("start", start), ("end", end)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise XnerError(f"{where}: {name!r} is {short(value)}. Give a number of words, counted from 0.")
    if not isinstance(label, str) or label.split() != [label]:
        raise XnerError(f"{where}: 'label' is {short(label)}. Give a type such as 'PER', without white space.")
    score = 1.0 if score is None else score
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise XnerError(f"{where}: 'score' is {short(score)}. Give a number from 0 to 1, or leave the key out.")
    return Span(start, end, label, float(score))
