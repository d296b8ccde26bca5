"""Soft labels of one teacher and of several."""

from __future__ import annotations

import json
import math
import shutil

import numpy as np
import pytest

from xner_hf.errors import XnerError
from xner_hf.spans import NER_LABELS
from xner_hf.tag.model import ModelTagger
from xner_hf.training.similarity import SimilarityConfig, SimilarityWeights
from xner_hf.training.teachers import Teacher, TeacherEnsemble

SURE = 1 / (1 + 7 * math.exp(-9 / math.sqrt(2)))
"""The probability of the likeliest of the eight labels of an invented tagger."""
REST = (1 - SURE) / 7
"""That of each of the others."""
NONE, PER, ORG, LOC = 0, 1, 3, 5


@pytest.fixture
def folder(write_tagger, tmp_path):
    """The function that writes a tagger with a lexicon to a folder of its own."""

    def write(name, lexicon, **settings):
        write_tagger(tmp_path / name, lexicon, **settings)
        return str(tmp_path / name)

    return write


@pytest.fixture
def two(folder):
    """Two teachers that disagree on Kano and agree on Amina."""
    return (
        Teacher(folder("one", {"B-LOC": ["Kano"], "B-PER": ["Amina"]}), language="eng"),
        Teacher(folder("two", {"B-ORG": ["Kano"], "B-PER": ["Amina"], "B-LOC": ["Dakar"]}), language="fra"),
    )


def row(label):
    """The distribution over our labels of an invented tagger that is sure of one; B-DATE adds to O."""
    found = np.full(7, REST)
    found[label] = SURE
    found[NONE] += REST
    return found


# One teacher


def test_a_teacher_gives_the_distributions_of_its_words_over_our_labels(two):
    kano, empty, one = two[0].distributions([["Amina", "left", "Kano"], [], ["\u0007"]])
    assert kano.dtype == np.float32 and kano.shape == (3, len(NER_LABELS))
    np.testing.assert_allclose(kano, [row(PER), row(NONE), row(LOC)], atol=1e-5)
    assert empty.shape == (0, 7)
    assert one.tolist() == [[0.0] * 7]


def test_labels_in_another_order_and_of_other_names_stand_in_ours(folder):
    path = folder("other", {"B-PLACE": ["Kano"]}, names=("B-EVENT", "B-PLACE", "O"))
    (rows,) = Teacher(path, labels={"PLACE": "LOC"}).distributions([["Kano", "fell"]])
    assert rows.argmax(-1).tolist() == [LOC, NONE]
    assert rows.sum(-1) == pytest.approx(np.ones(2), abs=1e-5)


def test_labels_that_mean_none_of_ours_are_refused(folder):
    path = folder("other", {"B-EVENT": ["Kano"]}, names=("O", "B-EVENT"))
    with pytest.raises(XnerError, match=r"predicts O, B-EVENT\. .*PER, ORG, LOC.*EVENT: PER"):
        Teacher(path)
    with pytest.raises(XnerError, match="maps 'EVENTS'.*Did you mean 'EVENT'"):
        Teacher(path, labels={"EVENTS": "LOC"})


def test_the_signature_of_a_teacher_is_that_of_its_content_and_of_what_its_labels_mean(folder, tmp_path):
    path = folder("one", {"B-LOC": ["Kano"]})
    signature = Teacher(path).signature()
    shutil.copytree(path, tmp_path / "copy")
    assert Teacher(str(tmp_path / "copy"), language="eng").signature() == signature
    assert Teacher(path, labels={"LOC": "LOC"}).signature() == signature
    assert Teacher(path, labels={"DATE": "ORG"}).signature() != signature
    assert Teacher(folder("two", {"B-ORG": ["Kano"]})).signature() != signature


# Several teachers


def test_an_ensemble_of_one_is_that_one(two):
    text = [["Amina", "left", "Kano", "\u0007"], []]
    for weights in ("uniform", [7]):
        for found, own in zip(
            TeacherEnsemble(two[:1], weights).distributions(text), two[0].distributions(text), strict=True
        ):
            assert found.dtype == np.float32
            np.testing.assert_array_equal(found, own)


def test_uniform_weights_give_the_mean(two):
    (rows,) = TeacherEnsemble(two).distributions([["Amina", "left", "Kano", "Dakar"]])
    expected = [row(PER), row(NONE), (row(LOC) + row(ORG)) / 2, (row(NONE) + row(LOC)) / 2]
    np.testing.assert_allclose(rows, expected, atol=1e-5)


def test_weights_are_scaled_to_sum_to_one(two):
    (rows,) = TeacherEnsemble(two, [3, 1]).distributions([["Kano"]])
    np.testing.assert_allclose(rows, [0.75 * row(LOC) + 0.25 * row(ORG)], atol=1e-5)
    (only,) = TeacherEnsemble(two, (0.0, 2.5)).distributions([["Kano"]])
    np.testing.assert_array_equal(only, two[1].distributions([["Kano"]])[0])
    assert TeacherEnsemble(two, [3, 1]).weights([["Kano"], []]).tolist() == [[0.75, 0.25]] * 2


def test_a_word_is_averaged_over_the_teachers_that_say_something_of_it(folder, tmp_path):
    knowing = Teacher(folder("knowing", {"B-LOC": ["Kano"]}))
    path = folder("silent", {"B-ORG": ["Kano"]})
    rules = json.loads((tmp_path / "silent" / "tokenizer.json").read_text())
    rules["normalizer"] = {"type": "Replace", "pattern": {"String": "mute"}, "content": ""}
    (tmp_path / "silent" / "tokenizer.json").write_text(json.dumps(rules))
    silent = Teacher(path)
    text = [["Kano", "mute"]]
    assert silent.distributions(text)[0].any(-1).tolist() == [True, False]
    (rows,) = TeacherEnsemble([knowing, silent], [1, 3]).distributions(text)
    np.testing.assert_allclose(rows, [row(LOC) / 4 + row(ORG) * 3 / 4, row(NONE)], atol=1e-5)
    (rows,) = TeacherEnsemble([knowing, silent], [0, 1]).distributions(text)
    assert rows[1].tolist() == [0.0] * 7  # the one that counts says nothing


def test_a_word_of_which_no_teacher_says_anything_stays_zero(two):
    (rows,) = TeacherEnsemble(two).distributions([["\u0007", "Amina"]])
    assert rows[0].tolist() == [0.0] * 7
    assert rows[1].sum() == pytest.approx(1, abs=1e-5)


def test_the_signature_of_an_ensemble_covers_teachers_and_weights(two):
    signature = TeacherEnsemble(two).signature()
    assert TeacherEnsemble(list(two), [2, 2]).signature() == signature
    others = [TeacherEnsemble(two, [2, 1]), TeacherEnsemble(two[::-1], [2, 1]), TeacherEnsemble(two[:1])]
    assert len({signature, *(other.signature() for other in others)}) == 4


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1], "1 weights for 2 teachers"),
        ([1, -0.5], "two' is -0.5; give a number from 0 up"),
        ([math.nan, 1], "one' is nan"),
        ([1, math.inf], "is inf"),
        (["half", 1], "is 'half'"),
        ([0, 0], "all teachers are 0"),
        ("learned", "'learned'.*'uniform'"),
    ],
)
def test_weights_that_do_not_fit_the_teachers_are_refused(two, weights, message):
    with pytest.raises(XnerError, match=message):
        TeacherEnsemble(two, weights)


def test_there_has_to_be_a_teacher():
    with pytest.raises(XnerError, match="no teacher"):
        TeacherEnsemble([])


# Weights by likeness to the languages of the teachers


@pytest.fixture
def likeness(folder):
    """The function that weighs two languages, one of which has names of persons only, the other of places."""
    encoder = folder("encoder", {"B-PER": ["ab", "cd", "ef"], "B-LOC": ["uv", "wx", "yz"], "B-DATE": ["Kano"]})
    sources = {"eng": [["ab", "cd"], ["ef"]] * 64, "fra": [["uv", "wx"], ["yz"]] * 64}
    fast = SimilarityConfig(learning_rate=0.01)

    def make(target, **settings):
        return SimilarityWeights(encoder, sources, target, **{"config": fast, **settings})

    return make


def test_the_teacher_of_the_language_that_is_most_alike_has_most_weight(two, likeness):
    ensemble = TeacherEnsemble(two, likeness([["ab"], ["cd"], ["yz"]]))
    weights = ensemble.weights([["ab"], ["wx"]])
    assert weights[0].tolist() == weights[1].tolist()
    eng, fra = weights[0]
    assert eng > 0.52 and eng + fra == pytest.approx(1, abs=1e-6)
    (rows,) = ensemble.distributions([["Kano"]])
    np.testing.assert_allclose(rows, [eng * row(LOC) + fra * row(ORG)], atol=1e-5)


def test_at_sentence_level_every_sentence_has_its_own_mean(two, likeness):
    ensemble = TeacherEnsemble(two, likeness([["ab"], ["cd"], ["yz"]], level="sentence"))
    text = [["Kano", "ab", "cd", "ef"], ["Kano", "uv", "wx", "yz"], ["\u0007"], []]
    weights = ensemble.weights(text)
    assert weights[0, 0] > 0.6 and weights[1, 1] > 0.52
    assert weights[2:].tolist() == [[0.5, 0.5]] * 2
    np.testing.assert_allclose(ensemble.weights(text[1:2]), weights[1:2], atol=1e-6)  # whatever stands beside it
    for shares, rows in zip(weights[:2], ensemble.distributions(text)[:2], strict=True):
        np.testing.assert_allclose(rows[0], shares[0] * row(LOC) + shares[1] * row(ORG), atol=1e-5)


def test_teachers_of_one_language_share_its_weight(two, likeness):
    weights = likeness([["ab"], ["yz"], ["cd"]])
    eng, fra = TeacherEnsemble(two, weights).weights([["ab"]])[0]
    both = [two[1], two[0], two[0]]
    assert TeacherEnsemble(both, weights).weights([["ab"]])[0] == pytest.approx([fra, eng / 2, eng / 2])


def test_the_signature_covers_the_likeness(two, likeness):
    target = [["ab"]]
    found = [
        TeacherEnsemble(teachers, weights).signature()
        for teachers, weights in [
            (two, likeness(target)),
            (two, likeness([["yz"]])),
            (two, likeness(target, level="sentence")),
            (two, likeness(target, config=SimilarityConfig(seed=1))),
            ([two[0], two[1], two[1]], likeness(target)),
            (two, "uniform"),
        ]
    ]
    assert len(set(found)) == 6
    assert TeacherEnsemble(two, likeness(target)).signature() == found[0]


def test_every_teacher_needs_text_of_its_language_and_every_text_a_teacher(two, likeness):
    weights = likeness([["ab"]])
    with pytest.raises(XnerError, match="without a language.*eng, fra"):
        TeacherEnsemble([two[0], Teacher(two[1].model)], weights)
    with pytest.raises(XnerError, match="of the language 'swa'.*eng, fra"):
        TeacherEnsemble([*two, Teacher(two[1].model, language="swa")], weights)
    with pytest.raises(XnerError, match="text of 'fra', but no teacher"):
        TeacherEnsemble(two[:1], weights)


def test_the_teachers_of_the_mirror_are_read_by_name(mirror):
    (rows,) = Teacher("xner/minilm-conll2003-en").distributions([["Amina", "left", "Kano"]])
    (same,) = ModelTagger("xner/minilm-conll2003-en").ner_distributions([["Amina", "left", "Kano"]])
    np.testing.assert_array_equal(rows, same)
