"""Figures of published systems on the test sets of a study, each with what sets it apart; never mixed with ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError, nearest
from xner_hf.languages import language as find_language

_SHIPPED = Path(__file__).with_name("published.yaml")
_TEXTS = ("source", "setting", "model", "translator", "data", "metric", "differs")
_FIELDS = (*_TEXTS, "name", "f1", "mean")


@dataclass(frozen=True)
class Published:
    """A published system.

    Attributes:
        name: what it is called in its publication.
        source: where the figures were read.
        setting: what was trained and what was translated.
        model: its models.
        translator: its machine translation, ``none`` without.
        data: what it was scored on; begins with the Hub id of the test sets.
        metric: how it was scored.
        differs: what sets the figures apart from those of the main study.
        f1: F1 in points, [0, 100], by ISO 639-3 code; empty where only a mean is known.
        mean: as published; None where none is.
    """

    name: str
    source: str
    setting: str
    model: str
    translator: str
    data: str
    metric: str
    differs: str
    f1: Mapping[str, float]
    mean: float | None


def read_published(path: Path = _SHIPPED) -> list[Published]:
    """Return the published systems of a file, by default the one that is shipped, in its order.

    Raises:
        XnerError: it cannot be read, a system lacks a field or has an unknown one, a language is unknown, or an F1 is
            no number from 0 to 100.
    """
    import yaml

    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise XnerError(f"{path}: the published figures cannot be read: {error}") from error
    if not isinstance(table, list) or not all(isinstance(one, dict) for one in table):
        raise XnerError(f"{path}: it holds a list of publications, each a mapping with 'source' and 'systems'.")
    found = []
    for publication in table:
        shared = {name: value for name, value in publication.items() if name != "systems"}
        where = f"{path}: {shared.get('source', 'a publication without source')}"
        systems = publication.get("systems")
        if not isinstance(systems, list) or not systems or not all(isinstance(one, dict) for one in systems):
            raise XnerError(f"{where}: 'systems' is a list of mappings, each with 'name' and 'f1' or 'mean'.")
        found += [_published({**shared, **system}, where) for system in systems]
    return found


def published_markdown(languages: Sequence[str], dataset: str = "masakhane/masakhaner2") -> str:
    """Return the published figures on the test sets of `dataset` in some languages, under a heading of their own.

    Args:
        languages: ISO 639-3 codes, the columns. Systems that have figures for other languages only are left out and
            counted; those of which only a mean was published are shown.
        dataset: Hub id.

    Raises:
        XnerError: nothing is known of that data set.
    """
    known = read_published()
    systems = [one for one in known if one.data.split()[0] == dataset]
    if not systems:
        names = sorted({one.data.split()[0] for one in known})
        raise XnerError(
            f"there are no published figures on {dataset!r}.{nearest(dataset, names)} There are of {', '.join(names)}."
        )
    shown = [one for one in systems if not one.f1 or set(languages) & set(one.f1)]
    notes = list(dict.fromkeys(f"{one.source}. Scored on {one.data}. Metric: {one.metric}." for one in shown))
    lines = []
    for one in shown:
        number = notes.index(f"{one.source}. Scored on {one.data}. Metric: {one.metric}.") + 1
        of = f" ({len(one.f1)})" if one.f1 and one.mean is not None else ""
        figures = [*(_points(one.f1.get(code)) for code in languages), f"{_points(one.mean)}{of}"]
        lines.append([f"{one.name} [{number}]", *figures, one.setting, one.model, one.translator, one.differs])
    header = ["system", *languages, "mean (languages)", "setting", "model", "translator", "what differs"]
    table = "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *lines])
    left = len(systems) - len(shown)
    rest = f"\n\nNot shown: {left} systems with figures for other languages only." if left else ""
    return (
        "### Published figures, not comparable with ours\n\n"
        "F1 x 100 as published. No figure of this study stands in this table, and no difference to one is meant.\n\n"
        f"{table}{rest}\n\n" + "\n".join(f"{number}. {note}" for number, note in enumerate(notes, 1)) + "\n"
    )


def _published(table: dict[str, Any], where: str) -> Published:
    where = f"{where}, {table.get('name', 'a system without name')}"
    for name in table:
        if name not in _FIELDS:
            raise XnerError(f"{where}: there is no field {name!r}.{nearest(str(name), list(_FIELDS))}")
    for name in (*_TEXTS, "name"):
        value = table.get(name)
        if not isinstance(value, str) or not value.strip() or "|" in value or "\n" in value:
            raise XnerError(f"{where}: {name!r} is {value!r}; it is needed, as one line of text without '|'.")
    f1, mean = table.get("f1", {}), table.get("mean")
    if not isinstance(f1, dict) or not (f1 or mean is not None):
        raise XnerError(f"{where}: it needs 'f1', a mapping of languages to F1 x 100, or at least 'mean'.")
    for code in f1:
        if not isinstance(code, str) or find_language(code).code != code:
            raise XnerError(f"{where}: {code!r} is no ISO 639-3 code of the language table; 'luo' is one.")
    for name, value in {**f1, "mean": mean}.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (name == "mean" and value is None) and not (number and 0 <= value <= 100):
            raise XnerError(f"{where}: the F1 of {name} is {value!r}; it is a number from 0 to 100.")
    texts = {name: table[name] for name in (*_TEXTS, "name")}
    return Published(**texts, f1={code: float(value) for code, value in f1.items()}, mean=mean)


def _points(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
