"""What the labels of a tagger mean, and gold labels in its place."""

from __future__ import annotations

import pytest

from xner_hf.corpora.sentence import Sentence
from xner_hf.errors import XnerError
from xner_hf.spans import Span
from xner_hf.tag import tagger_settings
from xner_hf.tag.gold import GoldTagger
from xner_hf.tag.model import ModelTagger
from xner_hf.tag.scheme import find_scheme

OTHER = ("O", "B-human", "I-human", "B-place", "B-MISC", "I-MISC")


@pytest.fixture
def other(tmp_path, write_tagger):
    """A tagger with types of other names."""
    lexicon = {"B-human": ["Amina"], "I-human": ["Bello"], "B-place": ["Kano"], "B-MISC": ["Hausa"]}
    write_tagger(tmp_path / "tagger", lexicon, names=OTHER)
    return str(tmp_path / "tagger")


def test_types_are_mapped_as_the_recipe_says_and_others_are_no_entities(other):
    words = ["Amina", "Bello", "left", "Hausa", "Kano"]
    (spans,) = ModelTagger(other, labels={"human": "PER", "place": "LOC"}).tag([words])
    assert [span[:3] for span in spans] == [(0, 2, "PER"), (4, 5, "LOC")]
    (spans,) = ModelTagger(other, labels={"human": "PER", "place": "O", "MISC": "ORG"}).tag([words])
    assert [span[:3] for span in spans] == [(0, 2, "PER"), (3, 4, "ORG")]


def test_distributions_follow_the_map(other):
    (rows,) = ModelTagger(other, labels={"human": "PER", "MISC": "PER"}).ner_distributions(
        [["Amina", "Hausa", "Kano"]]
    )
    assert rows.argmax(-1).tolist() == [1, 1, 0]
    assert rows.sum(-1) == pytest.approx(1)


def test_a_tagger_whose_labels_cannot_be_mapped_says_how_to_map_them(other):
    with pytest.raises(XnerError, match=r"predicts O, B-human.*tagger.labels='\{human: PER\}'"):
        ModelTagger(other)


@pytest.mark.parametrize(
    ("mapped", "message"),
    [
        ({"humn": "PER"}, "maps 'humn', which the tagger .* does not predict.*'human'"),
        ({"human": "PERSON"}, "maps 'human' to 'PERSON'; it may be mapped to PER, ORG, LOC or O"),
        ({"B-human": "B-PERSON"}, "maps 'B-human' to 'B-PERSON'"),
        ({"human": "B-PER"}, "a whole label to a tag such as B-PER"),
        ({"PER": "O", "ORG": "O", "LOC": "O"}, "does not predict"),
    ],
)
def test_a_wrong_map_is_named(mapped, message):
    with pytest.raises(XnerError, match=message):
        find_scheme(OTHER, mapped, "a/b")


def test_mapping_every_known_type_away_leaves_nothing_to_find():
    with pytest.raises(XnerError, match="with some of PER, ORG, LOC"):
        find_scheme(["O", "B-PER", "I-PER"], {"PER": "O"}, "a/b")


class TestGold:
    SENTENCES = [
        Sentence("0", ["Amina", "left", "."], [Span(0, 1, "PER")]),
        Sentence("1", ["Amina", "left", "."], []),
    ]

    def test_labels_are_looked_up_by_the_words(self):
        tagger = GoldTagger(self.SENTENCES, "gold.conll")
        assert tagger.tag([["Amina", "left", "."], []]) == [[Span(0, 1, "PER")], []]

    def test_a_sentence_that_nobody_has_labelled_is_named(self):
        with pytest.raises(
            XnerError, match=r"sentence 1 \(Musa left \.{3}\) is not in the labelled corpus gold.conll"
        ):
            GoldTagger(self.SENTENCES, "gold.conll").tag([[], ["Musa", "left"]])

    def test_a_labelled_file_is_a_tagger(self, tmp_path):
        path = tmp_path / "gold.conll"
        path.write_text("Amina B-PER\nleft O\n\n", encoding="utf-8")
        assert tagger_settings(str(path)).make().tag([["Amina", "left"]]) == [[Span(0, 1, "PER")]]
        with pytest.raises(XnerError, match="has no revision"):
            tagger_settings(str(path), revision="main").make()
