"""Word alignment learnt from nothing but the parallel text itself (IBM Model 2, both directions, symmetrised).

systran-align trains the model of Dyer, Chahuneau and Smith (2013) in both directions and joins the two alignments.
It gives links without probabilities; a link's probability is estimated here from the links of the training text.
"""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xner_hf.align.base import Link
from xner_hf.errors import XnerError

BATCH = 2000
_FILES = ("forward", "backward", "links.json")
SMOOTHING = 0.5
"""Subtracted from every link count (absolute discounting), so that a pair linked once is not taken for certain."""


class StatisticalAligner:
    """A trained statistical model; make one with `train`, keep it in a folder, load it with the constructor.

    Args:
        folder: where `train` wrote the model.

    Raises:
        XnerError: the folder holds no whole model.
    """

    def __init__(self, folder: Path):
        import systran_align

        try:
            self._both, self._source, self._target = json.loads((folder / "links.json").read_text(encoding="utf-8"))
            self._aligner = systran_align.Aligner(str(folder / "forward"), str(folder / "backward"))
        except (OSError, ValueError, RuntimeError) as error:
            raise XnerError(
                f"{folder} holds no whole alignment model ({error}). Remove it and train one with "
                "StatisticalAligner.train."
            ) from error

    @classmethod
    def train(cls, pairs: Iterable[tuple[Sequence[str], Sequence[str]]], folder: Path) -> StatisticalAligner:
        """Train on pairs of word lists and write the model to `folder`.

        Words are compared without case. Pairs with an empty side are passed over. Training uses one thread: with
        several, the order of additions and with it the last links change from run to run.

        Raises:
            XnerError: there is no pair to train on.
        """
        strangers = sorted(path.name for path in folder.glob("*") if path.name not in _FILES)
        if strangers:
            raise XnerError(
                f"{folder} holds other files ({', '.join(strangers[:3])}); give the model a folder of its own."
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Trained aside and renamed when whole: neither a kill nor a second training at once leaves half a model.
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".training-"))
        try:
            _train(pairs, aside)
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # another process has put the same model there in the meantime
                aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return cls(folder)

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[Link]]:
        links: list[list[Link]] = [[] for _ in sources]
        filled = [i for i, (source, target) in enumerate(zip(sources, targets, strict=True)) if source and target]
        for start in range(0, len(filled), BATCH):
            rows = filled[start : start + BATCH]
            source = [[_form(word) for word in sources[i]] for i in rows]
            target = [[_form(word) for word in targets[i]] for i in rows]
            for i, s, t, result in zip(rows, source, target, self._aligner.align_batch(source, target), strict=True):
                links[i] = [Link(a, b, self._probability(s[a], t[b])) for a, b in sorted(result["alignments"])]
        return links

    def _probability(self, source: str, target: str) -> float:
        """Geometric mean of both conditional relative frequencies of the link, discounted; unseen pairs get 0.1.."""
        both = self._both.get(f"{source} {target}", 0) - SMOOTHING
        if both <= 0:
            return 0.1
        return min(1.0, both / math.sqrt(self._source[source] * self._target[target]))


def _train(pairs: Iterable[tuple[Sequence[str], Sequence[str]]], folder: Path) -> None:
    """Write a model to an empty folder."""
    import systran_align
    from threadpoolctl import threadpool_limits

    text = folder / "text"
    used = 0
    with text.open("w", encoding="utf-8") as file:
        for source, target in pairs:
            if source and target:
                file.write(" ".join(map(_form, source)) + " ||| " + " ".join(map(_form, target)) + "\n")
                used += 1
    if not used:
        raise XnerError("there is no pair with words on both sides to train the aligner on.")
    with threadpool_limits(1, user_api="openmp"):
        systran_align.generate_alignment_probabilities(
            str(text),
            str(folder / "forward"),
            str(folder / "backward"),
            favor_diagonal=True,
            optimize_tension=True,
            variational_bayes=True,
        )
    aligner = systran_align.Aligner(str(folder / "forward"), str(folder / "backward"))
    both: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    targets: Counter[str] = Counter()
    for batch in _batches(_read(text)):
        for (source, target), result in zip(
            batch, aligner.align_batch(*map(list, zip(*batch, strict=True))), strict=True
        ):
            sources.update(source)
            targets.update(target)
            both.update(f"{source[i]} {target[j]}" for i, j in result["alignments"])
    text.unlink()
    (folder / "links.json").write_text(json.dumps([both, sources, targets], ensure_ascii=False), encoding="utf-8")


def _form(word: str) -> str:
    """The form that is counted: no case, and nothing that the training file cannot hold."""
    return "".join("_" if char.isspace() or char == "|" or char < " " else char for char in word.casefold()) or "_"


def _read(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            source, target = line.rstrip("\n").split(" ||| ")
            yield source.split(" "), target.split(" ")


def _batches(pairs: Iterator[tuple[list[str], list[str]]]) -> Iterator[list[tuple[list[str], list[str]]]]:
    batch: list[tuple[list[str], list[str]]] = []
    for pair in pairs:
        batch.append(pair)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
