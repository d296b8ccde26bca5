"""What a publication consists of: the files that a commit must hold, given what the repository holds already."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from xner_hf.publish.remote import Head, Remote

EXPORT = "export.json"
MANIFEST = "manifest.json"
_FORMAT = "xner-hf/1"
"""Of a model: the files that we wrote, with their SHA-256."""


class Publication(Protocol):
    """A folder on its way to a repository.

    Attributes:
        kind: ``dataset`` or ``model``.
        title: names it in a commit message.
    """

    kind: str
    title: str

    def files(self, remote: Remote, head: Head) -> dict[str, Path | bytes]:
        """Return every file that the new commit must hold, by its path in the repository."""

    def written_before(self, remote: Remote, head: Head) -> dict[str, str]:
        """Return the files of an earlier publication of the same thing, with the SHA-256 that they had."""


class DatasetPublication:
    """Configurations of a data set, as `export_builds` leaves them in a folder.

    The card is rendered for all configurations that the repository will then have: those of the folder, and those that
    others published before, whose ``export.json`` is read from the head.
    """

    kind = "dataset"

    def __init__(self, folder: Path, exports: Mapping[str, Mapping[str, Any]]):
        self.folder, self.exports = folder, exports
        self.title = ", ".join(sorted(exports))

    def files(self, remote: Remote, head: Head) -> dict[str, Path | bytes]:
        from xner_hf.publish.dataset_card import dataset_card
        from xner_hf.publish.merge import merge_cards

        found: dict[str, Path | bytes] = {}
        for config, export in self.exports.items():
            names = [*export["sha256"], f"{config}/{EXPORT}"]
            found |= {name: self.folder / name for name in names}
        found |= {
            path.relative_to(self.folder).as_posix(): path for path in sorted((self.folder / "scripts").glob("*.py"))
        }
        others = {
            config: export
            for config in _configs(head)
            if config not in self.exports and (export := _export(remote, head, config))
        }
        card = dataset_card(remote.repo, {**others, **self.exports})
        found["README.md"] = merge_cards(_readme(remote, head), card).encode()
        return found

    def written_before(self, remote: Remote, head: Head) -> dict[str, str]:
        found: dict[str, str] = {}
        for config in self.exports:
            if export := _export(remote, head, config):
                found |= {name: digest for name, digest in export["sha256"].items() if _inside(name, config)}
        return found


class ModelPublication:
    """A trained student in its folder.

    Args:
        folder: the student.
        names: its files but the card.
        licence_override: ``licence`` and ``reason``, for the card.
    """

    kind = "model"

    def __init__(self, folder: Path, names: list[str], licence_override: Mapping[str, str] | None = None):
        self.folder, self.names, self.licence_override = folder, names, licence_override
        self.title = folder.resolve().name

    def files(self, remote: Remote, head: Head) -> dict[str, Path | bytes]:
        from xner_hf.publish.merge import merge_cards
        from xner_hf.publish.model_card import model_card
        from xner_hf.publish.remote import sha256

        found: dict[str, Path | bytes] = {name: self.folder / name for name in self.names}
        card = merge_cards(_readme(remote, head), model_card(self.folder, remote.repo, self.licence_override))
        digests = {name: sha256(content) for name, content in sorted(found.items())}
        found[MANIFEST] = (json.dumps({"format": _FORMAT, "sha256": digests}, indent=2) + "\n").encode()
        found["README.md"] = card.encode()
        return found

    def written_before(self, remote: Remote, head: Head) -> dict[str, str]:
        manifest = _json(remote, head, MANIFEST)
        if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
            return {}  # somebody else's file of that name
        digests = manifest.get("sha256")
        return digests if isinstance(digests, dict) else {}


def _readme(remote: Remote, head: Head) -> str | None:
    return remote.read("README.md", head).decode("utf-8") if "README.md" in head.files else None


def _configs(head: Head) -> list[str]:
    parts = (PurePosixPath(path).parts for path in head.files)
    return sorted(one[0] for one in parts if len(one) == 2 and one[1] == EXPORT)


def _export(remote: Remote, head: Head, config: str) -> dict[str, Any] | None:
    """Return the export.json of a configuration on the Hub; None where it is not one of ours."""
    found = _json(remote, head, f"{config}/{EXPORT}")
    ours = isinstance(found, dict) and found.get("format") == 1 and found.get("config") == config
    return found if ours and isinstance(found.get("sha256"), dict) else None


def _json(remote: Remote, head: Head, path: str) -> Any:
    if path not in head.files:
        return None
    content = remote.read(path, head)
    try:
        return json.loads(content)
    except ValueError:
        return None  # somebody else's file of that name


def _inside(name: str, config: str) -> bool:
    path = PurePosixPath(name)
    return path.parts[:1] == (config,) and ".." not in path.parts
