"""Figures of published systems on the test sets of a study, each with what sets it apart; never mixed with ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError, nearest
from xner_hf.languages import language as find_language
from xner_hf.markdown import table

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

    @property
    def dataset(self) -> str:
        """Hub id of the test sets."""
        return self.data.split()[0]

    @property
    def note(self) -> str:
        """Where the figures are from, and how they came about."""
        return f"{self.source}. Scored on {self.data}. Metric: {self.metric}."


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


def published_markdown(test_sets: Iterable[tuple[str, str]]) -> str:
    """Return the published figures on test sets, a table for each data set, under a heading of their own.

    Args:
        test_sets: ISO 639-3 code and gold, ``org/name`` or ``org/name:config``. The codes of a data set are the
            columns of its table. Systems that have figures for other languages only are left out and counted; those
            of which only a mean was published are shown.

    Raises:
        XnerError: nothing is known of any of the data sets.
    """
    columns: dict[str, list[str]] = {}
    for code, gold in test_sets:
        of_dataset = columns.setdefault(gold.partition(":")[0], [])
        of_dataset += [code] if code not in of_dataset else []
    known = read_published()
    names = sorted({one.dataset for one in known})
    if not set(columns) & set(names):
        name = next(iter(columns), "")
        raise XnerError(
            f"there are no published figures on {name!r}.{nearest(name, names)} There are of {', '.join(names)}."
        )
    parts = [
        "### Published figures, not comparable with ours",
        "F1 x 100 as published. No figure of this study stands here, and no difference to one is meant.",
    ]
    for name, codes in columns.items():
        systems = [one for one in known if one.dataset == name]
        parts += [f"#### {name}", *(_table(systems, codes) if systems else ["Nothing is known of others here."])]
    return "\n\n".join(parts) + "\n"


def _table(systems: Sequence[Published], codes: Sequence[str]) -> list[str]:
    shown = [one for one in systems if not one.f1 or set(codes) & set(one.f1)]
    notes = list(dict.fromkeys(one.note for one in shown))
    lines = []
    for one in shown:
        of = f" ({len(one.f1)})" if one.f1 and one.mean is not None else ""
        figures = [*(_points(one.f1.get(code)) for code in codes), f"{_points(one.mean)}{of}"]
        name = f"{one.name} [{notes.index(one.note) + 1}]"
        lines.append([name, *figures, one.setting, one.model, one.translator, one.differs])
    header = ["system", *codes, "mean (languages)", "setting", "model", "translator", "what differs"]
    parts = [table(header, lines)]
    if left := len(systems) - len(shown):
        parts.append(f"Not shown: {left} systems with figures for other languages only.")
    return [*parts, "\n".join(f"{number}. {note}" for number, note in enumerate(notes, 1))]


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
            raise XnerError(f"{where}: {code!r} is not an ISO 639-3 code of the language table; 'luo' is one.")
    for name, value in {**f1, "mean": mean}.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (name == "mean" and value is None) and not (number and 0 <= value <= 100):
            raise XnerError(f"{where}: the F1 of {name} is {value!r}; it is a number from 0 to 100.")
    texts = {name: table[name] for name in (*_TEXTS, "name")}
    return Published(**texts, f1={code: float(value) for code, value in f1.items()}, mean=mean)


def _points(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
