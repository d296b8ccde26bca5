from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support as seqeval_default
from seqeval.metrics.v1 import precision_recall_fscore_support as seqeval_v1
from seqeval.scheme import IOB2, Entities

from xner_hf.errors import XnerError
from xner_hf.metrics.span_f1 import Counts, entities, from_counts, merge_counts, sentence_counts, span_f1
from xner_hf.spans import Span, spans_to_iob2

TYPES = ["PER", "ORG", "LOC", "DATE", "GPE-CITY"]
MODES = ["strict", "default"]


def tags_of(types: list[str]) -> list[str]:
    return ["O", *(f"{prefix}-{kind}" for kind in types for prefix in "BI")]


@st.composite
def corpora(draw) -> tuple[list[list[str]], list[list[str]]]:
    """Gold and predicted tags, valid or not, each side with types of its own."""
    sides = [st.sampled_from(tags_of(draw(st.lists(st.sampled_from(TYPES), max_size=3)))) for _ in range(2)]
    lengths = draw(st.lists(st.integers(0, 9), min_size=1, max_size=6))
    gold = [draw(st.lists(sides[0], min_size=n, max_size=n)) for n in lengths]
    if draw(st.booleans()):
        # Independent sequences seldom agree; keep most of the gold so that there are correct entities to count.
        kept = st.integers(0, 3)
        return gold, [[draw(sides[1]) if draw(kept) == 0 else tag for tag in tags] for tags in gold]
    return gold, [draw(st.lists(sides[1], min_size=n, max_size=n)) for n in lengths]


def seqeval_scores(gold: list[list[str]], predicted: list[list[str]], mode: str) -> tuple[dict, dict]:
    """What seqeval says: micro average, and per type, as precision, recall, F1 and number of gold entities."""

    def score(average: str | None):
        if mode == "strict":
            return seqeval_v1(gold, predicted, average=average, scheme=IOB2, zero_division=0)
        return seqeval_default(gold, predicted, average=average, zero_division=0)

    if mode == "strict":
        types = Entities(gold, IOB2).unique_tags | Entities(predicted, IOB2).unique_tags
    else:
        types = {entity[0] for entity in get_entities(gold) + get_entities(predicted)}
    keys = ("precision", "recall", "f1", "gold")
    overall = dict(zip(keys, (float(value) for value in score("micro")), strict=True))
    per_type = zip(*score(None), strict=True)
    return overall, {
        kind: dict(zip(keys, map(float, row), strict=True)) for kind, row in zip(sorted(types), per_type, strict=True)
    }


@pytest.mark.parametrize("mode", MODES)
@given(corpus=corpora())
def test_scores_equal_seqeval_overall_and_per_type(mode, corpus):
    gold, predicted = corpus
    result = span_f1(gold, predicted, mode)
    overall, types = seqeval_scores(gold, predicted, mode)
    assert {key: result[key] for key in overall} == pytest.approx(overall, abs=1e-12)
    assert list(result["types"]) == list(types)
    for kind, expected in types.items():
        assert {key: result["types"][kind][key] for key in expected} == pytest.approx(expected, abs=1e-12)


@given(corpus=corpora())
def test_strict_entities_equal_those_of_the_seqeval_iob2_scheme(corpus):
    for tags in corpus[0] + corpus[1]:
        expected = [Span(e.start, e.end, e.tag) for e in Entities([tags], IOB2).entities[0]]
        assert entities(tags, "strict") == expected


@given(corpus=corpora())
def test_default_entities_equal_those_of_seqeval_get_entities(corpus):
    for tags in corpus[0] + corpus[1]:
        with warnings.catch_warnings(action="error"):
            expected = [Span(start, last + 1, kind) for kind, start, last in get_entities(tags)]
        assert entities(tags, "default") == expected


@pytest.mark.parametrize(
    ("tags", "strict", "default"),
    [
        ([], [], []),
        (["O", "O"], [], []),
        (["B-PER", "I-PER", "O", "B-LOC"], [(0, 2, "PER"), (3, 4, "LOC")], [(0, 2, "PER"), (3, 4, "LOC")]),
        (["B-PER", "B-PER"], [(0, 1, "PER"), (1, 2, "PER")], [(0, 1, "PER"), (1, 2, "PER")]),
        (["I-PER", "I-PER", "O"], [], [(0, 2, "PER")]),
        (["B-PER", "I-LOC", "I-PER"], [(0, 1, "PER")], [(0, 1, "PER"), (1, 2, "LOC"), (2, 3, "PER")]),
        (["O", "I-LOC", "B-LOC", "I-LOC"], [(2, 4, "LOC")], [(1, 2, "LOC"), (2, 4, "LOC")]),
    ],
)
def test_a_stray_inside_tag_opens_an_entity_in_default_mode_only(tags, strict, default):
    assert entities(tags, "strict") == [Span(*span) for span in strict]
    assert entities(tags, "default") == [Span(*span) for span in default]


@given(corpus=corpora())
def test_strict_entities_are_default_entities_and_equal_them_once_the_tags_are_valid(corpus):
    for tags in corpus[0]:
        default = entities(tags, "default")
        assert set(entities(tags, "strict")) <= set(default)
        assert entities(spans_to_iob2(default, len(tags)), "strict") == default


def test_scores_of_a_corpus_counted_by_hand():
    gold = [["B-PER", "I-PER", "O", "B-LOC"], ["B-ORG", "I-ORG", "O"], []]
    # PER is right; LOC has the wrong type; ORG stops one word early; a second LOC is invented.
    predicted = [["B-PER", "I-PER", "O", "B-ORG"], ["B-ORG", "O", "B-LOC"], []]
    none = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "correct": 0}
    assert span_f1(gold, predicted) == {
        "precision": 0.25,
        "recall": 1 / 3,
        "f1": 2 / 7,
        "correct": 1,
        "predicted": 4,
        "gold": 3,
        "sentences": 3,
        "types": {
            "LOC": {**none, "predicted": 1, "gold": 1},
            "ORG": {**none, "predicted": 2, "gold": 1},
            "PER": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "correct": 1, "predicted": 1, "gold": 1},
        },
    }


def test_the_mode_decides_whether_a_stray_inside_tag_is_a_correct_entity():
    gold, predicted = [["B-PER", "O"]], [["I-PER", "O"]]
    assert span_f1(gold, predicted)["types"]["PER"] == {
        "precision": 0.0, "recall": 0.0, "f1": 0.0, "correct": 0, "predicted": 0, "gold": 1,
    }  # fmt: skip
    assert span_f1(gold, predicted, "default")["f1"] == 1.0


def test_types_are_sorted_by_name():
    assert list(span_f1([["B-PER", "B-DATE"]], [["B-LOC", "O"]])["types"]) == ["DATE", "LOC", "PER"]


@pytest.mark.parametrize(("gold", "sentences"), [([], 0), ([[]], 1), ([["O", "O"], []], 2)])
def test_a_corpus_without_entities_scores_zero(gold, sentences):
    assert span_f1(gold, gold) == {
        "precision": 0.0, "recall": 0.0, "f1": 0.0, "correct": 0, "predicted": 0, "gold": 0,
        "sentences": sentences, "types": {},
    }  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@given(corpus=corpora())
def test_swapping_gold_and_prediction_swaps_precision_and_recall_and_keeps_f1(mode, corpus):
    gold, predicted = corpus
    there, back = span_f1(gold, predicted, mode), span_f1(predicted, gold, mode)
    for a, b in [(there, back), *((there["types"][kind], back["types"][kind]) for kind in there["types"])]:
        assert (a["precision"], a["recall"], a["f1"]) == (b["recall"], b["precision"], b["f1"])
        assert 0.0 <= a["f1"] <= 1.0


@given(corpus=corpora())
def test_a_prediction_equal_to_the_gold_is_fully_correct(corpus):
    result = span_f1(corpus[0], corpus[0])
    assert result["correct"] == result["predicted"] == result["gold"]
    assert result["f1"] == (1.0 if result["gold"] else 0.0)


@pytest.mark.parametrize("mode", MODES)
@given(corpus=corpora())
def test_counts_summed_over_sentences_give_the_corpus_scores(mode, corpus):
    gold, predicted = corpus
    counts = [sentence_counts(g, p, mode) for g, p in zip(gold, predicted, strict=True)]
    assert from_counts(merge_counts(counts), len(counts)) == span_f1(gold, predicted, mode)


def test_sentence_counts_list_the_types_of_either_side():
    assert sentence_counts(["B-PER", "B-PER", "O", "O"], ["B-PER", "O", "B-LOC", "O"]) == {
        "PER": Counts(correct=1, predicted=1, gold=2),
        "LOC": Counts(correct=0, predicted=1, gold=0),
    }
    assert sentence_counts(["O"], ["O"]) == {}


def test_counts_add_up_and_their_scores_are_fractions():
    counts = Counts(1, 2, 3).merge(Counts(1, 2, 5))
    assert counts == Counts(correct=2, predicted=4, gold=8)
    assert (counts.precision, counts.recall, counts.f1) == (0.5, 0.25, 1 / 3)
    assert (Counts().precision, Counts().recall, Counts().f1) == (0.0, 0.0, 0.0)
    assert (Counts(0, 3, 0).recall, Counts(0, 0, 3).precision) == (0.0, 0.0)


def test_merge_counts_sums_per_type_and_sorts_the_types():
    merged = merge_counts([{"PER": Counts(1, 1, 1)}, {}, {"LOC": Counts(0, 1, 0), "PER": Counts(0, 1, 2)}])
    assert list(merged.items()) == [("LOC", Counts(0, 1, 0)), ("PER", Counts(1, 2, 3))]


def test_an_unequal_number_of_sentences_is_refused():
    with pytest.raises(XnerError, match="The gold has 2 sentences but the prediction has 1"):
        span_f1([["O"], ["O"]], [["O"]])


def test_unequal_lengths_are_refused_with_the_sentence_and_both_lengths():
    with pytest.raises(XnerError, match="sentence 1: the gold has 3 tags but the prediction has 2"):
        span_f1([["O"], ["O", "O", "O"]], [["O"], ["O", "O"]])
    with pytest.raises(XnerError, match="^the gold has 1 tags but the prediction has 0"):
        sentence_counts(["O"], [])


@pytest.mark.parametrize("tag", ["PER", "S-PER", "B-", "B", "", "0"])
def test_a_tag_that_is_not_iob2_is_refused_with_its_place(tag):
    with pytest.raises(XnerError, match=f"sentence 1: prediction: word 2: '{tag}' is not an IOB2 tag"):
        span_f1([[], ["O"] * 3], [[], ["O", "O", tag]])


@pytest.mark.parametrize(("tag", "kind"), [(1, "int"), (-100, "int"), (None, "NoneType")])
def test_label_numbers_are_refused(tag, kind):
    with pytest.raises(XnerError, match=f"sentence 0: gold: word 1: {tag} is a {kind}, not an IOB2 tag"):
        span_f1([["O", tag]], [["O", "O"]])


def test_a_flat_list_of_tags_is_not_taken_for_a_list_of_sentences():
    with pytest.raises(XnerError, match="sentence 0: gold: 'O' is one string"):
        span_f1(["O", "O"], ["O", "O"])


def test_an_unknown_mode_is_refused_even_without_sentences():
    with pytest.raises(XnerError, match="mode 'strct' is unknown; it is 'strict' or 'default'. Did you mean 'strict'"):
        span_f1([], [], mode="strct")
    with pytest.raises(XnerError, match="mode None is unknown"):
        entities(["O"], None)
    with pytest.raises(XnerError, match="^The mode 'lenient' is unknown"):
        sentence_counts(["O"], ["O"], "lenient")
