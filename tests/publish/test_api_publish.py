"""A build published and exported through the Python API: the same as the commands."""

from __future__ import annotations

import pytest

import xner_hf as xner
from xner_hf.errors import XnerError

REPO = "xner/projected"


@pytest.fixture
def built(hub_api, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "hf_write")
    return xner.build("hau", "sample", output=tmp_path / "hau", limit=60)


def test_a_build_is_published_once(built, hub):
    assert built.publish(REPO, dry_run=True)["state"] == "dry run"
    done = built.publish(REPO, message="First rows")
    assert done["state"] == "published" and done["repo"] == REPO and done["kind"] == "dataset"
    assert "hau/build.json" in dict(hub.hub.files("dataset", REPO, "main"))
    assert built.publish(REPO)["state"] == "unchanged"


def test_wrong_options_are_refused_before_anything_is_sent(built):
    with pytest.raises(XnerError, match="--licence and --reason go together"):
        built.publish(REPO, licence="cc0-1.0")
    with pytest.raises(TypeError, match="privat"):
        built.publish(REPO, privat=True)


def test_an_export_is_a_data_set_with_a_card(built, tmp_path):
    folder = built.export(tmp_path / "out")
    assert (folder / "README.md").is_file() and list((folder / "hau").glob("train-*.parquet"))
    with pytest.raises(XnerError, match="max_shard_size is 0"):
        built.export(tmp_path / "other", max_shard_size=0)
