"""Labels of all schemes become the labels of the corpus: spans by the scheme's own rules, distributions by hand."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.pipeline.combine import MemberLabels, join
from xner_hf.spans import ENTITY_TYPES, NER_LABELS, Span, spans_from_iob2, spans_to_iob2
from xner_hf.tag.decoding import decode_spans
from xner_hf.tag.model import ModelTagger
from xner_hf.tag.scheme import IO, IOB1, IOB2, IOBES, find_scheme
from xner_hf.training.soft_labels import carry
from xner_hf.training.teachers import Teacher, TeacherEnsemble

CONLL_IOB1 = ["B-LOC", "B-MISC", "B-ORG", "I-LOC", "I-MISC", "I-ORG", "I-PER", "O"]
"""Those of FacebookAI/xlm-roberta-large-finetuned-conll03-english."""
LABELS = {
    IOB2: list(NER_LABELS),
    IOB1: CONLL_IOB1,
    IO: ["O", "I-PER", "I-ORG", "I-LOC"],
    "bare": ["O", "PER", "ORG", "LOC", "MISC"],
    "lower": ["o", "b-per", "i-per", "b-org", "i-org", "b-loc", "i-loc"],
    IOBES: ["O", *(f"{place}-{kind}" for kind in ENTITY_TYPES for place in "BIES")],
    "BILOU": ["O", *(f"{place}-{kind}" for kind in ("PERSON", "ORG", "GPE") for place in "BILU")],
}
KINDS = {"bare": IO, "lower": IOB2, "BILOU": IOBES}


def scheme(labels, **mapped):
    return find_scheme(labels, mapped, "a/b")


def tags(found, *best):
    """Return the tags of words whose likeliest labels have these numbers; of those of None nothing is known."""
    rows = np.zeros((len(best), len(found.labels)))
    for word, number in enumerate(best):
        if number is not None:
            rows[word, number] = 1
    return found.tags(rows)


@pytest.mark.parametrize("name", LABELS)
def test_the_scheme_is_found_from_the_names_of_the_labels(name):
    found = scheme(LABELS[name])
    assert found.kind == KINDS.get(name, name)
    assert {meaning for _, meaning in found.labels} >= set(ENTITY_TYPES)


def test_types_of_other_names_and_cases_are_known():
    found = scheme(["O", "I-PERSON", "B-per", "B-Organization", "B-GPE", "I_FAC", "B-LOCATION", "B-NORP"])
    assert found.labels == (
        ("O", ""),
        ("I", "PER"),
        ("B", "PER"),
        ("B", "ORG"),
        ("B", "LOC"),
        ("I", "LOC"),
        ("B", "LOC"),
        ("B", "NORP"),
    )


def test_what_the_user_says_of_a_type_stands_above_what_is_known():
    assert scheme(["O", "B-PER", "B-GPE"], GPE="ORG").labels[2] == ("B", "ORG")
    assert scheme(["O", "B-PER", "B-GPE"], GPE="O").labels[2] == ("O", "")


def test_labels_without_a_meaning_get_one_label_by_label():
    labels = ["LABEL_0", "LABEL_1", "LABEL_2"]
    with pytest.raises(XnerError, match=r"tagger.labels='\{LABEL_1: B-PER, LABEL_2: I-PER\}'"):
        scheme(labels)
    found = scheme(labels, LABEL_0="O", LABEL_1="B-PER", LABEL_2="I-PER")
    assert (found.kind, found.labels) == (IOB2, (("O", ""), ("B", "PER"), ("I", "PER")))


def test_iob1_opens_with_inside_and_parts_neighbours_with_b():
    labels = ["O", "B-PER", "I-PER", "I-LOC"]
    found = scheme(labels)
    assert found.kind == IOB1
    # Amina Bello | Musa | in Kano: the B- stands between two of a type.
    assert tags(found, 2, 2, 1, 0, 3) == ["B-PER", "I-PER", "B-PER", "O", "B-LOC"]


def test_io_and_bare_types_make_one_entity_of_a_run():
    assert tags(scheme(LABELS["bare"]), 1, 1, 0, 3, 1) == ["B-PER", "I-PER", "O", "B-LOC", "B-PER"]


def test_the_end_of_an_entity_is_kept():
    found = scheme(LABELS[IOBES])  # O, then B I E S of PER, ORG and LOC
    assert tags(found, 1, 2, 3, 3, 4, 4) == ["B-PER", "I-PER", "I-PER", "B-PER", "B-PER", "B-PER"]
    assert tags(found, 2, 11, 0, 3) == ["B-PER", "B-LOC", "O", "B-PER"]


def test_tags_of_iob2_stay_as_the_model_gave_them():
    assert tags(scheme(NER_LABELS), 0, 2, 1, None, 6) == ["O", "I-PER", "B-PER", "O", "I-LOC"]


@pytest.mark.parametrize("name", LABELS)
@given(data=st.data())
def test_what_people_label_is_read_back_whatever_the_scheme(name, data):
    length = data.draw(st.integers(1, 8))
    kinds = data.draw(st.lists(st.sampled_from(("", *ENTITY_TYPES)), min_size=length, max_size=length))
    spans = spans_from_iob2([f"I-{kind}" if kind else "O" for kind in kinds])
    found = scheme(LABELS[name])
    number = {label: n for n, label in reversed(list(enumerate(found.labels)))}
    best = [0 if found.labels[0][0] == "O" else len(found.labels) - 1] * length
    for start, end, kind, _ in spans:
        places = ["I"] * (end - start)
        if found.kind in (IOB2, IOBES):
            places[0] = "B"
        if found.kind == IOBES:
            places[-1] = "E" if end - start > 1 else "S"
        best[start:end] = [number[place, kind] for place in places]
    assert spans_from_iob2(tags(found, *best)) == spans
    rows = np.full((length, len(found.labels)), 0.01 / len(found.labels), dtype=np.float32)
    rows[np.arange(length), best] += 0.99
    converted = found.distributions(rows)
    assert converted.sum(-1) == pytest.approx(rows.sum(-1), abs=1e-5)
    assert [one[:3] for one in decode_spans(converted)] == [one[:3] for one in spans]


# Distributions by hand: O, B-PER, I-PER, B-ORG, I-ORG, B-LOC, I-LOC


def per(found):
    """Return O, B-PER and I-PER of every word."""
    assert not found[:, 3:].any()
    return found[:, :3].tolist()


def test_io_splits_a_type_by_how_likely_the_word_before_is_of_it():
    found = scheme(["O", "PER"]).distributions(np.array([[0.1, 0.9], [0.2, 0.8], [0.7, 0.3]], dtype=np.float32))
    # .8 x .9 goes on, .8 x .1 opens; .3 x .8 goes on, .3 x .2 opens.
    expected = [0.1, 0.9, 0], [0.2, 0.08, 0.72], [0.7, 0.06, 0.24]
    assert per(found) == [pytest.approx(one, abs=1e-6) for one in expected]


def test_iob1_adds_its_b_to_what_opens():
    rows = np.array([[0.1, 0.0, 0.9, 0], [0.1, 0.5, 0.4, 0], [0.5, 0.1, 0.4, 0]], dtype=np.float32)
    found = scheme(["O", "B-PER", "I-PER", "I-LOC"]).distributions(rows)
    # Before the second word PER has .9, before the third .5 + .4.
    expected = [0.1, 0.9, 0], [0.1, 0.5 + 0.4 * 0.1, 0.4 * 0.9], [0.5, 0.1 + 0.4 * 0.1, 0.4 * 0.9]
    assert per(found) == [pytest.approx(one, abs=1e-6) for one in expected]


def test_iob2_stays_but_for_words_that_go_on_with_nothing():
    rows = np.array([[0.1, 0.8, 0.1], [0.2, 0.1, 0.7], [0.9, 0, 0.1], [0.3, 0, 0.7]], dtype=np.float32)
    found = scheme(["O", "B-PER", "I-PER"]).distributions(rows)
    # The last word is likely to go on, but there is nothing to go on with.
    expected = [0.1, 0.8, 0.1], [0.2, 0.1, 0.7], [0.9, 0, 0.1], [0.3, 0.7, 0]
    assert per(found) == [pytest.approx(one, abs=1e-6) for one in expected]


def test_nothing_goes_on_behind_the_end_of_an_entity():
    rows = np.zeros((3, 5), dtype=np.float32)  # O B I E S
    rows[0, [1, 4]], rows[1, [2, 3]], rows[2, [3, 4]] = (0.7, 0.3), (0.2, 0.8), (0.6, 0.4)
    found = scheme(["O", "B-PER", "I-PER", "E-PER", "S-PER"]).distributions(rows)
    # The second word ends an entity, so the third opens one, whatever its label says.
    assert per(found) == [pytest.approx(one, abs=1e-6) for one in ([0, 1, 0], [0, 0, 1], [0, 1, 0])]


def test_types_of_one_meaning_add_up_and_others_are_outside():
    found = scheme(["O", "B-GPE", "B-FAC", "B-NORP"]).distributions(np.array([[0.1, 0.3, 0.4, 0.2]], dtype=np.float32))
    assert found[0] == pytest.approx([0.3, 0, 0, 0, 0, 0.7, 0], abs=1e-6)


def test_a_word_of_which_nothing_is_known_parts_its_neighbours():
    found = scheme(["O", "PER"]).distributions(np.array([[0, 1], [0, 0], [0, 1]], dtype=np.float32))
    assert found[:, :3].tolist() == [[0, 1, 0], [0, 0, 0], [0, 1, 0]]


# Through a model


WORDS = ["Amina", "Bello", "left", "Barewa", "for", "Kano"]
SPANS = [(0, 2, "PER"), (3, 4, "ORG"), (5, 6, "LOC")]
LEXICA = {
    IOB1: {"I-PER": ["Amina", "Bello"], "I-ORG": ["Barewa"], "I-LOC": ["Kano"]},
    "IOB1 with all labels": {"I-PER": ["Amina", "Bello"], "I-ORG": ["Barewa"], "I-LOC": ["Kano"]},
    IO: {"I-PER": ["Amina", "Bello"], "I-ORG": ["Barewa"], "I-LOC": ["Kano"]},
    "bare": {"PER": ["Amina", "Bello"], "ORG": ["Barewa"], "LOC": ["Kano"]},
    "lower": {"b-per": ["Amina"], "i-per": ["Bello"], "b-org": ["Barewa"], "b-loc": ["Kano"]},
    IOBES: {"B-PER": ["Amina"], "E-PER": ["Bello"], "S-ORG": ["Barewa"], "S-LOC": ["Kano"]},
    "BILOU": {"B-PERSON": ["Amina"], "L-PERSON": ["Bello"], "U-ORG": ["Barewa"], "U-GPE": ["Kano"]},
}


@pytest.fixture(params=LEXICA)
def model(request, checkpoint):
    """The folder of a tagger of every scheme that knows `WORDS`."""
    labels = LABELS.get(request.param, list(NER_LABELS))
    outside = next(label for label in labels if label.upper() == "O")
    names = [outside, *(label for label in labels if label != outside)]  # the invented tagger's first label is O
    return str(checkpoint(LEXICA[request.param], names=tuple(names)))


def places(spans):
    return [span[:3] for span in spans]


def test_a_model_of_any_scheme_tags(model):
    assert places(ModelTagger(model).tag([WORDS])[0]) == SPANS


def test_an_average_loses_no_entity_of_any_scheme(model):
    (rows,) = ModelTagger(model).ner_distributions([WORDS])
    members = [MemberLabels([], [], rows), MemberLabels([Span(5, 6, "LOC", 0.9)], [5])]
    assert places(join(members, [1.0, 1.0], "average", len(WORDS))) == SPANS


def test_a_student_learns_entities_of_any_scheme(model):
    teacher = TeacherEnsemble([Teacher(model)])
    (rows,) = teacher.distributions([WORDS])
    wanted = spans_to_iob2([Span(*one) for one in SPANS], len(WORDS))
    assert [NER_LABELS[n] for n in rows.argmax(-1)] == wanted
    carried = carry(rows, [(word, word, 1.0) for word in range(len(WORDS))], len(WORDS))
    assert [NER_LABELS[n] for n in carried.argmax(-1)] == wanted


# What is said


def test_what_is_not_plain_is_said_once(caplog):
    labels = ["O", "I-PERSON", "I-GPE", "I-NORP", "I-DATE"]
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            find_scheme(labels, {}, "org/said-once")
    assert [record.getMessage() for record in caplog.records] == [
        "tagger org/said-once: its labels are IO; PERSON is read as PER; GPE is read as LOC; NORP, DATE: no entities "
        "(tagger.labels can say otherwise)"
    ]


def test_plain_labels_and_what_the_user_said_are_not_said_again(caplog):
    with caplog.at_level(logging.WARNING):
        find_scheme(NER_LABELS, {}, "org/plain")
        find_scheme(["O", "B-PER", "B-GPE", "B-MISC"], {"GPE": "LOC", "MISC": "O"}, "org/plain")
    assert not caplog.records
