"""The text of the card of a student: tables and paragraphs of Markdown, for the template."""

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

_LEARNT = {
    "direct": "labels that stand in {corpora}",
    "projected": "labels that were carried over to {language} text from another language",
    "gold": "labels that people gave to {language} text",
    "distill": "what {teachers} of {language} text without labels",
    "distill-aligned": "what {teachers} of the other side of translated text, carried over word links",
    "parse": "dependency trees",
}

UNSCORED = "**Nobody has scored this model.** Measure it before you rely on it."


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


def title(name: str | None, parser: bool, repo: str) -> str:
    """Return the heading of the card."""
    what = "named-entity tagger and dependency parser" if parser else "named-entity tagger"
    return f"{name} {what}" if name else f"{repo.rpartition('/')[2]}: {what}"


def what_it_does(name: str | None, parser: bool) -> str:
    """Return in a sentence what the student does."""
    trees = ", and builds dependency trees" if parser else ""
    return f"Finds the names of persons, organisations and places in {name + ' ' if name else ''}text{trees}."


def how_it_learnt(training: Mapping[str, Any], name: str | None) -> str:
    """Return in a sentence or two what it has learnt from."""
    parts = [part for part in arm_of(training).split("+") if part in _LEARNT]
    corpora = [escaped(public_name(one)) for one in (training.get("data") or {}).get("corpora") or ()]
    several = len(training.get("teachers") or ()) > 1
    values = {
        "corpora": listed(corpora) or "the training corpora",
        "language": name or "the",
        "teachers": "several taggers of other languages say" if several else "a tagger of another language says",
    }
    learnt = listed([_LEARNT[part].format(**values) for part in parts]) or "the corpora below"
    without = ""
    inputs = training.get("inputs") or ()
    labelled = any(one["role"] == "corpus" for one in inputs)
    marked = [escaped(public_name(one["name"])) for one in inputs if one["role"] == "text" and _is_gold(one["name"])]
    if parts and not labelled and name:
        without = f" No {name} text in which people had marked names was used."
        if marked:
            without = (
                f" People have marked the names in some of its text ({listed(marked)}); their marks were not used."
            )
    return f"It has learnt from {learnt}.{without}"


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
    """Return what it learnt from, in sentences and steps, and its validation score."""
    steps = training.get("steps") or {}
    rows = [
        [escaped(name), f"{number:,}", f"{steps.get(name, 0):,}"]
        for name, number in training["sentences"]["train"].items()
    ]
    text = table(("learnt from", "sentences", "steps an epoch"), rows, (1, 2))
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


def limits(training: Mapping[str, Any], parser: bool) -> str:
    """Return biases and failure modes, as far as arm and data have them."""
    arm = arm_of(training)
    lines = []
    if "projected" in arm:
        lines.append(
            "**Missed names.** The labels that it learnt from miss names, and so does it: precision is commonly above "
            "recall."
        )
    recipes = [recipe for build in training.get("builds") or () for recipe in recipes_of(build["recipe"])]
    by_people = "gold" in arm.split("+")
    if training.get("teachers") or (any(recipe.get("tagger") for recipe in recipes) and not by_people):
        lines.append(
            "**The tagger's view.** It repeats the conventions and the blind spots of the taggers behind its labels: "
            "names common in European and American news and encyclopedias are found more often than local ones."
        )
    lines += [
        "**Domain.** It knows the kind of text that it was trained on; on others expect less than the scores say.",
        "**Borders.** A name is made of whole words; affixes written together with it are in it.",
        "**Three types.** Dates, works, products and peoples are `O`.",
    ]
    if parser:
        lines.append(
            "**Trees.** Where the trees that it learnt from are those of another language, or were carried over, its "
            "own follow that language's word order."
        )
    if told := (training.get("data") or {}).get("experiment"):
        lines.insert(0, f"**Not for use: an experiment.** Here {escaped(told)}.")
    text_check = (training.get("data") or {}).get("leak_check")
    unchecked = any(not is_checked(build) for build in training.get("builds") or ())
    if unchecked or (text_check and text_check.get("status") != "done"):
        lines.append(
            "**Overlap with evaluation sets.** Not every evaluation set could be reached when its text was checked, "
            "so that scores on those may be too good."
        )
    return "\n".join(f"- {line}" for line in lines)


def terms_text(terms: Terms | None, refused: str) -> str:
    """Return the terms, or why they are not settled."""
    if terms is None:
        return f"**Not settled, so that it must not be published as it is:** {escaped(refused)}"
    shown = f"[{escaped(terms.name)}]({terms.link})" if terms.link else escaped(terms.licence)
    return f"{shown} ({terms.licence_class})."


def notes_text(terms: Terms | None) -> str:
    """Return what else the terms demand, or who decided on them."""
    if terms is None:
        return ""
    if terms.override:
        return f"- **Licensed by hand** as {escaped(terms)}: {escaped(terms.override['reason'])}"
    return "\n".join(f"- {escaped(note)}" for note in terms.notes)


def version_of(training: Mapping[str, Any]) -> str:
    """Return the version of xner-hf that trained it."""
    return ((training.get("run") or {}).get("versions") or {}).get("xner-hf", "unknown")
