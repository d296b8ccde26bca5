"""Files as the readers meet them."""

from __future__ import annotations

import pytest


@pytest.fixture
def write(tmp_path):
    """The function that writes a file of the given name, byte by byte, and returns its path."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write
