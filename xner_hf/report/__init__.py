"""The HTML page that shows what is in a built corpus and how its labels came about."""

from __future__ import annotations

from xner_hf.report.page import write_report

__all__ = ["write_report"]
