"""``xner study``: a small study over an invented mirror from its file to tables and plots."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from answers import done, refused

ALIGNED = "projected+distill-aligned"
ARMS = {
    "projected": {"seeds": [1, 2]},
    "projected+parse": {"seeds": [1, 2]},
    ALIGNED: {},
    f"{ALIGNED}+text": {"arm": ALIGNED, "trees": "text"},
    "gold": {"languages": ["luo"]},
}
CONTRASTS = {
    "primary": {"arm": "projected+parse", "against": "projected"},
    "text": {"arm": f"{ALIGNED}+text", "against": ALIGNED},
}
RUNS = 2 * 2 * 2 + 2 * 2 + 1


@pytest.fixture
def study(xner, invented, shared, monkeypatch):
    """The function that runs ``xner study`` on ``tiny.yaml``, written anew if it is to be changed."""
    monkeypatch.setenv("XNER_MIRROR", str(shared))

    def study(command, *options, **changes):
        if changes or not Path("tiny.yaml").exists():
            table = {"languages": ["luo", "hau"], "arms": ARMS, "contrasts": CONTRASTS, **changes}
            invented.write_study(Path("tiny.yaml"), **table)
        return xner("study", command, "tiny.yaml", *options)

    return study


def test_a_study_from_its_file_to_its_tables(study):
    found = done(study("status", "--json"))
    assert (found["done"], found["failed"], found["missing"], found["hours_left"]) == (0, 0, RUNS, None)

    dry = done(study("run", "--dry-run", "--tokens-per-second", "1000", "--json"))
    assert len(dry["runs"]) == RUNS and {one["state"] for one in dry["inputs"]} == {"ok"}
    assert not Path("tiny").exists()

    first = done(study("run", "--shard", "1/2", "--json"))
    assert first["store"] == "tiny" and 0 < len(first["made"]) < RUNS and not first["failed"]
    second = done(study("run", "--json"))
    assert len(second["made"]) == RUNS - len(first["made"]) and second["there"] == len(first["made"])

    found = done(study("status", "--json"))
    assert (found["done"], found["missing"], found["of_other_settings"]) == (RUNS, 0, 0)
    assert found["arms"]["projected+parse"] == {"done": 4} and found["hours_left"] == 0

    table = done(study("table", "--json"))
    assert next(iter(table)) == "primary"
    primary = table["primary"]
    assert primary["contrast"] == {"name": "primary", "arm": "projected+parse", "against": "projected"}
    assert [one["contrast"]["name"] for one in table["contrasts"]] == ["text"]
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in Path("tiny").glob("*.json")]
    names = ("language", "label", "seed")
    f1 = {tuple(row["settings"][name] for name in names): row["scores"]["f1"] for row in rows}
    assert len(f1) == RUNS
    for code in ("luo", "hau"):
        line = primary["languages"][code]
        differences = [f1[code, "projected+parse", seed] - f1[code, "projected", seed] for seed in (1, 2)]
        assert [one["difference"] for one in line["seeds"]] == differences
        assert all(one["bootstrap"]["low"] <= one["difference"] <= one["bootstrap"]["high"] for one in line["seeds"])
        assert line["mean"] == pytest.approx(sum(differences) / 2)
    assert primary["macro"] == pytest.approx(sum(one["mean"] for one in primary["languages"].values()) / 2)

    # The same store gives the same table to the last byte, on paper too.
    for folder in ("one", "two"):
        code, out, _ = study("table", "--output", folder)
        assert code == 0 and out == Path(folder, "results.md").read_text(encoding="utf-8")
    files = sorted(path.name for path in Path("one").iterdir())
    assert "results.md" in files and any(name.endswith(".csv") for name in files)
    assert all(Path("one", name).read_bytes() == Path("two", name).read_bytes() for name in files)
    assert table == done(study("table", "--json"))
    for name in files:
        if name.endswith(".csv"):
            lines = list(csv.reader(Path("one", name).read_text(encoding="utf-8").splitlines()))
            assert len(lines) > 1 and len({len(line) for line in lines}) == 1


SMALL = {
    "languages": ["luo"],
    "arms": {"projected": {}, "projected+parse": {}},
    "contrasts": {"primary": CONTRASTS["primary"]},
}


def test_plots_are_written_beside_the_study_or_elsewhere(study):
    pytest.importorskip("matplotlib")
    done(study("run", "--json", **SMALL))
    names = ("effects", "f1", "curves")
    assert done(study("plot", "--json"))["plots"] == [f"tiny-plots/{name}.svg" for name in names]
    assert done(study("plot", "--json", "--output", "drawn"))["plots"] == [f"drawn/{name}.svg" for name in names]
    for name in names:
        assert "<svg" in Path(f"tiny-plots/{name}.svg").read_text(encoding="utf-8")
        assert Path(f"tiny-plots/{name}.svg").read_bytes() == Path(f"drawn/{name}.svg").read_bytes()


def test_runs_of_another_study_are_not_made_again(study, xner, invented):
    assert len(done(study("run", "--json", **SMALL))["made"]) == 2
    longer = {**SMALL, "arms": {**SMALL["arms"], "gold": {}}, "reuse": ["tiny.yaml"]}
    invented.write_study(Path("longer.yaml"), **longer)
    listed = done(xner("study", "run", "longer.yaml", "--dry-run", "--json"))["runs"]
    assert [one["label"] for one in listed if not one["done"]] == ["gold"]
    tally = done(xner("study", "run", "longer.yaml", "--json"))
    assert len(tally["made"]) == 1 and tally["there"] == 2
    assert [path.name.split("_")[1] for path in Path("longer").glob("*.json")] == ["gold"]
    found = done(xner("study", "status", "longer.yaml", "--json"))
    assert (found["done"], found["missing"], found["of_other_settings"]) == (3, 0, 0)
    (row,) = [json.loads(path.read_text(encoding="utf-8")) for path in Path("longer").glob("*.json")]
    assert found["hours_spent"] == round(sum(row["seconds"].values()) / 3600, 2)  # of its own run alone
    tables = [done(xner("study", "table", name, "--json")) for name in ("tiny.yaml", "longer.yaml")]
    assert tables[0]["primary"] == tables[1]["primary"]


def test_a_failed_run_is_told_and_tried_again_only_if_asked(study, shared, monkeypatch, tmp_path):
    (tmp_path / "empty" / "models").mkdir(parents=True)
    code, out, err = study("status", **SMALL)
    assert code == 0 and "0 of 2 runs" in out
    monkeypatch.setenv("XNER_MIRROR", str(tmp_path / "empty"))
    code, out, err = study("run")
    assert code == 1 and "2 runs made (2 failed)" in out
    assert "[1/2] luo projected seed 1: FAILED: NotAvailable" in err
    monkeypatch.setenv("XNER_MIRROR", str(shared))
    assert done(study("status", "--json"))["failed"] == 2
    code, out, _ = study("table")
    assert code == 0 and "failed" in out
    assert done(study("run", "--json"))["there"] == 2
    code, out, err = study("run", "--retry-failed")
    assert code == 0 and "2 runs made (0 failed)" in out and "xner study table tiny.yaml" in out
    assert "[2/2] luo projected+parse seed 1: F1 " in err
    assert done(study("status", "--json"))["arms"] == {"projected": {"done": 1}, "projected+parse": {"done": 1}}
    # A changed setting: the results are of another study now, and are there still.
    budget = {"sentences": 20, "epochs": 1, "batch_size": 8, "tree_share": 0.5, "tree_sentences": 12}
    found = done(study("status", "--json", **SMALL, budget=budget))
    assert (found["missing"], found["of_other_settings"]) == (2, 2)
    refused(study("table"), "holds no results of this study yet")


def test_nothing_is_begun_when_the_time_is_over(study):
    found = done(study("run", "--hours", "0", "--json"))
    assert (found["made"], found["left"]) == ([], RUNS)
    code, out, _ = study("run", "--hours", "0")
    assert code == 0 and f"{RUNS} were not begun; go on with `xner study run tiny.yaml`" in out


def test_a_dry_run_says_what_is_wrong_and_what_is_not_here(study):
    teachers = {"eng": "xner/minilm-conll2003-fr"}
    code, out, err = study("run", "--dry-run", teachers=teachers, backbones=["FacebookAI/xlm-roberta-large"])
    assert code == 2 and "the study names what does not exist" in err and "Traceback" not in err
    (wrong,) = (line for line in out.splitlines() if line.startswith("wrong"))
    assert "xner/minilm-conll2003-fr" in wrong and "Did you mean 'xner/minilm-conll2003-en'" in wrong
    assert "missing  model    FacebookAI/xlm-roberta-large  (the mirror " in out
    assert f"{RUNS} runs, 0 of them done; about " in out
    code, out, _ = study("run", "--dry-run", teachers={"eng": "org/unheard-of"})
    assert code == 0 and "missing  model    org/unheard-of" in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("run", "--shard", "2"), ["--shard '2' is not of the form I/N"]),
        (("run", "--shard", "3/2"), ["no shard 3/2"]),
        (("table",), ["holds no results of this study yet", "xner study run tiny.yaml"]),
        (("plot",), ["holds no results of this study yet"]),
        (("table", "--backbone", "org/other"), ["has no backbone 'org/other'"]),
    ],
)
def test_what_cannot_be_done_is_refused(study, options, words):
    refused(study(*options), *words)


def test_a_damaged_row_is_named(study):
    done(study("run", "--json", **SMALL))
    row = min(Path("tiny").glob("*.json"))
    row.write_text(row.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    refused(study("status"), row.name, "is damaged")
