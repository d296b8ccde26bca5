"""Licences as the Hub names them, and our reading of inputs whose licence id says too little (`licences.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from xner_hf.settings import load_yaml


class KnownLicence(NamedTuple):
    """What a licence demands of those who publish derived work.

    Attributes:
        licence_class: ``permissive``, ``non-commercial``, ``research-only`` or ``unknown``.
        share_alike: family of licences under which derived work must be published, None where there is no demand.
        attribution: whether its authors must be named.
        derivatives: whether derived work may be published at all.
        url: its text, None where the id has none.
    """

    licence_class: str
    share_alike: str | None = None
    attribution: bool = True
    derivatives: bool = True
    url: str | None = None


class Reading(NamedTuple):
    """The terms that we hold an input to.

    Attributes:
        licence_class: class of its terms.
        licence: id of the licence; ``other`` where the terms have none.
        why: the reason.
        name: name of terms without an id.
        link: where they can be read.
    """

    licence_class: str
    licence: str
    why: str
    name: str | None = None
    link: str | None = None


@lru_cache(maxsize=1)
def hub_licences() -> dict[str, KnownLicence]:
    """Return every licence id of the Hub, from the least to the most demanding of a class."""
    return _rows("licences", KnownLicence)


@lru_cache(maxsize=1)
def readings() -> dict[str, Reading]:
    """Return our reading of inputs, by Hub id."""
    return _rows("readings", Reading)


def _rows(part: str, kind: Any) -> Mapping[str, Any]:
    table = load_yaml(Path(__file__).with_name("licences.yaml").read_text(encoding="utf-8"))[part]
    return {name: kind(row.pop("class"), **row) for name, row in table.items()}
