"""At which state every input of a recipe was read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from xner_hf import align
from xner_hf.corpora.hub import content_digest, model_source
from xner_hf.corpora.parallel import SAMPLE, corpus_splits, local_files
from xner_hf.errors import NotAvailable
from xner_hf.pipeline.inputs import model_digest
from xner_hf.pipeline.licences import models
from xner_hf.pipeline.store import digest
from xner_hf.recipe import Recipe
from xner_hf.tag import is_gold


def revisions(recipe: Recipe) -> dict[str, str]:
    """Return the commit on the Hub of every model and corpus that a recipe names, by name.

    What lies in a mirror or in files of one's own has no commit; it has ``content`` and a digest of what it holds.
    What cannot be reached any more is left out: the rows are there, and are not lost for want of a name.
    """
    if recipe.members:
        return {name: at for member in recipe.members for name, at in revisions(member.recipe).items()}
    asked, text = asked_models(recipe), recipe.text
    look: dict[str, Callable[[], str]] = {
        name: partial(_model, name, asked.get(name)) for name in models(recipe) if not is_gold(name)
    }
    references = list(recipe.aligner.extra_parallel)
    if recipe.translator:
        references += recipe.translator.settings.get("corpora", ())
    for reference in references:
        if not local_files(reference):
            corpus, _, config = reference.partition(":")
            look[corpus] = partial(_corpus, corpus, config, None, None)
    if text.corpus not in (None, SAMPLE) and not text.local:
        look[text.corpus] = partial(_corpus, text.corpus, text.config, text.splits, text.revision)
    found = {}
    for name in sorted(look):
        with suppress(NotAvailable):
            found[name] = look[name]()
    return found


def asked_models(recipe: Recipe) -> dict[str, str | None]:
    """Return the models whose weights a recipe reads, of its members too, and the revisions that it asks for."""
    if recipe.members:
        return {name: at for member in recipe.members for name, at in asked_models(member.recipe).items()}
    parts: list[Any] = [recipe.translator.settings] if recipe.translator else []
    aligners = [recipe.aligner]
    if recipe.back_translation:
        parts.append(recipe.back_translation.translator.settings)
        aligners.append(recipe.back_translation.aligner)
    parts += [own for one in aligners for _, own in align.parts(one.method, one.settings)]
    found = {own["model"]: own.get("revision") for own in parts if own.get("model")}
    further = [recipe.projector.settings.get(key) for key in ("target_tagger", "translation_model")]
    found |= dict.fromkeys(filter(None, further))
    tagger = recipe.tagger
    return found | ({tagger.model: tagger.revision} if tagger and not is_gold(tagger.model) else {})


def _model(model: str, revision: str | None) -> str:
    local = Path(model_source(model, revision)[0]).is_dir()
    at = model_digest(model, revision)
    return f"content {at[:16]}" if local else at


def _corpus(corpus: str, config: str | None, splits: Any, revision: str | None) -> str:
    files = [file for split in corpus_splits(corpus, config, splits, revision) for file in split.files()]
    commits = sorted({commit for file in files if (commit := getattr(file, "commit", None))})
    return ", ".join(commits) or f"content {digest([content_digest(file) for file in files])}"
