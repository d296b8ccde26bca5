"""Fitting of fused matching: weights by conditional likelihood, the null threshold by strict span F1."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from xner_hf.errors import XnerError
from xner_hf.project.fused import FEATURES, FusedConfig, evidence, probabilities
from xner_hf.project.matching import candidate_spans, match
from xner_hf.project.projector import PROJECTED
from xner_hf.project.scores import Candidates
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.spans import Span

if TYPE_CHECKING:
    import numpy as np

PENALTY = 1e-5
"""Weight of the squared norm of the standardised weights."""

THRESHOLDS = tuple(step / 20 for step in range(1, 15))
"""Null thresholds to try."""


class Example(NamedTuple):
    """A sentence pair whose target side has gold entities."""

    pair: SentencePair
    gold: Sequence[Span]


class _Cells(NamedTuple):
    """An example with all values that do not depend on the weights."""

    spans: Sequence[Span]
    gold: set[tuple[int, int, str]]
    starts: np.ndarray
    ends: np.ndarray
    features: np.ndarray  # [live cells, features]
    live: np.ndarray  # [entities, candidates]


def fit(
    groups: Sequence[Iterable[Example]], config: FusedConfig | None = None, features: Collection[str] = FEATURES
) -> tuple[dict[str, float], float]:
    """Return the weights (with ``bias``) and the null threshold that fit the gold best.

    The weights maximise the likelihood that an entity chooses a live candidate that is a gold span of its type, or
    none where there is no such candidate. The threshold maximises the mean F1 over the groups.

    Args:
        groups: examples of one language each.
        config: settings of the candidates; its weights and threshold are not used.
        features: the scores that may have a weight.

    Raises:
        XnerError: there is no entity with a live candidate, or no gold among the candidates.
    """
    config = config or FusedConfig()
    cells = [[_cells(example, config) for example in group] for group in groups]
    used = [name in features for name in FEATURES]
    for group in cells:
        for cell in group:
            cell.features[..., [not one for one in used]] = 0.0
    vector = _fit_weights([cell for group in cells for cell in group])
    scored = [
        [(cell, probabilities(cell.features, cell.live, vector[:-1], vector[-1])) for cell in group] for group in cells
    ]
    threshold = max(THRESHOLDS, key=lambda tau: sum(_f1(group, tau) for group in scored))
    weights = {name: round(float(value), 4) for name, value in zip((*FEATURES, "bias"), vector, strict=True)}
    return {name: value for name, value in weights.items() if value or name == "bias"}, threshold


def _cells(example: Example, config: FusedConfig) -> _Cells:
    gold = {(span.start, span.end, span.label) for span in example.gold}
    pair = example.pair
    candidates = Candidates(*candidate_spans(pair.target, config.max_words, config.candidates, pair.target_labels))
    return _Cells(pair.spans, gold, *candidates, *evidence(pair, candidates, config.substring))


def _fit_weights(cells: Sequence[_Cells]) -> np.ndarray:
    """Return the weights of `FEATURES` and the bias, shape ``[features + 1]``."""
    import numpy as np
    from scipy.optimize import minimize

    rows, right = [], []
    for cell in cells:
        bounds = list(zip(cell.starts.tolist(), cell.ends.tolist(), strict=True))
        end = 0
        for span, live in zip(cell.spans, cell.live, strict=True):
            if live.any():
                begin, end = end, end + int(live.sum())
                rows.append(cell.features[begin:end])
                hits = [(*bounds[column], span.label) in cell.gold for column in live.nonzero()[0]]
                right.append(np.array(hits, dtype=float))
    if not rows or not any(hits.any() for hits in right):
        raise XnerError("there is no entity with a gold span among its candidates, so nothing to fit weights on.")
    counts = np.array([len(row) for row in rows])
    first = np.concatenate([[0], counts.cumsum()[:-1]])
    owner = np.repeat(np.arange(len(counts)), counts)
    table, hit = np.concatenate(rows), np.concatenate(right)
    mean, spread = table.mean(axis=0), table.std(axis=0)
    # A score that never varies, such as that of an absent tagger, keeps the weight 0; rounding may give it a spread.
    spread[spread < 1e-9] = 1.0
    table = np.column_stack([(table - mean) / spread, np.ones(len(table))])
    found = np.add.reduceat(hit, first) > 0

    def loss(vector: np.ndarray) -> tuple[float, np.ndarray]:
        logits = table @ vector
        top = np.maximum(np.maximum.reduceat(logits, first), 0)
        odds = np.exp(logits - top[owner])
        null = np.exp(-top)
        total = np.add.reduceat(odds, first) + null
        chosen = np.where(found, np.add.reduceat(odds * hit, first), null)
        chosen = np.maximum(chosen, np.finfo(float).tiny)
        slope = odds / total[owner] - np.where(found[owner], odds * hit / chosen[owner], 0)
        pull = np.append(vector[:-1], 0.0)
        value = float(np.mean(np.log(total) - np.log(chosen)) + PENALTY * (pull**2).sum())
        return value, slope @ table / len(counts) + 2 * PENALTY * pull

    vector = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B").x
    weights = vector[:-1] / spread
    return np.append(weights, vector[-1] - weights @ mean)


def _f1(group: Sequence[tuple[_Cells, np.ndarray]], threshold: float) -> float:
    correct = predicted = gold = 0
    for cell, scores in group:
        found = match(cell.spans, scores, cell.starts, cell.ends, threshold, "greedy") if cell.spans else []
        found = {(one.start, one.end, one.label) for one in found if one.status == PROJECTED}
        correct += len(found & cell.gold)
        predicted += len(found)
        gold += len(cell.gold)
    return 2 * correct / (predicted + gold) if predicted + gold else 0.0
