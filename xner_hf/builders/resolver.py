"""``load_dataset("xner/projected", ...)`` answered by a builder of this package.

`datasets` has had no loading scripts since version 4 and knows no plug-ins, but builder classes are alive. The one
function that maps a Hub id to a builder, ``datasets.load.dataset_module_factory``, is wrapped: our ids go to our
builder, everything else to the original. It is a private function, so its absence is reported and a test guards it.
``XNER_HF_SOURCE=hub``, a ``revision``, ``data_files``, ``data_dir`` or a local folder of that name send the call to
the original, as they would without this package.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from types import ModuleType
from typing import Any

import wrapt

BUILDERS = {"xner/projected": "xner_hf.builders.projected"}
"""Hub id -> module that holds its builder class."""


def install() -> None:
    """Wrap the factory now if `datasets` is imported, else as soon as it is."""
    wrapt.when_imported("datasets.load")(_wrap)


def _wrap(load: ModuleType) -> None:
    original = getattr(load, "dataset_module_factory", None)
    if original is None or not hasattr(load, "DatasetModule"):
        warnings.warn(
            "this version of `datasets` has no dataset_module_factory, so load_dataset('xner/projected', ...) reads "
            "the Hub. Use xner_hf.builders.projected.ProjectedNer(config_name=...).download_and_prepare(), or install "
            "datasets>=5.2,<6.",
            stacklevel=2,
        )
        return
    if hasattr(original, "__wrapped_by_xner__"):
        return

    @functools.wraps(original)
    def dataset_module_factory(path: str, *args: Any, **kwargs: Any) -> Any:
        elsewhere = args or any(kwargs.get(name) is not None for name in ("revision", "data_files", "data_dir"))
        if path not in BUILDERS or elsewhere or os.environ.get("XNER_HF_SOURCE") == "hub" or os.path.isdir(path):
            return original(path, *args, **kwargs)
        from xner_hf.pipeline.store import code_digest

        builder_kwargs = {"dataset_name": path.partition("/")[2], "repo_id": path}
        return load.DatasetModule(BUILDERS[path], code_digest(), builder_kwargs)

    dataset_module_factory.__wrapped_by_xner__ = True  # type: ignore[attr-defined]
    load.dataset_module_factory = dataset_module_factory
    if inspect := sys.modules.get("datasets.inspect"):
        inspect.dataset_module_factory = dataset_module_factory
