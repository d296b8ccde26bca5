"""What holds for every projection method."""

from __future__ import annotations

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from xner_hf.align.aligner import Link
from xner_hf.corpora.parallel import splitter
from xner_hf.errors import XnerError
from xner_hf.project import STATUSES
from xner_hf.project.projector import is_punctuation
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import make, methods
from xner_hf.spans import Span, spans_to_iob2

WORDS = ["Ada", "Adah", "Kano", "da", "ya", "n'", ".", ",", "—", "3"]
WEIGHTS = {"copied": 3.0, "spelling_close": 1.0, "alignment": 4.0, "length": -1.0, "before": -0.5, "bias": -2.0}
PROJECTORS = [
    make("projector", "heuristic", {}),
    make("projector", "heuristic", {"max_gap": 0}),
    make("projector", "heuristic", {"max_gap": 3, "min_length_ratio": 0.8}),
    make("projector", "candidates", {}),
    make("projector", "candidates", {"max_words": 2, "alignment_weight": 1.0, "null_threshold": 0.0}),
    make("projector", "candidates", {"alignment_weight": 0.0, "min_surface": 0.0, "null_threshold": 0.1}),
    make("projector", "candidates", {"alignment_weight": 1.0, "min_surface": 1.5, "solver": "greedy"}),
    make("projector", "candidates", {"substring": True, "weighted": False, "solver": "milp"}),
    make("projector", "fused", {"weights": WEIGHTS, "null_threshold": 0.2}),
    make("projector", "fused", {"weights": WEIGHTS, "null_threshold": 0.0, "max_words": 3, "solver": "greedy"}),
]


@st.composite
def problems(draw) -> tuple[list[str], list[Span], list[str], list[Link]]:
    """A source sentence, its entities, a target sentence and the links between them."""
    source = draw(st.lists(st.sampled_from(WORDS), max_size=7))
    target = draw(st.lists(st.sampled_from(WORDS), max_size=9))
    cuts = sorted(draw(st.sets(st.integers(0, len(source)), min_size=min(2, len(source) + 1), max_size=5)))
    pieces = list(zip(cuts, cuts[1:], strict=False))
    entities = draw(st.permutations(pieces))[: draw(st.integers(0, len(pieces)))]
    spans = [Span(start, end, draw(st.sampled_from(["PER", "ORG", "LOC"]))) for start, end in entities]
    cells = st.tuples(st.integers(0, len(source) - 1), st.integers(0, len(target) - 1))
    pairs = draw(st.lists(cells, unique=True, max_size=10)) if source and target else []
    # Eighths add up exactly in every order, so that equal scores are equal.
    return source, spans, target, [Link(i, j, draw(st.integers(0, 8)) / 8) for i, j in pairs]


@pytest.mark.parametrize("projector", PROJECTORS, ids=lambda one: repr(one.config))
class TestEveryProjector:
    @settings(max_examples=60)
    @given(problem=problems())
    def test_every_entity_has_one_fate_and_projected_ones_never_overlap(self, projector, problem):
        source, spans, target, links = problem
        fates = projector.project(SentencePair(source, spans, target, links))
        assert [(fate.source, fate.label) for fate in fates] == [(i, span.label) for i, span in enumerate(spans)]
        placed = []
        for fate in fates:
            assert fate.status in STATUSES
            assert 0 <= fate.score <= 1
            if fate.status == "projected":
                assert 0 <= fate.start < fate.end <= len(target)
                assert not is_punctuation(target[fate.start]) and not is_punctuation(target[fate.end - 1])
                assert fate.score > 0
                placed.append(Span(fate.start, fate.end, fate.label))
            else:
                assert (fate.start, fate.end) == (-1, -1)
        # Nothing is cut short: the tags of the sentence hold every projected span whole.
        assert sum(tag != "O" for tag in spans_to_iob2(placed, len(target))) == sum(s.end - s.start for s in placed)

    @settings(max_examples=60)
    @given(problem=problems(), data=st.data())
    def test_the_order_of_the_links_does_not_matter_nor_does_asking_twice(self, projector, problem, data):
        source, spans, target, links = problem
        shuffled = data.draw(st.permutations(links))
        fates = projector.project(SentencePair(source, spans, target, links))
        assert projector.project(SentencePair(source, spans, target, shuffled)) == fates
        assert projector.project(SentencePair(tuple(source), tuple(spans), tuple(target), tuple(links))) == fates

    @settings(max_examples=60)
    @given(problem=problems())
    def test_a_conflict_has_a_winner(self, projector, problem):
        fates = projector.project(SentencePair(*problem))
        # The other solvers may give up one high score for several lower ones.
        best_first = getattr(projector.config, "solver", "greedy") == "greedy"
        for fate in fates:
            if fate.status == "conflict":
                winners = [other for other in fates if other.status == "projected"]
                assert winners
                assert not best_first or max(winner.score for winner in winners) >= fate.score

    def test_a_sentence_without_entities_has_no_fates(self, projector):
        assert projector.project(SentencePair(["a", "b"], [], ["c"], [Link(0, 0, 1.0)])) == []

    def test_nothing_is_projected_into_an_empty_or_wordless_sentence(self, projector):
        spans = [Span(0, 1, "PER"), Span(1, 2, "LOC")]
        for target, links in (([], []), (["...", "«"], [Link(0, 0, 1.0)])):
            fates = projector.project(SentencePair(["Ada", "Kano"], spans, target, links))
            assert [fate.status for fate in fates] == ["unaligned", "unaligned"]

    def test_neighbours_of_one_type_stay_two_entities(self, projector):
        spans = [Span(0, 1, "LOC"), Span(1, 2, "LOC")]
        fates = projector.project(
            SentencePair(["Kano", "Ada"], spans, ["Kano", "Ada"], [Link(0, 0, 1.0), Link(1, 1, 1.0)])
        )
        assert [(fate.start, fate.end, fate.status) for fate in fates] == [(0, 1, "projected"), (1, 2, "projected")]

    def test_of_two_entities_that_claim_one_word_one_stays_whole_and_one_is_a_conflict(self, projector):
        # Both have the same name and the same link, so that nothing but their order tells them apart.
        spans = [Span(0, 1, "PER"), Span(1, 2, "LOC")]
        fates = projector.project(SentencePair(["Kano", "Kano"], spans, ["Kano"], [Link(0, 0, 1.0), Link(1, 0, 1.0)]))
        assert sorted((fate.start, fate.end, fate.status) for fate in fates) == [
            (-1, -1, "conflict"),
            (0, 1, "projected"),
        ]
        assert fates[1].score == fates[0].score


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "filtered"])
def test_the_problems_hold_every_status(status):
    """The properties above would say little of problems in which nothing ever goes wrong."""

    def holds(problem):
        return any(
            fate.status == status for projector in PROJECTORS for fate in projector.project(SentencePair(*problem))
        )

    assert holds(find(problems(), holds, settings=settings(max_examples=10_000, phases=[Phase.generate])))


class TestMakeProjector:
    @pytest.mark.parametrize("method", methods("projector"))
    def test_every_method_works_with_its_defaults(self, method):
        fates = make("projector", method, {}).project(
            SentencePair(["Ada"], [Span(0, 1, "PER")], ["Ada"], [Link(0, 0, 1.0)])
        )
        assert [(fate.start, fate.end, fate.status) for fate in fates] == [(0, 1, "projected")]

    def test_settings_reach_the_projector(self):
        projector = make("projector", "heuristic", {"max_gap": 0})
        links = [Link(0, 0, 1.0), Link(0, 2, 1.0)]
        assert projector.project(SentencePair(["x"], [Span(0, 1, "PER")], ["a", "b", "c"], links))[0][:2] == (0, 1)

    def test_an_unknown_method_is_refused_with_the_nearest_and_all_that_exist(self):
        with pytest.raises(XnerError) as caught:
            make("projector", "heuristics", {})
        message = str(caught.value)
        assert "'heuristics'" in message
        assert "Did you mean 'heuristic'?" in message
        assert "Known: candidates, fused, heuristic" in message

    @pytest.mark.parametrize(
        "method, setting, near, known",
        [
            ("heuristic", "max_gaps", "max_gap", "max_gap, min_length_ratio"),
            (
                "candidates",
                "max_word",
                "max_words",
                "max_words, candidates, target_tagger, solver, null_threshold, alignment_weight",
            ),
            ("fused", "weight", "weights", "weights, null_threshold, fitted_on, substring"),
        ],
    )
    def test_an_unknown_setting_is_refused_with_the_nearest_and_all_that_the_method_has(
        self, method, setting, near, known
    ):
        with pytest.raises(XnerError) as caught:
            make("projector", method, {setting: 1})
        message = str(caught.value)
        assert f"{method!r} has no key {setting!r}" in message
        assert f"Did you mean {near!r}?" in message
        assert known in message

    def test_a_setting_of_another_method_is_refused(self):
        with pytest.raises(XnerError, match="'heuristic' has no .* 'max_words'"):
            make("projector", "heuristic", {"max_words": 3})

    @pytest.mark.parametrize(
        "method, setting, value",
        [
            ("heuristic", "max_gap", -1),
            ("heuristic", "min_length_ratio", -0.5),
            ("candidates", "max_words", 0),
            ("candidates", "alignment_weight", 1.1),
            ("candidates", "alignment_weight", -0.1),
            ("candidates", "null_threshold", 1.1),
            ("candidates", "null_threshold", -0.1),
            ("candidates", "tagger_weight", 1.1),
            ("candidates", "min_surface", -0.1),
            ("fused", "max_words", 0),
            ("fused", "null_threshold", 1.0),
            ("fused", "null_threshold", -0.1),
        ],
    )
    def test_a_value_out_of_range_is_refused_with_its_name(self, method, setting, value):
        with pytest.raises(XnerError) as caught:
            make("projector", method, {setting: value})
        assert f"projector.{setting} is {value}" in str(caught.value)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_a_value_that_is_no_number_is_refused(self, value):
        with pytest.raises(XnerError, match=f"min_surface is {value}; it takes a finite number"):
            make("projector", "candidates", {"min_surface": value})

    @pytest.mark.parametrize(
        "method, setting, value",
        [
            ("heuristic", "max_gap", "1"),
            ("heuristic", "max_gap", 1.5),
            ("heuristic", "min_length_ratio", None),
            ("candidates", "max_words", True),
            ("candidates", "min_surface", "high"),
            ("candidates", "weighted", 1),
            ("candidates", "solver", 3),
            ("fused", "null_threshold", "high"),
        ],
    )
    def test_a_value_of_another_type_is_refused_with_its_name(self, method, setting, value):
        with pytest.raises(XnerError) as caught:
            make("projector", method, {setting: value})
        assert f"{setting} is {value!r}" in str(caught.value)


@pytest.mark.parametrize("method", ["heuristic", "candidates"])
def test_a_vowel_sign_that_is_a_word_of_its_own_ends_a_name(method):
    words = splitter("mya")("မြန်မာ သည်")
    assert words == ["မြ", "န်", "မ", "ာ", "သ", "ည်"]
    links = [Link(0, word, 0.9) for word in range(4)]
    (fate,) = make("projector", method, {}).project(SentencePair(["Burma", "is"], [Span(0, 1, "LOC")], words, links))
    assert (fate.start, fate.end, fate.status) == (0, 4, "projected")
