"""A row of a study's store: settings and results of a run; checked so that no text or gold label gets in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, TypedDict, get_args, get_origin, get_type_hints

from xner_hf.errors import XnerError, nearest
from xner_hf.spans import ENTITY_TYPES, Span, check_spans
from xner_hf.study.grid import settings_key

DONE, FAILED = "done", "failed"
KEY = re.compile(r"[0-9a-f]{16}")
LONGEST_ERROR = 500

_WORD = re.compile(r"\S{1,100}")
_LONGEST_SENTENCE = 100_000


class Row(TypedDict):
    """A row; of a failed one `OUTCOME` is None as far as it did not come to it.

    Attributes:
        key: that of its settings, `settings_key`.
        attempt: from 1; a run is tried again only when it failed.
        status: ``done`` or ``failed``.
        error: what failed, in one short line; None when done.
        study: name of the study that it was made for.
        settings: of `RunSpec`: all that decides the outcome.
        revision: git commit of the code; None outside a checkout.
        dirty: whether the code differed from it.
        versions: of Python and the libraries, by name.
        signatures: digests of data and models by name; no white space in them.
        hardware: what it ran on: names and numbers.
        started: when, in ISO 8601 with the offset from UTC.
        seconds: how long each part took, by name.
        steps: how many each corpus had, by name.
        scores: numbers by name, nested.
        parsing: the same of the parser, and ``treebank``, what it was scored on; None where there is no parser.
        curve: one mapping of numbers for each epoch; None where there is none.
        predictions: ``gold`` and ``split`` that it was scored on, ``sentences``, their number, and ``spans``: the
            predicted ``[start, end, type]`` by sentence id. Sentences without any may be left out.
    """

    key: str
    attempt: int
    status: str
    error: str | None
    study: str
    settings: dict[str, Any]
    revision: str | None
    dirty: bool
    versions: dict[str, str | None]
    signatures: dict[str, Any] | None
    hardware: dict[str, Any]
    started: str
    seconds: dict[str, float]
    steps: dict[str, int] | None
    scores: dict[str, Any] | None
    parsing: dict[str, Any] | None
    curve: list[dict[str, Any]] | None
    predictions: dict[str, Any] | None


FIELDS = tuple(Row.__annotations__)
OUTCOME = ("signatures", "steps", "scores", "parsing", "curve", "predictions")


def check_row(row: Mapping[str, Any]) -> Row:
    """Return a row as JSON would give it back, its fields in order, those of `OUTCOME` filled up if it failed.

    Raises:
        XnerError: a field is missing, unknown or of another form, a value is no JSON or not finite, or the key is not
            that of the settings.
    """
    for where, leaf in _leaves(row, "the row"):
        if not isinstance(leaf, str | int | float | None):
            raise XnerError(f"{where} is {leaf!r} of the type {type(leaf).__name__}, which JSON does not have.")
        if isinstance(leaf, float) and not math.isfinite(leaf):
            raise XnerError(f"{where} is {leaf}. A row holds finite numbers; give None for what there is not.")
    try:
        return _checked(json.loads(json.dumps(dict(row))))
    except TypeError as error:
        raise XnerError(f"the row is not JSON: {error}.") from error


def _checked(row: dict[str, Any]) -> Row:
    for name in row:
        if name not in FIELDS:
            raise XnerError(
                f"a row has no field {name!r}.{nearest(str(name), list(FIELDS))} It has {', '.join(FIELDS)}; words "
                "and gold labels must not get into a store."
            )
    if row.get("status") == FAILED:
        row = {**dict.fromkeys(OUTCOME), **row}
    for name in FIELDS:
        if name not in row:
            raise XnerError(f"the row lacks the field {name!r}; where there is nothing to say it is None.")
    clean: Row = {name: row[name] for name in FIELDS}
    _check_fields(clean)
    for name in ("seconds", "steps", "scores", "parsing", "curve"):
        for where, leaf in _leaves(clean[name], name):
            if isinstance(leaf, str) and where != "parsing['treebank']":
                raise XnerError(f"{where} is the text {leaf[:40]!r}; it takes numbers only, so that no words get in.")
    for name in ("signatures", "parsing"):
        for where, leaf in _leaves(clean[name], name):
            if isinstance(leaf, str) and not _WORD.fullmatch(leaf):
                raise XnerError(f"{where} is {leaf[:40]!r}; it has 1 to 100 signs, none of them white space.")
    if clean["predictions"] is not None:
        _check_predictions(clean["predictions"])
    return clean


def row_name(row: Mapping[str, Any]) -> str:
    """Return the name of a row's file: language, arm, seed, key and attempt."""
    settings = row["settings"]
    parts = (settings["language"], settings["label"], settings["seed"])
    return "_".join([*(_slug(str(one)) for one in parts), row["key"], str(row["attempt"])]) + ".json"


def row_text(row: Mapping[str, Any]) -> str:
    """Return the text of a row's file, a field on each line."""
    lines = (f"{json.dumps(name)}: {json.dumps(row[name], sort_keys=True)}" for name in FIELDS)
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_row(text: str) -> Row:
    """Return the row that `row_text` wrote.

    Raises:
        XnerError: the text is damaged.
    """
    try:
        table = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise XnerError(f"it is not JSON: {error}.") from error
    if not isinstance(table, dict):
        raise XnerError("it holds no row.")
    return _checked(table)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


def error_line(error: BaseException) -> str:
    """Return what a failed row says of an exception: its kind and the first line of its message, cut to fit."""
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return "".join(sign if sign.isprintable() else " " for sign in text)[:LONGEST_ERROR]


def _slug(name: str) -> str:
    """Return a name without anything that a path could be made of, and without the sign that joins the parts."""
    return re.sub(r"[^A-Za-z0-9+.@=-]+", "-", name).lstrip(".-")[:80] or "x"


def _leaves(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise XnerError(f"{where} has the key {name!r}, which is not text; JSON would change it.")
            yield from _leaves(inner, f"{where}[{name!r}]")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{where}[{number}]")
    else:
        yield where, value


_HELP = {
    int: "a whole number",
    bool: "true or false",
    str: "text",
    dict: "a mapping",
    list: "a list",
    NoneType: "None",
}
_TIME = "a time such as 2026-01-31T12:00:00+00:00"


def _check_fields(row: Row) -> None:
    for name, hint in get_type_hints(Row).items():
        options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        kinds = tuple(get_origin(one) or one for one in options)
        value = row[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise XnerError(f"{name} is {value!r}; it takes {' or '.join(_HELP[one] for one in kinds)}.")
    if row["attempt"] < 1:
        raise XnerError(f"attempt is {row['attempt']}; attempts count from 1.")
    key = settings_key(row["settings"])
    if row["key"] != key:
        raise XnerError(f"the key is {row['key']!r}, but that of its settings is {key!r}. One of them was changed.")
    for name in ("language", "label", "seed"):
        if name not in row["settings"]:
            raise XnerError(f"its settings lack {name!r}.")
    if row["status"] not in (DONE, FAILED):
        raise XnerError(f"the status is {row['status']!r}; it is {DONE} or {FAILED}.")
    done, error = row["status"] == DONE, row["error"]
    if done and (error is not None or row["scores"] is None or row["predictions"] is None):
        raise XnerError("a row that is done has scores and predictions, and no error.")
    if not done and not (isinstance(error, str) and 0 < len(error) <= LONGEST_ERROR and error.isprintable()):
        raise XnerError(f"error is {error!r}; of a failed row it is one line of up to {LONGEST_ERROR} signs.")
    try:
        aware = datetime.fromisoformat(row["started"]).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise XnerError(f"started is {row['started']!r}; it takes {_TIME}.")


def _check_predictions(table: Mapping[str, Any]) -> None:
    wanted = {"gold": str, "split": str, "sentences": int, "spans": dict}
    if set(table) != set(wanted) or not all(type(table[name]) is kind for name, kind in wanted.items()):
        raise XnerError(f"predictions has {', '.join(table)}; it has {', '.join(wanted)}, and nothing else.")
    if len(table["spans"]) > table["sentences"]:
        raise XnerError(f"predictions has spans of {len(table['spans'])} of {table['sentences']} sentences.")
    for name, spans in table["spans"].items():
        where = f"predictions, sentence {name[:100]!r}"
        if not _WORD.fullmatch(name):
            raise XnerError(f"{where}: an id has 1 to 100 signs, none of them white space.")
        if not isinstance(spans, list) or not all(map(_is_span, spans)):
            raise XnerError(
                f"{where}: its spans are a list of [start, end, type], whole numbers and one of "
                f"{', '.join(ENTITY_TYPES)}; nothing else gets into a store."
            )
        check_spans([Span(*one) for one in spans], _LONGEST_SENTENCE, where)


def _is_span(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and type(value[0]) is type(value[1]) is int
        and value[2] in ENTITY_TYPES
    )
