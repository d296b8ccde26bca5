"""``xner study differences``: sentences on which two arms of a study differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.cli.output import Json, check_output, emit, note
from xner_hf.errors import XnerError


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The study, such as studies/main.yaml.")],
    language: Annotated[str, typer.Option(help="Of the study.")],
    contrast: Annotated[str, typer.Option(help="Which two arms.")] = "primary",
    seed: Annotated[int | None, typer.Option(help="Of the pair; by default the first that is done.")] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE.tsv", help="Write a sample of the sentences, to sort them by hand.")
    ] = None,
    sample: Annotated[int, typer.Option(min=1, help="Sentences of the sheet.")] = 50,
    tally: Annotated[
        Path | None, typer.Option(metavar="FILE.tsv", help="Count a sheet whose column `kind` was filled.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Count the errors of two arms by kind, and write a sheet of the sentences on which they differ.

    A sheet holds words and gold of the test set: it is for you, not for publication. `--tally` needs its columns `id`
    and `kind` alone, which may be published.

    Examples: xner study differences studies/main.yaml --language pcm --sheet sheet.tsv

    xner study differences studies/main.yaml --language pcm --tally sheet.tsv
    """
    from xner_hf.study import load_study
    from xner_hf.study.differences import compare_arms, read_sheet, sample_of, tally_of, write_sheet

    if sheet and sheet.exists():
        raise XnerError(f"{sheet} exists, perhaps with kinds by hand, and is not overwritten. Use another name.")
    check_output(sheet)
    study = load_study(file)
    kinds = read_sheet(tally) if tally else None
    result, found = compare_arms(study, language, contrast, seed)
    if kinds is not None:
        result["kinds"] = {kind: dict(count) for kind, count in tally_of(found, kinds).items()}
    if sheet:
        chosen = sample_of(found, sample)
        write_sheet(sheet, chosen, result["arm"], result["against"])
        note(f"written: {sheet}, {len(chosen):,} sentences. Fill the column 'kind', then count them with --tally.")
    emit(result, as_json, lambda: _show(result))


def _show(result: dict[str, Any]) -> None:
    from xner_hf.study.differences import KINDS

    better, arms = result["better"], (result["arm"], result["against"])
    print(
        f"{result['language']}, seed {result['seed']}: the arms differ on {result['different']:,} of "
        f"{result['sentences']:,} sentences; fewer errors: {better.get('arm', 0):,} {arms[0]}, "
        f"{better.get('against', 0):,} {arms[1]}, {better.get('neither', 0):,} neither"
    )
    width = max(map(len, arms))
    print(f"{'':<{width}}  " + "  ".join(f"{kind:>8}" for kind in KINDS))
    for name in arms:
        counts = result["errors"][name]
        print(f"{name:<{width}}  " + "  ".join(f"{counts[kind]:>{max(8, len(kind))},}" for kind in KINDS))
    for kind, count in result.get("kinds", {}).items():
        sides = ", ".join(f"{count.get(side, 0)} {side}" for side in ("arm", "against", "neither"))
        print(f"{sum(count.values()):>4}  {kind}  (fewer errors: {sides})")
