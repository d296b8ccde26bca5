"""Tuning: which projection method suits a language, found out without any gold of it.

Every contender projects the same tagged and aligned pairs. It is judged by its agreement with the other contenders,
and by its consistency: its projections are projected back to the source side, over the same links the other way round,
and should arrive where they came from.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xner_hf.align import Link
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError
from xner_hf.languages import language as find_language
from xner_hf.metrics import span_f1
from xner_hf.pipeline.chain import align_pairs, check_scored, tag_sources
from xner_hf.pipeline.inputs import sign
from xner_hf.pipeline.progress import Progress
from xner_hf.pipeline.run import source_side
from xner_hf.pipeline.text import read_extras
from xner_hf.pipeline.work import usable_pairs
from xner_hf.project import Projector, SentencePair
from xner_hf.project.projector import PROJECTED
from xner_hf.recipe import ProjectorConfig, Recipe, make_recipe, projector_config
from xner_hf.spans import Span, spans_to_iob2

PAIRS = 1000
"""Pairs that are compared by default."""

DEFAULT = "fused"
MARGIN = 0.25
"""The default method is kept unless another leads it by more. Both signals favour methods that project much, right or
wrong: of eight languages with gold the winner of the mean was truly best in none, and the lead of a worse method over
the default went up to 0.22 (docs/results.md)."""

_CONTENDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "fused": ("fused", {}),
    "candidates": ("candidates", {}),
    "candidates, alignment alone": (
        "candidates",
        {"alignment_weight": 1.0, "min_surface": 2.0, "null_threshold": 0.2},
    ),
    "candidates, surface alone": ("candidates", {"alignment_weight": 0.0, "null_threshold": 0.2}),
    "heuristic": ("heuristic", {}),
    "heuristic, ratio .8": ("heuristic", {"min_length_ratio": 0.8}),
}


@dataclass(frozen=True)
class Row:
    """How one contender did.

    Attributes:
        method: its name.
        projected: number of source entities that it projected.
        agreement: mean strict span F1 with the projections of the other contenders, in [0, 1].
        round_trip: strict span F1 of the entities that came back to the source side, against all of it, in [0, 1].
    """

    method: str
    projected: int
    agreement: float
    round_trip: float

    @property
    def mean(self) -> float:
        """The mean of agreement and round trip, by which contenders are ranked."""
        return (self.agreement + self.round_trip) / 2


def pick(rows: Sequence[Row]) -> Row:
    """Return the row of the method to take: the default one, or the best if it leads the default by `MARGIN`.

    Args:
        rows: what `rank` returned.
    """
    default = next((row for row in rows if row.method == DEFAULT), rows[0])
    return rows[0] if rows[0].mean > default.mean + MARGIN else default


@dataclass(frozen=True)
class Tuning:
    """The comparison for one language.

    Attributes:
        recipe: the recipe of the language with the picked contender as its projector.
        rows: all contenders, the best mean first.
        picked: name of the contender that `pick` chose.
        pairs: number of pairs that were compared.
        entities: number of entities on their source side.
    """

    recipe: Recipe
    rows: list[Row]
    picked: str
    pairs: int
    entities: int


def contenders(language: str) -> dict[str, ProjectorConfig]:
    """Return the projectors that are compared for a language, by name; none was fitted on its gold.

    Args:
        language: ISO 639-3 code.
    """
    return {name: projector_config(*chosen, language) for name, chosen in _CONTENDERS.items()}


def rank(pairs: Sequence[Pair], links: Sequence[Sequence[Link]], projectors: Mapping[str, Projector]) -> list[Row]:
    """Project pairs with every projector and return how each did, the best mean first, equals in their given order.

    Args:
        pairs: pairs with their source entities.
        links: links of every pair.
        projectors: two or more, by name.

    Raises:
        XnerError: there are fewer than two projectors.
    """
    if len(projectors) < 2:
        raise XnerError(f"{len(projectors)} projection method cannot be compared; agreement needs two or more.")
    source = [spans_to_iob2(pair.source_spans or (), len(pair.source)) for pair in pairs]
    tags: dict[str, list[list[str]]] = {}
    consistency: dict[str, dict[str, Any]] = {}
    for name, projector in projectors.items():
        tags[name], back = _there_and_back(pairs, links, projector)
        consistency[name] = span_f1(source, back)
    rows = []
    for name, own in tags.items():
        scores = [span_f1(other, own) for another, other in tags.items() if another != name]
        agreement = statistics.fmean(score["f1"] for score in scores)
        rows.append(Row(name, scores[0]["predicted"], agreement, consistency[name]["f1"]))
    return sorted(rows, key=lambda row: -row.mean)


def tune(
    language: str,
    limit: int = PAIRS,
    overrides: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    recipe: str | None = None,
) -> Tuning:
    """Compare projection methods on the text of a recipe, without any label of its target side.

    Sentences of evaluation sets are left out, as in a build. The aligner is trained on the whole text. Filters of the
    recipe play no part in the comparison.

    Args:
        language: code, alias or name.
        limit: pairs that are compared, spread evenly over the text.
        overrides: keys of the recipe, as for `make_recipe`, but none of the projector.
        progress: shows every step.
        recipe: name of the recipe, the default one of the language if None.

    Raises:
        XnerError: the settings do not fit, an input is not available, or there is nothing to compare.
    """
    if limit < 1:
        raise XnerError(f"limit is {limit}; it counts sentence pairs and is 1 or more.")
    target = find_language(language)
    for key in overrides or ():
        if key.partition(".")[0] == "projector":
            raise XnerError(
                f"the setting {key} is what tuning chooses; leave it out, or build with it (`xner build`)."
            )
    base = make_recipe(target.code, recipe, overrides)
    if not base.projects:
        raise XnerError(f"the recipe {base.recipe!r} projects nothing, so there is no method of projection to tune.")
    sign(base)  # names what is not available
    progress = progress or Progress()
    try:
        return _tune(base, limit, progress)
    finally:
        progress.finish()


def _tune(recipe: Recipe, limit: int, progress: Progress) -> Tuning:
    text = list(usable_pairs(source_side(recipe, progress, tagged=False).stages))
    if not text:
        raise XnerError(f"{recipe.text.corpus} has no pair with words on both sides, so there is nothing to compare.")
    count = min(limit, len(text))
    chosen = {number * len(text) // count for number in range(count)}
    pairs = [pair for number, pair in enumerate(text) if number in chosen]
    rest = [pair for number, pair in enumerate(text) if number not in chosen]
    if recipe.tagger:
        own = recipe.tagger
        if not recipe.text.local:  # labels of a Hub corpus, for which a tagger is named
            pairs = [dataclasses.replace(pair, source_spans=None) for pair in pairs]
        tagger = own.own.make()
        check_scored(pairs, tag_sources(pairs, tagger, own.consistent, progress))
    entities = sum(len(pair.source_spans or ()) for pair in pairs)
    if not entities:
        raise XnerError(
            f"the source side of the {len(pairs)} pairs has no entity, so there is nothing to compare; take more "
            "pairs (--limit) or another tagger."
        )
    rest.extend(read_extras(recipe))
    links = align_pairs(pairs, recipe.aligner, rest, progress=progress)
    configs = contenders(recipe.language)
    tell = progress.stage("compare", len(configs))
    rows = rank(pairs, links, {name: one.own.make() for name, one in configs.items()})
    tell(len(configs))
    picked = pick(rows).method
    best = dataclasses.replace(recipe, projector=configs[picked])
    return Tuning(best, rows, picked, len(pairs), entities)


def _there_and_back(
    pairs: Sequence[Pair], links: Sequence[Sequence[Link]], projector: Projector
) -> tuple[list[list[str]], list[list[str]]]:
    """The tags of the target sides, and those of the source sides after the way back."""
    there, back = [], []
    for pair, own in zip(pairs, links, strict=True):
        entities = pair.source_spans or []
        found = _project(projector, pair.source, entities, pair.target, own)
        swapped = sorted(Link(link.target, link.source, link.score) for link in own)
        returned = _project(projector, pair.target, found, pair.source, swapped)
        there.append(spans_to_iob2(found, len(pair.target)))
        back.append(spans_to_iob2(returned, len(pair.source)))
    return there, back


def _project(
    projector: Projector, source: Sequence[str], spans: Sequence[Span], target: Sequence[str], links: Sequence[Link]
) -> list[Span]:
    """The projected spans by position, each with the score of the entity that it comes from.

    That score is the tagger's, which is evidence for some methods; that of a projection means something else.
    """
    fates = projector.project(SentencePair(source, spans, target, links))
    return sorted(
        Span(fate.start, fate.end, fate.label, spans[fate.source].score) for fate in fates if fate.status == PROJECTED
    )
