"""Span F1 as a module of the `evaluate` library; the scoring is `xner_hf.metrics.span_f1`.

``evaluate.load`` copies this file elsewhere and scans its import lines, hence one plain absolute import per line.
"""

from __future__ import annotations

import datasets
import evaluate

from xner_hf.errors import XnerError
from xner_hf.metrics.span_f1 import span_f1

_DESCRIPTION = """\
Precision, recall and F1 of named entities in IOB2 tags, by exact match of first word, last word and type as in the
CoNLL-2003 shared task, over all entities and per type. The values equal those of seqeval, without its dependencies.
"""

_INPUTS_DESCRIPTION = """
Args:
    predictions: list of sentences, each a list of tags: "O", "B-TYPE" or "I-TYPE", one per word.
    references: gold tags of the same sentences.
    mode: "strict" (the default; an entity opens at "B-TYPE" only, as seqeval with mode="strict" and scheme=IOB2) or
        "default" (a stray "I-TYPE" opens one too, as conlleval and seqeval without further arguments).
Returns:
    a flat dictionary: "overall_precision", "overall_recall" and "overall_f1", floats in [0, 1], micro-averaged;
    "overall_correct", "overall_predicted" and "overall_gold", numbers of entities; the same six for every type that
    occurs, such as "PER_f1"; and "sentences". A score whose denominator is 0 is 0.0.
Examples:
    >>> metric = evaluate.load(xner_hf.metrics.evaluate_path("span_f1"))
    >>> result = metric.compute(predictions=[["B-PER", "O"]], references=[["B-PER", "B-LOC"]])
    >>> result["overall_precision"], result["overall_recall"], result["PER_f1"]
    (1.0, 0.5, 1.0)
"""

_CITATION = """\
@misc{seqeval,
  title = {{seqeval}: A {Python} framework for sequence labeling evaluation},
  author = {Hiroki Nakayama},
  year = {2018},
  url = {https://github.com/chakki-works/seqeval},
}
@inproceedings{tjong-kim-sang-de-meulder-2003-introduction,
  title = {Introduction to the {CoNLL}-2003 Shared Task: Language-Independent Named Entity Recognition},
  author = {Tjong Kim Sang, Erik F. and De Meulder, Fien},
  booktitle = {Proceedings of the Seventh Conference on Natural Language Learning at {HLT}-{NAACL} 2003},
  year = {2003},
  pages = {142--147},
  url = {https://aclanthology.org/W03-0419},
}
"""


class SpanF1(evaluate.Metric):
    """Strict span F1; `evaluate` prefixes its results with ``span_f1`` where it combines several metrics."""

    def _info(self) -> evaluate.MetricInfo:
        tags = datasets.List(datasets.Value("string"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS_DESCRIPTION,
            license="Apache-2.0",
            features=datasets.Features({"predictions": tags, "references": tags}),
            reference_urls=["https://aclanthology.org/W03-0419", "https://github.com/chakki-works/seqeval"],
        )

    def _compute(self, predictions: list[list[str]], references: list[list[str]], mode: str = "strict") -> dict:
        result = span_f1(references, predictions, mode)
        types = result.pop("types")
        if "overall" in types:
            raise XnerError("An entity type is named 'overall', which is the name of the total. Rename the type.")
        sentences = result.pop("sentences")
        flat = {
            f"{kind}_{key}": value for kind, of in {"overall": result, **types}.items() for key, value in of.items()
        }
        return {**flat, "sentences": sentences}
