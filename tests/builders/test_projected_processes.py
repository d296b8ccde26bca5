"""``xner/projected`` in other processes, and what the name means where a folder or the Hub has it too."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from datasets import load_dataset

import xner_hf  # noqa: F401  registers the builder
from xner_hf.languages import languages
from xner_hf.spans import NER_LABELS

CORPUS = "xner/projected"

CHILD = """
import json, os, sys
{imports}
data = load_dataset("xner/projected", "hau", recipe="sample")
print(json.dumps({{
    "rows": {{split: data[split]["id"][:] for split in data}},
    "names": data["train"].features["ner_tags"].feature.names,
    "configs": get_dataset_config_names("xner/projected"),
    "built": os.path.isdir(os.environ["XNER_CACHE"]),
}}))
"""

HUB = """
import json, os, sys
import xner_hf
from datasets import load_dataset
errors = []
for source, keywords in (("hub", {}), ("", {"revision": "main"}), ("", {"data_dir": "hau"})):
    os.environ["XNER_HF_SOURCE"] = source
    try:
        load_dataset("xner/projected", "hau", **keywords)
    except Exception as error:
        errors.append([type(error).__name__, str(error)])
print(json.dumps({"errors": errors, "ran": "xner_hf.pipeline.run" in sys.modules}))
"""


def run_python(code, **environment):
    """Run code in another process and return the JSON that it printed last."""
    child = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout.splitlines()[-1])


def ids(data):
    return {split: data[split]["id"][:] for split in data}


def test_another_process_finds_the_corpus_in_the_cache(sample, tmp_path):
    imports = "import xner_hf\nfrom datasets import get_dataset_config_names, load_dataset"
    found = run_python(CHILD.format(imports=imports), XNER_CACHE=str(tmp_path / "none"))
    assert found["rows"] == ids(sample)
    assert found["names"] == list(NER_LABELS)
    assert not found["built"]


def test_the_package_may_be_imported_after_datasets(sample, tmp_path):
    imports = "from datasets import get_dataset_config_names, load_dataset\nimport xner_hf"
    caches = {"XNER_CACHE": str(tmp_path / "xner"), "HF_DATASETS_CACHE": str(tmp_path / "datasets")}
    found = run_python(CHILD.format(imports=imports), PYTHONHASHSEED="7", **caches)
    assert found["rows"] == ids(sample)
    assert found["configs"] == [row.code for row in languages()]
    assert found["built"]


def test_the_hub_is_asked_where_the_caller_says_so(tmp_path):
    caches = {"XNER_CACHE": str(tmp_path / "xner"), "HF_DATASETS_CACHE": str(tmp_path / "datasets")}
    found = run_python(HUB, **caches)
    assert [name for name, _ in found["errors"]] == ["ConnectionError"] * 3
    assert all("xner/projected" in message and "Hub" in message for _, message in found["errors"])
    assert not found["ran"]


def test_a_folder_of_that_name_wins_as_it_does_for_every_data_set(monkeypatch, tmp_path, fresh):
    folder = tmp_path / "xner" / "projected"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_text('{"text": "mine"}\n')
    monkeypatch.chdir(tmp_path)
    assert load_dataset(CORPUS, split="train", **fresh).to_list() == [{"text": "mine"}]


def test_other_data_sets_are_loaded_as_before(tmp_path, fresh):
    (tmp_path / "a.jsonl").write_text('{"text": "mine"}\n')
    data = load_dataset("json", data_files=str(tmp_path / "a.jsonl"), split="train", **fresh)
    assert data.to_list() == [{"text": "mine"}]
