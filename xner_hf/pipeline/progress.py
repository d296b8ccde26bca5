"""Progress of long work; the base class is silent, the command line shows bars."""

from __future__ import annotations

from collections.abc import Callable


class Progress:
    """Is told of every stage and of every finished piece of it."""

    def stage(self, name: str, total: int | None) -> Callable[[int], None]:
        """Begin a stage of `total` sentences (None when unknown); the result is called with every number done."""
        return lambda done: None

    def finish(self) -> None:
        """All stages are done."""
