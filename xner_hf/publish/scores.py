"""``scores.json``: what was measured against gold, beside the weights of a model or in the folder of a build."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.markdown import table
from xner_hf.metrics.bootstrap import RESAMPLES
from xner_hf.pipeline.store import file_digest, write_text
from xner_hf.publish.templates import escaped, is_repo_id, percent
from xner_hf.training.provenance import corpus_commit

SCORES = "scores.json"
_KEY = ("task", "dataset", "config", "split", "kind", "metric")
KINDS = {
    "model": "labels that the model gives to the gold sentences",
    "intrinsic": "labels that the same recipe projects to the gold sentences from their human translations (these "
    "sentences are not part of the corpus)",
    "labels": "labels of the corpus on the gold sentences that it holds",
}
"""What was scored."""

_NAMES = {"f1": "F1", "las": "LAS", "uas": "UAS"}


def read_scores(folder: Path) -> list[dict[str, Any]]:
    """Return the scores of a model or build; none where nothing was scored.

    Raises:
        XnerError: the file is damaged.
    """
    path = folder / SCORES
    if not path.is_file():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise XnerError(
            f"{path} is not JSON: {error}. Remove it and score again with `xner evaluate --save`."
        ) from error
    needed = {"dataset", "split", "task", "metric", "value"}
    if not isinstance(found, list) or not all(isinstance(one, dict) and needed <= set(one) for one in found):
        raise XnerError(
            f"{path} is not a list of scores with {', '.join(sorted(needed))}. Remove it and score again with "
            "`xner evaluate --save`."
        )
    return found


def score_entries(
    result: Mapping[str, Any], reference: str, split: str, kind: str, command: str
) -> list[dict[str, Any]]:
    """Return what was measured as ``scores.json`` holds it: F1 of spans, or LAS and UAS.

    Args:
        result: what `score_tags` or `score_parser` says, with ``sentences`` and, where there are any, ``left_out`` or
            ``rejected_gold_trees``.
        reference: the gold: ``org/name[:config]`` or a file.
        split: its split.
        kind: one of `KINDS`.
        command: that measures it again, without gold and split.
    """
    path = Path(reference)
    if path.is_file():  # it has no split; its content tells it from others of its name
        name, config, of, revision = path.name, "", None, file_digest(path)
    elif path.exists():
        name, config, of, revision = path.name, "", split, None
    else:
        name, _, config = reference.partition(":")
        of, revision = split, corpus_commit(reference, split)
    shown = " ".join(["--gold", f"{name}:{config}" if config else name, *(["--split", of] if of else [])])
    facts = {
        "dataset": name,
        "config": config or None,
        "split": of,
        "revision": revision,
        "kind": kind,
        "sentences": result["sentences"],
        "left_out": result.get("left_out", len(result.get("rejected_gold_trees", ()))),
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"{command} {shown}",
    }
    return [facts | one for one in _values(result)]


def _values(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "uas" in result:
        trees = {"task": "parsing", "words": result["words"], "convention": "CoNLL 2018, gold words"}
        ends = {key: result["intervals"].get(key, (None, None)) for key in ("las", "uas")}
        return [
            {**trees, "metric": key, "value": result[key], "low": low, "high": high}
            for key, (low, high) in ends.items()
        ]
    low, high = result["f1_interval"] or (None, None)
    kept = {key: result[key] for key in ("precision", "recall", "gold")}
    types = {
        kind: {key: row[key] for key in ("precision", "recall", "f1", "gold")} for kind, row in result["types"].items()
    }
    convention = "strict spans, PER ORG LOC"
    spans = {"task": "ner", "metric": "f1", "value": result["f1"], "low": low, "high": high, **kept}
    return [{**spans, "types": types, "convention": convention}]


def save_scores(folder: Path, scores: Iterable[Mapping[str, Any]]) -> Path:
    """Write scores beside those that are there; a score of the same thing is replaced. Returns the file.

    Raises:
        XnerError: the file that is there is damaged.
    """
    found = {_key(one): dict(one) for one in [*read_scores(folder), *scores]}
    ordered = [found[key] for key in sorted(found)]
    write_text(folder / SCORES, json.dumps(ordered, ensure_ascii=False, indent=2) + "\n")
    return folder / SCORES


def _key(score: Mapping[str, Any]) -> tuple[str, ...]:
    if is_repo_id(score["dataset"]):  # what others can look up comes first
        own, content = "", ""
    else:
        own, content = "own", str(score.get("revision") or "")
    return (own, *(str(score.get(key) or "") for key in _KEY), content)


def _gold(score: Mapping[str, Any]) -> str:
    names = [score["dataset"], score.get("config")]
    if not is_repo_id(score["dataset"]) and score.get("revision"):
        names.append(f"(sha256 {score['revision'][:8]})")
    return escaped(" ".join(filter(None, names)))


def score(one: Mapping[str, Any]) -> str:
    """Return a score in percent with its interval, as in ``58.4 (55.4–61.4)``."""
    value = f"**{percent(one['value'])}**"
    low, high = one.get("low"), one.get("high")
    return value if low is None or high is None else f"{value} ({percent(low)}–{percent(high)})"


def score_tables(scores: Iterable[Mapping[str, Any]]) -> str:
    """Return the scores as Markdown: what was scored on what, with intervals, and by type."""
    ordered = sorted(scores, key=_key)
    rows = []
    for one in ordered:
        shares = [percent(one[key]) if one.get(key) is not None else "" for key in ("precision", "recall")]
        counts = [f"{one[key]:,}" if one.get(key) is not None else "" for key in ("sentences", "gold")]
        metric = _NAMES.get(one["metric"], one["metric"])
        rows.append(
            [_gold(one), escaped(one["split"] or ""), metric, score(one), *shares, *counts, one.get("date") or ""]
        )
    head = ("gold", "split", "measure", "score (95 %)", "precision", "recall", "sentences", "gold names", "date")
    if not any(one.get("gold") is not None for one in ordered):
        head, rows = (head[:4] + head[6:7] + head[8:]), [row[:4] + row[6:7] + row[8:] for row in rows]
    parts = [table(head, rows, range(3, len(head) - 1))]
    for one in ordered:
        if types := one.get("types"):
            of = [[kind, *(percent(types[kind][key]) for key in ("precision", "recall", "f1"))] for kind in types]
            counted = [[*row, f"{types[row[0]]['gold']:,}"] for row in of]
            by = f"By type, {' '.join(filter(None, [_gold(one), escaped(one['split'] or '')]))}:"
            parts += [by, table(("type", "precision", "recall", "F1", "gold names"), counted, range(1, 5))]
    kinds = dict.fromkeys(one.get("kind") for one in ordered)
    conventions = [one.get("convention") for one in ordered if one.get("convention")]
    said = [f"Scored are {KINDS[kind]}." for kind in kinds if kind in KINDS]
    said += [f"Convention: {escaped('; '.join(dict.fromkeys(conventions)))}."] if conventions else []
    if any(one.get("low") is not None for one in ordered):
        said.append(f"Intervals: 95 % percentile bootstrap over sentences, {RESAMPLES:,} draws.")
    left = sum(one.get("left_out") or 0 for one in ordered)
    said += [f"{left:,} gold sentences could not be scored."] if left else []
    commands = dict.fromkeys(one["command"] for one in ordered if one.get("command"))
    fenced = "\n".join(["```bash", *commands, "```"]) if commands else ""
    return "\n\n".join([*parts, " ".join(said), *([fenced] if fenced else [])])
