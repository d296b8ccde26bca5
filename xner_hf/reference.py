"""The reference page of the methods, written from what is registered: ``python -m xner_hf.reference``."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from xner_hf.markdown import table
from xner_hf.registry import ROOMS, methods
from xner_hf.settings import meaning

_WHERE = {
    "translator": "translator.KEY, back_translation.translator.KEY",
    "tagger": "tagger.KEY",
    "aligner": "aligner.KEY",
    "projector": "projector.KEY",
    "score": "projector.KEY of the projector candidates",
    "filter": "filters.KEY",
    "loss": "loss.KEY of the training",
}
"""Where the settings of each kind of method stand, as ``--set`` takes them."""


def method_rows(kind: str) -> list[dict[str, Any]]:
    """Return what is known of every method of a kind.

    Returns:
        One mapping a method: ``name``, ``does``, ``package`` (None for those of this package), ``trained`` (whether
        it is trained on the text by default, None where that depends on settings that must be given), ``citations``,
        and ``settings``: a list of ``key``, ``default`` (None where one must be given) and ``meaning``.
    """
    rows = []
    for name, settings in methods(kind).items():
        fields = dataclasses.fields(settings)
        complete = all(_has_default(one) for one in fields)
        rows.append(
            {
                "name": name,
                "does": (inspect.getdoc(settings) or "").partition("\n")[0],
                "package": settings.distribution,
                "trained": settings().is_trained if complete else None,
                "citations": list(settings.citations),
                "settings": [{"key": one.name, "default": _default(one), "meaning": meaning(one)} for one in fields],
            }
        )
    return rows


def methods_page() -> str:
    """Return the page ``docs/methods.md``."""
    lines = [
        "# Methods",
        "",
        "Written by `python -m xner_hf.reference > docs/methods.md`. `xner methods` prints the same, with the methods",
        "of other packages that are installed; [how to add one](how-to.md#add-a-method).",
    ]
    for kind in ROOMS:
        lines += ["", f"## {kind.capitalize()}s", "", f"Settings: `{_WHERE[kind]}`."]
        for row in method_rows(kind):
            lines += ["", f"### {row['name']}", "", row["does"]]
            if row["settings"]:
                cells = [[f"`{one['key']}`", _shown(one["default"]), one["meaning"]] for one in row["settings"]]
                lines += ["", table(["key", "default", "meaning"], cells, escape=True)]
    return "\n".join(lines) + "\n"


def _has_default(one: Any) -> bool:
    return one.default is not dataclasses.MISSING or one.default_factory is not dataclasses.MISSING


def _default(one: Any) -> str | None:
    if not _has_default(one):
        return None
    value = one.default if one.default is not dataclasses.MISSING else one.default_factory()
    return "none" if value is None or value == () else str(value).lower() if isinstance(value, bool) else str(value)


def _shown(default: str | None) -> str:
    return "must be given" if default is None else f"`{default}`"


if __name__ == "__main__":
    print(methods_page(), end="")
