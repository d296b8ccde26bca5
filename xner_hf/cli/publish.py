"""``xner publish``: a build, an exported data set or a student to the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.cli.output import Json, emit, note, working


def run(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A build, an exported data set or a model.")],
    repo: Annotated[str, typer.Option("--repo", metavar="ORG/NAME", help="Repository, created if it does not exist.")],
    private: Annotated[bool, typer.Option("--private", help="A new repository is private.")] = False,
    revision: Annotated[str, typer.Option(help="Branch, created if it does not exist.")] = "main",
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; print what would change.")] = False,
    message: Annotated[str | None, typer.Option(help="Title of the commit.")] = None,
    tag: Annotated[str | None, typer.Option(help="Name for the commit, such as v1.0.")] = None,
    licence: Annotated[
        str | None, typer.Option(help="Licence id of the Hub, instead of the one that follows from the inputs.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why --licence is right; the card shows it.")] = None,
    allow_unscored: Annotated[bool, typer.Option("--allow-unscored", help="Publish a model without scores.")] = False,
    as_json: Json = False,
) -> None:
    """Publish a build, an exported data set or a student, with its card, in one commit.

    Files that are there already are not sent again, and nothing that others wrote is removed.

    Examples: xner publish build/hau --repo xner/projected --dry-run

    xner publish models/hau-projected --repo xner/student-hau --tag v1.0
    """
    from xner_hf.publish.folder import publish_folder

    with working():
        outcome = publish_folder(
            path,
            repo,
            revision=revision,
            licence=licence,
            reason=reason,
            allow_unscored=allow_unscored,
            private=private,
            create_pr=create_pr,
            dry_run=dry_run,
            message=message,
            tag=tag,
            tell=note,
        )
    emit(outcome.to_dict(), as_json, lambda: _show(outcome))


def _show(outcome: Any) -> None:
    changes, where = outcome.changes, f"{outcome.url} ({outcome.revision})"
    if outcome.state == "dry run":
        print(f"{where} would change:" if changes or outcome.made else f"{where} would not change.")
        for name in outcome.made:
            print(f"  + {name}")
        for sign, names in (("+", changes.added), ("~", changes.changed), ("-", changes.deleted)):
            for name in names:
                print(f"  {sign} {name}")
        print(f"  {len(changes.unchanged):,} files as they are")
        return
    if outcome.state == "unchanged":
        print(f"{where} holds all of it already; no commit was made.")
    elif outcome.state == "pull request":
        print(f"Pull request: {outcome.pull_request}")
        return
    else:
        print(
            f"{where}, commit {outcome.commit[:7]}: {len(changes.added):,} files new, {len(changes.changed):,} "
            f"changed, {len(changes.deleted):,} removed"
        )
    for name in outcome.made:
        print(f"  new: {name}")
    at = "" if outcome.revision == "main" else f', revision="{outcome.revision}"'
    if outcome.kind == "dataset":
        exports = [
            [path.partition("/")[0] for path in paths if path.endswith("export.json")]
            for paths in ((*changes.added, *changes.changed), changes.unchanged)
        ]
        name = min(exports[0] or exports[1], default="CONFIG")
        print(f'Next:  load_dataset("{outcome.repo}", "{name}"{at})')
    else:
        print(
            f'Next:  pipeline("token-classification", "{outcome.repo}"{at}, aggregation_strategy="first", '
            "trust_remote_code=True)"
        )
        print("       or without trust_remote_code, after `import xner_hf.models`")
