"""What comes in and goes out: requests, answers, errors, and the routes between them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote


@dataclass
class Request:
    """A request with its whole body.

    Attributes:
        method: in capitals.
        path: as it was sent, with percent signs and without query.
        query_string: what follows the question mark.
        headers: by name in small letters.
        body: the content.
    """

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def query(self) -> dict[str, list[str]]:
        """The values of the query by name."""
        return parse_qs(self.query_string, keep_blank_values=True)

    def flag(self, name: str) -> bool:
        """Return whether the query says yes to `name`; the client writes 1, true and True."""
        return self.query.get(name, [""])[0].lower() in ("1", "true")

    def json(self) -> Any:
        """Return the body, an object in JSON.

        Raises:
            HubError: 400, it is none.
        """
        try:
            value = json.loads(self.body or b"{}")
        except ValueError as error:
            raise HubError(400, f"the body is not JSON: {error}") from error
        if not isinstance(value, dict | list):
            raise HubError(400, "the body is no object in JSON")
        return value


@dataclass
class Reply:
    """An answer.

    Attributes:
        body: the content; a HEAD request is told its length, not the content.
        status: HTTP status.
        headers: by name.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
        """Return an answer in JSON; dates in it, which YAML has and JSON has not, become text."""
        body = json.dumps(value, default=str).encode()
        return cls(body, status, {"Content-Type": "application/json", **(headers or {})})


class HubError(Exception):
    """An answer that refuses.

    Args:
        status: HTTP status.
        message: what is wrong; the client shows it to its user.
        code: name of the kind of error, by which the client chooses its exception.
        headers: further headers.
    """

    def __init__(self, status: int, message: str, code: str | None = None, headers: dict[str, str] | None = None):
        super().__init__(f"{status}: {message}")
        self.status, self.message, self.code, self.headers = status, message, code, headers or {}

    def reply(self) -> Reply:
        """Return the answer, with the message in a header too, as a HEAD request has no body."""
        headers = {"X-Error-Message": " ".join(self.message.split()), **self.headers}
        if self.code:
            headers["X-Error-Code"] = self.code
        return Reply.of({"error": self.message}, self.status, headers)


@dataclass(frozen=True)
class Route:
    """A handler and the requests it answers.

    Args:
        methods: separated by ``|``.
        template: path with ``{type}`` (``models``, ``datasets`` or ``spaces``), ``{prefix}`` (the same before the
            addresses of pages: nothing for a model), ``{repo}`` (owner and name), ``{path}`` (anything, with slashes)
            or any other name (anything without slash) in it.
        handler: called with the hub, the request, and what stands in the braces, unquoted, by name.
    """

    methods: str
    template: str
    handler: Callable[..., Reply]
    pattern: re.Pattern[str] = field(init=False)

    _PIECES = {
        "{type}": "(?P<repo_type>model|dataset|space)s",
        "{prefix}": "(?:(?P<repo_type>dataset|space)s/)?",
        "{repo}": "(?P<repo_id>[^/]+/[^/]+)",
        "{path}": "(?P<path>.+)",
    }

    def __post_init__(self) -> None:
        parts = re.split(r"(\{\w+\})", self.template)
        pieces = (self._PIECES.get(part) or self._piece(part) for part in parts)
        object.__setattr__(self, "pattern", re.compile("".join(pieces)))

    @staticmethod
    def _piece(part: str) -> str:
        return f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)

    def match(self, request: Request) -> dict[str, str] | None:
        """Return the arguments of the handler, or None where the request is another's."""
        if request.method not in self.methods.split("|"):
            return None
        found = self.pattern.fullmatch(request.path)
        return found and {name: unquote(value) for name, value in found.groupdict().items() if value is not None}
