"""Uploads of large files by Git LFS, in one piece or in parts.

The addresses to upload to are signed, as those of a storage service are, and take no token.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from . import accounts
from .messages import HubError, Reply, Request, Route

if TYPE_CHECKING:
    from .state import Hub

PART_SIZE = 512 << 10
"""Bytes of a part; larger files are uploaded in parts. Small, so that the files of a test have some."""


def batch(hub: Hub, request: Request, repo_id: str, repo_type: str = "model") -> Reply:
    """Say where to upload each object, or nothing of those that are here already.

    Whoever may see a repository may upload with the role ``write``: the request does not say whether it is for a pull
    request. Without a commit, which is checked, an object is nowhere to be seen.
    """
    accounts.visible(hub, request, repo_type, repo_id)
    if accounts.required(hub, request).role != "write":
        raise HubError(403, "Forbidden: you must use a write token to upload to a repository.")
    asked = request.json()
    if asked.get("operation") != "upload":
        raise HubError(400, f"this server knows no operation {asked.get('operation')!r} but upload")
    in_parts = "multipart" in asked.get("transfers", [])
    objects = [_instructions(hub, one, in_parts) for one in asked["objects"]]
    multipart = any("header" in one.get("actions", {}).get("upload", {}) for one in objects)
    return Reply.of({"transfer": "multipart" if multipart else "basic", "objects": objects})


def _instructions(hub: Hub, wanted: dict[str, Any], in_parts: bool) -> dict[str, Any]:
    sha256, size = wanted["oid"], wanted["size"]
    described = {"oid": sha256, "size": size}
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        return described | {"error": {"code": 422, "message": "the oid is no SHA-256"}}
    if sha256 in hub.storage.objects:
        return described
    path = f"/__lfs/{sha256}"
    if in_parts and size > PART_SIZE:
        count = -(-size // PART_SIZE)
        upload = {
            "href": hub.signed(hub.url, f"{path}/complete", "POST"),
            "header": {"chunk_size": str(PART_SIZE)}
            | {str(i): hub.signed(hub.url, f"{path}/{i}", "PUT") for i in range(1, count + 1)},
        }
    else:
        upload = {"href": hub.signed(hub.url, path, "PUT")}
    # The client sends its token there, so it is not signed.
    return described | {"actions": {"upload": upload, "verify": {"href": f"{hub.url}{path}/verify"}}}


def put(hub: Hub, request: Request, sha256: str) -> Reply:
    """Take an object in one piece."""
    hub.check_signature(request)
    _store(hub, sha256, request.body)
    return Reply(headers={"ETag": f'"{sha256}"'})


def put_part(hub: Hub, request: Request, sha256: str, number: str) -> Reply:
    """Take a part of an object."""
    hub.check_signature(request)
    hub.storage.parts[sha256, int(number)] = request.body
    return Reply(headers={"ETag": _etag(request.body)})


def complete(hub: Hub, request: Request, sha256: str) -> Reply:
    """Put an object together; a second time changes nothing, so that a lost answer does no harm."""
    hub.check_signature(request)
    if sha256 not in hub.storage.objects:
        parts = []
        for part in sorted(request.json()["parts"], key=lambda part: part["partNumber"]):
            data = hub.storage.parts.get((sha256, part["partNumber"]))
            if data is None or _etag(data) != part["etag"]:
                raise HubError(400, f"part {part['partNumber']} did not arrive with that ETag")
            parts.append(data)
        _store(hub, sha256, b"".join(parts))
        hub.storage.parts = {key: data for key, data in hub.storage.parts.items() if key[0] != sha256}
    return Reply.of({"success": True})


def verify(hub: Hub, request: Request, sha256: str) -> Reply:
    """Say whether an object arrived."""
    accounts.required(hub, request)
    size = request.json().get("size")
    if sha256 not in hub.storage.objects or len(hub.storage.objects[sha256]) != size:
        raise HubError(404, f"there is no object {sha256} of {size} bytes")
    return Reply.of({})


def _store(hub: Hub, sha256: str, data: bytes) -> None:
    if hashlib.sha256(data).hexdigest() != sha256:
        raise HubError(400, "the content does not have that SHA-256")
    hub.storage.objects[sha256] = data


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


ROUTES = [
    Route("POST", "/{prefix}{repo}.git/info/lfs/objects/batch", batch),
    Route("PUT", "/__lfs/{sha256}", put),
    Route("POST", "/__lfs/{sha256}/complete", complete),
    Route("POST", "/__lfs/{sha256}/verify", verify),
    Route("PUT", "/__lfs/{sha256}/{number}", put_part),
]
