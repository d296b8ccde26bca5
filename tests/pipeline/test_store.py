from __future__ import annotations

import hashlib
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xner_hf.errors import XnerError
from xner_hf.pipeline.schema import stage_schema
from xner_hf.pipeline.store import (
    Stage,
    StageStats,
    cache_folder,
    cache_root,
    code_digest,
    digest,
    file_digest,
    write_parquet,
    write_text,
)


def table(*links):
    return pa.table({"links": [list(links)]}, schema=stage_schema("align"))


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path / "root", "align", "0123")


def files(folder):
    return sorted(path.name for path in folder.iterdir())


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


def test_the_digest_of_the_code_covers_every_file_that_decides_rows(monkeypatch, tmp_path):
    """Copies the package, changes one file at a time, and sees the digest change."""
    import shutil
    from pathlib import Path

    import xner_hf
    from xner_hf.pipeline import store

    copy = shutil.copytree(Path(xner_hf.__file__).parent, tmp_path / "xner_hf", ignore=shutil.ignore_patterns("__pyc*"))
    monkeypatch.setattr(store, "__file__", str(copy / "pipeline" / "store.py"))
    fresh = code_digest.__wrapped__
    seen = {fresh()}
    assert seen == {code_digest()}
    decisive = ["spans.py", "languages.yaml", "recipe.py", "corpora/words.py", "corpora/sample/hau.jsonl"]
    decisive += ["tag/model.py", "align/statistical.py", "project/candidates.py", "pipeline/chain.py"]
    for name in decisive:
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        seen.add(fresh())
    assert len(seen) == len(decisive) + 1
    (copy / "report" / "drawing.py").write_text("")
    assert fresh() in seen


# Whole or not at all


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
