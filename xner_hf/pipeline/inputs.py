"""What a recipe reads, checked and signed before any long work starts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from xner_hf import align
from xner_hf.corpora.hub import content_digest, model_source
from xner_hf.corpora.leakage import LEAKAGE_TABLE, evaluation_splits, stop_without_network
from xner_hf.corpora.own import TARGET, text_form
from xner_hf.corpora.parallel import SAMPLE, corpus_splits, local_files, no_pairs, sample_path
from xner_hf.corpora.places import HubFile, mirror
from xner_hf.corpora.plain import plain_files
from xner_hf.errors import HubFault, NotAvailable
from xner_hf.languages import language
from xner_hf.pipeline.store import code_digest, digest, file_digest
from xner_hf.recipe import AlignerConfig, Recipe, TaggerConfig, TranslatorConfig
from xner_hf.tag import is_gold


@dataclass(frozen=True)
class Signatures:
    """Digest of everything that decides the rows of each stage; `project` is that of the whole build.

    Those of `translate`, `back` and `target` are None where the recipe has no such stage.
    """

    text: str
    translate: str | None
    tag: str
    align: str
    back: str | None
    target: str | None
    project: str


def sign(recipe: Recipe) -> Signatures:
    """Return the signatures of a build: settings, inputs, code and versions.

    Raises:
        XnerError: an input of the recipe cannot be had; the message names it and the recipes that would work here.
    """
    if recipe.members:
        members = [(sign(member.recipe), member.weight) for member in recipe.members]
        parts = [[vars(signatures), weight] for signatures, weight in members]
        project = digest(parts, recipe.combination, recipe.validation_percent)
        return replace(members[0][0], project=project)
    try:
        return _sign(recipe)
    except NotAvailable as error:
        raise NotAvailable(f"{error}{_alternatives(recipe)}") from error


def _sign(recipe: Recipe) -> Signatures:
    text = digest(
        code_digest(),
        recipe.language,
        recipe.source_language,
        recipe.text_side,
        recipe.limit,
        vars(recipe.text),
        _text_files(recipe),
    )
    translate = digest(text, _translator(recipe.translator)) if recipe.translator else None
    both = tag = translate or text
    if own := recipe.tagger:
        tag = digest(both, _tagger(own), own.labels, own.distributions)
    extra = [_reference_files(reference) for reference in recipe.aligner.extra_parallel]
    if extra:
        extra.append(_gold_files(recipe.language))
    links = digest(both, vars(recipe.aligner), extra, _aligner(recipe.aligner))
    consistent = recipe.tagger is not None and recipe.tagger.consistent
    back = target = scorer = None
    if refined := recipe.back_translation:
        inner = [refined.mode, refined.weight, vars(refined.aligner), _aligner(refined.aligner)]
        back = digest(tag, consistent, links, _translator(refined.translator), inner)
    if second := recipe.projector.settings.get("target_tagger"):
        target = digest(both, model_digest(second, None), model_versions(), default_device())
    if model := recipe.projector.settings.get("translation_model"):
        scorer = [model_digest(model, None), model_versions(), default_device()]
    settings = recipe.to_dict()
    chosen = [settings.get(name) for name in ("recipe", "projector", "filters", "validation_percent")]
    versions = [version("rapidfuzz"), version("scipy")]
    project = digest(tag, consistent, links, back, target, scorer, chosen, versions)
    return Signatures(text, translate, tag, links, back, target, project)


def _tagger(config: TaggerConfig) -> list[object]:
    if is_gold(config.model):
        return [file_digest(path) for path in _existing([Path(config.model)])]
    try:
        read = model_digest(config.model, config.revision)
    except NotAvailable as error:
        another = '--tagger ORG/NAME, in Python tagger="ORG/NAME"'
        raise NotAvailable(f"{error} Name another tagger that can be had: {another}.") from error
    return [read, model_versions(), default_device()]


def _translator(config: TranslatorConfig) -> list[object]:
    """Settings, models and parallel text that decide the translations."""
    found: list[object] = [vars(config)]
    settings = config.settings
    if config.method == "parallel":
        return found + [_reference_files(reference) for reference in settings.get("corpora", ())]
    if config.method == "ctranslate2":
        found.append(version("ctranslate2"))
    try:
        found += [model_digest(settings["model"], settings.get("revision")), default_device()]
        if settings.get("tokenizer"):
            found.append(model_digest(settings["tokenizer"], None))
    except NotAvailable as error:
        another = '--set translator.model=ORG/NAME, in Python translator={"model": "ORG/NAME"}'
        raise NotAvailable(f"{error} Name another translator that can be had: {another}.") from error
    return found + model_versions()


def _aligner(config: AlignerConfig) -> list[object]:
    """Models and versions that decide the links."""
    align.check_installed(config.method, config.settings)
    found: list[object] = []
    for method, settings in align.parts(config.method, config.settings):
        if method == "statistical":
            kept = sorted(Path(settings["model"]).iterdir()) if settings["model"] else []
            found += [*map(file_digest, kept)] if kept else [version("sil-thot")]
        elif method in ("encoder", "simalign"):
            found += [model_digest(settings["model"], settings["revision"]), default_device(), version("simalign")]
            found += model_versions()
    return found


def model_versions() -> list[str]:
    return [version(name) for name in ("torch", "transformers", "tokenizers")]


def usable_recipes(code: str) -> list[str]:
    """Return the recipes of a language whose inputs can be had here and now."""
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
    """Look for the text and the models of a recipe, and read neither.

    Raises:
        NotAvailable: one of them cannot be had, or NLLB-200, which translates by default, does not know the language.
    """
    for member in recipe.members:
        check_inputs(member.recipe)
    text = recipe.text
    if text.corpus != SAMPLE and not text.local and not recipe.members:
        corpus_splits(text.corpus, text.config, text.splits, text.revision)
    if recipe.tagger:
        model_source(recipe.tagger.model, recipe.tagger.revision)
    if recipe.translator and recipe.translator.method == "seq2seq":
        if "nllb" in recipe.translator.settings["model"].lower() and language(recipe.language).nllb is None:
            raise NotAvailable(f"NLLB-200 does not know {language(recipe.language).name}.")
        model_source(recipe.translator.settings["model"], recipe.translator.settings.get("revision"))


def _alternatives(recipe: Recipe) -> str:
    try:
        others = [name for name in usable_recipes(recipe.language) if name != recipe.recipe]
    except HubFault:
        return ""
    works = f"work here: {', '.join(others)} (--recipe)" if others else "work here: none"
    return f" The recipe {recipe.recipe!r} for {recipe.language} needs it; other recipes that {works}."


def _text_files(recipe: Recipe) -> list[str]:
    """Digests of the text and of the evaluation sets that it is checked against."""
    if recipe.text.corpus == SAMPLE:
        return [file_digest(sample_path(recipe.text.config))]
    text = recipe.text
    if text.local:
        plain = plain_files(text.corpus) if text_form(text.corpus) == TARGET else None
        files = plain or local_files(text.corpus) or [Path(text.corpus)]
        return [file_digest(path) for path in _existing(files)] + _gold_files(recipe.language)
    splits = corpus_splits(text.corpus, text.config, text.splits, text.revision)
    own = [content_digest(file) for split in splits for file in split.files()]
    return own + _gold_files(recipe.language)


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
                    file.open()  # of one that is listed but cannot be read, as when it is gated, nothing is checked
            found += [content_digest(file) for file in files]
        except NotAvailable as error:
            stop_without_network(error)  # else the leak check reports it
    return found


def _reference_files(reference: str) -> list[str]:
    if files := local_files(reference):
        return [file_digest(path) for path in _existing(files)]
    corpus, colon, config = reference.partition(":")
    if not colon:
        raise no_pairs(reference)
    return [content_digest(file) for split in corpus_splits(corpus, config, None, None) for file in split.files()]


def _existing(files: list[Path]) -> list[Path]:
    for path in files:
        if not path.is_file():
            raise NotAvailable(f"the text {path} is not a file here.")
    return files


def model_digest(model: str, revision: str | None) -> str:
    """The commit of a Hub model, or a digest of the files in its folder but for cards, which nothing loads."""
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
