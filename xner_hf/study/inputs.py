"""What a study reads, looked up before anything is run: configurations of models, splits of corpora, files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xner_hf.corpora.hub import model_source, splits_of
from xner_hf.corpora.hub_models import check_weights
from xner_hf.corpora.parallel import local_files
from xner_hf.corpora.places import REPO_ID, mirror
from xner_hf.errors import HubFault, NotAvailable, XnerError
from xner_hf.evaluation import intrinsic
from xner_hf.inference.checkpoint import load_config, load_tokenizer
from xner_hf.languages import languages
from xner_hf.recipe import Recipe
from xner_hf.registry import CORPUS, FILES, MODEL
from xner_hf.study.data import has_translations
from xner_hf.study.grid import RunSpec, Study
from xner_hf.study.store import Store

TOKENS = 35
"""Sub-words of a sentence, for estimates: MasakhaNER2 has 25 to 50 with a multilingual vocabulary."""

_SPLITS = ("train", "validation", "test")
"""Splits that a mirror may lack although the repository has them."""

_MISTYPED = 2
"""Signs by which a mistyped id differs from what was meant, at most."""


def check_inputs(
    study: Study, runs: Sequence[RunSpec], store: Store, tokens_per_second: float | None = None
) -> dict[str, Any]:
    """Look up everything that the runs of a study name, and estimate what they cost.

    Args:
        study: the study.
        runs: those that are to be made.
        store: its results, which need not be made again.
        tokens_per_second: sub-words that a machine trains on in a second, for an estimate in hours.

    Returns:
        ``runs``: every run with ``done``; ``inputs``: every model, corpus, treebank and gold twin with ``name``,
        ``state`` and ``detail``. The state is ``ok``; ``wrong``: there is no such thing; or ``missing``: it is not
        where this machine looks, and may be elsewhere. ``tokens``: sub-words that the missing runs train on,
        repetitions included; ``hours``: that long does the training take, without builds and scoring.
    """
    done = {row["key"] for row in store.results() if row["status"] == "done"}
    keys = [run.key for run in runs]
    tokens = int(sum(run.cost for run, key in zip(runs, keys, strict=True) if key not in done) * TOKENS)
    names = ("language", "label", "seed", "backbone")
    return {
        "study": study.name,
        "runs": [
            {**{name: run.settings[name] for name in names}, "key": key, "done": key in done}
            for run, key in zip(runs, keys, strict=True)
        ],
        "inputs": [
            {"kind": kind, "name": _title(kind, name, part), **_look(kind, name, part)}
            for kind, name, part in dict.fromkeys(_inputs(runs))
        ],
        "tokens": tokens,
        "hours": round(tokens / tokens_per_second / 3600, 1) if tokens_per_second else None,
    }


def _inputs(runs: Sequence[RunSpec]) -> Iterator[tuple[str, str, str | None]]:
    """Yield kind, name, and split or revision, of all that the runs read."""
    builds: dict[tuple[Any, ...], RunSpec] = {}
    for run in runs:
        own = run.settings
        yield "model", own["backbone"], None
        yield "corpus", own["gold"], own["split"]
        if own["teacher"]:
            yield "model", own["teacher"], None
        if own["source_labels"]:
            corpus, _, split = own["source_labels"].rpartition("/")
            yield "corpus", corpus, split
        if own["tree_corpus"]:
            yield "treebank", own["tree_corpus"], None
        if own["arm"].startswith("gold"):
            yield "twin", own["gold"], None
        if own["recipe"]:
            decides = {name: str(value) for name, value in own.items() if name.startswith("recipe")}
            builds.setdefault((own["code"], own["gold"], own["teacher"], *sorted(decides.items())), run)
    for run in builds.values():
        gold = run.settings["gold"]
        if has_translations(gold):  # else its sentences are those of the recipe's text
            yield "corpus", gold, "train"
            yield "corpus", f"{intrinsic.TRANSLATIONS}:{gold.partition(':')[2]}", "train"
        if recipe := run.recipe():
            yield from _of_recipe(recipe)


def _of_recipe(recipe: Recipe) -> Iterator[tuple[str, str, str | None]]:
    for one in recipe.inputs():
        if one.kind == MODEL:
            if one.role != "tagger":  # which is the teacher
                yield "model", one.name, one.revision
        elif one.kind in (CORPUS, FILES):
            corpus = f"{one.name}:{one.config}" if one.kind == CORPUS else one.name
            for split in one.splits or (None,):
                yield "corpus", corpus, split


def _title(kind: str, name: str, part: str | None) -> str:
    return name if part is None else f"{name}{'@' if kind == 'model' else '/'}{part}"


def _look(kind: str, name: str, part: str | None) -> dict[str, str]:
    checks = {"model": _model, "corpus": _corpus, "treebank": _treebank, "twin": _twin}
    try:
        checks[kind](name, part)
    except NotAvailable as error:
        return {"state": "missing", "detail": str(error)}
    except HubFault:
        raise  # nothing is known of it
    except XnerError as error:
        return {"state": "wrong", "detail": str(error)}
    return {"state": "ok", "detail": ""}


def _model(name: str, revision: str | None) -> None:
    if not Path(name).is_dir() and not REPO_ID.fullmatch(name):
        raise XnerError(f"{name!r} is neither a local folder nor a Hub id such as 'org/name'.")
    try:
        source, at = model_source(name, revision)
    except NotAvailable as error:
        raise _worse(error, "models", name) from error
    if Path(name).is_dir() and (Path(name) / "model.bin").is_file():
        return  # of CTranslate2, which has no configuration of transformers
    try:
        load_config(name, revision)
        load_tokenizer(name, revision)
    except XnerError as error:
        if Path(source).is_dir() or _unknown_to_hub(error):
            raise
        raise NotAvailable(str(error)) from error
    if at:
        check_weights(source, at)
    elif not any(Path(source).glob("*.safetensors")):
        raise XnerError(f"{name} holds no weights as safetensors, and no others are loaded. Convert them.")


def _corpus(name: str, split: str | None) -> None:
    if files := local_files(name):
        if lacking := [str(path) for path in files if not path.is_file()]:
            raise XnerError(f"there is no file {' or '.join(lacking)}.")
    elif not Path(name).exists():
        _on_hub(name, split)


def _treebank(name: str, _: str | None) -> None:
    if Path(name).suffix == ".conllu":
        if not Path(name).is_file():
            raise XnerError(f"there is no file {name}.")
        return
    if _splits(name) != ["test"]:  # a treebank of one split is cut in two where it is read
        _on_hub(name, "train")


def _twin(gold: str, _: str | None) -> None:
    if has_translations(gold):
        return
    corpus, _, config = gold.partition(":")
    problem = (
        f"the arm gold is trained on sentences with gold labels and a human translation; {gold} has none "
        "here. Restrict the arm with languages."
    )
    if corpus == intrinsic.GOLD:
        try:
            splits_of(intrinsic.TRANSLATIONS, config)
        except NotAvailable as error:
            raise NotAvailable(f"{problem} {error}") from error
    raise XnerError(problem)


def _on_hub(name: str, split: str | None) -> None:
    corpus, _, config = name.partition(":")
    found = _splits(name)
    if not found:
        problem = f"{corpus} has no configuration {config!r} here."
        if name in _known_corpora():
            raise NotAvailable(f"{problem} The language table knows it.")
        raise XnerError(f"{problem} The language table does not know it either.")
    if split and split not in found:
        problem = f"{name} has no split {split!r} here; it has {', '.join(found)}."
        raise NotAvailable(problem) if mirror() and split in _SPLITS else XnerError(problem)


def _splits(name: str) -> list[str]:
    corpus, _, config = name.partition(":")
    if not REPO_ID.fullmatch(corpus):
        raise XnerError(f"{name!r} is neither a file or folder here nor of the form org/name:config.")
    try:
        return splits_of(corpus, config)
    except NotAvailable as error:
        knows = "knows" if name in _known_corpora() else "does not know"
        fault = NotAvailable(f"{error} The language table {knows} {name}.")
        fault.__cause__ = error.__cause__
        raise _worse(fault, "datasets", corpus) from error


def _known_corpora() -> set[str]:
    found: set[str] = set()
    for one in languages():
        found |= {*one.gold, *one.treebanks, *one.parallel, *one.labelled_translations, one.text or ""}
    return found


def _worse(error: NotAvailable, kind: str, name: str) -> XnerError:
    """Return the error as one that says `name` to be wrong, where it must be: the Hub knows no such thing, or it is
    a sign or two from what the mirror has, and the language table does not know it either."""
    from rapidfuzz.distance import OSA

    root = mirror()
    here = [f"{path.parent.name}/{path.name}" for path in (root / kind).glob("*/*")] if root else []
    near = any(OSA.distance(name, one) <= _MISTYPED for one in here)
    known = {one.partition(":")[0] for one in _known_corpora()}
    return XnerError(str(error)) if (near and name not in known) or _unknown_to_hub(error) else error


def _unknown_to_hub(error: BaseException | None) -> bool:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    while error is not None:
        if isinstance(error, RepositoryNotFoundError | RevisionNotFoundError):
            return not isinstance(error, GatedRepoError)
        error = error.__cause__
    return False
