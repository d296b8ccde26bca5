"""What tuning costs: the method that it picks without gold against the one that is truly best, by language.

    XNER_MIRROR=... python benchmarks/tune.py [--languages luo tsn ...] [--limit N] [--output FILE.json]

Tuning sees the human translations of the validation split, tagged and aligned; the truth is strict span F1 on the gold
of the same sentences. Regret is what the picked method lacks to the best one, in points of F1. The same is printed for
picking by agreement or by the round trip alone, and for always taking one method.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

from taggers import tagger_of

from xner_hf.evaluation.calibration import translated_languages, well_translated
from xner_hf.evaluation.intrinsic import translated_gold
from xner_hf.evaluation.tuning import contenders, pick, rank
from xner_hf.recipe import make_recipe
from xner_hf.registry import make

ALWAYS = ("fused", "candidates")
ALONE = ("agreement", "round_trip")


def measure(language: str, limit: int | None) -> tuple[dict[str, dict[str, float]], str]:
    """Return agreement, round trip, their mean and the true F1 of every contender, best mean first, and the pick."""
    recipe = make_recipe(language, "parallel", {"tagger": tagger_of(language)})
    gold = translated_gold(recipe, translated_languages()[language], "validation", limit)
    projectors = {name: make("projector", one.method, one.settings) for name, one in contenders(language).items()}
    rows = rank(gold.pairs, gold.links, projectors)
    measured = {
        row.method: {
            "agreement": row.agreement,
            "round_trip": row.round_trip,
            "mean": row.mean,
            "f1": gold.score(projectors[row.method])["f1"],
        }
        for row in rows
    }
    return measured, pick(rows).method


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--languages", nargs="+", help="all with translated gold by default")
    parser.add_argument("--limit", type=int, help="translated sentences a language; all by default")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    table: dict[str, dict[str, dict[str, float]]] = {}
    regrets: dict[str, list[float]] = {}
    for language in options.languages or well_translated():
        rows, picked = measure(language, options.limit)
        table[language] = rows
        print(f"\n{language:30}{'agreement':>11}{'round trip':>11}{'mean':>8}{'true F1':>9}")
        for name, row in rows.items():
            cells = (row["agreement"], row["round_trip"], row["mean"], row["f1"])
            print(f"  {name:28}" + "".join(f"{100 * x:{n}.1f}" for x, n in zip(cells, (11, 11, 8, 9), strict=True)))
        best = max(rows, key=lambda name: rows[name]["f1"])
        choices = {"tuned": picked, "best mean": next(iter(rows))}
        choices |= {f"{key} alone": max(rows, key=lambda name: rows[name][key]) for key in ALONE}
        choices |= {f"always {name}": name for name in ALWAYS}
        for label, name in choices.items():
            regrets.setdefault(label, []).append(100 * (rows[best]["f1"] - rows[name]["f1"]))
        print(f"  picked {picked}; best {best}; regret {regrets['tuned'][-1]:.2f}", flush=True)
    print(f"\n{'':24}{'picks the best':>16}{'mean regret':>13}{'worst':>8}")
    for label, values in regrets.items():
        hits = f"{sum(value == 0 for value in values)} of {len(values)}"
        print(f"{label:24}{hits:>16}{statistics.mean(values):13.2f}{max(values):8.2f}")
    if options.output:
        options.output.write_text(json.dumps({"table": table, "regrets": regrets}, indent=1))


if __name__ == "__main__":
    main()
