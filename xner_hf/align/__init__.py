"""Word alignment: which words of a sentence pair translate each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from xner_hf.align.base import Aligner, Link, NoAligner
from xner_hf.align.combined import CombinedAligner
from xner_hf.align.encoder import EncoderAligner, EncoderConfig
from xner_hf.align.reference import SimAlignAligner, SimAlignConfig
from xner_hf.align.statistical import PARAMETERS, StatisticalAligner, StatisticalConfig, check_trainable
from xner_hf.errors import XnerError, nearest
from xner_hf.settings import check_settings

Text = Callable[[], Iterable[tuple[Sequence[str], Sequence[str]]]]
"""Gives the pairs of word lists that an aligner may be trained on; called by those that learn from text."""


@dataclass(frozen=True)
class CombinedConfig:
    """Settings of `CombinedAligner`."""

    members: Sequence[Mapping[str, Any]] = field(
        metadata={"help": "aligners that vote, each with its method and settings: [{method: statistical}, ...]"}
    )
    weights: Sequence[float] | None = field(
        default=None, metadata={"help": "weight of every member; equal by default"}
    )
    threshold: float = field(default=0.25, metadata={"help": "links need a weighted mean probability above this"})

    def __post_init__(self) -> None:
        if not isinstance(self.members, list | tuple) or not all(isinstance(m, Mapping) for m in self.members):
            raise XnerError(
                f"aligner.members is {self.members!r}; it is a list of aligners: [{{method: statistical}}, "
                "{method: encoder, model: ORG/NAME}]."
            )
        for number, member in enumerate(self.members, start=1):
            try:
                check_aligner(*_split(member))
            except XnerError as error:
                raise XnerError(f"member {number} of aligner.members: {error}") from error
        weights = self.weights
        if weights is not None and not (
            isinstance(weights, list | tuple) and all(type(weight) in (int, float) for weight in weights)
        ):
            raise XnerError(f"aligner.weights is {weights!r}; it is a list of numbers.")
        CombinedAligner([NoAligner()] * len(self.members), weights, self.threshold)  # refuses what does not fit


@dataclass(frozen=True)
class NoConfig:
    """``none`` has no settings: it gives no links, and projection rests on the surface of the names alone."""


METHODS: dict[str, type] = {
    "statistical": StatisticalConfig,
    "encoder": EncoderConfig,
    "simalign": SimAlignConfig,
    "combined": CombinedConfig,
    "none": NoConfig,
}
"""Name of every aligner and its settings."""


def check_aligner(method: str, settings: Mapping[str, Any]) -> Any:
    """Return the settings object of an aligner.

    Raises:
        XnerError: the method or one of its settings is unknown, or a value is out of range.
    """
    if not isinstance(method, str) or method not in METHODS:
        raise XnerError(
            f"unknown aligner {method!r}.{nearest(str(method), list(METHODS))} Known: {', '.join(METHODS)}."
        )
    check_settings(settings, METHODS[method], f"the aligner {method!r}")
    return METHODS[method](**settings)


def make_aligner(method: str, settings: Mapping[str, Any], text: Text, folder: Path) -> Aligner:
    """Return an aligner, ready to use.

    Args:
        method: a key of `METHODS`.
        settings: those of the method.
        text: what an aligner is trained on that learns from text; not called where `folder` holds its model.
        folder: where trained models are kept; it need not exist.

    Raises:
        XnerError: a setting does not fit, there is nothing to train on, or a model cannot be used.
    """
    config = check_aligner(method, settings)
    if isinstance(config, CombinedConfig):
        members = [
            make_aligner(*_split(member), text, folder / str(number)) for number, member in enumerate(config.members)
        ]
        return CombinedAligner(members, config.weights, config.threshold)
    if isinstance(config, StatisticalConfig):
        kept = Path(config.model) if config.model else folder
        trained = (kept / PARAMETERS).is_file()
        return StatisticalAligner(kept) if trained else StatisticalAligner.train(text(), folder, config)
    if isinstance(config, EncoderConfig):
        return EncoderAligner(config)
    return SimAlignAligner(config) if isinstance(config, SimAlignConfig) else NoAligner()


def parts(method: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the method and all settings, defaults included, of an aligner, or of every member of a combined one."""
    config = check_aligner(method, settings)
    if isinstance(config, CombinedConfig):
        for member in config.members:
            yield from parts(*_split(member))
    else:
        yield method, asdict(config)


def learns(method: str, settings: Mapping[str, Any]) -> bool:
    """Whether an aligner is trained on the parallel text."""
    return any(name == "statistical" and not values["model"] for name, values in parts(method, settings))


def check_installed(method: str, settings: Mapping[str, Any]) -> None:
    """Check that an aligner can be trained on this machine, where it is to be trained.

    Raises:
        XnerError: its package is not installed.
    """
    if learns(method, settings):
        check_trainable()


def _split(member: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    settings = dict(member)
    if "method" not in settings:
        raise XnerError(f"{settings} lacks the key 'method'.")
    return settings.pop("method"), settings


__all__ = ["METHODS", "Aligner", "Link", "check_aligner", "check_installed", "learns", "make_aligner", "parts"]
