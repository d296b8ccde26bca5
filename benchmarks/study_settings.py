r"""Settings for a study, chosen without any gold of a target language: F1 on projected validation sentences.

XNER_MIRROR=... python benchmarks/study_settings.py studies/main.yaml --store settings.jsonl \
    [--languages luo wol] [--arms projected distill-aligned ...] [--rates 3e-4 5e-4 1e-3] [--batches 8 16] [--seeds 11]

Every arm gets the same settings to choose from. The seeds are others than those of the study. F1 counts agreement with
the projected labels, so arms are not compared by it: it only says which settings let an arm learn.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import torch

from xner_hf.study import load_study
from xner_hf.study.run import do_run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--languages", nargs="+", default=["luo", "wol"])
    parser.add_argument("--arms", nargs="+", default=["projected", "projected+distill-aligned+parse"])
    parser.add_argument("--rates", type=float, nargs="+", default=[3e-4, 5e-4, 1e-3])
    parser.add_argument("--batches", type=int, nargs="+", default=[8, 16])
    parser.add_argument("--seeds", type=int, nargs="+", default=[11])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    study = load_study(arguments.study)
    done = [json.loads(line) for line in arguments.store.read_text().splitlines()] if arguments.store.exists() else []
    for batch in arguments.batches:
        for rate in arguments.rates:
            for seed in arguments.seeds:
                for language in arguments.languages:
                    for arm in arguments.arms:
                        own = {"language": language, "label": arm, "seed": seed}
                        own |= {"learning_rate": rate, "batch_size": batch}
                        if not any(all(one[name] == value for name, value in own.items()) for one in done):
                            done.append(try_out(study, own))
                            with arguments.store.open("a") as file:
                                file.write(json.dumps(done[-1]) + "\n")
                            print(done[-1], flush=True)


def try_out(study, own: dict) -> dict:
    """Train one student and return its F1 by epoch."""
    run = next(
        one
        for one in study.runs()
        if (one.settings["language"], one.settings["label"]) == (own["language"], own["label"])
    )
    started = time.perf_counter()
    found = do_run(replace(run, settings={**run.settings, **own}), validate_only=True)
    curve = [round(100 * one["eval_f1"], 1) for one in found["curve"] if "eval_f1" in one]
    return {**own, "f1_by_epoch": curve, "seconds": round(time.perf_counter() - started)}


if __name__ == "__main__":
    main()
