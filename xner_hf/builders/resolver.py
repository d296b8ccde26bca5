"""``load_dataset("xner/projected", ...)`` answered by a builder of this package.

`datasets` has no loading scripts since version 4 and no plug-ins, but still has builder classes. The one
function that maps a Hub id to a builder, ``datasets.load.dataset_module_factory``, is wrapped: our ids go to our
builder, everything else to the original. It is a private function, so its absence is reported and a test guards it.
``XNER_HF_SOURCE=hub``, a ``revision``, ``data_files``, ``data_dir`` or a local folder of that name send the call to
the original, as they would without this package.

`datasets` builds all rows before it checks ``split``, and also to list the splits. Either could be a build of hours
for a known answer. So the resolver looks at the caller: a split that the corpus does not have is refused, and a call
that only asks for a description gets a builder that builds nothing.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import wrapt

from xner_hf.errors import XnerError

BUILDERS = {"xner/projected": "xner_hf.builders.projected"}
"""Hub id -> module with its builder class."""


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
        from xner_hf.builders.projected import DECLARED
        from xner_hf.pipeline.store import STAGE_VERSIONS, digest

        check_download(kwargs.get("download_config"))
        check_split(path, _argument("load_dataset", "split"))
        builder_kwargs = {"dataset_name": path.partition("/")[2], "repo_id": path}
        if _argument("get_dataset_config_info", "path") == path:
            builder_kwargs["config_id"] = DECLARED
        return load.DatasetModule(BUILDERS[path], digest(STAGE_VERSIONS), builder_kwargs)

    dataset_module_factory.__wrapped_by_xner__ = True  # type: ignore[attr-defined]
    load.dataset_module_factory = dataset_module_factory
    if inspect := sys.modules.get("datasets.inspect"):
        inspect.dataset_module_factory = dataset_module_factory


def check_split(path: str, split: Any) -> None:
    """Check the ``split`` of ``load_dataset``: a name, an instruction, or a list or mapping of them.

    Raises:
        XnerError: it names a split that the corpus does not have, or it is malformed.
    """
    from datasets import ReadInstruction

    from xner_hf.pipeline.schema import SPLITS

    for one in _leaves(split):
        if str(one) == "all":
            continue
        try:
            wanted = one if isinstance(one, ReadInstruction) else ReadInstruction.from_spec(str(one))
            wanted.to_absolute(dict.fromkeys(SPLITS, sys.maxsize))
        except ValueError as error:
            raise XnerError(
                f"{path} has the splits {', '.join(SPLITS)}, and parts of them such as train[:10%]; split={one!r} "
                f"is none of these: {error}"
            ) from error


def check_download(config: Any) -> None:
    """Check that a ``download_config`` asks for nothing: inputs are had by ways of their own.

    Raises:
        XnerError: it does.
    """
    from datasets import DownloadConfig

    from xner_hf.builders.projected import check_token

    if config is None:
        return
    check_token(config.token)
    if config != DownloadConfig(token=config.token, storage_options=config.storage_options):
        raise XnerError("xner/projected is built here, so download_config= cannot be used; leave it out.")


def _leaves(split: Any) -> Iterator[Any]:
    if isinstance(split, dict):
        split = list(split.values())
    if isinstance(split, list | tuple):
        for one in split:
            yield from _leaves(one)
    elif split is not None:
        yield split


def _argument(function: str, name: str) -> Any:
    """The value of an argument of the nearest caller that is a function of `datasets` of that name, else None."""
    frame = sys._getframe(1)
    while frame := frame.f_back:
        if frame.f_code.co_name == function and frame.f_globals.get("__name__", "").startswith("datasets."):
            return frame.f_locals.get(name)
    return None
