"""The text of the card of a data set: tables and paragraphs of Markdown, for the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xner_hf.languages import language
from xner_hf.markdown import table
from xner_hf.pipeline.chain import REASONS
from xner_hf.pipeline.schema import SPLITS
from xner_hf.project.filters import filter_meanings
from xner_hf.publish.licences import Terms, read_terms
from xner_hf.publish.provenance import inputs_table, is_checked, origin, settings_table
from xner_hf.publish.scores import score, score_tables
from xner_hf.publish.templates import code, escaped, is_repo_id, language_name, listed, size
from xner_hf.spans import ENTITY_TYPES
from xner_hf.training.provenance import public_name

STATUSES = {
    "projected": "has a span in the target sentence",
    "unaligned": "no link leaves its words, and no word of the target looks like it",
    "low_score": "its best candidate scored at or below the threshold",
    "length_ratio": "its run of words was too short for it",
    "conflict": "a better name took its words",
    **filter_meanings(drop_sentences=False),
}
"""What can become of a name of the source side."""

_COLUMNS = {
    "id": "where the sentence stands in its source",
    "tokens": "words of the sentence",
    "ner_tags": "a label for every word; empty in `rejected`",
    "language": "of the sentence, ISO 639-3",
    "source_language": "of the side that the labels come from",
    "source_tokens": "words of that side",
    "source_entities": "its names",
    "entities": "what became of each: its number (`source`), its fate (`status`), its place (-1 unless projected)",
    "links": "word links between the two sides",
    "reason": "why the sentence was rejected, else null",
}

_CARRIED = (
    "the labels of the {source} side were carried over to the {target} side by word alignment and name similarity"
)
_MADE = {
    "parallel": "Human translations from {corpus}. The {source} side was labelled by {tagger}, and " + _CARRIED + ".",
    "translate-test": "Text from {corpus}, translated to {source}. The translation was labelled by {tagger}, and "
    + _CARRIED
    + ".",
    "translate-train": "The labelled {source} text of {corpus}, translated to {target}; " + _CARRIED + ".",
    "marker": "The labelled {source} text of {corpus}, translated to {target} with marks around the names that the "
    "translator keeps; where it lost them, " + _CARRIED + ".",
    "transfer": "Text from {corpus}, labelled directly by the multilingual tagger {tagger}.",
    "combine": "Text from {corpus}, labelled in several ways whose labels were joined by `{combination}`.",
    "sample": "The sample of xner-hf: invented sentences in {source} and {target} with hand-made labels; "
    + _CARRIED
    + ".",
}


def recipes_of(recipe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a recipe, or those that it joins."""
    return [inner for one in recipe["members"] for inner in recipes_of(one)] if recipe.get("members") else [recipe]


def how_made(builds: Iterable[Mapping[str, Any]]) -> str:
    """Return in a sentence where the labels come from."""
    recipes = [one for build in builds for one in recipes_of(build["recipe"])]
    sources = listed(sorted({language_name(one["source_language"]) for one in recipes if one["recipe"] != "transfer"}))
    carried = f"They were carried over from {sources} by [annotation projection](#where-it-comes-from)."
    if not sources:
        return "They were given by a multilingual tagger."
    return carried if all(one["recipe"] != "transfer" for one in recipes) else f"{carried[:-1]}, or given by a tagger."


def overview(exports: Mapping[str, Mapping[str, Any]], terms: Mapping[str, Terms]) -> str:
    """Return the table of configurations: counts, scores and terms."""
    rows = []
    for config, export in exports.items():
        build = export["build"]
        counts = [f"{build['rows'][name]:,}" for name in SPLITS]
        best = next((one for one in export.get("scores") or () if one["metric"] == "f1"), None)
        names = f"{sum(build['entities'].values()):,}"
        rows.append(
            [code(config), language_name(build["language"]), code(build["recipe"]["recipe"]), *counts, names]
            + [f"{score(best)} on {escaped(best['dataset'])}" if best else "not scored", escaped(terms[config])]
        )
    head = ("config", "language", "recipe", *SPLITS, "names", "F1 of the labels (95 %)", "licence")
    return table(head, rows, range(3, 7))


def gold_links(builds: Iterable[Mapping[str, Any]]) -> str:
    """Return where annotated text of the languages is, as the end of a sentence."""
    gold = {one.partition(":")[0] for build in builds for one in language(build["language"]).gold}
    if not gold:
        return ""
    links = [f"[{one}](https://huggingface.co/datasets/{one})" for one in sorted(gold)]
    return f", such as {listed(links)}"


def columns_table(exports: Iterable[Mapping[str, Any]]) -> str:
    """Return the columns with their types and content."""
    features: dict[str, Any] = {}
    for export in exports:
        features = {**export["features"], **features}
    return table(
        ("column", "type", "content"),
        [[code(name), escaped(_type(feature)), _COLUMNS.get(name, "")] for name, feature in features.items()],
    )


def _type(feature: Any) -> str:
    kind = feature.get("_type")
    if kind in ("List", "Sequence", "LargeList"):
        return f"list of {_type(feature['feature'])}"
    if kind == "ClassLabel":
        return f"ClassLabel ({' '.join(feature['names'])})"
    if kind == "Value":
        return str(feature["dtype"])
    return f"{{{', '.join(name for name in feature if name != '_type')}}}"


def config_sections(config: str, export: Mapping[str, Any]) -> dict[str, str]:
    """Return all that the card says of one configuration, by its place in the template."""
    build = export["build"]
    recipe = build["recipe"]
    lost = {status: number for status, number in build["statuses"].items() if status != "projected"}
    total = sum(build["statuses"].values())
    statuses = [
        [code(status), f"{number:,}", f"{100 * number / total:.1f}", STATUSES.get(status, "")]
        for status, number in sorted(build["statuses"].items(), key=lambda one: -one[1])
    ]
    reasons = [[code(reason), f"{number:,}", REASONS.get(reason, "")] for reason, number in build["reasons"].items()]
    named = [[kind, f"{build['entities'].get(kind, 0):,}"] for kind in (*ENTITY_TYPES, *_others(build["entities"]))]
    fate = (
        f"Of {total:,} names of the source side, rejected sentences included, {sum(lost.values()):,} were lost:"
        if recipe["recipe"] not in ("transfer", "combine")
        else f"Of {total:,} names:"
    )
    return {
        "name": config,
        "language": language_name(build["language"]),
        "made": _made(recipe),
        "splits": table(
            ("split", "sentences", "bytes"),
            [
                [name, f"{build['rows'][name]:,}", size(export["splits"].get(name, {}).get("bytes", 0))]
                for name in SPLITS
            ],
            (1, 2),
        ),
        "entities": table(("type", "names in train and validation"), named, (1,)),
        "statuses": f"{fate}\n\n" + table(("status", "names", "%", "meaning"), statuses, (1, 2)) if statuses else "",
        "reasons": "Rejected sentences:\n\n" + table(("reason", "sentences", "meaning"), reasons, (1,))
        if reasons
        else "",
        "examples": _examples(export),
        "scores": score_tables(export["scores"]) if export.get("scores") else "",
        "inputs": inputs_table(build),
        "origin": origin(build, f"xner build {build['language']} --recipe {config}/recipe.yaml"),
        "settings": settings_table(recipe),
    }


def _others(entities: Mapping[str, int]) -> list[str]:
    return sorted(set(entities) - set(ENTITY_TYPES))


def _made(recipe: Mapping[str, Any]) -> str:
    first = recipes_of(recipe)[0]
    corpora = dict.fromkeys(one["text"]["corpus"] for one in recipes_of(recipe))
    tagger = (first.get("tagger") or {}).get("model")
    return _MADE[recipe["recipe"]].format(
        corpus=listed([_link(one) for one in corpora]),
        source=language_name(recipe["source_language"]),
        target=language_name(recipe["language"]),
        tagger=_link(tagger, "") if tagger else "its own gold labels",
        combination=recipe.get("combination", ""),
    )


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
    return "Examples:\n\n" + "\n>\n".join(shown) if shown else ""


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


def limits(builds: list[Mapping[str, Any]]) -> str:
    """Return biases and failure modes, as far as the recipes have them."""
    recipes = [one for build in builds for one in recipes_of(build["recipe"])]
    kinds = {one["recipe"] for one in recipes}
    lines = [
        "**Missed names.** A name that the tagger did not find, or that was lost on the way, is labelled `O`, and the "
        "sentence is kept where others were found: what is trained on this learns to miss names too. Precision is "
        "commonly well above recall. `entities` says which names a sentence lost.",
    ]
    if any(one.get("tagger") for one in recipes):
        lines.append(
            "**The tagger's view.** Labels follow the conventions and the blind spots of the tagger's training data: "
            "names common in European and American news and encyclopedias are found more often than local ones, and "
            "titles, determiners and demonyms are treated as there."
        )
        if any((one.get("tagger") or {}).get("consistent") for one in recipes):
            lines.append(
                "**One type for every name.** Each name has the type that it was given most often in the whole text, "
                "so that a town and the club named after it are one."
            )
    lines += [
        "**Selection.** Sentences in which every name was lost are rejected; long sentences with many rare names are "
        "therefore under-represented.",
        "**Borders.** A span is made of whole words. Where affixes are written together with a name, they are in it.",
        "**Three types.** Dates, works, products and peoples are `O`.",
    ]
    if any(one.get("translator") for one in recipes):
        lines.append(
            "**Machine translation.** Mistranslated, dropped or invented names become wrong labels, and translated "
            "text is plainer than what people write."
        )
    if kinds & {"parallel"}:
        lines.append(
            "**Translated text.** The sentences were translated by people from another language, mostly news."
        )
    if any("fineweb" in str(one.get("text", {}).get("corpus", "")).lower() for one in recipes):
        lines.append(
            "**Web text.** It may be wrong, offensive or in another language, and it holds names of private persons."
        )
    if any(not is_checked(build) for build in builds):
        lines.append(
            "**Overlap with evaluation sets.** The check was not complete for every configuration; its provenance "
            "says what could not be reached. Scores on those sets may be too good."
        )
    return "\n".join(f"- {line}" for line in lines)


def terms_table(terms: Mapping[str, Terms]) -> str:
    """Return the terms of every configuration and what they were found from."""
    rows = []
    for config, one in terms.items():
        stated = f"[{escaped(one.name)}]({one.link})" if one.link else escaped(one.licence)
        because = ", ".join(
            f"{escaped(public_name(found.name))}: {escaped(read_terms(vars(found)))}" for found in one.inputs
        )
        rows.append([code(config), stated, one.licence_class, because])
    text = table(("config", "licence", "class", "made from"), rows)
    if len({str(one) for one in terms.values()}) > 1:
        text += "\n\nEvery configuration is under its own terms; the repository is listed under the strictest of them."
    return text


def notes_list(terms: Mapping[str, Terms]) -> str:
    """Return what else the terms demand, and where a person decided on them."""
    notes: dict[str, list[str]] = {}
    for config, one in terms.items():
        by_hand = (
            [f"**Licensed by hand** as {escaped(one)}: {escaped(one.override['reason'])}"] if one.override else []
        )
        for note in [*by_hand, *map(escaped, one.notes)]:
            notes.setdefault(note, []).append(code(config))
    if len(terms) == 1:
        return "\n".join(f"- {note}" for note in notes)
    return "\n".join(f"- {', '.join(configs)}: {note}" for note, configs in notes.items())
