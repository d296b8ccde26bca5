"""What more parallel text earns: the statistical aligner trained on the evaluated pairs alone, with MAFAND, and with
the Bible, and projection over its links. Test splits; for Yoruba, of which only train has translations, that.

    XNER_MIRROR=... python benchmarks/alignment_text.py
"""

from __future__ import annotations

import dataclasses

from taggers import tagger_of

from xner_hf.evaluation.intrinsic import training_text, translated_gold
from xner_hf.pipeline.chain import align_pairs
from xner_hf.pipeline.run import source_side
from xner_hf.recipe import AlignerConfig, make_recipe
from xner_hf.registry import make

SETS = {"luo": ("test", None), "tsn": ("test", None), "wol": ("test", None), "yor": ("train", "xner/bible:eng-yor")}
METHODS = {
    "heuristic": ("heuristic", {}),
    "alignment alone": ("candidates", {"alignment_weight": 1.0, "min_surface": 2.0, "null_threshold": 0.2}),
    "fused": ("fused", None),
}


def main() -> None:
    print(f"{'':6}{'aligner trained on':28}{'pairs':>9}" + "".join(f"{name:>18}" for name in METHODS))
    for code, (split, bible) in SETS.items():
        recipe = make_recipe(code, "parallel", {"tagger": tagger_of(code)})
        found = translated_gold(recipe, f"masakhane/masakhaner2:{code}", split)
        own = source_side(recipe, tagged=False)
        texts = {"these pairs": [], "these pairs, MAFAND": list(training_text(recipe, own))}
        if bible:
            more = dataclasses.replace(recipe, aligner=AlignerConfig(extra_parallel=(bible,)))
            texts["these pairs, MAFAND, Bible"] = list(training_text(more, own))
        for name, extra in texts.items():
            links = align_pairs(found.pairs, AlignerConfig(), extra)
            linked = dataclasses.replace(found, links=links)
            scores = []
            for method, settings in METHODS.values():
                given = recipe.projector.settings if settings is None else settings
                scores.append(100 * linked.score(make("projector", method, given))["f1"])
            size = len(found.pairs) + len(extra)
            print(f"{code:6}{name:28}{size:9,}" + "".join(f"{score:18.1f}" for score in scores), flush=True)


if __name__ == "__main__":
    main()
