"""Commits: what is to be uploaded how, and the commit itself, which lands whole or not at all."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from . import accounts, discussions
from .messages import HubError, Reply, Request, Route
from .repos import Commit, File
from .validate import problems

if TYPE_CHECKING:
    from .state import Hub

REGULAR_LIMIT = 10 << 20
"""Bytes; a larger file must be a large one by Git LFS."""


def preupload(hub: Hub, request: Request, repo_type: str, repo_id: str, revision: str) -> Reply:
    """Say of each file whether it is regular or large, ignored, and what is there under its path."""
    repo = accounts.writable(hub, request, repo_type, repo_id, revision)
    there, asked = repo.resolve(revision).files, request.json()
    ignored = asked["gitIgnore"] if "gitIgnore" in asked else _text(there.get(".gitignore"))
    patterns = [line for line in ignored.split() if not line.startswith("#")]
    large = [line.split()[0] for line in _text(there.get(".gitattributes")).splitlines() if "filter=lfs" in line]
    answer = []
    for wanted in asked["files"]:
        path, sample = wanted["path"], base64.b64decode(wanted.get("sample", ""))
        name = path.split("/")[-1]
        is_large = wanted["size"] > REGULAR_LIMIT or b"\0" in sample or any(fnmatch(name, one) for one in large)
        described = {
            "path": path,
            "uploadMode": "lfs" if is_large else "regular",
            "shouldIgnore": any(fnmatch(path, one) or fnmatch(name, one) for one in patterns),
        }
        if path in there:
            described["oid"] = there[path].sha256 or there[path].oid
        answer.append(described)
    return Reply.of({"files": answer})


def commit(hub: Hub, request: Request, repo_type: str, repo_id: str, revision: str) -> Reply:
    """Make a commit of a header and operations, one in a line, in a branch or a new pull request."""
    repo = accounts.writable(hub, request, repo_type, repo_id, revision)
    account, opens_pull = accounts.required(hub, request), request.flag("create_pr")
    head = repo.resolve(revision)
    if revision not in repo.branches and (opens_pull or revision not in repo.pulls):
        raise HubError(400, f"{revision} is no branch, so nothing can be committed to it")
    operations = list(_operations(request.body))
    if not operations or operations[0][0] != "header" or not operations[0][1].get("summary"):
        raise HubError(400, "Invalid commit: it must begin with a header that has a summary")
    header = operations[0][1]
    parent = header.get("parentCommit")
    if parent and not head.oid.startswith(parent):
        raise HubError(412, "A commit has happened since. Please refresh and try again.")
    files = dict(head.files)
    for kind, value in operations[1:]:
        _apply(hub, files, kind, value)
    _check_card(files, head, repo_type)
    new = repo.add_commit(head.oid, files, header["summary"], header.get("description") or "", account.user)
    answer = {"success": True, "commitOid": new.oid, "commitUrl": f"{hub.page_url(repo)}/commit/{new.oid}"}
    if opens_pull:
        pull = discussions.open_discussion(repo, account.user, new.title, new.description, base=head, status="open")
        revision = f"refs/pr/{pull.number}"
        repo.pulls[revision] = head.oid
        answer["pullRequestUrl"] = f"{hub.page_url(repo)}/discussions/{pull.number}"
    repo.move(revision, new)
    discussions.note_commit(repo, revision, new)
    return Reply.of(answer)


def _operations(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(body.splitlines(), 1):
        if line.strip():
            try:
                operation = json.loads(line)
                yield operation["key"], operation["value"]
            except (ValueError, KeyError, TypeError) as error:
                raise HubError(400, f"line {number} of the commit is no operation: {error!r}") from error


def _apply(hub: Hub, files: dict[str, File], kind: str, value: dict[str, Any]) -> None:
    """Change `files` by one operation."""
    path = value.get("path", "")
    if not path or path.startswith("/") or {"..", ".", ".git"} & set(re.split(r"[/\\]", path)):
        raise HubError(422, f"Invalid path: {path!r}")
    if kind == "file":
        try:
            data = base64.b64decode(value["content"], validate=True)
        except binascii.Error as error:
            raise HubError(400, f"the content of {path} is not base64: {error}") from error
        if len(data) > REGULAR_LIMIT:
            raise HubError(400, f"{path} has {len(data)} bytes; files over {REGULAR_LIMIT} must be uploaded as large")
        files[path] = File.regular(data)
    elif kind == "lfsFile":
        content = hub.storage.objects.get(value["oid"])
        if content is None or value.get("size", len(content)) != len(content):
            raise HubError(
                400, f"LFS pointer pointed to a file that does not exist. Invalid oid or size: {value['oid']} ({path})"
            )
        files[path] = File.large(value["oid"], len(content))
    elif kind == "deletedFile":
        if files.pop(path, None) is None:
            raise HubError(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")
    elif kind == "deletedFolder":
        gone = [name for name in files if name.startswith(path.rstrip("/") + "/")]
        if not gone:
            raise HubError(404, f"A folder with this name doesn't exist: {path}", "EntryNotFound")
        for name in gone:
            del files[name]
    else:
        raise HubError(400, f"Invalid commit: no operation is called {kind}")


def _check_card(files: dict[str, File], head: Commit, repo_type: str) -> None:
    readme = files.get("README.md")
    if readme and readme != head.files.get("README.md"):
        errors, _ = problems(_text(readme), repo_type)
        if errors:
            raise HubError(400, "Invalid metadata in README.md: " + "; ".join(errors))


def _text(file: File | None) -> str:
    return file.data.decode("utf-8", "replace") if file and file.data else ""


ROUTES = [
    Route("POST", "/api/{type}/{repo}/preupload/{revision}", preupload),
    Route("POST", "/api/{type}/{repo}/commit/{revision}", commit),
]
