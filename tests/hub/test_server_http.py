"""Answers of the server, seen without any client: headers, statuses, pages."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hub_raw import ask, commit
from server import start

LARGE = bytes(range(256)) * 4
SHA256 = hashlib.sha256(LARGE).hexdigest()


def described(data):
    return {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}


def regular(path, data):
    return "file", {"path": path, "encoding": "base64", "content": base64.b64encode(data).decode()}


def make(server, name):
    """Make a dataset with the regular file a/b.txt and the large one a/c.bin, and return its address."""
    ask(f"{server.url}/api/repos/create", "POST", {"name": name, "organization": "xner", "type": "dataset"})
    batch = {"operation": "upload", "transfers": ["basic"], "objects": [described(LARGE)]}
    [place] = ask(f"{server.url}/datasets/xner/{name}.git/info/lfs/objects/batch", "POST", batch).value["objects"]
    if "actions" in place:
        assert ask(place["actions"]["upload"]["href"], "PUT", LARGE, token=None).status == 200
    large = ("lfsFile", {"path": "a/c.bin", "algo": "sha256", **described(LARGE)})
    url = f"{server.url}/api/datasets/xner/{name}"
    answer = commit(f"{url}/commit/main", regular("a/b.txt", b"abcdef"), large).value
    assert answer["commitUrl"] == f"{server.url}/datasets/xner/{name}/commit/{answer['commitOid']}"
    assert answer["commitOid"] == server.hub.head("dataset", f"xner/{name}")
    return url


@pytest.fixture(scope="module")
def hub(shared_hub):
    return shared_hub


@pytest.fixture(scope="module")
def data(hub):
    """The address of the dataset xner/data, which tests do not change."""
    return make(hub, "data")


@pytest.fixture
def fresh(hub):
    """The address of the dataset xner/fresh, which they may change."""
    yield make(hub, "fresh")
    del hub.hub.repos["dataset", "xner/fresh"]


@pytest.fixture
def page(hub, data):
    """The address below which the files of xner/data are."""
    return f"{hub.url}/datasets/xner/data/resolve/main"


class TestDownloads:
    def test_a_regular_file_has_the_etag_that_git_gives_it(self, hub, page):
        for method, body in (("GET", b"abcdef"), ("HEAD", b"")):
            answer = ask(f"{page}/a/b.txt", method)
            assert (answer.status, answer.body, answer.headers["content-length"]) == (200, body, "6")
            assert answer.headers["etag"] == f'"{hashlib.sha1(b"blob 6" + bytes(1) + b"abcdef").hexdigest()}"'
            assert answer.headers["x-repo-commit"] == hub.hub.head("dataset", "xner/data")
        again = ask(f"{page}/a/b.txt", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status, again.body) == (304, b"")

    def test_a_large_file_is_on_another_host_where_only_the_signed_address_counts(self, hub, page):
        answer = ask(f"{page}/a/c.bin", "HEAD")
        assert (answer.status, answer.headers["x-linked-size"]) == (302, "1024")
        assert answer.headers["x-linked-etag"] == f'"{SHA256}"'
        assert answer.headers["x-repo-commit"] == hub.hub.head("dataset", "xner/data")
        assert "x-xet-hash" not in answer.headers
        location = answer.headers["location"]
        assert location.startswith(f"http://localhost:{hub.url.rsplit(':')[-1]}/__cdn/{SHA256}?Signature=")
        assert ask(location, token=None).body == LARGE
        assert ask(location, "HEAD", token=None).headers["etag"] == f'"{SHA256}"'
        assert ask(location).status == 400
        assert ask(location.split("?")[0], token=None).status == 403
        assert ask(location, "PUT", LARGE, token=None).status == 404

    @pytest.mark.parametrize(
        ("asked", "part", "described"),
        [
            ("bytes=1-2", b"bc", "1-2"),
            ("bytes=4-", b"ef", "4-5"),
            ("bytes=-2", b"ef", "4-5"),
            ("bytes=2-99", b"cdef", "2-5"),
        ],
    )
    def test_a_range_is_a_part_with_its_place(self, page, asked, part, described):
        answer = ask(f"{page}/a/b.txt", headers={"Range": asked})
        assert (answer.status, answer.body) == (206, part)
        assert answer.headers["content-range"] == f"bytes {described}/6"

    def test_a_range_past_the_end_is_refused(self, page):
        answer = ask(f"{page}/a/b.txt", headers={"Range": "bytes=6-"})
        assert (answer.status, answer.headers["content-range"]) == (416, "bytes */6")

    def test_what_is_missing_is_named_in_headers_as_a_head_has_no_body(self, hub, page):
        for path, code in (("main/none", "EntryNotFound"), ("v9/a/b.txt", "RevisionNotFound")):
            answer = ask(f"{page.removesuffix('/main')}/{path}", "HEAD")
            assert (answer.status, answer.headers["x-error-code"], answer.body) == (404, code, b"")
        assert "x-repo-commit" in ask(f"{page}/none", "HEAD").headers
        answer = ask(f"{hub.url}/datasets/xner/none/resolve/main/a", "HEAD")
        assert (answer.status, answer.headers["x-error-code"]) == (404, "RepoNotFound")
        assert answer.headers["x-error-message"] == "Repository not found"


class TestListings:
    def test_a_tree_names_folders_then_files_at_one_level_or_all(self, data):
        def names(query):
            return [(entry["type"], entry["path"]) for entry in ask(f"{data}/tree/main{query}").value]

        top = [("directory", "a"), ("file", ".gitattributes")]
        inside = [("file", "a/b.txt"), ("file", "a/c.bin")]
        assert names("") == top
        assert names("?recursive=true") == top + inside
        assert names("/a") == inside
        assert ask(f"{data}/tree/main/none").headers["x-error-code"] == "EntryNotFound"

    def test_a_large_file_is_listed_with_its_sha_256(self, data):
        _, entry = ask(f"{data}/tree/main/a").value
        assert entry["lfs"] == {"oid": SHA256, "size": 1024, "pointerSize": 134}
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA256}\nsize 1024\n".encode()
        assert entry["oid"] == hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest()

    def test_a_long_list_comes_in_pages(self, data):
        paths, following = [], f"{data}/tree/main?recursive=true&limit=3"
        while following:
            answer = ask(following)
            paths.append([entry["path"] for entry in answer.value])
            link = answer.headers.get("link", "")
            following = link.removeprefix("<").split(">")[0]
            assert link == (f'<{following}>; rel="next"' if following else "")
        assert paths == [["a", ".gitattributes", "a/b.txt"], ["a/c.bin"]]

    def test_paths_are_described_and_the_missing_left_out(self, data):
        answer = ask(f"{data}/paths-info/main", "POST", {"paths": ["a/b.txt", "a/", "none"], "expand": True}).value
        assert [(entry["type"], entry["path"]) for entry in answer] == [("file", "a/b.txt"), ("directory", "a")]
        assert answer[0]["lastCommit"]["title"] == "a commit"

    def test_the_last_commit_of_a_file_is_the_one_that_changed_it(self, hub, fresh):
        first = hub.hub.head("dataset", "xner/fresh")
        second = commit(f"{fresh}/commit/main", regular("a/d.txt", b"")).value["commitOid"]
        entries = ask(f"{fresh}/tree/main/a?expand=true").value
        assert [entry["lastCommit"]["id"] for entry in entries] == [first, first, second]

    def test_a_description_names_the_files_with_sizes_where_asked(self, data):
        assert ask(data).value["siblings"][1:] == [{"rfilename": "a/b.txt"}, {"rfilename": "a/c.bin"}]
        b, c = ask(f"{data}?blobs=True").value["siblings"][1:]
        assert (b["size"], c["lfs"]["sha256"]) == (6, SHA256)


class TestLargeFiles:
    @pytest.fixture
    def batch(self, hub, data):
        def ask_for(*objects, transfers=("basic", "multipart"), token="hf_write"):
            body = {"operation": "upload", "transfers": list(transfers), "objects": list(objects)}
            return ask(f"{hub.url}/datasets/xner/data.git/info/lfs/objects/batch", "POST", body, token)

        return ask_for

    def test_what_is_there_needs_no_upload(self, batch):
        assert batch(described(LARGE)).value["objects"] == [described(LARGE)]

    def test_a_small_object_goes_up_in_one_piece_and_is_verified(self, batch):
        data = b"small"
        [answer] = batch(described(data)).value["objects"]
        href, verify = answer["actions"]["upload"]["href"], answer["actions"]["verify"]["href"]
        assert ask(verify, "POST", described(data)).status == 404
        assert ask(href, "PUT", b"other", token=None).status == 400
        assert ask(href, "PUT", data).status == 400
        assert ask(href, "PUT", data, token=None).status == 200
        assert ask(verify, "POST", described(data)).status == 200

    def test_a_long_object_goes_up_in_parts_and_completing_twice_is_no_error(self, hub, batch):
        data = bytes(1_100_000)
        answer = batch(described(data)).value
        upload = answer["objects"][0]["actions"]["upload"]
        size = int(upload["header"].pop("chunk_size"))
        assert (answer["transfer"], list(upload["header"])) == ("multipart", ["1", "2", "3"])
        parts = []
        for number, href in upload["header"].items():
            put = ask(href, "PUT", data[(int(number) - 1) * size : int(number) * size], token=None)
            parts.append({"partNumber": int(number), "etag": put.headers["etag"]})
        wrong = [*parts[:2], {"partNumber": 3, "etag": '"0"'}]
        assert ask(upload["href"], "POST", {"parts": wrong}, token=None).status == 400
        assert ask(upload["href"], "POST", {"parts": parts[:2]}, token=None).status == 400
        assert [ask(upload["href"], "POST", {"parts": parts}, token=None).status for _ in range(2)] == [200, 200]
        assert hub.hub.storage.objects[hashlib.sha256(data).hexdigest()] == data

    def test_a_client_that_knows_no_parts_gets_none(self, batch):
        answer = batch(described(bytes(1_200_000)), transfers=["basic"]).value
        assert answer["transfer"] == "basic"
        assert "header" not in answer["objects"][0]["actions"]["upload"]

    def test_an_object_without_a_real_name_is_an_error_of_its_own(self, batch):
        first, second = batch({"oid": "abc", "size": 1}, described(b"other")).value["objects"]
        assert first == {"oid": "abc", "size": 1, "error": {"code": 422, "message": "the oid is no SHA-256"}}
        assert "actions" in second

    def test_uploading_needs_a_token_for_writing(self, batch):
        assert batch(described(b"other"), token=None).status == 401
        assert batch(described(b"other"), token="hf_read").status == 403


class TestCommits:
    def test_files_are_regular_or_large_by_attributes_size_and_content(self, data):
        asked = [
            {"path": "b.parquet", "size": 3, "sample": "YWJj"},
            {"path": "a/b.txt", "size": 3, "sample": "YWJj"},
            {"path": "zero", "size": 3, "sample": "YQBi"},
            {"path": "long.txt", "size": (10 << 20) + 1, "sample": "YWJj"},
            {"path": "a/c.bin", "size": 3, "sample": "YWJj"},
            {"path": "logs/x.log", "size": 3, "sample": "YWJj"},
        ]
        answer = ask(f"{data}/preupload/main", "POST", {"files": asked, "gitIgnore": "# nothing\n*.log\n"}).value
        assert [one["uploadMode"] for one in answer["files"]] == ["lfs", "regular", "lfs", "lfs", "lfs", "regular"]
        assert [one["shouldIgnore"] for one in answer["files"]] == [False] * 5 + [True]
        oids = {one["path"]: one["oid"] for one in answer["files"] if "oid" in one}
        assert oids == {"a/b.txt": hashlib.sha1(b"blob 6\0abcdef").hexdigest(), "a/c.bin": SHA256}

    def test_a_stale_parent_is_refused_and_a_current_one_taken_in_full_or_short(self, hub, fresh):
        head = hub.hub.head("dataset", "xner/fresh")
        answer = commit(f"{fresh}/commit/main", regular("x", b"1"), parentCommit=head[:7])
        assert answer.status == 200
        for stale in (head, head[:7]):
            refused = commit(f"{fresh}/commit/main", regular("x", b"2"), parentCommit=stale)
            assert (refused.status, refused.value["error"].split(".")[0]) == (412, "A commit has happened since")
        assert hub.hub.files("dataset", "xner/fresh")["x"] == b"1"
        assert len(hub.hub.commits("dataset", "xner/fresh")) == 3

    @pytest.mark.parametrize(
        ("operation", "status", "message"),
        [
            (("lfsFile", {"path": "x", "algo": "sha256", "oid": "0" * 64, "size": 1}), 400, "does not exist"),
            (("lfsFile", {"path": "x", "algo": "sha256", "oid": SHA256, "size": 1}), 400, "does not exist"),
            (("file", {"path": "../x", "content": ""}), 422, "Invalid path: '../x'"),
            (("file", {"path": "/x", "content": ""}), 422, "Invalid path: '/x'"),
            (("file", {"path": ".git/x", "content": ""}), 422, "Invalid path: '.git/x'"),
            (("file", {"path": "x", "content": "%"}), 400, "the content of x is not base64"),
            (regular("README.md", b"---\nlicense: mine\n---\n"), 400, '"license" must be one of'),
            (("deletedFile", {"path": "none"}), 404, "A file with this name doesn't exist"),
            (("deletedFolder", {"path": "none/"}), 404, "A folder with this name doesn't exist"),
            (("rename", {"path": "x"}), 400, "no operation is called rename"),
        ],
    )
    def test_a_commit_with_one_wrong_operation_changes_nothing(self, hub, data, operation, status, message):
        before = hub.hub.head("dataset", "xner/data")
        answer = commit(f"{data}/commit/main", regular("good.txt", b"good"), operation)
        assert answer.status == status
        assert message in answer.value["error"]
        assert hub.hub.head("dataset", "xner/data") == before

    @pytest.mark.parametrize("body", [b"", b"no json\n", b'{"key": "file"}\n', json.dumps(["header"]).encode()])
    def test_a_body_that_is_no_list_of_operations_is_refused(self, data, body):
        assert ask(f"{data}/commit/main", "POST", body).status == 400

    def test_a_tag_or_commit_takes_no_commits(self, hub, fresh):
        ask(f"{fresh}/tag/main", "POST", {"tag": "v1"})
        for revision in ("v1", hub.hub.head("dataset", "xner/fresh")):
            assert commit(f"{fresh}/commit/{revision}", regular("x", b"")).status == 400

    def test_the_same_steps_give_the_same_ids_on_every_server(self, hub, fresh):
        with start() as other:
            make(other, "fresh")
            assert other.hub.head("dataset", "xner/fresh") == hub.hub.head("dataset", "xner/fresh")


class TestServer:
    def test_the_log_tells_everything_but_tokens_and_signatures(self, hub, page):
        hub.log.clear()
        location = ask(f"{page}/a/c.bin?download=1", headers={"User-Agent": "test/1", "Range": "bytes=0-9"}).headers[
            "location"
        ]
        ask(location, token=None)
        first, second = hub.log
        assert (first.method, first.path, first.query) == (
            "GET",
            "/datasets/xner/data/resolve/main/a/c.bin",
            "download=1",
        )
        assert (first.status, first.received, first.sent, first.token, first.fault) == (302, 0, 0, True, "")
        assert (first.user_agent, first.range) == ("test/1", "bytes=0-9")
        assert (second.path, second.query) == (f"/__cdn/{SHA256}", "Signature=")
        assert (second.status, second.sent, second.token) == (200, 1024, False)
        assert "hf_write" not in repr(hub.log)

    def test_an_error_of_the_server_itself_is_kept_for_the_test_to_see(self, hub, data):
        answer = ask(f"{data}/preupload/main", "POST", {})
        assert (answer.status, answer.value["error"]) == (500, "the test server failed: KeyError('files')")
        assert "KeyError: 'files'" in hub.hub.failures.pop()

    def test_an_address_that_leads_nowhere_is_named(self, hub):
        answer = ask(f"{hub.url}/api/papers")
        assert (answer.status, answer.value["error"]) == (404, "no answer to GET /api/papers")

    def test_a_conversion_of_the_hub_is_a_branch_of_its_own_kind(self, hub, fresh):
        assert ask(f"{fresh}/branch/refs%2Fconvert%2Fparquet", "POST", {}).status == 200
        refs = ask(f"{fresh}/refs").value
        assert [one["ref"] for one in refs["branches"]] == ["refs/heads/main"]
        assert [(one["name"], one["ref"]) for one in refs["converts"]] == [("parquet", "refs/convert/parquet")]
        assert ask(f"{hub.url}/datasets/xner/fresh/resolve/refs%2Fconvert%2Fparquet/a/b.txt").body == b"abcdef"
