"""The cache: digests, files that are whole or absent, stages that go on after a kill and give the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xner_hf.errors import XnerError
from xner_hf.pipeline import text
from xner_hf.pipeline.build import read_build, write_build
from xner_hf.pipeline.run import run_recipe
from xner_hf.pipeline.schema import stage_schema
from xner_hf.pipeline.store import (
    Stage,
    StageStats,
    cache_folder,
    cache_root,
    digest,
    file_digest,
    write_parquet,
    write_text,
)
from xner_hf.recipe import make_recipe

KILLED = """
import os, signal, sys
from pathlib import Path
from xner_hf.pipeline import run, text
from xner_hf.pipeline.build import write_build
from xner_hf.recipe import make_recipe

text.SHARD = 40
left = int(sys.argv[1])


def kill(event, args):
    global left
    if event == "os.rename":  # every shard and every finished file gets its name by a rename
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(kill)
write_build(run.run_recipe(make_recipe("hau", "sample")), Path(sys.argv[2]))
"""


def table(*links):
    return pa.table({"links": [list(links)]}, schema=stage_schema("align"))


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path / "root", "align", "0123")


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def content(folder):
    """Return the bytes of every Parquet file below a folder by its relative path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def stage_files():
    """Return when every file of the cache was last written."""
    return {path: path.stat().st_mtime_ns for path in cache_folder().rglob("*") if path.is_file()}


# Where work is kept


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XNER_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    assert cache_root("hau", "sample") == tmp_path / "own" / "hau-sample"
    monkeypatch.delenv("XNER_CACHE")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert cache_folder() == tmp_path / "hf" / "xner"
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "huggingface" / "xner"


def test_a_cache_that_cannot_be_written_is_named_with_its_remedy(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(XnerError) as caught:
        Stage(tmp_path / "file", "align", "0123")
    assert str(tmp_path / "file") in str(caught.value)
    assert "XNER_CACHE" in str(caught.value)


# Digests


def test_digests_tell_values_apart_but_not_the_order_of_keys():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    values = [(), (None,), ("",), (0,), ("0",), (False,), ([],), ({},), ("a", "b"), (["a", "b"],), ("ab",)]
    assert len({digest(*value) for value in values}) == len(values)
    assert all(len(digest(*value)) == 16 for value in values)


def test_the_digest_of_a_file_is_its_sha_256(tmp_path):
    (tmp_path / "a").write_bytes(b"Jos" * 100_000)
    assert file_digest(tmp_path / "a") == hashlib.sha256(b"Jos" * 100_000).hexdigest()


def test_a_shard_is_written_whole_and_nothing_else_is_left(stage):
    stage.write(7, table())
    assert files(stage.folder) == ["00007.parquet"]
    assert pq.read_table(stage.shard(7)).schema.equals(stage_schema("align"))


def test_a_failed_write_leaves_the_former_file_and_nothing_else(tmp_path):
    write_parquet(table(), tmp_path / "a.parquet")
    before = (tmp_path / "a.parquet").read_bytes()
    with pytest.raises(AttributeError):
        write_parquet("no table", tmp_path / "a.parquet")
    assert files(tmp_path) == ["a.parquet"]
    assert (tmp_path / "a.parquet").read_bytes() == before


def test_text_replaces_the_former_text_and_others_may_read_it(tmp_path):
    write_text(tmp_path / "a", "old")
    write_text(tmp_path / "a", "ɓɗƙ\n")
    assert (tmp_path / "a").read_bytes() == "ɓɗƙ\n".encode()
    assert files(tmp_path) == ["a"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


# Stages


def test_a_stage_is_whole_only_once_it_is_marked(stage):
    assert stage.done is None
    stage.write(0, table())
    assert stage.done is None
    stage.finish(shards=1, rows=["ɓ"])
    assert stage.done == {"shards": 1, "rows": ["ɓ"]}
    assert json.loads((stage.folder / "done.json").read_text(encoding="utf-8")) == stage.done


def test_signatures_keep_stages_apart(tmp_path):
    first, second = Stage(tmp_path, "align", "0123"), Stage(tmp_path, "align", "4567")
    first.write(0, table())
    first.finish()
    assert not second.shard(0).is_file()
    assert second.done is None


def test_a_stage_makes_its_missing_shards_in_order_and_only_those(stage):
    stage.write(1, table())
    made, told = [], []

    def make(number):
        made.append(number)
        return pa.concat_tables([table()] * (number + 1))

    stats = stage.run(4, make, told.append)
    assert made == [0, 2, 3]
    assert told == [1, 1, 3, 4]
    assert (stats.name, stats.sentences, stats.cached) == ("align", 9, False)
    assert stage.done == {"shards": 4}


def test_a_whole_stage_is_found_done(stage):
    stage.run(2, lambda number: table(), lambda rows: None)
    stats = stage.run(2, lambda number: pytest.fail("made again"), lambda rows: None)
    assert (stats.sentences, stats.cached) == (2, True)
    assert stats.to_dict()["sentences_per_second"] is None


def test_a_stage_that_fails_keeps_its_finished_shards_and_is_not_whole(stage):
    def make(number):
        if number == 2:
            raise RuntimeError("no power")
        return table()

    with pytest.raises(RuntimeError):
        stage.run(3, make, lambda rows: None)
    assert files(stage.folder) == ["00000.parquet", "00001.parquet"]
    assert stage.done is None


def test_a_shard_that_was_being_written_does_not_count(stage):
    (stage.folder / ".half.tmp").write_bytes(b"PAR1 half of it")
    made = []
    stage.run(1, lambda number: made.append(number) or table(), lambda rows: None)
    assert made == [0]


def test_statistics_give_a_rate_for_work_that_was_done():
    assert StageStats("text", 90, 1.5, cached=False).to_dict() == {
        "name": "text",
        "sentences": 90,
        "seconds": 1.5,
        "sentences_per_second": 60.0,
        "cached": False,
    }


# The same again


@pytest.mark.parametrize("recipe", ["parallel", "sample"])
def test_the_same_recipe_gives_the_same_bytes_in_another_cache(mirror, fresh_cache, tmp_path, recipe):
    facts = []
    for name in ("one", "two"):
        fresh_cache()
        facts.append(write_build(run_recipe(make_recipe("hau", recipe)), tmp_path / name))
    assert content(tmp_path / "one") == content(tmp_path / "two") != {}
    for name in ("recipe.yaml", "README.md"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    for fact in facts:
        del fact["created"], fact["stages"]
    assert facts[0] == facts[1]


def test_several_processes_give_the_bytes_of_one(monkeypatch, fresh_cache, tmp_path):
    monkeypatch.setattr(text, "SHARD", 32)
    write_build(run_recipe(make_recipe("hau", "sample"), num_proc=1), tmp_path / "one")
    fresh_cache()
    run = run_recipe(make_recipe("hau", "sample"), num_proc=2)
    write_build(run, tmp_path / "two")
    assert content(tmp_path / "one") == content(tmp_path / "two") != {}
    assert [(s.name, s.cached) for s in run.stats][-1] == ("project", False)


def test_a_finished_cache_is_used_again(mirror, rows_of):
    first = run_recipe(make_recipe("hau"))
    names = ["text", "tag", "names", "train aligner", "align", "project"]
    assert [(s.name, s.cached) for s in first.stats] == [(name, False) for name in names]
    rows = rows_of(first)
    before = stage_files()
    second = run_recipe(make_recipe("hau"))
    names.remove("train aligner")
    assert [(s.name, s.sentences, s.cached) for s in second.stats] == [(name, 16, True) for name in names]
    assert rows_of(second) == rows
    assert second.leak_check == first.leak_check
    assert stage_files() == before


def test_another_projector_uses_the_tags_and_links_that_are_there(mirror):
    run_recipe(make_recipe("hau"))
    second = run_recipe(make_recipe("hau", overrides={"projector": "heuristic"}))
    assert [(s.name, s.cached) for s in second.stats] == [
        ("text", True),
        ("tag", True),
        ("names", True),
        ("align", True),
        ("project", False),
    ]


def test_a_changed_input_is_read_anew(mirror, write_corpus, rows_of):
    recipe = make_recipe("hau", overrides={"projector": "candidates"})
    assert run_recipe(recipe).stages.rows == 16
    rows = [{"translation": {"en": "Musa left Jos.", "hau": "Musa ya bar Jos."}}]
    write_corpus(mirror, "masakhane/mafand", {"en-hau": {"train": rows}})
    run = run_recipe(recipe)
    assert not any(stats.cached for stats in run.stats)
    assert [row["ner_tags"] for row in rows_of(run)["train"]] == [[1, 0, 0, 5, 0]]


# Killed builds


def test_a_build_that_was_killed_again_and_again_goes_on_and_gives_the_same_bytes(monkeypatch, fresh_cache, tmp_path):
    out = tmp_path / "out"
    whole = []
    # Renames: 5 a stage (4 shards and the mark), 13 for the rows, then those of the build. A kill comes, in turn,
    # while text is read, pairs are aligned, entities projected, rows sorted, and the build is put together.
    for renames, stage in ((2, None), (5 + 2, "text"), (3 + 2, "align"), (3 + 8, "project"), (13 + 1, "rows")):
        child = subprocess.run(
            [sys.executable, "-c", KILLED, str(renames), str(out)],
            env={**os.environ, "PYTHONHASHSEED": str(renames)},
            capture_output=True,
            text=True,
        )
        assert child.returncode == -signal.SIGKILL, child.stderr
        with pytest.raises(XnerError, match=r"build\.json|is not a local folder"):
            read_build(out)
        whole += [stage] if stage else []
        marks = {path.parent.name.partition("-")[0] for path in cache_folder().rglob("done.json")}
        assert marks == set(whole)  # each run got one stage farther than the one before
    assert list(out.glob(".partial-*"))
    monkeypatch.setattr(text, "SHARD", 40)
    write_build(run_recipe(make_recipe("hau", "sample")), out)
    fresh_cache()
    write_build(run_recipe(make_recipe("hau", "sample")), tmp_path / "at once")
    assert content(out) == content(tmp_path / "at once") != {}
    assert read_build(out)["rows"] == read_build(tmp_path / "at once")["rows"]
    assert not list(out.glob(".*"))


@pytest.mark.parametrize("stage", ["text", "align", "project", "rows"])
def test_a_stage_that_lost_its_mark_and_a_shard_is_completed(monkeypatch, stage, rows_of):
    monkeypatch.setattr(text, "SHARD", 40)
    before = rows_of(run_recipe(make_recipe("hau", "sample")))
    (folder,) = cache_folder().glob(f"hau-sample/{stage}-*")
    (folder / "done.json").unlink()
    shards = sorted(folder.glob("*.parquet"))
    shards[1].unlink()
    kept = shards[0].stat().st_mtime_ns
    run = run_recipe(make_recipe("hau", "sample"))
    assert rows_of(run) == before
    assert [stats.name for stats in run.stats if not stats.cached] == ([stage] if stage != "rows" else [])
    assert (folder / "done.json").is_file()
    if stage in ("align", "project"):
        assert shards[0].stat().st_mtime_ns == kept
