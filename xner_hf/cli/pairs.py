"""What ``xner project`` and ``xner align`` share: the user's own pairs and further parallel text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from xner_hf.corpora.base import Pair
from xner_hf.corpora.pairs import read_jsonl_pairs, read_tsv_pairs
from xner_hf.corpora.parallel import read_extra, splitter
from xner_hf.errors import XnerError

Pairs = Annotated[
    Path, typer.Argument(metavar="PAIRS.jsonl", help="Rows with source_tokens and target_tokens, or a .tsv of texts.")
]
AlignerName = Annotated[str, typer.Option(help="statistical | none")]
Extra = Annotated[
    list[str] | None,
    typer.Option("--extra-parallel", metavar="F", help="Parallel text to train on: .tsv, .jsonl or org/name:config."),
]
SourceLanguage = Annotated[str, typer.Option(help="Language of the source side, for splitting raw text.")]
TargetLanguage = Annotated[str | None, typer.Option(help="Language of the target side, for splitting raw text.")]


def read_pairs(path: Path, need_spans: bool, source_language: str, target_language: str | None) -> list[Pair]:
    """Read the pairs of a ``.jsonl`` or ``.tsv`` file.

    Raises:
        XnerError: the file is of another kind or malformed, or `need_spans` and it has none.
    """
    if path.suffix == ".tsv":
        if need_spans:
            raise XnerError(f"{path} holds text without entities; say who labels its source side with --tagger.")
        return list(read_tsv_pairs(path, splitter(source_language), splitter(target_language)))
    if path.suffix != ".jsonl":
        raise XnerError(f"{path}: pairs are read from .jsonl and .tsv files.")
    return list(read_jsonl_pairs(path, need_spans))


def read_extras(references: list[str] | None, source_language: str, target_language: str | None) -> Iterator[Pair]:
    """Yield the pairs of all further parallel text."""
    for reference in references or ():
        yield from read_extra(reference, source_language, target_language)
