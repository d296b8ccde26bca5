"""Progress of long work; the base class is silent, the command line shows bars."""

from __future__ import annotations

from collections.abc import Callable


class Progress:
    """Shows every stage and how much of it is done."""

    def stage(self, name: str, total: int | None) -> Callable[[int], None]:
        """Begin a stage of `total` sentences (None when unknown); call the result with the number of those done."""
        return lambda done: None

    def finish(self) -> None:
        """All stages are done."""
