"""How far our labels agree with T-Projection's published ones on the NLLB translations of CoNLL-2003 (8 languages).

    XNER_MIRROR=... python benchmarks/tprojection_agreement.py [LANG ...] [--set projector.substring=true]

Both label the same translations of the same gold English sentences. Agreement is strict span F1 over PER, ORG and LOC,
taking T-Projection's labels as the reference; precision and recall say which side has more spans. Rows that we reject
are left out and counted.
"""

from __future__ import annotations

import argparse

import pyarrow.parquet as pq

from xner_hf.cli.output import parse_settings
from xner_hf.corpora.hub import CorpusSplit
from xner_hf.metrics import span_f1
from xner_hf.pipeline.rows import corpus_files
from xner_hf.pipeline.run import run_recipe
from xner_hf.recipe import make_recipe
from xner_hf.spans import ENTITY_TYPES, NER_LABELS, spans_from_iob2, spans_to_iob2

LANGUAGES = ("hau", "ibo", "nya", "sna", "swa", "xho", "yor", "zul")


CORPUS = "xner/conll2003-nllb"


def translated(language: str) -> dict[str, str]:
    """Return the keys of a recipe that name the translations which T-Projection labelled."""
    return {"text.corpus": CORPUS, "text.config": language}


def reference(language: str) -> list[list[str]]:
    """Return T-Projection's tags of every row."""
    split = CorpusSplit(CORPUS, language, "train")
    names = split.class_names("tprojection_tags")
    rows = []
    for row in split.rows(["target_tokens", "tprojection_tags"]):
        spans = spans_from_iob2([names[tag] for tag in row["tprojection_tags"]])
        kept = [span for span in spans if span.label in ENTITY_TYPES]  # MISC is not projected
        rows.append(spans_to_iob2(kept, len(row["target_tokens"])))
    return rows


def main(languages: list[str], overrides: dict[str, object]) -> None:
    print("language  sentences  rejected  precision  recall    F1   PER   ORG   LOC")
    means = []
    for language in languages:
        theirs = reference(language)
        ours, gold, rejected = [], [], 0
        recipe = make_recipe(language, "translate-train", translated(language) | overrides)
        for name, files in corpus_files(run_recipe(recipe)).items():
            for path in files:
                for row in pq.read_table(path, columns=["id", "ner_tags"]).to_pylist():
                    if name == "rejected":
                        rejected += 1
                        continue
                    ours.append([NER_LABELS[tag] for tag in row["ner_tags"]])
                    gold.append(theirs[int(row["id"].rpartition("/")[2])])
        scores = span_f1(gold, ours)
        types = "".join(f"{scores['types'][kind]['f1'] * 100:6.1f}" for kind in ("PER", "ORG", "LOC"))
        print(
            f"{language:8} {len(ours):10,} {rejected:9,} {scores['precision'] * 100:10.1f} "
            f"{scores['recall'] * 100:7.1f} {scores['f1'] * 100:5.1f}{types}",
            flush=True,
        )
        means.append(scores["f1"])
    print(f"{'mean':8} {sum(means) / len(means) * 100:46.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("languages", nargs="*", default=list(LANGUAGES))
    parser.add_argument("--set", action="append", dest="settings", metavar="KEY=VALUE")
    options = parser.parse_args()
    main(options.languages, parse_settings(options.settings))
