"""Settings from outside (YAML, command line, keyword arguments) checked against the dataclass that they fill."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from xner_hf.errors import XnerError, nearest


def load_yaml(text: str) -> Any:
    """Return what a YAML text from outside holds; only plain values are made.

    Raises:
        yaml.YAMLError: it is none, or a key stands twice in a mapping, of which YAML itself would take the last
            without a word.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
                if (key.tag, key.value) in seen:
                    raise yaml.MarkedYAMLError(None, None, f"the key {key.value!r} stands twice", key.start_mark)
                seen.add((key.tag, key.value))
            return super().construct_mapping(node, deep)

    return yaml.load(text, Loader)


def check_model(name: str | None, key: str) -> None:
    """Check that a model is named where one is given at all; an empty name would be the folder one stands in.

    Raises:
        XnerError: the name is empty; the message names `key`.
    """
    if name is not None and not name.strip():
        raise XnerError(f"{key} is empty; give a Hub id or the folder of a model.")


def read_mapping(path: Path, what: str, form: str) -> dict[str, Any]:
    """Return the mapping that a YAML file from outside holds.

    Args:
        path: the file.
        what: what it holds, such as ``recipe``, for the messages.
        form: a sentence that says what it should look like.

    Raises:
        XnerError: it cannot be read, a key stands twice, or it is no mapping.
    """
    import yaml

    try:
        table = load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise XnerError(f"{path}: the {what} cannot be read: {error}") from error
    if not isinstance(table, dict):
        raise XnerError(f"{path}: {form}")
    return table


def check_settings(values: Mapping[str, Any], kind: type, where: str) -> None:
    """Check that `values` can fill the dataclass `kind`; `where` opens the messages.

    Raises:
        XnerError: a key is unknown (the nearest is named) or missing, or a plain value has the wrong type.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}
    hints = get_type_hints(kind)
    for key, value in values.items():
        if key not in fields:
            raise XnerError(
                f"{where} has no key {key!r}.{nearest(str(key), list(fields))} It has: {', '.join(fields)}."
            )
        accepted = _plain_types(hints[key])
        fits = isinstance(value, accepted) and not (isinstance(value, bool) and bool not in accepted)
        if accepted and not fits:
            names = " or ".join("nothing" if one is types.NoneType else one.__name__ for one in accepted)
            raise XnerError(f"{where}: {key} is {value!r}; it takes {names}.")
        if isinstance(value, float) and not math.isfinite(value):
            raise XnerError(f"{where}: {key} is {value}; it takes a finite number.")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise XnerError(f"{where} lacks the key {name!r} ({field.metadata.get('help', 'required')}).")


def _plain_types(hint: Any) -> tuple[type, ...]:
    """The scalar types that a field accepts; none at all where it holds something else, which is not checked here."""
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if not all(one in (int, float, str, bool, types.NoneType) for one in options):
        return ()
    return (*options, int) if float in options else options
