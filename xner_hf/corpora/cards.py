"""What a repository says of its configurations and splits: on its card, or by where its Parquet files lie."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.languages import our_names, their_names
from xner_hf.splits import canonical

Table = dict[str, dict[str, list[str]]]
"""Globs of files by split by configuration; a split that is not there as a whole has none."""

_LAYOUTS = (
    r"(?P<config>[^/]+)/(?P<partial>partial-)?(?P<split>[^/]+)/[0-9]{4}\.parquet",  # as the Hub converts data sets
    r"data/(?P<split>[^/]+)-[0-9]{5}-of-[0-9]{5}(-[0-9a-f]+)?\.parquet",  # as `datasets` uploads one configuration
    r"(parquet/)?(?P<config>[^/]+)/(?P<split>train|dev|validation|test)\.parquet",
)


def table_of_card(card: bytes, corpus: str) -> Table:
    """Return what the ``configs`` of a card's YAML say, in any of the forms that `datasets` documents.

    The card of a loading script may name its configurations, but no files; then the table is empty.

    Raises:
        XnerError: the card cannot be read, or names files for some of its configurations only.
    """
    return _with_our_names(_card_files(card, corpus), corpus)


def table_of_files(names: Iterable[str], corpus: str) -> Table:
    """Return the table of Parquet files that lie as in one of `_LAYOUTS`."""
    table: Table = {}
    for name in sorted(names):
        found = next(filter(None, (re.fullmatch(layout, name) for layout in _LAYOUTS)), None)
        if found:
            fields = found.groupdict()
            files = table.setdefault(fields.get("config") or "default", {}).setdefault(fields["split"], [])
            files += [] if fields.get("partial") else [name]
    return _with_our_names(table, corpus)


def splits_in(table: Table, corpus: str, config: str) -> list[str]:
    """Return the splits of a configuration, which may be given as the Hub calls it; none where there is no such."""
    if config in table:
        return list(table[config])
    theirs = [their_names(corpus, ours, split) for ours, splits in table.items() for split in splits]
    return [split for name, split in theirs if name == config]


def find_names(table: Table, corpus: str, config: str, split: str) -> tuple[str, str]:
    """Return the names under which a table has a configuration and split, which may be given as the Hub calls them.

    What is asked for as ``validation`` may be called ``dev`` or ``val`` there. They are returned as they are where the
    table has no such split.
    """
    if split in table.get(config, ()):
        return config, split
    config, split = our_names(corpus, config, split)
    alike = [name for name in table.get(config, ()) if canonical(name) == split]
    return config, alike[0] if len(alike) == 1 and split not in table[config] else split


def _with_our_names(table: Table, corpus: str) -> Table:
    """Call configurations and splits as `xner_hf.languages.our_names` does."""
    made: Table = {}
    for config, splits in table.items():
        for split, files in splits.items():
            our_config, our_split = our_names(corpus, config, split)
            made.setdefault(our_config, {})[our_split] = files
    return made


@lru_cache(maxsize=64)
def _card_files(card: bytes, corpus: str) -> Table:
    import yaml

    # In C, since FineWeb-2's card has over a thousand configurations; every value as the text that it is, so that a
    # configuration may be called no or 1e3.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        text = card.decode("utf-8")
        header: Any = yaml.load(text.split("---\n", 2)[1], loader) if text.startswith("---\n") else None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise XnerError(f"the card of {corpus} (README.md) cannot be read: {error}") from error
    table: Table = {}
    configs = header.get("configs") if isinstance(header, dict) else None
    if not any(isinstance(config, dict) and config.get("data_files") for config in configs or ()):
        return {}
    for config in configs or ():
        files = config.get("data_files") if isinstance(config, dict) else None
        if not files:
            raise XnerError(f"the card of {corpus} names no data_files for its configuration {config!r}.")
        name = config.get("config_name", "default")
        if isinstance(files, str) or (isinstance(files, list) and all(isinstance(one, str) for one in files)):
            files = [{"split": "train", "path": files}]
        for entry in files:
            paths = entry["path"] if isinstance(entry["path"], list) else [entry["path"]]
            table.setdefault(name, {}).setdefault(entry["split"], []).extend(paths)
    return table
