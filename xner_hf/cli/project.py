"""``xner project``: the entities of the user's own pairs, projected."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xner_hf.cli.output import (
    Json,
    Labels,
    Quiet,
    Settings,
    check_output,
    emit,
    note,
    type_map,
    working_on,
    write_lines,
)
from xner_hf.cli.pair_options import (
    AlignerName,
    Extra,
    Pairs,
    SourceLanguage,
    TargetLanguage,
    pair_settings,
    read_extras,
    read_pairs,
    rename_types,
    tagger_labels,
)
from xner_hf.errors import XnerError
from xner_hf.languages import DEFAULT_SOURCE, language

if TYPE_CHECKING:
    from xner_hf.recipe import TaggerConfig


def run(
    pairs: Pairs,
    tagger: Annotated[str | None, typer.Option(help="Labels the rows that have no source_entities.")] = None,
    labels: Labels = None,
    aligner: AlignerName = "statistical",
    projector: Annotated[str, typer.Option(help="A registered projector (`xner methods projector`).")] = "fused",
    settings: Settings = None,
    extra_parallel: Extra = None,
    source_language: SourceLanguage = DEFAULT_SOURCE,
    target_language: TargetLanguage = None,
    output: Annotated[Path | None, typer.Option(help="JSONL file to write, standard output by default.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Project the entities of your own sentence pairs: one row out for every row in, in the same order.

    Example: xner project pairs.jsonl --tagger dslim/bert-base-NER > projected.jsonl
    """
    from xner_hf.api.projector import projected_row
    from xner_hf.corpora.lines import json_rows
    from xner_hf.corpora.sentence import ReadReport
    from xner_hf.pipeline.chain import REASONS, project_pairs, tag_sources
    from xner_hf.recipe import AlignerConfig, filters_config, projector_config

    check_output(output)
    given = pair_settings(settings, ("projector", "aligner", "filters", "tagger"))
    types = own = None
    if tagger is None:
        types = tagger_labels(given["tagger"], type_map(labels))
    else:
        own = _tagger(tagger, given["tagger"], type_map(labels))
    languages = (language(source_language).code, target_language and language(target_language).code)
    report = ReadReport()
    if given["projector"].get("translation_model"):
        if target_language is None:
            raise XnerError("projector.translation_model: name the language of the target side (--target-language).")
        given["projector"].setdefault("translation_languages", [source_language, language(target_language).code])
    method = AlignerConfig(aligner, settings=given["aligner"])
    made = projector_config(projector, given["projector"], languages[1])
    filters = filters_config(given["filters"])
    read = read_pairs(pairs, tagger is None, source_language, target_language)
    counted = {"kept": sum(pair.source_spans is not None for pair in read)}
    with working_on(quiet) as shown:
        unscored: set[int] = set()
        if own:
            model = own.own.make(report)
            unscored = tag_sources(read, model, own.consistent, shown)
            counted["tagged"] = len(read) - counted["kept"]
        elif types:
            rename_types(read, types, report)
        extra = read_extras(extra_parallel, source_language, target_language)
        done = list(project_pairs(read, method, made, filters, extra, shown, unscored, languages))
    # The user's own columns come back as they were.
    columns = [row for _, row in json_rows(pairs)] if pairs.lower().endswith(".jsonl") else [{} for _ in read]
    rows = [projected_row(row, pair, one) for row, pair, one in zip(columns, read, done, strict=True)]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    if output:
        write_lines(output, lines)
    statuses = Counter(entity.status for one in done for entity in one.entities)
    reasons = Counter(one.reason for one in done if one.reason)
    payload: dict[str, Any] = {"pairs": len(rows), "statuses": dict(statuses), "reasons": dict(reasons)}
    payload |= {"labels": counted} if tagger else {}
    payload |= {"output": str(output)} if output else {"rows": rows}
    emit(payload, as_json, lambda: None if output else print("\n".join(lines)))
    for line in report.said():
        note(line)
    if tagger and counted["kept"]:
        note(f"{counted['kept']:,} pairs kept their own source_entities, {counted['tagged']:,} were tagged")
    for name in _MADE:
        if replaced := sum(name in row for row in columns):
            note(f"the column {name!r} of {replaced:,} pairs was replaced; rename it to keep it")
    note(f"{len(rows):,} pairs; entities: " + (", ".join(f"{s} {n:,}" for s, n in statuses.items()) or "none"))
    for reason, number in reasons.items():
        first = next(i for i, one in enumerate(done) if one.reason == reason)
        note(f"  {number:,} pairs `{reason}` ({REASONS[reason]}), the first in row {first + 1} of {pairs}")


_MADE = ("entities", "links", "reason")
"""What is written beside the user's own columns."""


def _tagger(model: str, settings: dict[str, Any], labels: dict[str, str] | None) -> TaggerConfig:
    """Return the tagger of ``--tagger`` with what ``--labels`` and ``--set tagger.KEY`` say of it."""
    from xner_hf.recipe import tagger_config

    if odd := settings.keys() - {"revision", "labels", "consistent"}:
        raise XnerError(f"--set tagger.{min(odd)}: of a tagger, only revision, labels and consistent can be set here.")
    if labels is not None and "labels" in settings:
        raise XnerError("--labels and --set tagger.labels say the same; give one of them.")
    return tagger_config({"model": model, **settings, **({} if labels is None else {"labels": labels})})
