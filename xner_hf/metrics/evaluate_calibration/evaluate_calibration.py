"""Expected calibration error as a module of the `evaluate` library; the mathematics is `xner_hf.metrics.calibration`.

``evaluate.load`` copies this file elsewhere and scans its import lines, hence one plain absolute import per line.
"""

from __future__ import annotations

import datasets
import evaluate

from xner_hf.metrics.calibration import expected_calibration_error

_DESCRIPTION = """\
Expected calibration error: how far the confidence of predictions and their accuracy lie apart, on average over bins of
confidence of equal width.
"""

_INPUTS_DESCRIPTION = """
Args:
    predictions: the confidence of every prediction, a probability in [0, 1].
    references: whether every prediction is right: booleans, or 0 and 1.
    bins: number of bins, 15 by default.
Returns:
    a dictionary: "ece", "accuracy" and mean "confidence", floats in [0, 1]; "count", the number of predictions; and
    "bins", for every bin a dictionary of its bounds "from" (exclusive) and "to" (inclusive), "count", mean
    "confidence" and "accuracy", the last two None in an empty bin.
Examples:
    >>> metric = evaluate.load(xner_hf.metrics.evaluate_path("calibration"))
    >>> metric.compute(predictions=[0.75, 0.75, 0.25, 0.25], references=[1, 1, 0, 0], bins=2)["ece"]
    0.25
"""

_CITATION = """\
@inproceedings{guo-etal-2017-calibration,
  title = {On Calibration of Modern Neural Networks},
  author = {Guo, Chuan and Pleiss, Geoff and Sun, Yu and Weinberger, Kilian Q.},
  booktitle = {Proceedings of the 34th International Conference on Machine Learning},
  year = {2017},
  pages = {1321--1330},
  url = {https://proceedings.mlr.press/v70/guo17a.html},
}
"""


class Calibration(evaluate.Metric):
    """Calibration error; `evaluate` prefixes the results with ``calibration`` where it combines several metrics."""

    def _info(self) -> evaluate.MetricInfo:
        # References are floats as well: as booleans or integers, 2 or 0.5 would be rounded before it can be refused.
        number = datasets.Value("float64")
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_INPUTS_DESCRIPTION,
            license="Apache-2.0",
            features=datasets.Features({"predictions": number, "references": number}),
            reference_urls=["https://proceedings.mlr.press/v70/guo17a.html"],
        )

    def _compute(self, predictions: list[float], references: list[float], bins: int = 15) -> dict:
        return expected_calibration_error(predictions, references, bins)
