"""What a study reads, looked up before anything is run: configurations of models, splits of corpora."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xner_hf.checkpoint import load_config, load_tokenizer
from xner_hf.corpora.hub import splits_of
from xner_hf.errors import NotAvailable, XnerError
from xner_hf.pipeline.licences import models
from xner_hf.study.grid import RunSpec, Study
from xner_hf.study.store import Store

TOKENS = 35
"""Sub-words of a sentence, for estimates: MasakhaNER2 has 25 to 50 with a multilingual vocabulary."""


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
        ``runs``: every run with ``done``; ``inputs``: every model and corpus with ``state`` (``ok``, ``missing``: it
        is not where this machine looks, ``wrong``: there is no such thing) and ``detail``; ``tokens``: sub-words that
        the missing runs train on, repetitions included; ``hours``.
    """
    done = {row["key"] for row in store.results() if row["status"] == "done"}
    wanted: dict[tuple[str, str], None] = {}
    recipes = {run.recipe().to_yaml(): run.recipe() for run in runs if run.settings["recipe"]}
    for run in runs:
        own = run.settings
        wanted[("model", own["backbone"])] = None
        wanted[("corpus", f"{own['gold']}/{own['split']}")] = None
        if own["recipe"]:
            wanted[("corpus", f"{own['gold']}/train")] = None
        for kind, name in (("model", own["teacher"]), ("corpus", own["source_labels"])):
            if name:
                wanted[(kind, name)] = None
        if own["tree_corpus"]:
            wanted[("corpus", f"{own['tree_corpus']}/train")] = None
    for recipe in recipes.values():
        for model in models(recipe):
            wanted[("model", model)] = None
        if recipe.text.corpus and recipe.text.config:
            wanted[("corpus", f"{recipe.text.corpus}:{recipe.text.config}")] = None
    left = [run for run in runs if run.key not in done]
    tokens = int(sum(run.cost for run in left) * TOKENS)
    return {
        "study": study.name,
        "runs": [
            {**{name: run.settings[name] for name in ("language", "label", "seed", "backbone")}, "key": run.key}
            | {"done": run.key in done}
            for run in runs
        ],
        "inputs": [{"kind": kind, "name": name, **_look(kind, name)} for kind, name in wanted],
        "tokens": tokens,
        "hours": round(tokens / tokens_per_second / 3600, 1) if tokens_per_second else None,
    }


def _look(kind: str, name: str) -> dict[str, str]:
    check: Callable[[str], None] = _model if kind == "model" else _corpus
    try:
        check(name)
    except NotAvailable as error:
        return {"state": "missing", "detail": str(error)}
    except XnerError as error:
        return {"state": "wrong", "detail": str(error)}
    return {"state": "ok", "detail": ""}


def _model(name: str) -> None:
    load_config(name)
    load_tokenizer(name)


def _corpus(name: str) -> None:
    corpus, _, rest = name.partition(":")
    config, _, split = rest.partition("/")
    found = splits_of(corpus, config)
    if not found:
        raise XnerError(f"{corpus} has no configuration {config!r}.")
    if split and split not in found:
        raise XnerError(f"{corpus}:{config} has no split {split!r}; it has {', '.join(found)}.")
