"""Sentences with dependency trees from CoNLL-U files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from reprlib import repr as short

from xner_hf.corpora.base import ReadReport, Sentence
from xner_hf.corpora.lines import IOB2, FilePath, blocks, iob2_spans, no_sentences
from xner_hf.errors import XnerError

_ANNOUNCES_SENTENCE = re.compile(r"#\s*(sent_id|text)\s*=")
_COLUMNS = ["ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"]


def read_conllu(path: FilePath, report: ReadReport | None = None) -> Iterator[Sentence]:
    """Read CoNLL-U with its trees; multiword ranges and empty nodes are left out.

    The id is ``sent_id`` or else the running number. Entities are the IOB2 tags of the key ``NER`` in MISC, a word
    without the key being ``O``; a sentence where no word has it gets ``spans=None``. As in Universal Dependencies,
    words may hold spaces. An ``I-`` tag without ``B-`` opens an entity and is noted in ``report.repaired``.

    Raises:
        XnerError: a line has not 10 columns separated by tabs, an id out of order, no word or no relation, a head that
            is not an integer from 0 to the number of words, or a wrong ``NER``; the heads are not a tree; a comment
            stands inside a sentence or announces one that has no words; the file has no sentence or is not readable
            UTF-8 text.
    """
    report = ReadReport() if report is None else report
    count = 0
    for block in blocks(path):
        comments = list(takewhile(lambda numbered: numbered[1].startswith("#"), block))
        name = _sentence_name(path, comments)
        if len(comments) == len(block):
            if any(_ANNOUNCES_SENTENCE.match(line) for _, line in comments):
                raise XnerError(f"{path}:{block[0][0]}: a sentence without words. Delete it or add its lines.")
            continue
        sentence = _tree(path, str(count) if name is None else name, block[len(comments) :], report)
        report.sentences += 1
        yield sentence
        count += 1
    if not count:
        raise no_sentences(path)


def _sentence_name(path: FilePath, comments: Sequence[tuple[int, str]]) -> str | None:
    name = None
    for number, line in comments:
        key, _, value = (part.strip() for part in line[1:].partition("="))
        if key == "global.columns" and value.split() != _COLUMNS:
            raise XnerError(f"{path}:{number}: CoNLL-U Plus, {short(value)}. Convert it to the 10 columns of CoNLL-U.")
        if key == "sent_id" and value:
            name = value
    return name


def _tree(path: FilePath, name: str, rows: Sequence[tuple[int, str]], report: ReadReport) -> Sentence:
    # The field parsers of conllu, not its parse_incr: that one passes lines with missing or extra columns, cuts at two
    # spaces, drops what follows a second "=" in MISC, and does not know the line of an error.
    from conllu.exceptions import ParseException
    from conllu.parser import parse_id_value, parse_int_value

    tokens: list[str] = []
    heads: list[int] = []
    relations: list[str] = []
    tags: list[str | None] = []
    places: list[str] = []
    for number, line in rows:
        place = f"{path}:{number}"
        where = f"{place}: sentence {name!r}"
        if line.startswith("#"):
            raise XnerError(f"{where}: a comment between its words. Move it before the first one.")
        columns = line.split("\t")
        if len(columns) != len(_COLUMNS):
            raise XnerError(
                f"{where}: {len(columns)} columns in {short(line)}. CoNLL-U has 10, separated by single tabs; was the "
                "line cut off?"
            )
        try:
            word_id = parse_id_value(columns[0])
        except ParseException as error:
            raise XnerError(
                f"{where}: the id {columns[0]!r} is not one of CoNLL-U. Number the words 1, 2, ..."
            ) from error
        tag = _misc_tag(columns[9], where)
        if isinstance(word_id, tuple):
            if tag is not None:
                raise XnerError(
                    f"{where}: NER={tag} at {columns[0]}, which is no word. Put it at the words themselves."
                )
            continue
        if word_id != len(tokens) + 1:
            raise XnerError(
                f"{where}: the id {columns[0]!r} where {len(tokens) + 1} comes next. Add the line that is missing, or "
                "the blank line between two sentences."
            )
        try:
            head = parse_int_value(columns[6])
        except ParseException:
            head = None
        if head is None:
            raise XnerError(
                f"{where}: the head {columns[6]!r} is not an integer. Give the tree, or give text without trees as "
                ".conll, .jsonl or .txt."
            )
        form, relation = columns[1], columns[7]
        if not form.strip() or not relation.strip():
            empty = "relation" if form.strip() else "word"
            raise XnerError(f"{where}: the {empty} of {columns[0]} is empty. Fill in its column.")
        tokens.append(form)
        heads.append(head)
        relations.append(relation)
        tags.append(tag)
        places.append(place)
    _check_tree(heads, places, name, f"{path}:{rows[0][0]}")
    spans = None if tags == [None] * len(tags) else iob2_spans([tag or "O" for tag in tags], places, report)
    return Sentence(name, tokens, spans, heads=heads, relations=relations)


def _misc_tag(misc: str, where: str) -> str | None:
    tags = [part.removeprefix("NER=") for part in misc.split("|") if part.startswith("NER=")]
    if not tags:
        return None
    if len(tags) > 1 or not IOB2.fullmatch(tags[0]):
        raise XnerError(f"{where}: {short(misc)} in MISC. Give one NER= with 'O', 'B-TYPE' or 'I-TYPE' a word.")
    return tags[0]


def _check_tree(heads: Sequence[int], places: Sequence[str], name: str, first: str) -> None:
    fault, word = _fault(heads) or (None, 0)
    if fault == "no_words":
        raise XnerError(f"{first}: sentence {name!r} has no words. Delete it or add them.")
    if fault == "head_out_of_range":
        raise XnerError(
            f"{places[word - 1]}: sentence {name!r}: the head {heads[word - 1]} is out of range. Heads are 0 for the "
            f"root and 1 to {len(heads)} here."
        )
    if fault == "no_root":
        raise XnerError(f"{first}: sentence {name!r} has no root. Give one word the head 0.")
    if fault == "cycle":
        raise XnerError(
            f"{places[word - 1]}: sentence {name!r}: word {word} stands above itself. Give it another head."
        )


def tree_fault(heads: Sequence[int]) -> str | None:
    """Return what keeps 1-based heads (0 for the root) from being a tree with one root, None when they are one.

    The first that holds of ``no_words``, ``head_out_of_range``, ``no_root``, ``cycle`` and ``several_roots``.
    """
    found = _fault(heads)
    return None if found is None else found[0]


def _fault(heads: Sequence[int]) -> tuple[str, int] | None:
    """Return `tree_fault` with the 1-based word that shows it, 0 where no single word does."""
    if not heads:
        return "no_words", 0
    for word, head in enumerate(heads, start=1):
        if not 0 <= head <= len(heads):
            return "head_out_of_range", word
    if 0 not in heads:
        return "no_root", 0
    reached = {0}
    for word in range(1, len(heads) + 1):
        path = []
        while word not in reached:
            if word in path:
                return "cycle", word
            path.append(word)
            word = heads[word - 1]
        reached.update(path)
    return ("several_roots", 0) if heads.count(0) > 1 else None
