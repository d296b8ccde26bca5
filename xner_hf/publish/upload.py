"""Publishing in one atomic commit, whatever happens on the way.

The rule that everything here serves: a commit names its parent, and before anything is repeated or reported the head
is read again and compared with what it should be. So a reply that is lost makes neither a second commit nor a failure
out of a success, and two publishers at once follow each other.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.publish import Refused
from xner_hf.publish.contents import Publication
from xner_hf.publish.remote import Head, HeadMoved, Remote, Transient, sha256

TRIES = 8
LONGEST_WAIT = 30.0
"""Seconds between two tries, unless the Hub asks for more."""

_NO_TAG = re.compile(r"[\s\x00-\x1f\x7f~^:?*\[\\]|\.\.|//|@\{|/\.|^[-./]|[./]$|\.lock(/|$)")
"""What the name of a reference must not have (git check-ref-format)."""


@dataclass
class Changes:
    """What a commit would do: paths in the repository."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.deleted)


@dataclass
class Outcome:
    """What publishing did.

    Attributes:
        repo: its name.
        kind: ``dataset`` or ``model``.
        url: where it is.
        revision: the branch.
        state: ``published``, ``unchanged`` (the repository held all of it), ``pull request`` or ``dry run``.
        commit: the commit that holds it; None in a dry run and where there is no repository.
        changes: what the commit did, or would do.
        pull_request: its address.
        tag: the name given to the commit.
        made: what had to be made for it, or would be: the repository, the branch, the tag.
        notes: what failed on the way and was tried again.
    """

    repo: str
    kind: str
    url: str
    revision: str
    state: str
    commit: str | None
    changes: Changes
    pull_request: str | None = None
    tag: str | None = None
    made: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a mapping."""
        return asdict(self)


def publish(
    publication: Publication,
    remote: Remote,
    *,
    private: bool = False,
    create_pr: bool = False,
    dry_run: bool = False,
    message: str | None = None,
    tag: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    tell: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Bring a repository to hold a publication, with one commit or none.

    Args:
        publication: what to publish; `xner_hf.publish.checks` has let it pass.
        remote: where to.
        private: a new repository is private.
        create_pr: open a pull request against ``main`` instead.
        dry_run: change nothing, and tell what would be.
        message: title of the commit.
        tag: name for the commit, such as ``v1.0``.
        sleep: waits between tries.
        tell: called with a line when something failed and is tried again.

    Raises:
        Refused: no token or no right to write, the repository is public where a private one is asked for, the tag is
            taken or no name for one, the Hub refuses the card.
        XnerError: the Hub could not be reached in `TRIES` tries; what is known of the repository is said.
    """
    title = message or f"Publish {publication.title}"
    tries = _Tries(sleep, tell)
    if not dry_run:
        remote.check_login()
    if create_pr and remote.revision != "main":
        raise Refused("--create-pr opens a pull request against main. Leave --revision out.")
    if create_pr and tag:
        raise Refused("a pull request has no commit to tag before it is merged. Leave --tag out.")
    if tag is not None and (tag in ("", "@") or _NO_TAG.search(tag)):
        raise Refused(f"--tag {tag!r} is not a name that git allows. Use one without spaces and signs, such as v1.0.")
    made = tries.until_done(lambda: _prepare(remote, private, create_pr, dry_run, tag))
    found = tries.until_done(lambda: _commit(publication, remote, title, private, create_pr, dry_run, tag, tries))
    if tag and found.commit and found.state in ("published", "unchanged"):
        tries.sent, tries.landed = False, f"The commit {found.commit[:7]} is there, and only the tag {tag} is missing"
        tries.until_done(lambda: remote.tag(tag, found.commit))
        found.tag = tag
    found.made, found.notes = made, tries.notes
    return found


class _Tries:
    """Repeats what fails for the moment, and remembers why."""

    def __init__(self, sleep: Callable[[float], None], tell: Callable[[str], None]):
        self._sleep, self._tell = sleep, tell
        self.notes: list[str] = []
        self.sent = False
        """Whether a commit was sent and its reply was lost."""
        self.landed = ""
        """What is known to be there, and what is missing."""

    def until_done(self, step: Callable[[], Any]) -> Any:
        for number in range(TRIES):
            wait = min(LONGEST_WAIT, 0.5 * 2**number)
            try:
                return step()
            except Transient as error:
                self.notes.append(str(error))
                wait = wait if error.wait is None else error.wait
            except Refused as error:
                if not self.sent:
                    if self.landed:
                        raise Refused(f"{error} {self.landed}.") from error
                    raise
                self.notes.append(str(error))  # a refusal to read does not tell whether the commit landed
            if number + 1 < TRIES:
                self._tell(f"{self.notes[-1]}; trying again in {wait:g} s")
                self._sleep(wait)
        state = self.landed or "Nothing was changed that others can see"
        if self.sent:
            state = "A commit was sent and its reply was lost, so it may have landed"
        raise XnerError(
            f"the Hub failed {TRIES} times, the last time with: {self.notes[-1]}. {state}. Run the same command "
            "again: it goes on with what is missing, and makes no second commit."
        )


def _prepare(remote: Remote, private: bool, create_pr: bool, dry_run: bool, tag: str | None) -> list[str]:
    """Make the repository and the branch where they are missing, and return what is, or would be, new."""
    visible = remote.visibility()
    if private and visible is False:
        raise Refused(
            f"{remote.repo} exists and is public, so what is published there is not --private. Make it private in its "
            "settings, or leave --private out."
        )
    made = []
    if visible is None:
        if create_pr:
            raise Refused(f"there is no {remote.repo} to open a pull request against. Leave --create-pr out.")
        made.append(f"{'private ' if private else ''}repository {remote.repo}")
        if not dry_run:
            remote.create(private)
    tags, branches = ({}, {}) if made and dry_run else remote.refs()
    if remote.revision != "main" and remote.revision not in branches:
        made.append(f"branch {remote.revision}")
        if not dry_run:
            remote.create_branch()
    return made + ([f"tag {tag}"] if tag and tag not in tags else [])


def _commit(
    publication: Publication,
    remote: Remote,
    title: str,
    private: bool,
    create_pr: bool,
    dry_run: bool,
    tag: str | None,
    tries: _Tries,
) -> Outcome:
    """Compare, and commit what differs; called again after every failure, with the head as it then is."""
    head = remote.head()
    if head.commit is None and not dry_run:
        # Without a parent a commit would not be checked against others, so there must be a head.
        remote.create(private)
        head = remote.head()
        if head.commit is None:
            raise Transient(f"{remote.repo} cannot be seen, though it was made")
    files = publication.files(remote, head)
    changes = _compare(publication, files, remote, head)
    found = Outcome(remote.repo, publication.kind, remote.url, remote.revision, "dry run", head.commit, changes)
    if tag and (taken := remote.refs()[0].get(tag)) and (changes or taken != head.commit):
        raise Refused(f"the tag {tag} exists in {remote.repo} and names another commit ({taken[:7]}). Choose another.")
    if dry_run:
        return found
    if not changes:
        found.state = "published" if tries.sent else "unchanged"
        return found
    if create_pr and (number := _same_request(files, remote, head)):
        found.state, found.pull_request = "pull request", f"{remote.url}/discussions/{number}"
        return found
    tries.sent = True
    try:
        landed = remote.commit(_operations(files, changes), title, head, create_pr)
    except HeadMoved:
        tries.sent = False if create_pr else tries.sent
        raise
    except Refused as error:
        # A refusal may come after the fact as well, so what the Hub holds has the last word.
        if remote.head().commit != head.commit or (create_pr and _same_request(files, remote, head)):
            raise Transient(str(error)) from error
        tries.sent = False
        raise
    found.commit = landed.oid
    found.state = "pull request" if create_pr else "published"
    found.pull_request = landed.pr_url
    return found


def _compare(publication: Publication, files: dict[str, Path | bytes], remote: Remote, head: Head) -> Changes:
    changes = Changes()
    for path, content in sorted(files.items()):
        entry = head.files.get(path)
        if entry is None:
            changes.added.append(path)
        else:
            (changes.unchanged if entry.holds(content) else changes.changed).append(path)
    for path, digest in sorted(publication.written_before(remote, head).items()):
        # What others have changed since is theirs.
        if path in head.files and path not in files and _still(remote, head, path, digest):
            changes.deleted.append(path)
    return changes


def _still(remote: Remote, head: Head, path: str, digest: str) -> bool:
    entry = head.files[path]
    return (entry.sha256 or sha256(remote.read(path, head))) == digest


def _operations(files: dict[str, Path | bytes], changes: Changes) -> list[Any]:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    adds = [CommitOperationAdd(path, files[path]) for path in (*changes.added, *changes.changed)]
    return [*adds, *(CommitOperationDelete(path) for path in changes.deleted)]


def _same_request(files: dict[str, Path | bytes], remote: Remote, head: Head) -> int | None:
    """Return the number of the open pull request that holds all of it already."""
    for number in remote.pull_requests():
        request = remote.head(f"refs/pr/{number}")
        if all(path in request.files and request.files[path].holds(content) for path, content in files.items()):
            return number
    return None
