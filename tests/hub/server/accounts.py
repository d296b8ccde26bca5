"""Who asks: tokens with their roles, users, organisations, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .messages import HubError, Reply, Request, Route

if TYPE_CHECKING:
    from .repos import Repo
    from .state import Hub


@dataclass(frozen=True)
class Account:
    """What stands behind a token.

    Attributes:
        user: name of the user, who is also a namespace of repositories.
        role: ``read`` or ``write``.
        organisations: whose repositories the user may read, and write with that role.
    """

    user: str
    role: str
    organisations: tuple[str, ...] = ()

    def belongs_to(self, namespace: str) -> bool:
        """Return whether the repositories of `namespace` are the user's own."""
        return namespace in (self.user, *self.organisations)


TOKENS = {
    "hf_write": Account("alice", "write", ("xner",)),
    "hf_read": Account("alice", "read", ("xner",)),
    "hf_other": Account("mallory", "write"),
    "hf_granted": Account("bob", "write"),
}
"""The accounts of a fresh server by token."""


def account_of(hub: Hub, request: Request) -> Account | None:
    """Return who asks; None for nobody.

    Raises:
        HubError: 401, nobody has that token. The client tells this text from that of a hidden repository.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    account = hub.tokens.get(header.removeprefix("Bearer "))
    if account is None:
        raise HubError(401, "Invalid credentials in Authorization header")
    return account


def required(hub: Hub, request: Request) -> Account:
    """Return who asks, or raise 401 for nobody."""
    account = account_of(hub, request)
    if account is None:
        raise HubError(401, "Invalid username or password.")
    return account


def visible(hub: Hub, request: Request, repo_type: str, repo_id: str) -> Repo:
    """Return a repository that the asker may see.

    Raises:
        HubError: 404 (401 for nobody): there is none, or it is private, which is not told apart; 307: it has another
            name by now, or is written differently.
    """
    account = account_of(hub, request)
    repo = hub.find(repo_type, repo_id)
    if repo is None or repo.private and not (account and account.belongs_to(repo.owner)):
        raise HubError(404 if account else 401, "Repository not found", "RepoNotFound")
    if repo.id != repo_id:
        query = f"?{request.query_string}" if request.query_string else ""
        location = request.path.replace(repo_id, repo.id, 1) + query
        raise HubError(307, f"it is called {repo.id}", headers={"Location": location})
    return repo


def readable(hub: Hub, request: Request, repo_type: str, repo_id: str) -> Repo:
    """Return a repository whose files the asker may read.

    Raises:
        HubError: as `visible`; 403 (401 for nobody): it is gated and access was not granted.
    """
    repo = visible(hub, request, repo_type, repo_id)
    account = account_of(hub, request)
    if repo.gated and not (account and (account.belongs_to(repo.owner) or account.user in repo.granted)):
        message = f"Access to {repo_type} {repo_id} is restricted. You must have access to it and be authenticated."
        raise HubError(403 if account else 401, message, "GatedRepo")
    return repo


def writable(hub: Hub, request: Request, repo_type: str, repo_id: str, revision: str | None = None) -> Repo:
    """Return a repository that the asker may write, to open a pull request (``create_pr=1``) or at a revision.

    Everybody with a token of the role ``write`` may open a pull request and add to it.

    Raises:
        HubError: as `visible`; 401: nobody asks; 403: not with that token.
    """
    repo = visible(hub, request, repo_type, repo_id)
    account = required(hub, request)
    if account.role != "write":
        raise HubError(403, "Forbidden: you must use a write token to upload to a repository.")
    pull = repo.discussion_of(revision)
    if not (account.belongs_to(repo.owner) or request.flag("create_pr") or pull and pull.author == account.user):
        raise HubError(403, f"Forbidden: {account.user} may not write to {repo_id}; it takes pull requests.")
    return repo


def whoami(hub: Hub, request: Request) -> Reply:
    """Who the token belongs to."""
    account = required(hub, request)
    return Reply.of(
        {
            "type": "user",
            "id": account.user,
            "name": account.user,
            "fullname": account.user.capitalize(),
            "orgs": [{"type": "org", "id": name, "name": name, "fullname": name} for name in account.organisations],
            "auth": {"type": "access_token", "accessToken": {"displayName": "test", "role": account.role}},
        }
    )


ROUTES = [Route("GET", "/api/whoami-v2", whoami)]
