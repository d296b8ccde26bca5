"""Requests without any client, for what the client hides."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """Status, headers by name in small letters, and content of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        """The content, read as JSON."""
        return json.loads(self.body)


def ask(
    address: str, method: str = "GET", body: Any = b"", token: str | None = "hf_write", headers: dict | None = None
) -> Answer:
    """Send one request on a connection of its own and return the answer as it is, redirects too.

    Args:
        address: with host and query.
        method: of HTTP.
        body: bytes, or something that is sent as JSON.
        token: of an account; None for nobody.
        headers: further headers.

    Raises:
        OSError, http.client.HTTPException: the connection was closed too early.
    """
    parts = urlsplit(address)
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body or None, headers)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()


def commit(address: str, *operations: tuple[str, dict], token: str | None = "hf_write", **header: str) -> Answer:
    """Send a commit, one operation in a line after the header.

    Args:
        address: of the commits of a repository and branch.
        *operations: key and value of each.
        token: as in `ask`.
        **header: what the header has beside a summary.
    """
    lines = [("header", {"summary": "a commit", "description": "", **header}), *operations]
    body = b"".join(json.dumps({"key": key, "value": value}).encode() + b"\n" for key, value in lines)
    return ask(address, "POST", body, token, {"Content-Type": "application/x-ndjson"})
