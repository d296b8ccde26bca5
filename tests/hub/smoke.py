"""Ask the Hub for everything that `defaults.yaml` lists, and print a table: ok, missing, or what differs.

    python tests/hub/smoke.py [--manifest FILE] [--record FILE]

Needs internet and downloads no weights: file lists, one configuration file a tagger, the footer of one Parquet file a
data set. What the Hub answered goes to the file of --record, for the tests that read it. Ends with 1 unless all is ok.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--manifest", type=Path, default=HERE / "defaults.yaml")
    parser.add_argument("--record", type=Path, help="JSON file for what the Hub answered")
    options = parser.parse_args()
    manifest = yaml.safe_load(options.manifest.read_text(encoding="utf-8"))
    replies: dict[str, Any] = {"asked": datetime.now(UTC).date().isoformat(), "models": {}, "datasets": {}}
    bad = 0
    for kind, ask, compare in (("models", ask_model, model_faults), ("datasets", ask_dataset, dataset_faults)):
        for name, row in manifest[kind].items():
            try:
                reply = replies[kind][name] = ask(name, row)
                faults = list(compare(row, reply))
                state = "ok" if not faults else "missing" if any("no " in one for one in faults) else "differs"
            except (OSError, ValueError) as error:  # XnerError is a ValueError
                reply, faults, state = {}, [" ".join(str(error).split())], "missing"
            bad += state != "ok"
            commit = (reply.get("commit") or "-")[:12]
            print(f"{state:8} {name:56} {commit:12} {reply.get('megabytes', ''):>8} {'; '.join(faults)}", flush=True)
    if options.record:
        options.record.write_text(json.dumps(replies, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{bad} of {len(manifest['models']) + len(manifest['datasets'])} are not as the manifest says.")
    return 1 if bad else 0


def ask_model(model: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return commit, sizes of the files in the top folder, and the labels of a tagger."""
    from huggingface_hub import HfApi, hf_hub_download

    info = HfApi().model_info(model, revision=row["revision"], files_metadata=True)
    files = {one.rfilename: one.size for one in info.siblings if "/" not in one.rfilename}
    size = sum(files.get(name) or 0 for name in row["weights"])
    reply = {"commit": info.sha, "files": files, "megabytes": round(size / 1e6)}
    if row.get("labels"):
        config = json.loads(Path(hf_hub_download(model, "config.json", revision=info.sha)).read_text(encoding="utf-8"))
        reply["labels"] = sorted(config.get("id2label", {}).values())
    return reply


def model_faults(row: dict[str, Any], reply: dict[str, Any]) -> Iterator[str]:
    """Yield in what a reply differs from the manifest."""
    for name in row["weights"]:
        if name not in reply["files"]:
            yield f"no {name}"
    if row["commit"] and not reply["commit"].startswith(row["commit"]):
        yield f"the commit was {row['commit'][:12]}"
    if sorted(row.get("labels") or []) != reply.get("labels", []):
        yield f"the labels are {', '.join(reply['labels'])}"


def ask_dataset(corpus: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return commit, splits of the configurations, and the columns of the first of them, as our readers see them."""
    from huggingface_hub import HfApi

    from xner_hf.corpora.hub import CorpusSplit, configs_of, splits_of

    info = HfApi().dataset_info(corpus, revision="refs/convert/parquet" if row["read_from"] == "converted" else None)
    known = set(configs_of(corpus))
    splits = {config: sorted(splits_of(corpus, config)) for config in row["configs"] if config in known}
    columns: list[str] = []
    for config in list(splits)[:1]:
        columns = sorted(CorpusSplit(corpus, config, splits[config][0]).columns())
    return {"commit": info.sha, "configs": splits, "columns": columns}


def dataset_faults(row: dict[str, Any], reply: dict[str, Any]) -> Iterator[str]:
    """Yield in what a reply differs from the manifest."""
    for config in row["configs"]:
        splits = reply["configs"].get(config)
        if splits is None:
            yield f"no configuration {config}"
        elif lacking := set(row["needed"]) - set(splits):
            yield f"{config}: no split {', '.join(sorted(lacking))}"
        elif more := set(splits) - set(row["splits"]):
            yield f"{config}: another split {', '.join(sorted(more))}"
    if reply["configs"] and (lacking := set(row["columns"]) - set(reply["columns"])):
        yield f"no column {', '.join(sorted(lacking))}"


if __name__ == "__main__":
    sys.exit(main())
