"""Settings from outside (YAML, command line, keyword arguments), checked against the dataclass that they fill.

This does what pydantic would be used for: a model of it would still need our messages, the nearest key, and words of
YAML 1.1, which is most of this file, and its import takes half as long as a whole command.
"""

from __future__ import annotations

import dataclasses
import math
import re
import types
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from xner_hf.errors import XnerError, nearest


def load_yaml(text: str) -> Any:
    """Return what a YAML text from outside holds; only plain values are made.

    Raises:
        yaml.YAMLError: it is not YAML, or a mapping has a key twice, where YAML would silently take the last.
    """
    import yaml

    return yaml.load(text, _loaders()[0])


def load_names(text: str) -> Any:
    """Return what a YAML text holds: as `load_yaml`, but names stay what they are, as in YAML 1.2.

    All unquoted words but ``true``, ``false``, ``null`` and plain numbers are text: ``no`` is Norwegian,
    ``2020-01-01`` a branch.

    Raises:
        yaml.YAMLError: as `load_yaml`.
    """
    import yaml

    return yaml.load(text, _loaders()[1])


def load_settings(text: str) -> Any:
    """Return what the YAML text of settings holds: as `load_names`, but `check_settings` may still take ``yes`` and
    ``10_000`` for what YAML 1.1 takes them for."""
    import yaml

    return yaml.load(text, _loaders()[2])


class _Word(str):
    """An unquoted word that may be meant for a truth value or a number."""


class _Int(int):
    text: str


class _Float(float):
    text: str


def load_setting(text: str) -> Any:
    """Return the value of one setting: as `load_settings`, but a number keeps its text, since 1.10 may be a name."""
    value = load_settings(text)
    if type(value) in (int, float):
        value = _Int(value) if isinstance(value, int) else _Float(value)
        value.text = text.strip()
    return value


@lru_cache(maxsize=1)
def _loaders() -> tuple[Any, Any, Any]:
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
                if (key.tag, key.value) in seen:
                    raise yaml.MarkedYAMLError(None, None, f"the key {key.value!r} stands twice", key.start_mark)
                seen.add((key.tag, key.value))
            return super().construct_mapping(node, deep)

    class NamesLoader(Loader):
        yaml_implicit_resolvers = {
            first: [(tag, form) for tag, form in known if tag not in {f"{_TAG}{name}" for name in _NARROWED}]
            for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    class SettingsLoader(NamesLoader):
        def text(self, node: Any) -> str:
            value = self.construct_yaml_str(node)
            meant = node.style is None and (value.lower() in _SWITCHES or _GROUPED.fullmatch(value))
            return _Word(value) if meant else value

    for name, (form, first) in _NARROWED.items():
        NamesLoader.add_implicit_resolver(f"{_TAG}{name}", re.compile(form), list(first))
        SettingsLoader.add_implicit_resolver(f"{_TAG}{name}", re.compile(form), list(first))
    SettingsLoader.add_constructor(f"{_TAG}str", SettingsLoader.text)
    return Loader, NamesLoader, SettingsLoader


_TAG = "tag:yaml.org,2002:"
_NARROWED = {
    "bool": (r"(?:true|false|True|False|TRUE|FALSE)$", "tfTF"),
    "int": (r"-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    "float": (r"[-+]?[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?$|[-+]?\.inf$|\.nan$", "-+0123456789."),
    "timestamp": (r"(?!)", "0123456789"),
}
"""Forms of unquoted words that are no text, by type, and the characters that they begin with; YAML 1.1 has more."""

_SWITCHES = {"yes": True, "on": True, "no": False, "off": False}
_GROUPED = re.compile(r"[-+]?[0-9][0-9_]*")


def _as_wanted(value: Any, accepted: tuple[type, ...]) -> Any:
    """Return a value from `load_setting` in the type that is wanted, where it was written so that it may be that."""
    if str in accepted:
        return str(value) if isinstance(value, _Word) else getattr(value, "text", value)
    if isinstance(value, _Word) and bool in accepted:
        return _SWITCHES.get(value.lower(), value)
    if isinstance(value, _Word) and int in accepted and _GROUPED.fullmatch(value):
        return int(value)
    return value


def check_model(name: str | None, key: str) -> None:
    """Check that the name of a model, where one is given, is not empty; an empty path is the current folder.

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
        form: a sentence that shows what it should look like.

    Raises:
        XnerError: it cannot be read, a key stands twice, or it is no mapping.
    """
    import yaml

    try:
        table = load_settings(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise XnerError(f"{path}: the {what} cannot be read: {error}") from error
    if not isinstance(table, dict):
        raise XnerError(f"{path}: {form}")
    return table


def setting(
    default: Any,
    meaning: str,
    *,
    within: str | None = None,
    choices: Iterable[str] = (),
    hidden: bool = False,
) -> Any:
    """Return a field of a settings dataclass, which `check_values` checks and the reference page shows.

    Args:
        default: its default; a class such as ``list`` makes a new one for each object; ``...`` where a value must be
            given.
        meaning: one line for help texts and the reference page.
        within: the interval of a number, such as ``[0, 1)`` or ``(0, inf)``.
        choices: the values that a text may have.
        hidden: whether it is filled by the package only, never by a user.
    """
    metadata = {"help": meaning, "within": within, "choices": tuple(choices), "hidden": hidden}
    if default is ...:
        return dataclasses.field(metadata=metadata)
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def meaning(one: dataclasses.Field[Any]) -> str:
    """Return what a `setting` means, with the values that it takes."""
    text, metadata = one.metadata["help"], one.metadata
    takes = [_interval(metadata["within"])] if metadata.get("within") else []
    takes += [" | ".join(metadata["choices"])] if metadata.get("choices") else []
    return "; ".join([text, *takes])


def check_values(settings: Any, section: str = "") -> None:
    """Check the numbers and choices of a settings object against its fields; None is left to the type of a field.

    Args:
        settings: an object whose class has fields made by `setting`.
        section: the section of a recipe that it belongs to, such as ``aligner``, for the message.

    Raises:
        XnerError: a number is out of its interval, or a text is none of the choices.
    """
    for one in dataclasses.fields(settings):
        value, within, choices = getattr(settings, one.name), one.metadata.get("within"), one.metadata.get("choices")
        key = f"{section}.{one.name}" if section else one.name
        if value is None:
            continue
        if choices and value not in choices:
            raise XnerError(f"{key} is {value!r}.{nearest(value, choices)} Known: {', '.join(choices)}.")
        if within and not _is_within(value, within):
            raise XnerError(f"{key} is {value}; it must be {_interval(within)}.")


def _bounds(within: str) -> tuple[float, float]:
    low, high = within[1:-1].split(",")
    return float(low), float(high)


def _is_within(value: Any, within: str) -> bool:
    low, high = _bounds(within)
    above = low <= value if within[0] == "[" else low < value
    return above and (value <= high if within[-1] == "]" else value < high)


def _interval(within: str) -> str:
    """Return an interval in words: ``1 or more``, ``above 0``, ``in [0, 1]``."""
    low, high = _bounds(within)
    if math.isfinite(high):
        return f"in {within}"
    return f"{low:g} or more" if within[0] == "[" else f"above {low:g}"


def check_settings(values: dict[str, Any], kind: type, where: str) -> None:
    """Check that `values` can fill the dataclass `kind`; `where` opens the messages.

    In values from `load_setting` a number becomes the text that was written, where text is wanted; ``yes``, ``no``,
    ``on`` and ``off`` become truth values and ``10_000`` a number, where these are.

    Raises:
        XnerError: a key is unknown (the nearest is named) or missing, or a plain value has the wrong type.
    """
    fields = {field.name: field for field in dataclasses.fields(kind) if not field.metadata.get("hidden")}
    hints = get_type_hints(kind)
    for key, value in list(values.items()):
        if key not in fields:
            raise XnerError(
                f"{where} has no key {key!r}.{nearest(str(key), list(fields))} It has: {', '.join(fields)}."
            )
        accepted = _plain_types(hints[key])
        wanted = _as_wanted(value, accepted)
        if wanted is not value:
            value = values[key] = wanted
        fits = isinstance(value, accepted) and not (isinstance(value, bool) and bool not in accepted)
        if accepted and not fits:
            names = " or ".join("nothing" if one is types.NoneType else one.__name__ for one in accepted)
            quote = " Put a name that YAML takes for something else in quotation marks." if str in accepted else ""
            raise XnerError(f"{where}: {key} is {value!r}; it takes {names}.{quote}")
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
