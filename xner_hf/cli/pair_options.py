"""What ``xner project`` and ``xner align`` share: the user's own pairs and further parallel text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from xner_hf.cli.output import parse_settings
from xner_hf.corpora.entity_types import EntityTypes, check_labels
from xner_hf.corpora.pair_files import read_jsonl_pairs
from xner_hf.corpora.parallel import local_files, no_pairs, read_extra, read_files
from xner_hf.corpora.sentence import Pair, ReadReport
from xner_hf.errors import XnerError

Pairs = Annotated[
    str,
    typer.Argument(
        metavar="PAIRS.jsonl", help="Rows with source_tokens and target_tokens; or a .tsv, or two text files: A,B."
    ),
]
AlignerName = Annotated[
    str,
    typer.Option(help="A registered aligner (`xner methods aligner`); settings: --set aligner.KEY=V."),
]
Extra = Annotated[
    list[str] | None,
    typer.Option(
        "--extra-parallel", metavar="F", help="Parallel text to train on: .jsonl, .tsv, A,B or org/name:config."
    ),
]
SourceLanguage = Annotated[str, typer.Option(help="Language of the source side, for splitting raw text.")]
TargetLanguage = Annotated[str | None, typer.Option(help="Language of the target side, for splitting raw text.")]


def pair_settings(settings: list[str] | None, sections: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return the settings of ``--set SECTION.KEY=VALUE`` by section.

    Raises:
        XnerError: a setting is malformed or of another section.
    """
    found: dict[str, dict[str, Any]] = {section: {} for section in sections}
    for key, value in parse_settings(settings).items():
        section, _, name = key.partition(".")
        if name == "method" and section in found and section in _EXAMPLES:
            raise XnerError(f"--set {key}: the method is chosen by an option of its own: --{section} {value}.")
        if section not in found or not name:
            raise XnerError(
                f"--set {key}: here only settings of {' and '.join(sections)} are known, such as {sections[0]}."
                f"{_EXAMPLES[sections[0]]}."
            )
        found[section][name] = value
    return found


_EXAMPLES = {"projector": "max_words=8", "aligner": "stem=0"}


def tagger_labels(settings: dict[str, Any], labels: dict[str, str] | None) -> dict[str, str] | None:
    """Return the mapping of types of ``--labels`` or ``--set tagger.labels``.

    Raises:
        XnerError: the settings hold another key, both are given, or the mapping is none.
    """
    if other := set(settings) - {"labels"}:
        raise XnerError(
            f"--set tagger.{min(other)}: here only settings of projector and aligner and filters are known, and "
            "tagger.labels (--labels)."
        )
    given = settings.get("labels")
    if given is not None and labels is not None:
        raise XnerError("--labels and --set tagger.labels say the same; give one of them.")
    if given is not None and not isinstance(given, dict):
        raise XnerError(f"tagger.labels is {given!r}; it maps types to types, such as {{PERSON: PER}}.")
    return dict(check_labels(given)) if given is not None else labels


def rename_types(pairs: list[Pair], labels: dict[str, str], report: ReadReport) -> None:
    """Rename the types of the pairs' own entities; one that is not in the mapping stays, since nothing is lost."""
    types = EntityTypes(labels, report)
    for pair in pairs:
        if pair.source_spans is not None:
            pair.source_spans = [
                new for span in pair.source_spans for new in (types.spans([span]) if span.label in labels else [span])
            ]


def read_pairs(reference: str, need_spans: bool, source_language: str, target_language: str | None) -> list[Pair]:
    """Read the pairs of local files (`local_files`).

    Raises:
        XnerError: the file is of another kind or malformed, or `need_spans` and it has none.
    """
    if not local_files(reference):
        raise no_pairs(reference)
    if reference.lower().endswith(".jsonl"):
        return list(read_jsonl_pairs(reference, need_spans))
    if need_spans:
        raise XnerError(f"{reference} holds text without entities; say who labels its source side with --tagger.")
    return list(read_files(reference, source_language, target_language))


def read_extras(references: list[str] | None, source_language: str, target_language: str | None) -> Iterator[Pair]:
    """Yield the pairs of all further parallel text."""
    for reference in references or ():
        yield from read_extra(reference, source_language, target_language)
