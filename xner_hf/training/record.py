"""The cost of a training run (time, hardware, versions, CO2), for ``training.json`` and the model's card."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from xner_hf.pipeline.store import write_text

_VERSIONS = ("xner-hf", "torch", "transformers", "tokenizers", "accelerate")


class TrainingRecord(TrainerCallback):
    """Measures a run: seconds, hardware, versions; CO2 if codecarbon is installed and the run uses one machine.

    The measurements go into every checkpoint, so that a resumed run continues them; the `CodeCarbonCallback` of
    transformers starts at zero again, and measures every process.
    """

    def __init__(self) -> None:
        self._before = {"seconds": 0.0, "grams": 0.0}
        self._start: float | None = None
        self._end: float | None = None
        self._tracker: Any = None
        self._grams: float | None = None
        self._place: str | None = None
        self._hardware: dict[str, Any] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step and (kept := _kept(args, state)).is_file():
            self._before = json.loads(kept.read_text(encoding="utf-8"))
        self._hardware = hardware(args.device, args.world_size)
        one_machine = int(os.environ.get("LOCAL_WORLD_SIZE", "1")) == args.world_size
        if state.is_world_process_zero and one_machine and importlib.util.find_spec("codecarbon"):
            from codecarbon import EmissionsTracker

            self._tracker = EmissionsTracker(save_to_file=False, log_level="error")
            self._tracker.start()
        self._start, self._end = time.monotonic(), None

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            grams = self._before["grams"]
            grams += 1000 * (self._tracker.flush() or 0.0) if self._tracker else 0.0
            write_text(_kept(args, state), json.dumps({"seconds": self._seconds(), "grams": grams}) + "\n")

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._end = time.monotonic()
        if self._tracker is not None:
            kilograms = self._tracker.stop()
            self._place = getattr(getattr(self._tracker, "final_emissions_data", None), "country_name", None)
            self._grams = None if kilograms is None else self._before["grams"] + 1000 * kilograms
            self._tracker = None

    def facts(self) -> dict[str, Any]:
        """Return date, seconds, hardware, versions, and ``emissions``: grams of CO2 and place, None if unmeasured."""
        emissions = None if self._grams is None else {"grams": round(self._grams, 3), "place": self._place}
        return {
            "date": datetime.now(UTC).date().isoformat(),
            "seconds": round(self._seconds(), 1),
            "hardware": self._hardware,
            "versions": {"python": platform.python_version(), **{name: version(name) for name in _VERSIONS}},
            "emissions": emissions,
        }

    def _seconds(self) -> float:
        if self._start is None:
            return self._before["seconds"]
        return self._before["seconds"] + (self._end or time.monotonic()) - self._start


def _kept(args: Any, state: Any) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}" / "record.json"


def hardware(device: Any, processes: int) -> dict[str, Any]:
    """Return the hardware of a run: the accelerators and their number, else the processor and its cores."""
    import torch

    if device.type == "cuda":
        return {"device": torch.cuda.get_device_name(device), "number": processes}
    found = {"device": _processor() if device.type == "cpu" else device.type, "number": processes}
    return {**found, "cores": os.cpu_count()}


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next((one for one in models if one), platform.processor() or platform.machine())
