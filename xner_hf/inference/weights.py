"""What may be read as the weights of a checkpoint, and whether what was read is whole.

A checkpoint is a folder or a repository of strangers. Its weights are safetensors that lie in it: nothing that is
unpickled, and nothing that the digest of the model would not see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError

_INDEX = "model.safetensors.index.json"
_PLAIN = re.compile(r"[^/\\]+\.safetensors")


def check_config(config: Any, model: str) -> None:
    """Check that a configuration names neither weights nor code elsewhere, its parts' included.

    What it says of code beside the weights is removed, so that no model asks for it when it builds its parts.

    Raises:
        XnerError: it names a file of weights, or an implementation that is downloaded.
    """
    for one in _parts(config):
        if named := getattr(one, "transformers_weights", None):
            raise XnerError(
                f"the configuration of the model {model!r} names its weights itself (transformers_weights: {named!r})."
                " Call them model.safetensors and remove that key."
            )
        for key in ("attn_implementation", "experts_implementation"):
            if "/" in str(getattr(one, f"_{key}", None)):
                raise XnerError(
                    f"the configuration of the model {model!r} wants code from the Hub to be run ({key}: "
                    f"{getattr(one, f'_{key}')!r}), which is never done. Remove that key."
                )
        if one.model_type != "xner":  # a student's class is this package's own, and writes this key
            vars(one).pop("auto_map", None)


def _parts(config: Any) -> Iterator[Any]:
    yield config
    for name in config.sub_configs:
        if (part := getattr(config, name, None)) is not None:
            yield from _parts(part)


def check_files(source: str, revision: str | None, model: str) -> None:
    """Check the files of weights before any of them is read.

    Args:
        source: folder or Hub id.
        revision: Hub branch, tag or commit.
        model: what the model is called in messages.

    Raises:
        XnerError: the index cannot be read or names anything but safetensors files beside it, such a file is missing
            or is a link out of the folder, or the folder holds an adapter, which is a part of another model.
    """
    folder = Path(source)
    names = _index(source, revision, model)
    if not folder.is_dir():
        return
    if (folder / "adapter_config.json").is_file():
        raise XnerError(
            f"the model {model!r} holds an adapter (adapter_config.json), whose other weights lie elsewhere. Merge it "
            "into its model and give that."
        )
    inside = folder.resolve()
    for path in sorted({*(folder / name for name in names), *folder.glob("*.safetensors")}):
        target = path.resolve()
        # The Hub's cache keeps content in blobs/ beside snapshots/, to which the names in a snapshot are links.
        cached = inside.parent.name == "snapshots" and target.parent == inside.parent.parent / "blobs"
        if not target.is_file():
            raise XnerError(f"the model {model!r} lacks the file {path.name} of its weights. Give a complete copy.")
        if target.parent != inside and not cached:
            raise XnerError(
                f"the file {path.name} of the model {model!r} is a link out of its folder, to {target}. Put the file "
                "itself there."
            )


def _index(source: str, revision: str | None, model: str) -> list[str]:
    """Return the names of the files that the index of the weights names, none where there is no index."""
    from transformers.utils import cached_file

    if Path(source).is_dir():
        path = Path(source) / _INDEX
        path = path if path.is_file() else None
    else:
        path = cached_file(
            source,
            _INDEX,
            revision=revision,
            # Whether the model can be had at all is found out by its configuration.
            _raise_exceptions_for_gated_repo=False,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
        )
    if path is None:
        return []
    try:
        names = list(dict.fromkeys(json.loads(Path(path).read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise XnerError(
            f"the file {_INDEX} of the model {model!r} is not an index of weights ({error!r}). Save the model again."
        ) from error
    for name in names:
        if not isinstance(name, str) or not _PLAIN.fullmatch(name):
            raise XnerError(
                f"the file {_INDEX} of the model {model!r} names {name!r}. Only safetensors files beside it are read: "
                "save the model again with save_pretrained."
            )
    return names


def check_loaded(loaded: Any, report: dict[str, Any], model: str, encoder: bool) -> None:
    """Check that every weight of a model came from its files and is a number.

    Args:
        loaded: the model.
        report: its ``output_loading_info``.
        model: what the model is called in messages.
        encoder: whether only its encoder is used; what only a pooler or a decoder has may be missing then.

    Raises:
        XnerError: weights are missing, of another shape, or not finite.
    """
    import torch

    wrong = sorted(map(str, [*report["mismatched_keys"], *report["error_msgs"]]))
    if wrong:
        raise XnerError(f"the weights of the model {model!r} do not fit its configuration: {_some(wrong)}.")
    missing = set(report["missing_keys"])
    if encoder and missing:
        part = loaded.get_encoder() if loaded.config.is_encoder_decoder else loaded
        used = {id(weights) for weights in part.state_dict(keep_vars=True).values()}
        named = loaded.state_dict(keep_vars=True)
        missing = {name for name in missing if id(named.get(name)) in used and "pooler" not in name}
    if missing:
        raise XnerError(
            f"the model {model!r} lacks weights{' of its encoder' if encoder else ''} ({_some(sorted(missing))}), so "
            "what it says would be random. Give a complete checkpoint that was trained for this."
        )
    broken = [
        name
        for name, weights in loaded.state_dict().items()
        if weights.is_floating_point() and not torch.isfinite(weights).all()
    ]
    if broken:
        raise XnerError(
            f"the model {model!r} has weights that are not finite ({_some(broken)}), so its output is meaningless. "
            "The file is damaged or training failed: use another copy."
        )


def check_vocabulary(tokenizer: Any, loaded: Any, model: str, owner: str) -> None:
    """Check that a model has an embedding for every sub-word of a tokenizer, but for the mask, which no text has.

    Args:
        tokenizer: the tokenizer.
        loaded: the model.
        model: what the model is called in messages.
        owner: what the tokenizer belongs to.

    Raises:
        XnerError: it has not.
    """
    entries = loaded.get_input_embeddings().weight.shape[0]
    highest = max(number for token, number in tokenizer.get_vocab().items() if token != tokenizer.mask_token)
    if highest >= entries:
        raise XnerError(
            f"the tokenizer of {owner!r} has sub-words up to number {highest}, but the model {model!r} only {entries}."
            " Put the tokenizer beside it that it was trained with; a translator's is named in translator.tokenizer."
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f", {len(names)} in all" if len(names) > 3 else "")
