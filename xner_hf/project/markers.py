"""Entity markers in text: brackets or XML tags.

Brackets are those of EasyProject (Chen et al. 2023), ``[Bola Tinubu] visited [Kano].``; tags are those of LabelPigeon
(2026), ``<a>Bola Tinubu</a> visited <b>Kano</b>.``, whose letters say which entity is which. Translators lose markers
unless they were trained with them; `MARKER_FAULTS` names what can go wrong.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from xner_hf.corpora.detokenise import detokenise
from xner_hf.errors import XnerError, nearest
from xner_hf.project.projector import is_punctuation
from xner_hf.project.scores.text import fold, letters
from xner_hf.spans import Span, check_spans

if TYPE_CHECKING:
    import numpy as np

FORMS = ("brackets", "xml")

IN_TEXT = "markers_in_text"
LOST = "markers_lost"
DOUBLED = "markers_doubled"
UNKNOWN = "markers_unknown"
CROSSED = "markers_crossed"
EMPTY = "markers_empty"
SHARED = "markers_in_one_word"
TYPE = "type_unknown"

MARKER_FAULTS = {
    IN_TEXT: "the text itself has characters that would be read as a marker",
    LOST: "a marker is missing from the translation",
    DOUBLED: "the translation has more markers than the text",
    UNKNOWN: "the translation holds a marker that the text does not",
    CROSSED: "markers of the translation are nested, cross, or close before they open",
    EMPTY: "markers of the translation enclose no word",
    SHARED: "two entities are marked in the same word of the translation",
    TYPE: "the marked text resembles no entity of the source, so its type is unknown",
}
"""Why the markers of a translation cannot be used. The sentence is then translated without markers."""

_MARKERS = {"brackets": re.compile(r"(?P<closes>\])|\["), "xml": re.compile(r"<\s*(?P<closes>/?)\s*(\w+)\s*>")}
_SIGNS = {"brackets": "[]", "xml": "<>"}
_LEAST_SIMILARITY = 0.5  # of EasyProject
_DISORDER = 1e-10  # per square of the distance: orders equal names, and is far below any difference of similarities


class MarkedSpan(NamedTuple):
    """Characters ``start`` to ``end`` (exclusive) of a text, and the number of their entity (None for brackets)."""

    start: int
    end: int
    entity: int | None


class Marked(NamedTuple):
    """A text without its markers, what they enclosed from left to right, and a key of `MARKER_FAULTS`, or None.

    There are no spans where there is a fault.
    """

    text: str
    spans: list[MarkedSpan]
    fault: str | None = None


def insert(words: Sequence[str], spans: Sequence[Span], rule: str, form: str) -> str | None:
    """Return the raw text of a sentence with markers around its entities.

    The tag of entity 0 is ``a``, that of 25 ``z``, that of 26 ``aa``.

    Args:
        words: words of the sentence.
        spans: its entities, in any order.
        rule: how the text was split into words, see `detokenise`.
        form: ``brackets`` or ``xml``.

    Returns:
        None where the text itself holds a bracket, or ``<`` or ``>`` for tags (the fault ``markers_in_text``).

    Raises:
        XnerError: spans overlap or do not fit the sentence; the form or rule is unknown.
    """
    check_form(form)
    check_spans(spans, len(words), "entities to be marked")
    text = detokenise(words, rule)
    if any(sign in text for sign in _SIGNS[form]):
        return None
    places = _places(text, words)
    opening, closing = {}, {}
    for number, span in enumerate(spans):
        tag = _tag(number)
        before, after = ("[", "]") if form == "brackets" else (f"<{tag}>", f"</{tag}>")
        opening[places[span.start][0]], closing[places[span.end - 1][1]] = before, after
    pieces, last = [], 0
    for place in sorted({*opening, *closing}):
        pieces += text[last:place], closing.get(place, ""), opening.get(place, "")
        last = place
    return "".join([*pieces, text[last:]])


def read(text: str, form: str, entities: int) -> Marked:
    """Take the markers out of a text that is to mark each of a number of entities once.

    Tags may contain spaces and capitals, since translators write them so. Enclosed texts are returned without white
    space at their ends.

    Args:
        text: translation with markers.
        form: ``brackets`` or ``xml``.
        entities: number of entities in the source text.

    Raises:
        XnerError: the form is unknown.
    """
    check_form(form)
    plain, last = "", 0
    marks: list[tuple[int, bool, int | None]] = []  # position, whether it closes, number of its entity
    for match in _MARKERS[form].finditer(text):
        plain = _join(plain, text[last : match.start()])
        last = match.end()
        marks.append((len(plain), bool(match["closes"]), _number(match[2]) if form == "xml" else None))
    plain = _join(plain, text[last:]).rstrip()
    fault = _fault(marks, plain, form, entities)
    if fault is not None:
        return Marked(plain, [], fault)
    spans = []
    for (start, _, entity), (end, _, _) in zip(marks[::2], marks[1::2], strict=True):
        inside = plain[start:end]
        start += len(inside) - len(inside.lstrip())
        spans.append(MarkedSpan(start, start + len(inside.strip()), entity))
    if any(is_punctuation(plain[span.start : span.end]) for span in spans):
        return Marked(plain, [], EMPTY)
    return Marked(plain, spans)


def to_words(
    text: str, spans: Sequence[MarkedSpan], split: Callable[[str], list[str]]
) -> tuple[list[str], list[tuple[int, int]]]:
    """Split a text into words and return the words that each span touches, as ``(start, end)`` with `end` exclusive.

    A partly marked word counts as a whole, so that affixes attached to a name are in its span. Punctuation at the ends
    of a span is not.

    Args:
        text: text without markers.
        spans: spans of its characters, each with a letter or digit.
        split: splits text into words (`xner_hf.corpora.parallel.splitter`).
    """
    composed = unicodedata.normalize("NFC", text)  # as the splitter reads it
    words = split(composed)
    places = _places(composed, words)
    found = []
    for span in spans:
        start, end = (len(unicodedata.normalize("NFC", text[:place])) for place in (span.start, span.end))
        touched = [i for i, (a, b) in enumerate(places) if a < end and start < b and not is_punctuation(words[i])]
        found.append((touched[0], touched[-1] + 1))
    return words, found


def recognise(
    marked: Sequence[str], entities: Sequence[str], translations: Sequence[str]
) -> list[tuple[int, float]] | None:
    """Assign each bracketed text to an entity.

    The similarity of the two is that of the bracketed text to the entity or to the translation of the entity alone,
    whichever is larger: many names are copied, others are translated. The one-to-one assignment with the largest sum
    is taken; between equal names the order of the source decides.

    Args:
        marked: bracketed texts, as many as entities.
        entities: texts of the source entities.
        translations: translations of the entities alone.

    Returns:
        for each entity the index of its bracketed text, and their similarity in (0.5, 1]; None where that of an
        entity is 0.5 or less.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    scores = np.maximum(_similarity(entities, marked), _similarity(translations, marked))
    order = np.arange(len(marked))
    rows, columns = linear_sum_assignment(scores - _DISORDER * (order[:, None] - order) ** 2, maximize=True)
    chosen = scores[rows, columns]
    if (chosen <= _LEAST_SIMILARITY).any():
        return None
    return list(zip(columns.tolist(), chosen.tolist(), strict=True))


def check_form(form: str) -> None:
    """Check the name of a form of markers.

    Raises:
        XnerError: there is no such form.
    """
    if form not in FORMS:
        raise XnerError(f"unknown form of markers {form!r}.{nearest(form, list(FORMS))} Known: {', '.join(FORMS)}.")


def _fault(marks: Sequence[tuple[int, bool, int | None]], plain: str, form: str, entities: int) -> str | None:
    """Return the fault of the markers, except for empty markers."""
    found = Counter((entity, closes) for _, closes, entity in marks)
    if form == "xml":
        if any(sign in plain for sign in _SIGNS[form]) or any(entity >= entities for entity, _ in found):
            return UNKNOWN
        counts, wanted = [found[number, closes] for number in range(entities) for closes in (False, True)], 1
    else:
        counts, wanted = [found[None, False], found[None, True]], entities
    if any(count < wanted for count in counts):
        return LOST
    if any(count > wanted for count in counts):
        return DOUBLED
    for (_, first, opened), (_, second, closed) in zip(marks[::2], marks[1::2], strict=True):
        if first or not second or opened != closed:
            return CROSSED
    return None


def _similarity(names: Sequence[str], marked: Sequence[str]) -> np.ndarray:
    import numpy as np
    from rapidfuzz import fuzz, process

    left, right = ([letters(fold(text)) for text in texts] for texts in (names, marked))
    return process.cdist(left, right, scorer=fuzz.ratio, dtype=np.float64) / 100


def _places(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Return the position of each word in a text that has the words in this order, separated only by spaces."""
    places, end = [], 0
    for word in words:
        start = text.index(word, end)
        end = start + len(word)
        places.append((start, end))
    return places


def _join(text: str, piece: str) -> str:
    """Return both as one text, with a single space in place of a marker between two spaces."""
    return text + (piece.lstrip() if not text or text[-1].isspace() else piece)


def _tag(number: int) -> str:
    tag = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        tag = string.ascii_lowercase[letter] + tag
    return tag


def _number(tag: str) -> int:
    """Return the number of a tag (the inverse of `_tag`); for any other text a number above those of all entities."""
    number = 0
    for letter in tag.lower():
        if letter not in string.ascii_lowercase:
            return sys.maxsize
        number = 26 * number + ord(letter) - ord("a") + 1
    return number - 1
