"""Sentences with dependency trees from treebanks: CoNLL-U files, and corpora on the Hub or in the mirror."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xner_hf.corpora.hub import CorpusSplit, splits_of, tag_names
from xner_hf.corpora.labelled import has_split, hub_split
from xner_hf.corpora.leakage import LeakCheck
from xner_hf.corpora.sentence import Pair, ReadReport, Sentence
from xner_hf.corpora.treebank import read_conllu, tree_fault
from xner_hf.errors import XnerError
from xner_hf.spans import spans_from_iob2

FEWEST_TO_CUT = 100
"""Sentences from which on a treebank that has only a test split is cut into train and test."""

_COLUMNS = ("tokens", "head", "deprel")
_IDS = ("sent_id", "idx")
_INTEGER = re.compile(r"-?[0-9]+")


@dataclass(slots=True)
class TreeReport(ReadReport):
    """Counts of the sentences of a treebank; ``sentences`` counts those read, kept or not.

    Attributes:
        rejected: reason by sentence id, for every sentence that was left out: those of `tree_fault`,
            ``lengths_differ``, ``empty_word``, ``missing_head``, ``missing_relation`` and ``evaluation_overlap``.
            Where an id comes again, its later entries are ``ID (2)``, ``ID (3)``, ...
        cut: which part of a test split was read as a split of its own, None where the treebank has the split.
        leak_check: ``status``, ``checked`` and ``unreachable`` of `LeakCheck.report`, None until there was a check.
    """

    rejected: dict[str, str] = field(default_factory=dict)
    cut: str | None = None
    leak_check: dict[str, Any] | None = None

    @property
    def yielded(self) -> int:
        """Number of sentences that were kept."""
        return self.sentences - len(self.rejected)

    def reject(self, name: str, reason: str) -> None:
        """Note that the sentence `name`, counted in ``sentences``, is left out."""
        key, copies = name, 1
        while key in self.rejected:
            copies += 1
            key = f"{name} ({copies})"
        self.rejected[key] = reason


def read_trees(
    reference: str, split: str, report: TreeReport | None = None, revision: str | None = None
) -> Iterator[Sentence]:
    """Yield the sentences of a treebank with heads and relations, and with spans where it has entities.

    Subtypes of relations are cut off (``nsubj:pass`` is ``nsubj``), as the CoNLL 2018 shared task scored them. A
    sentence whose heads are no tree with one root is not yielded but noted in ``report.rejected``.

    A treebank on the Hub that has only the split ``test`` is cut by position when it has `FEWEST_TO_CUT` sentences:
    the first 80 % are ``train``, the others ``test``. A smaller one is ``test`` as a whole.

    Args:
        reference: a CoNLL-U file, or ``org/name[:config]`` on the Hub or in the mirror with the columns ``tokens``,
            ``head`` (1-based, 0 for the root) and ``deprel``, and perhaps ``sent_id`` or ``idx`` (the id) and
            ``ner_tags``. The configuration may be left out where there is only one.
        split: ``train``, ``validation`` or ``test``; a file has none and ignores it.
        report: filled with counts, rejected sentences, the cut, and repaired tags.
        revision: Hub branch, tag or commit.

    Raises:
        XnerError: the reference is of neither form, has no such split or columns, or its test split is too small to be
            cut; a file is malformed in any way that `read_conllu` refuses, cycles among them; entity tags are not as
            many as words or have no name.
    """
    report = TreeReport() if report is None else report
    path = Path(reference)
    if path.is_file() or path.suffix == ".conllu":
        yield from _read_file(path, report)
    elif path.is_dir():
        raise XnerError(f"{reference} is a folder. Give a CoNLL-U file, or org/name:config on the Hub.")
    else:
        yield from _read_hub(reference, split, report, revision)


def drop_evaluation_text(
    sentences: Iterable[Sentence], language_code: str, report: TreeReport | None = None
) -> Iterator[Sentence]:
    """Leave out the sentences whose text occurs in a NER evaluation split of the language.

    The match is that of `LeakCheck`: without case, punctuation and spaces.

    Args:
        sentences: what `read_trees` yields.
        language_code: ISO 639-3 code.
        report: the report that `read_trees` fills; each sentence left out is noted there as ``evaluation_overlap``,
            and in ``leak_check`` which evaluation splits could be looked at.

    Raises:
        XnerError: the language is not in the language table.
    """
    report = TreeReport() if report is None else report
    check = LeakCheck(language_code, "", "")  # no corpus: only MAFAND has a table of rows to look up
    report.leak_check = {key: value for key, value in check.report().items() if key != "dropped"}
    for sentence in sentences:
        if check.leaked(Pair(sentence.id, [], sentence.tokens)):
            report.reject(sentence.id, "evaluation_overlap")
        else:
            yield sentence


def relation_labels(sentences: Iterable[Sentence]) -> list[str]:
    """Return all relations of the sentences, ``root`` first and always there, the others sorted.

    Raises:
        XnerError: a sentence has no tree.
    """
    found: set[str] = set()
    for sentence in sentences:
        if sentence.relations is None:
            raise XnerError(f"sentence {sentence.id!r} has no dependency tree. Give sentences of a treebank.")
        found.update(relation for relation in sentence.relations if relation is not None)
    return ["root", *sorted(found - {"root"})]


def _read_file(path: Path, report: TreeReport) -> Iterator[Sentence]:
    if path.suffix != ".conllu":
        raise XnerError(f"{path}: the suffix {path.suffix!r} names no treebank. Give CoNLL-U as a .conllu file.")
    for sentence in read_conllu(path, report):
        fault = _fault(sentence.tokens, sentence.heads, sentence.relations)
        if fault:
            report.reject(sentence.id, fault)
            continue
        sentence.relations = [_main(relation) for relation in sentence.relations]
        yield sentence


def _read_hub(reference: str, split: str, report: TreeReport, revision: str | None) -> Iterator[Sentence]:
    found, only_test = _find(reference, split, revision)
    columns = found.columns()
    missing = set(_COLUMNS) - columns
    if missing:
        raise XnerError(f"{found} is not a treebank: it lacks the column {' and '.join(sorted(missing))}.")
    wanted = [*_COLUMNS, *sorted(columns & {*_IDS, "ner_tags"})]
    labelled = "ner_tags" in columns
    names = found.class_names("ner_tags") if labelled else None
    rows = enumerate(found.rows(wanted))
    for number, row in _cut(list(rows), found, split, report) if only_test else rows:
        where = f"{found}, row {number}"
        report.sentences += 1
        name = str(next((row[key] for key in _IDS if row.get(key) not in (None, "")), number))
        heads = [_head(value) for value in row["head"] or ()]
        fault = _fault(row["tokens"] or (), heads, row["deprel"] or ())
        if fault:
            report.reject(name, fault)
            continue
        sentence = Sentence(name, row["tokens"], heads=heads, relations=[_main(one) for one in row["deprel"]])
        if labelled:
            sentence.tags = tag_names(names, row["ner_tags"] or [], len(row["tokens"]), where)
            sentence.spans = spans_from_iob2(sentence.tags, lambda _, where=where: report.repaired.append(where))
        yield sentence


def _find(reference: str, split: str, revision: str | None) -> tuple[CorpusSplit, bool]:
    """Return the split to read, and whether it is the only one, ``test``, that is to be cut."""
    if has_split(reference, "test"):
        test = hub_split(reference, "test", revision)
        if splits_of(test.corpus, test.config, revision) == ["test"]:
            return test, True
    return hub_split(reference, split, revision), False


def _cut(
    rows: list[tuple[int, dict[str, Any]]], found: CorpusSplit, split: str, report: TreeReport
) -> list[tuple[int, dict[str, Any]]]:
    """Return the part of a treebank's only split that `split` names."""
    treebank = f"{found.corpus}:{found.config}"
    if split not in ("train", "test"):
        raise XnerError(
            f"{treebank} has only a test split, of which the first 80 % are train and the others test, so there is no "
            f"{split!r}. Give train or test; keep some of train apart where you need a validation set."
        )
    if len(rows) < FEWEST_TO_CUT:
        if split == "test":
            return rows
        raise XnerError(
            f"{treebank} has only a test split of {len(rows)} sentences, too few to cut a train split from (fewer "
            f"than {FEWEST_TO_CUT}). Use it as test, and train on another treebank."
        )
    end = len(rows) * 4 // 5
    report.cut = "first 80 % of test" if split == "train" else "last 20 % of test"
    return rows[:end] if split == "train" else rows[end:]


def _head(value: Any) -> int | None:
    # Some versions of Universal Dependencies on the Hub hold the heads as strings, "None" among them.
    if isinstance(value, str):
        return int(value) if _INTEGER.fullmatch(value) else None
    return value if isinstance(value, int) else None


def _fault(tokens: list[str | None], heads: list[int | None], relations: list[str | None]) -> str | None:
    if not len(tokens) == len(heads) == len(relations):
        return "lengths_differ"
    if not all(token and token.strip() for token in tokens):
        return "empty_word"
    if None in heads:
        return "missing_head"
    if not all(relation and _main(relation) for relation in relations):
        return "missing_relation"
    return tree_fault(heads)


def _main(relation: str) -> str:
    return relation.partition(":")[0].strip()
