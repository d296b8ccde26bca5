"""The test server of tests/hub, and exported folders of the bundled sample."""

from __future__ import annotations

import shutil

import pytest
from hub_fixtures import hub, hub_api, hub_env, run_client, shared_hub  # noqa: F401


@pytest.fixture(scope="session")
def _exported(tmp_path_factory):
    from xner_hf.pipeline.build import build_corpus
    from xner_hf.publish.export import export_builds
    from xner_hf.recipe import make_recipe

    root = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        for name, language, limit in (("hau", "hau", None), ("old-hau", "hau", 60), ("swa", "swa", None)):
            build_corpus(make_recipe(language, "sample", {"limit": limit} if limit else {}), root / f"build-{name}")
            # Small shards, so that the newer build has more of them than the older one.
            export_builds([root / f"build-{name}"], root / name, max_shard_size=20_000)
    return root


@pytest.fixture
def exported(_exported, tmp_path):
    """The function (name) -> a copy of an exported folder: ``hau``, ``old-hau`` (fewer rows and shards) or ``swa``."""
    return lambda name: shutil.copytree(_exported / name, tmp_path / name, dirs_exist_ok=True)
