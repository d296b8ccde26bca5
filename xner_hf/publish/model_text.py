"""The facts and tables that the card of a student shows; its template has the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.languages import corpus_entry, language
from xner_hf.markdown import table
from xner_hf.publish.dataset_text import recipes_of
from xner_hf.publish.licences import Terms, read_terms
from xner_hf.publish.provenance import is_checked
from xner_hf.publish.scores import score
from xner_hf.publish.templates import code, escaped, listed, percent
from xner_hf.training.provenance import public_name


def language_of(training: Mapping[str, Any]) -> str | None:
    """Return the code of the language that a student is for, None where its corpora do not say."""
    data = training.get("data") or {}
    named = [data.get("language"), *(build["language"] for build in training.get("builds") or ())]
    named += [str(one).partition(":")[2].partition("/")[0] for one in data.get("corpora") or ()]
    for one in filter(None, named):
        try:
            return language(one).code
        except XnerError:
            continue  # a corpus whose configurations are no languages
    return None


def arm_of(training: Mapping[str, Any]) -> str:
    """Return the arm that a student was trained by, empty where there is none."""
    return (training.get("data") or {}).get("arm") or ""


def training_facts(training: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    """Return what the card says about the data that a student was trained on, and about its limits."""
    data, inputs = training.get("data") or {}, training.get("inputs") or ()
    builds = training.get("builds") or ()
    parts = arm_of(training).split("+")
    recipes = [recipe for build in builds for recipe in recipes_of(build["recipe"])]
    marked = [escaped(public_name(one["name"])) for one in inputs if one["role"] == "text" and _is_gold(one["name"])]
    labelled = any(one["role"] == "corpus" for one in inputs)
    tagged = any(recipe.get("tagger") for recipe in recipes) and "gold" not in parts
    check = data.get("leak_check")
    return {
        "arm": arm_of(training),
        "parts": parts,
        "corpora": listed([escaped(public_name(one)) for one in data.get("corpora") or ()]),
        "several_teachers": len(training.get("teachers") or ()) > 1,
        "unlabelled": bool(arm_of(training) and not labelled and name),
        "marked": listed(marked),
        "tagger": bool(training.get("teachers")) or tagged,
        "experiment": escaped(data["experiment"]) if data.get("experiment") else "",
        "unchecked": any(not is_checked(build) for build in builds) or bool(check and check.get("status") != "done"),
    }


def _is_gold(name: str) -> bool:
    try:
        return corpus_entry(name.partition(":")[0]).role == "gold"
    except XnerError:
        return False


def overview(
    training: Mapping[str, Any], name: str | None, scores: Sequence[Mapping[str, Any]], terms: Terms | None
) -> str:
    """Return the table at the head of the card."""
    backbone = next((one for one in training.get("inputs") or () if one["role"] == "backbone"), None)
    best = next((one for one in scores if one["metric"] == "f1"), None)
    rows = [
        ("language", name or "of the training corpora"),
        ("encoder", escaped(public_name(backbone["name"])) if backbone else "none: all weights were random at first"),
        ("arm", code(arm_of(training)) if arm_of(training) else "none"),
        ("sentences", f"{sum(training['sentences']['train'].values()):,}"),
        (
            "F1 (95 %)",
            f"{score(best)} on {escaped(best['dataset'])} {escaped(best['split'])}" if best else "not scored",
        ),
        ("licence", escaped(terms) if terms else "not settled"),
    ]
    return table(("", ""), [(f"**{key}**", value) for key, value in rows])


def labels_list(config: Mapping[str, Any], parser: bool) -> str:
    """Return the labels of entities and, of a parser, the relations."""
    labels = config.get("id2label") or {}
    shown = ", ".join(code(labels[key]) for key in sorted(labels, key=int))
    text = f"Labels: {shown} (IOB2)."
    if parser:
        text += f" Relations: {', '.join(map(code, config.get('relation_labels') or ()))}."
    return text


def data_tables(training: Mapping[str, Any]) -> str:
    """Return what it was trained on, in sentences and steps, and its validation score."""
    steps = training.get("steps") or {}
    rows = [
        [escaped(name), f"{number:,}", f"{steps.get(name, 0):,}"]
        for name, number in training["sentences"]["train"].items()
    ]
    text = table(("trained on", "sentences", "steps an epoch"), rows, (1, 2))
    scored = training.get("validation") or {}
    if "eval_f1" in scored:
        text += (
            f"\n\nOn the {training['sentences']['validation']:,} validation sentences of the training corpus, against "
            f"its own labels: F1 {percent(scored['eval_f1'])}."
        )
    return text


def teachers_table(training: Mapping[str, Any]) -> str:
    """Return the teachers with their weights."""
    rows = [
        [
            escaped(public_name(one["model"])),
            code(one["revision"]) if one.get("revision") else "not pinned",
            one["weight"],
        ]
        for one in training.get("teachers") or ()
    ]
    return table(("teacher", "revision", "weight"), rows, (2,)) if rows else ""


def hardware(run: Mapping[str, Any]) -> str:
    """Return in a word what the training ran on."""
    found = run.get("hardware") or {}
    cores = f", {found['cores']} cores" if found.get("cores") else ""
    number = f"{found['number']} x " if found.get("number", 1) > 1 else ""
    return f"{number}{found['device']}{cores}" if found else "not recorded"


def run_table(training: Mapping[str, Any]) -> str:
    """Return when, on what, for how long and by which command it was trained."""
    run = training.get("run") or {}
    rows = [("date", run.get("date") or "not recorded"), ("hardware", escaped(hardware(run)))]
    if run.get("seconds"):
        rows.append(("time", _duration(run["seconds"])))
    rows.append(("processes", training.get("processes", 1)))
    measured = run.get("emissions")
    place = f" in {escaped(measured['place'])}" if measured and measured.get("place") else ""
    rows.append(("CO2", f"{measured['grams']:,} g{place} (codecarbon)" if measured else "not measured"))
    if run.get("versions"):
        rows.append(("versions", escaped(", ".join(f"{name} {number}" for name, number in run["versions"].items()))))
    if command := (training.get("data") or {}).get("command"):
        rows.append(("command", code(command)))
    return table(("run", ""), rows)


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def inputs_list(training: Mapping[str, Any]) -> str:
    """Return every model and corpus that it was made from, with revisions and terms."""
    rows = [
        [
            escaped(public_name(one["name"])),
            escaped(one["role"]),
            code(one["revision"]) if one.get("revision") else "local" if one.get("local") else "not pinned",
            escaped(read_terms(one)),
        ]
        for one in training.get("inputs") or ()
    ]
    return table(("input", "used as", "revision", "licence"), rows) if rows else "Nothing says what it was made from."


def version_of(training: Mapping[str, Any]) -> str:
    """Return the version of xner-hf that trained it."""
    return ((training.get("run") or {}).get("versions") or {}).get("xner-hf", "unknown")
