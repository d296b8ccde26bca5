"""Settings of a backbone for languages that the available encoder does not cover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.languages import language
from xner_hf.settings import check_model, check_settings, check_values, read_mapping, setting


@dataclass(frozen=True)
class BackboneConfig:
    """Settings of a backbone; its text is ``languages``, everything else has a default."""

    body: str = setting(..., "BERT encoder whose layers are kept: Hub id or folder")
    languages: Mapping[str, tuple[str, ...]] = setting(
        ..., "parallel text by language code; a list of codes takes that of `xner languages CODE`"
    )
    vocabulary: int = setting(48_000, "sub-words of the new vocabulary, cased", within="(0, inf)")
    words_a_language: int = setting(
        400_000,
        "words of a language, at most, that the vocabulary is trained on: the source languages "
        "are in every pair and would take most of it",
        within="(0, inf)",
    )
    held_out: int = setting(50, "pairs of a language that are only scored", within="(0, inf)")
    epochs: float = setting(10.0, "passes over the pairs, each alone and with both sides", within="(0, inf)")
    batch_size: int = setting(64, "sentences or pairs a step", within="(0, inf)")
    learning_rate: float = setting(5e-4, "peak of the linear schedule", within="(0, inf)")
    warmup_share: float = setting(0.06, "share of the steps in which the rate rises", within="[0, 1)")
    weight_decay: float = setting(0.01, "decay of AdamW")
    masked: float = setting(0.15, "share of the sub-words that are masked", within="(0, 1)")
    max_length: int = setting(128, "sub-words of an input; longer pairs are not joined", within="[8, inf)")
    bf16: bool = setting(True, "mixed precision in bfloat16")
    seed: int = setting(1, "seed of the masks, the order and the new weights")

    def __post_init__(self) -> None:
        check_model(self.body, "body")
        check_values(self)

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
            raise XnerError(f"languages: {name} is {known.code}, which is there already.")
        found[known.code] = tuple(text)
    return found
