"""The server: from a connection to a handler and back, and the thread in which that happens."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from . import accounts, admin, commits, control, discussions, files, lfs, refs, tree, validate, xet
from .faults import Dropped, Fault, due_fault
from .log import Record
from .messages import HubError, Reply, Request
from .state import Hub

MODULES = (control, accounts, admin, commits, discussions, files, lfs, refs, tree, validate, xet)
ROUTES = [route for module in MODULES for route in module.ROUTES]

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Connection(H11Protocol):
    """uvicorn's connection, which shows its transport to the application, for faults that close it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the transport."""
        super().connection_made(transport)
        application = self.app

        async def with_transport(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            await application({**scope, "extensions": {"transport": transport}}, receive, send)

        self.app = with_transport


class Exchange:
    """A request and its answer.

    Args:
        hub: what they are about.
        scope: as ASGI describes the request.
        receive: gives its body.
        send: takes the answer.
    """

    def __init__(self, hub: Hub, scope: dict[str, Any], receive: Receive, send: Send):
        self.hub, self.scope, self.receive, self.send = hub, scope, receive, send
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["raw_path"].decode().split("?")[0]
        self.request = Request(scope["method"], path, scope["query_string"].decode(), headers)
        self.is_control = path.startswith(control.PREFIX)
        self.fault: Fault | None = None if self.is_control else due_fault(hub.faults, self.request)
        self.received = 0

    async def run(self) -> None:
        """Read the request, answer it, and write it down."""
        try:
            complete = await self._read()
            if not complete and not (self.fault and self.fault.cuts_request):
                return  # the client has gone
            reply = await self.fault.before(self.request) if self.fault else None
            reply = reply or self._handle()
            if self.fault:
                reply = await self.fault.afterwards(reply, self.request.method == "HEAD")
        except Dropped as dropped:
            await self._close(dropped.half)
            return
        body = b"" if self.request.method == "HEAD" else reply.body
        self._note(reply.status, len(body))
        await self._start(reply)
        await self.send({"type": "http.response.body", "body": body})

    async def _read(self) -> bool:
        """Read the body, or half of it where it is to be cut; return whether it is whole."""
        length = int(self.request.headers.get("content-length", 0))
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                return False
            self.request.body += message.get("body", b"")
            self.received = len(self.request.body)
            if self.fault and self.fault.cuts_request and self.received * 2 >= length:
                return False
            if not message.get("more_body"):
                return True

    def _handle(self) -> Reply:
        for route in ROUTES:
            arguments = route.match(self.request)
            if arguments is not None:
                try:
                    return route.handler(self.hub, self.request, **arguments)
                except HubError as error:
                    return error.reply()
                except Exception as error:
                    self.hub.failures.append(traceback.format_exc())
                    print(self.hub.failures[-1], file=sys.stderr, flush=True)
                    return HubError(500, f"the test server failed: {error!r}").reply()
        if re.match(r"/api/(models|datasets|spaces)/[^/]+(/|$)|/([^/]+/){1,3}resolve/", self.request.path):
            # A name without owner, as only the oldest models of the Hub have.
            return HubError(404, "Repository not found", "RepoNotFound").reply()
        return HubError(404, f"no answer to {self.request.method} {self.request.path}").reply()

    async def _start(self, reply: Reply) -> None:
        headers = {"X-Request-Id": f"test-{len(self.hub.log)}", **reply.headers}
        if reply.status not in (204, 304):
            headers["Content-Length"] = str(len(reply.body))
        raw = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": reply.status, "headers": raw})

    async def _close(self, half: Reply | None) -> None:
        """Close the connection, after half of an answer if there is one."""
        sent = half.body[: len(half.body) // 2] if half else b""
        self._note(half.status if half else None, len(sent))
        if half:
            await self._start(half)
            await self.send({"type": "http.response.body", "body": sent, "more_body": True})
        self.scope["extensions"]["transport"].close()
        # Until the connection is known to be closed, uvicorn would answer in place of an application that is done.
        while (await self.receive())["type"] != "http.disconnect":
            pass

    def _note(self, status: int | None, sent: int) -> None:
        if self.is_control:
            return
        request = self.request
        self.hub.log.append(
            Record(
                method=request.method,
                path=request.path,
                query=re.sub(r"(Signature=)[^&]*", r"\1", request.query_string),
                status=status,
                received=self.received,
                sent=sent,
                user_agent=request.headers.get("user-agent", ""),
                range=request.headers.get("range", ""),
                token="authorization" in request.headers,
                fault=self.fault.kind if self.fault else "",
            )
        )


class Server:
    """A running server.

    Attributes:
        url: its address, for HF_ENDPOINT.
        hub: what is on it.
        log: what was asked, oldest first.
        faults: what is to go wrong; append to it.
    """

    def __init__(self, port: int):
        # uvicorn switches off the delay of small packets only where the protocol is named.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.hub = hub = Hub(self.url)
        self.log, self.faults = hub.log, hub.faults

        async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            await Exchange(hub, scope, receive, send).run()

        config = uvicorn.Config(
            application,
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError(f"the test server did not start on {self.url}")
            time.sleep(0.005)

    def stop(self) -> None:
        """Close all connections and end the thread; a second time does nothing."""
        self._server.should_exit = True
        self._thread.join()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(port: int = 0) -> Server:
    """Return a server that answers already, in a thread of its own.

    Args:
        port: of 127.0.0.1; 0 for any that is free.

    Raises:
        OSError: the port is taken.
    """
    return Server(port)
