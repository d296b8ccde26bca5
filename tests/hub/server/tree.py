"""Listings of files and folders."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from . import accounts
from .messages import HubError, Reply, Request, Route
from .pages import page
from .repos import Commit, Repo

if TYPE_CHECKING:
    from .state import Hub

PAGE, EXPANDED_PAGE = 1000, 50
"""Entries in an answer, without and with their last commits."""


def tree(hub: Hub, request: Request, repo_type: str, repo_id: str, revision: str, path: str = "") -> Reply:
    """List a folder, or with ``recursive`` all below it; ``expand`` adds the last commits."""
    repo = accounts.visible(hub, request, repo_type, repo_id)
    commit, prefix = repo.resolve(revision), f"{path}/" if path else ""
    recursive, expand = request.flag("recursive"), request.flag("expand")
    inside = [name for name in sorted(commit.files) if name.startswith(prefix)]
    if path and not inside:
        raise HubError(404, f'{path} does not exist on "{revision}"', "EntryNotFound")
    folders, files = {}, []
    for name in inside:
        *above, _ = name.removeprefix(prefix).split("/")
        shown = above if recursive else above[:1]
        for depth in range(1, len(shown) + 1):
            folder = prefix + "/".join(shown[:depth])
            folders.setdefault(folder, _folder(commit, folder))
        if recursive or not above:
            files.append(_file(hub, repo, commit, name, expand))
    return page(hub, request, [*folders.values(), *files], EXPANDED_PAGE if expand else PAGE)


def paths_info(hub: Hub, request: Request, repo_type: str, repo_id: str, revision: str) -> Reply:
    """Describe the given paths; those that do not exist are left out."""
    repo = accounts.visible(hub, request, repo_type, repo_id)
    commit = repo.resolve(revision)
    if request.headers.get("content-type", "").startswith("application/json"):
        paths, expand = request.json().get("paths", []), request.json().get("expand") is True
    else:
        form = parse_qs(request.body.decode())
        paths, expand = form.get("paths", []), form.get("expand", [""])[0].lower() == "true"
    answer = []
    for path in paths:
        if path in commit.files:
            answer.append(_file(hub, repo, commit, path, expand))
        elif any(name.startswith(path.rstrip("/") + "/") for name in commit.files):
            answer.append(_folder(commit, path.rstrip("/")))
    return Reply.of(answer)


def _folder(commit: Commit, path: str) -> dict[str, Any]:
    content = sorted((name, file.oid) for name, file in commit.files.items() if name.startswith(path + "/"))
    return {"type": "directory", "oid": hashlib.sha1(repr(content).encode()).hexdigest(), "size": 0, "path": path}


def _file(hub: Hub, repo: Repo, commit: Commit, path: str, expand: bool) -> dict[str, Any]:
    file = commit.files[path]
    entry: dict[str, Any] = {"type": "file", "oid": file.oid, "size": file.size, "path": path}
    if file.sha256:
        entry["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": 134}
        if file.sha256 in hub.storage.xet_names:
            entry["xetHash"] = hub.storage.xet_names[file.sha256]
    if expand:
        last = repo.last_change(path, commit)
        entry["lastCommit"] = {"id": last.oid, "title": last.title, "date": last.date}
    return entry


ROUTES = [
    Route("GET", "/api/{type}/{repo}/tree/{revision}", tree),
    Route("GET", "/api/{type}/{repo}/tree/{revision}/{path}", tree),
    Route("POST", "/api/{type}/{repo}/paths-info/{revision}", paths_info),
]
