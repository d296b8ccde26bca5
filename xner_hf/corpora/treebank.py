"""Sentences with dependency trees from CoNLL-U files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from reprlib import repr as short

from xner_hf.corpora.lines import FilePath, blocks, no_sentences
from xner_hf.corpora.scheme import FORMS, IOB2, TAG, TagCounts, read_tags
from xner_hf.corpora.sentence import ReadReport, Sentence
from xner_hf.errors import XnerError

_ANNOUNCES_SENTENCE = re.compile(r"#\s*(sent_id|text)\s*=")
_KEYS = ("NER", "name")
"""Keys of MISC that hold entity tags: ours, and that of NorNE. The first that a file has is read."""
_COLUMNS = ["ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC"]


def read_conllu(path: FilePath, report: ReadReport | None = None) -> Iterator[Sentence]:
    """Read CoNLL-U with its trees; multiword ranges and empty nodes are left out.

    The id is ``sent_id`` or else the running number. Entities are the tags of the key ``NER`` in MISC, of any scheme
    of `xner_hf.corpora.scheme`, a word without the key being ``O``; a sentence where no word has it gets
    ``spans=None``. In a file without ``NER`` whose every ``name`` is a tag (NorNE), that key is read, which the report
    says. As in
    Universal Dependencies, words may hold spaces. A tag that opens an entity against the scheme is noted in
    ``report.repaired``.

    Raises:
        XnerError: a line has not 10 columns separated by tabs, an id out of order, no word or no relation, a head that
            is not an integer from 0 to the number of words, or a wrong ``NER``; a range or an empty node names words
            that do not stand where it says; the heads are not a tree; a comment stands inside a sentence or announces
            one that has no words; the file has no sentence or is not readable UTF-8 text.
    """
    report = ReadReport() if report is None else report
    key, scheme = _survey(path, report)
    count = 0
    for block in blocks(path):
        comments = list(takewhile(lambda numbered: numbered[1].startswith("#"), block))
        name = _sentence_name(path, comments)
        if len(comments) == len(block):
            if any(_ANNOUNCES_SENTENCE.match(line) for _, line in comments):
                raise XnerError(f"{path}:{block[0][0]}: a sentence without words. Delete it or add its lines.")
            continue
        sentence, tags, places = _tree(path, str(count) if name is None else name, block[len(comments) :], key)
        if tags is not None:
            sentence.spans, _ = read_tags(tags, scheme, places.__getitem__, report)
        report.sentences += 1
        yield sentence
        count += 1
    if not count:
        raise no_sentences(path)


def _survey(path: FilePath, report: ReadReport) -> tuple[str, str]:
    """Find the key of the entity tags and their scheme; what is wrong with a line is left to the reading."""
    counts = {key: TagCounts() for key in _KEYS}
    odd: set[str] = set()
    for block in blocks(path):
        cells = [(f"{path}:{number}", line.split("\t")) for number, line in block]
        places = [place for place, columns in cells if len(columns) == len(_COLUMNS)]
        misc = [columns[9].split("|") for _, columns in cells if len(columns) == len(_COLUMNS)]
        for key in _KEYS:
            tags = [next((one[len(key) + 1 :] for one in own if one.startswith(f"{key}=")), None) for own in misc]
            if not all(tag is None or TAG.fullmatch(tag) for tag in tags):
                odd.add(key)
            elif any(tags):
                counts[key].add([tag or "O" for tag in tags], places.__getitem__)
    ours, other = _KEYS
    name = other if counts[other].seen and not counts[ours].seen and not odd else ours
    if name == other:
        report.note(f"{path}: the entities are read from {other}= in MISC, since no word has {ours}=")
    scheme = counts[name].scheme()
    if scheme != IOB2:
        report.note(f"{path}: the tags are {scheme}")
    report.types[str(path)] = counts[name].types()
    return name, scheme


def _sentence_name(path: FilePath, comments: Sequence[tuple[int, str]]) -> str | None:
    name = None
    for number, line in comments:
        key, _, value = (part.strip() for part in line[1:].partition("="))
        if key == "global.columns" and value.split() != _COLUMNS:
            raise XnerError(f"{path}:{number}: CoNLL-U Plus, {short(value)}. Convert it to the 10 columns of CoNLL-U.")
        if key == "sent_id" and value:
            name = value
    return name


def _tree(
    path: FilePath, name: str, rows: Sequence[tuple[int, str]], key: str
) -> tuple[Sentence, list[str] | None, list[str]]:
    """Return a sentence without entities, its tags where a word has the key `key`, and the places of its words."""
    # The field parsers of conllu, not its parse_incr: that one passes lines with missing or extra columns, cuts at two
    # spaces, drops what follows a second "=" in MISC, and does not know the line of an error.
    from conllu.exceptions import ParseException
    from conllu.parser import parse_id_value, parse_int_value

    tokens: list[str] = []
    heads: list[int] = []
    relations: list[str] = []
    tags: list[str | None] = []
    places: list[str] = []
    announced = (0, "", "")  # the last word of the range that reaches farthest, its id and where it stands
    for number, line in rows:
        place = f"{path}:{number}"
        where = f"{place}: sentence {name!r}"
        if line.startswith("#"):
            raise XnerError(f"{where}: a comment between its words. Move it before the first one.")
        columns = line.split("\t")
        if len(columns) != len(_COLUMNS):
            table = " If this is a table of numbers, words and tags, name the file .conll." * bool(
                TAG.fullmatch(columns[-1])
            )
            raise XnerError(
                f"{where}: {len(columns)} columns in {short(line)}. CoNLL-U has 10, separated by single tabs; was the "
                f"line cut off?{table}"
            )
        try:
            word_id = parse_id_value(columns[0])
        except ParseException as error:
            raise XnerError(
                f"{where}: the id {columns[0]!r} is not one of CoNLL-U. Number the words 1, 2, ..."
            ) from error
        tag = _misc_tag(columns[9], key, where)
        if isinstance(word_id, tuple):
            if tag is not None:
                raise XnerError(
                    f"{where}: {key}={tag} at {columns[0]}, which is not a word. Put it at the words themselves."
                )
            first, joint, last = word_id
            if first != len(tokens) + (joint == "-") or (joint == "-" and (last < first or first <= announced[0])):
                raise XnerError(
                    f"{where}: {columns[0]} stands before the word {len(tokens) + 1}. A range stands before the first "
                    "of its words, an empty node behind the word that it is called after, and no two ranges share a "
                    "word."
                )
            if joint == "-":
                announced = (last, columns[0], where)
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
    if announced[0] > len(tokens) and tokens:
        raise XnerError(
            f"{announced[2]}: {announced[1]} names a word {announced[0]}, but the sentence ends with the word "
            f"{len(tokens)}. Add the lines that are missing, or delete the range."
        )
    _check_tree(heads, places, name, f"{path}:{rows[0][0]}")
    given = None if tags == [None] * len(tags) else [tag or "O" for tag in tags]
    return Sentence(name, tokens, heads=heads, relations=relations), given, places


def _misc_tag(misc: str, key: str, where: str) -> str | None:
    tags = [part.removeprefix(f"{key}=") for part in misc.split("|") if part.startswith(f"{key}=")]
    if not tags:
        return None
    if len(tags) > 1 or not TAG.fullmatch(tags[0]):
        raise XnerError(f"{where}: {short(misc)} in MISC. Give one {key}= a word: {FORMS}.")
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
