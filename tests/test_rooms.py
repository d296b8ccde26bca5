"""The rooms of the package: those that README.md lists, in that order, and no import circle."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "xner_hf"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
}
DOORS = {"xner_hf", "xner_hf.__main__"}
"""Modules that any room may stand behind: `import xner_hf` and ``python -m xner_hf``."""


@cache
def imports(module: str) -> frozenset[str]:
    """Return the modules of the package that a module imports, anywhere but under ``if TYPE_CHECKING``."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                visit(other)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= 1, f"{module} imports from a parent folder"
            folder = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
            home = f"{folder}.{node.module}" if node.level else node.module
            found.update(name if (name := f"{home}.{alias.name}") in MODULES else home for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(MODULES[module].read_text(encoding="utf-8")))
    return frozenset(found & MODULES.keys() - {module})


def room(module: str) -> str:
    """Return the folder or file of the package that a module belongs to, as README.md writes it."""
    name = module.split(".")[1]
    return f"{name}/" if (PACKAGE / name).is_dir() else f"{name}.py"


def listed_rooms() -> list[list[str]]:
    """Return the rooms of each line of README.md's table."""
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| room |")[2].partition("\n\n")[0]
    return [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in table.splitlines()[2:]]


def test_the_table_lists_every_room_once():
    listed = [name for line in listed_rooms() for name in line]
    assert sorted(listed) == sorted({room(module) for module in MODULES.keys() - DOORS})


def test_a_room_imports_only_from_rooms_above_it():
    place = {name: number for number, line in enumerate(listed_rooms()) for name in line}
    below = [
        f"{module} imports {other}"
        for module in MODULES.keys() - DOORS
        for other in imports(module) - DOORS
        if place[room(other)] > place[room(module)]
    ]
    assert not below


def test_no_modules_import_each_other_in_a_circle():
    done: set[str] = set()

    def follow(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for other in imports(module):
                follow(other, (*path, module))
            done.add(module)

    for module in MODULES:
        follow(module, ())


def test_what_is_copied_to_the_hub_imports_nothing_else_of_the_package():
    inside = {module for module in MODULES if room_of_models(module)}
    assert inside
    for module in inside:
        assert imports(module) <= inside, module


def room_of_models(module: str) -> bool:
    return module.startswith("xner_hf.models")


def test_no_file_is_too_long():
    lengths = {path.relative_to(ROOT): len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {path: length for path, length in lengths.items() if length > 350} == {}
