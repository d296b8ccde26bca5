"""``xner study``: an experiment grid, its runs, and what they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xner_hf.cli import differences, study_backbone, study_student
from xner_hf.cli.output import Json, check_output, emit, note, working
from xner_hf.errors import XnerError

if TYPE_CHECKING:
    from xner_hf.study import RunSpec, Study

app = typer.Typer(name="study", help="Arms x languages x seeds, with statistics.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The study, such as studies/main.yaml.")]


@app.command("run")
def run(
    file: File,
    shard: Annotated[str, typer.Option(metavar="I/N", help="Make only this part of the runs.")] = "1/1",
    hours: Annotated[float | None, typer.Option(min=0.0, help="Begin no run after that.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of this runner.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try runs again that failed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the runs, check their inputs, and stop.")] = False,
    tokens_per_second: Annotated[
        float | None, typer.Option(min=1.0, help="With --dry-run: a machine's speed, to estimate hours.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the runs that the store beside the study does not have yet. Kill it at any time, and start it again.

    Several runners may work on one store at once; on several machines give each a shard.

    Examples: xner study run studies/main.yaml --hours 2

    xner study run studies/main.yaml --shard 1/2 --threads 1
    """
    from xner_hf.study import Store, load_study
    from xner_hf.study import shard as part

    study = load_study(file)
    runs = part(study.runs(), *_shard(shard))
    if dry_run:
        from xner_hf.study.inputs import check_inputs

        with working():
            found = check_inputs(study, runs, Store.of(study), tokens_per_second)
        emit(found, as_json, lambda: _show_dry_run(found))
        if any(one["state"] == "wrong" for one in found["inputs"]):
            raise XnerError("the study names what does not exist: see what is `wrong` above.")
        return
    import torch
    from transformers.utils import logging

    from xner_hf.study.runner import run_study

    logging.set_verbosity_error()  # of hundreds of runs each would tell how its weights were loaded
    logging.disable_progress_bar()
    if threads:
        torch.set_num_threads(threads)
    with working():
        tally = run_study(study, Store.of(study), runs, hours=hours, retry_failed=retry_failed, tell=_tell)
    emit({"study": study.name, "store": str(study.folder), **vars(tally)}, as_json, lambda: _show_tally(tally, file))
    if tally.failed:
        raise typer.Exit(1)


@app.command("status")
def status(file: File, as_json: Json = False) -> None:
    """Say what is done, what failed, and how long the rest may take.

    Example: xner study status studies/main.yaml
    """
    from xner_hf.study import load_study
    from xner_hf.study.results import status_of

    study = load_study(file)
    found = status_of(study)
    emit(found, as_json, lambda: _show_status(study, found))


Backbone = Annotated[str | None, typer.Option(help="Which one, where the study has several.")]


@app.command("table")
def table(
    file: File,
    backbone: Backbone = None,
    output: Annotated[
        Path | None, typer.Option(help="Also write results.md and the tables as CSV to this folder.")
    ] = None,
    published: Annotated[bool, typer.Option("--published", help="Add what others published, apart.")] = False,
    as_json: Json = False,
) -> None:
    """Print what the store says: the primary contrast first, with intervals; then all others, and F1 by language.

    The same store gives the same table to the last digit. Gold is read for the bootstrap over sentences alone.

    Example: xner study table studies/main.yaml --output results
    """
    from xner_hf.study import load_study
    from xner_hf.study.published import published_markdown
    from xner_hf.study.results import results_of
    from xner_hf.study.tables import as_json as to_json
    from xner_hf.study.tables import csv_texts, markdown

    study = load_study(file)
    check_output(output, folder=True)
    others = "\n" + published_markdown((one.code, one.gold) for one in study.languages) if published else ""
    with working():
        _, summary = results_of(study, backbone)
        text = markdown(summary) + others
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "results.md").write_text(text, encoding="utf-8")
        for name, content in csv_texts(summary).items():
            (output / f"{name}.csv").write_text(content, encoding="utf-8")
        note(f"written: {output}/results.md and CSV")
    emit(to_json(summary), as_json, lambda: print(text, end=""))


@app.command("plot")
def plot(
    file: File,
    backbone: Backbone = None,
    output: Annotated[Path | None, typer.Option(help="Folder to write; by default beside the study.")] = None,
    as_json: Json = False,
) -> None:
    """Draw effects with intervals, F1 by language and learning curves, as SVG.

    Example: xner study plot studies/main.yaml
    """
    from xner_hf.study import load_study
    from xner_hf.study.plots import f1_plot, forest_plot, learning_curves
    from xner_hf.study.results import results_of

    study = load_study(file)
    folder = output or file.parent / f"{file.stem}-plots"
    check_output(folder, folder=True)
    with working():
        rows, summary = results_of(study, backbone)
        forest_plot(summary, folder / "effects.svg")
        f1_plot(summary, folder / "f1.svg")
        pair = [study.primary.arm, study.primary.against]
        learning_curves(rows, folder / "curves.svg", arms=pair)
    names = [str(folder / f"{name}.svg") for name in ("effects", "f1", "curves")]
    emit({"study": study.name, "plots": names}, as_json, lambda: print("\n".join(names)))


app.command("differences")(differences.run)
app.command("student")(study_student.run)
app.command("backbone")(study_backbone.run)


def _shard(text: str) -> tuple[int, int]:
    number, slash, count = text.partition("/")
    if not (slash and number.isdigit() and count.isdigit()):
        raise XnerError(f"--shard {text!r} is not of the form I/N, such as 1/2.")
    return int(number), int(count)


def _tell(one: RunSpec, number: int, total: int, row: dict[str, Any]) -> None:
    settings = one.settings
    result = f"F1 {100 * row['scores']['f1']:.1f}" if row["status"] == "done" else f"FAILED: {row['error']}"
    seconds = sum(row["seconds"].values())
    what = f"{settings['language']} {settings['label']} seed {settings['seed']}"
    note(f"[{number}/{total}] {what}: {result} ({seconds:.0f} s)")


def _show_dry_run(found: dict[str, Any]) -> None:
    for one in found["runs"]:
        state = "done" if one["done"] else ""
        print(f"{state:<5} {one['language']:<6} {one['label']:<42} seed {one['seed']}  {one['key']}")
    for state in ("ok", "missing", "wrong"):  # the worst stands where it is seen
        for one in (one for one in found["inputs"] if one["state"] == state):
            detail = " ".join(one["detail"].split())
            detail = detail if state == "wrong" else detail.partition(". ")[0]
            print(f"{state:<8} {one['kind']:<8} {one['name']}" + (f"  ({detail})" if detail else ""))
    made = sum(one["done"] for one in found["runs"])
    print(
        f"{len(found['runs']):,} runs, {made:,} of them done; about {found['tokens']:,} sub-words to train on", end=""
    )
    print(f": {found['hours']:,.1f} hours" if found["hours"] is not None else "")


def _show_tally(tally: Any, file: Path) -> None:
    print(f"{len(tally.made):,} runs made ({len(tally.failed):,} failed), {tally.there:,} were there")
    if tally.elsewhere:
        print(f"  {tally.elsewhere:,} are in the hands of another runner")
    if tally.left:
        print(f"  {tally.left:,} were not begun; go on with `xner study run {file}`")
    else:
        print(f"Next: xner study table {file}")


def _show_status(study: Study, found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{study.name}: {found['done']:,} of {len(study.runs()):,} runs", title_justify="left")
    table.add_column("arm")
    for name in ("done", "failed", "missing"):
        table.add_column(name, justify="right")
    for arm, count in found["arms"].items():
        table.add_row(arm, *(str(count.get(name, 0)) for name in ("done", "failed", "missing")))
    Console().print(table)
    if found["of_other_settings"]:
        print(f"{found['of_other_settings']:,} more results in the store have other settings than this file.")
    left = found["hours_left"]
    print(f"{found['hours_spent']:.1f} hours spent" + (f", about {left:.1f} left, of one runner" if left else ""))
