"""The unmodified client of the Hub against the test server, in both transports."""

from __future__ import annotations

import hashlib
import random

import pytest
from hub_fixtures import client_environment, run_snippet, serving
from server import start

PRELUDE = """
import hashlib, io, json, random, tempfile, urllib.request, warnings
from pathlib import Path
import huggingface_hub as hh
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

api = HfApi()
kind = {"repo_type": "dataset"}
big = random.Random(1).randbytes(1_300_000)

def refused(call, *arguments, **settings):
    try:
        call(*arguments, **settings)
    except Exception as error:
        answer = getattr(error, "response", None)
        return [type(error).__name__, answer.status_code if answer is not None else None]
    return None

def faults(*wanted):
    body = json.dumps(wanted).encode()
    address = hh.constants.ENDPOINT + "/__test__/faults"
    urllib.request.urlopen(urllib.request.Request(address, body, method="PUT")).close()

def head(**settings):
    return api.repo_info("xner/data", repo_type="dataset", **settings).sha

def add(data, path="a.txt", **settings):
    what = {"path_or_fileobj": data, "path_in_repo": path}
    return api.upload_file(**{"repo_id": "xner/data", "repo_type": "dataset", **what, **settings})

def count():
    return len(api.list_repo_commits("xner/data", repo_type="dataset"))
"""

REPOS = """
result = {
    "name": api.whoami()["name"],
    "organisations": [one["name"] for one in api.whoami()["orgs"]],
    "made": str(api.create_repo("xner/data", **kind)),
    "again": refused(api.create_repo, "xner/data", **kind),
    "exists": str(api.create_repo("xner/data", exist_ok=True, **kind)),
    "foreign": refused(api.create_repo, "google/data", **kind),
    "invented token": refused(api.create_repo, "xner/other", token="hf_invented"),
    "read token": refused(api.create_repo, "xner/other", token="hf_read"),
    "read token, exists": str(api.create_repo("xner/data", exist_ok=True, token="hf_read", **kind)),
    "good card": hh.DatasetCard("---\\nlicense: cc-by-4.0\\nlanguage: [ha, yo]\\n---\\n# Data\\n").validate(),
    "bad card": refused(hh.DatasetCard("---\\nlicense: public-domainish\\n---\\n").validate),
    "empty card": refused(add, b"# Data\\n", "README.md"),
    "broken card": refused(add, b"---\\na: [\\n---\\n", "README.md"),
}
"""

UPLOADS = """
folder = Path(tempfile.mkdtemp())
(folder / "hau").mkdir()
(folder / "hau" / "train-00000-of-00001.parquet").write_bytes(big)
(folder / "README.md").write_text("---\\nlicense: cc-by-4.0\\n---\\n# Data\\n")
(folder / "notes.txt").write_text("one")
upload = {"repo_id": "xner/data", "repo_type": "dataset", "folder_path": folder}
first = api.upload_folder(commit_message="first", **upload).oid
again = api.upload_folder(**upload).oid
listed = sorted(api.list_repo_files("xner/data", **kind))
second = add(b"two", "notes.txt").oid
path = "hau/train-00000-of-00001.parquet"
[about] = api.get_paths_info("xner/data", [path], expand=True, **kind)
found = hh.get_hf_file_metadata(hh.hf_hub_url("xner/data", path, **kind), token="hf_write")
snapshot = Path(hh.snapshot_download("xner/data", **kind))
with hh.HfFileSystem().open(f"datasets/xner/data/{path}", "rb") as file:
    file.seek(700_000)
    middle = file.read(1000)
result = {
    "first": first, "again": again, "second": second, "listed": listed,
    "entry": [about.size, about.lfs.sha256, about.last_commit.oid, about.xet_hash is not None],
    "etag": found.etag, "size": found.size, "commit": found.commit_hash, "xet": found.xet_file_data is not None,
    "download": hashlib.sha256(Path(hf_hub_download("xner/data", path, **kind)).read_bytes()).hexdigest(),
    "snapshot": {name: hashlib.sha256((snapshot / name).read_bytes()).hexdigest() for name in listed},
    "middle": middle.hex(),
    "stale": refused(add, b"three", "notes.txt", parent_commit=first),
    "stale folder": refused(api.upload_folder, parent_commit=first, **upload),
    "head after": head(),
    "no repository": refused(add, b"x", repo_id="xner/none"),
    "nobody": refused(add, b"x", token=False),
    "somebody else": refused(add, b"x", token="hf_other"),
    "read token": refused(add, b"x", token="hf_read"),
}
"""

REFS = """
start = head()
api.create_branch("xner/data", branch="dev", **kind)
api.create_branch("xner/data", branch="dev", exist_ok=True, **kind)
api.create_tag("xner/data", tag="v1.0", revision=start, tag_message="first", **kind)
on_branch = add(b"dev", "dev.txt", revision="dev").oid
pull = add(b"pull", "pull.txt", create_pr=True)
add(b"more", "more.txt", revision=pull.pr_revision)
refs = api.list_repo_refs("xner/data", include_pull_requests=True, **kind)
result = {
    "branches": {one.name: one.target_commit for one in refs.branches},
    "tags": {one.name: one.target_commit for one in refs.tags},
    "pulls": [one.ref for one in refs.pull_requests],
    "start": start, "on branch": on_branch, "main": head(), "tag": head(revision="v1.0"),
    "dev.txt": [api.file_exists("xner/data", "dev.txt", revision=one, **kind) for one in ("main", "dev")],
    "pull.txt": [api.file_exists("xner/data", "pull.txt", revision=one, **kind) for one in ("main", "refs/pr/1")],
    "same branch": refused(api.create_branch, "xner/data", branch="dev", **kind),
    "same tag": refused(api.create_tag, "xner/data", tag="v1.0", **kind),
    "titles": [one.title for one in api.list_repo_commits("xner/data", **kind)],
    "no revision": refused(hf_hub_download, "xner/data", "notes.txt", revision="v2", **kind),
    "no file": refused(hf_hub_download, "xner/data", "none.txt", **kind),
    "no repository": refused(hf_hub_download, "xner/none", "none.txt", **kind),
    "no folder": refused(lambda: list(api.list_repo_tree("xner/data", "none", **kind))),
}
remove = [CommitOperationDelete("hau/"), CommitOperationDelete("notes.txt")]
api.create_commit("xner/data", remove, commit_message="less", revision="dev", **kind)
result["left"] = sorted(api.list_repo_files("xner/data", revision="dev", **kind))
missing = [CommitOperationDelete("none.txt")]
result["remove nothing"] = refused(api.create_commit, "xner/data", missing, commit_message="m", **kind)
api.delete_tag("xner/data", tag="v1.0", **kind)
api.delete_branch("xner/data", branch="dev", **kind)
result["deleted"] = [refused(head, revision=one) for one in ("v1.0", "dev")]
result["main stays"] = refused(api.delete_branch, "xner/data", branch="main", **kind)
"""

FAULTS = """
folder = Path(tempfile.mkdtemp())
upload = {"repo_id": "xner/data", "repo_type": "dataset", "folder_path": folder}
result = {}

(folder / "lost.txt").write_text("1")
before = count()
faults({"kind": "status", "path": "/commit/main", "status": 503, "after": True})
result["lost reply"] = [refused(api.upload_folder, **upload), count() - before]

(folder / "lost.txt").write_text("2")
before = count()
faults({"kind": "status", "path": "/commit/main", "status": 503, "after": True})
result["lost reply with parent"] = [refused(api.upload_folder, parent_commit=head(), **upload), count() - before]

before = count()
faults({"kind": "drop", "path": "/commit/main", "after": True})
result["dropped reply of create_commit"] = [refused(add, b"3", "lost.txt"), count() - before]

(folder / "weights.safetensors").write_bytes(big[::-1])
before = head()
faults({"kind": "status", "path": "/xorbs/|/__lfs/", "status": 403, "times": 99})
result["refused upload"] = [refused(api.upload_folder, **upload) is not None, head() == before]

faults({"kind": "corrupt", "path": "/xorbs/|/__lfs/[0-9a-f]+(/1)?$"})
result["corrupted upload"] = [refused(api.upload_folder, **upload) is not None, head() == before]

faults()
result["then"] = api.upload_folder(**upload).oid == head() != before

faults({"kind": "corrupt", "path": "/__cdn/|/get/", "after": True})
path = hf_hub_download("xner/data", "weights.safetensors", **kind)
result["corrupted download"] = sum(a != b for a, b in zip(Path(path).read_bytes(), big[::-1], strict=True))

faults({"kind": "cut", "path": "/__cdn/|/get/", "after": True})
path = hf_hub_download("xner/data", "weights.safetensors", force_download=True, **kind)
result["cut download"] = Path(path).read_bytes() == big[::-1]
"""


@pytest.fixture(scope="module", params=["xet", "lfs"])
def transport(request):
    return request.param


@pytest.fixture(scope="module")
def told(transport, tmp_path_factory):
    """The server, and what one client process after another reported, each on what those before it left."""
    with serving() as server:
        told = {}
        for name, code in {"repos": REPOS, "uploads": UPLOADS, "refs": REFS, "faults": FAULTS}.items():
            environment = client_environment(server.url, tmp_path_factory.mktemp("home"), transport=transport)
            told[name] = run_snippet(PRELUDE + code, environment, tmp_path_factory.mktemp("client"))
            told[f"log of {name}"] = list(server.log)
            server.log.clear()
        yield server, told


@pytest.fixture(scope="module")
def repos(told):
    return told[1]["repos"]


@pytest.fixture(scope="module")
def uploads(told):
    return told[1]["uploads"]


@pytest.fixture(scope="module")
def refs(told):
    return told[1]["refs"]


@pytest.fixture(scope="module")
def faults(told):
    return told[1]["faults"]


BIG = random.Random(1).randbytes(1_300_000)


def test_a_token_belongs_to_a_user_in_organisations(repos):
    assert (repos["name"], repos["organisations"]) == ("alice", ["xner"])


def test_a_repository_is_made_once_and_found_again(told, repos):
    address = f"{told[0].url}/datasets/xner/data"
    assert (repos["made"], repos["exists"], repos["read token, exists"]) == (address, address, address)
    assert repos["again"] == ["HfHubHTTPError", 409]


def test_a_repository_needs_a_token_that_may_write_in_the_namespace(repos):
    assert repos["foreign"] == repos["read token"] == ["HfHubHTTPError", 403]
    assert repos["invented token"] == ["HfHubHTTPError", 401]


def test_cards_are_checked_by_the_server(repos):
    assert repos["good card"] is None
    assert repos["bad card"] == repos["broken card"] == ["ValueError", None]
    assert repos["empty card"] is None


def test_a_folder_is_one_commit_and_the_same_folder_none(uploads):
    assert uploads["again"] == uploads["first"]
    assert uploads["second"] != uploads["first"]
    assert uploads["listed"] == [".gitattributes", "README.md", "hau/train-00000-of-00001.parquet", "notes.txt"]


def test_a_large_file_is_described_by_its_sha_256_and_comes_back_whole(transport, uploads):
    sha256 = hashlib.sha256(BIG).hexdigest()
    assert uploads["entry"] == [len(BIG), sha256, uploads["first"], transport == "xet"]
    assert (uploads["etag"], uploads["size"], uploads["xet"]) == (sha256, len(BIG), transport == "xet")
    assert uploads["commit"] == uploads["second"]
    assert uploads["download"] == uploads["snapshot"]["hau/train-00000-of-00001.parquet"] == sha256
    assert uploads["snapshot"]["notes.txt"] == hashlib.sha256(b"two").hexdigest()


def test_a_part_of_a_file_is_read_by_its_range(uploads):
    assert bytes.fromhex(uploads["middle"]) == BIG[700_000:701_000]


def test_a_stale_parent_is_refused_with_412_and_nothing_changes(uploads):
    assert uploads["stale"] == uploads["stale folder"] == ["HfHubHTTPError", 412]
    assert uploads["head after"] == uploads["second"]


def test_uploads_need_a_repository_and_the_right_to_write(uploads):
    assert uploads["no repository"] == ["RepositoryNotFoundError", 404]
    assert uploads["nobody"] == ["HfHubHTTPError", 401]
    assert uploads["somebody else"] == uploads["read token"] == ["HfHubHTTPError", 403]


def test_the_transport_is_the_one_that_was_asked_for(transport, told):
    paths = [record.path for record in told[1]["log of uploads"] if record.method in ("PUT", "POST")]
    assert any("/v1/xorbs/" in path for path in paths) == (transport == "xet")
    # Three parts, as the file is longer than two.
    assert sum(path.startswith("/__lfs/") and path[-2:] in ("/1", "/2", "/3") for path in paths) == (
        3 if transport == "lfs" else 0
    )


def test_no_token_reaches_the_storage_on_another_host(told):
    stored = [record for record in told[1]["log of uploads"] if record.path.startswith("/__cdn/")]
    assert stored
    assert not any(record.token for record in stored)


def test_branches_tags_and_pull_requests_are_kept_apart(refs):
    assert refs["branches"] == {"main": refs["start"], "dev": refs["on branch"]}
    assert refs["tags"] == {"v1.0": refs["start"]}
    assert refs["pulls"] == ["refs/pr/1"]
    assert refs["main"] == refs["tag"] == refs["start"]
    assert refs["dev.txt"] == refs["pull.txt"] == [False, True]
    assert refs["same branch"] == refs["same tag"] == ["HfHubHTTPError", 409]


def test_the_history_ends_with_the_first_commit(refs):
    assert refs["titles"] == [
        "Upload notes.txt with huggingface_hub",
        "first",
        "Upload README.md with huggingface_hub",
        "initial commit",
    ]


def test_what_is_not_there_is_told_by_its_kind(refs):
    assert refs["no revision"] == ["RevisionNotFoundError", 404]
    assert refs["no file"] == refs["no folder"] == refs["remove nothing"] == ["RemoteEntryNotFoundError", 404]
    assert refs["no repository"] == ["RepositoryNotFoundError", 404]


def test_files_folders_branches_and_tags_are_deleted_but_not_main(refs):
    assert refs["left"] == [".gitattributes", "README.md", "dev.txt"]
    assert refs["deleted"] == [["RevisionNotFoundError", 404]] * 2
    assert refs["main stays"] == ["HfHubHTTPError", 403]


def test_the_client_commits_twice_when_a_reply_is_lost_and_no_parent_given(transport, faults):
    # upload_folder repeats the commit where it goes through Xet, and fails although the commit landed elsewhere.
    assert faults["lost reply"] == ([None, 2] if transport == "xet" else [["HfHubHTTPError", 503], 1])


def test_the_client_reports_a_failure_when_a_reply_is_lost_and_a_parent_given(transport, faults):
    status = 412 if transport == "xet" else 503
    assert faults["lost reply with parent"] == [["HfHubHTTPError", status], 1]
    assert faults["dropped reply of create_commit"] == [["RemoteProtocolError", None], 1]


def test_an_upload_that_is_refused_or_arrives_damaged_leaves_no_commit(faults):
    assert faults["refused upload"] == faults["corrupted upload"] == [True, True]
    assert faults["then"]


def test_a_download_with_a_changed_byte_is_not_noticed_by_the_client(faults):
    # Whoever must be sure compares the SHA-256 with that of the listing.
    assert faults["corrupted download"] == 1


def test_a_download_that_is_cut_is_taken_up_again(told, faults):
    assert faults["cut download"]
    hit = [record for record in told[1]["log of faults"] if record.fault == "cut"]
    assert [0 < record.sent < len(BIG) for record in hit] == [True]


def test_what_another_server_had_on_the_same_port_is_not_taken_for_granted(tmp_path):
    # hf_xet remembers by address, below HF_HOME, what it uploaded.
    code = """
    from huggingface_hub import HfApi
    HfApi().create_repo("xner/data", repo_type="dataset")
    settings = {"path_in_repo": "a.bin", "repo_id": "xner/data", "repo_type": "dataset"}
    result = HfApi().upload_file(path_or_fileobj=bytes(300_000), **settings).oid
    """
    port = 0
    for _ in range(2):
        with start(port) as server:
            port = int(server.url.rsplit(":")[-1])
            run_snippet(code, client_environment(server.url, tmp_path / "home"), tmp_path)
            assert server.hub.files("dataset", "xner/data")["a.bin"] == bytes(300_000)
