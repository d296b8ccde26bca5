"""What an exported folder holds, which builds and folders are refused, and what a killed export leaves."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from xner_hf.errors import XnerError
from xner_hf.pipeline.build import build_corpus
from xner_hf.pipeline.schema import SPLITS, corpus_schema
from xner_hf.publish import Refused
from xner_hf.publish.checks import check_dataset
from xner_hf.publish.export import export_builds, parse_size
from xner_hf.recipe import make_recipe

SCRIPT = Path(__file__).parents[2] / "dataset_scripts" / "projected.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder of the builds of both samples, `hau` and `swa`; no test may change it."""
    folder = tmp_path_factory.mktemp("builds")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        for code in ("hau", "swa"):
            build_corpus(make_recipe(code, "sample"), folder / code)
    return folder


@pytest.fixture
def builds(made, tmp_path):
    """A copy of `made`."""
    return shutil.copytree(made, tmp_path / "builds")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def contents(folder):
    return {name: path.read_bytes() for name, path in files_of(folder).items()}


def refused(call, *words):
    with pytest.raises(XnerError) as caught:
        call()
    for word in words:
        assert str(word) in str(caught.value)


# What is written


def test_the_folder_holds_the_splits_of_every_build_with_what_they_were_made_by(made, out):
    exports = export_builds([made / "hau", made / "swa"], out)
    assert list(exports) == ["hau", "swa"]
    parts = [*(f"{split}-00000-of-00001.parquet" for split in SPLITS), "build.json", "recipe.yaml", "export.json"]
    expected = {f"{config}/{part}" for config in exports for part in parts}
    assert set(files_of(out)) == {*expected, "README.md", "scripts/projected.py"}
    for name in ("build.json", "recipe.yaml"):
        assert (out / "hau" / name).read_bytes() == (made / "hau" / name).read_bytes()
    assert (out / "scripts" / "projected.py").read_bytes() == SCRIPT.read_bytes()
    assert json.loads((out / "hau" / "export.json").read_text()) == exports["hau"]


def test_rows_and_features_are_those_of_the_build(made, out):
    export_builds([made / "hau"], out)
    for split in SPLITS:
        (file,) = (out / "hau").glob(f"{split}-*.parquet")
        assert pq.read_table(file).equals(pq.read_table(made / "hau" / split))
        assert pq.read_schema(file).equals(corpus_schema())
        assert pq.read_schema(file).metadata == corpus_schema().metadata
        assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"


def test_export_json_says_what_the_card_needs(made, out):
    from datasets import Features

    export = export_builds([made / "hau"], out)["hau"]
    build = json.loads((made / "hau" / "build.json").read_text())
    assert (export["format"], export["config"], export["build"]) == (1, "hau", build)
    assert list(export["splits"]) == list(SPLITS)
    for split, facts in export["splits"].items():
        (name,) = facts["files"]
        assert facts["rows"] == build["rows"][split] and facts["bytes"] == (out / name).stat().st_size
    files = {name: path for name, path in files_of(out).items() if name.startswith("hau/") and "export" not in name}
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    assert export["sha256"] == digests
    assert Features.from_dict(export["features"]) == Features.from_arrow_schema(corpus_schema())
    assert list(json.loads((out / "hau" / "export.json").read_text())["features"]) == corpus_schema().names
    assert export["scores"] == [] and export["licence_override"] is None
    assert export["command"] == "python scripts/projected.py hau --output DIR --recipe sample"


def test_examples_are_the_first_training_rows_that_have_names(made, out):
    examples = export_builds([made / "hau"], out)["hau"]["examples"]
    assert [" ".join(row["tokens"][:2]) for row in examples] == ["Bola Tinubu", "Gianni Infantino", "Tedros Adhanom"]
    assert examples[0]["ner_tags"][:3] == ["B-PER", "I-PER", "O"]
    assert examples[0]["source_tokens"][:3] == ["Bola", "Tinubu", "said"]


def test_scores_beside_a_build_and_a_licence_by_hand_are_taken_over(builds, out):
    scores = [{"dataset": "org/gold", "split": "test", "task": "ner", "metric": "f1", "value": 0.5}]
    (builds / "hau" / "scores.json").write_text(json.dumps(scores))
    override = {"licence": "cc-by-4.0", "reason": "all of it was written by ourselves"}
    export = export_builds([builds / "hau"], out, licence_override=override)["hau"]
    assert export["scores"] == scores and export["licence_override"] == override
    card = (out / "README.md").read_text()
    assert yaml.safe_load(card.split("---\n")[1])["license"] == "cc-by-4.0" and override["reason"] in card
    assert not (out / "hau" / "scores.json").exists()


def test_the_card_names_the_configurations_and_their_files(made, out):
    export_builds([made / "swa", made / "hau"], out)
    header = yaml.safe_load((out / "README.md").read_text().split("---\n")[1])
    assert [config["config_name"] for config in header["configs"]] == ["hau", "swa"]
    for config in header["configs"]:
        for entry in config["data_files"]:
            assert list(out.glob(entry["path"]))


def test_the_same_builds_give_the_same_bytes(made, out, tmp_path):
    export_builds([made / "hau", made / "swa"], out)
    export_builds([made / "swa", made / "hau"], tmp_path / "again")
    assert contents(tmp_path / "again") == contents(out)
    export_builds([made / "hau"], out)
    assert contents(tmp_path / "again") == contents(out)


def test_what_is_exported_may_be_published(made, out):
    export_builds([made / "hau", made / "swa"], out)
    publication = check_dataset(out)
    assert sorted(publication.exports) == ["hau", "swa"]


def test_a_later_export_adds_to_the_data_set_and_replaces_what_it_had(builds, out):
    export_builds([builds / "hau"], out, max_shard_size=20_000)
    before = contents(out)
    assert set(export_builds([builds / "swa"], out)) == {"hau", "swa"}
    after = contents(out)
    assert {name: after[name] for name in before if name != "README.md"} == {
        name: content for name, content in before.items() if name != "README.md"
    }
    assert "config_name: hau" in after["README.md"].decode() and "config_name: swa" in after["README.md"].decode()
    export_builds([builds / "hau"], out)
    assert len(list((out / "hau").glob("train-*"))) == 1


def test_a_split_without_rows_has_no_file(builds, out):
    folder = builds / "hau"
    facts = json.loads((folder / "build.json").read_text())
    pq.write_table(corpus_schema().empty_table(), folder / "validation" / "validation-00000-of-00001.parquet")
    facts["rows"]["in"] -= facts["rows"]["validation"]
    facts["rows"]["validation"] = 0
    (folder / "build.json").write_text(json.dumps(facts))
    export = export_builds([folder], out)["hau"]
    assert list(export["splits"]) == ["train", "rejected"]
    assert not list(out.rglob("validation*"))
    from datasets import load_dataset

    assert list(load_dataset(str(out), "hau", cache_dir=str(out.parent / "cache"))) == ["train", "rejected"]


# Shards


def test_a_split_above_the_size_is_cut_into_shards_below_it_with_the_same_rows(made, out):
    export = export_builds([made / "hau"], out, max_shard_size=20_500)["hau"]
    names = export["splits"]["train"]["files"]
    assert names == [f"hau/train-{i:05d}-of-00003.parquet" for i in range(3)]
    assert max((out / name).stat().st_size for name in names) <= 20_500
    assert [pq.read_metadata(out / name).num_rows for name in names] == [47, 47, 47]
    joined = pa.concat_tables([pq.read_table(out / name) for name in names])
    assert joined.equals(pq.read_table(made / "hau" / "train"))
    assert export["splits"]["validation"]["files"] == ["hau/validation-00000-of-00001.parquet"]
    assert check_dataset(out)


def test_no_shard_is_cut_below_a_row(builds, out):
    build_corpus(make_recipe("hau", "sample", {"limit": 6, "validation_percent": 0}), builds / "small")
    export = export_builds([builds / "small"], out, max_shard_size=1)["hau"]
    assert [len(facts["files"]) for facts in export["splits"].values()] == [6]
    assert export["command"].endswith("--recipe hau/recipe.yaml")


def test_rows_of_several_files_and_batches_are_cut_where_they_should_be(tmp_path):
    from xner_hf.publish import export

    sources = []
    for number, size in enumerate((700, 2500, 1)):
        sources.append(tmp_path / f"{number}.parquet")
        start = sum(pq.read_metadata(path).num_rows for path in sources[:-1])
        pq.write_table(pa.table({"n": range(start, start + size)}), sources[-1])
    for start, stop in ((0, 3201), (650, 750), (700, 700), (3200, 3201), (1, 3200)):
        tables = list(export._row_groups(sources, start, stop))
        assert [n for table in tables for n in table["n"].to_pylist()] == list(range(start, stop))


@pytest.mark.parametrize(("text", "size"), [("500MB", 500_000_000), ("2 gb", 2 * 10**9), ("1k", 1000), ("7", 7)])
def test_sizes_are_read_as_people_write_them(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "0", "-1MB", "1.5GB", "5 apples", "1TB"])
def test_what_is_no_size_is_refused(text):
    refused(lambda: parse_size(text), repr(text), "500MB")


# What is refused


def test_only_whole_builds_are_exported(builds, out, tmp_path):
    refused(lambda: export_builds([], out), "no build")
    refused(lambda: export_builds([tmp_path / "gone"], out), tmp_path / "gone", "xner build")
    (builds / "swa" / "build.json").unlink()
    refused(lambda: export_builds([builds / "hau", builds / "swa"], out), builds / "swa", "not a complete build")
    (builds / "hau" / "recipe.yaml").unlink()
    refused(lambda: export_builds([builds / "hau"], out), builds / "hau", "recipe.yaml")
    assert not out.exists()


def test_a_build_that_lost_rows_or_has_other_columns_is_refused(builds, out):
    file = builds / "hau" / "train" / "train-00000-of-00001.parquet"
    table = pq.read_table(file)
    pq.write_table(table.slice(1), file)
    refused(lambda: export_builds([builds / "hau"], out), "not a complete build", "140 rows", "says 141")
    pq.write_table(table.drop_columns(["links"]), file)
    refused(lambda: export_builds([builds / "hau"], out), file, "other columns")
    file.write_bytes(b"PAR1")
    refused(lambda: export_builds([builds / "hau"], out), file, "cannot be read")
    file.unlink()
    refused(lambda: export_builds([builds / "hau"], out), "0 rows")
    assert not out.exists()


def test_two_builds_of_one_language_are_refused(made, builds, out):
    refused(lambda: export_builds([made / "hau", builds / "hau"], out), made / "hau", builds / "hau", "'hau'")


def test_a_build_of_unknown_terms_is_refused_before_anything_is_written(builds, out):
    facts = json.loads((builds / "hau" / "build.json").read_text())
    facts["licences"] = [{"name": "someone/tagger", "licence": "unknown", "licence_class": "unknown"}]
    (builds / "hau" / "build.json").write_text(json.dumps(facts))
    with pytest.raises(Refused, match="someone/tagger"):
        export_builds([builds / "hau"], out)
    assert not out.exists()


def test_a_folder_with_other_files_is_left_alone(made, out):
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    refused(lambda: export_builds([made / "hau"], out), out, "thesis.tex", "--output")
    assert list(files_of(out)) == ["thesis.tex"]
    export_builds([made / "hau"], out.parent / "whole")
    (out.parent / "whole" / "notes").mkdir()
    refused(lambda: export_builds([made / "hau"], out.parent / "whole"), "notes")


def test_a_folder_that_cannot_be_written_is_named(made, out, tmp_path):
    (tmp_path / "file").write_text("")
    refused(lambda: export_builds([made / "hau"], tmp_path / "file" / "out"), tmp_path / "file", "cannot be written")
    if os.geteuid():
        out.mkdir(mode=0o500)
        refused(lambda: export_builds([made / "hau"], out), out, "cannot be written")


def test_a_damaged_export_that_would_stay_is_named(made, out):
    export_builds([made / "hau"], out)
    (out / "hau" / "export.json").write_text("{")
    refused(lambda: export_builds([made / "swa"], out), out / "hau" / "export.json", "Remove its folder")


# Killed


KILLED = """
import os, signal, sys
from pathlib import Path
from xner_hf.publish import export

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

at, folder, *builds = sys.argv[1:]
renames = []
plain = Path.rename

def rename(self, target):
    renames.append(target)
    if at == "moving" and len(renames) == 2:
        die()
    return plain(self, target)

Path.rename = rename
if at == "writing":
    export.file_digest = die
if at == "card":
    written = export.write_text
    export.write_text = lambda path, text: die() if path.name == "README.md" else written(path, text)
export.export_builds([Path(build) for build in builds], Path(folder))
"""


@pytest.mark.parametrize("again", [False, True], ids=["new", "over an older one"])
@pytest.mark.parametrize("at", ["writing", "moving", "card"])
def test_a_killed_export_is_told_from_a_whole_one_and_a_second_completes_it(at, again, made, out, tmp_path):
    whole = tmp_path / "whole"
    export_builds([made / "hau", made / "swa"], whole)
    if again:
        export_builds([made / "hau", made / "swa"], out, max_shard_size=16_000)
    arguments = [sys.executable, "-c", KILLED, at, out, made / "hau", made / "swa"]
    assert subprocess.run(arguments).returncode == -signal.SIGKILL
    with pytest.raises(Refused):
        check_dataset(out)
    export_builds([made / "hau", made / "swa"], out)
    assert contents(out) == contents(whole)
    check_dataset(out)


def test_an_export_that_fails_leaves_the_older_one_as_it_was(made, builds, out, monkeypatch):
    from xner_hf.publish import export

    export_builds([made / "hau"], out)
    before = contents(out)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "file_digest", full)
    with pytest.raises(OSError):
        export_builds([made / "hau", made / "swa"], out)
    assert contents(out) == before
