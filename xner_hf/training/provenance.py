"""The inputs of a student: models and corpora with revisions and licences, for ``training.json``."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from xner_hf.corpora.hub import model_source
from xner_hf.corpora.labelled import hub_split, is_build
from xner_hf.errors import HubFault, NotAvailable, XnerError
from xner_hf.languages import corpus_entry, model_entry
from xner_hf.pipeline.build import read_build
from xner_hf.pipeline.inputs import model_digest
from xner_hf.training.soft_labels import SoftSource

FROM_SCRATCH = "from scratch"
"""Names the backbone of a student whose encoder has random weights."""

_FACTS = ("training.json", "backbone.json")
"""File of one of our models that lists its inputs."""

_ROLES = {"corpora": "corpus", "text": "text", "trees": "treebank"}


def training_inputs(
    backbone: str, data: Mapping[str, Any], sources: Mapping[int, SoftSource] | None = None
) -> dict[str, Any]:
    """Return all inputs of a student, for its ``training.json``.

    Args:
        backbone: encoder that the training starts from.
        data: ``corpora``, ``text`` and ``trees`` that it learns from, as `make_plan` names them; and ``builds``, what
            ``build.json`` would say of builds that lie in no folder, with ``name``.
        sources: its teachers and parsers.

    Returns:
        ``inputs``: name, role, revision, licence and class of every model and corpus, and whether it lies on this
        machine; of builds those of their own inputs. ``builds``: their ``build.json``, without the times of stages.
        ``teachers``: with their mean weights.
    """
    inputs: list[dict[str, Any]] = []
    builds: list[dict[str, Any]] = []
    if backbone != FROM_SCRATCH:
        inputs += _model(backbone, None, "backbone")
    named = [(role, one) for key, role in _ROLES.items() for one in data.get(key) or ()]
    loose = data.get("builds") or ()
    if not named and not loose:
        inputs.append(_entry("training data", "corpus", None, "unknown", "unknown"))
    for role, reference in named:
        if is_build(Path(reference)):
            facts = read_build(Path(reference))
            builds.append({"name": public_name(reference), **{k: v for k, v in facts.items() if k != "stages"}})
            inputs += _of_build(facts)
        else:
            inputs.append(_corpus(reference, role))
    for facts in loose:
        builds.append(dict(facts))
        inputs += _of_build(facts)
    teachers = []
    for source in (sources or {}).values():
        for model, revision, weight in _teachers(source):
            teachers.append({"model": public_name(model), "revision": revision, "weight": weight})
            inputs += _model(model, revision, "teacher")
        if source.parser is not None:
            parser = getattr(source.parser, "model", "unnamed parser")
            inputs += _model(parser, getattr(source.parser, "revision", None), "parser")
    if data.get("parser") and not any(one["role"] == "parser" for one in inputs):
        inputs += _model(data["parser"], None, "parser")
    return {"inputs": _each_once(inputs), "builds": _each_once(builds), "teachers": _each_once(teachers)}


def _of_build(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    of = f"build {facts['language']}"
    licences = facts.get("licences") or [{"name": of, "licence": "unknown", "licence_class": "unknown"}]
    return [_entry(one["name"], of, None, one["licence"], one["licence_class"]) for one in licences]


def _entry(name: str, role: str, revision: str | None, licence: str, licence_class: str) -> dict[str, Any]:
    return {
        "name": public_name(name),
        "role": role,
        "revision": revision,
        "licence": licence,
        "licence_class": licence_class,
        "local": Path(name).exists(),
    }


def _corpus(reference: str, role: str) -> dict[str, Any]:
    corpus, _, rest = reference.partition(":")
    config, _, split = rest.partition("/")
    if Path(reference).exists():
        return _entry(reference, role, None, "unknown", "unknown")
    commit = corpus_commit(f"{corpus}:{config}" if config else corpus, split or "train")
    try:
        entry = corpus_entry(corpus, config or None)
    except XnerError:  # not in the table, so its licence is not known
        return _entry(reference, role, commit, "unknown", "unknown")
    return _entry(reference, role, commit, entry.licence, entry.licence_class)


def _model(model: str, revision: str | None, role: str) -> list[dict[str, Any]]:
    """Return a model; for one of our students or backbones also its inputs, whose terms it has."""
    own = next((file for name in _FACTS if (file := Path(model) / name).is_file()), None)
    made_from = json.loads(own.read_text(encoding="utf-8")).get("inputs") if own else None
    if made_from:
        return [{**one, "role": f"{role} {public_name(model)}"} for one in made_from]
    entry = model_entry(model)
    return [_entry(model, role, _model_commit(model, revision), entry.licence, entry.licence_class)]


def _model_commit(model: str, revision: str | None) -> str | None:
    """Return the commit of a model on the Hub; for a folder, which has none, the requested revision."""
    try:
        return revision if Path(model_source(model, revision)[0]).is_dir() else model_digest(model, revision)
    except NotAvailable:
        return revision


def corpus_commit(reference: str, split: str) -> str | None:
    """Return the commit on the Hub that a split of ``org/name[:config]`` was read at; None for files and mirrors."""
    try:
        files = hub_split(reference, split).files()
    except HubFault:
        raise
    except XnerError:
        return None
    return next((commit for file in files if (commit := getattr(file, "commit", None))), None)


def _teachers(source: SoftSource) -> Iterator[tuple[str, str | None, float]]:
    teacher = source.teacher
    if teacher is None:
        return
    several: Sequence[Any] = getattr(teacher, "teachers", [teacher])
    weights = [1.0]
    if hasattr(teacher, "teachers"):
        weights = teacher.weights(list(source.sentences[:100])).mean(0).tolist()
    for one, weight in zip(several, weights, strict=True):
        name = getattr(one, "model", "unnamed teacher")
        yield name, getattr(one, "revision", None), round(float(weight), 4)


def _each_once(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in entries:
        if one not in found:
            found.append(one)
    return found


def command_line() -> str:
    """Return the command line of this process, with paths of this machine cut to their last part."""
    return shlex.join(["xner", *("=".join(map(public_name, word.split("="))) for word in sys.argv[1:])])


def without_paths(value: Any) -> Any:
    """Return plain values with every text made public by `public_name`."""
    if isinstance(value, str):
        return public_name(value)
    if isinstance(value, Mapping):
        return {key: without_paths(inner) for key, inner in value.items()}
    return [without_paths(inner) for inner in value] if isinstance(value, list | tuple) else value


def public_name(reference: str) -> str:
    """Return the public name of a corpus, model or file: ids unchanged, only the last part of local paths."""
    return ",".join(_last_part(one) for one in reference.split(","))


def _last_part(reference: str) -> str:
    for path in (PurePosixPath(reference), PureWindowsPath(reference)):
        if path.is_absolute() or reference.startswith("~") or ".." in path.parts:
            return path.name
    return reference
