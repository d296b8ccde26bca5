"""Discussions and pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import accounts
from .messages import HubError, Reply, Request, Route
from .repos import Commit, Discussion, Repo, now

if TYPE_CHECKING:
    from .state import Hub


def open_discussion(repo: Repo, author: str, title: str, text: str, base: Commit | None, status: str) -> Discussion:
    """Return a new discussion, or with the commit it starts from a pull request, which has no branch yet."""
    discussion = Discussion(len(repo.discussions) + 1, title, author, status, base and base.oid, now())
    repo.discussions[discussion.number] = discussion
    _note(discussion, "comment", author, _comment(author, text))
    return discussion


def note_commit(repo: Repo, revision: str, commit: Commit) -> None:
    """Tell of a commit in its pull request, if the revision is that of one."""
    discussion = repo.discussion_of(revision)
    if discussion:
        _note(discussion, "commit", commit.user, {"subject": commit.title, "oid": commit.oid})


def listing(hub: Hub, request: Request, repo_type: str, repo_id: str) -> Reply:
    """List discussions, by kind, status and author where asked."""
    repo = accounts.visible(hub, request, repo_type, repo_id)
    kind, status, author = (request.query.get(name, [None])[0] for name in ("type", "status", "author"))
    found = [
        _description(repo, one)
        for one in repo.discussions.values()
        if kind in (None, "all", "discussion" if one.base is None else "pull_request")
        and status in (None, "all", "closed" if one.status in ("closed", "merged") else "open")
        and author in (None, one.author)
    ]
    return Reply.of({"discussions": found, "count": len(found), "start": 0})


def create(hub: Hub, request: Request, repo_type: str, repo_id: str) -> Reply:
    """Open a discussion, or a pull request, a draft without commits on top of ``main``."""
    repo = accounts.visible(hub, request, repo_type, repo_id)
    account, wanted = accounts.required(hub, request), request.json()
    if account.role != "write":
        raise HubError(403, "Forbidden: you must use a write token to open a discussion.")
    is_pull = bool(wanted.get("pullRequest"))
    base, status = (repo.resolve("main"), "draft") if is_pull else (None, "open")
    new = open_discussion(repo, account.user, wanted["title"], wanted.get("description", ""), base, status)
    if base:
        repo.pulls[f"refs/pr/{new.number}"] = base.oid
    url = f"{hub.page_url(repo)}/discussions/{new.number}"
    return Reply.of({"num": new.number, "pullRequest": is_pull, "url": url})


def details(hub: Hub, request: Request, repo_type: str, repo_id: str, number: str) -> Reply:
    """Describe one with its events."""
    repo, discussion = _find(hub, request, repo_type, repo_id, number)
    described = _description(repo, discussion)
    if discussion.base:
        described |= {"changes": {"base": "refs/heads/main"}, "filesWithConflicts": [], "diff": ""}
    return Reply.of({**described, "events": discussion.events})


def comment(hub: Hub, request: Request, repo_type: str, repo_id: str, number: str) -> Reply:
    """Add a comment."""
    _, discussion = _find(hub, request, repo_type, repo_id, number)
    author = accounts.required(hub, request).user
    new = _note(discussion, "comment", author, _comment(author, request.json()["comment"]))
    return Reply.of({"newMessage": new})


def change_status(hub: Hub, request: Request, repo_type: str, repo_id: str, number: str) -> Reply:
    """Open or close one."""
    repo, discussion = _find(hub, request, repo_type, repo_id, number)
    accounts.writable(hub, request, repo_type, repo_id, f"refs/pr/{discussion.number}")
    discussion.status = request.json()["status"]
    author = accounts.required(hub, request).user
    return Reply.of({"newStatus": _note(discussion, "status-change", author, {"status": discussion.status})})


def merge(hub: Hub, request: Request, repo_type: str, repo_id: str, number: str) -> Reply:
    """Commit what a pull request changes on top of ``main``, unless ``main`` changed the same files since."""
    repo, discussion = _find(hub, request, repo_type, repo_id, number)
    accounts.writable(hub, request, repo_type, repo_id)
    user = accounts.required(hub, request).user
    if not discussion.base or discussion.status != "open":
        raise HubError(400, f"{discussion.number} is no open pull request but {discussion.status}")
    pull, main = repo.resolve(f"refs/pr/{discussion.number}"), repo.resolve("main")
    base = repo.commits[discussion.base].files
    changed = {path for path in {*pull.files, *base} if pull.files.get(path) != base.get(path)}
    conflicts = [path for path in sorted(changed) if main.files.get(path) != base.get(path)]
    if conflicts:
        raise HubError(409, f"main changed since: {', '.join(conflicts)}")
    files = {path: file for path, file in main.files.items() if path not in changed}
    files |= {path: pull.files[path] for path in changed if path in pull.files}
    repo.move("main", repo.add_commit(main.oid, files, f"{discussion.title} (#{discussion.number})", "", user))
    discussion.status = "merged"
    _note(discussion, "status-change", user, {"status": "merged"})
    return Reply.of({})


def _find(hub: Hub, request: Request, repo_type: str, repo_id: str, number: str) -> tuple[Repo, Discussion]:
    repo = accounts.visible(hub, request, repo_type, repo_id)
    discussion = repo.discussions.get(int(number)) if number.isdigit() else None
    if discussion is None:
        raise HubError(404, f"{repo_id} has no discussion {number}")
    return repo, discussion


def _description(repo: Repo, discussion: Discussion) -> dict[str, Any]:
    return {
        "num": discussion.number,
        "title": discussion.title,
        "author": {"name": discussion.author},
        "createdAt": discussion.created,
        "status": discussion.status,
        "isPullRequest": discussion.base is not None,
        "repo": {"name": repo.id, "type": repo.type},
    }


def _comment(author: str, text: str) -> dict[str, Any]:
    latest = {"raw": text, "updatedAt": now(), "author": {"name": author}}
    return {"latest": latest, "history": [], "hidden": False, "edited": False}


def _note(discussion: Discussion, kind: str, author: str, data: dict[str, Any]) -> dict[str, Any]:
    """Add an event and return it."""
    identity = f"{len(discussion.events):016x}"
    event = {"id": identity, "type": kind, "createdAt": now(), "author": {"name": author}, "data": data}
    discussion.events.append(event)
    return event


ROUTES = [
    Route("GET", "/api/{type}/{repo}/discussions", listing),
    Route("POST", "/api/{type}/{repo}/discussions", create),
    Route("GET", "/api/{type}/{repo}/discussions/{number}", details),
    Route("POST", "/api/{type}/{repo}/discussions/{number}/comment", comment),
    Route("POST", "/api/{type}/{repo}/discussions/{number}/status", change_status),
    Route("POST", "/api/{type}/{repo}/discussions/{number}/merge", merge),
]
