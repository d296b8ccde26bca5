"""Every direction that translates, on the bundled Hausa sample with a small translator that was trained on it.

    python benchmarks/small_translator.py

No pretrained translator is needed: the first run trains the small one. It knows the sample by heart, so
the figures say that the ways work, not how good a translator is: strict span F1 of the kept rows against the gold of
the Hausa side, for those whose words are a sentence of the sample.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from taggers import TAGGERS

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.parallel import sample_path
from xner_hf.metrics import span_f1
from xner_hf.pipeline.rows import corpus_files
from xner_hf.pipeline.run import Run, run_recipe
from xner_hf.recipe import make_recipe
from xner_hf.spans import NER_LABELS, Span, spans_to_iob2

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "translate"))


def main() -> None:
    from small_model import small_model_folder

    rows = [json.loads(line) for line in sample_path("hau").read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XNER_CACHE"] = str(Path(folder) / "cache")
        english, hausa = Path(folder, "english.conll"), Path(folder, "hausa.txt")
        english.write_text("\n".join(map(conll, rows)), encoding="utf-8")
        hausa.write_text("".join(detokenise(row["target_tokens"]) + "\n" for row in rows), encoding="utf-8")
        model = {"method": "seq2seq", "model": str(small_model_folder())}
        train = {"text": {"corpus": str(english)}, "translator": model}
        likelihood = {"translation_model": model["model"], "null_threshold": 0.3}
        alone = {"alignment_weight": 0.0, "min_surface": 2.0}
        print(f"{'recipe':40}{'rows':>6}{'kept':>6}{'scored':>8}{'P':>7}{'R':>7}{'F1':>7}  markers")
        for method in ("heuristic", "fused"):
            show(f"translate-train, {method}", "translate-train", {**train, "projector": method}, rows)
            for mode in ("replace", "rescore"):
                back = {"mode": mode, "translator": {**model, "markers": "xml"}}
                given = {**train, "projector": method, "back_translation": back}
                show(f"  back-translation, {mode}", "translate-train", given, rows)
        nmt = {"method": "candidates", **likelihood, **alone}
        show(
            "translate-train, likelihood alone",
            "translate-train",
            {**train, "aligner": "none", "projector": nmt},
            rows,
        )
        for form in ("brackets", "xml"):
            given = {"text": train["text"], "translator": {**model, "markers": form}}
            show(f"marker, {form}", "marker", given, rows)
        if os.environ.get("XNER_MIRROR"):
            given = {"text": {"corpus": str(hausa)}, "translator": model, "tagger": TAGGERS["eng"]}
            show("translate-test, the mirror's tagger", "translate-test", given, rows)


def show(name: str, recipe: str, given: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    run = run_recipe(make_recipe("hau", recipe, given))
    gold = {tuple(row["target_tokens"]): tags(row["target_entities"], row["target_tokens"]) for row in rows}
    kept = kept_rows(run)
    both = [
        (gold[tuple(row["tokens"])], [NER_LABELS[tag] for tag in row["ner_tags"]])
        for row in kept
        if tuple(row["tokens"]) in gold
    ]
    score = span_f1([a for a, _ in both], [b for _, b in both])
    shares = "".join(f"{100 * score[key]:7.1f}" for key in ("precision", "recall", "f1"))
    marked = ", ".join(f"{fault} {count}" for fault, count in run.markers.items())
    print(f"{name:40}{run.stages.rows:6}{len(kept):6}{len(both):8}{shares}  {marked}", flush=True)


def kept_rows(run: Run) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    files = corpus_files(run)
    return [
        row for split in ("train", "validation") for file in files[split] for row in pq.read_table(file).to_pylist()
    ]


def conll(row: dict[str, Any]) -> str:
    labels = tags(row["source_entities"], row["source_tokens"])
    return "".join(f"{word} {tag}\n" for word, tag in zip(row["source_tokens"], labels, strict=True))


def tags(entities: list[dict[str, Any]], words: list[str]) -> list[str]:
    return spans_to_iob2(sorted({Span(e["start"], e["end"], e["label"]) for e in entities}), len(words))


if __name__ == "__main__":
    main()
