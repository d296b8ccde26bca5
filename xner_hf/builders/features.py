"""Features given to ``load_dataset``: another order of columns or labels, or more labels.

Labels are matched by name: ``B-LOC`` of the corpus gets the number that ``B-LOC`` has in the features given.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.compute as pc

from xner_hf.errors import XnerError
from xner_hf.pipeline.schema import corpus_schema
from xner_hf.spans import NER_LABELS

_LABELS = "ner_tags"


@lru_cache(maxsize=1)
def _own() -> datasets.Features:
    return datasets.Features.from_arrow_schema(corpus_schema())


def own_features() -> datasets.Features:
    """Return the features of the corpus."""
    return _own().copy()


def is_own(features: datasets.Features) -> bool:
    """Whether features equal those of the corpus, in the same order."""
    return features == _own() and list(features) == list(_own())


def check_features(features: datasets.Features | None) -> None:
    """Check that `features` have every tag of the corpus.

    Raises:
        XnerError: a column is missing, unknown or of another type, or the tags lack a label of the corpus.
    """
    if features is None:
        return
    if features.keys() != _own().keys():
        odd = ", ".join(map(repr, sorted(features.keys() ^ _own().keys())))
        raise XnerError(
            f"features= and the corpus do not have the same columns ({odd}). Name all of {', '.join(_own())}, and "
            "leave columns out afterwards (select_columns)."
        )
    for name, kind in _own().items():
        given = features[name]
        names = _names(given) if name == _LABELS else None
        if names is None and given != kind:
            raise XnerError(
                f"features= gives the column {name!r} another type than the corpus has, which is {kind}. Leave "
                "features out and convert the column afterwards (cast_column)."
            )
        if names is not None and (missing := [label for label in NER_LABELS if label not in names]):
            raise XnerError(
                f"features= has no {', '.join(missing)} among the names of 'ner_tags', so these tags would have "
                "no name. Add them, in any order, or leave features out."
            )


def in_features(table: pa.Table, features: datasets.Features) -> pa.Table:
    """Return rows of the corpus with the columns and the numbers of labels that checked `features` have."""
    names = _names(features[_LABELS])
    if names != list(NER_LABELS):
        numbers = pa.array([names.index(label) for label in NER_LABELS], pa.int64())
        table = table.set_column(table.column_names.index(_LABELS), _LABELS, _renumbered(table[_LABELS], numbers))
    return table.select(list(features)).replace_schema_metadata(features.arrow_schema.metadata)


def _names(feature: Any) -> list[str] | None:
    label = getattr(feature, "feature", None)
    if isinstance(feature, datasets.List) and feature.length == -1 and isinstance(label, datasets.ClassLabel):
        return label.names
    return None


def _renumbered(column: pa.ChunkedArray, numbers: pa.Array) -> pa.Array:
    tags = column.combine_chunks()
    return pa.ListArray.from_arrays(tags.offsets, pc.take(numbers, tags.values))
