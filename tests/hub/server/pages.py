"""Long lists, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from .messages import Reply, Request

if TYPE_CHECKING:
    from .state import Hub


def page(hub: Hub, request: Request, entries: list[Any], size: int) -> Reply:
    """Return the part of a list that is asked for, with the address of the next part in the Link header.

    Args:
        hub: where the list is.
        request: ``limit`` and ``cursor`` in its query say which part.
        entries: the whole list.
        size: greatest length of a part; ``limit`` can only lower it.
    """
    query = request.query
    size = min(size, int(query.get("limit", [size])[0]))
    start = int(query.get("cursor", [0])[0])
    headers = {}
    if start + size < len(entries):
        following = urlencode({**query, "cursor": [start + size]}, doseq=True)
        headers["Link"] = f'<{hub.url}{request.path}?{following}>; rel="next"'
    return Reply.of(entries[start : start + size], headers=headers)
