"""Any token-classification checkpoint as a tagger of word-split sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.checkpoint import load_checkpoint, longest_input
from xner_hf.errors import XnerError, nearest
from xner_hf.spans import ENTITY_TYPES, LABEL_NUMBER, NER_LABELS, Span, spans_from_iob2

if TYPE_CHECKING:
    import numpy as np

TOKENS_PER_BATCH = {"cpu": 1024, "other": 4096}
"""Sub-words per forward pass, padding included: a batch of short sentences is large, one of long sentences small."""


@dataclass(slots=True)
class _Window:
    """A piece of a sentence that fits the encoder: its sub-words, and where the first sub-word of each word stands."""

    sentence: int
    input_ids: list[int]
    words: list[tuple[int, int]]  # (word index, position of its first sub-word in input_ids)


class ModelTagger:
    """Tags words with the label of their first sub-word, in length-sorted batches.

    Sentences longer than the encoder are read in overlapping windows; a word is taken from the window in which it
    stands farthest from a border, so none is lost. Words without sub-words (control characters) are ``O``.

    Args:
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit.
        device: torch device; the GPU when there is one.
        labels: entity types of the model mapped to PER, ORG, LOC or ``O``, such as ``{"person": "PER"}``; types of
            these names stand for themselves, all others are ``O`` (MISC of CoNLL-2003, as in Politov et al. 2025).

    Raises:
        XnerError: the checkpoint cannot be had, has no fast tokenizer, its labels are not IOB2, none of them means
            PER, ORG or LOC, or `labels` does not fit them.
    """

    def __init__(
        self,
        model: str,
        revision: str | None = None,
        device: str | None = None,
        labels: Mapping[str, str] | None = None,
    ):
        import torch
        from transformers import AutoModelForTokenClassification

        self.model, self.tokenizer = load_checkpoint(AutoModelForTokenClassification, model, revision)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.labels = [self.model.config.id2label[i] for i in range(self.model.config.num_labels)]
        self.meanings = meanings(self.labels, labels or {}, model)
        self.model.to(self.device).eval()
        self.limit = longest_input(self.model, self.tokenizer)
        self.budget = TOKENS_PER_BATCH["cpu" if self.device.type == "cpu" else "other"]

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[Span]]:
        return [self.spans(rows) for rows in self.distributions(sentences)]

    def spans(self, rows: np.ndarray) -> list[Span]:
        """Return the entities of a sentence, given the `distributions` of its words ``[words, labels]``."""
        best = rows.max(-1)
        tags = [self.meanings[n] if seen else "O" for n, seen in zip(rows.argmax(-1), best > 0, strict=True)]
        return [
            span._replace(score=float(best[span.start : span.end].mean()))
            for span in spans_from_iob2(tags)
            if span.label in ENTITY_TYPES
        ]

    def label(
        self, sentences: Sequence[Sequence[str]], tell: Callable[[int], None] | None = None
    ) -> tuple[list[list[str]], list[np.ndarray]]:
        """Return the likeliest label of every word, in the names of the corpus, and its probability.

        `tell` is called with the number of sentences that are done, whenever there are some.
        """
        labels: list[list[str]] = []
        scores: list[np.ndarray] = []
        for rows in self.distributions(sentences, tell):
            best = rows.max(-1)
            scores.append(best)
            labels.append(
                [self.meanings[n] if seen else "O" for n, seen in zip(rows.argmax(-1), best > 0, strict=True)]
            )
        return labels, scores

    def distributions(
        self, sentences: Sequence[Sequence[str]], tell: Callable[[int], None] | None = None
    ) -> list[np.ndarray]:
        """Return the label distribution of every word: float32 arrays ``[words, labels]`` in the order of `labels`.

        The row of a word without sub-words, of which the model says nothing, is zero. `tell` is called with the number
        of sentences that are done, whenever there are some.
        """
        import numpy as np

        from xner_hf.models.words_xner import overlapping_windows

        found = [np.zeros((len(words), len(self.labels)), dtype=np.float32) for words in sentences]
        depth = [np.full(len(words), -1) for words in sentences]
        windows = [_Window(*one) for one in overlapping_windows(self.tokenizer, sentences, self.limit)]
        left = Counter(window.sentence for window in windows)
        if tell and len(left) < len(sentences):
            tell(len(sentences) - len(left))  # those without sub-words
        for window, probabilities in self._forward(windows):
            last = len(window.input_ids) - 1
            for (word, position), row in zip(window.words, probabilities, strict=True):
                inside = min(position, last - position)
                if inside > depth[window.sentence][word]:
                    depth[window.sentence][word] = inside
                    found[window.sentence][word] = row
            left[window.sentence] -= 1
            if tell and not left[window.sentence]:
                tell(1)
        return found

    def ner_distributions(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Return `ner_rows` of the `distributions` of every sentence."""
        return [self.ner_rows(rows) for rows in self.distributions(sentences)]

    def ner_rows(self, rows: np.ndarray) -> np.ndarray:
        """Return `distributions` of a sentence over `NER_LABELS`, ``[words, 7]``; what means no type is ``O``."""
        import numpy as np

        places = np.zeros((len(self.labels), len(NER_LABELS)), dtype=np.float32)
        for number, label in enumerate(self.meanings):
            places[number, LABEL_NUMBER.get(label, 0)] = 1
        return rows @ places

    def _forward(self, windows: list[_Window]) -> Iterator[tuple[_Window, np.ndarray]]:
        """Yield each window with the label distributions of its words, shape ``[words, labels]``."""
        import torch

        windows.sort(key=lambda window: -len(window.input_ids))
        start = 0
        while start < len(windows):
            batch = windows[start : start + max(1, self.budget // len(windows[start].input_ids))]
            start += len(batch)
            rows = {"input_ids": [window.input_ids for window in batch]}
            # Positions are counted from the left, on which some tokenizers pad by themselves.
            features = self.tokenizer.pad(rows, return_tensors="pt", padding_side="right")
            with torch.inference_mode():
                logits = self.model(**features.to(self.device)).logits
                probabilities = logits.float().softmax(-1).cpu().numpy()
            for row, window in enumerate(batch):
                yield window, probabilities[row, [position for _, position in window.words]]


def meanings(labels: Sequence[str], mapped: Mapping[str, str], model: str) -> list[str]:
    """Return what every label of a tagger means, in IOB2 with the entity types of the corpus.

    A type that is neither mapped nor one of `ENTITY_TYPES` keeps its name, and becomes no entity.

    Raises:
        XnerError: a label is not of the form ``O``, ``B-TYPE`` or ``I-TYPE``, none means PER, ORG or LOC, or `mapped`
            names a type that the model does not have, or one that the corpus does not have.
    """
    known = ", ".join(ENTITY_TYPES)
    types = list(dict.fromkeys(label[2:] for label in labels if label != "O"))
    for name, meaning in mapped.items():
        if name not in types:
            raise XnerError(
                f"tagger.labels maps {name!r}, which the tagger {model!r} does not predict."
                f"{nearest(str(name), types)} Its types: {', '.join(types)}."
            )
        if meaning not in (*ENTITY_TYPES, "O"):
            raise XnerError(f"tagger.labels maps {name!r} to {meaning!r}; it may be mapped to {known} or O.")
    odd = [label for label in labels if label != "O" and not label.startswith(("B-", "I-"))]
    meant = [
        label
        if label == "O"
        else "O"
        if mapped.get(label[2:]) == "O"
        else label[:2] + mapped.get(label[2:], label[2:])
        for label in labels
    ]
    if odd or not {label[2:] for label in meant} & set(ENTITY_TYPES):
        mend = "" if odd else f", or say which of its types means what: tagger.labels='{{{types[0]}: PER}}'"
        raise XnerError(
            f"the tagger {model!r} predicts {', '.join(labels)}. Its labels must be O, B-TYPE and I-TYPE with some of "
            f"{known}: give one trained for named-entity recognition in IOB2{mend}."
        )
    return meant
