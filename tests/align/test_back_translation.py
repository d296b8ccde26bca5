"""Links of entities refined through a back-translation."""

from __future__ import annotations

import pytest

from xner_hf.align.aligner import Link
from xner_hf.align.back_translation import refine
from xner_hf.spans import Span

SPANS = [Span(0, 2, "PER"), Span(3, 4, "LOC")]
DIRECT = [Link(0, 0, 0.9), Link(1, 4, 0.4), Link(2, 1, 0.8), Link(3, 3, 0.6)]
"""Of the source words `Musa Garba left Kano` and the original `Musa Garba ya bar Kano`, wrong for Garba."""
MARKED = {0: Span(1, 3, "PER")}  # in the back-translation; the markers of Kano were lost
SAME = [Link(1, 0, 0.9), Link(2, 1, 0.7), Link(2, 0, 0.95), Link(0, 2, 0.5)]


def test_replacing_gives_entities_the_links_through_the_back_translation_alone():
    found = refine(DIRECT, SPANS, MARKED, SAME, "replace", 0.5)
    assert found == [
        Link(0, 0, 0.95),
        Link(0, 1, 0.7),
        Link(1, 0, 0.95),
        Link(1, 1, 0.7),
        Link(2, 1, 0.8),  # no entity
        Link(3, 3, 0.6),  # not marked: its direct links stay
    ]


def test_rescoring_averages_both_and_a_link_of_one_counts_by_its_share():
    found = {link[:2]: link.score for link in refine(DIRECT, SPANS, MARKED, SAME, "rescore", 0.25)}
    assert found[0, 0] == pytest.approx(0.75 * 0.9 + 0.25 * 0.95)
    assert found[1, 4] == pytest.approx(0.75 * 0.4)
    assert found[1, 0] == pytest.approx(0.25 * 0.95)
    assert found[2, 1] == 0.8 and found[3, 3] == 0.6


def test_the_weight_goes_from_direct_links_alone_to_the_back_translation_alone():
    assert refine(DIRECT, SPANS, MARKED, SAME, "rescore", 0.0) == sorted(DIRECT)
    assert refine(DIRECT, SPANS, MARKED, SAME, "rescore", 1.0) == refine(DIRECT, SPANS, MARKED, SAME, "replace", 0.5)


def test_without_a_back_translation_nothing_changes():
    for mode in ("replace", "rescore"):
        assert refine(DIRECT, SPANS, {}, [], mode, 0.5) == sorted(DIRECT)


def test_an_entity_that_is_marked_but_not_linked_has_no_links_when_replaced():
    found = refine(DIRECT, SPANS, {1: Span(0, 1, "LOC")}, [], "replace", 0.5)
    assert [link[:2] for link in found] == [(0, 0), (1, 4), (2, 1)]
