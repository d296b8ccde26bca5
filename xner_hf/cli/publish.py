"""``xner publish``: a build, an exported data set or a student to the Hub."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xner_hf.cli.output import Json, emit, note, working
from xner_hf.errors import XnerError

if TYPE_CHECKING:
    from xner_hf.publish.contents import Publication


def run(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A build, an exported data set or a model.")],
    repo: Annotated[str, typer.Option("--repo", metavar="ORG/NAME", help="Repository, made if it is not there.")],
    private: Annotated[bool, typer.Option("--private", help="A new repository is private.")] = False,
    revision: Annotated[str, typer.Option(help="Branch, made if it is not there.")] = "main",
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; print what would be.")] = False,
    message: Annotated[str | None, typer.Option(help="Title of the commit.")] = None,
    tag: Annotated[str | None, typer.Option(help="Name for the commit, such as v1.0.")] = None,
    licence: Annotated[
        str | None, typer.Option(help="Licence id of the Hub, instead of what follows from the inputs.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why --licence is right; it goes on the card.")] = None,
    allow_unscored: Annotated[
        bool, typer.Option("--allow-unscored", help="Publish a model that nothing has scored.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Publish a build, an exported data set or a student, with its card, in one commit.

    What is there already is not sent again, and nothing that others wrote is removed.

    Examples: xner publish build/hau --repo xner/projected --dry-run

    xner publish models/hau-projected --repo xner/student-hau --tag v1.0
    """
    from xner_hf.publish.remote import Remote
    from xner_hf.publish.upload import publish

    if (licence is None) != (reason is None):
        raise XnerError("--licence and --reason go together: a licence that is set by hand needs its reason.")
    override = {"licence": licence, "reason": reason} if licence else None
    kind = kind_of(path)
    remote = Remote(kind, repo, revision)
    with working(), _publication(kind, path, override, allow_unscored) as publication:
        outcome = publish(
            publication,
            remote,
            private=private,
            create_pr=create_pr,
            dry_run=dry_run,
            message=message,
            tag=tag,
            tell=note,
        )
    emit(outcome.to_dict(), as_json, lambda: _show(outcome))


def kind_of(path: Path) -> str:
    """Return ``dataset`` or ``model``, by what a folder holds.

    Raises:
        XnerError: neither.
    """
    if (path / "config.json").is_file():
        return "model"
    if (path / "build.json").is_file() or any(path.glob("*/export.json")):
        return "dataset"
    raise XnerError(
        f"{path} is no model, no build and no exported data set. Make one with `xner build LANG` or `xner train LANG`."
    )


@contextmanager
def _publication(
    kind: str, path: Path, override: dict[str, str] | None, allow_unscored: bool
) -> Iterator[Publication]:
    from xner_hf.publish.checks import check_dataset, check_model

    if kind == "model":
        yield check_model(path, allow_unscored, override)
    elif (path / "build.json").is_file():
        from xner_hf.publish.export import export_builds

        with tempfile.TemporaryDirectory(prefix="xner-export-") as folder:
            export_builds([path], Path(folder), licence_override=override)
            yield check_dataset(Path(folder), str(path))
    else:
        if override:
            raise XnerError("an exported data set has its licence already. Give --licence when it is exported.")
        yield check_dataset(path)


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
