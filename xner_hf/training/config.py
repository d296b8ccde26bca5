"""Settings of a training run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.registry import methods
from xner_hf.settings import check_model, check_settings, read_mapping
from xner_hf.training.losses import LossConfig

_EXPONENT = re.compile(r"[+-]?[0-9]+[eE][+-]?[0-9]+")
"""Numbers such as 5e-5: YAML reads them as text, because they have no decimal point."""


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a training run; those of a `TrainingArguments` have its defaults and meaning."""

    backbone: str = field(
        default="FacebookAI/xlm-roberta-base", metadata={"help": "encoder to fine-tune: Hub id or folder"}
    )
    epochs: float = field(default=3.0, metadata={"help": "passes over the sentences of the first corpus"})
    learning_rate: float = field(default=5e-5, metadata={"help": "peak of the linear schedule"})
    batch_size: int = field(default=32, metadata={"help": "sentences a step and device"})
    gradient_accumulation: int = field(default=1, metadata={"help": "batches that make one step"})
    warmup_share: float = field(default=0.1, metadata={"help": "share of the steps in which the rate rises"})
    weight_decay: float = field(default=0.01, metadata={"help": "decay of AdamW"})
    max_length: int = field(default=256, metadata={"help": "sub-words of a window; longer sentences take several"})
    seed: int = field(default=42, metadata={"help": "seed of the heads, the order and the dropout"})
    bf16: bool = field(default=False, metadata={"help": "mixed precision in bfloat16"})
    activation_checkpointing: bool = field(default=False, metadata={"help": "less memory, more time"})
    patience: int | None = field(
        default=None,
        metadata={"help": "epochs without a better validation F1 after which to stop; the best epoch is kept"},
    )
    checkpoints: bool = field(default=True, metadata={"help": "keep the last epoch's state, to resume after a kill"})
    sampling: str = field(
        default="temperature",
        metadata={"help": "how steps are divided between corpora: temperature, shares or alternate"},
    )
    sampling_temperature: float = field(
        default=1.0, metadata={"help": "1 samples corpora in proportion to their size, more makes them more alike"}
    )
    loss: LossConfig = field(default_factory=LossConfig, metadata={"help": "losses and their weights"})
    ema_decay: float | None = field(
        default=None,
        metadata={"help": "decay of the moving average of the student that takes over from the teachers"},
    )
    refresh: int = field(default=1, metadata={"help": "epochs after which the moving average labels the text anew"})

    def __post_init__(self) -> None:
        check_model(self.backbone, "backbone")
        for name in ("epochs", "learning_rate", "batch_size", "gradient_accumulation", "max_length", "refresh"):
            if getattr(self, name) <= 0:
                raise XnerError(f"{name} is {getattr(self, name)}; it must be above 0.")
        if self.max_length < 3:
            raise XnerError(f"max_length is {self.max_length}; a window holds two special sub-words beside the words.")
        if not 0 <= self.warmup_share < 1:
            raise XnerError(f"warmup_share is {self.warmup_share}; it is a share from 0 to below 1.")
        if self.patience is not None and self.patience < 1:
            raise XnerError(f"patience is {self.patience}; it must be 1 or more, or left out.")

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
