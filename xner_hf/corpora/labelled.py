"""Labelled sentences of every origin: Hub corpora, our own builds, local files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from xner_hf.corpora.base import ReadReport, Sentence
from xner_hf.corpora.files import LABELLED, read_sentences
from xner_hf.corpora.hub import CorpusSplit, configs_of, find_split, tag_names
from xner_hf.errors import XnerError
from xner_hf.spans import NER_LABELS, spans_from_iob2


def is_build(path: Path) -> bool:
    """Whether a folder is a whole build of ours."""
    return (path / "build.json").is_file()


def read_labelled(
    reference: str, split: str, report: ReadReport | None = None, revision: str | None = None
) -> Iterator[Sentence]:
    """Yield the labelled sentences of a corpus.

    Args:
        reference: a build folder, a file (`read_sentences`), or ``org/name[:config]`` on the Hub or in the mirror; the
            configuration may be left out where there is only one.
        split: a split of the corpus; a file has none and ignores it.
        report: filled with repaired tags.
        revision: Hub branch, tag or commit.

    Raises:
        XnerError: the reference is of none of these forms, or holds no labels.
    """
    path = Path(reference)
    report = report if report is not None else ReadReport()
    if path.is_file():
        sentences = read_sentences(path, str.split, report)
    elif path.is_dir():
        sentences = _read_build(path, split)
    elif path.suffix in (*LABELLED, ".txt"):
        raise XnerError(f"{reference}: there is no such file. Check the path (relative to {Path.cwd()}).")
    else:
        sentences = _read_hub(reference, split, report, revision)
    for sentence in sentences:
        if sentence.spans is None:
            raise XnerError(f"{reference}: sentence {sentence.id} has no entity labels; give a labelled corpus.")
        yield sentence


def has_split(reference: str, split: str) -> bool:
    """Whether a corpus, named as for `read_labelled`, has a split of that name; a file has only ``train``."""
    path = Path(reference)
    if path.is_file():
        return split == "train"
    if path.is_dir():
        return any((path / split).glob("*.parquet"))
    corpus, config = _corpus_and_config(reference)
    return find_split(corpus, config, split) is not None


def hub_split(reference: str, split: str, revision: str | None = None) -> CorpusSplit:
    """Return the split that ``org/name[:config]`` and `split` name, at a branch, tag or commit.

    Raises:
        XnerError: there is no such corpus, configuration or split, or the configuration must be named.
    """
    found = CorpusSplit(*_corpus_and_config(reference), split, revision)
    found.files()
    return found


def _corpus_and_config(reference: str) -> tuple[str, str]:
    corpus, _, config = reference.partition(":")
    if config:
        return corpus, config
    known = configs_of(corpus)
    if len(known) > 1:
        raise XnerError(
            f"{corpus} has several configurations; name one as in {corpus}:{known[0]}. It has: {', '.join(known)}."
        )
    return corpus, known[0]


class BuildRow(NamedTuple):
    """A row of a build.

    Attributes:
        sentence: target side; its spans have the scores of the projection.
        source: words of the source side, none where there is no source side.
        links: ``(source word, target word, probability)``.
    """

    sentence: Sentence
    source: list[str]
    links: list[tuple[int, int, float]]


def read_build(path: Path, split: str) -> Iterator[BuildRow]:
    """Yield the rows of a build, with where their labels come from.

    Raises:
        XnerError: the folder is no whole build, has no such split, or the split holds rejected rows.
    """
    import pyarrow.parquet as pq

    if not is_build(path):
        raise XnerError(f"{path} holds no build.json, so it is no whole build. Make one with `xner build LANG`.")
    files = sorted((path / split).glob("*.parquet"))
    if not files:
        raise XnerError(f"the build {path} has no split {split!r}; it has train, validation and rejected.")
    columns = ["id", "tokens", "ner_tags", "reason", "source_tokens", "entities", "links"]
    for file in files:
        for row in pq.read_table(file, columns=columns).to_pylist():
            if row["reason"]:
                raise XnerError(f"the split {split!r} of {path} holds rejected rows, which have no labels.")
            tags = [NER_LABELS[tag] for tag in row["ner_tags"]]
            scores = {(one["start"], one["end"], one["label"]): one["score"] for one in row["entities"] or ()}
            spans = [span._replace(score=scores.get(span[:3], 1.0)) for span in spans_from_iob2(tags)]
            links = [(link["source"], link["target"], link["score"]) for link in row["links"] or ()]
            yield BuildRow(Sentence(row["id"], row["tokens"], spans, tags), row["source_tokens"] or [], links)


def _read_build(path: Path, split: str) -> Iterator[Sentence]:
    for row in read_build(path, split):
        spans = [span._replace(score=1.0) for span in row.sentence.spans or ()]  # labels, as in any other corpus
        yield Sentence(row.sentence.id, row.sentence.tokens, spans, row.sentence.tags)


def _read_hub(reference: str, split: str, report: ReadReport, revision: str | None) -> Iterator[Sentence]:
    found = hub_split(reference, split, revision)
    missing = {"tokens", "ner_tags"} - found.columns()
    if missing:
        raise XnerError(f"{found} is no labelled corpus: it lacks the column {' and '.join(sorted(missing))}.")
    names = found.class_names("ner_tags")
    for number, row in enumerate(found.rows(["tokens", "ner_tags"])):
        if not row["tokens"]:
            raise XnerError(f"{found}, row {number}: the sentence has no words.")
        report.sentences += 1
        tags = tag_names(names, row["ner_tags"], len(row["tokens"]), f"{found}, row {number}")
        spans = spans_from_iob2(tags, lambda _, n=number: report.repaired.append(f"{found}, row {n}"))
        yield Sentence(str(number), row["tokens"], spans, tags)
