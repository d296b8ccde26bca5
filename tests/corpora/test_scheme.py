"""Every scheme says the same of the same entities, and is known by its tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.corpora.scheme import TagCounts, read_tags
from xner_hf.corpora.sentence import ReadReport
from xner_hf.errors import XnerError
from xner_hf.spans import Span, spans_to_iob2

BRACKETED = {"IOBES": "BIES", "BILOU": "BILU", "BMES": "BMES", "BMEWO": "BMEW"}


@st.composite
def labelled(draw):
    """Sentences: their lengths and spans, which may touch."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        spans, at = [], 0
        for gap, size, label in draw(
            st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(["PER", "LOC"])), max_size=4)
        ):
            spans.append(Span(at + gap, at + gap + size, label))
            at += gap + size
        found.append((at + draw(st.integers(1, 2)), spans))
    return found


def written(scheme, length, spans):
    """Return the tags of spans in a scheme."""
    tags = spans_to_iob2(spans, length)
    if scheme == "IOB1":
        ends = {span.end: span.label for span in spans}
        for span in spans:
            if ends.get(span.start) != span.label:
                tags[span.start] = f"I-{span.label}"
    if scheme in BRACKETED:
        begin, inside, end, single = BRACKETED[scheme]
        for start, stop, label, _ in spans:
            letters = single if stop == start + 1 else begin + inside * (stop - start - 2) + end
            tags[start:stop] = [f"{letter}-{label}" for letter in letters]
    return tags


def found(rows):
    """Return the scheme of tagged sentences, and the spans, tags and repairs that are read by it."""
    counts, report = TagCounts(), ReadReport()
    for number, tags in enumerate(rows):
        counts.add(tags, lambda i, n=number: f"{n}:{i}")
    scheme = counts.scheme()
    read = [read_tags(tags, scheme, lambda i, n=number: f"{n}:{i}", report) for number, tags in enumerate(rows)]
    return scheme, read, report.repaired, counts


@pytest.mark.parametrize("scheme", ["IOB2", "IOB1", *BRACKETED])
@given(labelled())
def test_all_schemes_give_the_same_entities(scheme, sentences):
    name, read, repaired, counts = found([written(scheme, *sentence) for sentence in sentences])
    assert [spans for spans, _ in read] == [spans for _, spans in sentences]
    assert [tags for _, tags in read] == [spans_to_iob2(spans, length) for length, spans in sentences]
    assert repaired == []
    labels = [span.label for _, spans in sentences for span in spans]
    assert {kind: number for kind, (number, _) in counts.types().items()} == {
        kind: labels.count(kind) for kind in set(labels)
    }


@pytest.mark.parametrize(
    ("rows", "scheme", "repaired"),
    [
        ([["B-PER", "I-PER"], ["O", "B-LOC"], ["I-ORG"]], "IOB2", ["2:0"]),
        ([["B-PER", "I-LOC"]], "IOB2", ["0:1"]),
        ([["I-PER", "I-LOC", "O"]], "IOB1", []),
        ([["I-LOC", "B-LOC", "B-LOC"]], "IOB1", []),
        ([["I-PER", "O", "I-LOC"], ["O", "B-ORG"]], "IOB1", ["1:1"]),
        ([["O", "O"]], "IOB2", []),
        ([["S-LOC", "O"]], "IOBES", []),
        ([["U-LOC", "O"]], "BILOU", []),
    ],
)
def test_the_scheme_that_fewest_entities_break_is_taken_and_those_are_noted(rows, scheme, repaired):
    name, _, noted, _ = found(rows)
    assert (name, noted) == (scheme, repaired)


def test_a_repaired_tag_of_iob2_stays_as_it_stands():
    _, read, _, _ = found([["B-PER", "I-LOC", "O"], ["B-LOC"]])
    assert read[0] == ([Span(0, 1, "PER"), Span(1, 2, "LOC")], ["B-PER", "I-LOC", "O"])


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([["B-PER", "O"], ["S-LOC"]], "0:1"),
        ([["S-LOC"], ["B-PER"]], "1:0"),
        ([["B-PER", "E-LOC"]], "0:1"),
        ([["B-PER", "B-PER", "E-PER"]], "0:1"),
        ([["O", "I-PER", "E-PER"]], "0:1"),
        ([["L-PER"], ["U-LOC"]], "0:0"),
        ([["B-PER", "L-PER", "S-LOC"]], "0:2"),
    ],
)
def test_what_fits_no_scheme_is_refused_with_its_place(rows, place):
    with pytest.raises(XnerError, match=rf"^{place}: "):
        found(rows)
