"""The server as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hub_raw import ask

SERVER = Path(__file__).parent / "server"


@pytest.fixture
def process(tmp_path):
    with subprocess.Popen([sys.executable, SERVER], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def test_a_process_tells_its_address_its_log_and_takes_faults(process):
    url = process.stdout.readline().strip()
    assert ask(f"{url}/api/whoami-v2").value["name"] == "alice"
    fault = {"kind": "status", "status": 429, "path": "whoami"}
    assert ask(f"{url}/__test__/faults", "PUT", [fault]).status == 200
    assert ask(f"{url}/api/whoami-v2", token=None).status == 429
    first, second = ask(f"{url}/__test__/log").value
    assert (first["path"], first["status"], first["token"], first["fault"]) == ("/api/whoami-v2", 200, True, "")
    assert (second["path"], second["status"], second["token"], second["fault"]) == (
        "/api/whoami-v2",
        429,
        False,
        "status",
    )
    answer = ask(f"{url}/__test__/faults", "PUT", [{"kind": "explode"}])
    assert (answer.status, "no fault is called 'explode'" in answer.value["error"]) == (400, True)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0


def test_a_port_that_is_no_number_is_refused(tmp_path):
    done = subprocess.run([sys.executable, SERVER, "http"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "usage: python tests/hub/server [PORT]\n")
