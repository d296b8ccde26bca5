"""Batches of windows for `XnerForTokenClassificationAndParsing` and its losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from xner_hf.spans import NER_LABELS
from xner_hf.training.data import IGNORED, Corpus, Example

if TYPE_CHECKING:
    import numpy as np
    import torch

    from xner_hf.training.soft_labels import SoftLabels


class Mixture:
    """The examples of several corpora as one numbered data set for a data loader.

    Args:
        corpora: encoded ones.
        learnt: whether they are training data; only these have soft labels.
    """

    def __init__(self, corpora: Sequence[Corpus], learnt: bool = True):
        self.corpora = list(corpora)
        self.learnt = learnt
        self.places = [(number, example) for number, one in enumerate(self.corpora) for example in one.examples]
        counts = [len(one.examples) for one in self.corpora]
        self.bounds = [sum(counts[:number]) for number in range(len(counts) + 1)]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, number: int) -> tuple[int, int | None, Example]:
        """Return the number, the number of the corpus if it is training data, and the example."""
        corpus, example = self.places[number]
        return number, corpus if self.learnt else None, example

    def name(self, number: int) -> str:
        """Return the name of example `number` for messages."""
        corpus, example = self.places[number]
        return f"{self.corpora[corpus].name}: sentence {self.corpora[corpus].sentences[example.sentence].id!r}"


class WordCollator:
    """Pads windows to tensors; targets that no window of the batch has are left out.

    Args:
        padding: id of the padding sub-word.
        soft: soft labels by number of the corpus.

    Attributes:
        soft: may be replaced between two batches.
    """

    def __init__(self, padding: int, soft: Mapping[int, SoftLabels] | None = None):
        self.padding = padding
        self.soft = dict(soft or {})

    def __call__(self, items: Sequence[tuple[int, int | None, Example]]) -> dict[str, torch.Tensor]:
        """Return a batch of B windows, T sub-words and W words.

        ``example`` [B]; ``input_ids``, ``attention_mask`` [B, T]; ``word_starts`` [B, W], -1 where there is no word;
        where there are labels ``labels`` and ``label_weights`` [B, T]; where there are trees ``heads`` and
        ``relations`` [B, W]; where there are soft labels ``soft_labels`` [B, W, 7], and of a parsing teacher
        ``soft_arcs`` [B, W, W + 1] and ``soft_relations`` [B, W, R]. A row of zeros in these means: no loss.
        """
        import numpy as np
        import torch

        examples = [example for _, _, example in items]
        size = len(examples)
        longest = max(len(one.input_ids) for one in examples)
        words = max(1, max(len(one.words) for one in examples))
        batch: dict[str, Any] = {
            "example": np.array([number for number, _, _ in items]),
            "input_ids": np.full((size, longest), self.padding),
            "attention_mask": np.zeros((size, longest), dtype=np.int64),
            "word_starts": np.full((size, words), -1),
        }
        if any(one.labels is not None for one in examples):
            batch["labels"] = np.full((size, longest), IGNORED)
            batch["label_weights"] = np.zeros((size, longest), dtype=np.float32)
        if any(one.heads is not None for one in examples):
            batch["heads"] = np.full((size, words), IGNORED)
            batch["relations"] = np.full((size, words), IGNORED)
        for row, one in enumerate(examples):
            batch["input_ids"][row, : len(one.input_ids)] = one.input_ids
            batch["attention_mask"][row, : len(one.input_ids)] = 1
            batch["word_starts"][row, : len(one.starts)] = one.starts
            if one.labels is not None:
                batch["labels"][row, one.starts] = one.labels
                batch["label_weights"][row, one.starts] = 1.0 if one.weights is None else one.weights
            if one.heads is not None:
                batch["heads"][row, : len(one.heads)] = one.heads
                batch["relations"][row, : len(one.heads)] = one.relations
        self._add_soft(batch, items, words)
        return {name: torch.from_numpy(array) for name, array in batch.items()}

    def _add_soft(
        self, batch: dict[str, np.ndarray], items: Sequence[tuple[int, int | None, Example]], words: int
    ) -> None:
        import numpy as np

        if not any(corpus in self.soft for _, corpus, _ in items):
            return
        size = len(items)
        batch["soft_labels"] = np.zeros((size, words, len(NER_LABELS)), dtype=np.float32)
        relations = max((self.soft[corpus].relations for _, corpus, _ in items if corpus in self.soft), default=0)
        if relations:
            batch["soft_arcs"] = np.zeros((size, words, words + 1), dtype=np.float32)
            batch["soft_relations"] = np.zeros((size, words, relations), dtype=np.float32)
        for row, (_, corpus, one) in enumerate(items):
            if corpus not in self.soft:
                continue
            soft = self.soft[corpus]
            batch["soft_labels"][row, : len(one.words)] = soft.labels(one.sentence)[one.words]
            tree = soft.tree(one.sentence)
            if tree is not None:
                arcs, of_relations = tree
                # Only heads inside the window count, and no word is its own head; the rest is left out of the sum.
                seen = [0, *(word + 1 for word in one.words)]
                inside = arcs[np.ix_(one.words, seen)]
                inside[np.arange(len(one.words)), np.arange(1, len(seen))] = 0.0
                total = inside.sum(-1, keepdims=True)
                inside = np.divide(inside, total, out=np.zeros_like(inside), where=total > 0.5)
                batch["soft_arcs"][row, : len(one.words), : len(seen)] = inside
                batch["soft_relations"][row, : len(one.words)] = of_relations[one.words]
