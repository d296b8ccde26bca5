"""A student on word-split sentences of any length: entity tags, dependency trees, and the probabilities of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError
from xner_hf.inference.batches import Batches
from xner_hf.inference.checkpoint import load_checkpoint
from xner_hf.inference.decoding import ROOT_RELATION, decode_relations, decode_tags, decode_trees
from xner_hf.inference.windows import Windows, windows_of

if TYPE_CHECKING:
    import numpy as np
    import torch

TOKENS_PER_BATCH = 4096
"""Sub-words per forward pass, padding included."""


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """The output of a student for a sentence; None where it has no such head or was not asked.

    Attributes:
        tags: entity label of every word.
        probabilities: distribution of the entity labels, float32 ``[words, labels]``, in the order of the model's
            ``id2label``. In all arrays the values of a word without sub-words are zero.
        heads: head of every word, counted from 1; 0 marks the root.
        relations: relation of every word to its head.
        arc_probabilities: distribution of the heads, float32 ``[words, words + 1]``.
        relation_probabilities: distribution of the relations to the likeliest head (the largest of
            `arc_probabilities`, which need not be the one in the tree), float32 ``[words, relations]``.
    """

    tags: list[str] | None
    probabilities: np.ndarray | None
    heads: list[int] | None
    relations: list[str] | None
    arc_probabilities: np.ndarray | None = None
    relation_probabilities: np.ndarray | None = None


class Annotator:
    """Runs a student over sentences, in length-sorted batches.

    Sentences longer than the encoder are read in overlapping windows. The state of a word is taken from the window in
    which it stands farthest from a border, and the heads see the states of the whole sentence, so that arcs from one
    window to another are scored as well.

    A word without sub-words (control characters) is ``O`` and hangs on the word before it, or else on the next one, by
    the relation ``dep``; where the model has no such relation, by the likeliest of that word to a copy of itself.

    Args:
        model: folder, Hub id, or a model with its tokenizer.
        revision: Hub branch, tag or commit.
        device: torch device; by default the one on which a loaded model is, else the GPU when there is one.

    Raises:
        XnerError: the checkpoint is not available, is not a student, or has no fast tokenizer.
    """

    def __init__(self, model: str | tuple[Any, Any], revision: str | None = None, device: str | None = None):
        import torch

        if isinstance(model, tuple):
            self.model, self.tokenizer = model
            name = self.model.config.name_or_path
            self.device = torch.device(device) if device else self.model.device
        else:
            from transformers import AutoModelForTokenClassification

            self.model, self.tokenizer = load_checkpoint(AutoModelForTokenClassification, model, revision)
            name = model
            self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if self.model.config.model_type != "xner":
            raise XnerError(
                f"the model {name!r} is of type {self.model.config.model_type!r}, not a student ('xner'). Give a "
                "student; other token-classification models can be used as a tagger."
            )
        if not self.tokenizer.is_fast:
            raise XnerError(f"the tokenizer of {name!r} is slow; a fast tokenizer is required to find its words.")
        self.model.to(self.device)
        config = self.model.config
        self.labels = [config.id2label[i] for i in range(config.num_labels)] if "ner" in config.tasks else None
        self.relations = list(config.relation_labels) if "parsing" in config.tasks else None
        self.limit = min(self.tokenizer.model_max_length, self.model.longest_input)
        self._batches = Batches(TOKENS_PER_BATCH, self.device)

    def annotate(
        self,
        sentences: Sequence[Sequence[str]],
        constrained: bool = True,
        distributions: bool = False,
        advance: Callable[[int], None] | None = None,
    ) -> list[Annotation]:
        """Return the annotation of every sentence, in their order.

        Args:
            sentences: words.
            constrained: whether tags are the likeliest valid IOB2 sequence; else each is the likeliest by itself.
            distributions: whether to give the probabilities of arcs and relations as well.
            advance: called with the number of sentences of every batch that is done.

        Raises:
            XnerError: labels are to be constrained but are not IOB2, memory does not hold one sentence, or a score is
                not a number.
        """
        import torch

        encoded = windows_of(self.tokenizer, sentences, self.limit)
        found: list[Annotation | None] = [None] * len(sentences)

        def work(batch: list[int]) -> None:
            with torch.inference_mode():
                annotated = self._annotate([encoded[i] for i in batch], constrained, distributions)
            for i, annotation in zip(batch, annotated, strict=True):
                found[i] = annotation
            if advance:
                advance(len(batch))

        training = self.model.training
        self.model.eval()
        try:
            self._batches.run([sum(map(len, one.windows)) for one in encoded], work)
        finally:
            self.model.train(training)
        return found

    def _annotate(self, batch: list[Windows], constrained: bool, distributions: bool) -> list[Annotation]:
        states = self._states(batch)
        tagged = self._tag(batch, states, constrained) if self.labels else [(None, None)] * len(batch)
        parsed = self._parse(batch, states, distributions) if self.relations else [(None, None)] * len(batch)
        return [Annotation(*tags, *trees) for tags, trees in zip(tagged, parsed, strict=True)]

    def _states(self, batch: list[Windows]) -> torch.Tensor:
        """Return the states of the words that have sub-words, ``[batch, words, hidden]``, zero where there is none."""
        import torch

        shape = len(batch), max(len(one.words) for one in batch), self.model.config.hidden_size
        words = torch.zeros(shape, dtype=self.model.dtype, device=self.device)
        wanted = {(i, n): words for i, one in enumerate(batch) for n, words in enumerate(one.words_by_window())}
        windows = sorted(wanted, key=lambda at: -len(batch[at[0]].windows[at[1]]))
        while windows:
            # All windows of the batch, unless it is one sentence with more of them than the encoder takes at once.
            rows = [batch[i].windows[window] for i, window in windows]
            some = max(1, self._batches.budget // len(rows[0]))
            features = self.tokenizer.pad({"input_ids": rows[:some]}, return_tensors="pt", padding_side="right")
            features = features.to(self.device)
            states = self.model.backbone(
                input_ids=features["input_ids"], attention_mask=features["attention_mask"], return_dict=True
            ).last_hidden_state
            picks = [(row, p, at[0], n) for row, at in enumerate(windows[:some]) for n, p in wanted[at]]
            row, position, i, number = torch.tensor(picks, device=self.device).reshape(-1, 4).T
            words[i, number] = states[row, position].to(words.dtype)
            windows = windows[some:]
        return words

    def _tag(self, batch: list[Windows], states: torch.Tensor, constrained: bool) -> list[tuple]:
        """Return the tags and the probabilities of every sentence."""
        import numpy as np

        from xner_hf.models.words_xner import runs

        logs = self.model.classifier(states).float().log_softmax(-1).cpu().numpy()
        # Words without sub-words are O, so what stands between two of them is decoded by itself.
        parts = [(i, *part) for i, one in enumerate(batch) for part in runs(one.words)]
        if constrained and parts:
            padded = np.zeros(
                (len(parts), max(stop - start for _, start, stop in parts), len(self.labels)), np.float32
            )
            for row, (i, start, stop) in zip(padded, parts, strict=True):
                row[: stop - start] = logs[i, start:stop]
            decoded = decode_tags(padded, [stop - start for _, start, stop in parts], self.labels)
        else:
            decoded = [[self.labels[n] for n in logs[i, start:stop].argmax(-1)] for i, start, stop in parts]
        tags = [["O"] * one.length for one in batch]
        for (i, start, _), part in zip(parts, decoded, strict=True):
            first = batch[i].words[start]
            tags[i][first : first + len(part)] = part
        found = []
        for i, one in enumerate(batch):
            probabilities = np.zeros((one.length, len(self.labels)), np.float32)
            probabilities[one.words] = np.exp(logs[i, : len(one.words)])
            found.append((tags[i], probabilities))
        return found

    def _parse(self, batch: list[Windows], states: torch.Tensor, distributions: bool) -> list[tuple]:
        """Return heads, relations and, where asked for, the probabilities of arcs and relations of every sentence."""
        import torch

        from xner_hf.models.modeling_xner import relations_at

        lengths = [len(one.words) for one in batch]
        mask = torch.arange(states.size(1), device=self.device) < torch.tensor(lengths, device=self.device)[:, None]
        arcs, scores = (some.float() for some in self.model.parser(states, mask))
        trees = decode_trees(arcs.cpu().numpy(), lengths)
        relations = decode_relations(scores.cpu().numpy(), trees, self.relations)
        to_itself = scores.diagonal(1, 1, 2).transpose(1, 2).cpu().numpy()  # [batch, words, relations]
        found = [_attach(one, trees[i], relations[i], to_itself[i], self.relations) for i, one in enumerate(batch)]
        if distributions:
            arcs = arcs.softmax(-1)
            likeliest = relations_at(scores, arcs.argmax(-1)).softmax(-1).cpu().numpy()
            arcs = arcs.cpu().numpy()
            found = [(*found[i], *_spread(one, arcs[i], likeliest[i])) for i, one in enumerate(batch)]
        return found


def _attach(
    one: Windows, heads: list[int], relations: list[str], to_itself: np.ndarray, names: Sequence[str]
) -> tuple[list[int], list[str]]:
    """Return the tree of all words, given that of the words that have sub-words.

    Args:
        one: the sentence.
        heads: of its words that have sub-words, counted among them.
        relations: of these words.
        to_itself: scores of the relations of every one of these words to itself, ``[words, relations]``.
        names: of the relations.
    """
    if len(one.words) == one.length:
        return heads, relations
    numbers = [n for n, name in enumerate(names) if name != ROOT_RELATION] or [0]
    leaf = "dep" if "dep" in names else None
    if not one.words:
        first = ROOT_RELATION if ROOT_RELATION in names else leaf or names[numbers[0]]
        others = one.length - 1
        return [0] + [1] * others, [first] + [leaf or names[numbers[0]]] * others
    all_heads, all_relations = [0] * one.length, [""] * one.length
    number_of = {word: number for number, word in enumerate(one.words)}
    nearest = one.words[0]
    for word in range(one.length):
        if word in number_of:
            nearest, head = word, heads[number_of[word]]
            all_heads[word] = one.words[head - 1] + 1 if head else 0
            all_relations[word] = relations[number_of[word]]
        else:
            scores = to_itself[number_of[nearest]][numbers]
            all_heads[word] = nearest + 1
            all_relations[word] = leaf or names[numbers[int(scores.argmax())]]
    return all_heads, all_relations


def _spread(one: Windows, arcs: np.ndarray, relations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of arcs and relations of all words, given those of the words that have sub-words."""
    import numpy as np

    known = len(one.words)
    all_arcs = np.zeros((one.length, one.length + 1), np.float32)
    all_arcs[np.ix_(one.words, [0, *(word + 1 for word in one.words)])] = arcs[:known, : known + 1]
    all_relations = np.zeros((one.length, relations.shape[-1]), np.float32)
    all_relations[one.words] = relations[:known]
    return all_arcs, all_relations
