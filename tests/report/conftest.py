"""Reading a report as a browser does."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def read():
    """The function that writes the report of a build and returns its page, as text and read."""
    from xner_hf.report import write_report

    def read(build: Path, **options: Any) -> tuple[str, Reader]:
        page = write_report(build, **options).read_text(encoding="utf-8")
        return page, Reader(page)

    return read


class Reader(HTMLParser):
    """Collects tags, attributes, table cells and the text of the cards by section."""

    VOID = frozenset({"meta", "wbr", "br", "link", "input"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.rows: list[list[str]] = []
        self.drawn: list[str] = []
        self.cards: dict[str, list[str]] = {}
        self.stack: list[str] = []
        self.section = ""
        self.feed(page)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag == "section":
            self.section = dict(attrs)["aria-labelledby"] or ""
        if tag == "article":
            self.cards.setdefault(self.section, []).append("")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.stack[-1] == tag:
            self.stack.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if "article" in self.stack and "svg" not in self.stack:
            self.cards[self.section][-1] += data
        if self.stack and self.stack[-1] == "text":
            self.drawn.append(data)
        if ("td" in self.stack or "th" in self.stack) and "small" not in self.stack:
            self.rows[-1][-1] += data.strip()
