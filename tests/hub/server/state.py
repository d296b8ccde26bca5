"""The state of a server, and what tests ask of it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from .accounts import TOKENS, Account
from .faults import Fault
from .log import Record
from .messages import HubError, Request
from .repos import Commit, File, Repo


@dataclass
class Storage:
    """Contents of large files.

    Attributes:
        objects: content by SHA-256, however it was uploaded.
        parts: of unfinished uploads, by SHA-256 and number.
        xorbs: blocks of compressed chunks by name.
        reconstructions: by name of a file in Xet, its terms (see `server.xet`).
        xet_names: name in Xet by SHA-256 of the files that were uploaded there.
        xet_tokens: what a token of the storage allows, ``read`` or ``write``.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[tuple[str, int], bytes] = field(default_factory=dict)
    xorbs: dict[str, bytes] = field(default_factory=dict)
    reconstructions: dict[str, list] = field(default_factory=dict)
    xet_names: dict[str, str] = field(default_factory=dict)
    xet_tokens: dict[str, str] = field(default_factory=dict)


class Hub:
    """All that a server knows.

    Args:
        url: address of the server, without slash at the end.

    Attributes:
        tokens: accounts by token; tests may add some.
        repos: by type and id.
        moved: new id by type and former id.
        faults: what is to go wrong; tests append to it.
        log: what was asked, oldest first.
        failures: tracebacks of errors of the server itself; a test with one proves nothing.
    """

    def __init__(self, url: str):
        self.url = url
        # Another host name: a client must not send its token there.
        self.storage_url = url.replace("127.0.0.1", "localhost")
        self.tokens: dict[str, Account] = dict(TOKENS)
        self.repos: dict[tuple[str, str], Repo] = {}
        self.moved: dict[tuple[str, str], str] = {}
        self.faults: list[Fault] = []
        self.log: list[Record] = []
        self.failures: list[str] = []
        self._key = secrets.token_bytes(32)
        self.forget()

    def forget(self) -> None:
        """Forget all repositories and what was uploaded, as if the server were new; `log` and `faults` stay."""
        self.repos.clear()
        self.moved.clear()
        self.storage = Storage()
        # hf_xet keeps what it uploaded by address, and ports come back: no two servers have the same address.
        self.xet_url = f"{self.url}/__xet/{secrets.token_hex(8)}/cas"

    def repo(self, repo_type: str, repo_id: str) -> Repo:
        """Return a repository.

        Raises:
            HubError: there is none; also raised by the three below.
        """
        repo = self.repos.get((repo_type, repo_id))
        if repo is None:
            raise HubError(404, f"there is no {repo_type} {repo_id} on {self.url}", "RepoNotFound")
        return repo

    def head(self, repo_type: str, repo_id: str, revision: str = "main") -> str:
        """Return the id of the commit that a branch, tag or pull request shows."""
        return self.repo(repo_type, repo_id).resolve(revision).oid

    def files(self, repo_type: str, repo_id: str, revision: str = "main") -> dict[str, bytes]:
        """Return the contents of all files of a revision by path."""
        commit = self.repo(repo_type, repo_id).resolve(revision)
        return {path: self.content(file) for path, file in commit.files.items()}

    def commits(self, repo_type: str, repo_id: str, revision: str = "main") -> list[Commit]:
        """Return the commits up to a revision, newest first."""
        repo = self.repo(repo_type, repo_id)
        return list(repo.history(repo.resolve(revision)))

    def content(self, file: File) -> bytes:
        """Return what is in a file."""
        return self.storage.objects[file.sha256] if file.data is None else file.data

    def find(self, repo_type: str, repo_id: str) -> Repo | None:
        """Return a repository by its id in any spelling, or by the one it had."""
        key = (repo_type, self.moved.get((repo_type, repo_id), repo_id))
        same = (repo for repo in self.repos.values() if (repo.type, repo.id.lower()) == (repo_type, key[1].lower()))
        return self.repos.get(key) or next(same, None)

    def page_url(self, repo: Repo) -> str:
        """Return the address of a repository for people."""
        return f"{self.url}/{'' if repo.type == 'model' else repo.type + 's/'}{repo.id}"

    def signature(self, text: str) -> str:
        """Return what only this server can compute of a text."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def signed(self, base: str, path: str, method: str) -> str:
        """Return an address that opens `path` for one method without any token."""
        return f"{base}{path}?Signature={self.signature(f'{method} {path}')}"

    def check_signature(self, request: Request) -> None:
        """Raise an error, as storage does, unless the request came by a signed address and with nothing else.

        Raises:
            HubError: 400, it carries a token too; 403, it is not signed.
        """
        if "authorization" in request.headers:
            raise HubError(400, "Only one auth mechanism allowed; only the signature or the Authorization header")
        given = parse_qs(request.query_string).get("Signature", [""])[0]
        # What may be read may be asked about.
        method = "GET" if request.method == "HEAD" else request.method
        if not hmac.compare_digest(given, self.signature(f"{method} {request.path}")):
            raise HubError(403, "the address is not signed for this")
