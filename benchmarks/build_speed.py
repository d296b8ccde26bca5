"""Wall time, rate and peak memory of a `translate-train` build of ready translations, all stages from an empty cache.

XNER_MIRROR=... python benchmarks/build_speed.py [LANG]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main(language: str) -> None:
    xner = str(Path(sys.executable).with_name("xner"))
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XNER_CACHE": f"{folder}/cache"}
        command = [xner, "build", language, "--recipe", "translate-train", "--output", f"{folder}/out", "--json", "-q"]
        command += ["--set", "text.corpus=xner/conll2003-nllb", "--set", f"text.config={language}"]
        start = time.perf_counter()
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        wall = time.perf_counter() - start
    facts = json.loads(done.stdout)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print("stage            seconds  sentences/s")
    for stage in facts["stages"]:
        print(f"{stage['name']:14} {stage['seconds']:9.2f} {stage['sentences_per_second'] or 0:12,.0f}")
    rows = facts["rows"]
    print(f"build          {facts['seconds']:9.2f} {rows['in'] / facts['seconds']:12,.0f}")
    print(f"whole command  {wall:9.2f} {rows['in'] / wall:12,.0f}")
    print(f"peak memory {memory:,.0f} MiB")
    kept = rows["train"] + rows["validation"]
    adds_up = rows["in"] == kept + rows["rejected"]
    print(f"rows in {rows['in']:,} = kept {kept:,} + rejected {rows['rejected']:,}: {adds_up}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "hau")
