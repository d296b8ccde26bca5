"""``pipeline("ner-and-parsing")`` with a student that knows a few names."""

from __future__ import annotations

import json
import string
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import pipeline

from xner_hf.corpora.treebank import read_conllu
from xner_hf.corpora.words import word_splitter
from xner_hf.errors import XnerError
from xner_hf.inference import NerAndParsingPipeline
from xner_hf.models.words_xner import word_offsets
from xner_hf.spans import Span

TEXT = "Amina  Bello left\nKano, alone."


@pytest.fixture(scope="module")
def folder(write_student):
    return write_student()


@pytest.fixture(scope="module")
def pipe(folder):
    return pipeline("ner-and-parsing", model=folder, device="cpu")


def read(conllu, tmp_path):
    path = tmp_path / "found.conllu"
    path.write_text(conllu, encoding="utf-8")
    return list(read_conllu(path))


def test_a_text_gives_words_entities_and_a_tree(pipe, tmp_path):
    assert type(pipe) is NerAndParsingPipeline
    found = pipe(TEXT)
    assert found["tokens"] == ["Amina", "Bello", "left", "Kano", ",", "alone", "."]
    person, place = found["entities"]
    score = person.pop("score")
    assert 0.9 < score < 1 and isinstance(score, float)
    assert person == {"label": "PER", "start": 0, "end": 2, "start_char": 0, "end_char": 12, "text": "Amina  Bello"}
    assert (place["start"], place["end"], place["start_char"], place["end_char"]) == (3, 4, 18, 22)
    assert found["heads"].count(0) == 1 and len(found["heads"]) == len(found["relations"]) == 7
    assert json.loads(json.dumps(found)) == found


def test_the_conllu_of_a_sentence_is_read_back(pipe, tmp_path):
    found = pipe(TEXT)
    (sentence,) = read(found["conllu"], tmp_path)
    assert sentence.tokens == found["tokens"]
    assert (sentence.heads, sentence.relations) == (found["heads"], found["relations"])
    assert sentence.spans == [Span(0, 2, "PER"), Span(3, 4, "LOC")]
    comment, *lines = found["conllu"].removesuffix("\n\n").split("\n")
    assert comment == "# text = Amina Bello left Kano, alone."
    misc = [line.split("\t")[9] for line in lines]
    assert misc == [
        "NER=B-PER",
        "NER=I-PER",
        "NER=O",
        "NER=B-LOC|SpaceAfter=No",
        "NER=O",
        "NER=O|SpaceAfter=No",
        "NER=O",
    ]


def test_words_are_taken_as_they_are(pipe, tmp_path):
    words = ["Amina", "Bello's", "Kano"]
    found = pipe(words, is_split_into_words=True)
    assert found["tokens"] == words
    assert [(one["start_char"], one["end_char"], one["text"]) for one in found["entities"]] == [
        (0, 13, "Amina Bello's"),
        (14, 18, "Kano"),
    ]
    assert pipe([words]) == pipe([words], is_split_into_words=True) == [found]
    odd = ["Kano\tcity", " \n", "\0", "Amina\r"]
    (sentence,) = read(pipe(odd, is_split_into_words=True)["conllu"], tmp_path)
    assert sentence.tokens == ["Kano city", "_", "_", "Amina"]


def test_many_sentences_give_what_each_gives_alone(pipe, tmp_path):
    sentences = [TEXT, ["Amina", "left"], "", " ".join(string.ascii_letters[:40]), TEXT[:5]]
    expected = [pipe([sentence])[0] for sentence in sentences]
    for found in (pipe(sentences), pipe(sentences, batch_size=2), pipe(sentences, batch_size=1)):
        assert [one["conllu"] for one in found] == [one["conllu"] for one in expected]
        assert [one["tokens"] for one in found] == [one["tokens"] for one in expected]
    assert [one["tokens"] for one in pipe(one for one in sentences)] == [one["tokens"] for one in expected]
    assert len(read("".join(one["conllu"] for one in expected), tmp_path)) == 4


def test_what_has_no_words_has_an_empty_annotation(pipe):
    nothing = {"tokens": [], "entities": [], "heads": [], "relations": [], "conllu": ""}
    assert pipe("") == pipe(" \n") == pipe([], is_split_into_words=True) == nothing
    assert pipe([]) == []
    assert pipe([[], ""]) == [nothing, nothing]


def test_words_are_split_by_the_rule_of_the_language(folder, pipe):
    assert pipe("Kano's", language="eng")["tokens"] == ["Kano", "'s"]
    assert pipe("Kano's", language="hau")["tokens"] == ["Kano's"]
    english = pipeline("ner-and-parsing", model=folder, language="eng")
    assert english("Kano's")["conllu"].split("\n")[1].endswith("SpaceAfter=No")
    with pytest.raises(XnerError, match="no-language"):
        pipe("Kano", language="no-language")


def test_tags_may_be_left_unconstrained(pipe):
    assert [one["label"] for one in pipe("Bello", constrained=False)["entities"]] == ["PER"]
    assert "NER=I-PER" in pipe("Bello", constrained=False)["conllu"]
    assert "NER=I-" not in pipe("Bello")["conllu"]


@pytest.mark.parametrize("wrong", [7, [3, "Kano"], [["Kano", None]]])
def test_what_is_no_sentence_is_refused(pipe, wrong):
    with pytest.raises(XnerError, match="is not a sentence"):
        pipe(wrong)


def test_what_the_model_has_no_head_for_is_none(write_student, tmp_path):
    tagged = pipeline("ner-and-parsing", model=write_student(tasks=["ner"]))("Amina left")
    assert tagged["entities"][0]["text"] == "Amina"
    assert tagged["heads"] is tagged["relations"] is tagged["conllu"] is None
    parsed = pipeline("ner-and-parsing", model=write_student(tasks=["parsing"]))("Amina left")
    assert parsed["entities"] is None
    (sentence,) = read(parsed["conllu"], tmp_path)
    assert sentence.spans is None and sentence.heads == parsed["heads"]


def test_a_saved_pipeline_needs_no_remote_code(pipe, tmp_path):
    pipe.save_pretrained(tmp_path)
    again = pipeline("ner-and-parsing", model=str(tmp_path))
    assert again(TEXT) == pipe(TEXT)
    assert not (tmp_path / "pipeline.py").exists()


def test_the_pipeline_for_token_classification_reads_the_entities(folder):
    tagger = pipeline("token-classification", model=folder, aggregation_strategy="first")
    found = tagger("Amina Bello left Kano")
    assert [(one["entity_group"], one["start"], one["end"]) for one in found] == [("PER", 0, 11), ("LOC", 17, 21)]


# Offsets


def test_offsets_count_the_characters_of_the_text_as_it_was_given():
    text = unicodedata.normalize("NFD", "Ìbàdàn ní Ọ̀yọ́,한글")
    words = word_splitter("spaces")(text)
    assert words == [unicodedata.normalize("NFC", word) for word in ("Ìbàdàn", "ní", "Ọ̀yọ́", ",", "한글")]
    offsets = word_offsets(text, words)
    assert [text[start:end] for start, end in offsets] == [unicodedata.normalize("NFD", word) for word in words]
    assert offsets[1] == (10, 13)


LETTERS = (
    "ab 'é\u0301\u0323e\u00add' \u200b\u200d가각\u1100\u1161\u11a8\u0dd9\u0dcf"
    "\u0dca\u09c7\u09be\u212b\u0958.-\n\u0344\u2126"
)


@given(
    st.text(st.sampled_from(LETTERS) | st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(["spaces", "english", "french", "characters"]),
)
@settings(max_examples=300)
def test_every_word_lies_in_its_characters(text, rule):
    words = word_splitter(rule)(text)
    offsets = word_offsets(text, words)
    assert offsets == sorted(offsets)
    for word, (start, end) in zip(words, offsets, strict=True):
        assert 0 <= start < end <= len(text)
        assert word in unicodedata.normalize("NFC", text[start:end])
        if unicodedata.is_normalized("NFC", text):
            assert word == text[start:end]
