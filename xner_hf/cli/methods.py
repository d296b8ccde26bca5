"""``xner methods``: what is registered, and its settings."""

from __future__ import annotations

from typing import Annotated

import typer

from xner_hf.cli.output import Json, emit


def run(
    kind: Annotated[str | None, typer.Argument(help="Only this kind: aligner, translator, tagger, ...")] = None,
    as_json: Json = False,
) -> None:
    """List the methods that are registered, those of other installed packages too, and their settings.

    Example: xner methods aligner
    """
    from xner_hf.errors import XnerError, nearest
    from xner_hf.reference import method_rows
    from xner_hf.registry import ROOMS

    if kind is not None and kind not in ROOMS:
        raise XnerError(f"there is no kind of method {kind!r}.{nearest(kind, list(ROOMS))} Known: {', '.join(ROOMS)}.")
    found = {one: method_rows(one) for one in ROOMS if kind in (None, one)}

    def human() -> None:
        for one, rows in found.items():
            for row in rows:
                package = f" (package {row['package']})" if row["package"] else ""
                print(f"{one} {row['name']}{package}: {row['does']}")
                for setting in row["settings"] if kind else ():
                    default = "must be given" if setting["default"] is None else setting["default"]
                    print(f"    {setting['key']} [{default}]: {setting['meaning']}")

    emit(found, as_json, human)
