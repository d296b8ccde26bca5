"""Repositories as a whole: made, found, described, moved, deleted, closed and opened to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import accounts
from .messages import HubError, Reply, Request, Route
from .repos import Commit, Repo, card_metadata

if TYPE_CHECKING:
    from .state import Hub


def create(hub: Hub, request: Request) -> Reply:
    """Make a repository."""
    account, wanted = accounts.required(hub, request), request.json()
    owner, kind = wanted.get("organization") or account.user, wanted.get("type") or "model"
    if account.role != "write" or not account.belongs_to(owner):
        raise HubError(403, f'You don\'t have the rights to create a {kind} under the namespace "{owner}"')
    repo_id = f"{owner}/{wanted['name']}"
    there = hub.repos.get((kind, repo_id))
    if there:
        # The client reads the address from the refusal when it was told that the repository may exist.
        message = f"You already created this {kind} repo: {repo_id}"
        answer = {"error": message, "url": hub.page_url(there), "name": repo_id, "id": repo_id}
        return Reply.of(answer, 409, {"X-Error-Message": message})
    repo = Repo(kind, repo_id, wanted.get("visibility") == "private", account.user)
    hub.repos[kind, repo_id] = repo
    hub.moved.pop((kind, repo_id), None)
    return Reply.of({"url": hub.page_url(repo), "name": repo_id, "id": repo_id})


def delete(hub: Hub, request: Request) -> Reply:
    """Delete a repository."""
    wanted = request.json()
    owner = wanted.get("organization") or accounts.required(hub, request).user
    repo = accounts.writable(hub, request, wanted.get("type") or "model", f"{owner}/{wanted['name']}")
    del hub.repos[repo.type, repo.id]
    return Reply()


def move(hub: Hub, request: Request) -> Reply:
    """Give a repository another name; the former one leads to it from then on."""
    wanted = request.json()
    repo = accounts.writable(hub, request, wanted.get("type") or "model", wanted["fromRepo"])
    new = wanted["toRepo"]
    if not accounts.required(hub, request).belongs_to(new.split("/")[0]):
        raise HubError(403, f"Forbidden: you may not move a repository to {new}")
    if (repo.type, new) in hub.repos:
        raise HubError(409, f"A repository called {new} already exists")
    hub.moved[repo.type, repo.id] = new
    hub.repos[repo.type, new] = hub.repos.pop((repo.type, repo.id))
    repo.id = new
    return Reply.of({})


def settings(hub: Hub, request: Request, repo_type: str, repo_id: str) -> Reply:
    """Change who sees a repository, and whether its files need access that was granted."""
    repo = accounts.writable(hub, request, repo_type, repo_id)
    wanted = request.json()
    if "visibility" in wanted:
        repo.private = wanted["visibility"] == "private"
    repo.gated = wanted.get("gated", repo.gated)
    return Reply.of({"private": repo.private, "gated": repo.gated})


def grant(hub: Hub, request: Request, repo_type: str, repo_id: str) -> Reply:
    """Let a user read the files of a gated repository."""
    repo = accounts.writable(hub, request, repo_type, repo_id)
    user = request.json().get("user")
    if not repo.gated:
        raise HubError(400, f"{repo_id} is not gated")
    if user in repo.granted:
        raise HubError(400, f"{user} has access already")
    if user not in {account.user for account in hub.tokens.values()}:
        raise HubError(404, f"there is no user {user}")
    repo.granted.add(user)
    return Reply.of({})


def auth_check(hub: Hub, request: Request, repo_type: str, repo_id: str) -> Reply:
    """Say whether the asker may read the files."""
    accounts.readable(hub, request, repo_type, repo_id)
    return Reply.of({})


def info(hub: Hub, request: Request, repo_type: str, repo_id: str, revision: str = "main") -> Reply:
    """Describe a repository at a revision."""
    repo = accounts.visible(hub, request, repo_type, repo_id)
    return Reply.of(_description(repo, repo.resolve(revision), request.flag("blobs")))


def search(hub: Hub, request: Request, repo_type: str) -> Reply:
    """List the repositories of an author, or all, as far as the asker may see them."""
    account = accounts.account_of(hub, request)
    author = request.query.get("author", [None])[0]
    found = [
        _description(repo, repo.resolve("main"), False)
        for repo in hub.repos.values()
        if repo.type == repo_type
        and author in (None, repo.owner)
        and (not repo.private or account and account.belongs_to(repo.owner))
    ]
    return Reply.of(found)


def _description(repo: Repo, commit: Commit, blobs: bool) -> dict[str, Any]:
    siblings = []
    for path, file in sorted(commit.files.items()):
        sibling: dict[str, Any] = {"rfilename": path}
        if blobs:
            sibling |= {"size": file.size, "blobId": file.oid}
            if file.sha256:
                sibling["lfs"] = {"sha256": file.sha256, "size": file.size, "pointerSize": 134}
        siblings.append(sibling)
    card = card_metadata(commit.files)
    of_models = {key: card[key] for key in ("pipeline_tag", "library_name") if key in card and repo.type == "model"}
    return {
        "_id": repo.id,
        "id": repo.id,
        "author": repo.owner,
        "sha": commit.oid,
        "lastModified": commit.date,
        "createdAt": repo.created,
        "private": repo.private,
        "gated": repo.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": card.get("tags") or [],
        "cardData": card,
        "siblings": siblings,
        "usedStorage": sum(file.size for file in commit.files.values()),
        **of_models,
    }


ROUTES = [
    Route("POST", "/api/repos/create", create),
    Route("DELETE", "/api/repos/delete", delete),
    Route("POST", "/api/repos/move", move),
    Route("GET", "/api/{type}", search),
    Route("GET", "/api/{type}/{repo}", info),
    Route("GET", "/api/{type}/{repo}/revision/{revision}", info),
    Route("PUT", "/api/{type}/{repo}/settings", settings),
    Route("POST", "/api/{type}/{repo}/user-access-request/grant", grant),
    Route("GET", "/api/{type}/{repo}/auth-check", auth_check),
]
