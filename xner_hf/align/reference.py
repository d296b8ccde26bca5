"""simalign itself, one pair at a time: the reference that the batched aligner is measured against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xner_hf.align.aligner import Link, Text
from xner_hf.errors import XnerError
from xner_hf.inference.checkpoint import check_encoder, inner_encoder, load_checkpoint, longest_input
from xner_hf.registry import MODEL, MODEL_PACKAGES, Input, Method, register
from xner_hf.settings import setting

_METHODS = {"argmax": ("a", "inter"), "itermax": ("i", "itermax"), "mwmf": ("m", "mwmf")}
_LEVELS = {"subword": "bpe", "word": "word"}


@register("aligner", "simalign")
@dataclass(frozen=True)
class SimAlignConfig(Method):
    """Runs the package simalign, one pair at a time; the reference for `encoder`."""

    citations = ("jalili-sabet-etal-2020",)
    packages = (*MODEL_PACKAGES, "simalign")

    model: str = setting(..., "encoder: Hub id, folder, or name in the mirror")
    revision: str | None = setting(None, "Hub branch, tag or commit of the model")
    layer: int = setting(8, "hidden state to compare, 0 being the embeddings", within="[0, inf)")
    level: str = setting("subword", "units to compare; a word is the mean of its sub-words", choices=_LEVELS)
    extraction: str = setting("itermax", "how links are taken from the similarities", choices=_METHODS)

    def __post_init__(self) -> None:
        if not self.model:
            raise XnerError("aligner.model is empty; give a Hub id or the folder of an encoder.")
        super().__post_init__()

    def inputs(self) -> Iterator[Input]:
        yield Input(MODEL, self.model, revision=self.revision)

    def make(self, text: Text, folder: Path) -> SimAlignAligner:
        return SimAlignAligner(self)


class SimAlignAligner:
    """Links words with the package simalign (Jalili Sabet et al. 2020), in float32.

    Words of which the tokenizer makes nothing are kept from simalign, which fails on them, and have no links. simalign
    gives no probabilities: every link has the score 1.

    Args:
        config: the settings.
        device: torch device; the GPU when there is one.

    Raises:
        XnerError: the model is not available, is not an encoder, has no such layer, or simalign misreads its
            tokenizer.
    """

    def __init__(self, config: SimAlignConfig, device: str | None = None):
        import torch
        from simalign.simalign import EmbeddingLoader, SentenceAligner
        from transformers import AutoModel

        check_encoder(config.model, config.revision)
        loaded, self._tokenizer = load_checkpoint(AutoModel, config.model, config.revision)
        model = inner_encoder(loaded)
        model.config.output_hidden_states = True
        if model.config.is_encoder_decoder:
            raise XnerError(
                f"simalign cannot read {config.model!r}, a sequence-to-sequence model; use the encoder aligner."
            )
        if config.layer > model.config.num_hidden_layers:
            raise XnerError(
                f"the model {config.model!r} has {model.config.num_hidden_layers} layers, so there is no layer "
                f"{config.layer}."
            )
        words = self._tokenizer([["a", "b"]], is_split_into_words=True).word_ids(0)
        if words[0] is not None or words[1] is None or self._tokenizer.padding_side != "right":
            raise XnerError(
                f"simalign expects one special token before each sentence, which the tokenizer of {config.model!r} "
                "does not set; use the encoder aligner."
            )
        self.config = config
        self._limit = longest_input(model, self._tokenizer)
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        # Its own constructors would also unpickle weights, and would compute in half precision where those are.
        loader = EmbeddingLoader.__new__(EmbeddingLoader)
        loader.model, loader.layer, loader.device = config.model, config.layer, torch.device(device)
        loader.emb_model, loader.tokenizer = model.to(device).eval(), self._tokenizer
        self._aligner: Any = SentenceAligner.__new__(SentenceAligner)
        self._aligner.token_type, self._aligner.distortion = _LEVELS[config.level], 0.0
        self._aligner.matching_methods = [_METHODS[config.extraction][1]]
        self._aligner.embed_loader = loader

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[Link]]:
        """Return the links of each pair, in the order of the pairs, each list sorted by source and target word.

        Raises:
            XnerError: a sentence is longer than the encoder takes; simalign would silently cut it.
        """
        links: list[list[Link]] = []
        for index, (source, target) in enumerate(zip(sources, targets, strict=True)):
            left, right = self._usable(source, index, "source"), self._usable(target, index, "target")
            if not left or not right:
                links.append([])
                continue
            found = self._aligner.get_word_aligns([source[i] for i in left], [target[j] for j in right])
            pairs = found[self._aligner.matching_methods[0]]
            links.append([Link(left[i], right[j], 1.0) for i, j in pairs])
        return links

    def _usable(self, words: Sequence[str], index: int, side: str) -> list[int]:
        """Return which words have sub-words, after checking that simalign would not cut the sentence."""
        if not words:
            return []
        encoded = self._tokenizer([list(words)], is_split_into_words=True, truncation=False, verbose=False)
        if len(encoded["input_ids"][0]) > self._limit:
            raise XnerError(
                f"pair {index}: the {side} has {len(encoded['input_ids'][0])} sub-words, of which simalign would drop "
                f"those beyond {self._limit}. Split the sentence, or use the encoder aligner."
            )
        sizes = [0] * len(words)
        for word in encoded.word_ids(0):
            if word is not None:
                sizes[word] += 1
        return [number for number, size in enumerate(sizes) if size]
