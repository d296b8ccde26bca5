#!/usr/bin/env python
"""Publish a data set or a model on the Hub; the same as `xner publish`, with the kind named.

python push_to_hub.py dataset exported/ --repo xner/projected --dry-run
python push_to_hub.py model models/hau-projected --repo xner/student-hau --tag v1.0
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from xner_hf.cli import publish
from xner_hf.cli.output import Json
from xner_hf.errors import XnerError


class Kind(StrEnum):
    """What can be published."""

    dataset = "dataset"
    model = "model"


def main(
    kind: Annotated[Kind, typer.Argument(help="What PATH is.")],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A build or an exported data set, or a model.")],
    repo: publish.Repo,
    private: publish.Private = False,
    revision: publish.Revision = "main",
    create_pr: publish.CreatePr = False,
    dry_run: publish.DryRun = False,
    message: publish.Message = None,
    tag: publish.Tag = None,
    licence: publish.Licence = None,
    reason: publish.Reason = None,
    allow_unscored: publish.AllowUnscored = False,
    as_json: Json = False,
) -> None:
    """Publish a data set or a model on the Hub, with its card, in one commit."""
    publish.send(
        kind.value,
        path,
        repo,
        private=private,
        revision=revision,
        create_pr=create_pr,
        dry_run=dry_run,
        message=message,
        tag=tag,
        licence=licence,
        reason=reason,
        allow_unscored=allow_unscored,
        as_json=as_json,
    )


if __name__ == "__main__":
    try:
        typer.run(main)
    except XnerError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
