"""Data sets whose repository on the Hub holds a loading script, read from the files that the script read.

`datasets` runs no loading scripts since version 4. A file is fetched from the data set's own repository at the commit
that `raw_table` names, checked, and kept as it is below ``$HF_HOME/assets``; it is turned into rows whenever it is
opened, with the columns and label names that the Hub has.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.corpora.asking import ask_hub
from xner_hf.corpora.lines import blocks, numbered_lines
from xner_hf.corpora.raw_table import RAW, RawSource, addresses
from xner_hf.errors import HubFault, NoNetwork, XnerError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, order=True)
class RawFile:
    """One split of one configuration of a data set in `RAW`.

    Attributes:
        corpus: Hub id.
        config: configuration name.
        split: split name, as on the Hub.
    """

    corpus: str
    config: str
    split: str

    def __str__(self) -> str:
        return f"{self.corpus}:{self.config}/{self.split}"

    @property
    def source(self) -> RawSource:
        """Where its files lie."""
        return RAW[self.corpus][self.config]

    @property
    def cached(self) -> bool:
        """Whether its files were fetched before."""
        return all(path.is_file() for path in self._paths())

    def open(self) -> pa.BufferReader:
        """Return the rows as a Parquet file in memory; files that were not fetched before are fetched now.

        Raises:
            NotAvailable: a file is not available; `NoNetwork`: what came is not what the data set had at its commit.
            HubFault: as `ask_hub`.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._fetch()
        sink = pa.BufferOutputStream()
        pq.write_table(read_raw(self._paths(), self.source, self.split), sink)
        return pa.BufferReader(sink.getvalue())

    def digest(self) -> str:
        """Return the commit and the SHA-256 of the files, which are fetched if need be; raises as `open`."""
        self._fetch()
        total = hashlib.sha256(b"".join(path.read_bytes() for path in self._paths()))
        return f"{self.source.commit}:{self.config}/{self.split}:{total.hexdigest()}"

    def check(self) -> None:
        """Ask whether the files are available now.

        Raises:
            NotAvailable: no.
        """
        if not self.cached:
            for url in addresses(self.source, self.split):
                _request("HEAD", url, self)

    def _paths(self) -> list[Path]:
        from huggingface_hub.constants import HF_ASSETS_CACHE

        # As huggingface_hub.cached_assets_path, which would create the folder.
        folder = Path(HF_ASSETS_CACHE) / "xner-hf" / self.corpus.replace("/", "--") / self.source.commit / self.config
        return [folder / url.rpartition("/")[2] for url in addresses(self.source, self.split)]

    def _fetch(self) -> None:
        """Fetch what is missing, beside its place, and move it there once it has been read as what it should be."""
        if self.cached:
            return
        paths = self._paths()
        try:
            paths[0].parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise XnerError(f"{self} cannot be kept: {error}. Set HF_HOME to a folder that can be written.") from error
        with tempfile.TemporaryDirectory(dir=paths[0].parent, prefix=".partial-") as partial:
            fresh = [Path(partial) / path.name for path in paths]
            for url, path in zip(addresses(self.source, self.split), fresh, strict=True):
                path.write_bytes(_request("GET", url, self))
            try:
                read_raw(fresh, self.source, self.split)
            except XnerError as error:
                raise NoNetwork(
                    f"{self}: what {addresses(self.source, self.split)[0]} gave is not what it should be: {error} Is "
                    "a proxy in between? Else give a copy of the data set through XNER_MIRROR."
                ) from error
            for path, final in zip(fresh, paths, strict=True):
                os.replace(path, final)


def raw_splits(corpus: str) -> dict[str, list[str]]:
    """Return the splits of every configuration of a data set that can be read from raw files."""
    return {config: list(source.rows) for config, source in RAW.get(corpus, {}).items()}


def read_raw(paths: list[Path], source: RawSource, split: str) -> pa.Table:
    """Return the rows of the files of a split, with the columns and features that the Hub has.

    Raises:
        XnerError: a line does not fit the layout, or there are fewer rows than are known.
    """
    import pyarrow as pa

    if source.layout in ("json", "sides"):
        struct = pa.struct([(code, pa.string()) for code in source.labels])
        pairs = _json_pairs(paths[0], source.labels) if source.layout == "json" else _sides(paths, source.labels)
        # Rows with an empty side are not counted, neither here nor in the table of leaked rows.
        columns = {"translation": pa.array([row for row in pairs if all(row.values())], struct)}
        features: dict[str, Any] = {"translation": {"languages": list(source.labels), "_type": "Translation"}}
    else:
        rows = list(_tagged(paths[0], source))
        columns = {
            "id": pa.array([str(number) for number in range(len(rows))], pa.string()),
            "tokens": pa.array([words for words, _ in rows], pa.list_(pa.string())),
            source.column: pa.array([tags for _, tags in rows], pa.list_(pa.int64())),
        }
        text = {"dtype": "string", "_type": "Value"}
        labels = {"names": list(source.labels), "_type": "ClassLabel"}
        features = {
            "id": text,
            "tokens": {"feature": text, "_type": "List"},
            source.column: {"feature": labels, "_type": "List"},
        }
    table = pa.table(columns, metadata={"huggingface": json.dumps({"info": {"features": features}})})
    if table.num_rows < (source.rows[split] or 0):
        raise XnerError(f"{table.num_rows:,} sentences instead of {source.rows[split]:,}.")
    return table


def _tagged(path: Path, source: RawSource) -> Iterator[tuple[list[str], list[int]]]:
    numbers = {label: number for number, label in enumerate(source.labels)}
    for block in blocks(path):
        words, tags = [], []
        for number, line in block:
            if source.layout == "iob2":
                if line.startswith("#"):
                    continue
                cells = line.split("\t")[1:3]
                if len(cells) == 2 and (cells[1] == "B-O" or cells[1].endswith("-OTH")):
                    cells[1] = "O"
            else:
                cells = line.rstrip(" ").split(" ")  # a word may be empty: one is, in Xhosa
            if len(cells) != 2 or cells[1] not in numbers:
                raise XnerError(
                    f"line {number}, {line[:60]!r}, is not a word with one of the tags {', '.join(numbers)}."
                )
            words.append(cells[0])
            tags.append(numbers[cells[1]])
        if words:
            yield words, tags


def _sides(paths: list[Path], codes: tuple[str, ...]) -> list[dict[str, str]]:
    first, second = ([line.strip() for _, line in numbered_lines(path)] for path in paths)
    if len(first) != len(second):
        raise XnerError(f"{len(first):,} lines of {codes[0]} but {len(second):,} of {codes[1]}.")
    return [dict(zip(codes, row, strict=True)) for row in zip(first, second, strict=True)]


def _json_pairs(path: Path, codes: tuple[str, ...]) -> Iterator[dict[str, str]]:
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        try:
            pair = json.loads(line)["translation"]
            yield {code: (pair[code] or "").strip() for code in codes}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise XnerError(
                f"line {number}, {line[:60]!r}, is not a pair of {' and '.join(codes)} as JSON."
            ) from error


def _request(method: str, url: str, file: RawFile) -> bytes:
    import httpx2
    from huggingface_hub.utils import http_backoff

    def asked() -> bytes:
        response = http_backoff(
            method,
            url,
            max_retries=0,  # `ask_hub` does
            timeout=httpx2.Timeout(60, connect=10),
            # Not compressed, so that the length that is announced is that of the file.
            headers={"accept-encoding": "identity"},
        )
        response.raise_for_status()
        announced = response.headers.get("content-length", "")
        if method == "GET" and re.fullmatch("[0-9]+", announced) and int(announced) != len(response.content):
            raise HubFault(f"{url} gave {len(response.content):,} of {int(announced):,} bytes. Try again.")
        return response.content

    remedy = f"Set XNER_MIRROR to a folder that holds datasets/{file.corpus} where there is no network."
    return ask_hub(f"{file} (from {url})", asked, remedy)
