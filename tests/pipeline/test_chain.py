from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.align.aligner import Link
from xner_hf.corpora.ingest import TEXT_REASONS
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError
from xner_hf.pipeline.chain import (
    EMPTY_SOURCE,
    EMPTY_TARGET,
    NO_ALIGNMENT,
    NOTHING_PROJECTED,
    REASONS,
    Projection,
    align_pairs,
    project_pair,
    project_pairs,
    side_missing,
    tag_sources,
    tag_targets,
)
from xner_hf.project.filters import Filters, FiltersConfig, filter_meanings
from xner_hf.project.projector import ProjectedSpan
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.recipe import AlignerConfig, ProjectorConfig
from xner_hf.registry import make
from xner_hf.spans import Span, spans_from_iob2
from xner_hf.translate.translation import FAULTS

HEURISTIC = make("projector", "heuristic", {})
CANDIDATES = make("projector", "candidates", {})
OFF = Filters(FiltersConfig())
NONE = AlignerConfig("none")
STATISTICAL = AlignerConfig("statistical")


def pair(source, target, spans=None, number=0):
    return Pair(str(number), source.split(), target.split(), spans)


def fate(start, end, label="PER", score=1.0, source=0, status="projected"):
    return ProjectedSpan(start, end, label, score, source, status)


class Broken:
    """A projector with a bug."""

    def project(self, pair):
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
        "no_scores",
        "no_alignment",
        "nothing_projected",
        "filtered:comp_src",
        "filtered:comp_tgt",
        "filtered:comp_ins",
        *TEXT_REASONS,
        *FAULTS,
    }
    assert REASONS.items() >= filter_meanings(drop_sentences=True).items()
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
        done = project_pair(HEURISTIC, OFF, SentencePair(["a"], [], ["b"], [Link(0, 0, 1.0)]))
        assert done == Projection([Link(0, 0, 1.0)], [], None)
        assert done.ner_tags(1) == [0]

    def test_a_sentence_that_lost_some_entities_is_kept_with_the_fate_of_each(self):
        done = project_pair(HEURISTIC, OFF, SentencePair(["x", "y"], self.SPANS, ["a", "b"], [Link(1, 0, 1.0)]))
        assert done.reason is None
        assert [one.status for one in done.entities] == ["unaligned", "projected"]
        assert done.ner_tags(2) == [5, 0]

    def test_a_sentence_whose_entities_are_all_unaligned_is_rejected_for_that(self):
        done = project_pair(HEURISTIC, OFF, SentencePair(["x", "y"], self.SPANS, ["a", "."], [Link(0, 1, 1.0)]))
        assert (done.reason, done.ner_tags(2)) == (NO_ALIGNMENT, [])
        assert [one.status for one in done.entities] == ["unaligned", "unaligned"]

    def test_a_sentence_that_lost_all_its_entities_otherwise_is_rejected_for_that(self):
        links = [Link(0, 0, 0.25)]
        done = project_pair(CANDIDATES, OFF, SentencePair(["x", "y"], self.SPANS, ["a", "b"], links))
        assert (done.reason, done.ner_tags(2)) == (NOTHING_PROJECTED, [])
        assert [one.status for one in done.entities] == ["low_score", "unaligned"]

    def test_what_markers_brought_over_goes_through_the_filters_that_need_no_links(self):
        marked = [ProjectedSpan(0, 2, "PER", 0.9, 0, "projected"), ProjectedSpan(2, 3, "LOC", 0.5, 1, "projected")]

        def fates(**chosen):
            filters = Filters(FiltersConfig(**chosen))
            done = project_pair(HEURISTIC, filters, SentencePair(["x", "y"], self.SPANS, ["a", "b", "c"], []), marked)
            return [one.status for one in done.entities], done.reason

        assert fates() == (["projected", "projected"], None)
        assert fates(comp_src=True, comp_tgt=True) == (["projected", "projected"], None)
        assert fates(restrict_tgt=True) == (["filtered:restrict_tgt", "projected"], None)
        assert fates(min_score=0.6) == (["projected", "filtered:min_score"], None)
        assert fates(min_score=0.6, comp_ins=True) == (["projected", "filtered:min_score"], "filtered:comp_ins")
        assert fates(min_score=0.95) == (["filtered:min_score"] * 2, NOTHING_PROJECTED)
        unsure = [Span(0, 1, "PER", 0.1), Span(1, 2, "LOC", 0.9)]
        done = project_pair(
            HEURISTIC,
            Filters(FiltersConfig(min_source_score=0.5)),
            SentencePair(["x", "y"], unsure, ["a", "b", "c"], []),
            marked,
        )
        assert [(one.source, one.status) for one in done.entities] == [
            (0, "filtered:min_source_score"),
            (1, "projected"),
        ]

    def test_a_bug_in_a_projector_is_not_hidden(self):
        with pytest.raises(ZeroDivisionError):
            project_pair(Broken(), OFF, SentencePair(["x"], [Span(0, 1, "PER")], ["a"], []))

    def test_a_sentence_that_a_filter_drops_is_rejected_for_that_and_keeps_the_fates(self):
        filters = Filters(FiltersConfig(comp_ins=True))
        done = project_pair(HEURISTIC, filters, SentencePair(["x", "y"], self.SPANS, ["a", "b"], [Link(1, 0, 1.0)]))
        assert (done.reason, done.ner_tags(2)) == ("filtered:comp_ins", [])
        assert [one.status for one in done.entities] == ["unaligned", "projected"]

    def test_a_sentence_that_lost_one_entity_to_a_filter_is_kept_without_it(self):
        filters = Filters(FiltersConfig(min_source_score=0.5))
        spans = [Span(0, 1, "PER", 0.4), Span(1, 2, "LOC", 0.5)]
        done = project_pair(
            HEURISTIC, filters, SentencePair(["x", "y"], spans, ["a", "b"], [Link(0, 0, 1.0), Link(1, 1, 1.0)])
        )
        assert (done.reason, done.ner_tags(2)) == (None, [0, 5])
        assert [one.status for one in done.entities] == ["filtered:min_source_score", "projected"]

    def test_a_sentence_that_lost_all_its_entities_to_a_filter_is_rejected(self):
        filters = Filters(FiltersConfig(restrict_tgt=True))
        links = [Link(0, 0, 1.0), Link(0, 1, 1.0)]
        done = project_pair(HEURISTIC, filters, SentencePair(["x", "y"], self.SPANS, ["a", "b"], links))
        assert (done.reason, done.ner_tags(2)) == (NOTHING_PROJECTED, [])
        assert [one.status for one in done.entities] == ["filtered:restrict_tgt", "unaligned"]

    def test_the_projector_is_given_the_labels_of_the_target_words(self):
        seen = []

        class Curious:
            def project(self, pair):
                seen.append(pair.target_labels)
                return []

        project_pair(Curious(), OFF, SentencePair(["x"], [], ["a"], [], "labels"))
        project_pair(Curious(), OFF, SentencePair(["x"], [], ["a"], []))
        assert seen == ["labels", None]


class Given:
    """A tagger that gives the spans it was made with, sentence by sentence."""

    def __init__(self, *found):
        self.found = found

    def tag(self, sentences):
        assert len(sentences) == len(self.found)
        return [list(spans) for spans in self.found]


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

    FOUND = [Span(0, 1, "ORG", 0.5)], [Span(1, 2, "LOC", 0.75)], [Span(0, 1, "LOC", 1.0)]
    SOURCES = ("Kano won", "in Kano", "Kano")

    def test_a_name_has_one_type_in_all_pairs(self):
        pairs = [pair(source, "x") for source in self.SOURCES]
        tag_sources(pairs, Given(*self.FOUND))
        score = 1.75 / 3
        assert [one.source_spans for one in pairs] == [
            [Span(0, 1, "LOC", score)],
            [Span(1, 2, "LOC", score)],
            [Span(0, 1, "LOC", score)],
        ]

    def test_where_that_is_not_asked_for_every_pair_keeps_what_the_tagger_found(self):
        pairs = [pair(source, "x") for source in self.SOURCES]
        tag_sources(pairs, Given(*self.FOUND), consistent=False)
        assert [one.source_spans for one in pairs] == [list(spans) for spans in self.FOUND]


class TestTagTargets:
    def test_without_a_model_no_pair_has_labels(self):
        assert list(tag_targets([pair("a", "b"), pair("c", "d")], None)) == [None, None]

    def test_a_model_gives_a_distribution_over_our_labels_for_every_target_word(self, mirror):
        found = tag_targets([pair("x", "Kano ta yi"), pair("x", "")], "xner/minilm-conll2003-en")
        assert [one.shape for one in found] == [(3, 7), (0, 7)]
        assert found[0].argmax(-1).tolist() == [5, 0, 0]


class TestAligning:
    def test_pairs_are_aligned_by_what_they_and_the_extra_text_teach(self):
        pairs = [pair("red house", "gida ja")]
        extra = [pair("red", "ja"), pair("house", "gida"), pair("big house", "gida babba"), pair("", "ja")] * 20
        (links,) = align_pairs(pairs, STATISTICAL, iter(extra))
        assert {link[:2] for link in links} == {(0, 1), (1, 0)}

    def test_pairs_are_aligned_in_pieces_as_they_are_at_once(self, monkeypatch, told):
        pairs = [pair("red house", "gida ja"), pair("red", "ja"), pair("house", "gida"), pair("", "ja")] * 4
        whole = align_pairs(pairs, STATISTICAL)
        monkeypatch.setattr("xner_hf.pipeline.chain.ALIGNED_AT_ONCE", 7)
        assert align_pairs(pairs, STATISTICAL, progress=told) == whole and len(whole) == 16
        assert told.stages["align"] == [16, 16]

    def test_the_settings_of_the_aligner_count(self):
        # Of three letters, both source words are one word.
        pairs = [pair("redder dog", "a b"), pair("redden dog", "a b"), pair("dog", "b")] * 5
        apart, alike = (align_pairs(pairs, AlignerConfig(settings={"stem": stem})) for stem in (0, 3))
        assert alike[0] == alike[1] and alike != apart

    def test_a_model_that_is_kept_gives_the_same_links_without_training(self, tmp_path):
        pairs = [pair("red house", "gida ja"), pair("red", "ja")] * 5
        kept = align_pairs(pairs, STATISTICAL, keep=tmp_path / "kept")
        again = AlignerConfig(settings={"model": str(tmp_path / "kept")})
        extra = (pytest.fail("the text was read") for _ in range(1))
        assert align_pairs(pairs, again, extra) == kept
        assert align_pairs(pairs[:1], again) == kept[:1]

    @pytest.mark.parametrize("aligner", [STATISTICAL, NONE])
    @pytest.mark.parametrize("pairs", [[], [("", "b")], [("a", ""), ("", "b")]])
    def test_without_a_pair_that_has_both_sides_there_is_nothing_to_align(self, aligner, pairs):
        pairs = [pair(*sides, spans=[]) for sides in pairs]
        with pytest.raises(XnerError, match="no pair with words on both sides"):
            align_pairs(pairs, aligner)
        with pytest.raises(XnerError, match="no pair with words on both sides"):
            list(project_pairs(pairs, aligner, ProjectorConfig("heuristic"), FiltersConfig()))


class TestProjectPairs:
    def test_a_small_corpus_is_projected_in_its_order(self, told):
        pairs = [
            pair("house", "gida", []),
            pair("red house", "gida ja", [Span(1, 2, "LOC")]),
            pair("red", "ja", []),
            pair("tree", "bishiya", [Span(0, 1, "ORG")]),
            pair("red tree", "bishiya ja", [Span(1, 2, "ORG")]),
        ] * 5
        done = list(project_pairs(pairs, STATISTICAL, ProjectorConfig("heuristic"), FiltersConfig(), progress=told))
        assert told.stages == {"train aligner": [None, 0], "align": [25, 25], "project": [25, 25]}
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
        first, second, third = project_pairs(pairs, NONE, ProjectorConfig("candidates"), FiltersConfig())
        assert (first.reason, first.entities, first.ner_tags(1)) == (EMPTY_SOURCE, [], [])
        assert (second.reason, second.ner_tags(2)) == (None, [1, 0])
        assert (third.reason, third.ner_tags(0)) == (EMPTY_TARGET, [])
        assert third.entities == [
            fate(-1, -1, "PER", 0.0, 0, "unaligned"),
            fate(-1, -1, "LOC", 0.0, 1, "unaligned"),
        ]

    def test_a_pair_that_no_tagger_has_seen_has_no_entities(self):
        (done,) = project_pairs([pair("Ada", "Ada", None)], NONE, ProjectorConfig("candidates"), FiltersConfig())
        assert done == Projection([], [], None)

    def test_filters_decide_on_entities_and_sentences(self):
        pairs = [
            pair("Ada sings", "Ada waka", [Span(0, 1, "PER", 0.25)]),
            pair("Ada and Musa", "Ada da Musa", [Span(0, 1, "PER", 0.75), Span(2, 3, "PER", 0.25)]),
            pair("Ada and Musa", "Ada da abokinta", [Span(0, 1, "PER"), Span(2, 3, "PER")]),
        ]
        filters = FiltersConfig(min_source_score=0.5, comp_ins=True)
        done = list(project_pairs(pairs, NONE, ProjectorConfig("candidates"), filters))
        assert [one.reason for one in done] == [NOTHING_PROJECTED, None, "filtered:comp_ins"]
        assert [[entity.status for entity in one.entities] for one in done] == [
            ["filtered:min_source_score"],
            ["projected", "filtered:min_source_score"],
            ["projected", "unaligned"],
        ]
        assert [one.ner_tags(3) for one in done] == [[], [1, 0, 0], []]

    def test_a_target_tagger_speaks_for_what_neither_links_nor_letters_find(self, mirror):
        pairs = [pair("the city", "an ga Kano", [Span(1, 2, "LOC")])]
        weights = {"bias": -2.0, "tagger": 6.0}
        lone = {"weights": weights, "null_threshold": 0.5}
        (without,) = project_pairs(pairs, NONE, ProjectorConfig("fused", lone), FiltersConfig())
        assert without.reason == NOTHING_PROJECTED or without.reason == NO_ALIGNMENT
        both = {**lone, "target_tagger": "xner/minilm-conll2003-en"}
        (found,) = project_pairs(pairs, NONE, ProjectorConfig("fused", both), FiltersConfig())
        assert (found.reason, found.ner_tags(3)) == (None, [0, 0, 5])

    @settings(max_examples=60)
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
        projector = ProjectorConfig(data.draw(st.sampled_from(["fused", "candidates", "heuristic"])))
        switches = {name: data.draw(st.booleans()) for name in ("comp_src", "comp_tgt", "comp_ins", "restrict_tgt")}
        filters = FiltersConfig(**switches, min_score=data.draw(st.sampled_from([0.0, 0.5])))
        done = list(project_pairs(pairs, AlignerConfig(aligner), projector, filters))
        assert len(done) == len(pairs)
        for one, row in zip(pairs, done, strict=True):
            assert [entity.source for entity in row.entities] == list(range(len(one.source_spans)))
            tags = row.ner_tags(len(one.target))
            if row.reason:
                assert row.reason in REASONS and tags == []
                assert row.spans() == [] or row.reason in filter_meanings(drop_sentences=True)
                assert one.source_spans or not one.source or not one.target
            else:
                assert len(tags) == len(one.target) > 0
                assert any(tags) == bool(one.source_spans)
                names = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
                assert [s[:3] for s in spans_from_iob2([names[tag] for tag in tags])] == sorted(
                    s[:3] for s in row.spans()
                )
