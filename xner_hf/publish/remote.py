"""A repository on the Hub as publishing sees it: its head, its files and what may be asked of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.publish import Refused

KINDS = ("dataset", "model")


class Transient(Exception):
    """The Hub or the way to it failed for the moment: the same request may succeed later.

    Attributes:
        wait: seconds that the Hub asks to wait, None where it does not say.
    """

    def __init__(self, message: str, wait: float | None = None):
        super().__init__(message)
        self.wait = wait


class HeadMoved(Transient):
    """The branch has another head than the one that a commit was made for."""


@dataclass(frozen=True)
class Entry:
    """A file of a commit.

    Attributes:
        size: in bytes.
        blob: git's SHA-1 of the file as git holds it: of its content, or of its pointer for a large file.
        sha256: of the content of a large file; None for others.
    """

    size: int
    blob: str
    sha256: str | None = None

    def holds(self, content: Path | bytes) -> bool:
        """Whether the file has this content; only large files and those of equal size are read."""
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        if size != self.size:
            return False
        if self.sha256 is not None:
            return sha256(content) == self.sha256
        return _git_sha1(content, size) == self.blob


@dataclass(frozen=True)
class Head:
    """The last commit of a branch, or of nothing where there is no repository yet.

    Attributes:
        commit: its id; None where there is no repository.
        files: path -> entry.
    """

    commit: str | None
    files: Mapping[str, Entry] = field(default_factory=dict)


class Remote:
    """A branch of a repository.

    Args:
        kind: ``dataset`` or ``model``.
        repo: ``organisation/name``.
        revision: the branch.

    Raises:
        XnerError: the name is not of that form.
    """

    def __init__(self, kind: str, repo: str, revision: str = "main"):
        from huggingface_hub.errors import HFValidationError
        from huggingface_hub.utils import validate_repo_id

        try:
            validate_repo_id(repo)
        except HFValidationError as error:
            raise XnerError(f"--repo {repo!r} is not a name on the Hub: {error} Give ORGANISATION/NAME.") from error
        if repo.count("/") != 1:
            raise XnerError(f"--repo {repo!r} has no owner. Give ORGANISATION/NAME, such as xner/projected.")
        self.kind, self.repo, self.revision = kind, repo, revision

    @cached_property
    def api(self) -> Any:
        """The client of huggingface_hub; its token is that of the environment or of ``hf auth login``."""
        from huggingface_hub import HfApi

        return HfApi(library_name="xner-hf")

    @property
    def url(self) -> str:
        """Where people find it."""
        return f"{self.api.endpoint}/{'datasets/' if self.kind == 'dataset' else ''}{self.repo}"

    def check_login(self) -> None:
        """Raise `Refused` where there is no token."""
        from huggingface_hub import get_token

        if get_token() is None:
            raise Refused(
                "publishing needs a token with the right to write. Log in with `hf auth login`, or set HF_TOKEN in "
                "the environment."
            )

    def visibility(self) -> bool | None:
        """Return whether the repository is private; None where there is none (or none that this token may see)."""
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

        with _asking(self.repo):
            try:
                return bool(self.api.repo_info(self.repo, repo_type=self.kind).private)
            except GatedRepoError:
                raise
            except RepositoryNotFoundError:
                return None

    def create(self, private: bool) -> None:
        """Make the repository unless it is there."""
        with _asking(self.repo):
            self.api.create_repo(self.repo, repo_type=self.kind, private=private or None, exist_ok=True)

    def create_branch(self) -> None:
        """Make the branch from the head of ``main`` unless it is there."""
        with _asking(self.repo):
            self.api.create_branch(self.repo, branch=self.revision, repo_type=self.kind, exist_ok=True)

    def head(self, revision: str | None = None) -> Head:
        """Return the head of the branch, or of another; of ``main`` where the branch is yet to be made."""
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

        wanted = revision or self.revision
        with _asking(self.repo):
            try:
                info = self.api.repo_info(self.repo, repo_type=self.kind, revision=wanted)
            except GatedRepoError:
                raise
            except RepositoryNotFoundError:
                return Head(None)
            except RevisionNotFoundError:
                if wanted == "main":
                    return Head(None)
                return self.head("main")
            found = self.api.list_repo_tree(self.repo, repo_type=self.kind, revision=info.sha, recursive=True)
            files = {
                one.path: Entry(one.size, one.blob_id, one.lfs.sha256 if one.lfs else None)
                for one in found
                if hasattr(one, "blob_id")
            }
        # A file that is missing from a damaged listing would pass for one that nobody published.
        if set(files) != {one.rfilename for one in info.siblings or ()}:
            raise Transient("two listings of the repository differ")
        return Head(info.sha, files)

    def read(self, path: str, head: Head) -> bytes:
        """Return the content of a small file of a commit.

        Raises:
            Transient: what arrived is not what the Hub holds; the copy in the cache is not used again.
        """
        with _asking(self.repo):
            for fresh in (False, True):
                local = self.api.hf_hub_download(
                    self.repo, path, repo_type=self.kind, revision=head.commit, force_download=fresh
                )
                content = Path(local).read_bytes()
                if head.files[path].holds(content):
                    return content
        raise Transient(f"{path} of {self.repo} arrived damaged")

    def refs(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the tags and the branches with their commits; none where there is no repository."""
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

        with _asking(self.repo):
            try:
                found = self.api.list_repo_refs(self.repo, repo_type=self.kind)
            except GatedRepoError:
                raise
            except RepositoryNotFoundError:
                return {}, {}
        tags, branches = ({one.name: one.target_commit for one in some} for some in (found.tags, found.branches))
        return tags, branches

    def pull_requests(self) -> dict[int, str]:
        """Return the numbers of the open pull requests and their titles."""
        with _asking(self.repo):
            found = self.api.get_repo_discussions(
                self.repo, repo_type=self.kind, discussion_type="pull_request", discussion_status="open"
            )
            return {one.num: one.title for one in found}

    def commit(self, operations: list[Any], message: str, head: Head, create_pr: bool) -> Any:
        """Make one commit on top of `head`, and return what the client says of it.

        Raises:
            HeadMoved: the branch has another head by now.
            Transient: the Hub failed, before or after it made the commit.
            Refused: the Hub refuses.
        """
        with _asking(self.repo):
            return self.api.create_commit(
                self.repo,
                operations,
                commit_message=message,
                repo_type=self.kind,
                revision=None if create_pr else self.revision,
                parent_commit=head.commit,
                create_pr=create_pr,
            )

    def tag(self, name: str, commit: str) -> None:
        """Give a commit a name, unless it has it.

        Raises:
            Transient: the name is not there yet.
        """
        with _asking(self.repo):
            self.api.create_tag(self.repo, tag=name, revision=commit, repo_type=self.kind, exist_ok=True)
        if self.refs()[0].get(name) != commit:
            raise Transient(f"the tag {name} is not there")


@contextmanager
def _asking(repo: str) -> Iterator[None]:
    """Turn errors of the client into `Transient`, `HeadMoved` or `Refused` with what to do."""
    import httpx2
    from huggingface_hub.errors import (
        BadRequestError,
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    try:
        yield
    except (XnerError, Transient):
        raise
    except OfflineModeIsEnabled as error:
        raise Refused("HF_HUB_OFFLINE is set, so the Hub cannot be asked. Unset it to publish.") from error
    except GatedRepoError as error:
        raise Refused(f"{repo} is gated and this token has no access. Ask for it on its page.") from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status == 412:
            raise HeadMoved(f"{repo} has a newer commit") from error
        if status in (0, 408, 409, 425, 429) or status >= 500:
            raise Transient(f"the Hub answered {status}", _seconds(error)) from error
        if status == 401 or isinstance(error, RepositoryNotFoundError):
            raise Refused(
                f"the Hub has no {repo} that this token may use ({status}). Check the name; log in with `hf auth "
                "login`, or set HF_TOKEN to a token that is still valid."
            ) from error
        if status == 403:
            raise Refused(
                f"this token may not write to {repo} (403). It must be a token with the right to write, of somebody "
                f"who may write there: https://huggingface.co/settings/tokens. Others can use --create-pr."
            ) from error
        said = error.server_message or str(error)
        raise Refused(
            f"the Hub refuses {'the request' if isinstance(error, BadRequestError) else repo}: {said}"
        ) from (error)
    except (ValueError, KeyError) as error:
        if isinstance(error.__cause__, HfHubHTTPError):  # the client's words for a card that the Hub refuses
            raise Refused(f"the Hub refuses what was sent: {error}") from error
        raise Transient(f"an answer of the Hub cannot be read ({type(error).__name__})") from error
    except (httpx2.TransportError, LocalEntryNotFoundError, OSError, RuntimeError) as error:
        # hf_xet raises RuntimeError for all that goes wrong on its way.
        # Addresses to upload to are signed, and a signature is nobody's to read.
        said = re.sub(r"\?[^\s'\"<>]+", "", str(error))
        raise Transient(f"{type(error).__name__}: {said}") from error


def _seconds(error: Any) -> float | None:
    value = error.response.headers.get("retry-after", "") if error.response is not None else ""
    return float(value) if value.isdigit() else None


def sha256(content: Path | bytes) -> str:
    """Return the SHA-256 of a content in hexadecimal digits."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _git_sha1(content: Path | bytes, size: int) -> str:
    found = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    if isinstance(content, bytes):
        found.update(content)
    else:
        with content.open("rb") as file:
            while piece := file.read(1 << 20):
                found.update(piece)
    return found.hexdigest()
