"""Checkpoints of models on the Hub: at which commit, with which weights, and how much is yet to be downloaded."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from xner_hf.corpora.asking import ask_hub
from xner_hf.errors import XnerError

_LOADED = ["*.json", "*.safetensors", "*.model", "*.txt"]
"""What `transformers` reads of a checkpoint: configuration, weights, tokenizer."""

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_PROPOSALS = 10  # pull requests that are looked into for weights, the newest first


@lru_cache(maxsize=64)
def commit_of(model: str, revision: str | None) -> str:
    """Return the commit that a branch, tag or pull request (``refs/pr/N``) of a model stands for now.

    Without a network it is that of the copy in the cache.

    Raises:
        NotAvailable: the Hub does not have it, or cannot be asked and the cache has no copy.
        HubFault: the Hub, or the way to it, fails.
    """
    from huggingface_hub import snapshot_download

    def asked() -> str:
        return Path(snapshot_download(model, revision=revision, allow_patterns=["config.json"])).name

    at = f" at {revision}" if revision else ""
    remedy = f"Without a network give its folder, or set XNER_MIRROR to a folder that holds models/{model}."
    return ask_hub(f"the model {model!r}{at}", asked, remedy)


def check_weights(model: str, commit: str) -> None:
    """Check that a checkpoint has its weights as safetensors; nothing is downloaded, nor checked without a network.

    Raises:
        XnerError: it has not; the message names the pull requests of the model that have them.
    """
    files = _files(model, commit)
    if files is None or any(one.filename in _WEIGHTS for one in files):
        return
    found = _proposals(model)
    if found is None:
        remedy = "The Hub cannot be asked which of its revisions have them."
    elif found:
        remedy = (
            f"These revisions have them: {', '.join(found)}. Name one as its revision: tagger.revision={found[0]}, "
            "translator.revision or aligner.revision after --set, revision= in Python."
        )
    else:
        remedy = "None of its pull requests has them. Convert it: https://huggingface.co/spaces/safetensors/convert"
    raise XnerError(
        f"the model {model!r} has no weights as safetensors at the commit {commit[:12]}, and no others are loaded. "
        f"{remedy}"
    )


def missing_bytes(model: str, commit: str) -> int | None:
    """Return how many bytes of a checkpoint are not in the cache yet; None where the Hub cannot be asked."""
    files = _files(model, commit)
    return None if files is None else sum(one.file_size or 0 for one in files if one.will_download)


def _files(model: str, commit: str) -> list[Any] | None:
    """Return what is known of the files that would be loaded; None where the Hub cannot be asked."""
    from huggingface_hub import snapshot_download

    try:  # folders hold copies in other formats
        return snapshot_download(model, revision=commit, allow_patterns=_LOADED, ignore_patterns=["*/*"], dry_run=True)
    except OSError:  # no network, or the Hub does not answer: loading says why
        return None


def _proposals(model: str) -> list[str] | None:
    """Return the pull requests that add safetensors and have them, the newest first; None without an answer."""
    import httpx2
    from huggingface_hub import HfApi

    try:
        pulls = [
            one
            for one in HfApi().get_repo_discussions(model, discussion_type="pull_request")
            if "safetensors" in one.title.casefold()
        ]
        pulls = sorted(pulls, key=lambda one: one.num, reverse=True)[:_PROPOSALS]
        refs = [one.git_reference for one in pulls]
        return [ref for ref in refs if set(HfApi().list_repo_files(model, revision=ref)) & set(_WEIGHTS)]
    except (OSError, httpx2.TransportError):
        return None
