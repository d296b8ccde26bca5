"""The sentences of a study, by both of their ways, and what they are never taken from."""

from __future__ import annotations

import shutil

import pytest

from xner_hf.corpora.sentence import Sentence
from xner_hf.errors import XnerError
from xner_hf.recipe import make_recipe
from xner_hf.spans import Span
from xner_hf.study.data import (
    BUILD,
    TRANSLATIONS,
    has_translations,
    source_sentences,
    study_text,
    text_digest,
    tree_sentences,
)

LUO, HAU = "masakhane/masakhaner2:luo", "masakhane/masakhaner2:hau"


@pytest.fixture
def mirror(shared, monkeypatch):
    monkeypatch.setenv("XNER_MIRROR", str(shared))
    return shared


@pytest.fixture
def own_mirror(shared, monkeypatch, tmp_path):
    """A copy that a test may change."""
    root = shutil.copytree(shared, tmp_path / "mirror")
    monkeypatch.setenv("XNER_MIRROR", str(root))
    return root


def recipe(code, **changes):
    return make_recipe(code, "parallel", {"tagger.model": "xner/minilm-conll2003-en", **changes})


def names(words, people, places):
    """The entities of a sentence of the mirror."""
    return [
        Span(i, i + 1, "PER" if word in people else "LOC")
        for i, word in enumerate(words)
        if word in people or word in places
    ]


# Where they come from


@pytest.mark.parametrize(
    ("gold", "translated"),
    [(LUO, True), (HAU, False), ("masakhane/masakhaner2:bam", False), ("google/xtreme:PAN-X.sw", False)],
)
def test_only_a_gold_corpus_with_more_than_a_handful_of_translations_counts_as_translated(mirror, gold, translated):
    assert has_translations(gold) == translated


def test_where_the_translations_cannot_be_had_there_are_none(own_mirror):
    shutil.rmtree(own_mirror / "datasets" / "xner" / "masakhaner2-translated")
    assert not has_translations(LUO)


def test_translated_gold_gives_the_first_training_sentences_with_both_kinds_of_labels(mirror, invented):
    text = study_text(recipe("luo"), LUO, 12, 5)
    wanted = [invented.translated(one, 0).split() for one in invented.ENGLISH[:17]]
    assert [row.tokens for row in text.train] == wanted[:12]
    assert [row.tokens for row in text.validation] == wanted[12:]
    assert [row.id for row in text.train] == [str(n) for n in range(12)]
    assert (text.origin, text.rejected) == (TRANSLATIONS, {})
    for row, english in zip(text.train, invented.ENGLISH, strict=False):
        assert row.source == english.split()
        assert row.gold == names(row.tokens, invented.PEOPLE, invented.PLACES)
        assert [span[:3] for span in row.projected] == [span[:3] for span in row.gold]
        assert {link.target for link in row.links} <= set(range(len(row.tokens)))


def test_elsewhere_the_sentences_are_those_of_a_build_and_have_no_gold(mirror, invented):
    text = study_text(recipe("hau"), HAU, 60, 40)
    assert text.origin == BUILD and {row.gold for row in (*text.train, *text.validation)} == {None}
    pairs = {tuple(invented.translated(one, 1).split()): one.split() for one in invented.ENGLISH}
    for row in text.train:
        assert row.source == pairs[tuple(row.tokens)]
        assert [span[:3] for span in row.projected] == [
            span[:3] for span in names(row.tokens, invented.PEOPLE, invented.PLACES)
        ]
    assert len({row.id for row in (*text.train, *text.validation)}) == 100


def test_sentences_without_labels_are_passed_over_however_many_they_are(own_mirror, invented, write_corpus):
    rows = [{"index": n, "source_text": "" if 5 <= n < 60 else one} for n, one in enumerate(invented.ENGLISH[:-20])]
    write_corpus(own_mirror, "xner/masakhaner2-translated", {"luo": {"train": rows}})
    text = study_text(recipe("luo"), LUO, 15, 5)
    assert [row.id for row in (*text.train, *text.validation)] == [str(n) for n in (*range(5), *range(60, 75))]
    assert sum(text.rejected.values()) == 55


def test_no_evaluation_sentence_gets_into_either(mirror, invented):
    held_out = {
        "luo": {invented.translated(one, 0) for one in invented.ENGLISH[-20:]},
        "hau": {invented.translated(one, 1) for one in invented.ENGLISH[5:25]},
    }
    for code, gold in (("luo", LUO), ("hau", HAU)):
        text = study_text(recipe(code), gold, 100, 50)
        assert not held_out[code] & {" ".join(row.tokens) for row in (*text.train, *text.validation)}
    # The pairs of Hausa begin with its held-out sentences.
    assert text.rejected["evaluation_overlap"] == 20


# The cache


def kept(cache):
    return {path.name: path.stat().st_mtime_ns for path in cache.glob("*.json")}


def test_the_sentences_are_made_once(mirror, monkeypatch, tmp_path):
    monkeypatch.setenv("XNER_CACHE", str(tmp_path))
    for code, gold in (("luo", LUO), ("hau", HAU)):
        first = study_text(recipe(code), gold, 12, 5)
        before = kept(tmp_path / "study")
        assert study_text(recipe(code), gold, 12, 5) == first
        assert kept(tmp_path / "study") == before
    assert [name.split("-")[:2] for name in sorted(before)] == [["build", "hau"], ["translations", "luo"]]
    assert not list((tmp_path / "study").glob("build-*/"))


def test_changed_gold_and_another_recipe_make_them_anew(own_mirror, invented, write_corpus):
    before = study_text(recipe("luo"), LUO, 12, 5)
    assert study_text(recipe("luo", **{"projector.method": "heuristic"}), LUO, 12, 5).train != before.train
    rows = [invented.labelled(invented.translated(one, 0)) for one in invented.ENGLISH[:-20]]
    held_out = [invented.labelled(invented.translated(one, 0)) for one in invented.ENGLISH[-20:]]
    splits = {"train": [{**one, "ner_tags": [0] * len(one["tokens"])} for one in rows]}
    splits |= {"validation": held_out[:2], "test": held_out[2:]}
    write_corpus(own_mirror, "masakhane/masakhaner2", {"luo": splits}, {"ner_tags": invented.NAMES})
    after = study_text(recipe("luo"), LUO, 12, 5)
    assert [row.gold for row in after.train] == [[]] * 12
    assert [row.projected for row in after.train] == [row.projected for row in before.train]


# What is refused


@pytest.mark.parametrize(("code", "gold"), [("luo", LUO), ("hau", HAU)])
def test_too_few_sentences_are_refused(mirror, code, gold):
    with pytest.raises(XnerError, match=r"but the study wants 300 and 50 more to choose settings by. Use fewer"):
        study_text(recipe(code), gold, 300, 50)


def test_a_recipe_without_a_source_side_is_refused(mirror):
    with pytest.raises(XnerError, match="projects no labels from a source side"):
        study_text(make_recipe("hau", "transfer"), HAU, 12, 5)


# Source sentences and treebanks


def test_source_labels_are_the_first_of_their_corpus_without_other_types(write_corpus, monkeypatch, tmp_path):
    labels = ["O", "B-PER", "I-PER", "B-MISC", "I-MISC"]
    rows = [{"id": "0", "tokens": ["Ann", "is", "Irish"], "ner_tags": [1, 0, 3]}] * 3
    write_corpus(tmp_path, "org/news", {"en": {"train": rows}}, {"ner_tags": labels})
    monkeypatch.setenv("XNER_MIRROR", str(tmp_path))
    found = source_sentences("org/news:en/train", 2)
    assert [(one.id, one.tokens, one.spans) for one in found] == [
        (str(n), ["Ann", "is", "Irish"], [Span(0, 1, "PER")]) for n in range(2)
    ]
    with pytest.raises(XnerError, match="org/news:en/train has 3 sentences, but the study wants 4"):
        source_sentences("org/news:en/train", 4)


def test_a_treebank_gives_its_first_sentences(mirror, invented):
    found = tree_sentences(f"{invented.TREEBANK}:en_ewt", 7, "luo")
    assert [one.tokens for one in found] == [one.split() for one in invented.ENGLISH[:7]]
    assert found[0].heads == [2, 0, 2, 2, 2] and found[0].relations == ["nsubj", "root", "obj", "advmod", "punct"]
    assert len(tree_sentences(f"{invented.TREEBANK}:en_ewt", None, "luo")) == 60


def test_evaluation_sentences_are_left_out_of_a_treebank_of_the_language(mirror, invented):
    own = f"{invented.TREEBANK}:ha_northernautogramm"
    found = [" ".join(one.tokens) for one in tree_sentences(own, None, "hau")]
    # It has a test split alone, of 120 sentences, of which 96 are to be learnt; 20 of them are evaluation sentences.
    assert len(found) == 76
    assert not set(found) & {invented.translated(one, 1) for one in invented.ENGLISH[5:25]}
    assert len(tree_sentences(own, 10, "hau")) == 10


def test_the_digest_of_a_text_stands_for_all_its_labels():
    one = Sentence("a", ["x", "y"], [Span(0, 1, "PER")])
    others = [
        Sentence("b", ["x", "y"], [Span(0, 1, "PER")]),
        Sentence("a", ["x", "z"], [Span(0, 1, "PER")]),
        Sentence("a", ["x", "y"], [Span(0, 1, "LOC")]),
        Sentence("a", ["x", "y"], []),
        Sentence("a", ["x", "y"]),
        Sentence("a", ["x", "y"], [Span(0, 1, "PER")], heads=[0, 1], relations=["root", "dep"]),
    ]
    digests = {text_digest([one]), *(text_digest([other]) for other in others)}
    assert len(digests) == 7
    # No run learns from scores, whose last digits are the processor's.
    assert text_digest([one]) == text_digest([Sentence("a", ["x", "y"], [Span(0, 1, "PER", 0.5)])])
