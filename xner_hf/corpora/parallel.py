"""Parallel text of every origin as one stream of `Pair`: Hub corpora, local files, the bundled sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xner_hf.corpora.hub import CorpusSplit, splits_of, tag_names
from xner_hf.corpora.lines import numbered_lines
from xner_hf.corpora.pair_files import read_jsonl_pairs, read_parallel_text, read_tsv_pairs
from xner_hf.corpora.sentence import Pair, ReadReport
from xner_hf.corpora.words import word_splitter
from xner_hf.errors import XnerError
from xner_hf.languages import is_evaluation_split, language
from xner_hf.registry import CORPUS, FILES, Input
from xner_hf.spans import spans_from_iob2

SAMPLE = "sample"
SAMPLE_SOURCE = "eng"
"""ISO 639-3 code of the language of the source side of the bundled sample."""


def splitting_rule(code: str | None) -> str:
    """Return the rule by which raw text of a language, named by its ISO 639-3 code, is split into words.

    Without a language text is split at white space and punctuation.
    """
    if code is None:
        return "spaces"
    target = language(code)
    return target.clitics or target.words


def splitter(code: str | None) -> Callable[[str], list[str]]:
    """Return the function that splits raw text of a language into words, by its `splitting_rule`."""
    return word_splitter(splitting_rule(code))


def sample_path(code: str) -> Path:
    """Return the file of the bundled sample for a language.

    Raises:
        XnerError: there is no sample for it.
    """
    folder = Path(__file__).with_name("sample")
    if not language(code).sample:
        known = ", ".join(sorted(path.stem for path in folder.glob("*.jsonl")))
        raise XnerError(f"there is no bundled sample for {code!r}; there is one for {known}.")
    return folder / f"{language(code).code}.jsonl"


def corpus_splits(corpus: str, config: str, splits: tuple[str, ...] | None, revision: str | None) -> list[CorpusSplit]:
    """Return the named splits of a corpus, all of them when `splits` is None.

    Raises:
        XnerError: the corpus, configuration or a split does not exist, or a split is gold for evaluation.
    """
    available = splits_of(corpus, config, revision)
    found = [CorpusSplit(corpus, config, split, revision) for split in splits or available]
    for split in found or [CorpusSplit(corpus, config, "train", revision)]:
        if is_evaluation_split(split.corpus, split.config, split.split):
            raise XnerError(
                f"{split} is an evaluation set: no label or sentence of it may enter a training corpus. "
                "Score against it with `xner evaluate`."
            )
        split.files()  # an unknown config or split is named before any long work starts
    return found


def read_split(
    split: CorpusSplit, source_language: str, target_language: str, report: ReadReport | None = None
) -> Iterator[Pair]:
    """Yield the pairs of a corpus in the order of its rows; ids are ``config/split/row``.

    Three layouts are known: ``translation`` (``{code: text}`` as in MAFAND), ``source_text`` and ``target_text``, and
    word-split ``source_tokens`` and ``target_tokens`` with optional ``source_ner_tags``. A side of which a word or tag
    is null has no words. Repaired tags are noted in `report`.

    Raises:
        XnerError: the columns are of none of these layouts, or a row's tags do not fit its words.
    """
    report = report if report is not None else ReadReport()
    names = split.columns()
    if "translation" in names:
        read = _translation_reader(split, source_language, target_language)
    elif {"source_text", "target_text"} <= names:
        first, second = splitter(source_language), splitter(target_language)

        def read(row: dict[str, Any], where: str) -> tuple:
            return first(row["source_text"] or ""), second(row["target_text"] or ""), None

    elif {"source_tokens", "target_tokens"} <= names:
        labelled = "source_ner_tags" in names
        labels = split.class_names("source_ner_tags") if labelled else None

        def read(row: dict[str, Any], where: str) -> tuple:
            source, target, spans = _whole(row["source_tokens"]), _whole(row["target_tokens"]), None
            if labelled:
                given = row["source_ner_tags"]
                if not source or given is None or None in given:
                    source, given = [], []
                tags = tag_names(labels, given, len(source), where)
                if odd := [tag for tag in tags if tag[:2] not in ("O", "B-", "I-")]:
                    raise XnerError(f"{where}: the label {odd[0]!r} is not an IOB2 tag; convert the corpus.")
                spans = spans_from_iob2(tags, lambda _: report.repaired.append(where))
            return source, target, spans

    else:
        raise XnerError(
            f"{split} is not parallel text: it has the columns {', '.join(sorted(names))}, but neither 'translation', "
            "'source_text' and 'target_text', nor 'source_tokens' and 'target_tokens'. If it is labelled text to be "
            "translated, name a translator (translator.model)."
        )
    for number, row in enumerate(split.rows()):
        source, target, spans = read(row, f"{split}, row {number}")
        yield Pair(f"{split.config}/{split.split}/{number}", source, target, spans)


def _whole(values: list[Any] | None) -> list[Any]:
    """Return the values of a row, none where one of them is null."""
    return [] if values is None or None in values else values


def _translation_reader(
    split: CorpusSplit, source_language: str, target_language: str
) -> Callable[[dict[str, Any], str], tuple]:
    codes = next((row["translation"] for row in split.rows(["translation"]) if row["translation"]), {})
    sides = []
    for code in (source_language, target_language):
        known = {code, *language(code).aliases}
        side = next((name for name in codes if name in known), None)
        if side is None:
            raise XnerError(f"{split} holds {' and '.join(codes)}, not {code}. Name a configuration that does.")
        sides.append((side, splitter(code)))
    (one, first), (two, second) = sides

    def read(row: dict[str, Any], where: str) -> tuple:
        sentence = row["translation"] or {}
        return first(sentence.get(one) or ""), second(sentence.get(two) or ""), None

    return read


def local_files(reference: str) -> list[Path] | None:
    """Return the files that a reference to parallel text names, None when it is of another form.

    A ``.tsv`` or ``.jsonl`` file holds both sides; two text files, one a side, are joined by a comma.
    """
    if reference.lower().endswith((".tsv", ".jsonl")):
        return [Path(reference)]
    source, comma, target = reference.partition(",")
    return [Path(source), Path(target)] if comma else None


def parallel_input(reference: str) -> Input:
    """Return what a reference to parallel text names: local files, or ``org/name:config`` on the Hub.

    Raises:
        XnerError: it is of neither form.
    """
    if local_files(reference):
        return Input(FILES, reference)
    corpus, colon, config = reference.partition(":")
    if not colon:
        raise no_pairs(reference)
    return Input(CORPUS, corpus, config=config)


def no_pairs(reference: str) -> XnerError:
    """Return the error for a reference that names no parallel text, and how to convert a file that may be some."""
    forms = f"the parallel text {reference!r} is none of: a .tsv or .jsonl file, two text files joined by a comma, "
    path = Path(reference)
    if not path.is_file():
        return XnerError(f"{forms}org/name:config.")
    for number, line in numbered_lines(path):
        if "|||" in line:
            remedy = f"sed 's/ *||| */\\t/' {reference} > {path.stem}.tsv"
        elif "\t" in line:
            remedy = f"cut -f1,2 {reference} > {path.stem}.tsv"
        elif path.suffix.lower() == ".json" or line.lstrip().startswith("["):
            remedy = f"jq -c '.[]' {reference} > {path.stem}.jsonl"
        else:
            break
        return XnerError(f"{path}:{number}: {forms}org/name:config. To convert it: {remedy}")
    return XnerError(f"{path}: {forms}org/name:config. Write it as one of them.")


def read_files(reference: str, source_language: str, target_language: str | None) -> Iterator[Pair]:
    """Yield the pairs of the files that a reference names (`local_files`).

    Raises:
        XnerError: a file is missing or malformed, or two files have different numbers of lines.
    """
    files = local_files(reference) or []
    splitters = (splitter(source_language), splitter(target_language))
    if len(files) == 2:
        yield from read_parallel_text(*files, *splitters)
    elif files[0].suffix.lower() == ".tsv":
        yield from read_tsv_pairs(files[0], *splitters)
    else:
        yield from read_jsonl_pairs(files[0], need_spans=False)


def read_extra(reference: str, source_language: str, target_language: str | None) -> Iterator[Pair]:
    """Yield the pairs of further parallel text: local files (`local_files`), or ``org/name:config`` on the Hub.

    Raises:
        XnerError: the reference is of neither form, or what it names is not available.
    """
    found = parallel_input(reference)
    if found.kind == FILES:
        yield from read_files(reference, source_language, target_language)
        return
    if target_language is None:
        raise XnerError(f"to read {reference}, name the language of its target side (--target-language).")
    for split in corpus_splits(found.name, found.config, None, None):
        yield from read_split(split, source_language, target_language)
