"""Europarl-NER, English to German and Spanish with gold English entities: every method that needs no pretrained
weights, strict span F1 over four types and over PER, ORG, LOC, with 95 % bootstrap intervals.

    XNER_MIRROR=... python benchmarks/europarl.py

The aligner is trained on nothing but these 799 sentences (and, where the row says so, on the English-German PUD
treebanks). Weights of fused matching are those of the package, fitted on MasakhaNER2 languages; other settings are
the defaults.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bootstrap import interval

from xner_hf.corpora.labelled import read_labelled
from xner_hf.metrics import sentence_counts
from xner_hf.project.projector import PROJECTED
from xner_hf.registry import make
from xner_hf.spans import Span, spans_from_iob2, spans_to_iob2

CORPUS = "ShkalikovOleh/europarl-ner"
PUBLISHED = """published, de / es: heuristic with mBERT .916 / .903, ILP with mBERT .921 / .883, NMTScore .886 / .916;
averages over de, es, it: fast_align .71, mGIZA .72, SimAlign .84, AWESOME .87, T-Projection .91
(all with pretrained models or large parallel corpora; ours have neither)"""
METHODS = {
    "heuristic": ("heuristic", {}),
    "heuristic, ratio .8": ("heuristic", {"min_length_ratio": 0.8}),
    "heuristic, first to last link": ("heuristic", {"largest_run": False}),
    "candidates, alignment alone": (
        "candidates",
        {"alignment_weight": 1.0, "min_surface": 2.0, "null_threshold": 0.2},
    ),
    "candidates, counted links": (
        "candidates",
        {"alignment_weight": 1.0, "min_surface": 2.0, "null_threshold": 0.2, "weighted": False},
    ),
    "candidates, surface alone": ("candidates", {"alignment_weight": 0.0}),
    "candidates": ("candidates", {}),
    "fused": ("fused", {}),
}
ALIGNERS = {"statistical, whole words": {"stem": 0}, "statistical, 5 letters (default)": {}}


def read(language: str) -> tuple[list[list[str]], list[list[str]]]:
    rows = list(read_labelled(f"{CORPUS}:{language}", "test"))
    return [row.tokens for row in rows], [row.tags or [] for row in rows]


def main() -> None:
    english, english_tags = read("en")
    spans = [spans_from_iob2(tags) for tags in english_tags]
    print(PUBLISHED)
    for language in ("de", "es"):
        target, gold = read(language)
        print(f"\n{language}: {'P / R / F1 [95 % interval], four types':>45}{'PER, ORG, LOC: F1':>28}")
        for name, settings in ALIGNERS.items():
            pairs = list(zip(english, target, strict=True))
            with tempfile.TemporaryDirectory() as folder:
                aligner = make("aligner", "statistical", settings, lambda pairs=pairs: pairs, Path(folder) / "model")
                links = aligner.align(english, target)
            print(f"  {name}")
            for method, (projector, values) in METHODS.items():
                made = make("projector", projector, values)
                counts: dict[bool, list] = {True: [], False: []}
                for source, own, words, one, tags in zip(english, spans, target, links, gold, strict=True):
                    fates = [fate for fate in made.project(source, own, words, one) if fate.status == PROJECTED]
                    found = spans_to_iob2([Span(f.start, f.end, f.label, f.score) for f in fates], len(words))
                    for all_types, rows in counts.items():
                        of = [tags, found] if all_types else [[no_misc(tag) for tag in seq] for seq in (tags, found)]
                        rows.append(sentence_counts(*of))
                four, three = interval(counts[True]), interval(counts[False])
                shares = " / ".join(f"{100 * four[key]:4.1f}" for key in ("precision", "recall", "f1"))
                print(
                    f"    {method:32}{shares} [{100 * four['low']:.1f}, {100 * four['high']:.1f}]"
                    f"{100 * three['f1']:12.1f} [{100 * three['low']:.1f}, {100 * three['high']:.1f}]",
                    flush=True,
                )


def no_misc(tag: str) -> str:
    return "O" if tag.endswith("-MISC") else tag


if __name__ == "__main__":
    main()
