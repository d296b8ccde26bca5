"""What a run goes on: the code, the versions of the libraries, and the machine."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any


def surroundings() -> dict[str, Any]:
    """Return what the machine and the code were: ``revision``, ``dirty``, ``versions``, ``hardware``, ``started``."""
    import os
    from importlib.metadata import version

    import torch

    from xner_hf.align.statistical import trainer_version

    names = ("xner-hf", "torch", "transformers", "datasets", "tokenizers", "numpy", "scipy")
    revision, dirty = code_revision()
    return {
        "revision": revision,
        "dirty": dirty,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in names},
            **trainer_version(),
        },
        "hardware": {
            "device": torch.cuda.get_device_name(0) if torch.cuda.is_available() else platform.machine(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
        },
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


@lru_cache(maxsize=1)
def code_revision() -> tuple[str | None, bool]:
    """Return the commit of the code and whether it was changed since; None where it is not in a repository.

    It is asked once: what a process runs is what it loaded, whatever is committed meanwhile.
    """
    import subprocess

    here = Path(__file__).resolve().parent

    def ask(*words: str) -> str | None:
        try:
            done = subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.strip()

    # An installed package may lie in a folder of somebody's own repository, such as a virtual environment.
    commit = ask("rev-parse", "HEAD") if ask("ls-files", "--error-unmatch", Path(__file__).name) else None
    return commit, bool(commit and ask("status", "--porcelain", "--untracked-files=no", "--", str(here.parent)))
