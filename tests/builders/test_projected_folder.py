"""The folder that a build writes is a data set, with the rows that ``xner/projected`` has."""

from __future__ import annotations

import shutil

import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from xner_hf.pipeline.build import write_build
from xner_hf.pipeline.run import run_recipe
from xner_hf.recipe import make_recipe

SPLITS = ["train", "validation", "rejected"]


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        folder = tmp_path_factory.mktemp("build") / "hau"
        write_build(run_recipe(make_recipe("hau", "sample")), folder)
    return folder


def test_a_build_folder_is_a_data_set_with_the_same_rows_and_features(sample, build, fresh):
    for arguments in ([str(build)], [str(build), "hau"]):
        data = load_dataset(*arguments, **fresh)
        assert list(data) == SPLITS
        for split in SPLITS:
            assert data[split].features == sample[split].features
            assert data[split].to_list() == sample[split].to_list()


def test_a_build_without_rows_in_a_split_is_a_data_set_without_it(mirror, tmp_path, fresh):
    write_build(run_recipe(make_recipe("hau", "parallel", {"projector": "candidates"})), tmp_path / "hau")
    data = load_dataset(str(tmp_path / "hau"), **fresh)
    assert {split: len(data[split]) for split in data} == {"train": 8, "rejected": 8}


def test_parquet_files_are_read_without_this_package(sample, build):
    for split in SPLITS:
        table = pq.read_table(build / split)
        assert table.to_pylist() == sample[split].to_list()


def test_a_moved_build_folder_still_loads(sample, build, tmp_path, fresh):
    moved = shutil.copytree(build, tmp_path / "elsewhere" / "my corpus")
    assert load_dataset(str(moved), split="train", **fresh).to_list() == sample["train"].to_list()
