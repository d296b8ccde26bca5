"""Named-entity recognition for languages without labelled data.

    import xner_hf as xner

    corpus = xner.load_dataset("hau")                     # projected corpus of a language
    build = xner.build("luo", text="my.tsv", tagger="ORG/MODEL")
    links = xner.Aligner("statistical").align(source, target)
    dataset = dataset.map(xner.Projector(tagger="ORG/MODEL", aligner="none"), batched=True)
    student = xner.train(build, arm="projected", backbone="ORG/ENCODER")
    scores = xner.evaluate(student, gold="masakhane/masakhaner2:luo")

Importing this package lets ``datasets.load_dataset("xner/projected", "hau")`` build the corpus here, from the recipe
of the language, instead of downloading a published one. The names above are imported when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from xner_hf import builders as _builders
from xner_hf import inference as _inference

if TYPE_CHECKING:
    from xner_hf.api.aligner import Aligner
    from xner_hf.api.corpus import Build, build, load_dataset
    from xner_hf.api.projector import Projector
    from xner_hf.api.scores import evaluate
    from xner_hf.api.student import Student, train

__version__ = "0.1.0"

__all__ = ["Aligner", "Build", "Projector", "Student", "build", "evaluate", "load_dataset", "train"]

_HOMES = {
    "Aligner": "aligner",
    "Build": "corpus",
    "Projector": "projector",
    "Student": "student",
    "build": "corpus",
    "evaluate": "scores",
    "load_dataset": "corpus",
    "train": "student",
}

_builders.install()
_inference.install()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"xner_hf.api.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
