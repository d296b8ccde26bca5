from __future__ import annotations

import json

import pytest

from xner_hf.corpora.hub import CorpusSplit
from xner_hf.corpora.parallel import corpus_splits, read_extra, read_split, sample_path, splitter
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError
from xner_hf.spans import NER_LABELS, Span

MAFAND = "masakhane/mafand"
GOLD = "masakhane/masakhaner2"


def fails(call, *words):
    with pytest.raises(XnerError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


# Words and the sample


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        ("eng", "Kenya's ports didn't close.", ["Kenya", "'s", "ports", "did", "n't", "close", "."]),
        ("fra", "L'eau d'Abidjan monte.", ["L'", "eau", "d'", "Abidjan", "monte", "."]),
        ("hau", "Shagon Juma'a, a Kano.", ["Shagon", "Juma'a", ",", "a", "Kano", "."]),
        ("zho", "他在Lagos吗", ["他", "在", "Lagos", "吗"]),
    ],
)
def test_text_is_split_as_the_language_table_says(code, text, words):
    assert splitter(code)(text) == words


def test_the_sample_of_a_language_is_found_by_code_or_name_and_its_absence_said():
    assert sample_path("hau").name == sample_path("Hausa").name == "hau.jsonl"
    assert sample_path("swa").is_file()
    fails(lambda: sample_path("yor"), "no bundled sample for 'yor'", "hau, swa")


# Which splits may be read


def test_all_splits_of_a_corpus_are_read_unless_some_are_named(mirror):
    every = corpus_splits(MAFAND, "en-hau", None, None)
    assert [split.split for split in every] == ["train", "validation", "test"]
    assert corpus_splits(MAFAND, "en-hau", ("test", "train"), "v1") == [
        CorpusSplit(MAFAND, "en-hau", "test", "v1"),
        CorpusSplit(MAFAND, "en-hau", "train", "v1"),
    ]


@pytest.mark.parametrize("splits", [("test",), ("train", "validation"), ("train+test",), ("validation[:10]",), None])
def test_a_gold_evaluation_split_is_never_read_as_text(mirror, splits):
    fails(lambda: corpus_splits(GOLD, "hau", splits, None), f"{GOLD}:hau/", "evaluation set", "xner evaluate")


def test_links_to_evaluation_sentences_are_refused_in_every_split(mirror, write_corpus):
    rows = [{"source_text": "a", "target_text": "b"}]
    write_corpus(mirror, "xner/masakhaner2-translated", {"ewe": {"train": rows}})
    fails(lambda: corpus_splits("xner/masakhaner2-translated", "ewe", ("train",), None), "evaluation set")


def test_the_training_split_of_a_gold_corpus_may_be_named(mirror):
    assert corpus_splits(GOLD, "hau", ("train",), None) == [CorpusSplit(GOLD, "hau", "train")]


def test_unknown_configurations_and_splits_are_named(mirror):
    fails(lambda: corpus_splits(MAFAND, "en-huu", None, None), "'en-huu'", "Did you mean 'en-hau'?")
    fails(lambda: corpus_splits(MAFAND, "en-hau", ("train", "dev"), None), "'dev'", "test, train, validation")


# Layouts


def test_translations_are_split_into_words_and_numbered_by_row(mirror):
    pairs = list(read_split(CorpusSplit(MAFAND, "en-hau", "train"), "eng", "hau"))
    assert [pair.id for pair in pairs] == [f"en-hau/train/{i}" for i in range(12)]
    assert pairs[0] == Pair(
        "en-hau/train/0",
        ["Amina", "Bello", "visited", "Kano", "."],
        ["Amina", "Bello", "ta", "ziyarci", "Kano", "."],
    )
    assert (pairs[5].source, pairs[6].target) == ([], [])


def test_a_translation_that_is_null_is_an_empty_side(mirror):
    pairs = list(read_split(CorpusSplit(MAFAND, "en-hau", "test"), "eng", "hau"))
    assert pairs[1] == Pair("en-hau/test/1", ["Zaria", "is", "north", "of", "Jos", "."], [])


@pytest.mark.parametrize(("source", "target"), [("en", "ha"), ("eng", "hau"), ("hau", "en")])
def test_sides_are_found_by_any_code_of_their_language(mirror, write_corpus, source, target):
    texts = {"en": "It rained.", "eng": "It rained.", "ha": "An yi ruwa.", "hau": "An yi ruwa."}
    row = {"translation": {source: texts[source], target: texts[target]}}
    write_corpus(mirror, "org/pairs", {"a": {"train": [row]}})
    (pair,) = read_split(CorpusSplit("org/pairs", "a", "train"), "eng", "hau")
    assert (pair.source, pair.target) == (["It", "rained", "."], ["An", "yi", "ruwa", "."])


def test_a_language_that_a_corpus_does_not_hold_is_named(mirror):
    split = CorpusSplit(MAFAND, "en-hau", "train")
    fails(lambda: list(read_split(split, "fra", "hau")), str(split), "holds en and hau, not fra")
    fails(lambda: list(read_split(split, "eng", "yor")), str(split), "not yor")


def test_source_and_target_text_are_split_into_words(mirror, write_corpus):
    rows = [{"source_text": "Jos's roofs", "target_text": "Rufin Jos."}, {"source_text": None, "target_text": ""}]
    write_corpus(mirror, "org/pairs", {"a": {"train": rows}})
    assert list(read_split(CorpusSplit("org/pairs", "a", "train"), "eng", "hau")) == [
        Pair("a/train/0", ["Jos", "'s", "roofs"], ["Rufin", "Jos", "."]),
        Pair("a/train/1", [], []),
    ]


def test_words_with_tags_keep_their_words_and_give_spans_of_every_type(mirror):
    pairs = list(read_split(CorpusSplit("xner/conll2003-nllb", "hau", "train"), "eng", "hau"))
    assert pairs[0].source_spans == [Span(0, 2, "PER"), Span(3, 4, "LOC")]
    assert pairs[2].source_spans == [Span(1, 2, "MISC"), Span(4, 5, "LOC")]
    assert pairs[4] == Pair("hau/train/4", ["It", "rained", "."], ["An", "yi", "ruwa", "."], [])


def test_words_without_tags_are_unlabelled(mirror, write_corpus):
    rows = [{"source_tokens": ["Kano's"], "target_tokens": ["ta", "Kano"]}]
    write_corpus(mirror, "org/pairs", {"a": {"train": rows}})
    (pair,) = read_split(CorpusSplit("org/pairs", "a", "train"), "eng", "hau")
    assert pair == Pair("a/train/0", ["Kano's"], ["ta", "Kano"], None)


def test_a_corpus_that_is_no_parallel_text_is_refused_with_its_columns(mirror):
    split = CorpusSplit(GOLD, "hau", "train")
    fails(lambda: list(read_split(split, "eng", "hau")), str(split), "id, ner_tags, tokens", "'translation'")


# Further parallel text


def test_further_parallel_text_is_a_file_or_all_splits_of_a_corpus(mirror, tmp_path):
    tsv = tmp_path / "more.tsv"
    tsv.write_text("Kano's roofs\tRufin Kano.\n\tBabu\n", encoding="utf-8")
    assert list(read_extra(str(tsv), "eng", "hau")) == [
        Pair("0", ["Kano", "'s", "roofs"], ["Rufin", "Kano", "."]),
        Pair("1", [], ["Babu"]),
    ]
    jsonl = tmp_path / "more.jsonl"
    jsonl.write_text(json.dumps({"source_tokens": ["a"], "target_tokens": ["b"]}) + "\n")
    assert list(read_extra(str(jsonl), "eng", "hau")) == [Pair("0", ["a"], ["b"])]
    assert len(list(read_extra(f"{MAFAND}:en-hau", "eng", "hau"))) == 12 + 2 + 2


def test_further_parallel_text_of_another_form_or_from_an_evaluation_set_is_refused(mirror, tmp_path):
    fails(lambda: list(read_extra(MAFAND, "eng", "hau")), repr(MAFAND), "org/name:config")
    fails(lambda: list(read_extra(str(tmp_path / "gone.tsv"), "eng", "hau")), "gone.tsv", "does not exist")
    fails(lambda: list(read_extra(f"{GOLD}:hau", "eng", "hau")), "evaluation set")


@pytest.mark.parametrize(
    ("name", "text", "remedy"),
    [
        ("links.txt", "red house ||| gidan ja\n", r"sed 's/ *||| */\t/' {path} > links.tsv"),
        ("table.txt", "red house\tgidan ja\n", "cut -f1,2 {path} > table.tsv"),
        ("rows.json", '[{"source_tokens": ["a"], "target_tokens": ["b"]}]', "jq -c '.[]' {path} > rows.jsonl"),
        ("table.csv", "red house,gidan ja\n", "Write it as one of them"),
        ("empty.csv", "", "Write it as one of them"),
    ],
)
def test_a_file_of_another_form_is_refused_with_how_to_convert_it(tmp_path, name, text, remedy):
    path = tmp_path / name
    path.write_text(text)
    fails(lambda: list(read_extra(str(path), "eng", "hau")), str(path), ".tsv", remedy.format(path=path))


def test_suffixes_may_be_capitals(tmp_path):
    path = tmp_path / "A.TSV"
    path.write_text("red\tja\n")
    assert list(read_extra(str(path), "eng", "hau")) == [Pair("0", ["red"], ["ja"])]


def test_labels_of_a_corpus_are_those_that_its_features_name(mirror, write_corpus):
    names = list(reversed(NER_LABELS))
    rows = [{"source_tokens": ["Jos", "x"], "source_ner_tags": [1, 6], "target_tokens": ["Jos"]}]
    write_corpus(mirror, "org/pairs", {"a": {"train": rows}}, {"source_ner_tags": names})
    (pair,) = read_split(CorpusSplit("org/pairs", "a", "train"), "eng", "hau")
    assert pair.source_spans == [Span(0, 1, "LOC")]
