"""The command line as a user meets it."""

from __future__ import annotations

import sys

import pytest

from xner_hf.cli import main


@pytest.fixture
def xner(monkeypatch, capsys, tmp_path):
    """Run a command in the folder `tmp_path`; returns exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["xner", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        return code, *capsys.readouterr()

    return run
