"""Loading of checkpoints with the tokenizer that belongs to them."""

from __future__ import annotations

from typing import Any

from xner_hf.corpora.hub import model_source
from xner_hf.errors import XnerError


def load_checkpoint(
    auto_class: Any,
    model: str,
    revision: str | None = None,
    *,
    tokenizer: str | None = None,
    fast: bool = True,
    **options: Any,
) -> tuple[Any, Any]:
    """Return a model in float32 and its tokenizer; only safetensors are read and no remote code is run.

    Args:
        auto_class: the `transformers` Auto class to load with.
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit of the model.
        tokenizer: whose tokenizer is loaded instead of the model's own; as for `model`.
        fast: whether the tokenizer has to be a fast one.
        options: further arguments of ``from_pretrained`` for the model.

    Raises:
        XnerError: the checkpoint cannot be had, is damaged, or comes without a usable tokenizer.
    """
    from safetensors import SafetensorError

    import xner_hf.models  # noqa: F401 - registers the student's type

    source, at = model_source(model, revision)
    loaded_tokenizer = load_tokenizer(tokenizer or model, None if tokenizer else revision, fast)
    try:
        loaded = auto_class.from_pretrained(
            source,
            revision=at or "main",  # where None stands, transformers asks the Hub for no conversion to safetensors
            dtype="float32",
            use_safetensors=True,
            **options,
        )
    except (OSError, ValueError, SafetensorError) as error:
        raise _not_loaded(model, error) from error
    return loaded, loaded_tokenizer


def load_config(model: str, revision: str | None = None) -> Any:
    """Return the configuration of a checkpoint.

    Args:
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit.

    Raises:
        XnerError: it cannot be had.
    """
    from transformers import AutoConfig

    import xner_hf.models  # noqa: F401 - registers the student's type

    source, at = model_source(model, revision)
    try:
        return AutoConfig.from_pretrained(source, revision=at)
    except (OSError, ValueError) as error:
        raise XnerError(
            f"the model {model!r} has no configuration that can be read: {error} Give the Hub id or folder of a "
            "checkpoint of transformers."
        ) from error


_UNFIT = {
    "funnel": "its layers shorten the sentence, so words have no states of their own",
    "xlnet": "its layers keep states in another order, and read text to the left of a word apart",
}


def check_encoder(model: str, revision: str | None = None) -> Any:
    """Return the configuration of an encoder, of a student that of its inner one.

    Raises:
        XnerError: it cannot be had, or its architecture is none that gives each sub-word a state in every layer.
    """
    config = load_config(model, revision)
    config = config.backbone_config if config.model_type == "xner" else config
    if config.model_type in _UNFIT:
        raise XnerError(
            f"the model {model!r} is of type {config.model_type!r}, which cannot be used as an encoder: "
            f"{_UNFIT[config.model_type]}. Give another, such as FacebookAI/xlm-roberta-base."
        )
    return config


def inner_encoder(model: Any) -> Any:
    """Return the encoder of a student, and any other model itself."""
    return model.backbone if model.config.model_type == "xner" else model


def load_tokenizer(model: str, revision: str | None = None, fast: bool = True) -> Any:
    """Return the tokenizer of a checkpoint.

    Args:
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit.
        fast: whether it has to be a fast one.

    Raises:
        XnerError: it cannot be had, has no vocabulary, or is none of the fast ones although it has to be.
    """
    from transformers import AutoTokenizer

    source, revision = model_source(model, revision)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
    except ImportError as error:
        raise XnerError(
            f"the tokenizer of {model!r} needs a package that is not installed: {str(error).strip()} "
            "pip install sentencepiece"
        ) from error
    except (OSError, ValueError, TypeError) as error:  # slow tokenizers raise TypeError where a file is missing
        raise _not_loaded(model, error) from error
    # Without its files a tokenizer silently comes with nothing but its special tokens.
    if (fast and not tokenizer.is_fast) or set(tokenizer.get_vocab()) <= set(tokenizer.all_special_tokens):
        wanted = "fast tokenizer with a vocabulary, which is needed to find its words" if fast else "vocabulary"
        raise XnerError(f"the model {model!r} has no {wanted}. Put its tokenizer.json beside the weights.")
    if fast and _glues_words(tokenizer):
        spaced = AutoTokenizer.from_pretrained(source, revision=revision, add_prefix_space=True)
        if not _glues_words(spaced):
            return spaced
        return _with_prefix(tokenizer)  # it is of a class without that setting
    return tokenizer


def _glues_words(tokenizer: Any) -> bool:
    """Whether given words come out as in the middle of others, since the sign of a space before them is missing.

    That is so by default in byte-level BPE (RoBERTa) and where each space becomes a sign (Gemma).
    """
    given = tokenizer(["a", "a"], is_split_into_words=True, add_special_tokens=False)["input_ids"]
    if tokenizer.backend_tokenizer.decoder is not None:
        return tokenizer.decode(given) == "aa"
    return tokenizer("a a", add_special_tokens=False)["input_ids"] != given


def _with_prefix(tokenizer: Any) -> Any:
    """Return the tokenizer with the sign of a space before every word, or itself where none can be put there.

    It is of the general class, since others make their normalizer anew when they are loaded.
    """
    from tokenizers import Tokenizer
    from tokenizers.normalizers import Prepend, Sequence
    from transformers import PreTrainedTokenizerFast

    own = [tokenizer.backend_tokenizer.normalizer] if tokenizer.backend_tokenizer.normalizer else []
    # First before its own normalizer, which may make the sign of the space; one that strips spaces comes first.
    for steps in ([Prepend(" "), *own], [*own, Prepend(" ")]):
        backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        backend.normalizer = Sequence(steps)
        made = PreTrainedTokenizerFast(
            tokenizer_object=backend,
            model_max_length=tokenizer.model_max_length,
            padding_side=tokenizer.padding_side,
            model_input_names=tokenizer.model_input_names,
            **tokenizer.special_tokens_map,
        )
        if not _glues_words(made):
            return made
    return tokenizer


def _not_loaded(model: str, error: Exception) -> XnerError:
    return XnerError(
        f"the model {model!r} could not be loaded: {error} It must be a checkpoint with a tokenizer and safetensors "
        "weights; give its Hub id or folder."
    )


def longest_input(model: Any, tokenizer: Any) -> int:
    """Return how many sub-words, special tokens included, the encoder takes at once.

    Where neither model nor tokenizer states a limit, as with relative positions (T5), it is that of `LONGEST`.
    """
    from transformers.tokenization_utils_base import VERY_LARGE_INTEGER

    from xner_hf.models.modeling_xner import LONGEST, position_limit

    found = min(tokenizer.model_max_length, position_limit(model))
    return found if found < VERY_LARGE_INTEGER else LONGEST
