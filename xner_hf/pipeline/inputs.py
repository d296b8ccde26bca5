"""What a recipe reads, checked and signed before any long work starts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from xner_hf.corpora.hub import content_digest, model_source
from xner_hf.corpora.leakage import LEAKAGE_TABLE, evaluation_splits, stop_without_network
from xner_hf.corpora.own import TARGET, text_form
from xner_hf.corpora.parallel import SAMPLE, corpus_splits, local_files, sample_path, splitting_rule
from xner_hf.corpora.places import HubFile, mirror
from xner_hf.corpora.plain import plain_files
from xner_hf.errors import HubFault, NotAvailable
from xner_hf.languages import language
from xner_hf.pipeline.store import STAGE_VERSIONS, digest, file_digest
from xner_hf.recipe import Recipe
from xner_hf.registry import CORPUS, FITTED, MODEL, MODEL_PACKAGES, Input

TARGET_TAGGER = "projector.target_tagger"


@dataclass(frozen=True)
class Signatures:
    """Digest of everything that decides the rows of each stage; `project` stands for the whole build.

    Those of `translate`, `align`, `back` and `target` are None where the recipe has no such stage.
    """

    text: str
    translate: str | None
    tag: str
    align: str | None
    back: str | None
    target: str | None
    project: str


def sign(recipe: Recipe) -> Signatures:
    """Return the signatures of a build: settings, inputs and versions of stages, methods and libraries.

    Raises:
        XnerError: an input is not available; the message names it and the recipes that work here.
    """
    if recipe.members:
        members = [(sign(member.recipe), member.weight) for member in recipe.members]
        parts = [[vars(signatures), weight] for signatures, weight in members]
        project = digest(STAGE_VERSIONS["combine"], parts, recipe.combination, recipe.validation_percent)
        return replace(members[0][0], project=project)
    try:
        return _sign(recipe)
    except NotAvailable as error:
        raise NotAvailable(f"{error}{_alternatives(recipe)}") from error


def _sign(recipe: Recipe) -> Signatures:
    text = _stage(
        recipe,
        "text",
        [recipe.language, recipe.source_language, recipe.text_side, recipe.limit, vars(recipe.text)],
        [splitting_rule(recipe.language), splitting_rule(recipe.source_language)],
        [] if recipe.text.corpus == SAMPLE else _gold_files(recipe.language),
        roles=("text",),
    )
    translate = None
    if own := recipe.translator:
        own.own.check(*recipe.translates)
        translate = _stage(recipe, "translate", text, own.markers, own.own.state(), roles=("translator",))
    both = tag = translate or text
    if tagger := recipe.tagger:
        tagger.own.check()
        tag = _stage(recipe, "tag", both, tagger.own.state(), tagger.distributions, roles=("tagger",))
    links = back = target = None
    if recipe.projects:
        aligner = recipe.aligner
        aligner.own.check()
        leaks = _gold_files(recipe.language) if aligner.extra_parallel else []
        links = _stage(recipe, "align", both, aligner.extra_parallel, aligner.own.state(), leaks, roles=("aligner",))
    consistent = recipe.tagger is not None and recipe.tagger.consistent
    if refined := recipe.back_translation:
        refined.translator.own.check(recipe.source_language, recipe.language)
        refined.aligner.own.check()
        states = [refined.translator.own.state(), refined.translator.markers, refined.aligner.own.state()]
        inner = [refined.mode, refined.weight, states]
        back = _stage(recipe, "back", tag, consistent, links, inner, roles=("back_translation",))
    if recipe.projector.settings.get("target_tagger"):
        target = _stage(recipe, "target", both, model_versions(), roles=(TARGET_TAGGER,))
    states = [recipe.projector.own.state(), recipe.filters.own.state()]
    settings = [states, recipe.validation_percent, recipe.recipe]
    project = _stage(recipe, "project", tag, consistent, links, back, target, settings, roles=("projector", "filters"))
    return Signatures(text, translate, tag, links, back, target, project)


def _stage(recipe: Recipe, stage: str, *parts: object, roles: tuple[str, ...]) -> str:
    """Return the signature of a stage: its version, what decides it, and the inputs of some roles and those below."""
    below = tuple(f"{role}." for role in roles)
    read = [one for one in recipe.inputs() if f"{one.role}.".startswith(below) and one.kind != FITTED]
    if stage == "project":
        read = [one for one in read if one.role != TARGET_TAGGER]  # which has a stage of its own
    device = default_device() if any(one.kind == MODEL for one in read) else None
    return digest(STAGE_VERSIONS[stage], parts, [state_of(one) for one in read], device)


def state_of(one: Input) -> list[str]:
    """Return digests or commits of what an input holds.

    Raises:
        NotAvailable: it is not available; the message says how to name another.
    """
    try:
        if one.kind == MODEL:
            return [model_digest(one.name, one.revision)]
        if one.kind == CORPUS:
            splits = corpus_splits(one.name, one.config, one.splits, one.revision)
            return [content_digest(file) for split in splits for file in split.files()]
        return [file_digest(path) for path in _existing(files_of(one))]
    except NotAvailable as error:
        part = one.role.partition(".")[0]
        if part not in _ANOTHER:
            raise
        raise NotAvailable(f"{error} Use another {part}: {_ANOTHER[part]}.") from error


def files_of(one: Input) -> list[Path]:
    """Return the files of an input that is a file of the user or comes with the package."""
    if one.kind == SAMPLE:
        return [sample_path(one.config)]
    plain = plain_files(one.name) if one.role == "text" and text_form(one.name) == TARGET else None
    path = Path(one.name)
    return plain or local_files(one.name) or (sorted(path.iterdir()) if path.is_dir() else [path])


_ANOTHER = {
    "tagger": '--tagger ORG/NAME, in Python tagger="ORG/NAME"',
    "translator": '--set translator.model=ORG/NAME, in Python translator={"model": "ORG/NAME"}',
}


def model_versions() -> list[str]:
    return [version(name) for name in MODEL_PACKAGES]


def usable_recipes(code: str) -> list[str]:
    """Return the recipes of a language whose inputs are available here."""
    from xner_hf.recipe import make_recipe

    usable = []
    for name in language(code).recipes:
        try:
            check_inputs(make_recipe(code, name))
        except NotAvailable:
            continue
        usable.append(name)
    return usable


def check_inputs(recipe: Recipe) -> None:
    """Check that the corpora and models of a recipe are available, without reading them.

    Raises:
        NotAvailable: one is not available, or the translator does not know the language.
    """
    for one in recipe.inputs():
        if one.kind == CORPUS:
            corpus_splits(one.name, one.config, one.splits, one.revision)
        elif one.kind == MODEL:
            model_source(one.name, one.revision)
    if recipe.translator:
        recipe.translator.own.check(*recipe.translates)


def _alternatives(recipe: Recipe) -> str:
    try:
        others = [name for name in usable_recipes(recipe.language) if name != recipe.recipe]
    except HubFault:
        return ""
    works = f"work here: {', '.join(others)} (--recipe)" if others else "work here: none"
    return f" The recipe {recipe.recipe!r} for {recipe.language} needs it; other recipes that {works}."


def _gold_files(code: str) -> list[str]:
    """Digests of the evaluation sets of a language and of a mirror's leakage table, as far as they can be read."""
    found = []
    splits = [LEAKAGE_TABLE] if mirror() else []
    splits += evaluation_splits(code)
    for split in splits:
        try:
            files = split.files()
            for file in files:
                if isinstance(file, HubFile):
                    file.open()  # fails for a file that is listed but cannot be read, such as a gated one
            found += [content_digest(file) for file in files]
        except NotAvailable as error:
            stop_without_network(error)  # otherwise the leak check reports it
    return found


def _existing(files: list[Path]) -> list[Path]:
    for path in files:
        if not path.is_file():
            raise NotAvailable(f"the text {path} is not a local file.")
    return files


def model_digest(model: str, revision: str | None) -> str:
    """The commit of a Hub model, or a digest of the files in its folder, without cards, which nothing loads."""
    source, commit = model_source(model, revision)
    folder = Path(source)
    if commit is None:
        total = hashlib.sha256()
        for path in sorted(p for p in folder.iterdir() if p.is_file() and p.suffix != ".md"):
            total.update(f"{path.name} {file_digest(path)}\n".encode())
        return total.hexdigest()
    return commit


def default_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
