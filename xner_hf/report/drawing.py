"""Geometry of a word-aligned pair: two rows of word boxes and the links between them, in pixels.

A pair is cut into strips where no link and no entity crosses, so that the page can wrap a long sentence like text
without a script. Text widths are estimated, generously, because no font is at hand when the page is written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from typing import NamedTuple

from xner_hf.report.entity_boxes import Link, Mark, PairView

WORD_HEIGHT = 26
_FONT, _CAPTION_FONT = 15, 11
_GAP, _WIDEST_GAP = 4, 18
_CAPTION_HEIGHT, _LINK_HEIGHT, _MARGIN = 15, 52, 3
_STRIP_WIDTH = 190

_NARROW = frozenset("iljtfrI.,;:!'|()[]{}/\\-` \"‘’“”·،؛।")
_WIDE = frozenset("mwMWQO@%&—…ŒœÆæЖМШЩЮФжмшщюф")
_SCRIPT_WIDTHS = (  # first and last code point; width of a letter; of a vowel sign that takes room
    (0x0400, 0x052F, 0.74, 0.0),  # Cyrillic
    (0x0530, 0x058F, 0.78, 0.0),  # Armenian
    (0x0900, 0x0B7F, 0.68, 0.42),  # Devanagari to Odia
    (0x0B80, 0x0BFF, 1.10, 0.95),  # Tamil
    (0x0C00, 0x0CFF, 0.80, 0.60),  # Telugu, Kannada
    (0x0D00, 0x0DFF, 0.98, 0.65),  # Malayalam, Sinhala
    (0x0E00, 0x0FFF, 0.70, 0.40),  # Thai, Lao, Tibetan
    (0x1000, 0x109F, 0.95, 0.55),  # Myanmar
    (0x1200, 0x139F, 0.90, 0.0),  # Ethiopic
    (0x1780, 0x17FF, 0.80, 0.50),  # Khmer
    (0x2D30, 0x2D7F, 0.80, 0.0),  # Tifinagh
)


class Word(NamedTuple):
    """A word box; `x` is its left edge in the strip, `plain` says that no entity covers it."""

    index: int
    text: str
    x: int
    width: int
    plain: bool


class Box(NamedTuple):
    """The outline of an entity, from `x` on."""

    x: int
    width: int
    mark: Mark


class Line(NamedTuple):
    """A link from `x1` in the source row to `x2` in the target row."""

    x1: int
    x2: int
    thickness: float
    opacity: float
    kind: str
    link: Link


class Strip(NamedTuple):
    """A part of the pair that is drawn in one piece."""

    width: int
    source: list[Word]
    target: list[Word]
    source_boxes: list[Box]
    target_boxes: list[Box]
    lines: list[Line]


class Drawing(NamedTuple):
    """All strips of a pair in reading order, and the heights that they share.

    Attributes:
        strips: the parts, to be laid out side by side and wrapped.
        height: of every strip.
        source_y: upper edge of the source words.
        target_y: upper edge of the target words.
        source_rtl: whether the source row runs from right to left.
        target_rtl: whether the target row does.
        flow_rtl: whether the strips follow each other from right to left.
    """

    strips: list[Strip]
    height: int
    source_y: int
    target_y: int
    source_rtl: bool
    target_rtl: bool
    flow_rtl: bool


def text_width(text: str) -> float:
    """Estimate the width of `text` in a sans-serif font, in units of the font size; combining marks take no room."""
    return sum(map(_char_width, text))


def _char_width(char: str) -> float:
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Cf", "Cc"):
        return 0.0
    if unicodedata.east_asian_width(char) in ("W", "F"):
        return 1.2  # twice a Latin letter
    if char in _NARROW:
        return 0.42
    if char in _WIDE:
        return 0.98
    for first, last, letter, sign in _SCRIPT_WIDTHS:
        if first <= ord(char) <= last:
            return sign if category == "Mc" else letter
    return 0.75 if char.isupper() else 0.62


def is_rtl(words: Sequence[str]) -> bool:
    """Whether most words that have a direction run from right to left."""
    balance = 0
    for word in words:
        strong = next((d for d in map(unicodedata.bidirectional, word) if d in ("L", "R", "AL")), None)
        balance += {"L": -1, "R": 1, "AL": 1, None: 0}[strong]
    return balance > 0


def draw(view: PairView) -> Drawing:
    """Lay out a pair; a side without words gets no row."""
    source_rtl, target_rtl = is_rtl(view.source), is_rtl(view.target)
    widths = _word_widths(view.source, view.source_marks), _word_widths(view.target, view.target_marks)
    both = bool(view.source and view.target)
    end = (len(view.source), len(view.target))
    # Rows that run against each other have no common reading order in which they could wrap.
    cuts = [end] if both and source_rtl != target_rtl else _merged(_cuts(view), widths)
    strips, start = [], (0, 0)
    for cut in cuts:
        strips.append(_strip(view, widths, start, cut, (source_rtl, target_rtl)))
        start = cut
    source_y = _CAPTION_HEIGHT if view.source_marks else _MARGIN
    target_y = source_y + WORD_HEIGHT + _LINK_HEIGHT if both else source_y
    if not view.source:
        target_y = _MARGIN
    bottom = _CAPTION_HEIGHT if view.target_marks else _MARGIN
    return Drawing(
        strips,
        target_y + WORD_HEIGHT + bottom,
        source_y,
        target_y,
        source_rtl,
        target_rtl,
        target_rtl and (source_rtl or not view.source) if view.target else source_rtl,
    )


def _word_widths(words: Sequence[str], marks: Sequence[Mark]) -> list[int]:
    widths = [max(ceil(text_width(word) * _FONT) + 12, 18) for word in words]
    for mark in marks:
        covered = mark.end - mark.start
        room = sum(widths[mark.start : mark.end]) + _GAP * (covered - 1)
        lacking = ceil(text_width(mark.caption) * _CAPTION_FONT) + 6 - room
        if lacking > 0:  # else the captions of neighbouring short entities would run into each other
            for i in range(mark.start, mark.end):
                widths[i] += ceil(lacking / covered)
    return widths


def _cuts(view: PairView) -> list[tuple[int, int]]:
    """Return all ``(i, j)`` such that no link or entity joins words before i or j with words from there on."""
    n, m = len(view.source), len(view.target)
    inside_source = {i for mark in view.source_marks for i in range(mark.start + 1, mark.end)}
    inside_target = {j for mark in view.target_marks for j in range(mark.start + 1, mark.end)}
    if not n:
        return [(0, j) for j in range(1, m) if j not in inside_target] + [(0, m)]
    first, last = [m] * n, [-1] * n
    for link in view.links:
        first[link.source] = min(first[link.source], link.target)
        last[link.source] = max(last[link.source], link.target)
    lows = [0, *accumulate((t + 1 for t in last), max)]
    highs = [*reversed([m, *accumulate(reversed(first), min)])]
    cuts, previous = [], 0
    for i in range(1, n):
        low, high = max(lows[i], previous), highs[i]
        if i in inside_source or low > high:
            continue
        # Unlinked target words go where their position in the sentence suggests.
        middle = (2 * i * m + n) // (2 * n)
        free = [j for j in range(low, high + 1) if j not in inside_target]
        if free:
            previous = min(free, key=lambda j: (abs(j - middle), j))
            cuts.append((i, previous))
    return [*cuts, (n, m)]


def _merged(cuts: list[tuple[int, int]], widths: tuple[list[int], list[int]]) -> list[tuple[int, int]]:
    """Drop cuts between parts that fit into one strip together."""
    kept: list[tuple[int, int]] = []
    start = (0, 0)
    for cut, following in zip(cuts, cuts[1:], strict=False):
        if max(_natural(widths[side][start[side] : following[side]]) for side in (0, 1)) > _STRIP_WIDTH:
            kept.append(cut)
            start = cut
    return [*kept, cuts[-1]]


def _natural(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1) if widths else 0


def _strip(
    view: PairView,
    widths: tuple[list[int], list[int]],
    start: tuple[int, int],
    end: tuple[int, int],
    rtl: tuple[bool, bool],
) -> Strip:
    width = max(_natural(widths[side][start[side] : end[side]]) for side in (0, 1)) + _GAP
    rows, boxes = [], []
    for side, (words, marks) in enumerate(
        ((view.source, view.source_marks), (view.target, view.target_marks)),
    ):
        here = range(start[side], end[side])
        within = [mark for mark in marks if mark.start in here]
        covered = {i for mark in within for i in range(mark.start, mark.end)}
        lefts = _place(widths[side][here.start : here.stop], width, rtl[side])
        row = {i: Word(i, words[i], x, widths[side][i], i not in covered) for i, x in zip(here, lefts, strict=True)}
        rows.append(row)
        boxes.append([_box(mark, row) for mark in within])
    kinds = {i: mark.kind for mark in view.source_marks for i in range(mark.start, mark.end)}
    lines = [
        _line(link, rows[0][link.source], rows[1][link.target], kinds.get(link.source, "none"))
        for link in view.links
        if link.source in rows[0]
    ]
    return Strip(width, list(rows[0].values()), list(rows[1].values()), boxes[0], boxes[1], lines)


def _place(widths: Sequence[int], room: int, rtl: bool) -> list[int]:
    """Spread words over `room` pixels, in the middle when the gaps would become too wide; returns left edges."""
    gap = _GAP
    if len(widths) > 1:
        gap = min((room - _GAP - sum(widths)) // (len(widths) - 1), _WIDEST_GAP)
    x = (room - sum(widths) - gap * (len(widths) - 1)) // 2
    lefts = []
    for width in widths:
        lefts.append(room - x - width if rtl else x)
        x += width + gap
    return lefts


def _box(mark: Mark, row: dict[int, Word]) -> Box:
    words = [row[i] for i in range(mark.start, mark.end)]
    left = min(word.x for word in words)
    return Box(left, max(word.x + word.width for word in words) - left, mark)


def _line(link: Link, source: Word, target: Word, kind: str) -> Line:
    score = 0.0 if link.score is None else min(max(link.score, 0.0), 1.0)
    x1, x2 = source.x + source.width // 2, target.x + target.width // 2
    return Line(x1, x2, round(0.8 + 2.7 * score, 1), round(0.35 + 0.6 * score, 2), kind, link)
