"""Study files: read from YAML, checked, and turned into a `Study`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError, nearest
from xner_hf.languages import Language, is_evaluation_split
from xner_hf.languages import language as find_language
from xner_hf.recipe import default_recipe
from xner_hf.settings import check_settings, read_mapping, setting
from xner_hf.study.arm_config import check_label, flat, names_in, plain_mapping, read_arm, seeds_in, training_in
from xner_hf.study.grid import Study, recipe_of, settings_key
from xner_hf.study.parts import CONTROLS, Budget, Contrast, StudyArm, StudyLanguage


@dataclass(frozen=True)
class _File:
    """The keys of a study file."""

    backbones: Any = setting(..., "a list of encoders")
    languages: Any = setting(..., "a list of codes, or a mapping of codes to what differs for them")
    seeds: Any = setting(..., "a list of whole numbers")
    budget: Any = setting(..., "sentences, epochs and batch_size of a run")
    arms: Any = setting(..., "a mapping of names to settings")
    contrasts: Any = setting(..., "a mapping of names to arms, 'primary' among them")
    name: str | None = None
    question: str = ""
    recipe: Any = None
    gold: str | None = None
    split: str = "test"
    teachers: Any = None
    source_labels: Any = None
    trees: Any = None
    target_trees: Any = None
    training: Any = None
    reuse: Any = None


@dataclass(frozen=True)
class _OfLanguage:
    """What may differ for a language; the study has the rest."""

    code: str | None = None
    recipe: Any = None
    gold: str | None = None
    split: str | None = None
    teacher: str | None = None
    source_labels: str | None = None
    trees: str | None = None
    target_trees: str | None = None


@dataclass(frozen=True)
class _Sides:
    arm: str = setting(..., "name of an arm")
    against: str = setting(..., "name of the arm that it is compared with")


def load_study(path: Path) -> Study:
    """Read and check a study file.

    Its keys: ``backbones``, ``languages``, ``seeds``, ``budget``, ``arms`` and ``contrasts`` have to be there.
    ``name`` is the file's by default. ``recipe`` is a name, or a mapping with ``name`` and what is changed in it;
    left out, every language has its default recipe. ``gold`` is ``org/name[:config]`` (the config is the language's
    code by default); left out, it is the language's one test set. ``teachers``, ``source_labels`` and ``trees`` map
    codes of source languages, ``target_trees`` names of languages. A language may have a value of its own for all of
    these, and under ``code`` its code where its name is none. ``training`` has settings of `TrainingConfig`. An arm
    may change ``seeds`` and ``languages`` and everything in ``budget`` and ``training``; ``arm`` is its name by
    default, ``trees`` (`TREES`) ``source`` for an arm with ``+parse`` and ``none`` for the others. ``reuse`` lists
    other study files, by their path from this one: runs of theirs that are the same are taken from their stores.

    Raises:
        XnerError: it cannot be read, or holds an unknown key, language, arm or value, a contrast whose arms are not
            comparable, two arms that are the same, an arm that lacks a teacher, labels or trees, or a study to reuse
            that is not there.
    """
    form = "a study is a YAML mapping with keys such as 'languages', 'arms' and 'contrasts'."
    table = read_mapping(path, "study", form)
    try:
        return _study(table, path)
    except XnerError as error:
        raise XnerError(f"{path}: {error}") from error


def _study(table: Mapping[str, Any], path: Path) -> Study:
    check_settings(table, _File, "the study")
    given = _File(**table)
    shared = plain_mapping(given.budget, "budget")
    check_settings(shared, Budget, "budget")
    budget = Budget(**shared)
    training = flat(plain_mapping(given.training, "training"))
    training_in(training)
    seeds = seeds_in(given.seeds)
    languages = _languages(given)
    names = tuple(one.name for one in languages)
    arms: dict[str, StudyArm] = {}
    for name, own in plain_mapping(given.arms, "arms").items():
        try:
            arms[name] = read_arm(name, own, budget, training, seeds, names)
        except XnerError as error:
            raise XnerError(f"the arm {name}: {error}") from error
    study = Study(
        path=path,
        name=given.name or path.stem,
        question=given.question.strip(),
        backbones=names_in(given.backbones, "backbones"),
        languages=languages,
        arms=arms,
        contrasts=_contrasts(given.contrasts),
        budget=budget,
        reuse=_reuse(given.reuse, path),
    )
    for contrast in study.contrasts.values():
        try:
            _check_contrast(contrast, arms)
        except XnerError as error:
            raise XnerError(f"the contrast {contrast.name}: {error}") from error
    _check_runs(study)
    return study


def _reuse(value: Any, path: Path) -> tuple[Path, ...]:
    found = []
    for name in names_in(value, "reuse") if value else ():
        other = path.parent / name
        if not other.is_file():
            raise XnerError(f"reuse: there is no study {other}. Bring it here with its store, or leave it out.")
        if other.resolve() == path.resolve():
            raise XnerError(f"reuse: {name} is this study itself. Leave it out.")
        found.append(other)
    return tuple(found)


def _languages(given: _File) -> tuple[StudyLanguage, ...]:
    table = given.languages
    if not isinstance(table, Mapping):
        table = dict.fromkeys(names_in(table, "languages"))
    if not table:
        raise XnerError("languages is empty; name one or more.")
    found = []
    for name, own in table.items():
        try:
            found.append(_language(str(name), plain_mapping(own, "it"), given))
        except XnerError as error:
            raise XnerError(f"languages: {name}: {error}") from error
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise XnerError(f"languages: {name} is given twice, under two names. Keep one.")
    for name in _references(given.target_trees, "target_trees"):
        if name not in names:
            raise XnerError(f"target_trees: the study has no language {name!r}.{nearest(name, names)}")
    return tuple(found)


def _language(name: str, own: dict[str, Any], given: _File) -> StudyLanguage:
    check_settings(own, _OfLanguage, "the language")
    special = _OfLanguage(**own)
    language = find_language(special.code or name)
    label = check_label(name) if special.code else language.code
    recipe, changes = _recipe(given.recipe if special.recipe is None else special.recipe, language)
    source = recipe_of(language.code, recipe, changes, None).source_language
    teacher = special.teacher or _references(given.teachers, "teachers").get(source)
    recipe_of(language.code, recipe, changes, teacher)
    gold = special.gold or given.gold
    if gold is None:
        if len(language.test_sets) != 1:
            there = f" Its test sets are {', '.join(language.test_sets)}." if language.test_sets else ""
            raise XnerError(f"give gold, the test set that its students are scored on.{there}")
        gold = language.test_sets[0]
    split = special.split or given.split
    if split == "train":
        raise XnerError("split is 'train', which the arm gold is trained on. Score on another.")
    labels = special.source_labels or _references(given.source_labels, "source_labels").get(source)
    if labels is not None:
        _check_labels(labels)
    return StudyLanguage(
        name=label,
        code=language.code,
        source=source,
        gold=gold if ":" in gold else f"{gold}:{language.code}",
        split=split,
        recipe=recipe,
        recipe_settings=changes,
        teacher=teacher,
        source_labels=labels,
        trees=special.trees or _references(given.trees, "trees").get(source),
        target_trees=special.target_trees or _references(given.target_trees, "target_trees").get(label),
    )


def _recipe(value: Any, language: Language) -> tuple[str, dict[str, Any]]:
    """Return the name of a recipe and what is changed in it, one level dotted, so that both ways to say it agree."""
    if value is None or isinstance(value, str):
        return value or language.default_recipe, {}
    table = plain_mapping(value, "recipe")
    name = table.pop("name", None)
    changes: dict[str, Any] = {}
    for key, inner in table.items():
        changes |= {f"{key}.{one}": v for one, v in inner.items()} if isinstance(inner, Mapping) else {key: inner}
    if {"tagger", "tagger.model"} & set(changes):
        raise XnerError("recipe: its tagger is the teacher. Name it in teachers, not in the recipe.")
    return name or default_recipe(language, changes), changes


def _check_labels(reference: str) -> None:
    corpus, _, rest = reference.partition(":")
    config, _, split = rest.partition("/")
    if not (corpus and config and split):
        raise XnerError(f"source_labels: {reference!r} is not of the form org/name:config/split.")
    if is_evaluation_split(corpus, config, split):
        raise XnerError(f"source_labels: {reference} is an evaluation split, which nothing may be trained on.")


def _references(value: Any, where: str) -> dict[str, str]:
    table = plain_mapping(value, where)
    for key, inner in table.items():
        if not (isinstance(key, str) and isinstance(inner, str) and inner):
            raise XnerError(f"{where}: {key!r} is {inner!r}; it maps names to references such as org/name.")
    return table


def _contrasts(value: Any) -> dict[str, Contrast]:
    table = plain_mapping(value, "contrasts")
    if "primary" not in table:
        raise XnerError(
            "contrasts has no 'primary', the one that answers the question. Add primary: {arm: ..., against: ...}."
        )
    found = {}
    for name in sorted(table, key=lambda name: name != "primary"):
        sides = plain_mapping(table[name], f"the contrast {name}")
        check_settings(sides, _Sides, f"the contrast {name}")
        found[str(name)] = Contrast(str(name), **sides)
    return found


def _check_contrast(contrast: Contrast, arms: Mapping[str, StudyArm]) -> None:
    for name in (contrast.arm, contrast.against):
        if name not in arms:
            raise XnerError(f"the study has no arm {name!r}.{nearest(name, list(arms))}")
    if contrast.arm == contrast.against:
        raise XnerError(f"it compares {contrast.arm} with itself.")
    one, other = arms[contrast.arm], arms[contrast.against]
    equal = ["sentences", "epochs", "batch_size"]
    kinds = {one.trees, other.trees}
    if "source" in kinds and kinds & set(CONTROLS):  # a control has the same extra sentences, as often
        equal += ["tree_share", "tree_sentences"]
    both = {name: (getattr(one.budget, name), getattr(other.budget, name)) for name in equal}
    name = "gradient_accumulation"
    both[name] = (getattr(one.training, name), getattr(other.training, name))
    for name, (left, right) in both.items():
        if left != right:
            raise XnerError(
                f"{one.name} has {name} {left}, {other.name} has {right}. Arms that are compared are trained on the "
                "same number of sentences and steps; give both the same."
            )
    for name in ("seeds", "languages"):
        if not set(getattr(one, name)) & set(getattr(other, name)):
            raise XnerError(f"{one.name} and {other.name} share no {name}, so there is nothing to pair.")


def _check_runs(study: Study) -> None:
    """Refuse arms that are the same but for their name: the work would be done twice, and compared with itself."""
    seen: dict[str, str] = {}
    for run in study.runs():
        label = run.settings["label"]
        other = seen.setdefault(settings_key({**run.settings, "label": None}), label)
        if other != label:
            raise XnerError(
                f"the arms {other} and {label} have the same settings, so their runs would be the same. Change one of "
                "them, or leave it out."
            )
