"""Projection onto MasakhaNER2 test sentences through their human translations: methods x languages, strict span scores
with 95 % bootstrap intervals, where the errors come from, and what every part earns.

    XNER_MIRROR=... python benchmarks/intrinsic.py [LANG ...] [--output FILE.json] [--tagger en=ID] [--tagger fr=ID]

One tagger a source language, those of `taggers.py` unless given. The settings of `candidates` were chosen, and weights
of `fused` fitted, on validation splits: those of the package were never fitted on the language that they serve.
Aligners are trained on MAFAND without leaked rows and on the sentences themselves.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

from bootstrap import interval
from taggers import tagger_of

from xner_hf.evaluation.intrinsic import TranslatedGold, translated_gold
from xner_hf.evaluation.scores import gold_tags
from xner_hf.languages import language as entry
from xner_hf.metrics import sentence_counts
from xner_hf.project.filters import Filters, FiltersConfig, project_filtered
from xner_hf.project.fitting import fit
from xner_hf.project.fused import FEATURES, fitted
from xner_hf.project.scores.text import fold
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.recipe import make_recipe, projector_config
from xner_hf.registry import make
from xner_hf.spans import overlap, spans_from_iob2

LANGUAGES = ("luo", "tsn", "pcm", "bam", "bbj", "ewe", "fon", "wol")
GOAL = ("luo", "tsn", "pcm")
BASE = {
    "heuristic, ratio .8": ("heuristic", {"min_length_ratio": 0.8}),
    "candidates, alignment alone": (
        "candidates",
        {"alignment_weight": 1.0, "min_surface": 2.0, "null_threshold": 0.2},
    ),
    "candidates, surface alone": ("candidates", {"alignment_weight": 0.0}),
    "candidates": ("candidates", {}),
}
METHODS = {"heuristic": ("heuristic", {}), **BASE, "fused": ("fused", {})}
GROUPS = {
    "alignment": [name for name in FEATURES if "alignment" in name],
    "spelling": [name for name in FEATURES if "spelling" in name or name == "copied"],
    "length": ["longer", "length"],
    "source_score": ["source_score"],
    "capitals": [name for name in FEATURES if name.split("_")[-1] in ("opening", "closing", "before", "after")],
}
FILTERS: dict[str, dict[str, Any]] = {
    "comp_src": {"comp_src": True},
    "comp_tgt": {"comp_tgt": True},
    "comp_ins": {"comp_ins": True},
    "restrict_tgt": {"restrict_tgt": True},
    "min_source_score .6": {"min_source_score": 0.6},
    "min_score .5": {"min_score": 0.5},
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("languages", nargs="*", default=list(LANGUAGES))
    parser.add_argument("--output", type=Path)
    parser.add_argument("--tagger", action="append", default=[], metavar="en=ID")
    options = parser.parse_args()
    taggers = dict(one.split("=", 1) for one in options.tagger)
    found: dict[str, Any] = {"methods": {}, "ablations": {}}
    sets: dict[str, dict[str, TranslatedGold]] = {"validation": {}, "test": {}}
    raw = {}
    for code in options.languages:
        tagger = taggers.get("fr" if entry(code).source == "fra" else "en", tagger_of(code))
        recipe = make_recipe(code, "parallel", {"tagger": tagger, "projector": "candidates"})
        gold = f"masakhane/masakhaner2:{code}"
        for split, of in sets.items():
            of[code] = translated_gold(recipe, gold, split)
        unsettled = dataclasses.replace(recipe, tagger=dataclasses.replace(recipe.tagger, consistent=False))
        raw[code] = translated_gold(unsettled, gold, "test")
        print(f"read {code}", flush=True)
    test = sets["test"]
    print(f"\n{'test: P / R / F1 [95 % of F1]':44}" + "".join(f"{code:>31}" for code in options.languages))
    for name, method in BASE.items():
        found["methods"][f"{name}, types unsettled"] = row(f"{name}, types unsettled", raw, method)
    for name, method in METHODS.items():
        found["methods"][name] = row(name, test, method)
    print("\nerrors of fused on test: share of gold entities")
    found["errors"] = {code: errors(code, one) for code, one in test.items()}
    print("\nablations of fused, weights refitted on the validation splits of the other languages: F1 on test")
    examples = {code: one.examples() for code, one in sets["validation"].items()}
    for name, used in {
        "all": FEATURES,
        **{f"without {name}": [f for f in FEATURES if f not in left] for name, left in GROUPS.items()},
    }.items():
        scores = {}
        for code, one in test.items():
            weights, threshold = fit([rows for other, rows in examples.items() if other != code], features=used)
            projector = make("projector", "fused", {"weights": weights, "null_threshold": threshold})
            scores[code] = 100 * one.score(projector)["f1"]
        found["ablations"][name] = show(name, scores)
    for solver in ("greedy", "exact", "milp"):
        scores = {code: 100 * one.score(fused(code, {"solver": solver}))["f1"] for code, one in test.items()}
        found["ablations"][f"solver {solver}"] = show(f"solver {solver}", scores)
    for name, settings in FILTERS.items():
        scores, kept = {}, []
        for code, one in test.items():
            value, share = filtered(code, one, FiltersConfig(**settings))
            scores[code] = 100 * value
            kept.append(share)
        note = f"   (keeps {100 * statistics.mean(kept):.0f} % of sentences, F1 on those)"
        found["ablations"][f"filter {name}"] = show(f"filter {name}", scores, note)
    if options.output:
        options.output.write_text(json.dumps(found, indent=1))


def fused(code: str, settings: dict[str, Any]) -> Any:
    config = projector_config("fused", {**fitted(code), **settings}, code)
    return make("projector", "fused", config.settings)


def row(name: str, sets: dict[str, TranslatedGold], method: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    scores = {}
    for code, one in sets.items():
        projector = fused(code, method[1]) if method[0] == "fused" else make("projector", *method)
        gold = [gold_tags(sentence) for sentence in one.gold]
        scores[code] = interval([sentence_counts(*both) for both in zip(gold, one.predict(projector), strict=True)])
    cells = "".join(
        "   "
        + " / ".join(f"{100 * one[key]:4.1f}" for key in ("precision", "recall", "f1"))
        # the interval stands beside F1
        + f" [{100 * one['low']:4.1f},{100 * one['high']:5.1f}]"
        for one in scores.values()
    )
    print(f"{name:44}{cells}   {means({code: 100 * one['f1'] for code, one in scores.items()})}", flush=True)
    return scores


def means(scores: dict[str, float]) -> str:
    goal = [scores[code] for code in GOAL if code in scores]
    first = f"mean of {', '.join(c for c in GOAL if c in scores)} {statistics.mean(goal):.2f}; " if goal else ""
    return f"{first}of all {statistics.mean(scores.values()):.2f}"


def show(name: str, scores: dict[str, float], note: str = "") -> dict[str, float]:
    print(
        f"{name:28}" + "".join(f"{score:7.1f}" for score in scores.values()) + f"   {means(scores)}{note}", flush=True
    )
    return scores


def filtered(code: str, one: TranslatedGold, config: FiltersConfig) -> tuple[float, float]:
    """F1 of fused on the sentences that the filters keep, and their share."""
    projector, filters = fused(code, {}), Filters(config)
    kept = []
    for sentence, pair, links, tags in zip(
        one.gold, one.pairs, one.links, one.predict(projector, config), strict=True
    ):
        _, reason = project_filtered(
            projector, filters, SentencePair(pair.source, pair.source_spans or (), pair.target, links)
        )
        if reason is None:
            kept.append(sentence_counts(gold_tags(sentence), tags))
    return interval(kept)["f1"], len(kept) / len(one.gold)


def errors(code: str, one: TranslatedGold) -> dict[str, float]:
    """Shares of gold entities by outcome; a name that stands in the translation tells tagger and projection apart."""
    counts: Counter[str] = Counter()
    for sentence, pair, tags in zip(one.gold, one.pairs, one.predict(fused(code, {})), strict=True):
        gold = spans_from_iob2(gold_tags(sentence))
        predicted = spans_from_iob2(tags)
        source = [fold(word) for word in pair.source]
        for span in gold:
            counts["gold"] += 1
            same = [p for p in predicted if (p.start, p.end) == (span.start, span.end)]
            touching = [p for p in predicted if overlap(p, span)]
            if same and same[0].label == span.label:
                counts["exact"] += 1
                continue
            counts["wrong type" if same else "wrong borders" if touching else "missed"] += 1
            name = [fold(word) for word in pair.target[span.start : span.end]]
            places = [i for i in range(len(source)) if source[i : i + len(name)] == name]
            right = {(s.start, s.end, s.label) for s in pair.source_spans or ()}
            if not places:
                counts["name not in the translation as it is"] += 1
            elif any((place, place + len(name), span.label) in right for place in places):
                counts["of the projection"] += 1
            else:
                counts["of the tagger"] += 1
    total = counts.pop("gold")
    shares = {name: counts[name] / total for name in sorted(counts)}
    print(f"{code}  " + ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items()), flush=True)
    return shares


if __name__ == "__main__":
    main()
