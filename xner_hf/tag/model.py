"""Any token-classification checkpoint as a tagger of word-split sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.corpora.sentence import ReadReport
from xner_hf.errors import XnerError
from xner_hf.inference.batches import Batches
from xner_hf.inference.checkpoint import load_checkpoint, load_config, longest_input
from xner_hf.inference.windows import windows_of
from xner_hf.registry import MODEL, MODEL_PACKAGES, Input, Method, register
from xner_hf.settings import setting
from xner_hf.spans import ENTITY_TYPES, Span, spans_from_iob2
from xner_hf.tag.scheme import find_scheme, label_names

if TYPE_CHECKING:
    import numpy as np

TOKENS_PER_BATCH = {"cpu": 1024, "other": 4096}
"""Sub-words per forward pass, padding included: a batch of short sentences is large, one of long sentences small."""


@register("tagger", "model")
@dataclass(frozen=True)
class ModelTaggerConfig(Method):
    """Tags with a token-classification model."""

    packages = MODEL_PACKAGES

    model: str = setting(..., "token-classification checkpoint: Hub id or folder")
    revision: str | None = setting(None, "Hub branch, tag or commit")
    labels: Mapping[str, str] | None = setting(
        None, "entity types or labels of the model mapped to PER, ORG, LOC or O"
    )

    def inputs(self) -> Iterator[Input]:
        yield Input(MODEL, self.model, revision=self.revision)

    def preflight(self) -> None:
        labels = label_names(load_config(self.model, self.revision), self.model)
        find_scheme(labels, self.labels or {}, self.model)

    def make(self, report: ReadReport | None = None) -> ModelTagger:
        return ModelTagger(self.model, self.revision, labels=self.labels)


class ModelTagger:
    """Tags words with the label of their first sub-word, in length-sorted batches.

    Sentences longer than the encoder are read in overlapping windows; a word is taken from the window in which it
    stands farthest from a border, so none is lost. Words without sub-words (control characters) are ``O``.

    Args:
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit.
        device: torch device; the GPU when there is one.
        labels: entity types of the model mapped to PER, ORG, LOC or ``O``, such as ``{"human": "PER"}``, or whole
            labels, such as ``{"LABEL_1": "B-PER"}``; some types are known (`xner_hf.tag.scheme.DEFAULT_MEANINGS`),
            all others are ``O`` (MISC of CoNLL-2003, as in Politov et al. 2025).

    Raises:
        XnerError: the checkpoint is not available or cannot be used (`load_checkpoint`), none of its labels means
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
        self.name = model
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.labels = label_names(self.model.config, model)
        self.scheme = find_scheme(self.labels, labels or {}, model)
        self.model.to(self.device).eval()
        self.limit = longest_input(self.model, self.tokenizer)
        self.batches = Batches(TOKENS_PER_BATCH["cpu" if self.device.type == "cpu" else "other"], self.device)

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[Span] | None]:
        return [self.spans(rows) for rows in self.distributions(sentences)]

    def spans(self, rows: np.ndarray) -> list[Span] | None:
        """Return the entities of a sentence, given the `distributions` of its words ``[words, labels]``.

        None where these are not finite: the model's numbers overflow.
        """
        import numpy as np

        if not np.isfinite(rows).all():
            return None
        best = rows.max(-1)
        return [
            span._replace(score=float(best[span.start : span.end].mean()))
            for span in spans_from_iob2(self.scheme.tags(rows))
            if span.label in ENTITY_TYPES
        ]

    def label(
        self, sentences: Sequence[Sequence[str]], advance: Callable[[int], None] | None = None
    ) -> tuple[list[list[str]], list[np.ndarray]]:
        """Return the likeliest label of every word as IOB2 tags (`Scheme.tags`), and its probability.

        `advance` is called with the number of sentences that are newly done.

        Raises:
            XnerError: probabilities are not finite.
        """
        import numpy as np

        labels: list[list[str]] = []
        scores: list[np.ndarray] = []
        for number, rows in enumerate(self.distributions(sentences, advance)):
            if not np.isfinite(rows).all():
                raise XnerError(
                    f"the model {self.name!r} gives sentence {number} ({' '.join(sentences[number][:8])} ...) scores "
                    "that are not numbers, so its labels are not known. Give another model."
                )
            scores.append(rows.max(-1))
            labels.append(self.scheme.tags(rows))
        return labels, scores

    def distributions(
        self, sentences: Sequence[Sequence[str]], advance: Callable[[int], None] | None = None
    ) -> list[np.ndarray]:
        """Return the label distribution of every word: float32 arrays ``[words, labels]`` in the order of `labels`.

        The row of a word without sub-words, which the model does not see, is zero. `advance` is called with the
        number of sentences that are newly done.
        """
        import numpy as np
        import torch

        found = [np.zeros((len(words), len(self.labels)), dtype=np.float32) for words in sentences]
        encoded = windows_of(self.tokenizer, sentences, self.limit)
        wanted = [one.words_by_window() for one in encoded]
        windows = [(sentence, number) for sentence, one in enumerate(encoded) for number in range(len(one.windows))]
        left = Counter(sentence for sentence, _ in windows)
        if advance and len(left) < len(sentences):
            advance(len(sentences) - len(left))  # those without sub-words

        def work(batch: list[int]) -> None:
            rows = {"input_ids": [encoded[i].windows[window] for i, window in (windows[one] for one in batch)]}
            # Padded on the right, whatever the tokenizer does: positions count from the left.
            features = self.tokenizer.pad(rows, return_tensors="pt", padding_side="right")
            with torch.inference_mode():
                logits = self.model(**features.to(self.device)).logits
                probabilities = logits.float().softmax(-1).cpu().numpy()
            for row, (i, window) in zip(probabilities, (windows[one] for one in batch), strict=True):
                for number, position in wanted[i][window]:
                    found[i][encoded[i].words[number]] = row[position]
                left[i] -= 1
                if advance and not left[i]:
                    advance(1)

        self.batches.run([len(encoded[i].windows[window]) for i, window in windows], work)
        return found

    def ner_distributions(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Return the `distributions` of every sentence over the labels of the corpus (`Scheme.distributions`)."""
        return [self.scheme.distributions(rows) for rows in self.distributions(sentences)]
