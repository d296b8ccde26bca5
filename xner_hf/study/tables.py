"""Tables of a study: Markdown, CSV and JSON. The same rows give the same bytes.

Markdown has F1 and differences in points (x 100) with two decimals; CSV and JSON have them in [0, 1] and [-1, 1], in
full.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from xner_hf.markdown import table
from xner_hf.study.statistics import LanguageEffect, MeanEffect
from xner_hf.study.summary import Cell, ContrastResult, LanguageLine, Summary

LEGEND = (
    "Differences in points of strict span F1. Per language: mean and standard deviation over the seed pairs, interval "
    "and test by Student's t over them, p adjusted over the languages by Holm. Mean effect: mixed model with language "
    "as random effect (restricted maximum likelihood; t with one degree of freedom less than languages). Detectable: "
    "the smallest true difference that the test finds in 80 % of all cases, given the deviation that was measured. "
    "Brackets: 95 % intervals."
)
"""How the tables of contrasts are to be read."""


def markdown(summary: Summary) -> str:
    """Return all tables: the primary contrast first, then the other contrasts, then F1 by arm and language."""
    parts = []
    primary = summary.primary
    others = [one for one in summary.contrasts if one is not primary]
    if primary is not None:
        parts += ["### The primary contrast", contrast_markdown(primary)]
    if others:
        parts += ["### Other contrasts", overview_markdown(others)]
        for one in others:
            parts += [f"#### {one.contrast.name}", contrast_markdown(one)]
    if summary.contrasts:
        parts += [LEGEND]
    parts += ["### F1", f1_markdown(summary)]
    parts += ["\n".join(f"- {note}" for note in summary.notes)] if summary.notes else []
    return "\n\n".join(parts) + "\n"


def contrast_markdown(result: ContrastResult) -> str:
    """Return the mean effect of a contrast, a table by language, and one by seed with the bootstrap over sentences."""
    header = ["", "difference", "deviation", "pairs", "95 % interval", "p (Holm)", "detectable", ""]
    lines = [_language_cells(line) for line in result.languages]
    parts = [
        f"`{result.contrast.arm}` minus `{result.contrast.against}`. {answer(result)}",
        table(header, lines, escape=True),
    ]
    seeds = sorted({line.seed for one in result.languages for line in one.seeds})
    if seeds:
        by_seed = [[one.language, *(_seed_cell(one, seed) for seed in seeds)] for one in result.languages]
        parts += [
            "Each pair, and the bootstrap of its difference over the sentences of the test set:",
            table(["", *(f"seed {seed}" for seed in seeds)], by_seed, escape=True),
        ]
        bare = [one.language for one in result.languages if any(line.bootstrap is None for line in one.seeds)]
        if bare:
            parts += [f"No bootstrap for {', '.join(bare)}: the gold labels of the test set are not at hand."]
    return "\n\n".join(parts)


def answer(result: ContrastResult) -> str:
    """Return the mean effect of a contrast in words, its interval, and what it could have missed."""
    without = f" Without a pair: {', '.join(result.without)}." if result.without else ""
    effect = result.mean
    if effect is None:
        return f"Fewer than 2 languages have a pair, so there is no mean effect yet.{without}"
    size = f"{effect.languages} languages and {effect.pairs} pairs"
    text = f"Mean effect **{_signed(effect.mean)}** points of F1 over {size}"
    if effect.low is not None:
        text += f", 95 % interval {_interval(effect.low, effect.high)}, p {_p(effect.p)}: "
        text += f"**{_finding(effect.p, effect.mean)}** (detectable: {_points(effect.detectable)})"
    if abs(effect.macro - effect.mean) >= 5e-5:
        text += f"; plain mean of the languages' means {_signed(effect.macro)}"
    text += "."
    if effect.between is not None:
        text += f" Deviation between languages {_points(effect.between)}, over seeds {_points(effect.within)}."
    return f"{text}{f' Note: {effect.note}.' if effect.note else ''}{without}"


def overview_markdown(results: Sequence[ContrastResult]) -> str:
    """Return the mean effects of several contrasts; their p values are not adjusted for the number of contrasts."""
    header = ["contrast", "mean effect", "95 % interval", "p", "detectable", "languages", "pairs", ""]
    lines = []
    for one in results:
        effect = one.mean
        numbers = ["-"] * 4 if effect is None else [_signed(effect.mean), *_interval_p_detectable(effect, effect.p)]
        size = ["-", "-"] if effect is None else [str(effect.languages), str(effect.pairs)]
        lines.append([one.contrast.name, *numbers, *size, "" if effect is None else _finding(effect.p, effect.mean)])
    note = "p is not adjusted for the number of contrasts: these explain, they do not prove."
    return f"{table(header, lines, escape=True)}\n\n{note}"


def f1_markdown(summary: Summary) -> str:
    """Return F1 by arm and language: mean ± deviation over seeds (runs); the mean where every language has one."""
    header, *lines = f1_lines(summary, summary.languages)
    return f"{f1_legend(summary)}\n\n{table(header, [[f'`{arm}`', *cells] for arm, *cells in lines], escape=True)}"


def f1_legend(summary: Summary) -> str:
    """Return how the table of F1 is to be read, and the backbone of its runs."""
    text = "Strict span F1 x 100, mean ± standard deviation over seeds (runs)."
    return f"{text} Backbone: {summary.backbone or 'none'}."


def f1_lines(summary: Summary, languages: Sequence[str]) -> list[list[str]]:
    """Return the header of the table of F1 and a line for every arm: its name, and a cell for each language.

    The last column is the mean over the languages, which is left out where these are not all of the study.
    """
    whole = list(languages) == list(summary.languages)
    lines = [["", *languages, *(["mean"] if whole else [])]]
    for arm in summary.arms:
        cells = [_f1_cell(summary.cells.get((arm, language))) for language in languages]
        lines.append([arm, *cells, *([_points(summary.macro(arm))] if whole else [])])
    return lines


def csv_texts(summary: Summary) -> dict[str, str]:
    """Return the tables as CSV by name: ``f1``, ``contrasts`` (of each, the mean effect first) and ``pairs``."""
    f1 = [
        {"arm": arm, "language": language, **asdict(cell)}
        for arm in summary.arms
        for language in summary.languages
        if (cell := summary.cells.get((arm, language))) is not None
    ]
    contrasts, pairs = [], []
    for result in summary.contrasts:
        names = asdict(result.contrast) | {"contrast": result.contrast.name}
        if result.mean is not None:
            contrasts.append({**names, "language": "mean effect", **asdict(result.mean)})
        for line in result.languages:
            contrasts.append({**names, "language": line.language, **_language_json(line)})
            for seed in line.seeds:
                interval = asdict(seed.bootstrap) if seed.bootstrap else {}
                place = {"contrast": result.contrast.name, "language": line.language}
                pairs.append({**interval, **asdict(seed), **place})
    effect = ["mean", "error", "deviation", "pairs", "low", "high", "p", "p_holm", "detectable", "failed", "missing"]
    return {
        "f1": _csv(["arm", "language", "mean", "deviation", "runs", "failed"], f1),
        "contrasts": _csv(["contrast", "arm", "against", "language", *effect], contrasts),
        "pairs": _csv(["contrast", "language", "seed", "arm", "against", "difference", "low", "high", "p"], pairs),
    }


def as_json(summary: Summary) -> dict[str, Any]:
    """Return everything as JSON objects: ``primary`` first, None where the study has no contrast of that name."""
    primary = summary.primary
    return {
        "primary": None if primary is None else _contrast_json(primary),
        "unit": "strict span F1 in [0, 1]",
        "backbone": summary.backbone,
        "contrasts": [_contrast_json(one) for one in summary.contrasts if one is not primary],
        "f1": {
            arm: {
                "mean": summary.macro(arm),
                "languages": {
                    language: asdict(summary.cells[arm, language])
                    for language in summary.languages
                    if (arm, language) in summary.cells
                },
            }
            for arm in summary.arms
        },
        "notes": list(summary.notes),
    }


def _contrast_json(result: ContrastResult) -> dict[str, Any]:
    mean = {"mean": None, "low": None, "high": None} if result.mean is None else asdict(result.mean)
    ends = {name: mean.pop(name) for name in ("mean", "low", "high")}
    counts = {"number_of_languages": mean.pop("languages", 0), "pairs": mean.pop("pairs", 0)}
    return {
        "contrast": asdict(result.contrast),
        **ends,
        "languages": {line.language: _language_json(line) for line in result.languages},
        **counts,
        **mean,
        "without": result.without,
    }


def _language_json(line: LanguageLine) -> dict[str, Any]:
    seeds = [asdict(seed) for seed in line.seeds]
    return {**_effect(line), "p_holm": line.holm, "failed": line.failed, "missing": line.missing, "seeds": seeds}


def _effect(line: LanguageLine) -> dict[str, Any]:
    if line.effect is None:
        return {**dict.fromkeys(one.name for one in fields(LanguageEffect)), "pairs": 0}
    return asdict(line.effect)


def _language_cells(line: LanguageLine) -> list[str]:
    lost = [f"{name} ({number})" for name, number in (("failed", line.failed), ("missing", line.missing)) if number]
    effect = line.effect
    if effect is None:
        return [line.language, "-", "-", ", ".join(["0", *lost]), "-", "-", "-", "no pair"]
    deviation = "-" if effect.deviation is None else _points(effect.deviation)
    pairs = ", ".join([str(effect.pairs), *lost])
    low_high, p, detectable = _interval_p_detectable(effect, line.holm)
    return [
        line.language,
        _signed(effect.mean),
        deviation,
        pairs,
        low_high,
        p,
        detectable,
        _finding(line.holm, effect.mean),
    ]


def _interval_p_detectable(effect: LanguageEffect | MeanEffect, p: float | None) -> list[str]:
    if effect.low is None or p is None:
        return ["-", "-", "-"]
    return [_interval(effect.low, effect.high), _p(p), _points(effect.detectable)]


def _seed_cell(line: LanguageLine, seed: int) -> str:
    for one in line.seeds:
        if one.seed == seed:
            drawn = f" {_interval(one.bootstrap.low, one.bootstrap.high)}" if one.bootstrap else ""
            return f"{_signed(one.difference)}{drawn}"
    return "-"


def _f1_cell(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    failed = [f"failed ({cell.failed})"] if cell.failed else []
    if cell.mean is None:
        return failed[0]
    deviation = "" if cell.deviation is None else f" ± {_points(cell.deviation)}"
    return ", ".join([f"{_points(cell.mean)}{deviation} ({cell.runs})", *failed])


def _finding(p: float | None, mean: float) -> str:
    if p is None:
        return "no test"
    if p >= 0.05:
        return "no difference shown"
    return "higher" if mean > 0 else "lower"


def _points(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


def _signed(value: float) -> str:
    text = f"{100 * value:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text


def _interval(low: float, high: float) -> str:
    return f"[{_signed(low)}, {_signed(high)}]"


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}"


def _csv(header: Sequence[str], lines: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, header, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
