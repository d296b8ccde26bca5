"""Tables of where a build comes from, for the cards of data sets and of the students trained on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xner_hf.corpora.parallel import SAMPLE
from xner_hf.errors import XnerError
from xner_hf.languages import corpus_entry
from xner_hf.markdown import table
from xner_hf.publish.licences import read_terms
from xner_hf.publish.templates import code, escaped, is_repo_id, plain
from xner_hf.recipe import recipe_from_dict
from xner_hf.registry import FITTED
from xner_hf.training.provenance import public_name

_ROLES = {
    "text": "text",
    "tagger": "tagger",
    "translator": "translator",
    "translator.corpora": "translations that are looked up",
    "aligner": "aligner",
    "aligner.extra_parallel": "further parallel text for the aligner",
    "back_translation.translator": "translator of the back-translation",
    "back_translation.aligner": "aligner of the back-translation",
    "projector.target_tagger": "tagger of the target side",
    "projector.translation_model": "translator that scores candidates",
    "projector.fitted_on": "gold that the weights of the projection were fitted on",
}


def inputs_table(build: Mapping[str, Any]) -> str:
    """Return the corpora and models of a build: what each did, at which revision, under which licence."""
    licences = {one["name"]: read_terms(one) for one in build.get("licences", ())}
    configs: dict[tuple[str, str, str], list[str]] = {}
    commits = build.get("revisions") or {}
    inputs = build.get("inputs")  # which older versions did not write
    if inputs is None:
        inputs = [one.to_dict() for one in recipe_from_dict(build["recipe"]).inputs()]
    for one in inputs:
        role, name, config = _ROLES.get(one["role"], one["role"]), one["name"], one.get("config")
        if one["kind"] == FITTED:
            config = ":".join(filter(None, [config, *one.get("splits", ())]))
        revision = commits.get(name) or one.get("revision")
        at = code(revision) if revision else "not pinned" if is_repo_id(name) else ""
        found = configs.setdefault((name, role, at), [])
        found += [config] if config and config not in found else []
    rows = []
    for (name, role, at), chosen in configs.items():
        terms = licences.get("bundled sample" if name == SAMPLE else name) or _terms(name)
        shown = " ".join([escaped(public_name(name)), *map(code, chosen)])
        rows.append([shown, role, at, escaped(terms)])
    return table(("input", "used as", "revision", "licence"), rows)


def _terms(corpus: str) -> str:
    """Return the terms of a corpus that a build only refers to, such as the gold that weights were fitted on."""
    try:
        entry = corpus_entry(corpus)
    except XnerError:
        return "not known"
    return read_terms({"name": entry.hub_id, "licence": entry.licence, "licence_class": entry.licence_class})


def is_checked(build: Mapping[str, Any]) -> bool:
    """Whether every evaluation set was looked at for sentences of a build's text, or none can hold any of them."""
    invented = (build["recipe"].get("text") or {}).get("corpus") == SAMPLE
    return invented or (build.get("leak_check") or {}).get("status") == "done"


def origin(build: Mapping[str, Any], again: str) -> str:
    """Return when, by what and how a build was made, and what became of evaluation sentences in it.

    Args:
        build: its ``build.json``.
        again: the command that builds it again.
    """
    recipe, versions = build["recipe"], build.get("versions", {})
    signature = f", signature {code(build['signature'])}" if build.get("signature") else ""
    libraries = ", ".join(f"{name} {number}" for name, number in versions.items())
    lines = [
        f"Built on {plain(build['created'])[:10]}{signature}, with {escaped(libraries)}.",
        f"To build it again: {code(again)}.",
        _leaks(build),
    ]
    if build.get("repaired_tags"):
        lines.append(f"{build['repaired_tags']:,} `I-` tags of the source text without a `B-` were read as openings.")
    if not recipe.get("members"):
        lines.append("What the table of settings does not name has the default of that version of xner-hf.")
    return " ".join(lines)


def settings_table(recipe: Mapping[str, Any]) -> str:
    """Return every setting of a recipe, as `xner build --set` takes it."""
    return table(("setting", "value"), [[code(key), code(_value(value))] for key, value in _flat(recipe)])


def _leaks(build: Mapping[str, Any]) -> str:
    check = build.get("leak_check") or {}
    if (build["recipe"].get("text") or {}).get("corpus") == SAMPLE:
        return "The sentences are invented, so that no evaluation set holds them."
    dropped = sum((check.get("dropped") or {}).values())
    checked = ", ".join(code(one) for one in check.get("checked") or ())
    missing = ", ".join(code(one) for one in check.get("unreachable") or ())
    if check.get("status") == "done":
        return f"{dropped:,} sentences of evaluation sets were left out (checked: {checked})."
    if checked:
        return (
            f"{dropped:,} sentences of evaluation sets were left out (checked: {checked}; **could not be reached**: "
            f"{missing})."
        )
    return "**The text was not checked for sentences of evaluation sets.**"


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value and key != "projector.weights":
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{key}[{number}]")
    else:
        yield key, value


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(inner)}" for name, inner in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "none"
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else public_name(str(value))
