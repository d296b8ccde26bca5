"""The Python API as a user meets it: the same names in the docs, the package and the doctests."""

from __future__ import annotations

import doctest
import subprocess
import sys

import datasets
import pytest

import xner_hf as xner
from xner_hf.errors import XnerError

PAIRS = [
    {
        "source_tokens": ["Ada", "lives", "in", "Kano"],
        "target_tokens": ["Ada", "tana", "zaune", "a", "Kano"],
        "source_entities": [{"start": 0, "end": 1, "label": "PER"}, {"start": 3, "end": 4, "label": "LOC"}],
    },
    {"source_tokens": ["It", "rained"], "target_tokens": ["An", "yi", "ruwa"], "source_entities": []},
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return xner.build("hau", "sample", output=tmp_path_factory.mktemp("build") / "hau")


@pytest.mark.parametrize("name", ["aligner", "projector"])
def test_the_examples_of_the_docstrings_hold(name):
    module = __import__(f"xner_hf.api.{name}", fromlist=["x"])
    result = doctest.testmod(module)
    assert result.attempted > 2 and result.failed == 0


def test_every_public_name_is_there_and_importing_the_package_imports_no_heavy_library():
    assert set(xner.__all__) <= set(dir(xner))
    assert all(getattr(xner, name).__doc__ for name in xner.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Projektor'"):
        _ = xner.Projektor
    code = (
        "import sys, xner_hf; print(*({'torch', 'transformers', 'datasets', 'pyarrow', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_corpus_of_a_language_is_that_of_datasets(fresh_cache):
    ours = xner.load_dataset("Hausa", "sample", split="train")
    theirs = datasets.load_dataset("xner/projected", "hau", split="train", recipe="sample")
    assert ours.to_list() == theirs.to_list() and len(ours) > 10
    assert set(xner.load_dataset("hau", recipe="sample")) == {"train", "validation", "rejected"}


def test_a_build_knows_its_rows_its_recipe_and_its_report(built, tmp_path):
    facts = built.facts
    assert {name: len(rows) for name, rows in built.dataset.items()} == {
        name: count for name, count in facts["rows"].items() if name != "in" and count
    }
    assert built.recipe.to_dict() == facts["recipe"]
    assert xner.Build(built.folder).facts == facts
    assert "<html" in built.report(tmp_path / "page.html").read_text(encoding="utf-8")
    assert repr(built).startswith("Build(") and f"train={facts['rows']['train']}" in repr(built)


def test_a_notebook_shows_counts_and_coloured_pairs(built, monkeypatch):
    shown = built._repr_html_()
    assert f"train {built.facts['rows']['train']}" in shown and shown.count("<br>") == 3
    assert "<mark" in shown and shown.count("<mark") == shown.count("</mark>")
    row = {"source_tokens": ["<b>"], "tokens": ["a&b"], "source_entities": [], "entities": []}
    monkeypatch.setattr(built, "_sample", lambda: [row])
    assert "&lt;b&gt;" in built._repr_html_() and "a&amp;b" in built._repr_html_()


def test_own_text_is_built(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.tsv").write_text("Ada lives in Kano\tAda tana zaune a Kano\n", encoding="utf-8")
    (tmp_path / "gold.conll").write_text("Ada B-PER\nlives O\nin O\nKano B-LOC\n", encoding="utf-8")
    found = xner.build("luo", text="my.tsv", tagger="gold.conll", aligner="none", validation_percent=0)
    assert found.folder.name == "luo" and found.facts["entities"] == {"LOC": 1, "PER": 1}
    with pytest.raises(XnerError, match="Did you mean 'projector'"):
        xner.build("luo", text="my.tsv", projektor="fused")


def test_a_folder_that_is_no_build_is_refused(tmp_path):
    with pytest.raises(XnerError, match="build.json"):
        xner.Build(tmp_path)


def test_rows_are_projected_in_the_idiom_of_datasets(caplog):
    projector = xner.Projector(aligner="none", target_language="hau")
    rows = projector(PAIRS)
    assert [[(one["start"], one["end"], one["status"]) for one in row["entities"]] for row in rows] == [
        [(0, 1, "projected"), (4, 5, "projected")],
        [],
    ]
    assert rows[0]["target_tokens"] == PAIRS[0]["target_tokens"] and rows[0]["reason"] is None
    mapped = datasets.Dataset.from_list(PAIRS).map(projector, batched=True, batch_size=1)
    assert [row["entities"] for row in mapped] == [row["entities"] for row in rows]
    assert not caplog.records


def test_the_same_projector_has_the_same_fingerprint_so_that_map_finds_its_cache():
    from datasets.fingerprint import Hasher

    one, other = (xner.Projector(aligner="none", target_language="hau") for _ in range(2))
    one(PAIRS)
    assert Hasher.hash(one) == Hasher.hash(other)
    assert Hasher.hash(one) != Hasher.hash(xner.Projector(aligner="none", projector="heuristic"))


def test_an_aligner_that_learns_from_one_batch_says_so(caplog):
    xner.Projector()({name: [row[name] for row in PAIRS] for name in PAIRS[0]})
    assert "trained on the 2 rows of this batch alone" in caplog.text


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: xner.Projector(aligner="statistcal"), "Did you mean 'statistical'"),
        (lambda: xner.Projector(projector={"method": "fused", "max_word": 3}), "Did you mean 'max_words'"),
        (lambda: xner.Projector(projector={"max_words": 3}), "lacks the key 'method'"),
        (lambda: xner.Projector(aligner="none")([{**PAIRS[0], "source_entities": None}]), "row 0: 'source_entities'"),
        (lambda: xner.Projector(aligner="none")([{"source_tokens": ["a"]}]), "row 0"),
        (lambda: xner.Aligner("statistical", stam=3), "Did you mean 'stem'"),
        (lambda: xner.Aligner("none").align(["a"], []), "1 source and 0 target"),
        (lambda: xner.Aligner("none").train([("a", "b")], "x"), "is not trained on text"),
        (lambda: xner.load_dataset("hausaa"), "Did you mean 'hausa'"),
        (lambda: xner.Student("nowhere"), "has no training.json"),
        (lambda: xner.train(), "give a language"),
        (lambda: xner.train("hau", epoks=3), "Did you mean 'epochs'"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(make, says):
    with pytest.raises(XnerError) as caught:
        make()
    assert says in str(caught.value)


def test_a_kept_aligner_aligns_as_it_did(tmp_path):
    pairs = [("the red house", "gida ja"), ("the house", "gida"), ("a dog", "kare")] * 5
    kept = xner.Aligner("statistical").train(pairs, tmp_path / "model")
    source, target = map(list, zip(*pairs, strict=True))
    assert kept.align(source, target) == xner.Aligner("statistical").align(source, target)
    assert kept.align(source[:1], target[:1]) == kept.align(source, target)[:1]


def test_a_build_is_scored_against_gold(built, tmp_path):
    rows = built.dataset["train"].to_list()
    gold = tmp_path / "gold.conll"
    names = built.dataset["train"].features["ner_tags"].feature.names
    gold.write_text(
        "\n\n".join(
            "\n".join(f"{word} {names[tag]}" for word, tag in zip(row["tokens"], row["ner_tags"], strict=True))
            for row in rows
        )
        + "\n",
        encoding="utf-8",
    )
    scores = xner.evaluate(built, gold=str(gold))
    assert scores["f1"] == 1.0 and scores["gold"] == scores["correct"] > 10
    with pytest.raises(XnerError, match="is a build"):
        xner.evaluate(built, gold=str(gold), revision="main")


def test_a_student_is_trained_on_a_build_used_and_scored(built, mirror, tmp_path):
    backbone = str(mirror / "models" / "xner" / "minilm-conll2003-en")
    read = []
    student = xner.train(
        built, backbone=backbone, output=tmp_path / "student", limit=12, epochs=1, batch_size=4, tell=read.append
    )
    assert read == ["projected: 12 sentences"]
    assert student.facts["sentences"]["train"] == {"projected": 12}
    assert "12 of projected" in student._repr_html_()
    again = xner.Student(student.folder)
    assert again.facts["settings"]["epochs"] == 1
    assert isinstance(again.pipeline()("Ada tana zaune a Kano ."), list)
    (tmp_path / "gold.conll").write_text("Ada B-PER\ntana O\n", encoding="utf-8")
    assert xner.evaluate(again, gold=str(tmp_path / "gold.conll"))["gold"] == 1


def test_entities_keep_their_order_and_keys_and_projections_point_to_them():
    given = [{"start": 3, "end": 4, "label": "LOC", "wiki": "Q181376"}, {"start": 0, "end": 1, "label": "PER"}]
    (row,) = xner.Projector(aligner="none", target_language="hau")([{**PAIRS[0], "source_entities": given}])
    assert [one["label"] for one in row["source_entities"]] == ["LOC", "PER"]
    assert row["source_entities"][0]["wiki"] == "Q181376"
    assert [(one["source"], one["label"], one["start"]) for one in row["entities"]] == [(0, "LOC", 4), (1, "PER", 0)]


def test_a_model_is_loaded_once_for_all_batches(monkeypatch):
    from xner_hf.align.none import NoAligner, NoConfig

    made = []
    monkeypatch.setattr(NoConfig, "make", lambda self, text, folder: made.append(1) or NoAligner())
    datasets.Dataset.from_list(PAIRS).map(xner.Projector(aligner="none"), batched=True, batch_size=1)
    aligner = xner.Aligner("none")
    assert aligner.align(["a"], ["b"]) == aligner.align(["a"], ["b"]) == [[]]
    assert len(made) == 2


@pytest.mark.parametrize("key", ["arm", "output", "text"])
def test_a_setting_that_is_called_like_an_argument_is_refused_as_a_setting(key, tmp_path):
    with pytest.raises(XnerError, match=f"no key '{key}'"):
        xner.train("hau", settings={key: "x"}, output=tmp_path / "student")


def test_a_recipe_file_is_for_its_language(built):
    with pytest.raises(XnerError, match="is a recipe for 'hau', not for 'swa'"):
        xner.build("swa", str(built.folder / "recipe.yaml"))
