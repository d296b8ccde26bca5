"""Settings of a backbone for languages that the available encoder does not cover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.languages import language
from xner_hf.settings import check_model, check_settings, read_mapping


@dataclass(frozen=True)
class BackboneConfig:
    """Settings of a backbone; its text is ``languages``, everything else has a default."""

    body: str = field(metadata={"help": "BERT encoder whose layers are kept: Hub id or folder"})
    languages: Mapping[str, tuple[str, ...]] = field(
        metadata={"help": "parallel text by language code; a list of codes takes that of `xner languages CODE`"}
    )
    vocabulary: int = field(default=48_000, metadata={"help": "sub-words of the new vocabulary, cased"})
    words_a_language: int = field(
        default=400_000,
        metadata={
            "help": "words of a language, at most, that the vocabulary is learnt from: the source languages "
            "stand in every pair and would take most of it"
        },
    )
    held_out: int = field(default=50, metadata={"help": "pairs of a language that are only scored"})
    epochs: float = field(default=10.0, metadata={"help": "passes over the pairs, each alone and with both sides"})
    batch_size: int = field(default=64, metadata={"help": "sentences or pairs a step"})
    learning_rate: float = field(default=5e-4, metadata={"help": "peak of the linear schedule"})
    warmup_share: float = field(default=0.06, metadata={"help": "share of the steps in which the rate rises"})
    weight_decay: float = field(default=0.01, metadata={"help": "decay of AdamW"})
    masked: float = field(default=0.15, metadata={"help": "share of the sub-words that is to be guessed"})
    max_length: int = field(default=128, metadata={"help": "sub-words of an input; longer pairs are not joined"})
    bf16: bool = field(default=True, metadata={"help": "mixed precision in bfloat16"})
    seed: int = field(default=1, metadata={"help": "seed of the masks, the order and the new weights"})

    def __post_init__(self) -> None:
        check_model(self.body, "body")
        for name in ("vocabulary", "words_a_language", "held_out", "epochs", "batch_size", "learning_rate"):
            if getattr(self, name) <= 0:
                raise XnerError(f"{name} is {getattr(self, name)}; it must be above 0.")
        if not 0 < self.masked < 1:
            raise XnerError(f"masked is {self.masked}; it is a share between 0 and 1, such as 0.15.")
        if not 0 <= self.warmup_share < 1:
            raise XnerError(f"warmup_share is {self.warmup_share}; it is a share from 0 to below 1.")
        if self.max_length < 8:
            raise XnerError(f"max_length is {self.max_length}; an input has 8 sub-words at least.")

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, for JSON and YAML."""
        return asdict(self) | {"languages": {code: list(text) for code, text in self.languages.items()}}


def load_backbone_config(path: Path, overrides: Mapping[str, Any] | None = None) -> BackboneConfig:
    """Read and check the settings of a backbone from a YAML file.

    Args:
        path: the file.
        overrides: values that override those of the file, by key.

    Raises:
        XnerError: the file cannot be read; it has an unknown key, language or value, or a language without text.
    """
    table = read_mapping(path, "settings", "settings are a YAML mapping with keys such as 'body' and 'languages'.")
    table |= overrides or {}
    try:
        check_settings(table, BackboneConfig, "a backbone")
        return BackboneConfig(**{**table, "languages": _languages(table["languages"])})
    except XnerError as error:
        raise XnerError(f"{path}: {error}") from error


def _languages(given: Any) -> dict[str, tuple[str, ...]]:
    if isinstance(given, list):
        given = dict.fromkeys(map(str, given))
    if not isinstance(given, Mapping) or not given:
        raise XnerError("languages is a list of codes, or a mapping of codes to lists of parallel text.")
    found: dict[str, tuple[str, ...]] = {}
    for name, text in given.items():
        known = language(str(name))
        if text is None:
            text = list(known.parallel)
            if not text:
                raise XnerError(
                    f"no parallel text of {known.name} ({known.code}) is known. Name some: "
                    f"languages: {{{known.code}: [org/name:config, 'text.eng,text.{known.code}']}}"
                )
        if not isinstance(text, list) or not text or not all(isinstance(one, str) for one in text):
            raise XnerError(
                f"languages: {name} is {text!r}; it takes a list of parallel text, such as [org/name:config]."
            )
        if known.code in found:
            raise XnerError(f"languages: {name} is {known.code}, which stands there already.")
        found[known.code] = tuple(text)
    return found
