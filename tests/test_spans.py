from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from xner_hf.errors import XnerError
from xner_hf.spans import (
    ENTITY_TYPES,
    NER_LABELS,
    Span,
    check_spans,
    overlap,
    spans_from_iob2,
    spans_to_iob2,
)

TYPES = ("PER", "ORG", "LOC", "GPE-CITY")
TAGS = ("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BI"))

tag_lists = st.lists(st.sampled_from(TAGS), max_size=12)
any_span = st.builds(
    lambda start, size, label: Span(start, start + size, label),
    st.integers(0, 8),
    st.integers(1, 4),
    st.sampled_from(TYPES),
)


@st.composite
def sentences(draw) -> tuple[list[Span], int]:
    """Spans in order that do not overlap, and the length of their sentence."""
    spans, at = [], 0
    for gap, size, label in draw(
        st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from(TYPES)), max_size=5)
    ):
        spans.append(Span(at + gap, at + gap + size, label))
        at = spans[-1].end
    return spans, at + draw(st.integers(0, 3))


def test_the_labels_are_those_of_the_projected_types_in_the_order_of_the_integers():
    assert NER_LABELS == ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
    assert ENTITY_TYPES == ("PER", "ORG", "LOC")


def test_importing_spans_imports_nothing_heavy():
    heavy = "{'torch', 'transformers', 'datasets', 'evaluate', 'pyarrow', 'pandas', 'numpy', 'scipy', 'rapidfuzz'}"
    code = (
        f"import sys, xner_hf.spans; sys.exit(repr({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True).stderr == ""


class TestOverlap:
    @pytest.mark.parametrize(
        "a, b, shared",
        [
            ((0, 2), (2, 3), False),  # they touch
            ((0, 2), (1, 3), True),
            ((0, 5), (2, 3), True),
            ((1, 2), (1, 2), True),
            ((0, 1), (4, 6), False),
        ],
    )
    def test_spans_overlap_when_they_share_a_word(self, a, b, shared):
        a, b = Span(*a, "PER"), Span(*b, "LOC")
        assert overlap(a, b) is overlap(b, a) is shared

    @given(any_span, any_span)
    def test_overlap_is_a_common_word(self, a, b):
        assert overlap(a, b) == bool(set(range(a.start, a.end)) & set(range(b.start, b.end)))


class TestCheckSpans:
    def test_spans_come_back_sorted_by_position(self):
        late, early = Span(3, 5, "LOC", 0.5), Span(0, 3, "PER", 0.9)
        assert check_spans([late, early], 5, "here") == [early, late]
        assert check_spans([], 0, "here") == []

    @pytest.mark.parametrize("start, end", [(-1, 1), (2, 2), (2, 1), (3, 5), (4, 5)])
    def test_a_span_that_does_not_fit_the_sentence_is_refused_with_its_place(self, start, end):
        with pytest.raises(XnerError) as caught:
            check_spans([Span(0, 1, "LOC"), Span(start, end, "PER")], 4, "a.jsonl:7")
        assert str(caught.value).startswith(
            f"a.jsonl:7: the span [{start}, {end}) PER does not fit a sentence of 4 words."
        )

    def test_overlapping_spans_are_refused_with_their_place_whatever_their_order(self):
        for spans in ([Span(0, 2, "PER"), Span(1, 3, "LOC")], [Span(1, 3, "LOC"), Span(0, 2, "PER")]):
            with pytest.raises(XnerError) as caught:
                check_spans(spans, 3, "a.jsonl:7")
            assert str(caught.value).startswith("a.jsonl:7: the spans [0, 2) PER and [1, 3) LOC overlap.")

    def test_an_entity_given_twice_overlaps_itself(self):
        with pytest.raises(XnerError, match="overlap"):
            check_spans([Span(0, 1, "PER")] * 2, 1, "here")

    @given(st.lists(any_span, max_size=6))
    def test_spans_are_refused_exactly_when_two_share_a_word(self, spans):
        words = [word for span in spans for word in range(span.start, span.end)]
        if len(words) == len(set(words)):
            assert check_spans(spans, 12, "here") == sorted(spans)
        else:
            with pytest.raises(XnerError, match="overlap"):
                check_spans(spans, 12, "here")


class TestReadingIob2:
    @pytest.mark.parametrize(
        "tags, spans",
        [
            ("", []),
            ("O O", []),
            ("B-PER", [Span(0, 1, "PER")]),
            ("O B-PER I-PER O", [Span(1, 3, "PER")]),
            ("B-PER B-PER", [Span(0, 1, "PER"), Span(1, 2, "PER")]),
            ("B-PER I-PER B-LOC I-LOC", [Span(0, 2, "PER"), Span(2, 4, "LOC")]),
            ("B-GPE-CITY I-GPE-CITY", [Span(0, 2, "GPE-CITY")]),
        ],
    )
    def test_valid_tags_give_their_spans_and_no_repair(self, tags, spans):
        repaired = []
        assert spans_from_iob2(tags.split(), repaired.append) == spans
        assert repaired == []

    @pytest.mark.parametrize(
        "tags, spans, places",
        [
            ("I-PER", [Span(0, 1, "PER")], [0]),
            ("I-PER I-PER", [Span(0, 2, "PER")], [0]),
            ("O I-PER O I-PER", [Span(1, 2, "PER"), Span(3, 4, "PER")], [1, 3]),
            ("B-PER I-LOC I-LOC", [Span(0, 1, "PER"), Span(1, 3, "LOC")], [1]),
            ("I-PER I-LOC I-PER", [Span(0, 1, "PER"), Span(1, 2, "LOC"), Span(2, 3, "PER")], [0, 1, 2]),
        ],
    )
    def test_an_inside_tag_that_continues_nothing_opens_an_entity_and_is_counted(self, tags, spans, places):
        repaired = []
        assert spans_from_iob2(tags.split(), repaired.append) == spans
        assert repaired == places

    @pytest.mark.parametrize("tag", ["", "B", "I", "B-", "I-", "o", "PER", "b-PER", "S-PER", "E-PER", "O-PER", "O-"])
    def test_a_tag_of_another_form_is_refused_with_its_word_and_its_text(self, tag):
        with pytest.raises(XnerError) as caught:
            spans_from_iob2(["O", "B-PER", tag])
        assert str(caught.value).startswith(f"word 2: {tag!r} is not an IOB2 tag.")

    @given(tag_lists)
    def test_entities_are_those_that_the_conll_scorer_sees(self, tags):
        seen = [Span(start, end + 1, label) for label, start, end in get_entities(tags)]
        assert spans_from_iob2(tags) == seen

    @given(tag_lists)
    def test_every_inside_tag_without_a_beginning_is_counted_once(self, tags):
        repaired = []
        spans_from_iob2(tags, repaired.append)
        before = ["O", *tags]
        assert repaired == [
            i for i, tag in enumerate(tags) if tag[0] == "I" and (before[i] == "O" or before[i][2:] != tag[2:])
        ]


class TestWritingIob2:
    @pytest.mark.parametrize(
        "spans, length, tags",
        [
            ([], 0, ""),
            ([], 2, "O O"),
            ([Span(1, 3, "PER"), Span(0, 1, "LOC")], 4, "B-LOC B-PER I-PER O"),
            ([Span(0, 1, "PER"), Span(1, 2, "PER")], 2, "B-PER B-PER"),
        ],
    )
    def test_spans_are_written_one_tag_a_word(self, spans, length, tags):
        assert spans_to_iob2(spans, length) == tags.split()

    @pytest.mark.parametrize(
        "spans", [[Span(0, 3, "PER")], [Span(0, 2, "PER"), Span(1, 2, "LOC")], [Span(1, 1, "PER")]]
    )
    def test_spans_that_iob2_cannot_hold_are_refused(self, spans):
        with pytest.raises(XnerError):
            spans_to_iob2(spans, 2)

    @given(sentences())
    def test_spans_survive_writing_and_reading(self, sentence):
        spans, length = sentence
        tags = spans_to_iob2(reversed(spans), length)
        repaired = []
        assert len(tags) == length
        assert spans_from_iob2(tags, repaired.append) == spans
        assert repaired == []

    @given(tag_lists)
    def test_tags_survive_reading_and_writing_but_for_the_repairs(self, tags):
        repaired = []
        mended = spans_to_iob2(spans_from_iob2(tags, repaired.append), len(tags))
        for place in repaired:
            tags[place] = "B" + tags[place][1:]
        assert mended == tags
