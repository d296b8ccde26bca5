"""Publishing on a line that fails: faults at every request, and what the repository holds afterwards.

python benchmarks/publish_faults.py [--runs 200] [--seed 1] [--transport xet lfs]

A server on loopback that answers as the Hub does (tests/hub/server) holds an old state of a data set: one
configuration of an earlier build, one that somebody else published, and files of a third. A new build of the first is
published through the unmodified client while one to three faults hit any of its requests: connections dropped before
or after the effect, cut in the middle, delayed; 401, 403, 409, 412, 429, 500 and 503 before or after the effect; bytes
changed on the way. After every run the repository must hold exactly the old or exactly the new state; a second try
without faults must complete it; and all of it must have made one commit.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "hub"))

from server import Fault, Server, start  # noqa: E402

STATUSES = (401, 403, 409, 412, 429, 500, 503)
KINDS = (
    *(("drop", after, 0) for after in (False, True)),
    *(("cut", after, 0) for after in (False, True)),
    *(("corrupt", after, 0) for after in (False, True)),
    ("delay", False, 0),
    *(("status", after, status) for status in STATUSES for after in (False, True)),
)
REPO = "xner/projected"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--transport", nargs="+", default=["xet", "lfs"], choices=["xet", "lfs"])
    arguments = parser.parse_args()
    failures = 0
    for transport in arguments.transport:
        failures += campaign(arguments.runs // len(arguments.transport), arguments.seed, transport)
    sys.exit(failures > 0)


def campaign(runs: int, seed: int, transport: str) -> int:
    """Run in a process of its own, since the client reads its settings when it is imported; return its exit code."""
    import subprocess

    code = f"import publish_faults; publish_faults.in_process({runs}, {seed}, {transport!r})"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XNER_"))}
    environment |= {"OMP_NUM_THREADS": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    if transport == "lfs":
        environment["HF_HUB_DISABLE_XET"] = "1"
    return subprocess.run([sys.executable, "-c", code], env=environment, cwd=Path(__file__).parent).returncode


def in_process(runs: int, seed: int, transport: str) -> None:
    """Make the runs of one transport and print the table; exit code 1 where a promise was broken."""
    with tempfile.TemporaryDirectory() as folder, start() as server:
        os.environ |= {
            "HF_ENDPOINT": server.url,
            "HF_HOME": f"{folder}/home",
            "HF_TOKEN": "hf_write",
            "XNER_CACHE": f"{folder}/cache",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        import huggingface_hub.utils._http as client

        client.time.sleep = lambda _: None  # the client's own waits between its tries
        bench = Bench(server, Path(folder))
        bench.publish(bench.old)
        requests = bench.requests()
        rows = defaultdict(Counter)
        broken: list[str] = []
        for number in range(runs):
            source = random.Random(f"{seed}-{number}-{transport}")
            plan = faults(source, number, requests)
            outcome, problems = bench.run(plan)
            name = f"{plan[0].kind}{f' {plan[0].status}' if plan[0].kind == 'status' else ''}"
            name += " after the effect" if plan[0].after else ""
            rows[name].update(outcome)
            broken += [f"run {number} ({name}): {one}" for one in problems]
        print_table(rows, runs, transport, requests)
        for one in broken:
            print("BROKEN", one)
    sys.exit(bool(broken))


def faults(source: random.Random, number: int, requests: int) -> list[Fault]:
    """Return one to three faults; the first walks through all kinds and, by chance, all requests."""
    found = []
    for one in range(source.choice((1, 1, 2, 3))):
        kind, after, status = KINDS[number % len(KINDS)] if not one else source.choice(KINDS)
        found.append(
            Fault(
                kind,
                nth=source.randint(1, requests),
                times=source.choice((1, 1, 2)),
                after=after,
                status=status or 503,
                seconds=0.05,
            )
        )
    return found


class Bench:
    """A repository that is set back to its old state before every run."""

    def __init__(self, server: Server, folder: Path):
        from xner_hf.pipeline.build import build_corpus
        from xner_hf.publish.export import export_builds
        from xner_hf.recipe import make_recipe

        self.server = server
        self.old, self.other, self.new = (folder / name for name in ("old", "other", "new"))
        for target, language, limit in ((self.old, "hau", 60), (self.new, "hau", None), (self.other, "swa", None)):
            build = folder / f"build-{target.name}"
            build_corpus(make_recipe(language, "sample", {"limit": limit} if limit else {}), build)
            export_builds([build], target, max_shard_size=20_000)

    def publish(self, folder: Path) -> Any:
        """Publish an exported folder."""
        from xner_hf.publish.checks import check_dataset
        from xner_hf.publish.remote import Remote
        from xner_hf.publish.upload import publish

        return publish(check_dataset(folder), Remote("dataset", REPO), sleep=lambda _: None)

    def reset(self) -> None:
        """Make the repository anew, in its old state."""
        from huggingface_hub import HfApi

        self.server.faults.clear()
        self.server.hub.forget()
        shutil.rmtree(os.path.join(os.environ["HF_HOME"], "hub"), ignore_errors=True)
        self.publish(self.old)
        self.publish(self.other)
        HfApi().upload_file(
            repo_id=REPO, repo_type="dataset", path_or_fileobj=b"by hand\n", path_in_repo="hau/notes.txt"
        )

    def state(self) -> dict[str, bytes]:
        """Return what the repository holds."""
        return dict(self.server.hub.files("dataset", REPO))

    def commits(self) -> int:
        """Return how many commits it has."""
        return len(self.server.hub.commits("dataset", REPO))

    def requests(self) -> int:
        """Return how many requests a publication without faults makes, and remember the two states."""
        self.reset()
        self.before = self.state()
        start_at = len(self.server.log)
        self.publish(self.new)
        self.after = self.state()
        assert self.before != self.after
        return len(self.server.log) - start_at

    def run(self, plan: list[Fault]) -> tuple[dict[str, int], list[str]]:
        """Publish under faults, then again without; return what happened and the promises that were broken."""
        from xner_hf.errors import XnerError

        self.reset()
        commits = self.commits()
        self.server.faults.extend(plan)
        error: XnerError | None = None
        try:
            self.publish(self.new)
        except XnerError as found:
            error = found
        hit = any(fault.hits for fault in plan)
        self.server.faults.clear()
        held, problems = self.state(), []
        if held not in (self.before, self.after):
            problems.append("the repository holds neither the old nor the new state")
        if error is None and held != self.after:
            problems.append("success was reported, but the new state is not there")
        if error is not None and held == self.after and "may have landed" not in str(error):
            problems.append(f"a failure was reported, but the new state is there: {error}")
        result = {"runs": 1, "hit": int(hit), "done at once": int(error is None), "told": int(error is not None)}
        self.publish(self.new)
        if self.state() != self.after:
            problems.append("the second try did not complete it")
        made = self.commits() - commits
        if made != 1:
            problems.append(f"{made} commits were made")
        return {**result, "whole after": int(not problems), "two commits": int(made > 1)}, problems


def print_table(rows: dict[str, Counter[str]], runs: int, transport: str, requests: int) -> None:
    """Print what happened by the first fault of each run."""
    names = ("runs", "hit", "done at once", "told", "whole after", "two commits")
    print(f"\n{transport}: {runs} runs; a publication makes {requests} requests")
    print(f"{'first fault':<26}" + "".join(f"{name:>14}" for name in names))
    for name, counts in sorted(rows.items()):
        print(f"{name:<26}" + "".join(f"{counts[one]:>14}" for one in names))
    total = sum(rows.values(), Counter())
    print(f"{'all':<26}" + "".join(f"{total[one]:>14}" for one in names), flush=True)


if __name__ == "__main__":
    main()
