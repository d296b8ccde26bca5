"""Names of the package in the documentation exist."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


def exists(name: str) -> bool:
    module, rest = name, []
    while True:
        try:
            found = import_module(module)
            break
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            rest.insert(0, last)
    for part in rest:
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_the_package_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    names = {one.rstrip(".") for one in re.findall(r"\bxner_hf(?:\.[A-Za-z_]\w*)+", text)}
    names -= {"xner_hf.methods"}  # the group of entry points
    assert {name for name in names if not exists(name)} == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_leads_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    missing = [one for one in targets if "://" not in one and not (ROOT / page).parent.joinpath(one).exists()]
    assert missing == []
