"""The binary formats of Xet: xorbs (blocks of compressed chunks) and shards (how files are made of them).

Format: https://huggingface.co/docs/xet. Names are four little-endian 64-bit numbers in hexadecimal digits.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import lz4.frame

from .messages import HubError

ENTRY = 48
"""Bytes of every entry of a shard, and of its header."""

BOOKEND = b"\xff" * 32
"""Name that ends a list of a shard."""

HAS_VERIFICATION, HAS_METADATA = 1 << 31, 1 << 30
CHUNK_HEADER = 8


@dataclass(frozen=True)
class Chunk:
    """A chunk of a xorb: where it begins, the bytes it takes there after its header, its scheme, and its length."""

    start: int
    packed: int
    scheme: int
    length: int

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + CHUNK_HEADER + self.packed


@dataclass(frozen=True)
class Term:
    """A part of a file: chunks `first` to `last` (exclusive) of a xorb."""

    xorb: str
    first: int
    last: int


@dataclass(frozen=True)
class FileEntry:
    """A file of a shard: its name in Xet, its terms, and its SHA-256 where the client says it."""

    name: str
    terms: list[Term]
    sha256: str | None


def name_of(data: bytes) -> str:
    """Return a name of 32 bytes in hexadecimal digits."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", data))


def chunks_of(xorb: bytes) -> list[Chunk]:
    """Return the chunks of a xorb; what follows them, an index, is not needed.

    Raises:
        HubError: 400, a chunk is longer than the xorb.
    """
    chunks, start = [], 0
    while start < len(xorb) and xorb[start] == 0:  # the index begins with a letter
        if start + CHUNK_HEADER > len(xorb):
            raise HubError(400, f"the xorb is damaged: it ends in the middle of the chunk at byte {start}")
        packed, length = (int.from_bytes(xorb[start + at : start + at + 3], "little") for at in (1, 5))
        chunks.append(Chunk(start, packed, xorb[start + 4], length))
        start = chunks[-1].end
    if not chunks or start > len(xorb):
        raise HubError(400, "the xorb is damaged: its chunks do not fit in it")
    return chunks


def unpack(xorb: bytes, chunk: Chunk) -> bytes:
    """Return the content of a chunk.

    Raises:
        HubError: 400, it cannot be unpacked.
    """
    data = xorb[chunk.start + CHUNK_HEADER : chunk.end]
    if chunk.scheme:
        try:
            data = lz4.frame.decompress(data)
        except RuntimeError as error:
            raise HubError(400, f"a chunk at byte {chunk.start} is damaged: {error}") from error
    if len(data) != chunk.length:
        raise HubError(400, f"a chunk at byte {chunk.start} has {len(data)} bytes, not {chunk.length}")
    return _ungrouped(data) if chunk.scheme == 2 else data


def _ungrouped(data: bytes) -> bytes:
    """Undo the grouping of every fourth byte, which makes numbers of four bytes pack better."""
    out, start = bytearray(len(data)), 0
    for offset in range(4):
        count = len(range(offset, len(data), 4))
        out[offset::4] = data[start : start + count]
        start += count
    return bytes(out)


def files_of(shard: bytes) -> list[FileEntry]:
    """Return the files of a shard.

    Raises:
        HubError: 400, it ends too early.
    """
    files, at = [], ENTRY
    try:
        while shard[at : at + 32] != BOOKEND:
            name = name_of(shard[at : at + 32])
            flags, count = struct.unpack_from("<II", shard, at + 32)
            at += ENTRY
            terms = []
            for _ in range(count):
                first, last = struct.unpack_from("<II", shard, at + 40)
                terms.append(Term(name_of(shard[at : at + 32]), first, last))
                at += ENTRY
            if flags & HAS_VERIFICATION:
                at += ENTRY * count
            sha256 = None
            if flags & HAS_METADATA:
                sha256 = name_of(shard[at : at + 32])
                at += ENTRY
            files.append(FileEntry(name, terms, sha256))
    except struct.error as error:
        raise HubError(400, f"the shard is damaged: {error}") from error
    return files
