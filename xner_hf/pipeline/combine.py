"""Several directions joined: the labels that they give to the same sentences, averaged word by word or voted upon.

With a student applied to the target text (`transfer`) and labels projected from its translation (`translate-test`)
as members, `average` is the ensemble of Ebing & Glavaš (2025): words that no link reaches fall back on the student.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from xner_hf.errors import XnerError
from xner_hf.pipeline.chain import Projection, label_directly
from xner_hf.pipeline.schema import stage_schema
from xner_hf.pipeline.stages import Stages
from xner_hf.project.projector import PROJECTED
from xner_hf.recipe.config import VOTE, Recipe
from xner_hf.spans import LABEL_NUMBER, NER_LABELS, Span
from xner_hf.tag.decoding import decode_spans

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_COLUMNS = ("id", "tokens", "reason", "entities", "links", "source_labels")


class CombineShard:
    """Joins the labels of all members on one shard.

    Args:
        recipe: a recipe with members.
        members: the finished stages of every member.
    """

    def __init__(self, recipe: Recipe, members: Sequence[Stages]):
        self._recipe, self._members = recipe, members
        self._weights = [member.weight for member in recipe.members]
        sizes = [stages.rows for stages in members]
        if len(set(sizes)) > 1:
            names = [f"{one.recipe.recipe} {size:,}" for one, size in zip(recipe.members, sizes, strict=True)]
            raise XnerError(
                f"the members of 'combine' read different text: {', '.join(names)} sentences. Give all the same text "
                "and limit."
            )

    def __call__(self, number: int) -> pa.Table:
        import pyarrow as pa

        schema = stage_schema("combine")
        out: dict[str, list[Any]] = {name: [] for name in schema.names}
        for rows in zip(*(member.read(number, _COLUMNS) for member in self._members), strict=True):
            first = rows[0]
            for row, member in zip(rows, self._recipe.members, strict=True):
                if (row["id"], row["tokens"]) != (first["id"], first["tokens"]):
                    raise XnerError(
                        f"the members of 'combine' read different text: {first['id']} of the first is {row['id']} of "
                        f"{member.recipe.recipe!r}, or has other words. Give all the same text."
                    )
            done = self._join(rows)
            spans = [Span(one.start, one.end, one.label, one.score) for one in done.entities]
            out["id"].append(first["id"])
            out["tokens"].append(first["tokens"])
            out["source_tokens"].append(first["tokens"])
            out["source_entities"].append([span._asdict() for span in spans])
            out["links"].append([])
            out["entities"].append([one._asdict() for one in done.entities])
            out["ner_tags"].append(done.ner_tags(len(first["tokens"])))
            out["reason"].append(done.reason)
        return pa.table(out, schema=schema)

    def _join(self, rows: Sequence[Mapping[str, Any]]) -> Projection:
        kept = [(row, weight) for row, weight in zip(rows, self._weights, strict=True) if not row["reason"]]
        if not kept:
            return label_directly([], rows[0]["reason"])
        length = len(rows[0]["tokens"])
        members = [
            MemberLabels(
                _projected(row["entities"]),
                [link["target"] for link in row["links"]],
                None if row["source_labels"] is None else _array(row["source_labels"], length),
            )
            for row, _ in kept
        ]
        return label_directly(join(members, [weight for _, weight in kept], self._recipe.combination, length))


class MemberLabels(NamedTuple):
    """The labels of one member for a sentence: its entities, the target words that have a link, and, where a tagger
    labelled the sentence itself, the label distributions of the words ``[words, 7]``."""

    spans: Sequence[Span]
    linked: Sequence[int]
    distributions: np.ndarray | None = None


def join(members: Sequence[MemberLabels], weights: Sequence[float], combination: str, length: int) -> list[Span]:
    """Return the entities of a sentence that members agree on.

    Args:
        members: one or more.
        weights: of the members, above 0.
        combination: one of `xner_hf.recipe.config.COMBINATIONS`.
        length: words of the sentence.
    """
    if combination == VOTE:
        return vote([member.spans for member in members], weights)
    found = [
        word_distributions(member.spans, member.linked, length)
        if member.distributions is None
        else member.distributions
        for member in members
    ]
    return average(found, weights)


def vote(members: Sequence[Sequence[Span]], weights: Sequence[float]) -> list[Span]:
    """Return the entities, bounds and type, on which members with more than half of the weight agree.

    Args:
        members: the entities of every member, which do not overlap within one.
        weights: of the members, above 0.

    Returns:
        By position; the score is the share of the weight that agrees. They cannot overlap: each has more than half.
    """
    shares: Counter[tuple[int, int, str]] = Counter()
    for spans, weight in zip(members, weights, strict=True):
        for span in spans:
            shares[span.start, span.end, span.label] += weight
    whole = sum(weights)
    return sorted(Span(*key, share / whole) for key, share in shares.items() if 2 * share > whole)


def average(distributions: Sequence[np.ndarray], weights: Sequence[float]) -> list[Span]:
    """Return the entities of the weighted mean of word distributions, decoded as valid IOB2.

    Args:
        distributions: ``[words, 7]`` of every member in the order of `NER_LABELS`; a zero row says nothing about its
            word, which the other members decide.
        weights: of the members, above 0.
    """
    import numpy as np

    total = sum(weight * rows for weight, rows in zip(weights, distributions, strict=True))
    mass = total.sum(-1, keepdims=True)
    return decode_spans(np.divide(total, mass, out=np.zeros_like(total), where=mass > 0))


def word_distributions(spans: Sequence[Span], linked: Sequence[int], length: int) -> np.ndarray:
    """Return what projected entities say about every word, ``[words, 7]`` in the order of `NER_LABELS`.

    A word of an entity has its tag with the entity's score, else ``O``; a word that is linked and in no entity is
    ``O``; the row of any other word is zero: nothing is known of it.

    Args:
        spans: projected entities.
        linked: target words that have a link.
        length: words of the sentence.
    """
    import numpy as np

    rows = np.zeros((length, len(NER_LABELS)))
    rows[list(linked), 0] = 1
    for span in spans:
        rows[span.start : span.end] = 0
        rows[span.start : span.end, 0] = 1 - span.score
        rows[span.start, LABEL_NUMBER[f"B-{span.label}"]] = span.score
        rows[span.start + 1 : span.end, LABEL_NUMBER[f"I-{span.label}"]] = span.score
    return rows


def _projected(entities: Sequence[Mapping[str, Any]]) -> list[Span]:
    return [
        Span(one["start"], one["end"], one["label"], one["score"]) for one in entities if one["status"] == PROJECTED
    ]


def _array(rows: Sequence[Sequence[float]], length: int) -> np.ndarray:
    import numpy as np

    return np.array(rows, dtype=float).reshape(length, len(NER_LABELS))
