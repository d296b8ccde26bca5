"""``xner study backbone``: an encoder for languages that the one at hand does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xner_hf.cli.output import Json, Quiet, emit, parse_settings, percent, working
from xner_hf.errors import XnerError


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="Its settings, such as studies/backbone.yaml.")],
    output: Annotated[Path | None, typer.Option(help="Folder to write.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any key of the file, such as epochs=3 or languages=[luo]."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume from the last complete checkpoint.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what it would be trained on, and stop.")] = False,
    tokens_per_second: Annotated[
        float | None, typer.Option(min=1.0, help="With --dry-run: a machine's speed, to estimate hours.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads to use.")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Make a backbone: the layers of an encoder, a new vocabulary, masked and translation language modelling.

    Examples: xner study backbone studies/backbone.yaml --dry-run

    xner study backbone studies/backbone.yaml --output models/minilm-african
    """
    from xner_hf.backbone import estimate, load_backbone_config, make_backbone

    config = load_backbone_config(file, parse_settings(settings))
    if not dry_run and output is None:
        raise XnerError("say where the backbone goes: --output models/NAME. Or look at its cost with --dry-run.")
    import torch
    from transformers.utils import logging

    logging.set_verbosity_error()
    if threads:
        torch.set_num_threads(threads)
    with working():
        if dry_run:
            found = estimate(config, tokens_per_second)
        else:
            found = {"output": str(output), **make_backbone(config, output, resume, quiet)}
    emit(found, as_json, lambda: _show_estimate(found) if dry_run else _show(found))


def _show_text(found: dict[str, Any]) -> None:
    for reference, rows in found["text"]["rows"].items():
        left = ", ".join(f"{number:,} {reason}" for reason, number in found["text"]["rejected"][reference].items())
        print(f"  {reference}: {rows:,} pairs" + (f", left out: {left}" if left else ""))
    print("language   pairs     words   sub-words a word, before and after")
    for code, own in found["languages"].items():
        before, after = own["subwords_per_word"].values()
        print(f"{code:<9}{own['pairs']:>7,}{own['words']:>10,}{before:>10.2f}{after:>8.2f}")
    print(f"{found['vocabulary']:,} sub-words in the vocabulary, {found['subwords']:,} to train on in all epochs")


def _show_estimate(found: dict[str, Any]) -> None:
    _show_text(found)
    print(f"about {found['hours']} hours" if found["hours"] else "--tokens-per-second N tells how long that takes")


def _show(found: dict[str, Any]) -> None:
    _show_text(found)
    scores = [one["held_out"] for one in found["log"] if "held_out" in one]
    print("held-out sub-words guessed right, %, before and after every epoch")
    for code in scores[0]:
        print(f"{code:<9}" + "".join(f"{percent(one[code]['accuracy']):>7}" for one in scores))
    hours = found["run"]["seconds"] / 3600
    print(f"{hours:.2f} hours, {found['subwords_per_second']:,} sub-words a second")
    print(f"\nNext:  xner train LANG --arm direct --backbone {found['output']}")
    print(f"       or name {found['output']} under `backbones` in a study")
