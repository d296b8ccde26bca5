from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from xner_hf.report.drawing import Drawing, draw, is_rtl, text_width
from xner_hf.report.entity_boxes import Link, Mark, PairView


def pair(
    source: list[str],
    target: list[str],
    links: list[tuple[int, int]] = (),
    source_marks: list[Mark] = (),
    target_marks: list[Mark] = (),
) -> PairView:
    bound = [Link(a, b, 0.5) for a, b in links]
    return PairView(
        "x", "train", "arb", "eng", source, target, list(source_marks), list(target_marks), [], bound, None
    )


def words(drawing: Drawing) -> tuple[list[list[int]], list[list[int]]]:
    return (
        [[word.index for word in strip.source] for strip in drawing.strips],
        [[word.index for word in strip.target] for strip in drawing.strips],
    )


def test_wide_characters_count_about_double_and_combining_marks_nothing() -> None:
    assert text_width("東京") == 2 * text_width("東") > 3.5 * text_width("a")
    assert text_width("e\u0301\u0323") == text_width("e")


def test_direction_is_that_of_most_words() -> None:
    assert is_rtl(["قال", "Reuters", "شيئا", "."])
    assert not is_rtl(["the", "قال", "word"])
    assert not is_rtl([".", "12"])


def test_a_long_monotone_pair_is_cut_into_strips_and_crossing_links_are_kept_together() -> None:
    long = ["a" * 20] * 4
    assert words(draw(pair(long, long, [(i, i) for i in range(4)]))) == ([[0], [1], [2], [3]],) * 2
    assert words(draw(pair(long, long, [(0, 0), (1, 2), (2, 1), (3, 3)]))) == ([[0], [1, 2], [3]],) * 2
    assert words(draw(pair(long, long, [(0, 3), (3, 0)]))) == ([[0, 1, 2, 3]],) * 2
    assert words(draw(pair(long, long, [(0, 3)]))) == ([[0], [1], [2], [3]], [[0, 1, 2, 3], [], [], []])


def test_an_entity_is_never_cut() -> None:
    long = ["a" * 20] * 4
    inside = [Mark(1, 3, "per", "PER", False)]
    diagonal = [(i, i) for i in range(4)]
    assert words(draw(pair(long, long, diagonal, source_marks=inside)))[0] == [[0], [1, 2], [3]]
    assert words(draw(pair(long, long, diagonal, target_marks=inside)))[1] == [[0], [1, 2], [3]]


def test_short_words_share_a_strip() -> None:
    drawing = draw(pair(["a", "b", "c"], ["d", "e", "f"], [(0, 0), (1, 1), (2, 2)]))
    assert words(drawing) == ([[0, 1, 2]], [[0, 1, 2]])


def test_rows_that_run_against_each_other_are_one_strip_with_the_target_mirrored() -> None:
    drawing = draw(pair(["Ali"] * 20, ["علي"] * 20, [(i, i) for i in range(20)]))
    assert (drawing.source_rtl, drawing.target_rtl, drawing.flow_rtl) == (False, True, False)
    (strip,) = drawing.strips
    assert [word.x for word in strip.source] == sorted(word.x for word in strip.source)
    assert [word.x for word in strip.target] == sorted((word.x for word in strip.target), reverse=True)


def test_two_right_to_left_rows_flow_from_right_to_left() -> None:
    drawing = draw(pair(["שלום"] * 30, ["علي"] * 30, [(i, i) for i in range(30)]))
    assert drawing.flow_rtl
    assert len(drawing.strips) > 1


def test_links_end_in_the_middle_of_their_words() -> None:
    (strip,) = draw(pair(["one", "two"], ["un", "deux"], [(0, 1), (1, 0)])).strips
    for line in strip.lines:
        ends = strip.source[line.link.source], strip.target[line.link.target]
        assert [word.x + word.width // 2 for word in ends] == [line.x1, line.x2]


def test_an_entity_is_as_wide_as_its_caption() -> None:
    mark = Mark(0, 1, "org", "ORG · length_ratio", True)
    (strip,) = draw(pair(["UN", "is"], ["ONU"], [(0, 0)], source_marks=[mark])).strips
    assert strip.source_boxes[0].width >= text_width(mark.caption) * 11
    assert [word.plain for word in strip.source] == [False, True]


def test_a_side_without_words_takes_no_row() -> None:
    both, source, target = (draw(pair(*sides)) for sides in ((["a"], ["b"]), (["a"], []), ([], ["b"])))
    assert both.height > source.height == target.height
    assert words(source) == ([[0]], [[]])
    assert words(target) == ([[]], [[0]])


@given(st.data())
def test_strips_hold_every_word_and_link_once_and_words_never_touch(data: st.DataObject) -> None:
    source = data.draw(st.lists(st.text("aWi東ع", min_size=1, max_size=25), max_size=12))
    target = data.draw(st.lists(st.text("aWi東ع", min_size=1, max_size=25), max_size=12))
    cells = [(i, j) for i in range(len(source)) for j in range(len(target))]
    links = data.draw(st.lists(st.sampled_from(cells), unique=True, max_size=12)) if cells else []
    drawing = draw(pair(source, target, links))
    assert sum(words(drawing)[0], []) == list(range(len(source)))
    assert sum(words(drawing)[1], []) == list(range(len(target)))
    assert sorted((x.link.source, x.link.target) for strip in drawing.strips for x in strip.lines) == sorted(links)
    for strip in drawing.strips:
        for row in (strip.source, strip.target):
            ordered = sorted(row, key=lambda word: word.x)
            assert all(left.x + left.width < right.x for left, right in pairwise(ordered))
            assert all(word.x >= 0 and word.x + word.width <= strip.width for word in row)
