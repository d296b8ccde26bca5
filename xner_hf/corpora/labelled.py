"""Labelled sentences of every origin: Hub corpora, our own builds, local files."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from xner_hf.corpora.entity_types import EntityTypes
from xner_hf.corpora.files import LABELLED, read_sentences
from xner_hf.corpora.hub import CorpusSplit, configs_of, find_split, tag_names
from xner_hf.corpora.scheme import FORMS, IOB2, TAG, TagCounts, read_tags
from xner_hf.corpora.sentence import ReadReport, Sentence
from xner_hf.errors import XnerError
from xner_hf.spans import NER_LABELS, spans_from_iob2


def is_build(path: Path) -> bool:
    """Whether a folder is a whole build of ours."""
    return (path / "build.json").is_file()


def read_labelled(
    reference: str,
    split: str,
    report: ReadReport | None = None,
    revision: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Iterator[Sentence]:
    """Yield the labelled sentences of a corpus, with entities of the types PER, ORG and LOC.

    The words of files are brought into NFC, as raw text is. A row of a Hub corpus without words, or of which a word or
    the tags are null, is left out, since nobody can delete it.

    Args:
        reference: a build folder, a file (`read_sentences`), or ``org/name[:config]`` on the Hub or in the mirror; the
            configuration may be left out where there is only one.
        split: a split of the corpus; a file has none and ignores it.
        report: filled with what was found, repaired and left out.
        revision: Hub branch, tag or commit.
        labels: entity types of the corpus mapped to PER, ORG, LOC or ``O`` (`EntityTypes`).

    Raises:
        XnerError: the reference is of none of these forms, holds no labels, or types that have to be mapped (before
            the first sentence is yielded).
    """
    path = Path(reference)
    report = report if report is not None else ReadReport()
    types = EntityTypes(labels, report)
    origin = str(path)
    if path.is_file():
        sentences = _composed(read_sentences(path, str.split, report), report)
    elif path.is_dir():
        sentences = _build_sentences(path, split)
    elif path.suffix in (*LABELLED, ".txt"):
        raise XnerError(f"{reference}: the file does not exist. Check the path (relative to {Path.cwd()}).")
    else:
        found = hub_split(reference, split, revision)
        sentences, origin = _read_hub(found, report), str(found)
    for number, sentence in enumerate(sentences):
        if sentence.spans is None:
            raise XnerError(
                f"{reference}: sentence {sentence.id} has no entity labels; give a labelled corpus."
                f"{_LABELS.get(path.suffix.lower(), '')}"
            )
        if not number:
            types.check(reference, report.types.get(origin))
        yield types.sentence(sentence)


_LABELS = {
    ".conllu": " CoNLL-U has them as NER= in MISC; a sentence without an entity needs NER=O at a word.",
    ".jsonl": " JSONL has them as 'ner_tags' or 'entities'; an empty list of entities says that there are none.",
}


def composed(words: Sequence[str]) -> list[str]:
    """Return words in NFC: the form of all raw text, under which words are looked up."""
    return [unicodedata.normalize("NFC", word) for word in words]


def _composed(sentences: Iterator[Sentence], report: ReadReport) -> Iterator[Sentence]:
    for sentence in sentences:
        words = composed(sentence.tokens)
        report.composed += sum(old != new for old, new in zip(sentence.tokens, words, strict=True))
        sentence.tokens = words
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


def read_build_rows(path: Path, split: str) -> Iterator[BuildRow]:
    """Yield the rows of a build, with where their labels come from.

    Raises:
        XnerError: the folder is not a complete build, has no such split, or the split holds rejected rows.
    """
    import pyarrow.parquet as pq

    if not is_build(path):
        raise XnerError(f"{path} has no build.json, so it is not a complete build. Make one with `xner build LANG`.")
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


def _build_sentences(path: Path, split: str) -> Iterator[Sentence]:
    for row in read_build_rows(path, split):
        spans = [span._replace(score=1.0) for span in row.sentence.spans or ()]  # labels, as in any other corpus
        yield Sentence(row.sentence.id, row.sentence.tokens, spans, row.sentence.tags)


def _read_hub(found: CorpusSplit, report: ReadReport) -> Iterator[Sentence]:
    missing = {"tokens", "ner_tags"} - found.columns()
    if missing:
        raise XnerError(f"{found} is not a labelled corpus: it lacks the column {' and '.join(sorted(missing))}.")
    names = found.class_names("ner_tags")
    tags = TagCounts()
    for number, row in enumerate(found.rows(["tokens", "ner_tags"])):
        if _unusable(row) is None:
            tags.add(_hub_tags(names, row, f"{found}, row {number}"), lambda _, n=number: f"{found}, row {n}")
    scheme = tags.scheme()
    if scheme != IOB2:
        report.note(f"{found}: the tags are {scheme}")
    report.types[str(found)] = tags.types()
    sentences = 0
    for number, row in enumerate(found.rows(["tokens", "ner_tags"])):
        where = f"{found}, row {number}"
        if reason := _unusable(row):
            report.rows_left_out[reason] += 1
            continue
        spans, iob2 = read_tags(_hub_tags(names, row, where), scheme, lambda _, where=where: where, report)
        report.sentences += 1
        sentences += 1
        yield Sentence(str(number), row["tokens"], spans, iob2)
    if not sentences:
        raise XnerError(f"{found} holds no sentence: every row is without words, or a word or the tags are null.")


def _unusable(row: dict[str, Any]) -> str | None:
    """Return why a row is no sentence, None where it is one."""
    if not row["tokens"]:
        return "no words"
    if None in row["tokens"]:
        return "a word is null"
    if row["ner_tags"] is None or None in row["ner_tags"]:
        return "a tag is null"
    return None


def _hub_tags(names: list[str], row: dict[str, Any], where: str) -> list[str]:
    tags = tag_names(names, row["ner_tags"], len(row["tokens"]), where)
    odd = next((tag for tag in tags if not TAG.fullmatch(tag)), None)
    if odd is not None:
        raise XnerError(f"{where}: the label {odd!r} is not a tag. Tags are {FORMS}; convert the corpus.")
    return tags
