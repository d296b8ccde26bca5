"""The check of the metadata at the head of README.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import yaml

from .messages import Reply, Request, Route
from .repos import CARD

if TYPE_CHECKING:
    from .state import Hub

_LICENCES = """
apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc
cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0
cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0
cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1
eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by odbl
openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license llama2 llama3
llama3.1 llama3.2 llama3.3 llama4 gemma h-research intel-research apple-ascl apple-amlr unknown other
"""

LICENCES = frozenset(_LICENCES.split())
"""Licences that the Hub knows: https://huggingface.co/docs/hub/repositories-licenses."""

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*|multilingual|code")

LISTS = ("tags", "configs", "model-index", "source_datasets", "task_ids", "size_categories")


def problems(content: str, repo_type: str) -> tuple[list[str], list[str]]:
    """Return what is wrong with a card, and what might be better.

    Args:
        content: text of README.md.
        repo_type: ``model``, ``dataset`` or ``space``.
    """
    found = CARD.match(content)
    if not found:
        return [], ["empty or missing yaml metadata in repo card"]
    try:
        metadata = yaml.safe_load(found["metadata"]) or {}
    except yaml.YAMLError as error:
        return [f"YAML metadata error: {' '.join(str(error).split())}"], []
    if not isinstance(metadata, dict):
        return ["YAML metadata error: the metadata must be names with values"], []
    errors = [*_terms(metadata), *_lists(metadata)]
    if repo_type == "dataset":
        errors += _configs(metadata)
    if repo_type == "model":
        errors += _results(metadata)
    return errors, []


def _terms(metadata: dict[str, Any]) -> Iterator[str]:
    for licence in _listed(metadata.get("license")):
        if licence not in LICENCES:
            yield f'"license" must be one of [{", ".join(sorted(LICENCES))}], not {licence!r}'
    for language in _listed(metadata.get("language")):
        # YAML reads Norwegian (no) as a truth value, which the Hub refuses too.
        if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
            yield f'"language" must be a code of ISO 639-1, 639-2 or 639-3, multilingual or code, not {language!r}'


def _lists(metadata: dict[str, Any]) -> Iterator[str]:
    for name in LISTS:
        value = metadata.get(name)
        if value is not None and not isinstance(value, list):
            yield f'"{name}" must be an array'
    for tag in metadata.get("tags") if isinstance(metadata.get("tags"), list) else []:
        if not isinstance(tag, str):
            yield f'"tags" must be strings, not {tag!r}'


def _configs(metadata: dict[str, Any]) -> Iterator[str]:
    configs = metadata.get("configs")
    for i, config in enumerate(configs if isinstance(configs, list) else []):
        if not isinstance(config, dict) or not isinstance(config.get("config_name"), str):
            yield f'"configs[{i}].config_name" is required and must be a string'
            continue
        for j, files in enumerate(_listed(config.get("data_files"))):
            if isinstance(files, dict) and not {"split", "path"} <= files.keys():
                yield f'"configs[{i}].data_files[{j}]" must have a split and a path'
    info = metadata.get("dataset_info")
    for i, one in enumerate(_listed(info)):
        if not isinstance(one, dict):
            yield f'"dataset_info[{i}]" must be an object'


def _results(metadata: dict[str, Any]) -> Iterator[str]:
    index = metadata.get("model-index")
    for i, model in enumerate(index if isinstance(index, list) else []):
        name = f"model-index[{i}]"
        if not isinstance(model, dict) or not isinstance(model.get("name"), str):
            yield f'"{name}.name" is required and must be a string'
            continue
        results = model.get("results")
        if not isinstance(results, list):
            yield f'"{name}.results" is required and must be an array'
            continue
        for j, result in enumerate(results):
            yield from _result(f"{name}.results[{j}]", result)


def _result(name: str, result: Any) -> Iterator[str]:
    if not isinstance(result, dict):
        yield f'"{name}" must be an object'
        return
    for part, keys in (("task", ("type",)), ("dataset", ("type", "name"))):
        value = result.get(part)
        for key in keys:
            if not isinstance(value, dict) or not isinstance(value.get(key), str):
                yield f'"{name}.{part}.{key}" is required and must be a string'
    metrics = result.get("metrics")
    if not isinstance(metrics, list) or not all(
        isinstance(one, dict) and {"type", "value"} <= {*one} for one in metrics
    ):
        yield f'"{name}.metrics" is required and must be an array of objects with a type and a value'


def _keys(value: Any) -> list[Any]:
    return list(value) if isinstance(value, dict) else []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def validate(hub: Hub, request: Request) -> Reply:
    """Check a card for the client, in JSON or, where it asks for text/plain, as lines."""
    asked = request.json()
    errors, warnings = problems(asked["content"], asked.get("repoType") or "model")
    status = 400 if errors else 200
    if request.headers.get("accept") == "text/plain":
        lines = [*(f"- Error: {one}" for one in errors), *(f"- Warning: {one}" for one in warnings)]
        return Reply("\n".join(lines).encode(), status, {"Content-Type": "text/plain; charset=utf-8"})
    answer = {"errors": [{"message": one} for one in errors], "warnings": [{"message": one} for one in warnings]}
    return Reply.of(answer, status)


ROUTES = [Route("POST", "/api/validate-yaml", validate)]
