"""``xner.Aligner``: word links of sentence pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from xner_hf.align import Link
from xner_hf.corpora.parallel import splitter
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError
from xner_hf.pipeline.chain import align_pairs
from xner_hf.recipe import AlignerConfig


class Aligner:
    """Links the words of sentences that translate each other.

    >>> import xner_hf as xner
    >>> source = ["Ada saw Kano", "Musa saw Jos", "Ada left"] * 5
    >>> target = ["Ada ta ga Kano", "Musa ya ga Jos", "Ada ta tafi"] * 5
    >>> links = xner.Aligner("statistical", target_language="hau").align(source, target)
    >>> {(0, 0), (2, 3)} <= {(link.source, link.target) for link in links[0]}  # Ada and Kano
    True

    Args:
        method: a registered aligner (`xner methods aligner`).
        source_language: code of the language of the source side, by whose rules raw text is split into words.
        target_language: that of the target side; None splits at white space and punctuation.
        **settings: those of the method, such as ``model`` and ``layer`` of ``encoder``.

    Raises:
        XnerError: the method or a setting is unknown, a value does not fit, or the method cannot be used here.
    """

    def __init__(
        self,
        method: str = "statistical",
        *,
        source_language: str | None = None,
        target_language: str | None = None,
        **settings: Any,
    ):
        self.config = AlignerConfig(method, settings=settings)
        self.config.own.check()
        self.languages = (source_language, target_language)
        self._loaded: Any = None

    def align(
        self,
        source: Sequence[str | Sequence[str]],
        target: Sequence[str | Sequence[str]],
        extra: Iterable[tuple[str | Sequence[str], str | Sequence[str]]] = (),
    ) -> list[list[Link]]:
        """Return the links of every pair, each list sorted by source and target word.

        An aligner that is trained on text is trained on these pairs and on `extra`: give it all pairs at once.

        Args:
            source: sentences, raw or as lists of words.
            target: their translations, one each.
            extra: further pairs to train on.

        Raises:
            XnerError: the sides have different lengths, there is no pair with words on both sides to train on, or a
                model is not available.
        """
        if len(source) != len(target):
            raise XnerError(f"there are {len(source)} source and {len(target)} target sentences; give one of each.")
        pairs = self._pairs(zip(source, target, strict=True))
        if self.config.own.is_trained:
            return align_pairs(pairs, self.config, self._pairs(extra))
        if self._loaded is None:
            self._loaded = self.config.own.make(lambda: (), Path())
        return self._loaded.align([pair.source for pair in pairs], [pair.target for pair in pairs])

    def train(self, pairs: Iterable[tuple[str | Sequence[str], str | Sequence[str]]], folder: str | Path) -> Aligner:
        """Train on pairs of sentences, keep the model in a folder, and return an aligner that uses it.

        Raises:
            XnerError: the method is not trained on text, or there is nothing to train on.
        """
        if not self.config.own.is_trained:
            raise XnerError(f"the aligner {self.config.method!r} is not trained on text; use it as it is.")
        text = [(pair.source, pair.target) for pair in self._pairs(pairs)]
        self.config.own.make(lambda: text, Path(folder))
        settings = {**self.config.settings, "model": str(folder)}
        source, target = self.languages
        return Aligner(self.config.method, source_language=source, target_language=target, **settings)

    def _pairs(self, pairs: Iterable[tuple[str | Sequence[str], str | Sequence[str]]]) -> list[Pair]:
        one, other = map(splitter, self.languages)
        return [
            Pair(f"pair {number}", _words(source, one), _words(target, other))
            for number, (source, target) in enumerate(pairs)
        ]

    def __repr__(self) -> str:
        settings = "".join(f", {key}={value!r}" for key, value in self.config.settings.items())
        return f"Aligner({self.config.method!r}{settings})"


def _words(sentence: str | Sequence[str], split: Callable[[str], list[str]]) -> list[str]:
    return split(sentence) if isinstance(sentence, str) else list(sentence)
