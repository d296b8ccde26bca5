"""Faults that the server commits on demand."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .messages import HubError, Reply, Request

KINDS = ("drop", "delay", "status", "cut", "corrupt")


@dataclass
class Fault:
    """What is to go wrong, and at which requests.

    Without `after`, it happens before the request has any effect: ``drop`` closes the connection, ``delay`` waits,
    ``status`` refuses, ``cut`` closes the connection when half of the request's body has arrived, ``corrupt`` changes
    a bit in the middle of the request's body. With `after`, the effect has taken place: ``drop`` and ``status`` lose
    the answer, ``delay`` holds it back, ``cut`` closes the connection in the middle of the answer's body, ``corrupt``
    changes a bit of it. A body without a middle is not cut: the connection is closed without any of it.

    Args:
        kind: one of those.
        path: regular expression searched in the path as it was sent (``/commit/main``); empty for all.
        method: regular expression for the whole method (``PUT|POST``); empty for all.
        nth: the first of the matching requests that is hit, counted from 1 since the fault was set.
        times: how many matching requests in a row are hit.
        after: whether the request takes effect first.
        status: HTTP status of ``status``.
        headers: headers of that answer, such as ``Retry-After``.
        seconds: how long ``delay`` waits.

    Raises:
        ValueError: the kind is none of those, or a count is not positive.
    """

    kind: str
    path: str = ""
    method: str = ""
    nth: int = 1
    times: int = 1
    after: bool = False
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    matched: int = field(default=0, init=False)
    """How many requests have matched."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called {self.kind!r}; there are {', '.join(KINDS)}")
        if self.nth < 1 or self.times < 1:
            raise ValueError(f"nth and times count from 1, not {self.nth} and {self.times}")

    @property
    def hits(self) -> int:
        """How many requests it has hit."""
        return min(max(self.matched - self.nth + 1, 0), self.times)

    def due(self, request: Request) -> bool:
        """Count the request, and return whether it is to be hit."""
        if self.method and not re.fullmatch(self.method, request.method) or not re.search(self.path, request.path):
            return False
        self.matched += 1
        return self.nth <= self.matched < self.nth + self.times

    @property
    def cuts_request(self) -> bool:
        """Whether only half of the request's body is read."""
        return self.kind == "cut" and not self.after

    async def before(self, request: Request) -> Reply | None:
        """Do what is to happen before the effect; return the answer that replaces it.

        Raises:
            Dropped: the connection is to be closed.
        """
        if self.after:
            return None
        if self.kind in ("drop", "cut"):
            raise Dropped(None)
        if self.kind == "corrupt":
            request.body = _corrupt(request.body)
        return await self._answer("before")

    async def afterwards(self, reply: Reply, is_head: bool) -> Reply:
        """Return what becomes of the answer.

        Raises:
            Dropped: the connection is to be closed.
        """
        if not self.after:
            return reply
        if self.kind == "drop":
            raise Dropped(None)
        if self.kind == "cut":
            raise Dropped(reply if reply.body and not is_head else None)
        if self.kind == "corrupt":
            return replace(reply, body=_corrupt(reply.body))
        return await self._answer("after") or reply

    async def _answer(self, when: str) -> Reply | None:
        if self.kind == "delay":
            await asyncio.sleep(self.seconds)
        if self.kind == "status":
            return HubError(self.status, f"fault on demand {when} the effect", headers=self.headers).reply()
        return None


class Dropped(Exception):
    """The connection is to be closed, after half of an answer or (None) without any."""

    def __init__(self, half: Reply | None):
        super().__init__()
        self.half = half


def due_fault(faults: Iterable[Fault], request: Request) -> Fault | None:
    """Return the first fault that is to hit the request; all of them count it."""
    return next((fault for fault in [fault for fault in faults if fault.due(request)]), None)


def _corrupt(body: bytes) -> bytes:
    if not body:
        return body
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
