"""The card of a student, from the ``training.json``, ``scores.json`` and ``config.json`` beside its weights."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.pipeline.store import write_text
from xner_hf.publish import Refused, citations
from xner_hf.publish import model_text as text
from xner_hf.publish.dataset_text import recipes_of
from xner_hf.publish.licences import Terms, terms_of
from xner_hf.publish.merge import merge_cards
from xner_hf.publish.provenance import inputs_table, origin, settings_table
from xner_hf.publish.scores import read_scores, score_tables
from xner_hf.publish.templates import hub_language, is_repo_id, language_name, plain, render

_PRIMARY = {"f1": "F1 (strict)", "las": "LAS", "uas": "UAS"}


def write_model_card(folder: Path) -> Path:
    """Write the README.md of a student beside its weights, merged into the one that is there; return the file.

    The card shows terms that forbid publishing.

    Raises:
        XnerError: the folder holds no student of ours, or the card that is there is damaged.
    """
    path = folder / "README.md"
    old = path.read_text(encoding="utf-8") if path.is_file() else None
    write_text(path, merge_cards(old, model_card(folder)))
    return path


def model_card(folder: Path, repo: str | None = None, licence_override: Mapping[str, str] | None = None) -> str:
    """Return the README.md of a student.

    Args:
        folder: where it lies.
        repo: ``organisation/name`` that it is published to. Without one the card is for the folder itself, and tells
            of terms that are not known or cannot be combined instead of refusing them.
        licence_override: ``licence`` and ``reason`` of a person who decided on the terms.

    Raises:
        Refused: its terms are not known or cannot be combined, and there is a `repo`.
        XnerError: the folder holds no student of ours.
    """
    from huggingface_hub import ModelCard

    training, config = _read(folder, "training.json"), _read(folder, "config.json")
    scores = read_scores(folder)
    code_of = text.language_of(training)
    name = language_name(code_of) if code_of else None
    parser = "parsing" in (config.get("tasks") or ())
    terms: Terms | None = None
    refused = ""
    try:
        terms = terms_of(training.get("inputs") or (), licence_override, passes_text=False)
    except Refused as error:
        if repo is not None:
            raise
        refused = str(error)
    data = _metadata(repo or folder.resolve().name, code_of, training, scores, terms, parser)
    builds = training.get("builds") or []
    papers = set().union(
        *(citations.of_build(build) for build in builds),
        citations.of_names(one["name"] for one in training.get("inputs") or ()),
        {"wu-etal-2020"} if "distill" in text.arm_of(training) else set(),
        {"dozat-manning-2017"} if parser else set(),
    )
    return render(
        ModelCard,
        data,
        "model.md.j2",
        repo=repo or folder.resolve().name,
        name=name,
        **text.training_facts(training, name),
        overview=text.overview(training, name, scores, terms),
        parser=parser,
        labels=text.labels_list(config, parser),
        scores=score_tables(scores) if scores else "",
        data=text.data_tables(training),
        teachers=text.teachers_table(training),
        run=text.run_table(training),
        settings=settings_table(training["settings"]),
        inputs=text.inputs_list(training),
        builds=[
            {
                "name": plain(build["name"]),
                "origin": origin(
                    build, build.get("command") or f"xner build {build['language']} --recipe RECIPE.yaml"
                ),
                "inputs": inputs_table(build),
                "settings": settings_table(build["recipe"]),
            }
            for build in builds
        ],
        terms=terms,
        refused=refused,
        bibtex=citations.bibtex(papers, text.version_of(training)),
    )


def _read(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise XnerError(f"{path} cannot be read: {error}. Train a student with `xner train`.") from error
    if not isinstance(found, dict) or (name == "training.json" and not {"settings", "sentences"} <= set(found)):
        raise XnerError(f"{path} was not written by `xner train`. Train the student again.")
    return found


# Metadata


def _metadata(
    repo: str,
    code_of: str | None,
    training: Mapping[str, Any],
    scores: Sequence[Mapping[str, Any]],
    terms: Terms | None,
    parser: bool,
) -> Any:
    from huggingface_hub import ModelCardData

    inputs = [one for one in training.get("inputs") or () if not one.get("local")]
    corpora = [one["name"].partition(":")[0] for one in inputs if one["role"] in ("corpus", "text", "treebank")]
    recipes = [recipe for build in training.get("builds") or () for recipe in recipes_of(build["recipe"])]
    datasets = dict.fromkeys([*corpora, *(recipe["text"]["corpus"] for recipe in recipes)])
    backbones = [one["name"] for one in inputs if one["role"] == "backbone" and is_repo_id(one["name"])]
    arm = text.arm_of(training)
    tags = ["xner", "named-entity-recognition", "cross-lingual"]
    tags += ["annotation-projection"] if "projected" in arm else []
    tags += ["knowledge-distillation"] if "distill" in arm else []
    tags += ["dependency-parsing"] if parser else []
    results = _index(scores)
    emissions = _emissions(training)
    return ModelCardData(
        language=[hub_language(code_of)] if code_of else None,
        **(terms.metadata() if terms else {"license": "unknown"}),
        library_name="transformers",
        pipeline_tag="token-classification",
        base_model=backbones[0] if backbones else None,
        datasets=[name for name in datasets if is_repo_id(name)] or None,
        metrics=list(dict.fromkeys(one["metric"] for one in scores)) or None,
        tags=tags,
        model_name=repo.rpartition("/")[2] if results else None,
        eval_results=results or None,
        **({"co2_eq_emissions": emissions} if emissions else {}),
    )


def _index(scores: Iterable[Mapping[str, Any]]) -> list[Any]:
    from huggingface_hub import EvalResult

    found = []
    for one in scores:
        if not is_repo_id(one["dataset"]):
            continue  # a file of the user's, which nobody else can look up
        args = {"command": one.get("command"), "convention": one.get("convention")}
        interval = {
            "low": one.get("low"),
            "high": one.get("high"),
            "level": 0.95,
            "method": "bootstrap over sentences",
        }
        named = [(one["metric"], one["value"], interval if one.get("low") is not None else {})]
        named += [(key, one[key], {}) for key in ("precision", "recall") if one.get(key) is not None]
        found += [
            EvalResult(
                task_type="token-classification",
                task_name="Dependency parsing" if one["task"] == "parsing" else "Named entity recognition",
                dataset_type=one["dataset"],
                dataset_name=f"{one['dataset']} {one.get('config') or ''}".strip(),
                dataset_config=one.get("config"),
                dataset_split=one["split"],
                dataset_revision=one.get("revision"),
                metric_type=metric,
                metric_name=_PRIMARY.get(metric, metric),
                metric_value=round(value, 4),
                metric_args={**args, **{k: round(v, 4) if isinstance(v, float) else v for k, v in more.items()}},
            )
            for metric, value, more in named
        ]
    return found


def _emissions(training: Mapping[str, Any]) -> dict[str, Any] | None:
    run = training.get("run") or {}
    measured = run.get("emissions")
    if not measured:
        return None
    found = {"emissions": measured["grams"], "source": "codecarbon", "training_type": "fine-tuning"}
    found |= {"geographical_location": measured["place"]} if measured.get("place") else {}
    return {**found, "hardware_used": text.hardware(run)}
