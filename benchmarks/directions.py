"""Directions and their combination on MasakhaNER2: strict span F1 of the labels that each gives to gold sentences.

    XNER_MIRROR=... python benchmarks/directions.py [LANG ...] [--split test]

`translate-test` looks human translations up, so its pairs are those of `parallel`. `transfer` applies the mirror's
tagger of the source language to the target text; nobody ever showed it the language. The weight of `transfer` beside
`translate-test` is the one that is best on average on the validation splits of the *other* languages.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from bootstrap import interval
from taggers import tagger_of

from xner_hf.evaluation.intrinsic import member_labels, with_translations
from xner_hf.evaluation.scores import gold_tags
from xner_hf.languages import language
from xner_hf.metrics import sentence_counts, span_f1
from xner_hf.pipeline.combine import join
from xner_hf.recipe import make_recipe
from xner_hf.recipe.config import COMBINATIONS
from xner_hf.spans import spans_to_iob2

LANGUAGES = ("luo", "tsn", "pcm", "wol", "ewe")
WEIGHTS = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="*", default=LANGUAGES, metavar="LANG")
    parser.add_argument("--split", default="test")
    arguments = parser.parse_args()
    found = {
        code: {split: labels(code, split) for split in ("validation", arguments.split)} for code in arguments.languages
    }
    print(f"{'':6}{'direction':28}{'P':>7}{'R':>7}{'F1':>7}  95 % interval")
    for code in arguments.languages:
        gold, directions = found[code][arguments.split]
        rows = {
            name: [spans_to_iob2(one.spans if one else (), len(tags)) for one, tags in zip(own, gold, strict=True)]
            for name, own in directions.items()
        }
        for combination in COMBINATIONS:
            others = [one["validation"] for other, one in found.items() if other != code] or [
                found[code]["validation"]
            ]
            weight = max(WEIGHTS, key=lambda w: sum(f1(data, combination, w) for data in others))
            rows[f"combine, {combination} 1 : {weight}"] = combined((gold, directions), combination, weight)
        for name, predicted in rows.items():
            score = interval([sentence_counts(a, b) for a, b in zip(gold, predicted, strict=True)])
            shares = "".join(f"{100 * score[key]:7.1f}" for key in ("precision", "recall", "f1"))
            print(f"{code:6}{name:28}{shares}  [{100 * score['low']:.1f}, {100 * score['high']:.1f}]", flush=True)


def labels(code: str, split: str) -> tuple[list[list[str]], dict[str, Any]]:
    """Gold tags, and what every direction says of each sentence."""
    target = language(code)
    gold = f"masakhane/masakhaner2:{code}"
    text = {"corpus": "masakhane/mafand", "config": target.mafand}
    test = make_recipe(code, "translate-test", {"text": text, "translator": "parallel", "tagger": tagger_of(code)})
    transfer = make_recipe(
        code,
        "transfer",
        {"text": text, "tagger": {"model": tagger_of(code), "distributions": True}},
    )
    sentences, _, _ = with_translations(gold, split, None)
    recipes = {"translate-test": test, "transfer": transfer}
    if split != "validation":  # where nothing is chosen by it
        recipes["parallel"] = make_recipe(code, "parallel", {"tagger": tagger_of(code)})
    recipes["transfer, names as found"] = dataclasses.replace(
        transfer, tagger=dataclasses.replace(transfer.tagger, consistent=False)
    )
    found = {name: member_labels(recipe, gold, split, None, sentences) for name, recipe in recipes.items()}
    return [gold_tags(sentence) for sentence in sentences], found


def combined(data: tuple[list[list[str]], dict[str, Any]], combination: str, weight: float) -> list[list[str]]:
    gold, directions = data
    predicted = []
    for tags, one, other in zip(gold, directions["translate-test"], directions["transfer"], strict=True):
        kept = [(labels, w) for labels, w in ((one, 1.0), (other, weight)) if labels is not None]
        spans = join([labels for labels, _ in kept], [w for _, w in kept], combination, len(tags)) if kept else ()
        predicted.append(spans_to_iob2(spans, len(tags)))
    return predicted


def f1(data: tuple[list[list[str]], dict[str, Any]], combination: str, weight: float) -> float:
    return span_f1(data[0], combined(data, combination, weight))["f1"]


if __name__ == "__main__":
    main()
