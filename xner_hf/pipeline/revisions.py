"""The revision of every input of a recipe."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from xner_hf.corpora.hub import content_digest, model_source
from xner_hf.corpora.parallel import corpus_splits
from xner_hf.errors import NotAvailable
from xner_hf.pipeline.inputs import files_of, model_digest
from xner_hf.pipeline.store import digest, file_digest
from xner_hf.recipe import Recipe
from xner_hf.registry import FILES, FITTED, MODEL, SAMPLE, Input


def revisions(recipe: Recipe) -> dict[str, str]:
    """Return the commit on the Hub of every model and corpus that a recipe reads, by name.

    Inputs in a mirror or in local files have no commit; they get ``content`` and a digest. Inputs that cannot be
    reached any more are left out: the rows are there, and the build must not fail for a missing name.
    """
    found = {}
    for one in sorted(recipe.inputs(), key=lambda one: one.name):
        if one.kind not in (SAMPLE, FITTED):
            with suppress(NotAvailable, OSError):
                found[one.name] = _revision(one)
    return found


def asked_models(recipe: Recipe) -> dict[str, str | None]:
    """Return the models whose weights a recipe reads, of its members too, and the revisions that it asks for."""
    return {one.name: one.revision for one in recipe.inputs() if one.kind == MODEL}


def _revision(one: Input) -> str:
    if one.kind == FILES:
        return f"content {digest([file_digest(path) for path in files_of(one)])}"
    if one.kind == MODEL:
        local = Path(model_source(one.name, one.revision)[0]).is_dir()
        at = model_digest(one.name, one.revision)
        return f"content {at[:16]}" if local else at
    files = [file for split in corpus_splits(one.name, one.config, one.splits, one.revision) for file in split.files()]
    commits = sorted({commit for file in files if (commit := getattr(file, "commit", None))})
    return ", ".join(commits) or f"content {digest([content_digest(file) for file in files])}"
