"""What is wrong with a card, found without asking the Hub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from numbers import Real
from typing import Any

from xner_hf.errors import nearest
from xner_hf.publish.licence_table import hub_licences
from xner_hf.settings import load_yaml

_CREATORS = ("found", "crowdsourced", "expert-generated", "machine-generated", "no-annotation", "other")
_LINGUALITIES = ("monolingual", "multilingual", "translation", "other")
_SIZES = (
    *("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B"),
    *("10B<n<100B", "100B<n<1T", "n>1T", "unknown"),
)
_LICENCE_NAME = re.compile(r"[a-z0-9][a-z0-9._+-]*")
_LICENCE_LINK = re.compile(r"LICEN[CS]E(\.md|\.txt)?|https?://\S+")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_SPLIT = re.compile(r"\w+(\.\w+)*")
_REPO = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*")
_TEXTS = ("pretty_name", "library_name", "pipeline_tag", "license_name", "license_link")
_LISTS = ("tags", "task_categories", "task_ids", "source_datasets", "datasets", "metrics", "base_model", "language")


def card_problems(text: str, repo_type: str) -> list[str]:
    """Return what is wrong with the card of a repository; nothing where it is valid.

    The metadata are held against `huggingface_hub`'s card classes and the documentation of the Hub: that they can be
    read, licence, languages, configurations and features of a data set, the model index of a model.

    Args:
        text: the README.md.
        repo_type: ``dataset`` or ``model``.
    """
    try:
        data = _metadata(text)
    except ValueError as error:
        return [str(error)]
    problems = [*_sections(text), *_texts(data), *_licence(data), *_languages(data)]
    problems += _dataset(data) if repo_type == "dataset" else _model(data)
    return problems


def _metadata(text: str) -> dict[str, Any]:
    import yaml
    from huggingface_hub.repocard import REGEX_YAML_BLOCK

    found = REGEX_YAML_BLOCK.match(text)
    if not found:
        raise ValueError("the card has no metadata between two lines of ---.")
    try:
        data = load_yaml(found[2])
    except yaml.YAMLError as error:
        raise ValueError(f"the metadata are not YAML: {error}") from error
    if not isinstance(data, dict):
        raise ValueError("the metadata are not a mapping of keys to values.")
    if odd := [key for key in data if not isinstance(key, str)]:
        raise ValueError(f"the metadata have the key {odd[0]!r}, which is not text; quote it.")
    return data


def _sections(text: str) -> Iterator[str]:
    marks = re.findall(r"<!-- (/?)xner:([a-z-]+) -->", text)
    opened = [name for _, name in marks[::2]]
    if marks != [mark for name in opened for mark in (("", name), ("/", name))] or len(set(opened)) < len(opened):
        shown = " ".join(f"{slash}{name}" for slash, name in marks)
        yield f"the marks of our sections are not opened and closed once each, one after the other: {shown}."


def _texts(data: Mapping[str, Any]) -> Iterator[str]:
    for key in _TEXTS:
        if key in data and not (isinstance(data[key], str) and data[key].strip()):
            yield f"{key} is {data[key]!r}; it is a text."
    for key in _LISTS:
        values = _listed(data.get(key))
        if wrong := [one for one in values if not (isinstance(one, str) and one.strip())]:
            yield f"{key} holds {wrong[0]!r}, which is not text; quote it."
        elif len(set(values)) < len(values):
            yield f"{key} holds an entry twice."


def _licence(data: Mapping[str, Any]) -> Iterator[str]:
    licences = _listed(data.get("license"))
    if not licences:
        yield "there is no license."
    for licence in licences:
        if licence not in hub_licences():
            yield f"the license {licence!r} is unknown to the Hub.{nearest(licence, hub_licences())}"
    if "unknown" in licences:
        yield "the license is 'unknown': its terms are not settled, so it must not be published."
    named = [key for key in ("license_name", "license_link") if data.get(key)]
    if "other" in licences:
        if len(named) < 2:
            yield "the license is 'other', which needs license_name and license_link."
        if data.get("license_name") and not _LICENCE_NAME.fullmatch(str(data["license_name"])):
            yield f"license_name is {data['license_name']!r}; it is one word in lower case, such as research-only."
        if data.get("license_link") and not _LICENCE_LINK.fullmatch(str(data["license_link"])):
            yield f"license_link is {data['license_link']!r}; it is a URL, or the file LICENSE or LICENSE.md."
    elif named:
        yield f"{named[0]} belongs to the license 'other' alone."


def _languages(data: Mapping[str, Any]) -> Iterator[str]:
    import langcodes

    for code in _listed(data.get("language")):
        if code in ("code", "multilingual") or not isinstance(code, str):
            continue
        if not _LANGUAGE.fullmatch(code) or not langcodes.Language.get(code).is_valid():
            yield f"the language {code!r} is not an ISO 639 code in lower case, such as ha or pcm."


def _dataset(data: Mapping[str, Any]) -> Iterator[str]:
    from huggingface_hub import DatasetCardData

    DatasetCardData(**data)
    for key, known in (
        ("annotations_creators", _CREATORS),
        ("language_creators", _CREATORS),
        ("multilinguality", _LINGUALITIES),
        ("size_categories", _SIZES),
    ):
        for one in _listed(data.get(key)):
            if one not in known:
                yield f"{key} is {one!r}; known are {', '.join(known)}."
    if not data.get("task_categories"):
        yield "there are no task_categories."
    configs = data.get("configs")
    if not isinstance(configs, list) or not configs:
        yield "there are no configs, so that the Hub would guess what the files are."
        configs = []
    names = [one.get("config_name") if isinstance(one, Mapping) else None for one in configs]
    for number, (name, one) in enumerate(zip(names, configs, strict=True)):
        if not isinstance(name, str) or not name:
            yield f"configs[{number}] has no config_name."
        elif names.index(name) < number:
            yield f"the config {name!r} stands twice."
        elif problem := _data_files(one.get("data_files")):
            yield f"the config {name!r} {problem}"
    yield from _infos(data.get("dataset_info"), names)


def _data_files(files: Any) -> str | None:
    """Return what is wrong with the data_files of a config, as `datasets` reads them."""
    if not files:
        return "has no data_files."
    if isinstance(files, str):
        return None
    if not isinstance(files, list):
        return f"has the data_files {files!r}; they are a list of splits with their paths."
    splits = []
    for one in files:
        if isinstance(one, str):
            continue
        if not isinstance(one, Mapping) or set(one) != {"split", "path"} or not isinstance(one["path"], (str, list)):
            return f"has the data_files {one!r}; each has split and path."
        if not _SPLIT.fullmatch(str(one["split"])):
            return f"has a split {one['split']!r}; its name is of letters, digits and underscores."
        splits.append(one["split"])
    return "has a split twice." if len(set(splits)) < len(splits) else None


def _infos(infos: Any, configs: list[Any]) -> Iterator[str]:
    entries = infos if isinstance(infos, list) else [infos] if infos else []
    for one in entries:
        if not isinstance(one, Mapping):
            yield f"dataset_info holds {one!r}, which is not a mapping."
            continue
        name = one.get("config_name", "default")
        if name not in configs:
            yield f"dataset_info tells of the config {name!r}, which is not in configs."
        for split in one.get("splits") or ():
            counts = (
                [split.get(key) for key in ("num_bytes", "num_examples")] if isinstance(split, Mapping) else [None]
            )
            if not all(isinstance(count, int) and count >= 0 for count in counts):
                yield f"dataset_info of {name!r}: the split {split!r} has no counts of bytes and examples."
        features = one.get("features")
        if features is not None and not (
            isinstance(features, list)
            and all(isinstance(feature, Mapping) and feature.get("name") for feature in features)
        ):
            yield f"dataset_info of {name!r}: the features are not a list of columns with names."


def _model(data: Mapping[str, Any]) -> Iterator[str]:
    from huggingface_hub import ModelCardData

    try:
        card = ModelCardData(**data)
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        yield f"the model-index cannot be read: {error}"
        return
    for key in ("base_model", "datasets"):
        for one in _listed(data.get(key)):
            if isinstance(one, str) and not _REPO.fullmatch(one):
                yield f"{key} is {one!r}, which is not an id on the Hub."
    for one in card.eval_results or ():
        for key in ("task_type", "dataset_type", "dataset_name", "metric_type"):
            if not isinstance(getattr(one, key), str):
                yield f"the model-index has a result whose {key} is {getattr(one, key)!r}; it is a text."
        value = one.metric_value
        if isinstance(value, Real) and not isfinite(value):
            yield f"the model-index has a {one.metric_type} of {value}, which is not a number."
        elif not isinstance(value, (Real, str, Mapping, list)):
            yield f"the model-index has a {one.metric_type} without a value."
    emissions = data.get("co2_eq_emissions")
    if isinstance(emissions, Mapping):
        emissions = emissions.get("emissions")
    if "co2_eq_emissions" in data and not isinstance(emissions, Real):
        yield f"co2_eq_emissions are {emissions!r}; they are grams of CO2."


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]
