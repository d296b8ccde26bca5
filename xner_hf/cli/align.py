"""``xner align``: word links, and their scores against gold links."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.cli.output import Json, Quiet, Settings, check_output, emit, note, percent, working_on, write_lines
from xner_hf.cli.pair_options import (
    AlignerName,
    Extra,
    Pairs,
    SourceLanguage,
    TargetLanguage,
    pair_settings,
    read_extras,
    read_pairs,
)
from xner_hf.languages import DEFAULT_SOURCE


def run(
    pairs: Pairs,
    gold: Annotated[
        Path | None, typer.Option(help="Gold links, a line a pair: i-j is sure, i?j possible, words counted from 0.")
    ] = None,
    gold_from: Annotated[
        int | None, typer.Option(min=0, max=1, help="Number of the first word in --gold, where it has no word 0.")
    ] = None,
    aligner: AlignerName = "statistical",
    settings: Settings = None,
    extra_parallel: Extra = None,
    source_language: SourceLanguage = DEFAULT_SOURCE,
    target_language: TargetLanguage = None,
    keep: Annotated[
        Path | None, typer.Option(help="Folder for the trained model; align with it by --set aligner.model=FOLDER.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="File for the links, standard output by default.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Align the words of sentence pairs; links are printed in Pharaoh format (i-j).

    Example: xner align pairs.jsonl --gold gold.txt
    """
    from xner_hf.corpora.links import read_links
    from xner_hf.errors import XnerError
    from xner_hf.metrics import alignment_scores
    from xner_hf.pipeline.chain import align_pairs
    from xner_hf.recipe import AlignerConfig

    check_output(output)
    if gold_from is not None and gold is None:
        raise XnerError("--gold-from says how --gold counts words; give --gold, or leave it out.")
    method = AlignerConfig(aligner, settings=pair_settings(settings, ("aligner",))["aligner"])
    method.own.check()
    if keep:
        if aligner != "statistical" or not method.own.is_trained:
            raise XnerError(
                f"--keep: the aligner {aligner!r} trains no model here that could be used again; leave it out."
            )
        if keep.exists() and not (keep.is_dir() and not any(keep.iterdir())):
            raise XnerError(f"--keep {keep} is not an empty folder; name a new one for the model.")
    read = read_pairs(pairs, False, source_language, target_language)
    sure, possible = read_links(gold, read, gold_from) if gold else (None, None)
    with working_on(quiet) as shown:
        links = align_pairs(read, method, read_extras(extra_parallel, source_language, target_language), keep, shown)
    lines = [" ".join(f"{link.source}-{link.target}" for link in own) for own in links]
    scores = None
    if sure is not None and possible is not None:
        predicted = [{(link.source, link.target) for link in own} for own in links]
        scores = alignment_scores(predicted, sure, possible)
    if output:
        write_lines(output, lines)
    payload: dict[str, Any] = {"pairs": len(lines), "scores": scores}
    payload |= {"output": str(output)} if output else {"links": lines}
    emit(payload, as_json, lambda: None if output else print("\n".join(lines)))
    if keep and not as_json:
        note(f"the model is kept; align new pairs with `xner align PAIRS --set aligner.model={keep}`")
    if scores and not as_json:
        shares = ", ".join(f"{name} {percent(scores[name])}" for name in ("precision", "recall", "f1", "aer"))
        note(f"{shares}  ({scores['links']:,} links, {scores['sure']:,} sure, {scores['possible']:,} possible)")
