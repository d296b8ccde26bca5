"""Settings of a training run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.registry import methods
from xner_hf.settings import check_model, check_settings, check_values, read_mapping, setting
from xner_hf.training.losses import LossConfig

_EXPONENT = re.compile(r"[+-]?[0-9]+[eE][+-]?[0-9]+")
"""Numbers such as 5e-5: YAML reads them as text, because they have no decimal point."""


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a training run; those of a `TrainingArguments` have its defaults and meaning."""

    backbone: str = setting("FacebookAI/xlm-roberta-base", "encoder to fine-tune: Hub id or folder")
    epochs: float = setting(3.0, "passes over the sentences of the first corpus", within="(0, inf)")
    learning_rate: float = setting(5e-5, "peak of the linear schedule", within="(0, inf)")
    batch_size: int = setting(32, "sentences a step and device", within="(0, inf)")
    gradient_accumulation: int = setting(1, "batches that make one step", within="(0, inf)")
    warmup_share: float = setting(0.1, "share of the steps in which the rate rises", within="[0, 1)")
    weight_decay: float = setting(0.01, "decay of AdamW")
    max_length: int = setting(256, "sub-words of a window; longer sentences take several", within="[3, inf)")
    seed: int = setting(42, "seed of the heads, the order and the dropout")
    bf16: bool = setting(False, "mixed precision in bfloat16")
    activation_checkpointing: bool = setting(False, "less memory, more time")
    patience: int | None = setting(
        None, "epochs without a better validation F1 after which to stop; the best epoch is kept", within="[1, inf)"
    )
    checkpoints: bool = setting(True, "keep the last epoch's state, to resume after a kill")
    sampling: str = setting("temperature", "how steps are divided between corpora: temperature, shares or alternate")
    sampling_temperature: float = setting(
        1.0, "1 samples corpora in proportion to their size, more makes them more alike", within="(0, inf)"
    )
    loss: LossConfig = setting(LossConfig, "losses and their weights")
    ema_decay: float | None = setting(
        None, "decay of the moving average of the student that takes over from the teachers", within="(0, 1)"
    )
    refresh: int = setting(1, "epochs after which the moving average labels the text again", within="(0, inf)")

    def __post_init__(self) -> None:
        check_model(self.backbone, "backbone")
        check_values(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, for JSON and YAML."""
        table = asdict(self)
        table["loss"] |= table["loss"].pop("settings")
        return table


def training_config(settings: Mapping[str, Any]) -> TrainingConfig:
    """Return a `TrainingConfig` from plain values; keys may be dotted, such as ``loss.soft``.

    Raises:
        XnerError: an unknown key or an invalid value.
    """
    table: dict[str, Any] = {}
    loss: dict[str, Any] = {}
    for key, value in settings.items():
        if key == "loss":
            if not isinstance(value, Mapping):
                raise XnerError(
                    f"training: loss is {value!r}; it takes a mapping such as {{soft: kl}}, or use loss.soft."
                )
            loss |= value
        elif str(key).startswith("loss."):
            loss[key.removeprefix("loss.")] = value
        else:
            table[key] = float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value
    check_settings(table, TrainingConfig, "training")
    kind = methods("loss").get(loss.get("soft", LossConfig.soft))
    own = {one.name for one in fields(kind)} - {"temperature"} if kind else set()
    further = {key: loss.pop(key) for key in list(loss) if key in own}
    check_settings(loss, LossConfig, "loss")
    return TrainingConfig(**table, loss=LossConfig(**loss, **({"settings": further} if further else {})))


def read_training_settings(path: Path) -> dict[str, Any]:
    """Return the settings of a YAML file.

    Raises:
        XnerError: the file cannot be read or is not a mapping.
    """
    return read_mapping(path, "settings", "settings are a YAML mapping such as 'epochs: 3'.")
