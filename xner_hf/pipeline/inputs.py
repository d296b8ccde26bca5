"""What a recipe reads, checked and signed before any long work starts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from xner_hf import align
from xner_hf.corpora.hub import CorpusSplit, model_source
from xner_hf.corpora.leakage import LEAKAGE_TABLE
from xner_hf.corpora.parallel import SAMPLE, corpus_splits, local_files, sample_path
from xner_hf.errors import NotAvailable, XnerError
from xner_hf.languages import corpus_entry, language
from xner_hf.pipeline.store import code_digest, digest, file_digest
from xner_hf.recipe import Recipe


@dataclass(frozen=True)
class Signatures:
    """Digest of everything that decides the rows of each stage; `project` is that of the whole build."""

    text: str
    tag: str
    align: str
    target: str | None
    project: str


def sign(recipe: Recipe) -> Signatures:
    """Return the signatures of a build: settings, inputs, code and versions.

    Raises:
        XnerError: an input of the recipe cannot be had; the message names it and the recipes that would work here.
    """
    try:
        text = digest(
            code_digest(),
            recipe.language,
            recipe.source_language,
            recipe.limit,
            vars(recipe.text),
            _text_files(recipe),
        )
        tag = text
        if recipe.tagger:
            model = _model_digest(recipe.tagger.model, recipe.tagger.revision)
            tag = digest(text, model, _model_versions(), _device())
        target = None
        if second := recipe.projector.settings.get("target_tagger"):
            target = digest(text, _model_digest(second, None), _model_versions(), _device())
        extra = [_reference_files(reference) for reference in recipe.aligner.extra_parallel]
        aligner = _aligner(recipe)
    except NotAvailable as error:
        raise NotAvailable(f"{error}{_alternatives(recipe)}") from error
    if extra:
        extra.append(_gold_files(recipe.language))
    links = digest(text, vars(recipe.aligner), extra, aligner)
    settings = [recipe.to_dict()[name] for name in ("projector", "filters", "validation_percent")]
    consistent = recipe.tagger is not None and recipe.tagger.consistent
    project = digest(tag, consistent, links, target, settings, version("rapidfuzz"), version("scipy"))
    return Signatures(text, tag, links, target, project)


def _aligner(recipe: Recipe) -> list[object]:
    """Models and versions that decide the links; an external program's version cannot be had and is not in it."""
    found: list[object] = []
    for method, settings in align.parts(recipe.aligner.method, recipe.aligner.settings):
        if method == "statistical":
            kept = sorted(Path(settings["model"]).iterdir()) if settings["model"] else []
            found += [version("systran-align"), *map(file_digest, kept)]
        elif method in ("encoder", "simalign"):
            found += [_model_digest(settings["model"], settings["revision"]), _device(), version("simalign")]
            found += _model_versions()
    return found


def _model_versions() -> list[str]:
    return [version(name) for name in ("torch", "transformers", "tokenizers")]


def usable_recipes(code: str) -> list[str]:
    """Return the recipes of a language whose inputs can be had here and now."""
    from xner_hf.recipe import make_recipe

    usable = []
    for name in language(code).recipes:
        recipe = make_recipe(code, name)
        try:
            if recipe.text.corpus != SAMPLE:
                corpus_splits(recipe.text.corpus, recipe.text.config, recipe.text.splits, recipe.text.revision)
            if recipe.tagger:
                _model_digest(recipe.tagger.model, recipe.tagger.revision)
        except NotAvailable:
            continue
        usable.append(name)
    return usable


def _alternatives(recipe: Recipe) -> str:
    others = [name for name in usable_recipes(recipe.language) if name != recipe.recipe]
    works = f"work here: {', '.join(others)} (--recipe)" if others else "work here: none"
    return f" The recipe {recipe.recipe!r} for {recipe.language} needs it; other recipes that {works}."


def _text_files(recipe: Recipe) -> list[str]:
    """Digests of the text and of the evaluation sets that it is checked against."""
    if recipe.text.corpus == SAMPLE:
        return [file_digest(sample_path(recipe.text.config))]
    text = recipe.text
    if files := local_files(text.corpus):
        return _digests(files) + _gold_files(recipe.language)
    splits = corpus_splits(text.corpus, text.config, text.splits, text.revision)
    own = [file_digest(path) for split in splits for path in split.files()]
    return own + _gold_files(recipe.language)


def _gold_files(code: str) -> list[str]:
    """Digests of the evaluation sets of a language and of the leakage table, as far as they can be reached."""
    splits, found = [LEAKAGE_TABLE], []
    for reference in language(code).gold:
        corpus, _, config = reference.partition(":")
        splits += [CorpusSplit(corpus, config, name) for name in corpus_entry(corpus, config).evaluation_splits]
    for split in splits:
        try:
            found += [file_digest(path) for path in split.files()]
        except NotAvailable:
            continue  # the leak check reports it
    return found


def _reference_files(reference: str) -> list[str]:
    if files := local_files(reference):
        return _digests(files)
    corpus, colon, config = reference.partition(":")
    if not colon:
        raise XnerError(
            f"the parallel text {reference!r} is none of: a .tsv or .jsonl file, two text files joined by a comma, "
            "org/name:config."
        )
    return [file_digest(p) for split in corpus_splits(corpus, config, None, None) for p in split.files()]


def _digests(files: list[Path]) -> list[str]:
    for path in files:
        if not path.is_file():
            raise NotAvailable(f"the parallel text {path} is not a file here.")
    return [file_digest(path) for path in files]


def _model_digest(model: str, revision: str | None) -> str:
    """The commit of a Hub model, or a digest of the files in its folder."""
    source, revision = model_source(model, revision)
    folder = Path(source)
    if folder.is_dir():
        total = hashlib.sha256()
        for path in sorted(p for p in folder.iterdir() if p.suffix in (".json", ".safetensors", ".model", ".txt")):
            total.update(f"{path.name} {file_digest(path)}\n".encode())
        return total.hexdigest()
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(source, revision=revision, allow_patterns=["config.json"])).name
    except (OSError, ValueError) as error:
        raise NotAvailable(f"the model {model!r} cannot be had from the Hub: {error}") from error


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
