"""``xner study differences``: sentences on which two arms of a study differ."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xner_hf.cli.output import Json, check_output, emit, note
from xner_hf.errors import XnerError

if TYPE_CHECKING:
    from xner_hf.study import Study
    from xner_hf.study.differences import Difference
    from xner_hf.study.run_pairs import SeedPair


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
    from xner_hf.corpora.labelled import read_labelled
    from xner_hf.evaluation.scores import gold_tags
    from xner_hf.metrics import entities
    from xner_hf.study import differences as of
    from xner_hf.study import load_study
    from xner_hf.study.run_pairs import check_gold

    if sheet and sheet.exists():
        raise XnerError(f"{sheet} is there already, perhaps with kinds by hand, and is not overwritten; name another.")
    check_output(sheet)
    pair = _pair(load_study(file), language, contrast, seed)
    kinds = _kinds(tally) if tally else None
    told = pair.arm["predictions"]
    sentences = list(read_labelled(told["gold"], told["split"]))
    gold = {one.id: entities(gold_tags(one)) for one in sentences}
    check_gold(pair, gold)
    found = of.differences(pair, gold, {one.id: one.tokens for one in sentences})
    result: dict[str, Any] = {
        "contrast": contrast,
        "language": language,
        "seed": pair.seed,
        "sentences": len(gold),
        "different": len(found),
        "better": dict(Counter(one.better for one in found)),
        "errors": {},
    }
    for side, row in (("arm", pair.arm), ("against", pair.against)):
        counts = sum((of.error_kinds(gold[name], of.predicted(row, name)) for name in gold), Counter())
        result["errors"][row["settings"]["label"]] = {kind: counts[kind] for kind in of.KINDS}
        result[side] = row["settings"]["label"]
    if kinds is not None:
        result["kinds"] = {kind: dict(count) for kind, count in of.tally(found, kinds).items()}
    if sheet:
        chosen = of.sample(found, sample)
        _write(sheet, chosen, result)
        note(f"written: {sheet}, {len(chosen):,} sentences. Fill the column 'kind', then count them with --tally.")
    emit(result, as_json, lambda: _show(result))


def _pair(study: Study, language: str, contrast: str, seed: int | None) -> SeedPair:
    from xner_hf.errors import nearest
    from xner_hf.study import Store
    from xner_hf.study.run_pairs import pairs_by_seed

    names = [one.name for one in study.languages]
    for what, name, known in (("language", language, names), ("contrast", contrast, list(study.contrasts))):
        if name not in known:
            raise XnerError(f"the study has no {what} {name!r}.{nearest(name, known)} It has: {', '.join(known)}.")
    if len(study.backbones) > 1:
        raise XnerError("the study has several backbones; sentences are compared for studies of one.")
    wanted = {one.key for one in study.runs()}
    rows = [row for row in Store.of(study).results() if row["key"] in wanted]
    (found,) = pairs_by_seed(rows, study.contrasts[contrast], {language: {row["settings"]["seed"] for row in rows}})
    for one in found.pairs:
        if seed in (None, one.seed):
            return one
    done = ", ".join(str(one.seed) for one in found.pairs) or "none"
    raise XnerError(
        f"{study.folder} holds no pair of runs of {contrast!r} for {language}"
        + (f" with seed {seed}" if seed is not None else "")
        + f". Seeds of which both are done: {done}."
    )


def _kinds(path: Path) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets write the mark
            rows = list(csv.DictReader(file, delimiter="\t"))
    except (OSError, UnicodeDecodeError) as error:
        raise XnerError(f"{path} cannot be read ({error}). Give the sheet that --sheet wrote.") from error
    if not rows or not {"id", "kind"} <= set(rows[0]):
        raise XnerError(f"{path} has no columns 'id' and 'kind'. Give the sheet that --sheet wrote.")
    kinds = {row["id"]: (row["kind"] or "").strip() for row in rows}
    if len(kinds) < len(rows):
        raise XnerError(f"{path} has a sentence twice. Leave one line of each.")
    return kinds


def _write(path: Path, chosen: list[Difference], result: dict[str, Any]) -> None:
    from xner_hf.study.differences import marked

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, delimiter="\t", lineterminator="\n")
        lines.writerow(["id", "kind", "better", "gold", result["arm"], result["against"]])
        for one in chosen:
            texts = [marked(one.words, spans) for spans in (one.gold, one.arm, one.against)]
            lines.writerow([one.id, "", one.better, *texts])


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
