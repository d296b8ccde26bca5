"""The script that is published beside the data, as its users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from xner_hf.pipeline.build import build_corpus
from xner_hf.recipe import make_recipe

SCRIPT = Path(__file__).parents[2] / "dataset_scripts" / "projected.py"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def run_script(folder, *arguments, script=SCRIPT):
    environment = {**os.environ, "XNER_CACHE": str(folder / "cache"), "HF_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, script, *map(str, arguments)], cwd=folder, env=environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


def test_the_script_builds_what_is_missing_and_exports_it(tmp_path):
    code, out, err = run_script(tmp_path, "Hausa", "swa", "--recipe", "sample", "--limit", 20, "--output", "data")
    assert code == 0, err
    assert sorted(path.name for path in (tmp_path / "build").iterdir()) == ["hau", "swa"]
    assert "hau: train 18, validation 2; " in out and "xner publish data --repo ORG/NAME" in out
    export = json.loads((tmp_path / "data" / "hau" / "export.json").read_text())
    assert export["command"] == "python scripts/projected.py hau --output DIR --recipe sample --limit 20"
    built = (tmp_path / "build" / "hau" / "build.json").stat().st_mtime_ns
    # The published script and recipe make the same configuration from the same build.
    published = tmp_path / "data" / "scripts" / "projected.py"
    arguments = ("hau", "--recipe", "data/hau/recipe.yaml", "--output", "again", "--max-shard-size", "2GB")
    code, out, err = run_script(tmp_path, *arguments, script=published)
    assert code == 0, err
    assert (tmp_path / "build" / "hau" / "build.json").stat().st_mtime_ns == built
    assert contents(tmp_path / "again" / "hau") == contents(tmp_path / "data" / "hau")


def test_the_script_says_what_is_wrong_before_it_builds(tmp_path):
    build_corpus(make_recipe("hau", "sample"), tmp_path / "made" / "hau")
    for arguments, words in {
        ("hasua", "--output", "data"): ["'hausa'"],
        ("hau", "--output", "data"): ["masakhane/mafand", "XNER_MIRROR"],
        ("hau", "--output", "data", "--max-shard-size", "big"): ["'big'"],
        ("hau", "--output", "data", "--recipe", "sample", "--licence", "cc-by-4.0"): ["--reason"],
        ("hau", "--output", "data", "--recipe", "sample", "--limit", "5", "--builds", "made"): [
            "made/hau was built by another recipe",
            "--recipe made/hau/recipe.yaml",
            "--builds",
        ],
        ("swa", "--output", "data", "--recipe", "made/hau/recipe.yaml"): ["'hau'", "'swa'"],
    }.items():
        code, out, err = run_script(tmp_path, *arguments)
        assert (code, out) == (2, "") and err.startswith("error: "), err
        for word in words:
            assert word in err
    assert not (tmp_path / "data").exists()


def test_the_script_explains_itself(tmp_path):
    code, out, _ = run_script(tmp_path, "--help")
    assert code == 0
    for word in ("xner/projected", "--max-shard-size", "RECIPES", "recipe.yaml"):
        assert word in out
