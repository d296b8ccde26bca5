"""Which form text of the user's own has: pairs, text of the target language, or labelled sentences of the source."""

from __future__ import annotations

from pathlib import Path

from xner_hf.corpora.files import LABELLED
from xner_hf.corpora.lines import json_rows, numbered_lines
from xner_hf.corpora.parallel import local_files, no_pairs
from xner_hf.errors import XnerError

PAIRS, TARGET, SOURCE = "pairs", "target", "source"

FORMS = {
    PAIRS: "sentence pairs",
    TARGET: "unlabelled text of the language itself",
    SOURCE: "labelled sentences of the source language",
}
"""The forms of own text, and what they are called in messages."""


def text_form(reference: str) -> str | None:
    """Return the form of a file or folder, a key of `FORMS`; None for the id of a corpus and for a missing JSONL file.

    The suffix tells it, and of a ``.jsonl`` file the keys of its first row.

    Raises:
        XnerError: the first row has no keys that are known, or a ``.txt`` file begins with a pair.
    """
    path = Path(reference)
    if path.is_dir():
        return TARGET
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        return _form_of_rows(path) if path.is_file() else None
    if local_files(reference):
        return PAIRS
    if suffix == ".txt":
        first = next(numbered_lines(path), (1, ""))[1] if path.is_file() else ""
        if "|||" in first or [bool(column.strip()) for column in first.split("\t")] == [True, True]:
            raise no_pairs(reference)
        return TARGET
    return SOURCE if suffix in LABELLED else None


def _form_of_rows(path: Path) -> str:
    place, row = next(json_rows(path))
    if "source_tokens" in row or "target_tokens" in row:
        return PAIRS
    if "tokens" in row and ("text" not in row or "ner_tags" in row or "entities" in row):
        return SOURCE
    if "text" in row:
        return TARGET
    raise XnerError(
        f"{place}: the row has {', '.join(map(repr, row)) or 'no keys'}. Pairs have 'source_tokens' and "
        "'target_tokens', text of the language itself has 'text', labelled sentences of the source language have "
        "'tokens' with 'ner_tags' or 'entities'; a .tsv file holds pairs that are not split into words."
    )
