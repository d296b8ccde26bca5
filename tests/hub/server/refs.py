"""Branches, tags, and the history of commits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import accounts
from .messages import HubError, Reply, Request, Route
from .pages import page

if TYPE_CHECKING:
    from .state import Hub

PAGE = 50
"""Commits in an answer."""

CONVERSION = "refs/convert/"
"""How the names of branches begin that the Hub makes of others."""


def refs(hub: Hub, request: Request, repo_type: str, repo_id: str) -> Reply:
    """List branches, tags, conversions (``refs/convert/...``) and pull requests."""
    repo = accounts.visible(hub, request, repo_type, repo_id)
    converts = {name: oid for name, oid in repo.branches.items() if name.startswith(CONVERSION)}
    branches = {name: oid for name, oid in repo.branches.items() if name not in converts}
    answer = {
        "branches": [_ref(f"refs/heads/{name}", name, oid) for name, oid in branches.items()],
        "converts": [_ref(name, name.removeprefix(CONVERSION), oid) for name, oid in converts.items()],
        "tags": [_ref(f"refs/tags/{name}", name, oid) for name, oid in repo.tags.items()],
    }
    if request.flag("include_prs"):
        answer["pullRequests"] = [_ref(name, name, oid) for name, oid in repo.pulls.items()]
    return Reply.of(answer)


def _ref(ref: str, name: str, oid: str) -> dict[str, str]:
    return {"name": name, "ref": ref, "targetCommit": oid}


def create_branch(hub: Hub, request: Request, repo_type: str, repo_id: str, name: str) -> Reply:
    """Make a branch from a revision; ``refs/convert/parquet`` is made the same way."""
    repo = accounts.writable(hub, request, repo_type, repo_id)
    if name in repo.branches:
        raise HubError(409, f"Reference refs/heads/{name} already exists")
    repo.branches[name] = repo.resolve(request.json().get("startingPoint") or "main").oid
    return Reply.of({})


def delete_branch(hub: Hub, request: Request, repo_type: str, repo_id: str, name: str) -> Reply:
    """Delete a branch other than ``main``."""
    repo = accounts.writable(hub, request, repo_type, repo_id)
    if name not in repo.branches:
        raise HubError(404, f"Invalid rev id: {name}", "RevisionNotFound")
    if name == "main":
        raise HubError(403, "Cannot delete refs/heads/main")
    del repo.branches[name]
    return Reply()


def create_tag(hub: Hub, request: Request, repo_type: str, repo_id: str, name: str) -> Reply:
    """Give a revision, which the address names, a tag, which the body names."""
    repo = accounts.writable(hub, request, repo_type, repo_id)
    commit, tag = repo.resolve(name), request.json()["tag"]
    if not re.fullmatch(r"[\w./+-]+", tag):
        raise HubError(400, f"Invalid tag name: {tag}")
    if tag in repo.tags:
        raise HubError(409, f"Tag reference {tag} exists already")
    repo.tags[tag] = commit.oid
    return Reply.of({})


def delete_tag(hub: Hub, request: Request, repo_type: str, repo_id: str, name: str) -> Reply:
    """Delete a tag."""
    repo = accounts.writable(hub, request, repo_type, repo_id)
    if repo.tags.pop(name, None) is None:
        raise HubError(404, f"Invalid rev id: {name}", "RevisionNotFound")
    return Reply()


def history(hub: Hub, request: Request, repo_type: str, repo_id: str, revision: str) -> Reply:
    """List the commits up to a revision, newest first."""
    repo = accounts.visible(hub, request, repo_type, repo_id)
    commits = []
    for commit in repo.history(repo.resolve(revision)):
        message = {"title": commit.title, "message": commit.description}
        formatted = {"formatted": message} if "formatted" in request.query.get("expand[]", []) else {}
        commits.append(
            {"id": commit.oid, "date": commit.date, "authors": [{"user": commit.user}], **message, **formatted}
        )
    return page(hub, request, commits, PAGE)


ROUTES = [
    Route("GET", "/api/{type}/{repo}/refs", refs),
    Route("POST", "/api/{type}/{repo}/branch/{name}", create_branch),
    Route("DELETE", "/api/{type}/{repo}/branch/{name}", delete_branch),
    Route("POST", "/api/{type}/{repo}/tag/{name}", create_tag),
    Route("DELETE", "/api/{type}/{repo}/tag/{name}", delete_tag),
    Route("GET", "/api/{type}/{repo}/commits/{revision}", history),
]
