"""The facts that the card of a data set shows; its template has the words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xner_hf.languages import language
from xner_hf.pipeline.chain import REASONS
from xner_hf.pipeline.schema import SPLITS
from xner_hf.publish.licences import Terms
from xner_hf.publish.provenance import inputs_table, is_checked, origin, settings_table
from xner_hf.publish.scores import score, score_tables
from xner_hf.publish.templates import code, escaped, is_repo_id, language_name, listed, size
from xner_hf.spans import ENTITY_TYPES


def recipes_of(recipe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a recipe, or those that it joins."""
    return [inner for one in recipe["members"] for inner in recipes_of(one)] if recipe.get("members") else [recipe]


def features(builds: list[Mapping[str, Any]]) -> dict[str, bool]:
    """Return what the recipes of the builds have, on which the limits of the data depend."""
    recipes = [one for build in builds for one in recipes_of(build["recipe"])]
    taggers = [one["tagger"] for one in recipes if one.get("tagger")]
    return {
        "tagger": bool(taggers),
        "consistent": any(one.get("consistent") for one in taggers),
        "translator": any(one.get("translator") for one in recipes),
        "parallel": any(one["recipe"] == "parallel" for one in recipes),
        "direct": any(one["recipe"] == "transfer" for one in recipes),
        "web": any("fineweb" in str(one.get("text", {}).get("corpus", "")).lower() for one in recipes),
        "unchecked": any(not is_checked(build) for build in builds),
    }


def projected_from(builds: Iterable[Mapping[str, Any]]) -> str:
    """Return the source languages that labels were projected from, empty where none were."""
    recipes = [one for build in builds for one in recipes_of(build["recipe"])]
    return listed(sorted({language_name(one["source_language"]) for one in recipes if one["recipe"] != "transfer"}))


def gold_links(builds: Iterable[Mapping[str, Any]]) -> str:
    """Return where annotated text of the languages is, as links."""
    gold = {one.partition(":")[0] for build in builds for one in language(build["language"]).gold}
    return listed([f"[{one}](https://huggingface.co/datasets/{one})" for one in sorted(gold)]) if gold else ""


def column_types(exports: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return the columns with their types."""
    found: dict[str, Any] = {}
    for export in exports:
        found = {**export["features"], **found}
    return [(name, _type(feature)) for name, feature in found.items()]


def _type(feature: Any) -> str:
    kind = feature.get("_type")
    if kind in ("List", "Sequence", "LargeList"):
        return f"list of {_type(feature['feature'])}"
    if kind == "ClassLabel":
        return f"ClassLabel ({' '.join(feature['names'])})"
    if kind == "Value":
        return str(feature["dtype"])
    return f"{{{', '.join(name for name in feature if name != '_type')}}}"


def config_facts(config: str, export: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the card shows of one configuration."""
    build = export["build"]
    recipe, statuses = build["recipe"], build["statuses"]
    total = sum(statuses.values())
    best = next((one for one in export.get("scores") or () if one["metric"] == "f1"), None)
    types = [*ENTITY_TYPES, *sorted(set(build["entities"]) - set(ENTITY_TYPES))]
    return {
        "name": config,
        "language": language_name(build["language"]),
        "recipe": recipe["recipe"],
        "made": _made(recipe),
        "rows": [f"{build['rows'][name]:,}" for name in SPLITS],
        "names": f"{sum(build['entities'].values()):,}",
        "best": f"{score(best)} on {escaped(best['dataset'])}" if best else "",
        "splits": [
            (name, f"{build['rows'][name]:,}", size(export["splits"].get(name, {}).get("bytes", 0))) for name in SPLITS
        ],
        "types": [(kind, f"{build['entities'].get(kind, 0):,}") for kind in types],
        "entities": f"{total:,}",
        "lost": f"{total - statuses.get('projected', 0):,}",
        "statuses": [
            (status, f"{number:,}", f"{100 * number / total:.1f}")
            for status, number in sorted(statuses.items(), key=lambda one: -one[1])
        ],
        "reasons": [
            [code(reason), f"{number:,}", REASONS.get(reason, "")] for reason, number in build["reasons"].items()
        ],
        "examples": _examples(export),
        "scores": score_tables(export["scores"]) if export.get("scores") else "",
        "inputs": inputs_table(build),
        "origin": origin(build, f"xner build {build['language']} --recipe {config}/recipe.yaml"),
        "settings": settings_table(recipe),
    }


def _made(recipe: Mapping[str, Any]) -> dict[str, str]:
    first = recipes_of(recipe)[0]
    corpora = dict.fromkeys(one["text"]["corpus"] for one in recipes_of(recipe))
    tagger = (first.get("tagger") or {}).get("model")
    return {
        "recipe": recipe["recipe"],
        "corpora": listed([_link(one) for one in corpora]),
        "source": language_name(recipe["source_language"]),
        "target": language_name(recipe["language"]),
        "tagger": _link(tagger, "") if tagger else "its own gold labels",
        "combination": recipe.get("combination", ""),
    }


def _link(name: str, kind: str = "datasets/") -> str:
    return f"[{escaped(name)}](https://huggingface.co/{kind}{name})" if is_repo_id(name) else "local files"


def _examples(export: Mapping[str, Any]) -> str:
    """Return example rows, names in bold with their types, each beside its source."""
    target, source = (language_name(export["build"]["recipe"][key]) for key in ("language", "source_language"))
    shown = []
    for row in export.get("examples") or ():
        lines = [f"> **{target}:** {_marked(row['tokens'], row['ner_tags'])}"]
        if row.get("source_tokens"):
            lines.append(f"> **{source}:** {escaped(' '.join(row['source_tokens']))}")
        shown.append("\\\n".join(lines))
    return "\n>\n".join(shown)


def _marked(tokens: Iterable[str], tags: Iterable[str]) -> str:
    words: list[str] = []
    kind = None
    name: list[str] = []
    for token, tag in [*zip(tokens, tags, strict=True), ("", "O")]:
        if name and not tag.startswith("I-"):
            words.append(f"**{escaped(' '.join(name))}** `{kind}`")
            name = []
        if tag == "O":
            words.append(escaped(token))
        else:
            kind, name = tag[2:], [*name, token]
    return " ".join(words).strip()


def notes_of(terms: Mapping[str, Terms]) -> dict[str, str]:
    """Return what else the terms demand, and where a person decided on them, with the configurations of each."""
    notes: dict[str, list[str]] = {}
    for config, one in terms.items():
        by_hand = (
            [f"**Licensed by hand** as {escaped(one)}: {escaped(one.override['reason'])}"] if one.override else []
        )
        for note in [*by_hand, *map(escaped, one.notes)]:
            notes.setdefault(note, []).append(code(config))
    return {note: ", ".join(configs) for note, configs in notes.items()}
