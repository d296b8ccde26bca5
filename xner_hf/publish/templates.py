"""Templates of the cards, and what they need to write Markdown."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.languages import language
from xner_hf.markdown import table
from xner_hf.training.provenance import public_name

_FOLDER = "model_cards"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&])")
_REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FILE = re.compile(r"\.[a-z]{2,6}$")
_ISO_639_1 = {"tgl": "tl"}
"""Codes for which the registry prefers another language's: Filipino's for Tagalog."""


def template(name: str) -> str:
    """Return the text of a template: of the checkout that this package lies in, else of the installed one.

    Raises:
        XnerError: it is in neither.
    """
    places = [Path(__file__).parents[2], Path(sysconfig.get_path("data")) / "share" / "xner_hf"]
    for place in places:
        path = place / _FOLDER / name
        if path.is_file():
            return path.read_text(encoding="utf-8")
    looked = " nor ".join(str(place / _FOLDER) for place in places)
    raise XnerError(f"the template {name} is neither in {looked}. Install xner-hf again.")


def render(card_class: Any, data: Any, name: str, /, **values: Any) -> str:
    """Return the text of a card.

    Args:
        card_class: `huggingface_hub.DatasetCard` or `ModelCard`.
        data: its metadata.
        name: of the template.
        values: what the template asks for.
    """
    helpers = {"code": code, "escaped": escaped, "listed": listed, "table": table}
    helpers["public_name"] = public_name
    card = str(card_class.from_template(data, template_str=template(name), **helpers, **values))
    return re.sub(r"\n{2,}(<!-- /)", r"\n\1", re.sub(r"\n{3,}", "\n\n", card)).rstrip("\n") + "\n"


def plain(text: Any) -> str:
    """Return text on one line, without what would end a section of a card."""
    return " ".join(str(text).split()).replace("<!--", "<! --")


def escaped(text: Any) -> str:
    """Return text as it is to be read, with what Markdown would take for a sign of its own escaped."""
    return _SPECIAL.sub(r"\\\1", plain(text))


def code(text: Any) -> str:
    """Return text as inline code that can stand in a table."""
    text = plain(text).replace("|", "\\|")
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text}`"


def is_repo_id(reference: str) -> bool:
    """Whether a reference has the form of an id on the Hub, and not that of a file in a folder."""
    return bool(_REPO_ID.fullmatch(reference)) and not _FILE.search(reference)


def language_name(code: str) -> str:
    """Return the English name of a target or source language."""
    return language(code).name


def hub_language(code: str) -> str:
    """Return the code by which the Hub lists a language: of ISO 639-1 where it has one, else of ISO 639-3."""
    import langcodes

    return _ISO_639_1.get(code) or langcodes.standardize_tag(code)


def listed(names: Sequence[str]) -> str:
    """Return names as they stand in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def size(number: int) -> str:
    """Return a number of bytes as it is read."""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
        number = number / 1000
    return f"{number:,.1f} GB"


def percent(value: float) -> str:
    """Return a share as a percentage with one decimal."""
    return f"{100 * value:.1f}"
