"""Attachment scores as a module of the `evaluate` library; the scoring is `xner_hf.metrics.parsing`.

``evaluate.load`` copies this file elsewhere and scans its import lines, hence one plain absolute import per line.
"""

from __future__ import annotations

import datasets
import evaluate

from xner_hf.metrics.parsing import attachment_scores

_DESCRIPTION = """\
Unlabelled and labelled attachment score of dependency trees over given words, and the accuracy of the relations alone.
With the convention "conll2018" the values equal UAS and LAS of the CoNLL 2018 shared task on gold words.
"""

_INPUTS_DESCRIPTION = """
Args:
    predictions: list of sentences, each a dictionary of "heads", one number per word (0 for the root, else a word
        counted from 1), and "relations", one name per word.
    references: gold heads and relations of the same sentences.
    convention: "conll2018" (the default; subtypes such as ":pass" are ignored, every word counts), "full" (subtypes
        are compared, every word counts) or "no-punctuation" (subtypes are ignored, words whose gold relation is
        "punct" do not count).
Returns:
    a flat dictionary: "uas", "las" and "label_accuracy", floats in [0, 1], 0.0 where no word counts; "words",
    "correct_heads", "correct_relations" and "correct_both", numbers of words; and "sentences".
Examples:
    >>> metric = evaluate.load(xner_hf.metrics.evaluate_path("attachment"))
    >>> gold = {"heads": [2, 0], "relations": ["nsubj", "root"]}
    >>> result = metric.compute(predictions=[{"heads": [2, 0], "relations": ["obj", "root"]}], references=[gold])
    >>> result["uas"], result["las"], result["label_accuracy"]
    (1.0, 0.5, 0.5)
"""

_CITATION = """\
@inproceedings{zeman-etal-2018-conll,
  title = {{CoNLL} 2018 Shared Task: Multilingual Parsing from Raw Text to {Universal Dependencies}},
  author = {Zeman, Daniel and Haji{\\v{c}}, Jan and Popel, Martin and Potthast, Martin and Straka, Milan and
    Ginter, Filip and Nivre, Joakim and Petrov, Slav},
  booktitle = {Proceedings of the {CoNLL} 2018 Shared Task: Multilingual Parsing from Raw Text to Universal
    Dependencies},
  year = {2018},
  pages = {1--21},
  url = {https://aclanthology.org/K18-2001},
}
@inproceedings{buchholz-marsi-2006-conll,
  title = {{CoNLL}-{X} Shared Task on Multilingual Dependency Parsing},
  author = {Buchholz, Sabine and Marsi, Erwin},
  booktitle = {Proceedings of the Tenth Conference on Computational Natural Language Learning ({CoNLL}-{X})},
  year = {2006},
  pages = {149--164},
  url = {https://aclanthology.org/W06-2920},
}
"""


class Attachment(evaluate.Metric):
    """UAS and LAS; `evaluate` prefixes the results with ``attachment`` where it combines several metrics."""

    def _info(self) -> evaluate.MetricInfo:
        tree = {"heads": datasets.List(datasets.Value("int64")), "relations": datasets.List(datasets.Value("string"))}
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS_DESCRIPTION,
            license="Apache-2.0",
            features=datasets.Features({"predictions": tree, "references": tree}),
            reference_urls=["https://aclanthology.org/K18-2001", "https://universaldependencies.org/conll18/"],
        )

    def _compute(self, predictions: list[dict], references: list[dict], convention: str = "conll2018") -> dict:
        gold, predicted = (
            [(tree["heads"], tree["relations"]) for tree in trees] for trees in (references, predictions)
        )
        return attachment_scores(gold, predicted, convention)
