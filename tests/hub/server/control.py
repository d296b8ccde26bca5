"""What tests ask of a server that runs in another process. None of it is logged, or hit by faults."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from .faults import Fault
from .messages import HubError, Reply, Request, Route

if TYPE_CHECKING:
    from .state import Hub

PREFIX = "/__test__/"


def log(hub: Hub, request: Request) -> Reply:
    """Return the log as a list of objects (see `server.log.Record`)."""
    return Reply.of([asdict(record) for record in hub.log])


def set_faults(hub: Hub, request: Request) -> Reply:
    """Replace the faults by those of the body, a list of objects with the arguments of `server.faults.Fault`."""
    try:
        hub.faults[:] = [Fault(**settings) for settings in request.json()]
    except (TypeError, ValueError) as error:
        raise HubError(400, str(error)) from error
    return Reply.of({})


ROUTES = [Route("GET", f"{PREFIX}log", log), Route("PUT", f"{PREFIX}faults", set_faults)]
