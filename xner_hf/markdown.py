"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def table(
    head: Sequence[str], rows: Iterable[Sequence[Any]], right: Iterable[int] = (), *, escape: bool = False
) -> str:
    """Return a Markdown table.

    Args:
        head: names of the columns.
        rows: cells, in Markdown.
        right: columns of numbers, which are aligned to the right.
        escape: whether cells are plain text, in which ``|`` is escaped.
    """
    right = set(right)
    rule = ["---:" if number in right else "---" for number in range(len(head))]
    lines = [[str(cell).replace("|", "\\|") if escape else str(cell) for cell in row] for row in (head, rule, *rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
