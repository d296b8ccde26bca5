"""Word alignment learnt from nothing but the parallel text itself (IBM Model 2, both directions, symmetrised).

systran-align trains the model of Dyer, Chahuneau and Smith (2013) in both directions and joins the two alignments.
It gives links without probabilities; a link's probability is estimated here from the links of the training text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from xner_hf.align.base import Link
from xner_hf.align.counts import LinkCounts, form
from xner_hf.align.folder import read_whole, written_whole
from xner_hf.errors import XnerError

BATCH = 2000
_FILES = ("forward", "backward", "links.json", "settings.json")


@dataclass(frozen=True)
class StatisticalConfig:
    """Settings of `StatisticalAligner`."""

    stem: int = field(
        default=5,
        metadata={
            "help": "letters from the beginning of a word that are compared; 0 is all of them, better for some "
            "languages with much parallel text (docs/results.md)"
        },
    )
    model: str | None = field(
        default=None, metadata={"help": "folder of a model that was trained before (`xner align --keep`): no training"}
    )

    def __post_init__(self) -> None:
        if self.stem < 0:
            raise XnerError(f"aligner.stem is {self.stem}; it counts letters and is 0 (all) or more.")
        if self.model is not None and not (Path(self.model) / "links.json").is_file():
            raise XnerError(
                f"aligner.model {self.model!r} is not the folder of a trained model; `xner align PAIRS --keep "
                f"{self.model}` trains one there."
            )


class StatisticalAligner:
    """A trained statistical model; make one with `train`, keep it in a folder, load it with the constructor.

    Args:
        folder: where `train` wrote the model.

    Raises:
        XnerError: the folder holds no whole model.
    """

    def __init__(self, folder: Path):
        import systran_align

        with read_whole(folder, "StatisticalAligner") as settings:
            self._stem = StatisticalConfig(settings["stem"]).stem
            self._counts = LinkCounts.load(folder / "links.json")
            self._aligner = systran_align.Aligner(str(folder / "forward"), str(folder / "backward"))

    @classmethod
    def train(
        cls,
        pairs: Iterable[tuple[Sequence[str], Sequence[str]]],
        folder: Path,
        config: StatisticalConfig | None = None,
    ) -> StatisticalAligner:
        """Train on pairs of word lists and write the model to `folder`.

        Words are compared without case and by their first `stem` letters, which makes little text go further. Pairs
        with an empty side are passed over. Training uses one thread: with several, the order of additions and with it
        the last links change from run to run.

        Raises:
            XnerError: there is no pair to train on.
        """
        with written_whole(folder, _FILES) as aside:
            stem = (config or StatisticalConfig()).stem
            _train(pairs, aside, stem)
            (aside / "settings.json").write_text(json.dumps({"stem": stem}), encoding="utf-8")
        return cls(folder)

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[Link]]:
        links: list[list[Link]] = [[] for _ in sources]
        filled = [i for i, (source, target) in enumerate(zip(sources, targets, strict=True)) if source and target]
        for start in range(0, len(filled), BATCH):
            rows = filled[start : start + BATCH]
            source = [[form(word, self._stem) for word in sources[i]] for i in rows]
            target = [[form(word, self._stem) for word in targets[i]] for i in rows]
            for i, s, t, result in zip(rows, source, target, self._aligner.align_batch(source, target), strict=True):
                links[i] = [Link(a, b, self._counts.probability(s[a], t[b])) for a, b in sorted(result["alignments"])]
        return links


def _train(pairs: Iterable[tuple[Sequence[str], Sequence[str]]], folder: Path, stem: int) -> None:
    """Write a model to an empty folder."""
    import systran_align
    from threadpoolctl import threadpool_limits

    text = folder / "text"
    used = 0
    with text.open("w", encoding="utf-8") as file:
        for source, target in pairs:
            if source and target:
                sides = (" ".join(form(word, stem) for word in side) for side in (source, target))
                file.write(" ||| ".join(sides) + "\n")
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
    counts = LinkCounts()
    for batch in _batches(_read(text)):
        for (source, target), result in zip(
            batch, aligner.align_batch(*map(list, zip(*batch, strict=True))), strict=True
        ):
            counts.add(source, target, result["alignments"])
    text.unlink()
    counts.save(folder / "links.json")


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
