"""The storage of Xet with xorbs and shards made by hand."""

from __future__ import annotations

import hashlib
import struct

import lz4.frame
import pytest
from hub_raw import ask
from server import HubError
from server.xet_format import chunks_of, files_of, unpack

CHUNKS = [b"abcdef", bytes(range(10)) * 3, b"a" * 1000]
CONTENT = b"".join(CHUNKS)
XORB, FILE = "01" * 32, "02" * 32
"""Names; they read the same in every byte order."""


def packed(data, scheme):
    """Return a chunk; scheme 2 groups every fourth byte."""
    content = (
        data if scheme == 0 else lz4.frame.compress(b"".join(data[i::4] for i in range(4)) if scheme == 2 else data)
    )
    return b"\0" + len(content).to_bytes(3, "little") + bytes([scheme]) + len(data).to_bytes(3, "little") + content


def shard(sha256=None, xorb=XORB, terms=((0, 2), (2, 3))):
    """Return a shard with one file."""
    flags = (1 << 31) | ((1 << 30) if sha256 else 0)
    entries = [bytes.fromhex(FILE) + struct.pack("<IIQ", flags, len(terms), 0)]
    entries += [bytes.fromhex(xorb) + struct.pack("<IIII", 0, 0, first, last) for first, last in terms]
    entries += [bytes(48)] * len(terms)
    if sha256:
        numbers = [int(sha256[i : i + 16], 16) for i in range(0, 64, 16)]
        entries.append(struct.pack("<4Q", *numbers) + bytes(16))
    return bytes(48) + b"".join(entries) + b"\xff" * 32 + bytes(16)


XORB_CONTENT = b"".join(packed(data, scheme) for scheme, data in enumerate(CHUNKS)) + b"XETBLOB and an index"


class Storage:
    def __init__(self, hub):
        ask(f"{hub.url}/api/repos/create", "POST", {"name": "model"})
        repo = f"{hub.url}/api/models/alice/model"
        answer = ask(f"{repo}/xet-write-token/main")
        self.url, self.write = answer.headers["x-xet-cas-url"], answer.headers["x-xet-access-token"]
        assert answer.value["casUrl"] == self.url
        assert answer.value["exp"] == int(answer.headers["x-xet-token-expiration"])
        self.read = ask(f"{repo}/xet-read-token/main").headers["x-xet-access-token"]

    def put(self, xorb=XORB_CONTENT, token=None):
        return ask(f"{self.url}/v1/xorbs/default/{XORB}", "POST", xorb, token or self.write)

    def put_shard(self, content):
        return ask(f"{self.url}/v1/shards", "POST", content, self.write)

    def fetch(self, asked=None):
        """Return a file as the client puts it together."""
        headers = {"Range": asked} if asked else {}
        plan = ask(f"{self.url}/v1/reconstructions/{FILE}", token=self.read, headers=headers).value
        out = b""
        for term in plan["terms"]:
            [where] = [one for one in plan["fetch_info"][term["hash"]] if one["range"] == term["range"]]
            place = "bytes={start}-{end}".format(**where["url_range"])
            raw, part = ask(where["url"], token=None, headers={"Range": place}).body, b""
            for data, scheme in zip(CHUNKS, range(3), strict=True):
                if raw.startswith(packed(data, scheme)):
                    raw, part = raw.removeprefix(packed(data, scheme)), part + data
            assert (raw, len(part)) == (b"", term["unpacked_length"])
            out += part
        return out[plan["offset_into_first_range"] :]


@pytest.fixture
def storage(hub):
    return Storage(hub)


def test_a_file_of_chunks_of_all_schemes_comes_back(hub, storage):
    assert [storage.put().value for _ in range(2)] == [{"was_inserted": True}, {"was_inserted": False}]
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert storage.put_shard(shard(sha256)).value == {"result": 1}
    assert hub.hub.storage.objects[sha256] == CONTENT
    assert hub.hub.storage.xet_names[sha256] == FILE
    assert storage.fetch() == CONTENT


@pytest.mark.parametrize(("first", "last"), [(0, 3), (2, 20), (6, 35), (7, 700), (36, 1035), (1000, 5000)])
def test_a_range_is_in_the_chunks_that_are_named(storage, first, last):
    storage.put()
    storage.put_shard(shard())
    found = storage.fetch(f"bytes={first}-{last}")
    assert found[: last - first + 1] == CONTENT[first : last + 1]


def test_a_range_past_the_end_is_refused(storage):
    storage.put()
    storage.put_shard(shard())
    url = f"{storage.url}/v1/reconstructions/{FILE}"
    assert ask(url, token=storage.read, headers={"Range": "bytes=1036-"}).status == 416


def test_a_chunk_that_stands_twice_in_a_file_is_sent_twice(hub, storage):
    storage.put()
    storage.put_shard(shard(terms=((0, 1), (0, 1), (2, 3))))
    assert hub.hub.storage.objects[hashlib.sha256(b"abcdefabcdef" + CHUNKS[2]).hexdigest()]
    plan = ask(f"{storage.url}/v1/reconstructions/{FILE}", token=storage.read).value
    assert [(term["range"]["start"], term["range"]["end"]) for term in plan["terms"]] == [(0, 1), (0, 1), (2, 3)]


def test_what_is_damaged_is_refused_and_can_be_sent_again(storage):
    for end in (5, 12, 40, 66):
        assert storage.put(XORB_CONTENT[:end]).status == 400
    assert storage.put(XORB_CONTENT[:9] + b"\x05" + XORB_CONTENT[10:]).status == 200  # readable, but another content
    assert storage.put_shard(shard(hashlib.sha256(CONTENT).hexdigest())).status == 400
    storage.put()
    assert storage.put_shard(shard(hashlib.sha256(CONTENT).hexdigest())).status == 200


def test_a_changed_bit_is_refused_or_gives_some_content_but_is_no_error_of_the_server():
    for content, of_shard in ((XORB_CONTENT, False), (shard("03" * 32), True)):
        for bit in range(8 * len(content)):
            damaged = bytearray(content)
            damaged[bit // 8] ^= 1 << bit % 8
            xorb, plan = (XORB_CONTENT, bytes(damaged)) if of_shard else (bytes(damaged), shard())
            try:
                chunks = chunks_of(xorb)
                terms = [term for file in files_of(plan) for term in file.terms]
                assert all(unpack(xorb, chunk) for term in terms for chunk in chunks[term.first : term.last])
            except HubError as error:
                assert error.status == 400


def test_a_shard_of_unknown_xorbs_or_without_end_is_refused(storage):
    assert "was not uploaded" in storage.put_shard(shard(xorb="03" * 32)).value["error"]
    assert "the shard is damaged" in storage.put_shard(shard()[:100]).value["error"]


def test_the_storage_takes_its_own_tokens_and_no_other(storage):
    assert storage.put(token="hf_write").status == 401
    assert storage.put(token=storage.read).status == 403
    assert ask(f"{storage.url}/v1/reconstructions/{FILE}", token=None).status == 401
    assert ask(f"{storage.url}/v1/reconstructions/{FILE}", token=storage.read).status == 404
    assert ask(f"{storage.url}/get/{XORB}", token=None).status == 403


def test_a_token_for_writing_needs_the_right_to_write(hub, storage):
    repo = f"{hub.url}/api/models/alice/model"
    assert ask(f"{repo}/xet-write-token/main", token=None).status == 401
    assert ask(f"{repo}/xet-write-token/main", token="hf_other").status == 403
    assert ask(f"{repo}/xet-write-token/None?create_pr=1", token="hf_other").status == 200
    assert ask(f"{repo}/xet-read-token/v9").headers["x-error-code"] == "RevisionNotFound"
