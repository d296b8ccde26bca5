"""Studies: arms x languages x seeds, the store of their results, and what the results say."""

from __future__ import annotations

from xner_hf.study.config import load_study
from xner_hf.study.grid import RunSpec, Study, settings_key, shard
from xner_hf.study.store import Store

__all__ = ["RunSpec", "Store", "Study", "load_study", "settings_key", "shard"]
