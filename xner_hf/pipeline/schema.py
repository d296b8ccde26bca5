"""Columns of the stages and of the finished corpus."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xner_hf.spans import NER_LABELS

if TYPE_CHECKING:
    import pyarrow as pa

SPLITS = ("train", "validation", "rejected")

_SPAN = {"start": "int32", "end": "int32", "label": "string", "score": "float32"}
_PROJECTED = {**_SPAN, "source": "int32", "status": "string"}
_LINK = {"source": "int32", "target": "int32", "score": "float32"}

_COLUMNS: dict[str, Any] = {
    "id": "string",
    "tokens": ["string"],
    "ner_tags": ["label"],
    "language": "string",
    "source_language": "string",
    "source_tokens": ["string"],
    "source_entities": [_SPAN],
    "entities": [_PROJECTED],
    "links": [_LINK],
    "reason": "string",
}
"""The columns of ``xner/projected``: a name is a value, a list holds its element, a mapping is a struct."""

_WORKING: dict[str, Any] = {
    "raw": "string",
    "source_labels": [["float32"]],
    "target_labels": [["float32"]],
    "back_tokens": ["string"],
    "back_marked": [_PROJECTED],
    "back_fault": "string",
    "same_links": [_LINK],
    "marked": [_PROJECTED],
    "marker_fault": "string",
}
"""Columns that later stages read and the corpus does not have: text to translate, label distributions of words
``[words, 7]``, the entities found by markers, and why markers failed."""

STAGES = {
    "pairs": ("id", "tokens", "source_tokens", "source_entities", "reason"),
    "target": ("id", "tokens", "raw", "reason"),
    "source": ("id", "source_tokens", "source_entities", "raw", "reason"),
    "to_source": ("source_tokens", "reason"),
    "to_target": ("tokens", "reason"),
    "marker": ("tokens", "marked", "marker_fault", "reason"),
    "tag": ("source_entities", "reason"),
    "distributions": ("source_entities", "source_labels", "reason"),
    "names": ("source_entities",),
    "target_tag": ("target_labels", "reason"),
    "align": ("links",),
    "back": ("back_tokens", "back_marked", "back_fault"),
    "same": ("same_links",),
    "refine": ("links",),
    "project": ("entities", "ner_tags", "reason"),
    "label": ("source_tokens", "source_entities", "links", "entities", "ner_tags", "reason"),
    "combine": ("id", "tokens", "source_tokens", "source_entities", "links", "entities", "ner_tags", "reason"),
}
"""The columns that each kind of stage adds, row by row; a later column of the same name replaces the earlier one."""


@lru_cache(maxsize=len(STAGES))
def stage_schema(kind: str) -> pa.Schema:
    """Return the Arrow schema of the shards of a kind of stage, a key of `STAGES`."""
    import pyarrow as pa

    kinds = {**_COLUMNS, **_WORKING}
    return pa.schema([(name, _arrow(kinds[name])) for name in STAGES[kind]])


@lru_cache(maxsize=1)
def corpus_schema() -> pa.Schema:
    """Return the Arrow schema of the finished corpus, with its `datasets` features in the metadata."""
    import pyarrow as pa

    features = {name: _feature(kind) for name, kind in _COLUMNS.items()}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema([(name, _arrow(kind)) for name, kind in _COLUMNS.items()], metadata=metadata)


def _arrow(kind: Any) -> pa.DataType:
    import pyarrow as pa

    if isinstance(kind, list):
        return pa.list_(_arrow(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([(name, _arrow(inner)) for name, inner in kind.items()])
    return {"string": pa.string(), "int32": pa.int32(), "float32": pa.float32(), "label": pa.int64()}[kind]


def _feature(kind: Any) -> dict[str, Any]:
    if isinstance(kind, list):
        return {"feature": _feature(kind[0]), "_type": "List"}
    if isinstance(kind, dict):
        return {name: _feature(inner) for name, inner in kind.items()}
    if kind == "label":
        return {"names": list(NER_LABELS), "_type": "ClassLabel"}
    return {"dtype": kind, "_type": "Value"}
