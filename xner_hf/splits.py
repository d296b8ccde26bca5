"""Names of splits: what people call them, and how one data set is laid out in two ways."""

from __future__ import annotations

import re

_ROLES = {
    "train": r"train(ing)?",
    "validation": r"val(id(ation)?)?|dev(el(opment)?|test)?",
    "test": r"(dev)?test(ing)?[ab]?",
}


def roles(name: str) -> set[str]:
    """Return what a split is for, by the words of its name: ``val_fr`` and ``dev`` are for ``validation``.

    A name may say several things (``train_dev``) or nothing (``news``); FLORES' ``devtest`` is for both.
    """
    words = [word.rstrip("0123456789") for word in re.findall(r"[^\W_]+", name.casefold())]
    return {role for role, pattern in _ROLES.items() for word in words if re.fullmatch(pattern, word)}


def canonical(name: str) -> str:
    """Return what this package calls a split: ``validation`` for ``dev``, ``val`` and their like, others unchanged."""
    return "validation" if roles(name) == {"validation"} and re.fullmatch(r"[^\W_]+", name) else name


def parts(split: str) -> list[str]:
    """Return the names in a split as `datasets.load_dataset` takes it: a name, a slice, or a sum of them."""
    return [part.partition("[")[0].strip() for part in split.split("+")]


def translate(config: str, split: str, shape: str, into: str) -> tuple[str, str] | None:
    """Return configuration and split of one layout of a data set as another layout names them.

    Args:
        config: configuration in the layout `shape`.
        split: split there.
        shape: how the layout names them, such as ``default/{split}_{config}``: text with the fields ``{config}`` and
            ``{split}``.
        into: how the other one does, such as ``{config}/{split}``.

    Returns:
        Both names with the split as `canonical` says it, or None where they are none of `shape`.
    """
    pattern = re.escape(shape).replace(r"\{config\}", "(?P<config>[^/]+)").replace(r"\{split\}", "(?P<split>[^/]+)")
    found = re.fullmatch(pattern, f"{config}/{split}")
    if not found:
        return None
    fields = {"config": "", **found.groupdict()}
    config, _, split = into.format(config=fields["config"], split=canonical(fields["split"])).partition("/")
    return config, split
