"""Statistical word alignment, trained on the parallel text itself.

sil-thot trains a Bayesian HMM with fertilities by Gibbs sampling, the method of Östling and Tiedemann (2016), in each
direction. From its lexicon and its jumps the probability of every link is computed (`xner_hf.align.posterior`);
fertilities are left out there. A link's score is the mean of its posteriors in both directions.
"""

from __future__ import annotations

import importlib.util
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xner_hf.align.aligner import Link, Text
from xner_hf.align.folder import read_whole, written_whole
from xner_hf.errors import XnerError
from xner_hf.registry import FILES, Input, Method, register
from xner_hf.settings import setting

if TYPE_CHECKING:
    import numpy as np

    from xner_hf.align.posterior import Parameters
    from xner_hf.align.sampler import Numbers

PARAMETERS = "parameters.safetensors"
_FILES = (PARAMETERS, "words.json", "settings.json")
SEED = 1
THRESHOLD = 0.5
"""A link needs a mean posterior above this; chosen on validation splits (docs/results.md)."""
SWEEPS = 500
"""Sweeps of the sampler without jumps: this over the root of the number of pairs, from 2 to 16. There are as many with
jumps, and four times as many with fertilities. This is eflomal's schedule, shorter."""
LONGEST = 1024
"""Words of the longest sentence that is trained on, a limit of sil-thot; longer ones are aligned all the same."""


@register("aligner", "statistical")
@dataclass(frozen=True)
class StatisticalConfig(Method):
    """Trains word alignment on the parallel text itself; needs no model."""

    citations = ("ostling-tiedemann-2016",)

    stem: int = setting(
        5,
        "letters from the beginning of a word that are compared; 0 is all of them, better for some "
        "languages with much parallel text (docs/results.md)",
        within="[0, inf)",
    )
    model: str | None = setting(None, "folder of a model that was trained before (`xner align --keep`): no training")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.model is not None and not (Path(self.model) / PARAMETERS).is_file():
            raise XnerError(
                f"aligner.model {self.model!r} is not the folder of a trained model; `xner align PAIRS --keep "
                f"{self.model}` trains one there."
            )

    def inputs(self) -> Iterator[Input]:
        if self.model:
            yield Input(FILES, self.model)

    @property
    def is_trained(self) -> bool:
        return self.model is None

    @property
    def packages(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("sil-thot",) if self.is_trained else ()

    def check(self) -> None:
        if self.is_trained:
            check_trainable()

    def make(self, text: Text, folder: Path) -> StatisticalAligner:
        kept = Path(self.model) if self.model else folder
        trained = (kept / PARAMETERS).is_file()
        return StatisticalAligner(kept) if trained else StatisticalAligner.train(text(), folder, self)


def check_trainable() -> None:
    """Check that a model can be trained on this machine.

    Raises:
        XnerError: sil-thot is not installed; it has no wheel for some platforms.
    """
    if importlib.util.find_spec("thot") is None:
        raise XnerError(
            "the aligner 'statistical' needs the package sil-thot, which is not installed. It has wheels for Linux on "
            "x86-64, macOS on arm64 and Windows: pip install sil-thot. Elsewhere use a multilingual encoder "
            "(--aligner encoder --set aligner.model=ORG/NAME), or a model that another machine trained with "
            "`xner align --keep` (--set aligner.model=FOLDER)."
        )


def trainer_version() -> dict[str, str]:
    """Return name and version of the package that trains; none where it is not installed."""
    from importlib.metadata import version

    return {"sil-thot": version("sil-thot")} if importlib.util.find_spec("thot") else {}


class StatisticalAligner:
    """A trained model; make one with `train`, keep it in a folder, load it with the constructor.

    Args:
        folder: where `train` wrote the model.

    Raises:
        XnerError: the folder has no complete model.
    """

    def __init__(self, folder: Path):
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        with read_whole(folder, "StatisticalAligner") as settings:
            self._stem = StatisticalConfig(settings["stem"]).stem
            words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
            self._words = [{word: number for number, word in enumerate(side, start=1)} for side in words]
            try:
                arrays = load_file(folder / PARAMETERS)
            except SafetensorError as error:
                raise ValueError(error) from error
            self._directions = [_parameters(arrays, side) for side in ("forward", "backward")]

    @classmethod
    def train(
        cls,
        pairs: Iterable[tuple[Sequence[str], Sequence[str]]],
        folder: Path,
        config: StatisticalConfig | None = None,
    ) -> StatisticalAligner:
        """Train on pairs of word lists and write the model to `folder`.

        Words are compared without case and by their first `stem` letters, which makes little text go further. Pairs
        with an empty side, or one of more than `LONGEST` words, are not trained on. What both sides of a pair write
        alike (names, other words of more than two letters, numbers, marks) is trained on once more, each as a pair of
        its own. The seed is fixed: the same pairs give the same model, on any number of threads.

        Raises:
            XnerError: there is no pair to train on, or sil-thot is not installed.
        """
        from safetensors.numpy import save_file

        from xner_hf.align.sampler import sample

        check_trainable()
        stem = (config or StatisticalConfig()).stem
        words, text, names = _numbered(pairs, stem)
        if not text:
            raise XnerError(
                f"there is no pair with words on both sides, {LONGEST:,} at most, to train the aligner on."
            )
        sweeps = min(16, max(2, round(SWEEPS / len(text) ** 0.5)))
        both = zip(("forward", "backward"), sample(text, names, SEED, sweeps), strict=True)
        arrays = {f"{side}.{name}": array for side, own in both for name, array in own.items()}
        with written_whole(folder, _FILES) as aside:
            save_file(arrays, aside / PARAMETERS)
            (aside / "words.json").write_text(json.dumps([list(own) for own in words], ensure_ascii=False), "utf-8")
            (aside / "settings.json").write_text(json.dumps({"stem": stem}), encoding="utf-8")
        return cls(folder)

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[Link]]:
        import numpy as np

        from xner_hf.align.posterior import posteriors

        links: list[list[Link]] = [[] for _ in sources]
        filled = [i for i, (source, target) in enumerate(zip(sources, targets, strict=True)) if source and target]
        source, target = (
            [[own.get(form(word, self._stem), -1) for word in rows[i]] for i in filled]
            for own, rows in zip(self._words, (sources, targets), strict=True)
        )
        forward = posteriors(self._directions[0], source, target)
        backward = posteriors(self._directions[1], target, source)
        for i, one, other in zip(filled, forward, backward, strict=True):
            mean = np.round(np.minimum((one.T + other) / 2, 1), 6)  # rounding of sums differs between processors
            links[i] = [Link(int(a), int(b), float(mean[a, b])) for a, b in np.argwhere(mean > THRESHOLD)]
        return links


def form(word: str, stem: int = 0) -> str:
    """Return the form of a word that is compared: without case, letters in one piece (NFC), the first `stem` of them.

    Args:
        word: any string.
        stem: letters that are kept; 0 keeps all.
    """
    # Corpora write the same accented letter in one piece or in two.
    return unicodedata.normalize("NFC", word.casefold())[: stem or None]


def _numbered(
    pairs: Iterable[tuple[Sequence[str], Sequence[str]]], stem: int
) -> tuple[tuple[dict[str, int], dict[str, int]], list[Numbers], list[Numbers]]:
    """Return the words of both sides with their numbers, the pairs as numbers, and the words written alike."""
    words: tuple[dict[str, int], dict[str, int]] = ({}, {})
    text, names = [], set()
    for pair in pairs:
        if not all(0 < len(side) <= LONGEST for side in pair):
            continue
        forms = [[form(word, stem) for word in side] for side in pair]
        source, target = (
            [own.setdefault(word, len(own) + 1) for word in side] for own, side in zip(words, forms, strict=True)
        )
        text.append((source, target))
        one, other = (
            {short for word, short in zip(side, own, strict=True) if len(short) > 2 or (short and not word.islower())}
            for side, own in zip(pair, forms, strict=True)
        )
        names |= one & other
    return words, text, [([words[0][name]], [words[1][name]]) for name in sorted(names)]


def _parameters(arrays: dict[str, np.ndarray], side: str) -> Parameters:
    from xner_hf.align.posterior import Parameters

    keys, probabilities, jumps, sizes, null = (
        arrays[f"{side}.{name}"] for name in ("keys", "probabilities", "jumps", "sizes", "null")
    )
    return Parameters(keys, probabilities, int(sizes[0]), jumps, float(null[0]))
