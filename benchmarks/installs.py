"""Which Pythons and platforms have a wheel of every package that xner-hf needs: one line a pair, with what lacks one.

    python benchmarks/installs.py [--package NAME ...]

Asks the package index through pip, without downloading (`pip install --dry-run --only-binary=:all:`), for each
requirement of setup.cfg whose marker holds there. Pure Python wheels count for every platform. A requirement is
resolved alone, without what it needs itself; torch, datasets and transformers name most of that and have wheels
wherever this table says so.
"""

from __future__ import annotations

import argparse
import configparser
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MANYLINUX = ("2_17", "2_24", "2_26", "2_27", "2_28", "2_31", "2_34", "2_35", "2_39")
PLATFORMS = {
    "Linux x86-64": (("linux", "x86_64", "Linux"), [f"manylinux_{v}_x86_64" for v in MANYLINUX]),
    "Linux aarch64": (("linux", "aarch64", "Linux"), [f"manylinux_{v}_aarch64" for v in MANYLINUX]),
    "macOS arm64": (
        ("darwin", "arm64", "Darwin"),
        [f"macosx_{v}_0_{arch}" for v in range(11, 16) for arch in ("arm64", "universal2")],
    ),
    "Windows": (("win32", "AMD64", "Windows"), ["win_amd64"]),
}


def requirements() -> list[Requirement]:
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[1] / "setup.cfg", encoding="utf-8")
    return [Requirement(line) for line in setup["options"]["install_requires"].split("\n") if line]


def needed(requirement: Requirement, python: str, machine: tuple[str, str, str]) -> bool:
    system, processor, name = machine
    environment = {"sys_platform": system, "platform_machine": processor, "platform_system": name}
    environment |= {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    return requirement.marker is None or requirement.marker.evaluate(environment)


def has_wheel(requirement: Requirement, python: str, tags: list[str]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--only-binary=:all:", "--quiet"]
        command += ["--disable-pip-version-check", "--ignore-installed", "--target", folder]
        command += ["--implementation", "cp", "--python-version", python]
        command += [f"--platform={tag}" for tag in tags]
        done = subprocess.run([*command, f"{requirement.name}{requirement.specifier}"], capture_output=True, text=True)
    if done.returncode and "No matching distribution" not in done.stderr:
        raise SystemExit(f"pip could not ask for {requirement}: {done.stderr.strip()}")
    return not done.returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", action="append", help="ask for this one only; may be given several times")
    chosen = parser.parse_args().package
    found = [one for one in requirements() if not chosen or one.name in chosen]
    print(f"{len(found)} packages")
    for name, (machine, tags) in PLATFORMS.items():
        for python in PYTHONS:
            here = [one for one in found if needed(one, python, machine)]
            lacking = [one.name for one in here if not has_wheel(one, python, tags)]
            left = [one.name for one in found if one not in here]
            said = f"no wheel: {', '.join(lacking)}" if lacking else "installs"
            print(f"{name:15}{python:6}{said}" + (f"; left out: {', '.join(left)}" if left else ""), flush=True)


if __name__ == "__main__":
    main()
