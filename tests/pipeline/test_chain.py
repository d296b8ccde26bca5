from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.align.base import Link
from xner_hf.align.statistical import StatisticalAligner
from xner_hf.corpora.base import Pair
from xner_hf.errors import XnerError
from xner_hf.pipeline.chain import (
    EMPTY_SOURCE,
    EMPTY_TARGET,
    NO_ALIGNMENT,
    NOTHING_PROJECTED,
    REASONS,
    NoAligner,
    Projection,
    align_pairs,
    project_pair,
    project_pairs,
    side_missing,
    tag_sources,
    train_aligner,
)
from xner_hf.project import make_projector
from xner_hf.project.base import ProjectedSpan
from xner_hf.spans import Span, spans_from_iob2

HEURISTIC = make_projector("heuristic", {})
CANDIDATES = make_projector("candidates", {})


def pair(source, target, spans=None, number=0):
    return Pair(str(number), source.split(), target.split(), spans)


def fate(start, end, label="PER", score=1.0, source=0, status="projected"):
    return ProjectedSpan(start, end, label, score, source, status)


class Broken:
    """A projector with a bug."""

    def project(self, source, spans, target, links):
        raise ZeroDivisionError


class TestSideMissing:
    @pytest.mark.parametrize(
        "source, target, reason",
        [("a", "b", None), ("", "b", "empty_source"), ("a", "", "empty_target"), ("", "", "empty_source")],
    )
    def test_a_side_without_words_is_named(self, source, target, reason):
        assert side_missing(pair(source, target)) == reason


def test_every_reason_is_explained():
    assert set(REASONS) == {
        "empty_source",
        "empty_target",
        "evaluation_overlap",
        "no_alignment",
        "nothing_projected",
    }
    assert all(REASONS.values())


class TestProjection:
    FATES = [fate(2, 4, "LOC", 0.5), fate(-1, -1, "ORG", 0.3, 1, "conflict"), fate(0, 1, "PER", 0.9, 2)]

    def test_its_spans_are_those_that_were_projected(self):
        assert Projection([], self.FATES, None).spans() == [Span(2, 4, "LOC", 0.5), Span(0, 1, "PER", 0.9)]

    def test_its_tags_are_the_integers_of_the_labels(self):
        # O, B-PER, I-PER, B-ORG, I-ORG, B-LOC, I-LOC
        assert Projection([], self.FATES, None).ner_tags(5) == [1, 0, 5, 6, 0]
        assert Projection([], [fate(0, 2, "ORG"), fate(2, 4, "PER")], None).ner_tags(4) == [3, 4, 1, 2]
        assert Projection([], [], None).ner_tags(3) == [0, 0, 0]

    def test_a_rejected_row_has_no_tags_rather_than_tags_that_say_no_entity(self):
        assert Projection([], [fate(-1, -1, status="unaligned")], NO_ALIGNMENT).ner_tags(3) == []
        assert Projection([], [], EMPTY_SOURCE).ner_tags(3) == []


class TestProjectPair:
    SPANS = [Span(0, 1, "PER"), Span(1, 2, "LOC")]

    def test_a_sentence_without_entities_is_kept_without_any(self):
        done = project_pair(HEURISTIC, ["a"], [], ["b"], [Link(0, 0, 1.0)])
        assert done == Projection([Link(0, 0, 1.0)], [], None)
        assert done.ner_tags(1) == [0]

    def test_a_sentence_that_lost_some_entities_is_kept_with_the_fate_of_each(self):
        done = project_pair(HEURISTIC, ["x", "y"], self.SPANS, ["a", "b"], [Link(1, 0, 1.0)])
        assert done.reason is None
        assert [one.status for one in done.entities] == ["unaligned", "projected"]
        assert done.ner_tags(2) == [5, 0]

    def test_a_sentence_whose_entities_are_all_unaligned_is_rejected_for_that(self):
        done = project_pair(HEURISTIC, ["x", "y"], self.SPANS, ["a", "."], [Link(0, 1, 1.0)])
        assert (done.reason, done.ner_tags(2)) == (NO_ALIGNMENT, [])
        assert [one.status for one in done.entities] == ["unaligned", "unaligned"]

    def test_a_sentence_that_lost_all_its_entities_otherwise_is_rejected_for_that(self):
        links = [Link(0, 0, 0.25)]
        done = project_pair(CANDIDATES, ["x", "y"], self.SPANS, ["a", "b"], links)
        assert (done.reason, done.ner_tags(2)) == (NOTHING_PROJECTED, [])
        assert [one.status for one in done.entities] == ["low_score", "unaligned"]

    def test_a_bug_in_a_projector_is_not_hidden(self):
        with pytest.raises(ZeroDivisionError):
            project_pair(Broken(), ["x"], [Span(0, 1, "PER")], ["a"], [])


class TestTagSources:
    def test_every_pair_gets_the_entities_of_its_own_source(self):
        class Capitals:
            def tag(self, sentences):
                return [[Span(i, i + 1, "PER") for i, w in enumerate(words) if w.istitle()] for words in sentences]

        pairs = [pair("Ada sings", "x"), pair("", "Ada"), pair("to Kano", "y")]
        tag_sources(pairs, Capitals())
        assert [one.source_spans for one in pairs] == [[Span(0, 1, "PER")], [], [Span(1, 2, "PER")]]

    def test_a_tagger_that_loses_a_sentence_is_not_believed(self):
        class Forgetful:
            def tag(self, sentences):
                return [[] for _ in sentences][1:]

        with pytest.raises(ValueError):
            tag_sources([pair("a", "b"), pair("c", "d")], Forgetful())


class TestAligning:
    def test_without_an_aligner_there_are_no_links(self):
        assert NoAligner().align([["a"], [], ["b"]], [["c"], ["d"], []]) == [[], [], []]
        assert NoAligner().align([], []) == []
        with pytest.raises(ValueError):
            NoAligner().align([["a"]], [])

    def test_the_method_names_the_aligner(self, tmp_path):
        assert isinstance(train_aligner("none", [], tmp_path), NoAligner)
        assert list(tmp_path.iterdir()) == []
        assert isinstance(train_aligner("statistical", [(["a"], ["b"])], tmp_path), StatisticalAligner)
        with pytest.raises(XnerError, match="no pair"):
            train_aligner("statistical", [], tmp_path)

    def test_pairs_are_aligned_by_what_they_and_the_extra_text_teach(self):
        pairs = [pair("red house", "gida ja")]
        extra = [pair("red", "ja"), pair("house", "gida"), pair("", "ja"), pair("red", "")] * 20
        (links,) = align_pairs(pairs, "statistical", iter(extra))
        assert {link[:2] for link in links} == {(0, 1), (1, 0)}
        assert min(link.score for link in links) > 0.9

    @pytest.mark.parametrize("method", ["statistical", "none"])
    @pytest.mark.parametrize("pairs", [[], [("", "b")], [("a", ""), ("", "b")]])
    def test_without_a_pair_that_has_both_sides_there_is_nothing_to_align(self, method, pairs):
        pairs = [pair(*sides, spans=[]) for sides in pairs]
        with pytest.raises(XnerError, match="no pair with words on both sides"):
            align_pairs(pairs, method)
        with pytest.raises(XnerError, match="no pair with words on both sides"):
            list(project_pairs(pairs, method, HEURISTIC))


class TestProjectPairs:
    def test_a_small_corpus_is_projected_in_its_order(self):
        pairs = [
            pair("house", "gida", []),
            pair("red house", "gida ja", [Span(1, 2, "LOC")]),
            pair("red", "ja", []),
            pair("tree", "bishiya", [Span(0, 1, "ORG")]),
            pair("red tree", "bishiya ja", [Span(1, 2, "ORG")]),
        ] * 5
        done = list(project_pairs(pairs, "statistical", HEURISTIC))
        assert [one.ner_tags(len(p.target)) for one, p in zip(done, pairs, strict=True)] == [
            [0],
            [5, 0],
            [0],
            [3],
            [3, 0],
        ] * 5
        assert all(one.reason is None for one in done)

    def test_a_pair_with_an_empty_side_comes_back_with_its_reason_and_lost_entities(self):
        pairs = [
            pair("", "Ada", []),
            pair("Ada sings", "Ada waka", [Span(0, 1, "PER")]),
            pair("Ada in Kano", "", [Span(0, 1, "PER"), Span(2, 3, "LOC")]),
        ]
        first, second, third = project_pairs(pairs, "none", CANDIDATES)
        assert (first.reason, first.entities, first.ner_tags(1)) == (EMPTY_SOURCE, [], [])
        assert (second.reason, second.ner_tags(2)) == (None, [1, 0])
        assert (third.reason, third.ner_tags(0)) == (EMPTY_TARGET, [])
        assert third.entities == [
            fate(-1, -1, "PER", 0.0, 0, "unaligned"),
            fate(-1, -1, "LOC", 0.0, 1, "unaligned"),
        ]

    def test_a_pair_that_no_tagger_has_seen_has_no_entities(self):
        (done,) = project_pairs([pair("Ada", "Ada", None)], "none", CANDIDATES)
        assert done == Projection([], [], None)

    def test_a_bug_in_a_projector_is_not_hidden(self):
        with pytest.raises(ZeroDivisionError):
            list(project_pairs([pair("Ada", "Ada", [Span(0, 1, "PER")])], "none", Broken()))

    @settings(deadline=None, max_examples=60)
    @given(st.data())
    def test_a_lost_sentence_is_never_written_as_one_without_entities(self, data):
        words = st.lists(st.sampled_from(["Ada", "Kano", "da", "na", "."]), max_size=4)
        pairs = []
        for number in range(data.draw(st.integers(0, 4))):
            source = data.draw(words)
            spans = [Span(i, i + 1, "PER") for i in range(len(source)) if data.draw(st.booleans())]
            pairs.append(Pair(str(number), source, data.draw(words), spans))
        pairs.append(pair("Ada", "Ada", [Span(0, 1, "PER")]))
        aligner = data.draw(st.sampled_from(["none", "statistical"]))
        projector = data.draw(st.sampled_from([HEURISTIC, CANDIDATES]))
        done = list(project_pairs(pairs, aligner, projector))
        assert len(done) == len(pairs)
        for one, row in zip(pairs, done, strict=True):
            assert [entity.source for entity in row.entities] == list(range(len(one.source_spans)))
            tags = row.ner_tags(len(one.target))
            if row.reason:
                assert row.reason in REASONS and tags == [] and row.spans() == []
                assert one.source_spans or not one.source or not one.target
            else:
                assert len(tags) == len(one.target) > 0
                assert any(tags) == bool(one.source_spans)
                names = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
                assert [s[:3] for s in spans_from_iob2([names[tag] for tag in tags])] == sorted(
                    s[:3] for s in row.spans()
                )
