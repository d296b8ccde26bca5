"""Hidden states of one layer of an encoder for the sub-words of word-split sentences, in length-sorted batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError
from xner_hf.inference.checkpoint import check_encoder, inner_encoder, load_checkpoint, longest_input
from xner_hf.inference.subwords import SubWords, WordTokenizer, spread

if TYPE_CHECKING:
    import numpy as np
    import torch

OVERLAP = 32
"""Sub-words that neighbouring windows of an over-long sentence share at least."""


@dataclass(slots=True)
class _Windows:
    """Pieces of sentences that fit the encoder, as int64 arrays ``[windows]``.

    Attributes:
        start: index in `SubWords.ids` of the first sub-word.
        length: number of sub-words.
        skip: how many sub-words at its head stand deeper inside the window before it.
        keep: how many sub-words after those are taken from this window.
        row: where the first of these goes in the result.
    """

    start: np.ndarray
    length: np.ndarray
    skip: np.ndarray
    keep: np.ndarray
    row: np.ndarray


class Embedder:
    """An encoder cut at one layer, with its tokenizer.

    Any encoder of `transformers` will do but Funnel and XLNet, and of a sequence-to-sequence model or a student its
    encoder alone. The layers above the one that is read are thrown away, and no more than the input of the first of
    them is computed.

    Args:
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit.
        layer: index of the hidden state as `transformers` counts: 0 is the embeddings. None takes `default_layer`.
        dtype: ``float32`` or ``bfloat16``, in which the encoder computes. The second is mixed precision: products of
            matrices in bfloat16, weights, norms and what the layers add up in float32.
        device: torch device; the GPU when there is one.

    Raises:
        XnerError: the checkpoint is not available, lacks weights or a fast tokenizer, is not an encoder or has no such
            layer.
    """

    def __init__(
        self,
        model: str,
        revision: str | None = None,
        layer: int | None = None,
        dtype: str = "float32",
        device: str | None = None,
    ):
        import torch
        from transformers import AutoModel

        config = check_encoder(model, revision)
        loaded, tokenizer = load_checkpoint(AutoModel, model, revision)
        encoder = inner_encoder(loaded)
        encoder = _encoder_of(loaded, model) if encoder is loaded else encoder
        self.name, self.depth = model, depth_of(config)
        self.layer = default_layer(model, config) if layer is None else layer
        if self.layer > self.depth:
            raise XnerError(
                f"the model {model!r} has {self.depth} layers, so there is no layer {layer}. Give one from 0 "
                f"(embeddings) to {self.depth}."
            )
        self.limit = longest_input(encoder, tokenizer)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._read = _cut(encoder, self.layer, self.depth)
        self._encoder = encoder.to(self.device, torch.float32).eval()
        # A model that is bfloat16 throughout is as fast and has twice as many links that differ (docs/results.md).
        self._precision = torch.autocast(self.device.type, torch.bfloat16, enabled=dtype == "bfloat16")
        self.tokenizer = WordTokenizer(tokenizer)
        self._padding = 0 if tokenizer.pad_token_id is None else tokenizer.pad_token_id
        self._prefix, self._suffix = _special_tokens(tokenizer)
        self.room = self.limit - len(self._prefix) - len(self._suffix)

    def split(self, sentences: Sequence[Sequence[str]]) -> SubWords:
        """Return the sub-words of the words of sentences."""
        return self.tokenizer.split(sentences)

    def states(self, subwords: SubWords, sentences: np.ndarray, budget: int) -> torch.Tensor:
        """Return the states of the sub-words of some sentences, one sentence after the other.

        A sentence longer than the encoder takes is read in overlapping windows; each sub-word has its state from the
        window in which it stands farther from the border.

        Args:
            subwords: what `split` returned.
            sentences: numbers of sentences in `subwords`.
            budget: sub-words per forward pass, padding and special tokens included; one window at least is read.

        Returns:
            float32 ``[sub-words, hidden size]`` on the device.

        Raises:
            XnerError: some of them are not finite.
        """
        import numpy as np
        import torch

        windows = _windows(subwords, sentences, self.room)
        states = None
        with torch.inference_mode(), self._precision:
            for batch in self._batches(windows, budget):
                found = self._forward(subwords, windows, batch)
                if states is None:
                    size = int(windows.keep.sum())
                    states = torch.empty(size, found.shape[-1], dtype=torch.float32, device=self.device)
                taken = spread(
                    np.arange(len(batch)) * found.shape[1] + len(self._prefix) + windows.skip[batch],
                    windows.keep[batch],
                )
                rows = spread(windows.row[batch], windows.keep[batch])
                flat = found.reshape(-1, found.shape[-1])
                # Whole rows: on a CPU a third faster than states[rows] = flat[taken].
                states.index_copy_(0, self.index(rows), flat.index_select(0, self.index(taken)).float())
        if states is not None and not torch.isfinite(states).all():
            raise XnerError(
                f"the encoder {self.name!r} gives states that are not numbers, so nothing can be compared by them. "
                "Give another encoder, or another layer of it."
            )
        return states

    def index(self, numbers: np.ndarray) -> torch.Tensor:
        """Return an int64 array as a tensor on the device."""
        import torch

        return torch.from_numpy(numbers).to(self.device)

    def _batches(self, windows: _Windows, budget: int) -> Iterator[np.ndarray]:
        import numpy as np

        order = np.argsort(-windows.length, kind="stable")
        special = len(self._prefix) + len(self._suffix)
        start = 0
        while start < len(order):
            size = max(1, budget // (int(windows.length[order[start]]) + special))
            yield order[start : start + size]
            start += size

    def _forward(self, subwords: SubWords, windows: _Windows, batch: np.ndarray) -> torch.Tensor:
        """Return the states of a batch of windows, ``[windows, longest with special tokens, hidden size]``."""
        import numpy as np

        lengths, before = windows.length[batch], len(self._prefix)
        width = int(lengths.max()) + before + len(self._suffix)
        columns = np.arange(width)
        ids = np.full((len(batch), width), self._padding, dtype=np.int64)
        ids[:, :before] = self._prefix
        inside = (columns >= before) & (columns < before + lengths[:, None])
        ids[inside] = subwords.ids[spread(windows.start[batch], lengths)]
        for place, token in enumerate(self._suffix):
            ids[np.arange(len(batch)), before + lengths + place] = token
        mask = (columns < before + lengths[:, None] + len(self._suffix)).astype(np.int64)
        return self._read(input_ids=self.index(ids), attention_mask=self.index(mask))


def default_layer(model: str, config: Any) -> int:
    """Return the layer to read when none is named.

    The last layer of a sequence-to-sequence model's encoder (12 of NLLB-600M, Ebing & Glavaš 2025), 6 of LaBSE, two
    thirds of the depth of all others: 8 of mBERT, XLM-R and whatever else has 12 layers (Jalili Sabet et al. 2020).
    """
    depth = depth_of(config)
    if config.is_encoder_decoder:
        return depth
    if "labse" in Path(model).name.lower():
        return 6
    return round(depth * 2 / 3)


def depth_of(config: Any) -> int:
    return getattr(config, "encoder_layers", None) or config.num_hidden_layers


def _encoder_of(loaded: Any, model: str) -> Any:
    """Return the encoder of a model.

    Raises:
        XnerError: it has none.
    """
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_MASKED_LM_MAPPING

    config = loaded.config
    if config.is_encoder_decoder:
        return loaded.get_encoder()
    causal = type(config) in MODEL_FOR_CAUSAL_LM_MAPPING and type(config) not in MODEL_FOR_MASKED_LM_MAPPING
    if causal or getattr(config, "is_decoder", False):
        raise XnerError(
            f"the model {model!r} is a decoder ({config.model_type}): a word's state knows nothing of what follows "
            "it, which alignment needs. Give an encoder such as bert-base-multilingual-cased, or a "
            "sequence-to-sequence model."
        )
    return loaded


class _Reached(Exception):
    """Carries the input of the layer at which the encoder is cut out of its forward pass."""

    def __init__(self, states: torch.Tensor):
        super().__init__()
        self.states = states


def _cut(encoder: Any, layer: int, depth: int) -> Any:
    """Cut an encoder above `layer` and return the function from its inputs to the states of that layer.

    The state of layer `k` is what goes into layer `k` of the stack. Taking it there, rather than from a stack of `k`
    layers, leaves out the norm that many encoders put after their last layer.
    """
    from torch import nn

    if layer == depth:
        return lambda **inputs: encoder(**inputs).last_hidden_state
    lists = ((name, module) for name, module in encoder.named_modules() if isinstance(module, nn.ModuleList))
    name, layers = next(((name, module) for name, module in lists if len(module) == depth), ("", None))
    if layers is None:  # layers that share their weights, as in ALBERT, are no list
        return lambda **inputs: encoder(**inputs, output_hidden_states=True).hidden_states[layer]

    def stop(_: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        raise _Reached(arguments[0] if arguments else named["hidden_states"])

    encoder.set_submodule(name, layers[: layer + 1])
    layers[layer].register_forward_pre_hook(stop, with_kwargs=True)

    def read(**inputs: Any) -> torch.Tensor:
        try:
            encoder(**inputs)
        except _Reached as reached:
            return reached.states
        raise AssertionError(f"{type(encoder).__name__} did not run its layer {layer}")

    return read


def _special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the ids of the special tokens that stand before and after a sentence."""
    encoded = tokenizer([["a", "b"]], is_split_into_words=True)
    ids, words = encoded["input_ids"][0], encoded.word_ids(0)
    inside = [place for place, word in enumerate(words) if word is not None]
    if not inside:
        raise XnerError(
            "the model's tokenizer makes no sub-words of 'a b'. Give a model with a working tokenizer.json."
        )
    return ids[: inside[0]], ids[inside[-1] + 1 :]


def _windows(subwords: SubWords, sentences: np.ndarray, room: int) -> _Windows:
    """Cut sentences into windows of at most `room` sub-words."""
    import numpy as np

    lengths = subwords.lengths()[sentences]
    starts = subwords.bounds[sentences]
    rows = np.concatenate([[0], np.cumsum(lengths)])[:-1]
    short = np.flatnonzero((lengths > 0) & (lengths <= room))
    none = np.zeros_like(short)
    parts = [np.stack([starts[short], lengths[short], none, lengths[short], rows[short]])]
    for i in np.flatnonzero(lengths > room):
        size = int(lengths[i])
        heads = np.array([*range(0, size - room, room - min(OVERLAP, room // 2)), size - room])
        # In the overlap the first half is deeper inside the earlier window, the second inside the later one.
        cuts = np.concatenate([[0], (heads[:-1] + room - 1 + heads[1:]) // 2 + 1, [size]])
        full = np.full(len(heads), room)
        parts.append(np.stack([starts[i] + heads, full, cuts[:-1] - heads, np.diff(cuts), rows[i] + cuts[:-1]]))
    return _Windows(*np.concatenate(parts, axis=1))
