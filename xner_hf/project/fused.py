"""Fused candidate matching: the probability of every candidate, from all scores at once.

For a source entity p every candidate t with some evidence gets ``z = b + sum_k w_k f_k(p, t)``, and the score is
``c[p, t] = exp(z_t) / (1 + sum_t' exp(z_t'))``: a multinomial logit whose remaining probability is that of p having no
counterpart. Scores are therefore calibrated probabilities, and so is the null threshold. Weights are fitted
on the gold of other languages (`xner_hf.project.fitting`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError, nearest
from xner_hf.project.matching import CandidateMatcher, MatchingConfig
from xner_hf.project.projector import is_punctuation
from xner_hf.project.scores import Candidates
from xner_hf.project.scores.alignment import alignment_score
from xner_hf.project.scores.surface import affixed_score
from xner_hf.project.scores.tagger import tagger_score
from xner_hf.project.scores.text import capital_scores, fold, letters, spelling_score
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import FITTED, Input, register
from xner_hf.settings import setting

if TYPE_CHECKING:
    import numpy as np

FEATURES = (
    "alignment",
    "alignment_count",
    "spelling",
    "spelling_close",
    "copied",
    "unlike_alignment",
    "unlike_alignment_count",
    "longer",
    "length",
    "source_score",
    "opening",
    "closing",
    "before",
    "after",
    "unlike_opening",
    "unlike_closing",
    "unlike_after",
    "tagger",
)
"""Evidence for a candidate. ``alignment``, ``alignment_count``: the alignment score, probability-weighted and counted.
``spelling``: similarity of the letters; ``spelling_close``: what it has above .6, scaled to [0, 1]; ``copied``: all
letters are equal. ``longer``: logarithm of candidate words per entity word; ``length``: its absolute value.
``source_score``: the tagger's score of the entity. ``opening``, ``closing``, ``before``, ``after``: capitals at the
border (`capital_scores`). ``unlike_*``: the same times how far the spelling is from similar. ``tagger``: the target
tagger's score, 0 without one."""

_FITTED = Path(__file__).with_name("fused.yaml")


@register("projector", "fused")
@dataclass(frozen=True)
class FusedConfig(MatchingConfig):
    """Matches entities with candidate spans by a probability fitted on gold of other languages.

    Weights that are not given are those that come with the package."""

    weights: Mapping[str, float] | None = setting(
        None, "weight of every score and of `bias`, as `xner calibrate` writes them"
    )
    null_threshold: float | None = setting(
        None, "an entity is left unprojected unless a candidate is likelier than this", within="[0, 1)"
    )
    fitted_on: Sequence[str] = setting((), "gold on which weights and threshold were fitted: org/name:config:split")
    substring: bool = setting(
        False, "a word may hold the name with affixes (agglutinating languages); the span is the word"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is not None:
            _check_weights(self.weights)

    def inputs(self) -> Iterator[Input]:
        yield from super().inputs()
        for gold in self.fitted_on:
            corpus, config, split = (*gold.split(":"), None, None)[:3]
            yield Input(FITTED, corpus, "fitted_on", config=config, splits=(split,) if split else None)

    def make(self) -> FusedProjector:
        return FusedProjector(self)


def fitted(language: str | None = None) -> dict[str, Any]:
    """Return the settings ``weights``, ``null_threshold`` and ``fitted_on`` that come with the package.

    Args:
        language: code of the target language; what is returned was never fitted on its gold.
    """
    table = _shipped()
    return deepcopy(table["without"].get(language, table["default"]))


class FusedProjector(CandidateMatcher):
    """Matches entities with spans of the target sentence by fitted probabilities (see the module docstring)."""

    def __init__(self, config: FusedConfig):
        import numpy as np

        shipped = fitted()
        weights = config.weights or shipped["weights"]
        self._weights = np.array([weights.get(name, 0.0) for name in FEATURES])
        self._bias = float(weights["bias"])
        threshold = config.null_threshold
        super().__init__(config, float(shipped["null_threshold"] if threshold is None else threshold))
        self.config = config

    def _scores(self, pair: SentencePair, candidates: Candidates) -> np.ndarray:
        features, live = evidence(pair, candidates, self.config.substring)
        return probabilities(features, live, self._weights, self._bias)


def evidence(pair: SentencePair, candidates: Candidates, substring: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return all `FEATURES` of every live cell, and which cells are live.

    A cell is live if it has a link, more than half of the letters in common, or support by the target tagger; other
    cells have probability 0.

    Args:
        pair: the sentence pair.
        candidates: spans of its target sentence.
        substring: whether a word may hold the name with affixes.

    Returns:
        Features ``[live cells, features]``, entity by entity, and booleans ``[entities, candidates]``.
    """
    import numpy as np

    spans, labels, (starts, ends) = pair.spans, pair.target_labels, candidates
    sizes = np.array([span.end - span.start for span in spans])
    entities = _letters(pair.source, [span.start for span in spans], [span.end for span in spans])
    found = _letters(pair.target, starts.tolist(), ends.tolist())
    alignment = alignment_score(spans, pair.links, starts, ends)
    count = alignment_score(spans, pair.links, starts, ends, weighted=False)
    spelling = spelling_score(entities, found)
    if substring:
        np.maximum(spelling, affixed_score(entities, found, sizes, ends - starts), out=spelling)
    tagger = np.zeros_like(spelling) if labels is None else tagger_score(spans, labels, starts, ends)
    live = (count > 0) | (spelling > 0.5) | (tagger > 0)
    # In a long sentence few cells are live, and the features of all cells would not fit in memory.
    rows, columns = live.nonzero()
    alignment, count, spelling, tagger = alignment[live], count[live], spelling[live], tagger[live]
    capital = {
        name: values[live] for name, values in capital_scores(pair.source, spans, pair.target, starts, ends).items()
    }
    unlike = 1 - np.clip((spelling - 0.4) / 0.6, 0, 1)
    longer = np.log((ends - starts)[columns] / sizes[rows])
    features = {
        "alignment": alignment,
        "alignment_count": count,
        "spelling": spelling,
        "spelling_close": np.clip((spelling - 0.6) / 0.4, 0, 1),
        "copied": (spelling == 1).astype(float),
        "unlike_alignment": unlike * alignment,
        "unlike_alignment_count": unlike * count,
        "longer": longer,
        "length": np.abs(longer),
        "source_score": np.array([span.score for span in spans])[rows],
        **capital,
        **{f"unlike_{name}": unlike * capital[name] for name in ("opening", "closing", "after")},
        "tagger": tagger,
    }
    return np.stack([features[name] for name in FEATURES], axis=-1), live


def probabilities(features: np.ndarray, live: np.ndarray, weights: np.ndarray, bias: float) -> np.ndarray:
    """Return the probability of every candidate of an entity, beside the null candidate of logit 0.

    Args:
        features: of the live cells, as of `evidence`.
        live: which cells are live, ``[entities, candidates]``; the others get 0.
        weights: of the `FEATURES`.
        bias: logit of a candidate whose features are all 0.

    Returns:
        Shape ``[entities, candidates]``; the rest of each row is the probability of the null candidate.
    """
    import numpy as np

    logits = np.full(live.shape, -np.inf)
    # Not a matrix-vector product: there the sum of a row can depend on the position of the row.
    logits[live] = (features * weights).sum(axis=-1) + bias
    top = np.maximum(logits.max(axis=1, keepdims=True, initial=-np.inf), 0)
    odds = np.exp(logits - top)
    return odds / (odds.sum(axis=1, keepdims=True) + np.exp(-top))


def _letters(words: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> list[str]:
    """Return the folded letters and digits of every span, or its folded words where it has none."""
    pieces = [_word_letters(word) for word in words]
    places = list(accumulate(map(len, pieces), initial=0))
    whole = "".join(pieces)
    return [whole[places[a] : places[b]] or " ".join(map(fold, words[a:b])) for a, b in zip(starts, ends, strict=True)]


@lru_cache(maxsize=200_000)
def _word_letters(word: str) -> str:
    folded = fold(word)
    return "" if is_punctuation(folded) else letters(folded)


def _check_weights(weights: Any) -> None:
    import math

    if not isinstance(weights, Mapping) or not all(
        type(value) in (int, float) and math.isfinite(value) for value in weights.values()
    ):
        raise XnerError(
            "projector.weights maps names of scores to finite numbers; `xner calibrate` writes such a mapping."
        )
    for name in weights:
        if name not in (*FEATURES, "bias"):
            raise XnerError(
                f"projector.weights has no score {name!r}.{nearest(str(name), list(FEATURES))} It has: bias, "
                f"{', '.join(FEATURES)}."
            )
    if "bias" not in weights:
        raise XnerError("projector.weights lacks 'bias', the logit of a candidate without any evidence.")


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Any]:
    import yaml

    return yaml.safe_load(_FITTED.read_text(encoding="utf-8"))
