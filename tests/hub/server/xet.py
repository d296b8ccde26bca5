"""Xet: tokens for its storage, uploads of xorbs and shards, and how files are put together again."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

from . import accounts
from .files import ranged
from .messages import HubError, Reply, Request, Route
from .xet_format import Term, chunks_of, files_of, unpack

if TYPE_CHECKING:
    from .state import Hub

LIFETIME = 3600
"""Seconds for which a token is good; the client renews it a minute earlier."""


def token(hub: Hub, request: Request, repo_type: str, repo_id: str, mode: str, revision: str) -> Reply:
    """Give a token for the storage to whoever may read, or write, the repository."""
    if mode == "read":
        accounts.readable(hub, request, repo_type, repo_id).resolve(revision)
    else:
        # For a pull request that is yet to be opened, the revision is the word None.
        accounts.writable(hub, request, repo_type, repo_id, revision)
    value = f"xet-{mode}-{hub.signature(f'{mode} {repo_type} {repo_id}')}"
    hub.storage.xet_tokens[value] = mode
    expires = int(time.time()) + LIFETIME
    headers = {
        "X-Xet-Cas-Url": hub.xet_url,
        "X-Xet-Access-Token": value,
        "X-Xet-Token-Expiration": str(expires),
    }
    return Reply.of({"casUrl": hub.xet_url, "exp": expires, "accessToken": value}, headers=headers)


def _check_token(hub: Hub, request: Request, writes: bool) -> None:
    mode = hub.storage.xet_tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    if mode is None:
        raise HubError(401, "this needs a token of the storage, no other")
    if writes and mode != "write":
        raise HubError(403, "this token is for reading")


def put_xorb(hub: Hub, request: Request, nonce: str, xorb: str) -> Reply:
    """Take a xorb whose chunks can be unpacked.

    Whether their content has the name that it claims shows when a file is made of it.
    """
    _check_token(hub, request, writes=True)
    for chunk in chunks_of(request.body):
        unpack(request.body, chunk)
    new = xorb not in hub.storage.xorbs
    hub.storage.xorbs[xorb] = request.body
    return Reply.of({"was_inserted": new})


def put_shard(hub: Hub, request: Request, nonce: str) -> Reply:
    """Take files that are made of uploaded xorbs and have the SHA-256 that the client says."""
    _check_token(hub, request, writes=True)
    files = files_of(request.body)
    contents = [_content(hub, file.terms) for file in files]
    hashes = [hashlib.sha256(content).hexdigest() for content in contents]
    for file, sha256 in zip(files, hashes, strict=True):
        if file.sha256 not in (None, sha256):
            raise HubError(400, f"file {file.name} has the SHA-256 {sha256}, not {file.sha256}")
    for file, content, sha256 in zip(files, contents, hashes, strict=True):
        hub.storage.reconstructions[file.name] = file.terms
        hub.storage.objects[sha256] = content
        hub.storage.xet_names[sha256] = file.name
    return Reply.of({"result": 1})


def _content(hub: Hub, terms: list[Term]) -> bytes:
    parts = []
    for term in terms:
        xorb = hub.storage.xorbs.get(term.xorb)
        if xorb is None:
            raise HubError(400, f"the shard needs the xorb {term.xorb}, which was not uploaded")
        parts += [unpack(xorb, chunk) for chunk in chunks_of(xorb)[term.first : term.last]]
    return b"".join(parts)


def reconstruct(hub: Hub, request: Request, nonce: str, name: str) -> Reply:
    """Say of which chunks of which xorbs a file, or a range of it, is made, and where they are."""
    _check_token(hub, request, writes=False)
    if name not in hub.storage.reconstructions:
        raise HubError(404, f"there is no file {name}")
    terms = hub.storage.reconstructions[name]
    chunks = [(term.xorb, i, chunk) for term in terms for i, chunk in _chunks(hub, term)]
    total = sum(chunk.length for _, _, chunk in chunks)
    first, last = _range(request, total)
    position, skipped, wanted = 0, None, []
    for xorb, index, chunk in chunks:
        if position + chunk.length > first and position <= last:
            skipped = first - position if skipped is None else skipped
            wanted.append((xorb, index, chunk))
        position += chunk.length
    answer, fetch = [], {}
    for run in _runs(wanted):
        xorb, start, end = run[0][0], run[0][1], run[-1][1] + 1
        chunk_range = {"start": start, "end": end}
        answer.append({"hash": xorb, "unpacked_length": sum(one[2].length for one in run), "range": chunk_range})
        path = f"{hub.xet_url.removeprefix(hub.url)}/get/{xorb}"
        fetch.setdefault(xorb, []).append(
            {
                "range": chunk_range,
                "url": hub.signed(hub.url, path, "GET"),
                "url_range": {"start": run[0][2].start, "end": run[-1][2].end - 1},
            }
        )
    return Reply.of({"offset_into_first_range": skipped or 0, "terms": answer, "fetch_info": fetch})


def _chunks(hub: Hub, term: Term) -> list[tuple[int, Any]]:
    return list(enumerate(chunks_of(hub.storage.xorbs[term.xorb])))[term.first : term.last]


def _range(request: Request, total: int) -> tuple[int, int]:
    first, _, last = request.headers.get("range", "").removeprefix("bytes=").partition("-")
    start, end = int(first or 0), min(int(last or total - 1), total - 1)
    if start >= total > 0:
        raise HubError(416, "the file ends before that range")
    return start, end


def _runs(chunks: list[tuple[str, int, Any]]) -> list[list[tuple[str, int, Any]]]:
    """Return the chunks in runs that stand one after another in one xorb."""
    runs: list[list[tuple[str, int, Any]]] = []
    for chunk in chunks:
        if runs and runs[-1][-1][:2] == (chunk[0], chunk[1] - 1):
            runs[-1].append(chunk)
        else:
            runs.append([chunk])
    return runs


def get_xorb(hub: Hub, request: Request, nonce: str, xorb: str) -> Reply:
    """Send a range of a xorb to whoever comes by a signed address."""
    hub.check_signature(request)
    return ranged(request, hub.storage.xorbs[xorb], {})


def unknown(hub: Hub, request: Request, **names: str) -> Reply:
    """Answer 404, from which the client falls back: no chunk is known elsewhere; there is no second version."""
    _check_token(hub, request, writes=False)
    raise HubError(404, "not here")


STORAGE = "/__xet/{nonce}/cas"
ROUTES = [
    Route("GET", "/api/{type}/{repo}/xet-{mode}-token/{revision}", token),
    Route("POST", f"{STORAGE}/v1/xorbs/default/{{xorb}}", put_xorb),
    Route("POST", f"{STORAGE}/v1/shards", put_shard),
    Route("GET", f"{STORAGE}/v1/reconstructions/{{name}}", reconstruct),
    Route("GET", f"{STORAGE}/get/{{xorb}}", get_xorb),
    Route("GET", f"{STORAGE}/v1/chunks/default/{{name}}", unknown),
    Route("POST", f"{STORAGE}/v1/xorb-grants/default/{{name}}", unknown),
    Route("GET", f"{STORAGE}/v2/reconstructions/{{name}}", unknown),
    Route("POST", f"{STORAGE}/v2/shards", unknown),
]
