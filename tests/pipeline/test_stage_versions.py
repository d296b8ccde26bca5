"""The rows of every stage, by digest: a stage that makes other rows needs another number in `STAGE_VERSIONS`.

After raising the number of a stage, write the digests anew:

    python -m pytest tests/pipeline/test_stage_versions.py --write-stage-digests
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from xner_hf.pipeline.run import run_recipe
from xner_hf.pipeline.store import STAGE_VERSIONS
from xner_hf.recipe import make_recipe

GOLDEN = Path(__file__).with_name("stage_digests.yaml")
PAIRS = "Ada Obi lives in Kano .\tAda Obi tana zaune a Kano .\nShe works for Barewa .\tTana aiki a Barewa .\n"
LABELS = "Ada B-PER\nObi I-PER\nlives O\nin O\nKano B-LOC\n. O\n\nShe O\nworks O\nfor O\nBarewa B-ORG\n. O\n"
TARGET = "Ada Obi tana zaune a Kano .\nTana aiki a Barewa .\n"


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("pairs.tsv", PAIRS), ("labels.conll", LABELS), ("text.txt", TARGET)):
        Path(name).write_text(text, encoding="utf-8")


def recipes():
    yield "sample", make_recipe("hau", "sample")
    yield "own pairs", make_recipe("hau", "parallel", {"text.corpus": "pairs.tsv", "tagger": "labels.conll"})
    translator = {"method": "parallel", "corpora": ["pairs.tsv"]}
    own = {"text.corpus": "text.txt", "translator": translator, "tagger": "labels.conll", "aligner": "none"}
    yield "own text", make_recipe("hau", "translate-test", own)


def rounded(value):
    """Return rows with numbers of three decimals: processors differ in the last digits of sums."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


def stage_of(name):
    return {"names": "tag", "to_source": "translate"}.get(name, name)


def digests():
    found = {}
    for title, recipe in recipes():
        stages = run_recipe(recipe).stages
        for name, stage in stages.made.items():
            import pyarrow.parquet as pq

            rows = [pq.read_table(stage.shard(number)).to_pylist() for number in range(stages.shards)]
            text = json.dumps(rounded(rows), sort_keys=True, ensure_ascii=False)
            found[f"{title}: {name}"] = {
                "version": STAGE_VERSIONS[stage_of(name)],
                "rows": hashlib.sha256(text.encode()).hexdigest()[:16],
            }
    return found


def test_no_stage_makes_other_rows_under_its_old_number(own, request):
    found = digests()
    if request.config.getoption("--write-stage-digests"):
        GOLDEN.write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
    golden = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))
    changed = [name for name, one in found.items() if golden.get(name) != one]
    assert not changed, (
        f"{', '.join(changed)}: the rows, or the number in STAGE_VERSIONS, differ from {GOLDEN.name}. If the rows "
        "differ, raise the number of the stage; then write the digests anew with --write-stage-digests."
    )
    assert found.keys() == golden.keys()
    stages = {stage_of(name.partition(": ")[2]) for name in found}
    assert {"text", "translate", "tag", "align", "project"} <= stages
