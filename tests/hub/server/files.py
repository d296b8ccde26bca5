"""Downloads: files by revision, ranges, and the redirect of large ones to storage on another host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import accounts
from .messages import HubError, Reply, Request, Route

if TYPE_CHECKING:
    from .state import Hub


def resolve(hub: Hub, request: Request, repo_id: str, revision: str, path: str, repo_type: str = "model") -> Reply:
    """Send a regular file, or the address of a large one with what the client must know of it."""
    repo = accounts.readable(hub, request, repo_type, repo_id)
    commit = repo.resolve(revision)
    file = commit.files.get(path)
    known = {"X-Repo-Commit": commit.oid}
    if file is None:
        raise HubError(404, "Entry not found", "EntryNotFound", known)
    if file.data is not None:
        if request.headers.get("if-none-match") == file.etag:
            return Reply(status=304, headers={"ETag": file.etag, **known})
        return ranged(request, file.data, {"ETag": file.etag, **known})
    location = hub.signed(hub.storage_url, f"/__cdn/{file.sha256}", "GET")
    known |= {"X-Linked-Etag": file.etag, "X-Linked-Size": str(file.size), "Location": location}
    xet_name = hub.storage.xet_names.get(file.sha256)
    if xet_name:
        refresh = f"{hub.url}/api/{repo_type}s/{repo_id}/xet-read-token/{commit.oid}"
        known |= {"X-Xet-Hash": xet_name, "X-Xet-Refresh-Route": refresh, "Link": f'<{refresh}>; rel="xet-auth"'}
    return Reply(status=302, headers=known)


def download(hub: Hub, request: Request, sha256: str) -> Reply:
    """Send a large file to whoever comes by a signed address."""
    hub.check_signature(request)
    return ranged(request, hub.storage.objects[sha256], {"ETag": f'"{sha256}"'})


def ranged(request: Request, data: bytes, headers: dict[str, str]) -> Reply:
    """Return the part of a content that the Range header asks for, or all of it.

    Raises:
        HubError: 416, the content ends before that part.
    """
    headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", **headers}
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    if not found or found[0] == "bytes=-":
        return Reply(data, headers=headers)
    first, last = found[1], found[2]
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(int(last), len(data) - 1) if first and last else len(data) - 1
    if start > end:
        raise HubError(416, "the content ends before that range", headers={"Content-Range": f"bytes */{len(data)}"})
    return Reply(data[start : end + 1], 206, {**headers, "Content-Range": f"bytes {start}-{end}/{len(data)}"})


ROUTES = [
    Route("GET|HEAD", "/{prefix}{repo}/resolve/{revision}/{path}", resolve),
    Route("GET|HEAD", "/__cdn/{sha256}", download),
]
