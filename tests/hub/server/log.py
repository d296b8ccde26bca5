"""The log of requests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """A request and how it was answered. No token is ever in it.

    Attributes:
        method: HTTP method.
        path: as sent, without query.
        query: what follows the question mark; signatures are left out.
        status: of the answer; None where the connection was closed without one.
        received: bytes of the request's body that were read.
        sent: bytes of the answer's body.
        user_agent: the User-Agent header.
        range: the Range header.
        token: whether the request had an Authorization header.
        fault: kind of the fault that hit it; empty for none.
    """

    method: str
    path: str
    query: str
    status: int | None
    received: int
    sent: int
    user_agent: str
    range: str
    token: bool
    fault: str
