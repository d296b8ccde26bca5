"""A checkpoint of a student where this package is not installed."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import pipeline

from xner_hf.demo import tiny_backbone, tiny_tokenizer
from xner_hf.models import XnerConfig
from xner_hf.training.config import TrainingConfig
from xner_hf.training.student import new_student

FOLDER = Path(sys.modules[XnerConfig.__module__].__file__).parent
COPIED = ("configuration_xner", "modeling_xner", "pipeline_xner", "words_xner")


@pytest.mark.parametrize("name", COPIED)
def test_what_is_copied_beside_the_weights_needs_what_transformers_needs_only(name):
    named = set()
    for node in ast.walk(ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            named.add("." * node.level + (node.module or "").split(".")[0])
    others = {"numpy", "regex"} if name in ("pipeline_xner", "words_xner") else set()
    assert named - sys.stdlib_module_names <= {"torch", "transformers", *others, *(f".{one}" for one in COPIED)}


ELSEWHERE = """
import json, sys

class Absent:
    def find_spec(self, name, *_):
        if name.split(".")[0] == "xner_hf":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import torch
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification, AutoTokenizer, pipeline

folder, again, inputs = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
inputs = {name: torch.tensor(values) for name, values in inputs.items()}
for auto in (AutoConfig, AutoModel, AutoModelForTokenClassification):
    try:
        auto.from_pretrained(folder, trust_remote_code=False)
    except ValueError as error:
        assert "trust_remote_code" in str(error), error
    else:
        raise AssertionError("code of a checkpoint was run without consent")
found = []
for auto in (AutoModelForTokenClassification, AutoModel):
    model = auto.from_pretrained(folder, trust_remote_code=True)
    assert "transformers_modules" in type(model).__module__
    found.append(model(**inputs))
model.save_pretrained(again)
found.append(AutoModelForTokenClassification.from_pretrained(again, trust_remote_code=True)(**inputs))
AutoTokenizer.from_pretrained(folder, trust_remote_code=True).save_pretrained(again)
said = []
for one in (folder, again):
    for strategy in ("none", "simple", "first", "average", "max"):
        pipe = pipeline("token-classification", one, aggregation_strategy=strategy, trust_remote_code=True)
        said.append([[(e["start"], e["end"], e["score"]) for e in found] for found in pipe(json.loads(sys.argv[4]))])
own = pipeline("ner", model=model, tokenizer=pipe.tokenizer, aggregation_strategy="first")
said.append([[(e["start"], e["end"], e["score"]) for e in found] for found in own(json.loads(sys.argv[4]))])
assert not any(name.startswith("xner_hf") for name in sys.modules)
names = ("logits", "arc_logits", "rel_logits")
print(json.dumps([[[one[name].tolist() for name in names] for one in found], said]))
"""

TEXTS = ['"Musa" (ya) tafi.', "Musa,ya tafi!", "tafi/Musa ya ya; (Musa)tafi"]


def test_a_checkpoint_loads_where_this_package_is_not_installed(tmp_path):
    tokenizer = tiny_tokenizer([["Musa", "ya", "tafi"]])
    model, _ = new_student(TrainingConfig(), ["root", "nsubj"], tiny_backbone(tokenizer), tokenizer)
    torch.manual_seed(5)
    torch.nn.init.normal_(model.classifier.weight, std=2.0)
    torch.nn.init.normal_(model.get_input_embeddings().weight)
    model.eval().save_pretrained(tmp_path / "student")
    tokenizer.save_pretrained(tmp_path / "student")
    inputs = {"input_ids": torch.tensor([[2, 5, 6, 7, 3]]), "word_starts": torch.tensor([[1, 2, -1]])}
    done = subprocess.run(
        [
            *(sys.executable, "-c", ELSEWHERE, tmp_path / "student", tmp_path / "again"),
            json.dumps({name: values.tolist() for name, values in inputs.items()}),
            json.dumps(TEXTS),
        ],
        cwd=tmp_path,
        env=os.environ | {"HF_MODULES_CACHE": str(tmp_path / "modules")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    expected = model(**inputs)
    outputs, said = json.loads(done.stdout.splitlines()[-1])
    for found in outputs:
        for name, values in zip(("logits", "arc_logits", "rel_logits"), found, strict=True):
            assert torch.tensor(values).equal(expected[name])
    own = pipeline("ner-and-parsing", str(tmp_path / "student"))
    entities = [
        [[one["start_char"], one["end_char"], pytest.approx(one["score"], abs=1e-5)] for one in found["entities"]]
        for found in own(TEXTS)
    ]
    assert any(entities)
    subwords, *others = said[:5]
    assert [said[5:10], said[10]] == [[subwords, *others], others[0]]
    assert others == [entities] * 4
    assert all(start < end for found in subwords for start, end, _ in found)
