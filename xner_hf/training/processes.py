"""Which process of a launch this is."""

from __future__ import annotations

import os


def first_process() -> bool:
    """Whether this is the only process, or the first of those that ``torchrun`` or ``accelerate launch`` started."""
    return int(os.environ.get("RANK", "0")) == 0


def number_of_processes() -> int:
    """Return how many processes of a launch there are; 1 without a launcher."""
    return int(os.environ.get("WORLD_SIZE", "1"))
