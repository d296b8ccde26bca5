"""Publishing what lies in a folder: a build, an exported data set or a student."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.publish.checks import check_dataset, check_model
from xner_hf.publish.contents import Publication
from xner_hf.publish.export import export_builds
from xner_hf.publish.remote import Remote
from xner_hf.publish.upload import Outcome, publish


def publish_folder(
    path: Path,
    repo: str,
    *,
    revision: str = "main",
    licence: str | None = None,
    reason: str | None = None,
    allow_unscored: bool = False,
    tell: Callable[[str], None] = lambda line: None,
    **options: Any,
) -> Outcome:
    """Publish a build, an exported data set or a student, with its card, in one commit.

    Args:
        path: the folder.
        repo: ``ORG/NAME``, created if it does not exist.
        revision: branch, created if it does not exist.
        licence: licence id of the Hub, instead of the one that follows from the inputs.
        reason: why `licence` is right; the card shows it.
        allow_unscored: publish a model without scores.
        tell: called with a line when a step is tried again.
        **options: ``private``, ``create_pr``, ``dry_run``, ``message`` and ``tag`` of `publish`.

    Raises:
        Refused: as `publish`, or the checks of the folder fail.
        XnerError: the folder has nothing to publish, or the Hub cannot be reached.
    """
    if (licence is None) != (reason is None):
        raise XnerError("--licence and --reason go together: a licence that is set by hand needs its reason.")
    override = {"licence": licence, "reason": reason} if licence and reason else None
    kind = kind_of(path)
    remote = Remote(kind, repo, revision)
    with _publication(kind, path, override, allow_unscored) as publication:
        return publish(publication, remote, tell=tell, **options)


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
        f"{path} is not a model, a build or an exported data set. Make one with `xner build LANG` or `xner train "
        "LANG`."
    )


@contextmanager
def _publication(
    kind: str, path: Path, override: Mapping[str, str] | None, allow_unscored: bool
) -> Iterator[Publication]:
    if kind == "model":
        yield check_model(path, allow_unscored, override)
    elif (path / "build.json").is_file():
        with tempfile.TemporaryDirectory(prefix="xner-export-") as folder:
            export_builds([path], Path(folder), licence_override=override)
            yield check_dataset(Path(folder), str(path))
    else:
        if override:
            raise XnerError("an exported data set has its licence already. Give --licence when it is exported.")
        yield check_dataset(path)
