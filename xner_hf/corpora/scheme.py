"""Tag schemes: the one that a corpus is written in, and its entities, read by that scheme.

A scheme is found from the tags of the whole corpus, since a single sentence says too little. IOB2 opens every entity
with ``B-``; IOB1, that of the CoNLL-2003 files, only one that stands right after another of its type (IO, without any
``B-``, reads the same). IOBES, BILOU and BMES mark the last word and entities of one word as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from xner_hf.corpora.sentence import ReadReport
from xner_hf.errors import XnerError
from xner_hf.spans import Span, spans_from_iob2, spans_to_iob2

TAG = re.compile(r"O|[BIESLUMW]-\S+")
"""The form of a tag in any scheme; readers test it line by line, so that an error can name the place."""

FORMS = "'O', 'B-TYPE' or 'I-TYPE'; also those of IOBES, BILOU and BMES"

IOB2, IOB1 = "IOB2", "IOB1"
_BRACKETED = {"IOBES": "BIES", "BILOU": "BILU", "BMES": "BMES", "BMEWO": "BMEW"}
"""Schemes that say where an entity ends, with their letters."""

_SINGLE, _LAST = "SUW", "EL"

Place = Callable[[int], str]
"""Returns where a word of a sentence stands, as ``file:line``."""


class TagCounts:
    """How often each tag of a corpus follows each other one: what its scheme and its entity types are found from."""

    def __init__(self) -> None:
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._first: dict[str, str] = {}

    def add(self, tags: Sequence[str], place: Place) -> None:
        """Count the tags of a sentence, all of the form `TAG`."""
        self._pairs.update(zip(("O", *tags), tags, strict=False))
        for tag in dict.fromkeys(tags):
            if tag not in self._first:
                self._first[tag] = place(tags.index(tag))

    @property
    def seen(self) -> bool:
        """Whether there is any tag."""
        return bool(self._first)

    def scheme(self) -> str:
        """Return the name of the scheme.

        With ``B-`` and ``I-`` alone it is IOB1 where more entities break IOB2 (``I-`` opens them) than IOB1 (``B-``
        opens them without need), else IOB2; both give the same spans.

        Raises:
            XnerError: no scheme has all the letters; the message names the place of the first that does not fit.
        """
        letters = ""
        for tag, place in self._first.items():
            if tag != "O" and tag[0] not in letters:
                if not any(set(letters + tag[0]) <= set(own) for own in _BRACKETED.values()):
                    others = ", ".join(f"{one}-" for one in letters)
                    raise XnerError(
                        f"{place}: no scheme has {tag!r} beside tags that begin with {others}. Known are {FORMS}; "
                        "convert the tags to IOB2."
                    )
                letters += tag[0]
        if set(letters) <= set("BI"):
            opened = Counter({"B": 0, "I": 0})
            for (before, tag), number in self._pairs.items():
                opened[tag[0]] += number if before[1:] != tag[1:] else 0
            return IOB1 if opened["I"] > opened["B"] else IOB2
        return next(name for name, own in _BRACKETED.items() if set(letters) <= set(own))

    def types(self) -> dict[str, tuple[int, str]]:
        """Return for every entity type the number of its entities, and where its first tag stands."""
        found: dict[str, tuple[int, str]] = {}
        for tag, place in self._first.items():
            if tag != "O" and tag[2:] not in found:
                found[tag[2:]] = (0, place)
        for (before, tag), number in self._pairs.items():
            if tag[0] in "B" + _SINGLE or tag[0] == "I" and before[1:] != tag[1:]:
                count, place = found[tag[2:]]
                found[tag[2:]] = (count + number, place)
        return found


def read_tags(tags: Sequence[str], scheme: str, place: Place, report: ReadReport) -> tuple[list[Span], list[str]]:
    """Return the entities of a sentence, and its tags in IOB2.

    A tag that opens an entity against the rule of IOB2 or IOB1 is noted in ``report.repaired``; in IOB2 it stays as it
    stands.

    Raises:
        XnerError: an entity of IOBES, BILOU or BMES does not begin or end as it must.
    """
    if scheme == IOB2:
        return spans_from_iob2(tags, lambda i: report.repaired.append(place(i))), list(tags)
    if scheme == IOB1:
        spans = spans_from_iob2(tags)
        for i, (before, tag) in enumerate(zip(("O", *tags), tags, strict=False)):
            if tag[0] == "B" and before[1:] != tag[1:]:
                report.repaired.append(place(i))
    else:
        spans = _bracketed(tags, scheme, place)
    return spans, spans_to_iob2(spans, len(tags))


def _bracketed(tags: Sequence[str], scheme: str, place: Place) -> list[Span]:
    spans: list[Span] = []
    start, label = 0, ""
    for i, tag in enumerate([*tags, "O"]):
        letter, kind = tag[0], tag[2:]
        if bool(label) != (letter in "IM" + _LAST) or label and label != kind:
            at = min(i, len(tags) - 1)
            what = f"no tag ends the entity {label} that was opened before" if label else "no tag opens its entity"
            raise XnerError(f"{place(at)}: {tags[at]!r}: {what}, as {scheme} wants. Correct it, or convert to IOB2.")
        if letter in "B" + _SINGLE:
            start, label = i, kind
        if letter in _SINGLE + _LAST:
            spans.append(Span(start, i + 1, kind))
        if letter in _SINGLE + _LAST:
            label = ""
    return spans
