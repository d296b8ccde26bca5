"""Loading of encoder checkpoints with the tokenizer that belongs to them."""

from __future__ import annotations

from typing import Any

from xner_hf.corpora.hub import model_source
from xner_hf.errors import XnerError


def load_checkpoint(auto_class: Any, model: str, revision: str | None = None, **options: Any) -> tuple[Any, Any]:
    """Return a model in float32 and its fast tokenizer; only safetensors are read and no remote code is run.

    Args:
        auto_class: the `transformers` Auto class to load with.
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit.
        options: further arguments of ``from_pretrained`` for the model.

    Raises:
        XnerError: the checkpoint cannot be had, is damaged, or comes without a usable fast tokenizer.
    """
    from safetensors import SafetensorError
    from transformers import AutoTokenizer

    source, revision = model_source(model, revision)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
        loaded = auto_class.from_pretrained(
            source, revision=revision, dtype="float32", use_safetensors=True, **options
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise XnerError(
            f"the model {model!r} could not be loaded: {error} It must be a checkpoint with a tokenizer and "
            "safetensors weights; give its Hub id or folder."
        ) from error
    # Without its files a tokenizer silently comes with nothing but its special tokens.
    if not tokenizer.is_fast or set(tokenizer.get_vocab()) <= set(tokenizer.all_special_tokens):
        raise XnerError(
            f"the model {model!r} has no fast tokenizer with a vocabulary, which is needed to find its words. Put its "
            "tokenizer.json beside the weights."
        )
    return loaded, tokenizer


def longest_input(model: Any, tokenizer: Any) -> int:
    """Return how many sub-words, special tokens included, the encoder takes at once.

    RoBERTa and its family keep their first positions for padding, so that 514 positions take 512 sub-words.
    """
    limits = [tokenizer.model_max_length]
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and hasattr(module, "num_embeddings"):
            reserved = 0 if module.padding_idx is None else module.padding_idx + 1
            limits.append(module.num_embeddings - reserved)
    return min(*limits, getattr(model.config, "max_position_embeddings", limits[0]))
