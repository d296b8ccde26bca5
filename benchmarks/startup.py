"""Start-up times: `import xner_hf` and `xner --help`, the best of five, beside a bare interpreter.

python benchmarks/startup.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import xner_hf": [sys.executable, "-c", "import xner_hf"],
    "xner --help": [str(Path(sys.executable).with_name("xner")), "--help"],
    "import datasets": [sys.executable, "-c", "import datasets"],
    "import xner_hf, datasets": [sys.executable, "-c", "import xner_hf, datasets"],
}


def best(command: list[str], times: int = 5) -> float:
    """Return the least wall time of several runs, in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found.append(time.perf_counter() - start)
    return min(found)


if __name__ == "__main__":
    for name, command in COMMANDS.items():
        print(f"{name:26} {best(command):6.2f} s")
