"""Word alignment from the states of an encoder (Jalili Sabet et al. 2020; Dou & Neubig 2021), in batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from xner_hf.align.aligner import Link, Text
from xner_hf.align.embedding import Embedder
from xner_hf.align.extraction import METHODS, extract, pool
from xner_hf.errors import XnerError
from xner_hf.inference.batches import Batches
from xner_hf.inference.subwords import SubWords, spread
from xner_hf.registry import MODEL, MODEL_PACKAGES, Input, Method, register
from xner_hf.settings import setting

if TYPE_CHECKING:
    import numpy as np
    import torch


class _Sizes(NamedTuple):
    """How much is done at once on a type of device.

    Attributes:
        tokens: sub-words per forward pass, padding included.
        passes: forward passes whose states are held together: the more, the more alike the lengths in each pass.
        cells: similarities compared together, padding included, unless one pair alone has more. What stays in the
            cache of a core is fastest there; a GPU wants large blocks.
    """

    tokens: int
    passes: int
    cells: int


_SIZES = {"cpu": _Sizes(2048, 16, 1 << 17), "other": _Sizes(16384, 4, 1 << 22)}
_DEFAULT_THRESHOLD = 0.001
_DIRECTED = ("argmax", "softmax")


@register("aligner", "encoder")
@dataclass(frozen=True)
class EncoderConfig(Method):
    """Compares the words in a layer of a multilingual encoder (SimAlign, awesome-align), in batches."""

    citations = ("jalili-sabet-etal-2020",)
    packages = MODEL_PACKAGES

    model: str = setting(..., "encoder or sequence-to-sequence model: Hub id, folder, or name in the mirror")
    revision: str | None = setting(None, "Hub branch, tag or commit of the model")
    layer: int | None = setting(
        None,
        "hidden state to compare, 0 being the embeddings; by default the last of a sequence-to-sequence "
        "model's encoder, 6 of LaBSE, two thirds of the depth of others (8 of 12)",
        within="[0, inf)",
    )
    level: str = setting(
        "subword", "units to compare; a word is the mean of its sub-words", choices=("subword", "word")
    )
    extraction: str = setting("itermax", "how links are taken from the similarities", choices=METHODS)
    threshold: float | None = setting(None, "least probability of a softmax link; 0.001 unless given", within="(0, 1)")
    symmetrisation: str = setting(
        "intersection",
        "links that both directions have, or that either has (union: argmax and softmax only)",
        choices=("intersection", "union"),
    )
    dtype: str = setting("float32", "number type of the encoder", choices=("float32", "bfloat16"))

    def __post_init__(self) -> None:
        if not self.model:
            raise XnerError("aligner.model is empty; give a Hub id or the folder of an encoder.")
        super().__post_init__()
        if self.threshold is not None and self.extraction != "softmax":
            raise XnerError(f"aligner.threshold belongs to softmax; {self.extraction} has none. Leave it out.")
        if self.symmetrisation == "union" and self.extraction not in _DIRECTED:
            raise XnerError(
                f"aligner.symmetrisation 'union' needs two directions, which {self.extraction} does not have. Take "
                f"intersection, or one of {', '.join(_DIRECTED)}."
            )

    def inputs(self) -> Iterator[Input]:
        yield Input(MODEL, self.model, revision=self.revision)

    def make(self, text: Text, folder: Path) -> EncoderAligner:
        return EncoderAligner(self)


@dataclass
class AlignmentReport:
    """What an `EncoderAligner` has met in all its calls so far.

    Attributes:
        empty_sides: sides of pairs without any sub-word; their pairs have no links.
        words_without_subwords: words that have no links because the tokenizer makes nothing of them.
        windowed: sides longer than the encoder takes, read in windows.
        halved: times that a batch was halved because memory ran out.
    """

    empty_sides: int = 0
    words_without_subwords: int = 0
    windowed: int = 0
    halved: int = 0


class EncoderAligner:
    """Links words by the similarity of their states in one layer of an encoder.

    The links are those of simalign 0.4 (argmax is its ``inter``) and of awesome-align (softmax); links of sub-words
    count for their words. The score of a link is the geometric mean of its probabilities in both directions (see
    `xner_hf.align.extraction.extract`), that of its best pair of sub-words at the sub-word level.

    Pairs are sorted by length and taken in batches. When memory runs out the batches are halved, which is logged and
    counted in `report`. In a run of several processes (``torchrun``, ``accelerate launch``) every process must be
    given the same pairs; each aligns its share of the batches and gets the links of all.

    Args:
        config: the settings.
        device: torch device; by default the GPU of this process when there is one.

    Raises:
        XnerError: the model cannot be used (see `Embedder`).
    """

    def __init__(self, config: EncoderConfig, device: str | None = None):
        self.config = config
        self.report = AlignmentReport()
        # Accelerate takes seconds to import and is of no use to one process.
        self._processes = _processes(device) if int(os.environ.get("WORLD_SIZE", "1")) > 1 else None
        if device is None and self._processes is not None:
            device = str(self._processes.device)
        self._embedder = Embedder(config.model, config.revision, config.layer, config.dtype, device)
        self._sizes = _SIZES["cpu" if self._embedder.device.type == "cpu" else "other"]
        self._batches = Batches(self._sizes.tokens, self._embedder.device)

    @property
    def _most(self) -> int:
        """Sub-words of a batch: those of several forward passes."""
        return self._batches.budget * self._sizes.passes

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[Link]]:
        """Return the links of each pair, in the order of the pairs, each list sorted by source and target word.

        Raises:
            XnerError: memory does not hold one pair by itself; the message names its index and lengths.
        """
        if len(sources) != len(targets):
            raise XnerError(f"there are {len(sources)} source but {len(targets)} target sentences to align.")
        subwords = self._embedder.split([*sources, *targets])
        lengths = subwords.lengths().reshape(2, -1)
        self.report.empty_sides += int((lengths == 0).sum())
        self.report.words_without_subwords += subwords.words_without
        self.report.windowed += int((lengths[:, (lengths > 0).all(0)] > self._embedder.room).sum())
        most = self._most
        if self._processes is not None:  # every process is to have a share of little text too
            most = min(most, int(lengths.sum()) // self._processes.num_processes + 1)
        batches = _plan(lengths, lengths.min(0).nonzero()[0], most)
        links: list[list[Link]] = [[] for _ in sources]
        if self._processes is None:
            try:
                found = self._align_batches(batches, subwords, lengths)
            finally:
                self.report.halved = self._batches.halved
        else:
            share = batches[self._processes.process_index :: self._processes.num_processes]
            found = self._gather(share, subwords, lengths)
        for row, of_pair in found:
            links[row] = of_pair
        return links

    def _gather(
        self, share: list[np.ndarray], subwords: SubWords, lengths: np.ndarray
    ) -> list[tuple[int, list[Link]]]:
        """Align this process's share and return the links of all shares."""
        from accelerate.utils import gather_object

        halved, found, error = self._batches.halved, [], None
        try:
            found = self._align_batches(share, subwords, lengths)
        except XnerError as caught:  # the other processes wait for this one and must get its error
            error = caught
        shares = gather_object([(found, self._batches.halved - halved, self._batches.budget, error)])
        self.report.halved += sum(count for _, count, _, _ in shares)
        self._batches.budget = min(budget for _, _, budget, _ in shares)  # the next plan has to be the same everywhere
        for _, _, _, caught in shares:
            if caught is not None:
                raise caught
        return [links for found, _, _, _ in shares for links in found]

    def _align_batches(
        self, batches: list[np.ndarray], subwords: SubWords, lengths: np.ndarray
    ) -> list[tuple[int, list[Link]]]:
        """Return ``(index of the pair, its links)`` of the pairs in `batches`."""
        import numpy as np

        found: list[tuple[int, list[Link]]] = []

        def name(row: int) -> str:
            return "pair {} ({} and {} sub-words)".format(row, *lengths[:, row])

        self._batches.run_plan(
            [batch.tolist() for batch in batches],
            lambda rows: found.extend(self._align_batch(np.array(rows), subwords, lengths)),
            lambda rows: [one.tolist() for one in _plan(lengths, np.array(rows), self._most)],
            cost=lambda rows: int(lengths[:, rows].sum()),
            name=name,
            least=lambda row: min(int(lengths[:, row].max()), self._embedder.room),
        )
        return found

    def _align_batch(self, rows: np.ndarray, subwords: SubWords, lengths: np.ndarray) -> list[tuple[int, list[Link]]]:
        import numpy as np
        import torch

        sentences = np.concatenate([rows, rows + lengths.shape[1]])
        counts = lengths[:, rows]
        words = subwords.words[spread(subwords.bounds[sentences], counts.reshape(-1))]
        with torch.inference_mode():
            states = self._embedder.states(subwords, sentences, self._batches.budget)
            if self.config.level == "word":
                words, counts, owners = _first_subwords(words, counts)
                states = pool(states, self._embedder.index(owners), len(words))
            units, scores = self._extract(states, counts)
            # One transfer: the numbers are far below 2 ** 53, so a double holds them exactly.
            pair, source, target, score = torch.cat([units.double(), scores[:, None].double()], 1).T.cpu().numpy()
        pair = pair.astype(np.int64)
        starts = np.cumsum(counts.reshape(-1)) - counts.reshape(-1)
        source = words[starts[pair] + source.astype(np.int64)]
        target = words[starts[pair + len(rows)] + target.astype(np.int64)]
        return _unique_links(rows, pair, source, target, score)

    def _extract(self, states: torch.Tensor, counts: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the links of pairs as `extract` does, from the states of all source and then all target units."""
        import numpy as np
        import torch

        ends = np.cumsum(counts.reshape(-1))
        starts, ends = (ends - counts.reshape(-1)).reshape(counts.shape), ends.reshape(counts.shape)
        links, scores = [], []
        for first, last in _blocks(counts, self._sizes.cells):
            found, score = extract(
                states[starts[0, first] : ends[0, last - 1]],
                states[starts[1, first] : ends[1, last - 1]],
                self._embedder.index(counts[0, first:last]),
                self._embedder.index(counts[1, first:last]),
                self.config.extraction,
                self.config.threshold or _DEFAULT_THRESHOLD,
                self.config.symmetrisation == "union",
            )
            found[:, 0] += first
            links.append(found)
            scores.append(score)
        return torch.cat(links), torch.cat(scores)


def _plan(lengths: np.ndarray, rows: np.ndarray, most: int) -> list[np.ndarray]:
    """Cut the pairs `rows`, sorted by length, into batches of at most `most` sub-words, sorted by their source."""
    import numpy as np

    order = rows[np.argsort(-lengths[:, rows].sum(0), kind="stable")]
    borders, tokens = [], 0
    for place, size in enumerate(lengths[:, order].sum(0).tolist()):
        tokens += size
        if place and tokens > most:
            borders.append(place)
            tokens = size
    batches = np.split(order, borders) if len(order) else []
    return [batch[np.lexsort((lengths[1, batch], lengths[0, batch]))] for batch in batches]


def _blocks(counts: np.ndarray, cells: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of runs of pairs whose similarities, padded to one shape, are at most `cells`."""
    first = height = width = 0
    for place, (m, n) in enumerate(counts.T.tolist()):
        height, width = max(height, m), max(width, n)
        if place > first and (place - first + 1) * height * width > cells:
            yield first, place
            first, height, width = place, m, n
    yield first, counts.shape[1]


def _first_subwords(words: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what sub-words make when those of a word are one unit.

    Args:
        words: word of each sub-word, sentence after sentence.
        counts: sub-words of each sentence, ``[2, pairs]``.

    Returns:
        the word of each unit; units of each sentence, ``[2, pairs]``; the unit of each sub-word.
    """
    import numpy as np

    sentence = np.repeat(np.arange(counts.size), counts.reshape(-1))
    first = np.ones(len(words), dtype=bool)
    first[1:] = (words[1:] != words[:-1]) | (sentence[1:] != sentence[:-1])
    units = np.bincount(sentence[first], minlength=counts.size).reshape(counts.shape)
    return words[first], units, np.cumsum(first) - 1


def _unique_links(
    rows: np.ndarray, pair: np.ndarray, source: np.ndarray, target: np.ndarray, score: np.ndarray
) -> list[tuple[int, list[Link]]]:
    """Return the links of each pair, sorted; of those between the same words the best score stays."""
    import numpy as np

    order = np.lexsort((-score, target, source, pair))
    pair, source, target, score = pair[order], source[order], target[order], score[order]
    first = np.ones(len(pair), dtype=bool)
    first[1:] = (np.diff(pair) != 0) | (np.diff(source) != 0) | (np.diff(target) != 0)
    pair = pair[first]
    links = list(map(Link, source[first].tolist(), target[first].tolist(), score[first].tolist()))
    ends = np.searchsorted(pair, np.arange(len(rows)), side="right").tolist()
    return [(row, links[a:b]) for row, a, b in zip(rows.tolist(), [0, *ends], ends, strict=False)]


def _processes(device: str | None) -> Any:
    from accelerate import PartialState

    return PartialState(cpu=device == "cpu")
