"""One arm of a study file, and the small checks that all its parts share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from xner_hf.errors import XnerError, nearest
from xner_hf.settings import check_settings
from xner_hf.study.parts import GOLD, IDLE_TRAINING, OWN_TRAINING, STUDY_ARMS, TREES, Budget, StudyArm
from xner_hf.training.config import TrainingConfig, training_config

_NAME = re.compile(r"[\w+.@=-]+")
_BUDGET = tuple(one.name for one in fields(Budget) if one.name not in ("hours", "note"))
_TRAINING = tuple(one.name for one in fields(TrainingConfig) if one.name not in (*OWN_TRAINING, *IDLE_TRAINING))
_KEYS = ("arm", "trees", "seeds", "languages", "noise", *_BUDGET, *_TRAINING)
_WEIGHTS = "loss.weights."


def read_arm(
    name: Any,
    own: Any,
    budget: Budget,
    training: Mapping[str, Any],
    seeds: Sequence[int],
    languages: Sequence[str],
) -> StudyArm:
    """Return an arm from its entry in a study file.

    Args:
        name: what the study calls it.
        own: its settings.
        budget: of the study.
        training: settings of `TrainingConfig` of the study, `flat`.
        seeds: of the study.
        languages: names of all languages of the study.

    Raises:
        XnerError: a key or value is wrong; the message does not name the arm.
    """
    check_label(name)
    own = flat(plain_mapping(own, "it"))
    for key in own:
        if key not in _KEYS and not str(key).startswith("loss."):
            raise XnerError(f"it has no key {key!r}.{nearest(str(key), list(_KEYS))} It has: {', '.join(_KEYS)}.")
    arm = str(own.get("arm", name))
    if arm not in STUDY_ARMS:
        hint = "" if "arm" in own else " Say with the key 'arm' which one it is."
        raise XnerError(
            f"there is no arm {arm!r}.{nearest(arm, list(STUDY_ARMS))}{hint} There is "
            f"{', '.join(one for one in STUDY_ARMS if not one.endswith('+parse'))}, each also with +parse."
        )
    trees = _trees(str(own.get("trees", "source" if arm.endswith("+parse") else "none")), arm)
    changed = {key: own[key] for key in _BUDGET if key in own}
    if trees == "none" and {"tree_share", "tree_sentences"} & set(changed):
        raise XnerError("it has no trees, so it ignores tree_share and tree_sentences. Leave them out.")
    check_settings({**asdict(budget), **changed}, Budget, "budget")
    noise = own.get("noise", 0.0)
    if isinstance(noise, bool) or not isinstance(noise, int | float) or not 0 <= noise <= 1:
        raise XnerError(f"noise is {noise!r}; it is a share of the labels, from 0 to 1.")
    if noise and not arm.startswith(GOLD):
        raise XnerError("noise corrupts gold labels, which only the arm gold uses. Leave it out.")
    chosen = names_in(own["languages"], "languages") if "languages" in own else languages
    for one in chosen:
        if one not in languages:
            raise XnerError(f"the study has no language {one!r}.{nearest(one, list(languages))}")
    return StudyArm(
        name=name,
        arm=arm,
        trees=trees,
        seeds=seeds_in(own["seeds"]) if "seeds" in own else tuple(seeds),
        languages=tuple(chosen),
        budget=Budget(**{**asdict(budget), **changed}),
        training=training_in({**training, **{k: v for k, v in own.items() if k.partition(".")[0] in _TRAINING}}),
        noise=float(noise),
    )


def training_in(settings: Mapping[str, Any]) -> TrainingConfig:
    """Return the settings of training that a study or an arm has, given `flat`.

    Raises:
        XnerError: one is unknown, has a wrong value, or is not for ``training``.
    """
    for key in settings:
        if key in OWN_TRAINING:
            place = {"backbone": "backbones", "seed": "seeds"}.get(key, "budget")
            raise XnerError(f"training: {key} belongs in {place}. Move it there.")
        if key in IDLE_TRAINING:
            raise XnerError(f"training: a study does not set {key}: {IDLE_TRAINING[key]}. Leave it out.")
    if f"{_WEIGHTS}soft_parsing" in settings:
        raise XnerError("training: no arm of a study has the loss soft_parsing. Leave its weight out.")
    return flat_config(settings)


def flat_config(settings: Mapping[str, Any]) -> TrainingConfig:
    """Return a `TrainingConfig` from `flat` settings.

    Raises:
        XnerError: one is unknown or has a wrong value.
    """
    weights = {key: value for key, value in settings.items() if str(key).startswith(_WEIGHTS)}
    table = {key: value for key, value in settings.items() if key not in weights}
    if weights:
        table["loss.weights"] = {key.removeprefix(_WEIGHTS): value for key, value in weights.items()}
    return training_config(table)


def flat(settings: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return settings with those of the losses dotted, so that an arm changes one weight and keeps the others."""
    found: dict[Any, Any] = {}
    for key, value in settings.items():
        if key in ("loss", "loss.weights") and isinstance(value, Mapping):
            found |= flat({f"{key}.{one}": inner for one, inner in value.items()})
        else:
            found[key] = value
    return found


def plain_mapping(value: Any, where: str) -> dict[Any, Any]:
    """Return a section of a study file, empty where there is none.

    Raises:
        XnerError: it is no mapping.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise XnerError(f"{where} is {value!r}; it is a mapping of settings.")
    return dict(value)


def names_in(value: Any, where: str) -> tuple[str, ...]:
    """Return a list of names.

    Raises:
        XnerError: it is none, is empty, or has a name twice.
    """
    fits = isinstance(value, list) and value and all(isinstance(one, str) and one for one in value)
    if not fits or len(set(value)) < len(value):
        raise XnerError(f"{where} is {value!r}; it is a list of different names.")
    return tuple(value)


def seeds_in(value: Any) -> tuple[int, ...]:
    """Return a list of seeds.

    Raises:
        XnerError: it is none, is empty, or has a seed twice.
    """
    fits = isinstance(value, list) and value and all(type(one) is int and one >= 0 for one in value)
    if not fits or len(set(value)) < len(value):
        raise XnerError(f"seeds is {value!r}; it is a list of different whole numbers from 0.")
    return tuple(value)


def check_label(name: Any) -> str:
    """Return the name of an arm or language, which stands in the names of files.

    Raises:
        XnerError: it is no text, or has signs that a file should not have.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise XnerError(f"the name {name!r} has other signs than letters, digits and + - . = @ _; give another.")
    return name


def _trees(trees: str, arm: str) -> str:
    if trees not in TREES:
        raise XnerError(f"trees is {trees!r}.{nearest(trees, list(TREES))} It is one of {', '.join(TREES)}.")
    parses, learnt = arm.endswith("+parse"), trees not in ("none", "text")
    if parses and not learnt:
        raise XnerError(f"{arm} needs trees, but trees is {trees!r}. Give trees, or the arm without +parse.")
    if learnt and not parses:
        raise XnerError(f"{arm} ignores trees, but trees is {trees!r}. Give {arm}+parse, or leave trees out.")
    return trees
