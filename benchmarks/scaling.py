"""How time and memory of a `translate-train` build grow with its text: CoNLL-2003 in Hausa, repeated.

XNER_MIRROR=... python benchmarks/scaling.py [--sentences 1000 10000 100000]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from xner_hf.corpora.parallel import corpus_splits, read_split

CORPUS, CONFIG = "xner/conll2003-nllb", "hau"


def build(text: Path, count: int, folder: Path) -> dict:
    """Build from the first `count` pairs in a process of its own and return its build.json and peak memory (MiB)."""
    xner = str(Path(sys.executable).with_name("xner"))
    command = [xner, "build", "hau", "--recipe", "translate-train", "--set", f"text.corpus={text}", "--json", "-q"]
    command += ["--limit", str(count), "--output", str(folder / "out")]
    script = (
        "import json, resource, subprocess, sys;"
        "done = subprocess.run(sys.argv[1:], check=True, capture_output=True, text=True);"
        "facts = json.loads(done.stdout);"
        "facts['memory'] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024;"
        "print(json.dumps(facts))"
    )
    environment = {**os.environ, "XNER_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", script, *command], env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sentences", type=int, nargs="+", default=[1000, 3000, 10000, 30000, 100000])
    sizes = parser.parse_args().sentences
    with tempfile.TemporaryDirectory() as name:
        text = Path(name) / "text.jsonl"
        pairs = [p for split in corpus_splits(CORPUS, CONFIG, None, None) for p in read_split(split, "eng", "hau")]
        with text.open("w", encoding="utf-8") as file:
            for pair in itertools.islice(itertools.cycle(pairs), max(sizes)):
                spans = [span._asdict() for span in pair.source_spans or ()]
                row = {"source_tokens": pair.source, "target_tokens": pair.target, "source_entities": spans}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        names: list[str] = []
        for number, size in enumerate(sizes):
            folder = Path(name) / str(number)
            folder.mkdir()
            facts = build(text, size, folder)
            stages = {stage["name"]: stage["seconds"] for stage in facts["stages"]}
            if not names:
                names = list(stages)
                print(
                    f"{'sentences':>10}"
                    + "".join(f"{stage:>15}" for stage in names)
                    + f"{'build s':>10}{'per s':>9}{'MiB':>7}"
                )
            cells = "".join(f"{stages[stage]:15.2f}" for stage in names)
            print(
                f"{size:10,}{cells}{facts['seconds']:10.1f}{size / facts['seconds']:9,.0f}{facts['memory']:7,.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
