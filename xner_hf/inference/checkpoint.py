"""The one gate through which every checkpoint is loaded: configuration, tokenizer, weights.

No code of a checkpoint is run, and no pickle is read. `xner_hf.inference.weights` says what is wrong with its weights.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from xner_hf.corpora.hub import model_source
from xner_hf.corpora.hub_models import check_weights
from xner_hf.errors import XnerError
from xner_hf.inference.weights import check_config, check_files, check_loaded, check_vocabulary


def load_checkpoint(
    auto_class: Any, model: str, revision: str | None = None, *, tokenizer: str | None = None, fast: bool = True
) -> tuple[Any, Any]:
    """Return a model in float32 and its tokenizer.

    With `AutoModel`, which this package loads encoders with, weights that only a pooler or a decoder has may be
    missing; with every other class none.

    Args:
        auto_class: the `transformers` Auto class to load with.
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit of the model.
        tokenizer: whose tokenizer is loaded instead of the model's own; as for `model`.
        fast: whether the tokenizer has to be a fast one.

    Raises:
        XnerError: the checkpoint is not available, is damaged, lacks weights, has some that are not numbers, wants
            code of its own to be run, or comes without a tokenizer that fits it.
    """
    from transformers import AutoModel

    config = load_config(model, revision)
    source, at = model_source(model, revision)
    if at:
        check_weights(source, at)
    check_files(source, at, model)
    loaded_tokenizer = load_tokenizer(tokenizer or model, None if tokenizer else revision, fast)
    with _reading(model), _quiet():  # what transformers reports of the weights is looked at below
        loaded, report = auto_class.from_pretrained(
            source,
            config=config,
            revision=at or "main",  # where None stands, transformers asks the Hub for no conversion to safetensors
            dtype="float32",
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    check_loaded(loaded, report, model, encoder=auto_class is AutoModel)
    check_vocabulary(loaded_tokenizer, loaded, model, tokenizer or model)
    return loaded, loaded_tokenizer


def load_config(model: str, revision: str | None = None) -> Any:
    """Return the configuration of a checkpoint.

    Args:
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit.

    Raises:
        XnerError: it is not available, is of no type that `transformers` knows, or names code or weights from
            elsewhere.
    """
    from transformers import AutoConfig

    import xner_hf.models  # noqa: F401 - registers the student's type

    source, at = model_source(model, revision)
    with _reading(model, "it has no configuration that can be read: "):
        config = AutoConfig.from_pretrained(source, revision=at, trust_remote_code=False)
    check_config(config, model)
    return config


_UNFIT = {
    "funnel": "its layers shorten the sentence, so words have no states of their own",
    "xlnet": "its layers keep states in another order, and read text to the left of a word apart",
}


def check_encoder(model: str, revision: str | None = None) -> Any:
    """Return the configuration of an encoder, of a student that of its inner one.

    Raises:
        XnerError: it is not available, or its architecture does not give each sub-word a state in every layer.
    """
    config = load_config(model, revision)
    config = config.backbone_config if config.model_type == "xner" else config
    if config.model_type in _UNFIT:
        raise XnerError(
            f"the model {model!r} is of type {config.model_type!r}, which cannot be used as an encoder: "
            f"{_UNFIT[config.model_type]}. Use another, such as FacebookAI/xlm-roberta-base."
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
        XnerError: it is not available, has no vocabulary, or is slow where a fast tokenizer is required.
    """
    source, revision = model_source(model, revision)
    tokenizer = _tokenizer(model, source, revision)
    # Without its files a tokenizer silently comes with nothing but its special tokens.
    if (fast and not tokenizer.is_fast) or set(tokenizer.get_vocab()) <= set(tokenizer.all_special_tokens):
        wanted = "fast tokenizer with a vocabulary, which is needed to find its words" if fast else "vocabulary"
        raise XnerError(f"the model {model!r} has no {wanted}. Put its tokenizer.json beside the weights.")
    if fast and _glues_words(tokenizer):
        spaced = _tokenizer(model, source, revision, add_prefix_space=True)
        return _with_prefix(tokenizer) if _glues_words(spaced) else spaced  # of a class without that setting
    return tokenizer


def _tokenizer(model: str, source: str, revision: str | None, **options: Any) -> Any:
    from transformers import AutoTokenizer

    with _reading(model, "its tokenizer cannot be read: "):
        tokenizer = AutoTokenizer.from_pretrained(source, revision=revision, trust_remote_code=False, **options)
        return _numbered(tokenizer) if type(tokenizer).__name__ == "NllbTokenizer" else tokenizer


def _numbered(tokenizer: Any) -> Any:
    """Return an NLLB tokenizer with the numbers that its models were trained with: pieces, language codes, mask.

    From a SentencePiece model without tokenizer.json transformers 5 makes one with the mask before the codes, or with
    no codes at all, by which a model translates into another language.
    """
    import json

    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    vocabulary = tokenizer.get_vocab()
    codes = [vocabulary[code] for code in FAIRSEQ_LANGUAGE_CODES if code in vocabulary]
    if getattr(tokenizer, "vocab_file", None) is None or (codes and tokenizer.mask_token_id > min(codes)):
        return tokenizer
    backend = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    pieces = backend["vocab"]
    for token in (*FAIRSEQ_LANGUAGE_CODES, tokenizer.mask_token):
        pieces[token] = len(pieces)
    made = type(tokenizer)(
        vocab=pieces,
        merges=[tuple(merge) for merge in backend["merges"]],
        src_lang=tokenizer.src_lang,
        model_max_length=tokenizer.model_max_length,
    )
    made.backend_tokenizer.normalizer = tokenizer.backend_tokenizer.normalizer
    return made


@contextlib.contextmanager
def _reading(model: str, what: str = "") -> Iterator[None]:
    """Turn whatever a reader raises over the files of a checkpoint into an `XnerError` that says what to give instead.

    It may be anything: the readers look at each value where they need it, and `tokenizers` raises plain `Exception`.
    """
    try:
        yield
    except XnerError:
        raise
    except ImportError as error:
        raise XnerError(
            f"the model {model!r} needs a package that is not installed: {_one_line(error)} For a tokenizer without "
            "tokenizer.json: pip install sentencepiece protobuf"
        ) from error
    except Exception as error:
        if "trust_remote_code" in str(error):
            raise XnerError(
                f"the model {model!r} has its own code (auto_map in its configuration), and code of "
                "checkpoints is never run here. Use a model of a type that transformers has."
            ) from error
        raise XnerError(
            f"the model {model!r} could not be loaded: {what}{_one_line(error)} It must be a checkpoint with a "
            "tokenizer and safetensors weights; give its Hub id or folder."
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:600] or type(error).__name__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep `transformers` from reporting weights that a model does not use, such as another head's."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)


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

    It is of the general class, since others rebuild their normalizer when they are loaded.
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


def longest_input(model: Any, tokenizer: Any) -> int:
    """Return how many sub-words, special tokens included, the encoder takes at once.

    Where neither model nor tokenizer states a limit, as with relative positions (T5), it is that of `LONGEST`.
    """
    from transformers.tokenization_utils_base import VERY_LARGE_INTEGER

    from xner_hf.models.modeling_xner import LONGEST, position_limit

    found = min(tokenizer.model_max_length, position_limit(model))
    return found if found < VERY_LARGE_INTEGER else LONGEST
