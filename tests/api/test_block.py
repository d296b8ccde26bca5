"""The block of the Python API, line by line, as a new user would type it."""

from __future__ import annotations

import contextlib
import doctest
import io

import datasets
import pytest

BLOCK = """
>>> import xner_hf as xner
>>> ds = xner.load_dataset("hau", limit=4)
>>> sorted(ds)
['rejected', 'train', 'validation']
>>> ds = own.map(xner.Projector(tagger=TAGGER, aligner="none"), batched=True)
>>> [[entity["label"] for entity in row["entities"]] for row in ds]
[['PER', 'LOC'], []]
>>> links = xner.Aligner("encoder", model=TAGGER).align(["Amina left Kano"], ["Amina ta bar Kano"])
>>> {(0, 0), (2, 3)} <= {(link.source, link.target) for link in links[0]}
True
>>> build = xner.build("hau", text="my.tsv", tagger=TAGGER, limit=1000)
>>> build
Build('build/hau', language='hau', train=30, validation=0, rejected=0)
>>> len(build.dataset["train"]), build.report().name
(30, 'report.html')
>>> xner.build("hau", "sample", output="sample").publish("ORG/NAME", dry_run=True)["state"]  # own files are refused
'dry run'
>>> with quiet():  # the log of transformers
...     student = xner.train(build, arm="projected+distill-aligned", teacher=TAGGER, backbone=TAGGER,
...                          output="models/hau", epochs=1)
>>> student
Student('models/hau')
>>> scores = xner.evaluate(student, gold="masakhane/masakhaner2:hau")
>>> 0 <= scores["f1"] <= 1 and scores["gold"] > 0
True
"""


@pytest.fixture
def here(mirror, hub_api, monkeypatch, tmp_path):
    """A folder with parallel text, the invented mirror, and the test server as the Hub."""
    monkeypatch.setenv("HF_TOKEN", "hf_write")
    monkeypatch.chdir(tmp_path)
    pairs = "Amina left Kano .\tAmina ta bar Kano .\nMusa slept .\tMusa ya yi barci .\n"
    (tmp_path / "my.tsv").write_text(pairs * 15, encoding="utf-8")


def test_every_line_of_the_block_holds(here):
    own = datasets.Dataset.from_list(
        [
            {"source_tokens": ["Amina", "left", "Kano"], "target_tokens": ["Amina", "ta", "bar", "Kano"]},
            {"source_tokens": ["It", "rained"], "target_tokens": ["An", "yi", "ruwa"]},
        ]
    )
    names = {
        "quiet": lambda: contextlib.redirect_stdout(io.StringIO()),
        "own": own,
        "TAGGER": "xner/minilm-conll2003-en",
    }
    block = doctest.DocTestParser().get_doctest(BLOCK, names, "the API block", None, 0)
    printed: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    result = runner.run(block, out=printed.append)
    assert result.attempted > 10 and not result.failed, "".join(printed)
