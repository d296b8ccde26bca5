"""Word distributions of teachers: made in shards, kept on disk, projected over alignment links."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from xner_hf.errors import XnerError
from xner_hf.pipeline.store import STAGE_VERSIONS, cache_folder, digest
from xner_hf.spans import LABEL_NUMBER, NER_LABELS, spans_from_iob2

if TYPE_CHECKING:
    import numpy as np

CHUNK = 512
"""Sentences per cache file: the most that a kill can lose."""

Arrays = dict[str, "np.ndarray"]


class Labeller(Protocol):
    """Anything that gives label distributions of words: `Teacher`, `TeacherEnsemble`."""

    def distributions(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Return float32 arrays ``[words, 7]`` in the order of `NER_LABELS`; a zero row means: unknown."""
        ...

    def signature(self) -> str:
        """Return a digest of everything except the text that affects the distributions."""
        ...


class SoftLabels:
    """Label distributions of the words of every sentence of a corpus.

    Args:
        rows: float32 arrays ``[words, 7]``, one a sentence; a zero row has no loss.
        trees: of a parsing teacher, one a sentence: arc probabilities ``[words, words + 1]`` and relation
            probabilities ``[words, R]``, or None.

    Attributes:
        relations: number R of relations, 0 without trees.
    """

    def __init__(self, rows: Sequence[np.ndarray], trees: Sequence[tuple[np.ndarray, np.ndarray] | None] = ()):
        self._rows = list(rows)
        self._trees = list(trees)
        self.relations = next((tree[1].shape[1] for tree in self._trees if tree is not None), 0)

    def __len__(self) -> int:
        return len(self._rows)

    def labels(self, sentence: int) -> np.ndarray:
        """Return the distributions of a sentence, ``[words, 7]``."""
        return self._rows[sentence]

    def tree(self, sentence: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Return arc and relation probabilities of a sentence; None if there are none."""
        return self._trees[sentence] if self._trees else None

    def select(self, confidence: float) -> int:
        """Mask the loss of sentences whose words' likeliest labels have a mean probability below `confidence`.

        Returns:
            The number of these sentences.
        """
        import numpy as np

        left_out = 0
        for rows in self._rows:
            known = rows.sum(-1) > 0
            if known.any() and float(np.mean(rows[known].max(-1))) < confidence:
                rows[:] = 0
                left_out += 1
        return left_out


def make_chunks(
    make: Callable[[Sequence[Any]], list[Arrays]],
    items: Sequence[Any],
    folder: Path,
    process: int = 0,
    processes: int = 1,
    wait: Callable[[], None] = lambda: None,
    show: bool = False,
) -> list[Arrays]:
    """Return the results of `make` for every item; earlier results are read from `folder`.

    Every process makes its share, in chunks that are written as they are done, and reads those of the others. Where
    processes do not share a file system, each makes what it does not find.

    Args:
        make: returns arrays by name for each of some items.
        items: sentences, mostly.
        folder: folder of the chunks; its name covers everything that they depend on.
        process: number of this process.
        processes: number of processes.
        wait: returns when all processes have called it.
        show: whether to show a progress bar.
    """
    from tqdm.auto import tqdm

    starts = range(0, len(items), CHUNK)
    for start in tqdm(starts[process::processes], "soft labels", unit=f" x {CHUNK}", disable=not show):
        _chunk(make, items, start, folder)
    wait()
    return [arrays for start in starts for arrays in _chunk(make, items, start, folder)]


def _chunk(
    make: Callable[[Sequence[Any]], list[Arrays]], items: Sequence[Any], start: int, folder: Path
) -> list[Arrays]:
    import numpy as np
    from safetensors.numpy import load_file, save_file

    file = folder / f"{start:08d}.safetensors"
    some = items[start : start + CHUNK]
    if not file.is_file():
        made = {
            f"{number}.{name}": np.ascontiguousarray(array, dtype=np.float32)
            for number, arrays in enumerate(make(some))
            for name, array in arrays.items()
        }
        if not all(np.isfinite(array).all() for array in made.values()):
            raise XnerError(
                "a teacher gives probabilities that are not numbers; its weights are damaged. Load it again."
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}")  # if two processes make the same chunk, the last one stays
        save_file(made, partial)
        partial.replace(file)
    found: list[Arrays] = [{} for _ in some]
    for key, array in load_file(file).items():
        number, _, name = key.partition(".")
        found[int(number)][name] = array
    return found


@dataclass
class SoftSource:
    """Where the soft labels of a corpus come from.

    Attributes:
        teacher: labels words; None if only trees are needed.
        sentences: the sentences it labels: those of the corpus or, with `links`, of the source side.
        links: ``(source word, target word, probability)`` of every sentence; labels are projected over them.
        lengths: number of target words of every sentence; needed with `links`.
        parser: gives arcs and relations.
        parsed: the sentences that it parses: those of the corpus, where `sentences` are others.
        confidence: sentences whose labels have a mean probability below are left out.
    """

    teacher: Labeller | None
    sentences: Sequence[Sequence[str]]
    links: Sequence[Sequence[Any]] | None = None
    lengths: Sequence[int] | None = None
    parser: Any = None
    parsed: Sequence[Sequence[str]] | None = None
    confidence: float = 0.0

    def make(
        self,
        process: int = 0,
        processes: int = 1,
        wait: Callable[[], None] = lambda: None,
        folder: Path | None = None,
        show: bool = False,
    ) -> SoftLabels:
        """Return the soft labels, made by all processes together (`make_chunks`).

        Args:
            process: number of this process.
            processes: how many there are.
            wait: returns when all processes have called it.
            folder: where labels are kept, for a teacher that changes; the cache by default.
            show: whether to draw a bar.
        """
        import numpy as np

        cache = cache_folder() / "soft-labels"
        words = [list(one) for one in self.sentences]
        together = (process, processes, wait, show)
        rows = [np.zeros((len(one), len(NER_LABELS)), dtype=np.float32) for one in words]
        if self.teacher is not None:
            teacher = self.teacher
            made = make_chunks(
                lambda some: [{"rows": one} for one in teacher.distributions(some)],
                words,
                (folder or cache) / digest("labels", STAGE_VERSIONS["soft labels"], teacher.signature(), words),
                *together,
            )
            rows = [one["rows"] for one in made]
        if self.links is not None and self.lengths is not None:
            rows = [carry(*one) for one in zip(rows, self.links, self.lengths, strict=True)]
        trees = []
        if self.parser is not None:
            parsed = words if self.parsed is None else [list(one) for one in self.parsed]
            signature = digest("trees", STAGE_VERSIONS["soft trees"], self.parser.signature(), parsed)
            made = make_chunks(self.parser.trees, parsed, cache / signature, *together)
            trees = [(one["arcs"], one["relations"]) for one in made]
        return SoftLabels(rows, trees)


def carry(rows: np.ndarray, links: Sequence[Any], length: int) -> np.ndarray:
    """Project the label distributions of source words over alignment links onto the target words.

    A target word gets the mean of its source words, weighted by link probability. B and I cannot be projected, since
    the order and number of words change: a word continues an entity if the previous word is linked to the same source
    entity, else it begins one.

    Args:
        rows: ``[source words, 7]``; a zero row means: unknown.
        links: ``(source word, target word, probability)``.
        length: target words.

    Returns:
        Float32 array ``[length, 7]``; the row of a word without links is zero.
    """
    import numpy as np

    carried = np.zeros((length, len(NER_LABELS)), dtype=np.float32)
    total = np.zeros(length, dtype=np.float32)
    best: list[tuple[float, int] | None] = [None] * length
    for source, target, probability in links:
        if rows[source].sum() <= 0:
            continue
        weight = max(float(probability), 1e-6)
        carried[target] += weight * rows[source]
        total[target] += weight
        if best[target] is None or weight > best[target][0]:
            best[target] = (weight, source)
    carried = np.divide(carried, total[:, None], out=carried, where=total[:, None] > 0)
    tags = [NER_LABELS[number] if row.sum() > 0 else "O" for number, row in zip(rows.argmax(-1), rows, strict=True)]
    entity = {
        word: number for number, span in enumerate(spans_from_iob2(tags)) for word in range(span.start, span.end)
    }
    before = None
    for word in range(length):
        this = entity.get(best[word][1]) if best[word] is not None else None
        for opening, inside in _OPENING_AND_INSIDE:
            mass = carried[word, opening] + carried[word, inside]
            continues = this is not None and this == before
            carried[word, opening], carried[word, inside] = (0.0, mass) if continues else (mass, 0.0)
        before = this
    return carried


_OPENING_AND_INSIDE = [
    (LABEL_NUMBER[name], LABEL_NUMBER["I" + name[1:]]) for name in NER_LABELS if name.startswith("B-")
]
