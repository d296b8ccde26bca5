"""Fits the weights of fused matching that come with the package: for every language that has translated gold one set
from the validation splits of all the others, and one from all of them for every other language.

    XNER_MIRROR=... python benchmarks/fit_fused.py      # writes xner_hf/project/fused.yaml
"""

from __future__ import annotations

from pathlib import Path

import yaml
from taggers import tagger_of

import xner_hf.project.fused
from xner_hf.evaluation.intrinsic import translated_gold
from xner_hf.project.fitting import Example, fit
from xner_hf.recipe import make_recipe

LANGUAGES = ("bam", "bbj", "ewe", "fon", "luo", "pcm", "tsn", "wol")
SPLIT = "validation"


def settings(examples: dict[str, list[Example]]) -> dict[str, object]:
    weights, threshold = fit(list(examples.values()))
    on = [f"masakhane/masakhaner2:{language}:{SPLIT}" for language in examples]
    return {"weights": weights, "null_threshold": threshold, "fitted_on": on}


def main() -> None:
    examples = {}
    for language in LANGUAGES:
        recipe = make_recipe(language, "parallel", {"projector": "candidates", "tagger": tagger_of(language)})
        examples[language] = translated_gold(recipe, f"masakhane/masakhaner2:{language}", SPLIT).examples()
        print(language, len(examples[language]), flush=True)
    table: dict[str, object] = {"default": settings(examples), "without": {}}
    for language in LANGUAGES:
        others = {other: rows for other, rows in examples.items() if other != language}
        table["without"][language] = settings(others)  # type: ignore[index]
    text = "# Written by benchmarks/fit_fused.py.\n" + yaml.safe_dump(table, sort_keys=False, width=120)
    Path(xner_hf.project.fused.__file__).with_name("fused.yaml").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
