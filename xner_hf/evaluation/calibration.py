"""Calibration: the weights of fused matching for one language, fitted on the translated gold of other languages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from xner_hf.corpora.hub import CorpusSplit, configs_of, splits_of
from xner_hf.corpora.labelled import hub_split
from xner_hf.errors import XnerError
from xner_hf.evaluation.intrinsic import GOLD, TRANSLATIONS, need_translations, translated_gold
from xner_hf.languages import language as find_language
from xner_hf.languages import languages
from xner_hf.pipeline.inputs import sign
from xner_hf.pipeline.progress import Progress
from xner_hf.project.fitting import fit
from xner_hf.project.fused import FusedConfig
from xner_hf.recipe import AlignerConfig, ProjectorConfig, Recipe, make_recipe
from xner_hf.registry import FILES

SPLITS = ("train", "validation")
"""Splits of the gold that weights may be fitted on."""

LEAST = 100
"""A language is fitted on by default when its validation split has this many translated sentences."""

_FITTED = ("weights", "null_threshold", "fitted_on")


def translated_languages() -> dict[str, str]:
    """Return the gold, ``masakhane/masakhaner2:CONFIG``, of every language with human translations of it, by code.

    Raises:
        XnerError: the translations are not available.
    """
    need_translations()
    translated = configs_of(TRANSLATIONS)
    return {
        one.code: reference
        for one in languages()
        for reference in one.gold
        if reference.partition(":")[0] == GOLD and reference.partition(":")[2] in translated
    }


def well_translated() -> list[str]:
    """Return the codes of the languages with at least `LEAST` translated validation sentences, sorted.

    Raises:
        XnerError: the translations are not available.
    """
    return [code for code, gold in translated_languages().items() if _translated(gold, "validation") >= LEAST]


def calibrate(
    language: str,
    on: Sequence[str] | None = None,
    split: str = "validation",
    overrides: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    recipe: str | None = None,
) -> Recipe:
    """Return the recipe of a language with weights and null threshold of fused matching fitted on other languages.

    The languages that are fitted on are tagged by the tagger of their own source language, or by the one that
    `overrides` name, and aligned with the aligner of the recipe, trained on their own text.

    Args:
        language: code, alias or name of the language to fit for; none of its gold is read.
        on: languages to fit on; `well_translated` without `language` by default.
        split: split of their gold, one of `SPLITS`.
        overrides: keys of the recipe, as for `make_recipe`.
        progress: shows every language.
        recipe: name of the recipe, the default one of the language if None.

    Raises:
        XnerError: `on` names `language` or a language without translated gold, the split is held out, the settings
            do not fit, or an input is not available; all of that before anything is tagged.
    """
    target = find_language(language)
    codes = None if on is None else _others(on, target.code)
    if split not in SPLITS:
        raise XnerError(
            f"weights are fitted on the split {' or '.join(SPLITS)} of other languages' gold, not on {split!r}: test "
            "splits are kept for the scores that are reported, and weights fitted on them would have seen the answers."
        )
    own = _own_recipe(target.code, recipe, overrides or {})
    gold = _gold(codes, target.code, split)
    recipes = {code: _recipe_of(code, own, overrides or {}) for code in gold}
    for code, one in recipes.items():
        sign(one)  # names what is not available
        hub_split(gold[code], split)
    progress = progress or Progress()
    try:
        tell = progress.stage("languages", len(gold))
        groups = []
        for code, reference in gold.items():
            groups.append(translated_gold(recipes[code], reference, split).examples())
            tell(1)
        weights, threshold = fit(groups, FusedConfig(**own.projector.settings))
    finally:
        progress.finish()
    fitted = {
        "weights": weights,
        "null_threshold": threshold,
        "fitted_on": [f"{reference}:{split}" for reference in gold.values()],
    }
    return dataclasses.replace(own, projector=ProjectorConfig("fused", {**own.projector.settings, **fitted}))


def _translated(gold: str, split: str) -> int:
    config = gold.partition(":")[2]
    if split not in splits_of(TRANSLATIONS, config):
        return 0
    return sum(1 for _ in CorpusSplit(TRANSLATIONS, config, split).rows(["index"]))


def _others(on: Sequence[str], target: str) -> list[str]:
    """The codes of the languages in `on`, each once and none of them `target`."""
    codes: list[str] = []
    for name in on:
        code = find_language(name).code
        if code == target:
            raise XnerError(
                f"{name!r} is the language {target!r} that is calibrated; its own gold must not decide how it is "
                "projected, or scores on that gold would mean nothing. Fit on other languages only."
            )
        if code in codes:
            raise XnerError(f"the languages to fit on name {code!r} twice, the second time as {name!r}; name it once.")
        codes.append(code)
    if not codes:
        raise XnerError("there is no language to fit on; give one or more, or leave the choice out for all of them.")
    return codes


def _own_recipe(code: str, recipe: str | None, overrides: Mapping[str, Any]) -> Recipe:
    given = {key.partition(".")[2] for key in overrides if key.startswith("projector.")}
    if isinstance(section := overrides.get("projector"), Mapping):
        given |= set(section)
    for name in _FITTED:
        if name in given:
            raise XnerError(f"projector.{name} is what calibration finds out; leave it out.")
    own = make_recipe(code, recipe, overrides)
    if not own.projects:
        raise XnerError(f"the recipe {own.recipe!r} projects nothing, so there are no weights to fit.")
    if own.projector.method != "fused":
        raise XnerError(
            f"calibration fits the projector 'fused'; {own.projector.method!r} has no weights. Leave "
            "projector.method out."
        )
    for read in own.aligner.own.inputs():
        if read.kind == FILES:
            raise XnerError(
                f"aligner.model {read.name!r} was trained on one pair of languages, and calibration aligns several; "
                "leave it out, and an aligner is trained for each."
            )
    return own


def _gold(codes: list[str] | None, target: str, split: str) -> dict[str, str]:
    """The gold of every language to fit on, by code."""
    known = translated_languages()
    if codes is None:
        codes = [code for code in well_translated() if code != target]
        if not codes:
            raise XnerError(
                f"no language but {target!r} has {LEAST} translated validation sentences in {TRANSLATIONS}, so there "
                "is nothing to fit on; name the languages to take all the same (--on)."
            )
    for code in codes:
        if code not in known:
            raise XnerError(
                f"there is no translated gold of {find_language(code).name} ({code}), so nothing can be fitted on it. "
                f"{TRANSLATIONS} has: {', '.join(known)}."
            )
        if not _translated(known[code], split):
            raise XnerError(f"{TRANSLATIONS} has no sentence of the {split} split of {code}; leave {code} out.")
    return {code: known[code] for code in codes}


def _recipe_of(code: str, own: Recipe, overrides: Mapping[str, Any]) -> Recipe:
    """The recipe by which the gold of another language is tagged and aligned; text stays that of the language."""
    tagger = {key: value for key, value in overrides.items() if key.partition(".")[0] == "tagger"}
    aligner = AlignerConfig(own.aligner.method, settings=own.aligner.settings)
    return dataclasses.replace(make_recipe(code, "parallel", tagger), aligner=aligner, projector=own.projector)
