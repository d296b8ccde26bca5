#!/usr/bin/env python
"""Publish a data set or a model on the Hub; the same as `xner publish`, with the kind named.

python push_to_hub.py dataset exported/ --repo xner/projected --dry-run
python push_to_hub.py model models/hau-projected --repo xner/student-hau --tag v1.0
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from xner_hf.cli import publish
from xner_hf.errors import XnerError
from xner_hf.publish.folder import kind_of

app = typer.Typer(help="Publish on the Hub, with a card, in one commit.", no_args_is_help=True, add_completion=False)


def publish_only(kind: str) -> Callable[..., None]:
    """Return `xner publish` for a kind, ``dataset`` or ``model``, that refuses the other."""

    @functools.wraps(publish.run)
    def command(path: Path, **options: Any) -> None:
        found = kind_of(path)
        if found != kind:
            raise XnerError(f"{path} is a {found}, not a {kind}.")
        publish.run(path, **options)

    return command


app.command("dataset", help="Publish a build or an exported data set.")(publish_only("dataset"))
app.command("model", help="Publish a student.")(publish_only("model"))


if __name__ == "__main__":
    try:
        app()
    except XnerError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
