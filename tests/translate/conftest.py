"""Translators of every family for the tests of this folder."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def tiny(load_module):
    """The module that makes tokenizers and tiny translators whose output is known beforehand."""
    return load_module("translate/tiny_models.py")
