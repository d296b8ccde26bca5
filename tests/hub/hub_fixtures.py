"""Fixtures for tests with the test server, for every folder of tests that imports them in its conftest.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from server import Server, start

LIMIT = 300
"""Seconds after which a client is given up."""


def client_environment(url: str, home: Path, token: str | None = "hf_write", transport: str = "xet") -> dict[str, str]:
    """Return the environment of a process whose client of the Hub asks a test server.

    The client reads most of it when it is imported, so it must be there before Python starts. Nothing of the
    environment of the tests that concerns the Hub is passed on.

    Args:
        url: address of the server.
        home: folder for caches, which must be empty: what another server sent would be taken for this one's.
        token: of `server.accounts.TOKENS`; None for nobody.
        transport: ``xet`` as the client does by itself, or ``lfs``.

    Raises:
        ValueError: there is no such transport.
    """
    if transport not in ("xet", "lfs"):
        raise ValueError(f"the client has the transports xet and lfs, not {transport!r}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    environment |= {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_SYMLINKS_WARNING": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    if token is not None:
        environment["HF_TOKEN"] = token
    if transport == "lfs":
        environment["HF_HUB_DISABLE_XET"] = "1"
    return environment


def run_snippet(code: str, environment: dict[str, str], folder: Path, **values: Any) -> Any:
    """Run a piece of Python in a process of its own and return what it leaves in the variable ``result``.

    Args:
        code: may be indented; `values` are variables in it.
        environment: of the process.
        folder: where it runs, so that nothing of the project lies in its current folder.
        **values: what it is given, and ``result`` too, must have a form in JSON.

    Raises:
        AssertionError: the process failed; with what it printed.
    """
    script, answer = folder / "client.py", folder / "result.json"
    lines = [
        "import json, sys",
        f"globals().update(json.loads({json.dumps(values)!r}))",
        textwrap.dedent(code),
        "with open(sys.argv[1], 'w', encoding='utf-8') as file:",
        "    json.dump(result, file)",
        # Threads of Arrow that still read ahead abort the process now and then while the interpreter is taken down.
        "import os; sys.stdout.flush(); sys.stderr.flush(); os._exit(0)",
    ]
    script.write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script, answer], env=environment, cwd=folder, capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == 0, (
        f"the client ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-6000:]}"
    )
    return json.loads(answer.read_text(encoding="utf-8"))


@contextmanager
def serving() -> Iterator[Server]:
    """Yield a fresh test server; an error of the server itself is an AssertionError at the end."""
    with start() as server:
        yield server
    assert not server.hub.failures, "\n".join(server.hub.failures)


@pytest.fixture
def hub() -> Iterator[Server]:
    """A fresh test server (see `server`); the test fails if the server itself had an error."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def shared_hub() -> Iterator[Server]:
    """The same for all tests of a module, which must not stand in each other's way."""
    with serving() as server:
        yield server


@pytest.fixture
def hub_env(hub: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, str]]:
    """The function (token="hf_write", transport="xet") -> environment of a client of `hub` with an empty cache."""

    def environment(token: str | None = "hf_write", transport: str = "xet") -> dict[str, str]:
        return client_environment(hub.url, tmp_path_factory.mktemp("hf-home"), token, transport)

    return environment


@pytest.fixture
def run_client(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """The function (code, env, **values) -> ``result`` of a piece of Python (see `run_snippet`)."""

    def run(code: str, env: dict[str, str], **values: Any) -> Any:
        return run_snippet(code, env, tmp_path_factory.mktemp("client"), **values)

    return run


@pytest.fixture
def hub_api(
    hub: Server, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str | bool], Any]:
    """The function (token="hf_write") -> HfApi of `hub` in this process, without Xet; False asks as nobody."""
    from huggingface_hub import HfApi, constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path_factory.mktemp("hf-cache")))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return lambda token="hf_write": HfApi(endpoint=hub.url, token=token)
