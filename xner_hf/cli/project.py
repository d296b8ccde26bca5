"""``xner project``: the entities of the user's own pairs, carried over."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

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
from xner_hf.cli.pairs import (
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
from xner_hf.languages import language


def run(
    pairs: Pairs,
    tagger: Annotated[str | None, typer.Option(help="Labels the source side; else rows have source_entities.")] = None,
    labels: Labels = None,
    aligner: AlignerName = "statistical",
    projector: Annotated[str, typer.Option(help="fused | candidates | heuristic")] = "fused",
    settings: Settings = None,
    extra_parallel: Extra = None,
    source_language: SourceLanguage = "eng",
    target_language: TargetLanguage = None,
    output: Annotated[Path | None, typer.Option(help="JSONL file to write, standard output by default.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Project the entities of your own sentence pairs: one row out for every row in, in the same order.

    Example: xner project pairs.jsonl --tagger xner/minilm-conll2003-en > projected.jsonl
    """
    from xner_hf.corpora.base import ReadReport
    from xner_hf.corpora.lines import json_rows
    from xner_hf.pipeline.chain import REASONS, project_pairs, tag_sources
    from xner_hf.recipe import AlignerConfig, filters_config, projector_config
    from xner_hf.tag import make_tagger

    check_output(output)
    given = pair_settings(settings, ("projector", "aligner", "filters", "tagger"))
    types = tagger_labels(given["tagger"], type_map(labels))
    report = ReadReport()
    if given["projector"].get("translation_model"):
        if target_language is None:
            raise XnerError("projector.translation_model: name the language of the target side (--target-language).")
        given["projector"].setdefault("translation_languages", [source_language, language(target_language).code])
    method = AlignerConfig(aligner, settings=given["aligner"])
    made = projector_config(projector, given["projector"], target_language and language(target_language).code)
    filters = filters_config(given["filters"])
    read = read_pairs(pairs, tagger is None, source_language, target_language)
    with working_on(quiet) as shown:
        if tagger:
            tag_sources(read, make_tagger(tagger, labels=types, report=report), progress=shown)
        elif types:
            rename_types(read, types, report)
        extra = read_extras(extra_parallel, source_language, target_language)
        done = list(project_pairs(read, method, made, filters, extra, shown))
    # The user's own columns come back as they were.
    columns = [row for _, row in json_rows(pairs)] if pairs.endswith(".jsonl") else [{} for _ in read]
    rows = [
        {
            **{"id": pair.id, "source_tokens": pair.source, "target_tokens": pair.target},
            **row,
            "source_entities": [span._asdict() for span in pair.source_spans or ()],
            "entities": [entity._asdict() for entity in one.entities],
            "links": [link._asdict() for link in one.links],
            "reason": one.reason,
        }
        for row, pair, one in zip(columns, read, done, strict=True)
    ]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    if output:
        write_lines(output, lines)
    statuses = Counter(entity.status for one in done for entity in one.entities)
    reasons = Counter(one.reason for one in done if one.reason)
    payload: dict[str, Any] = {"pairs": len(rows), "statuses": dict(statuses), "reasons": dict(reasons)}
    payload |= {"output": str(output)} if output else {"rows": rows}
    emit(payload, as_json, lambda: None if output else print("\n".join(lines)))
    for line in report.said():
        note(line)
    note(f"{len(rows):,} pairs; entities: " + (", ".join(f"{s} {n:,}" for s, n in statuses.items()) or "none"))
    for reason, number in reasons.items():
        first = next(i for i, one in enumerate(done) if one.reason == reason)
        note(f"  {number:,} pairs `{reason}` ({REASONS[reason]}), the first in row {first + 1} of {pairs}")
