"""The corpus made from the sample, and a cache of `datasets` for those that are made anew."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The corpus made from the sample."""
    from datasets import load_dataset

    import xner_hf  # noqa: F401  registers the builder

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        return load_dataset("xner/projected", "hau", recipe="sample")


@pytest.fixture
def fresh(tmp_path):
    """Keywords that keep a corpus away from the cache of `datasets` that the tests share."""
    return {"cache_dir": str(tmp_path / "datasets")}
