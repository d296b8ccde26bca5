"""A new card merged into the one that is there: what is ours is replaced, everything else survives, byte for byte.

The sections of a card that we write stand between ``<!-- xner:NAME -->`` and ``<!-- /xner:NAME -->``. Of the metadata,
the keys of the new card are ours; configurations, tags and scores that others wrote beside them are kept.
A round trip of `ruamel.yaml` is not used: it writes lists, quotes and line breaks of untouched keys in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.settings import load_names

_METADATA = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_SECTION = re.compile(r"<!-- xner:([a-z-]+) -->.*?<!-- /xner:\1 -->", re.DOTALL)
_KEY = re.compile(r"""(?:"[^"]+"|'[^']+'|[^\s#"'\[\]{}&*!|>%@`,?:-][^#:]*?)[ \t]*:(?:[ \t\r]|$)""")
_UNITED = ("tags", "language", "source_datasets")
"""Lists to which others may have added; the rest of our keys are replaced."""
_LICENCE = ("license_name", "license_link")
_OF_WEIGHTS = ("base_model", "datasets", "metrics", "co2_eq_emissions")
"""What a model's card says of how its weights came about, which holds for no others."""

EVALUATED = "xner evaluate"
"""How the command begins that stands with every score of ours in a model index."""


def merge_cards(old: str | None, new: str) -> str:
    """Return `new` merged into `old`.

    Sections of ours take the place of those of the same name; new ones follow the section before them, or the text;
    those that the new card no longer has are dropped. Text outside of them, keys of the metadata that the new card
    does not have, configurations of other names, further tags, languages and sources, and scores that are not ours
    are kept as they stand. Only what a card of ours says of a model's former weights (`base_model`, `datasets`,
    `metrics`, `co2_eq_emissions`) goes with them. Merging again changes nothing.

    Args:
        old: the card that is there, None or empty where there is none.
        new: a card of ours.

    Raises:
        XnerError: the metadata of the old card cannot be read, or a section of it is not closed.
    """
    if not old or not old.strip():
        return new
    old = old.removeprefix("\ufeff")
    line = "\r\n" if old.count("\r\n") * 2 > old.count("\n") else "\n"
    (old_data, old_text), (new_data, new_text) = _split(old), _split(new)
    metadata = (
        _merge_metadata(old_data, new_data, bool(_SECTION.search(old_text))).replace("\r\n", "\n").replace("\n", line)
    )
    return f"---{line}{metadata}---{line}{_merge_text(old_text, new_text, line)}"


def _split(card: str) -> tuple[str, str]:
    """Return the YAML of the metadata and the text of a card."""
    found = _METADATA.match(card)
    return (found[1], card[found.end() :]) if found else ("", card)


# Text


def _merge_text(old: str, new: str, line: str) -> str:
    _check_sections(old)
    sections = {found[1]: found[0].replace("\n", line) for found in _SECTION.finditer(new)}
    kept = [found[1] for found in _SECTION.finditer(old)]
    gone = [name for name in kept if name not in sections]
    for name in gone:
        old = re.sub(rf"<!-- xner:{name} -->.*?<!-- /xner:{name} -->(?:\r?\n){{0,2}}", "", old, flags=re.DOTALL)
    before = None
    for name, section in sections.items():
        if name in kept:
            old = _SECTION.sub(lambda found, n=name, s=section: s if found[1] == n else found[0], old)
        elif before is None:
            # Ours come first where the old card has a section of ours, else after what others wrote.
            first = _SECTION.search(old)
            old = (
                old[: first.start()] + section + 2 * line + old[first.start() :]
                if first
                else _append(old, section, line)
            )
        else:
            end = old.index(f"<!-- /xner:{before} -->") + len(f"<!-- /xner:{before} -->")
            old = old[:end] + 2 * line + section + old[end:]
        before = name
    return old


def _append(old: str, section: str, line: str) -> str:
    gap = "" if not old.strip() else line if old.endswith("\n") else 2 * line
    return f"{old if old.strip() else line}{gap}{section}{line}"


def _check_sections(old: str) -> None:
    names = [found[1] for found in _SECTION.finditer(old)]
    opened = re.findall(r"<!-- xner:([a-z-]+) -->", old)
    closed = re.findall(r"<!-- /xner:([a-z-]+) -->", old)
    if sorted(opened) != sorted(names) or sorted(closed) != sorted(names) or len(set(names)) < len(names):
        marks = [*opened, *closed]
        broken = next((one for one in marks if opened.count(one) != 1 or closed.count(one) != 1), marks[0])
        raise XnerError(
            f"the section {broken!r} of the card that is there is not opened and closed once each, by "
            f"<!-- xner:{broken} --> and <!-- /xner:{broken} -->. Fix it by hand, or take both marks out."
        )


# Metadata


def _merge_metadata(old: str, new: str, was_ours: bool) -> str:
    """Return merged YAML. The lines of keys that do not change are kept as they are, with their comments."""
    import yaml

    try:
        ours, theirs = load_names(new) or {}, load_names(old) or {}  # a configuration may be called no
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise XnerError(f"the metadata of the card that is there is not YAML: {said} Fix it by hand.") from error
    if not isinstance(theirs, dict):
        raise XnerError("the metadata of the card that is there is not a mapping of keys to values. Fix it by hand.")
    if was_ours and "pipeline_tag" in ours:
        theirs = {key: value for key, value in theirs.items() if key in ours or key not in _OF_WEIGHTS}
    merged = merge_metadata(theirs, ours)
    lines = _splice(old, theirs, merged)
    try:
        if lines is not None and load_names(lines) == merged:
            return lines
    except yaml.YAMLError:
        pass  # written in a way that cannot be cut into keys, so that it is written again
    return _dump(merged)


def merge_metadata(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of `new` merged into that of `old`, keys in the order of `old`."""
    kept = {key: value for key, value in old.items() if key in new or key not in _LICENCE or "license" not in new}
    if "model-index" in kept and "model-index" not in new:  # ours in it are of weights that are no more
        kept["model-index"] = [one for one in _index(kept["model-index"], [{}]) if one["results"]]
        if not kept["model-index"]:
            del kept["model-index"]
    return {
        **{key: _MERGE.get(key, _replace)(value, new[key]) if key in new else value for key, value in kept.items()},
        **{key: value for key, value in new.items() if key not in kept},
    }


def _replace(_: Any, new: Any) -> Any:
    return new


def _unite(old: Any, new: Any) -> Any:
    """Return the entries of both lists, each once, in their order; a single value is a list of one."""
    lists = [one if isinstance(one, list) else [] if one is None else [one] for one in (old, new)]
    found: list[Any] = []
    for one in [*lists[0], *lists[1]]:
        if one not in found:
            found.append(one)
    return found


def _by_config(old: Any, new: Any) -> Any:
    """Return configurations by name: those of `new` in place of those of `old`, others as they are."""
    lists = [one if isinstance(one, list) else [one] if isinstance(one, Mapping) else [] for one in (old, new)]
    ours = {one.get("config_name", "default"): one for one in lists[1]}
    found: list[Any] = []
    for one in lists[0]:
        name = one.get("config_name", "default") if isinstance(one, Mapping) else None
        if name not in ours:
            found.append(one if not isinstance(one, Mapping) or "config_name" in one else {"config_name": name, **one})
    found += lists[1]
    return sorted(found, key=lambda one: str(one.get("config_name")) if isinstance(one, Mapping) else "")


def _index(old: Any, new: Any) -> Any:
    """Return a model index with the results of `new`, and those of `old` that others wrote."""
    models = [one for one in (old if isinstance(old, list) else []) if isinstance(one, Mapping)]
    theirs = [result for model in models for result in model.get("results") or [] if not _is_ours(result)]
    ours = [result for model in new for result in model.get("results", [])]
    return [
        {**(models[0] if models else {}), **new[0], "results": [*(one for one in theirs if one not in ours), *ours]}
    ]


def _is_ours(result: Any) -> bool:
    metrics = result.get("metrics") if isinstance(result, Mapping) else None
    return bool(metrics) and all(
        isinstance(one, Mapping)
        and isinstance(one.get("args"), Mapping)
        and str(one["args"].get("command", "")).startswith(EVALUATED)
        for one in metrics
    )


_MERGE: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(_UNITED, _unite),
    "configs": _by_config,
    "dataset_info": _by_config,
    "model-index": _index,
}


def _splice(text: str, old: Mapping[str, Any], merged: Mapping[str, Any]) -> str | None:
    """Return `text` with the changed keys written again; None where it cannot be cut into keys."""
    pieces: list[list[str]] = [[]]
    for line in text.splitlines(keepends=True):
        if _KEY.match(line):
            pieces.append([])
        pieces[-1].append(line)
    head, *rest = ["".join(piece) for piece in pieces]
    if _load(head) is not None:
        return None
    found, written = [head], set()
    for piece in rest:
        loaded = _load(piece)
        if not isinstance(loaded, dict) or len(loaded) != 1:
            return None
        (key,) = loaded
        if key not in merged:
            continue
        if merged[key] == old[key]:
            found.append(piece)
        elif key not in written:
            # Comments behind the value belong to the key that follows.
            lines = piece.splitlines(keepends=True)
            behind = next(i for i in range(len(lines), 0, -1) if not re.match(r"\s*(#|$)", lines[i - 1]))
            found += [_dump({key: merged[key]}), *lines[behind:]]
        written.add(key)
    body = "".join(found)
    body += "" if not body or body.endswith("\n") else "\n"
    left = {key: value for key, value in merged.items() if key not in written}
    return body + (_dump(left) if left else "")


def _load(piece: str) -> Any:
    """Return what a piece of YAML holds; False where it is none by itself."""
    import yaml

    try:
        return load_names(piece)
    except yaml.YAMLError:
        return False


def _dump(data: Mapping[str, Any]) -> str:
    from huggingface_hub.utils import yaml_dump

    return yaml_dump(dict(data), sort_keys=False)
