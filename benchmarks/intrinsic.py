"""Projection onto MasakhaNER2 sentences through their human translations: methods x languages, strict span F1.

    XNER_MIRROR=... python benchmarks/intrinsic.py [LANG ...] [--output FILE.json]

The settings of candidate matching are chosen on the validation splits of the same languages (the best mean over them,
from the grid below), the table is scored on test. One tagger a source language, the recipe's own; the aligner is
trained on MAFAND without leaked rows and on the sentences themselves.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
from pathlib import Path

from xner_hf.evaluation import TranslatedGold, translated_gold
from xner_hf.project import make_projector
from xner_hf.recipe import make_recipe

LANGUAGES = ("luo", "tsn", "pcm", "ewe", "wol")
GRID = {
    "alignment_weight": (0.5, 0.6, 0.7, 0.8, 1.0),
    "min_surface": (0.75, 0.8, 0.85, 0.9),
    "null_threshold": (0.2, 0.3, 0.4, 0.5),
}


def mean_f1(sets: list[TranslatedGold], method: str, settings: dict[str, float]) -> float:
    return statistics.mean(one.score(make_projector(method, settings))["f1"] for one in sets)


def choose(validation: list[TranslatedGold], fixed: dict[str, float]) -> tuple[dict[str, float], float]:
    """Return the settings with the best mean F1 on the validation splits, `fixed` ones held."""
    free = {name: values for name, values in GRID.items() if name not in fixed}
    best: tuple[float, dict[str, float]] = (-1.0, {})
    for values in itertools.product(*free.values()):
        settings = {**fixed, **dict(zip(free, values, strict=True))}
        best = max(best, (mean_f1(validation, "candidates", settings), settings), key=lambda pair: pair[0])
    return best[1], best[0]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("languages", nargs="*", default=list(LANGUAGES))
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    gold: dict[str, list[TranslatedGold]] = {"validation": [], "test": []}
    for language in options.languages:
        for split, sets in gold.items():
            sets.append(translated_gold(make_recipe(language, "parallel"), f"masakhane/masakhaner2:{language}", split))
    fused, on_validation = choose(gold["validation"], {})
    print(f"chosen on validation: {fused} (mean F1 {100 * on_validation:.2f})")
    print(f"the defaults there:   mean F1 {100 * mean_f1(gold['validation'], 'candidates', {}):.2f}")
    surface, on_validation = choose(gold["validation"], {"alignment_weight": 0.0, "null_threshold": 0.2})
    print(f"surface alone:        {surface} (mean F1 {100 * on_validation:.2f})\n")
    methods = {
        "heuristic": ("heuristic", {}),
        "heuristic, ratio .8": ("heuristic", {"min_length_ratio": 0.8}),
        "candidates, alignment alone": (
            "candidates",
            {"alignment_weight": 1.0, "min_surface": 2.0, "null_threshold": 0.2},
        ),
        "candidates, surface alone": ("candidates", surface),
        "candidates, both (chosen)": ("candidates", fused),
        "candidates, both (default)": ("candidates", {}),
    }
    table = {}
    print(f"{'test: P / R / F1':30}" + "".join(f"{language:>19}" for language in options.languages) + "   mean F1")
    for name, (method, settings) in methods.items():
        scores = [one.score(make_projector(method, settings)) for one in gold["test"]]
        cells = "".join(
            "   " + " / ".join(f"{100 * one[key]:4.1f}" for key in ("precision", "recall", "f1")) for one in scores
        )
        print(f"{name:30}{cells}{100 * statistics.mean(one['f1'] for one in scores):10.2f}", flush=True)
        table[name] = dict(zip(options.languages, scores, strict=True))
    if options.output:
        options.output.write_text(json.dumps({"settings": fused, "table": table}, indent=1))


if __name__ == "__main__":
    main()
