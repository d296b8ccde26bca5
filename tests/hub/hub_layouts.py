"""Repositories laid out on the test server as the real Hub has them; every byte in their files is our own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from server import Hub
from server.repos import LARGE_FILES, Commit, Discussion, File, Repo, now

CONVERTED = "refs/convert/parquet"


def put(
    hub: Hub, repo_type: str, repo_id: str, files: Mapping[str, bytes], revision: str = "main", oid: str | None = None
) -> Commit:
    """Make a repository, if it is not there, and let a revision of it show exactly these files.

    Args:
        hub: the state of a server.
        repo_type: ``model`` or ``dataset``.
        repo_id: ``owner/name``.
        files: content by path.
        revision: a branch, also of the Hub's own (``refs/convert/parquet``), or a pull request (``refs/pr/N``).
        oid: id of the commit; by default it follows from the content.
    """
    repo = hub.repos.setdefault((repo_type, repo_id), Repo(repo_type, repo_id, False, "alice"))
    main = repo.branches["main"]
    commit = repo.add_commit(
        main, {path: _file(hub, path, data) for path, data in files.items()}, "x", "", "alice", oid
    )
    if revision.startswith("refs/pr/"):
        number, title = int(revision.rpartition("/")[2]), "Adding `safetensors` variant of this model"
        repo.discussions[number] = Discussion(number, title, "bot", "open", main, now())
        repo.pulls[revision] = commit.oid
    else:
        repo.branches[revision] = commit.oid
    return commit


def _file(hub: Hub, path: str, data: bytes) -> File:
    if not any(fnmatchcase(path.rpartition("/")[2], pattern) for pattern in LARGE_FILES):
        return File.regular(data)
    sha256 = hashlib.sha256(data).hexdigest()
    hub.storage.objects[sha256] = data
    return File.large(sha256, len(data))


def put_script(hub: Hub, corpus: str, folder: Path) -> None:
    """Lay out a data set whose repository is a loading script, with the Parquet copy that the Hub made of it.

    Args:
        hub: the state of a server.
        corpus: ``owner/name``.
        folder: the same data set in a mirror, Parquet files as ``config/split-00000-of-00001.parquet``.
    """
    script = b"raise RuntimeError('nobody may run this')\n"
    put(
        hub,
        "dataset",
        corpus,
        {"README.md": b"---\nlicense: cc-by-nc-4.0\n---\n", f"{corpus.split('/')[1]}.py": script},
    )
    converted = {
        f"{path.parent.name}/{path.name.partition('-00000')[0]}/0000.parquet": path.read_bytes()
        for path in sorted(folder.glob("*/*.parquet"))
    }
    put(hub, "dataset", corpus, converted, CONVERTED)


def bert_of_2020(folder: Path) -> dict[str, bytes]:
    """Return the files of a tagger as ``dslim/bert-base-NER`` has them: ``vocab.txt`` and no ``tokenizer.json``.

    Args:
        folder: a BERT tagger of today, as ``save_pretrained`` writes it.
    """
    vocabulary = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    words = sorted(vocabulary, key=vocabulary.get)
    special = {name: f"[{name[:-6].upper()}]" for name in ("unk_token", "sep_token", "pad_token", "cls_token")}
    return {
        "README.md": b"---\nlanguage: en\nlicense: mit\n---\n",
        "config.json": (folder / "config.json").read_bytes(),
        "vocab.txt": "".join(f"{word}\n" for word in words).encode(),
        "tokenizer_config.json": b'{"do_lower_case": false, "max_len": 512, "init_inputs": []}',
        "special_tokens_map.json": json.dumps(special).encode(),
        "added_tokens.json": b"{}",
        "model.safetensors": (folder / "model.safetensors").read_bytes(),
        "pytorch_model.bin": b"no pickle is read",
        "tf_model.h5": b"nor this",
        "flax_model.msgpack": b"nor that",
        "onnx/model.onnx": b"nor those",
        "onnx/tokenizer.json": b"{}",
    }


def pickled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a model with a pickle in place of the safetensors, as main branches of old models are."""
    kept = {name: data for name, data in files.items() if not name.startswith("model.safetensors")}
    return {**kept, "pytorch_model.bin": b"no pickle is read"}
