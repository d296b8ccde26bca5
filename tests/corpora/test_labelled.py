from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xner_hf.corpora.base import ReadReport, Sentence
from xner_hf.corpora.hub import CorpusSplit
from xner_hf.corpora.labelled import hub_split, is_build, read_labelled
from xner_hf.errors import XnerError
from xner_hf.pipeline.build import write_build
from xner_hf.pipeline.run import run_recipe
from xner_hf.recipe import make_recipe
from xner_hf.spans import Span, spans_to_iob2

GOLD = "masakhane/masakhaner2"


@pytest.fixture(scope="module")
def shared_build(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        folder = tmp_path_factory.mktemp("build") / "hau"
        write_build(run_recipe(make_recipe("hau", "sample")), folder)
    return folder


def fails(call, *words):
    with pytest.raises(XnerError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


# Corpora of the Hub


def test_a_corpus_is_read_with_its_tags_as_they_stand_and_its_dates_are_left_out_and_counted(mirror):
    report = ReadReport()
    sentences = list(read_labelled(f"{GOLD}:hau", "test", report))
    assert [sentence.id for sentence in sentences] == ["0", "1", "2"]
    assert sentences[1] == Sentence(
        "1",
        ["Ranar", "Juma'a", "Jos", "ta", "yi", "zafi", "."],
        [Span(2, 3, "LOC")],
    )
    assert sentences[1].tags == ["O", "O", "B-LOC", "O", "O", "O", "O"]
    assert report.left_out == {"DATE": 1}


def test_an_inside_tag_that_continues_nothing_opens_an_entity_and_is_noted(mirror):
    report = ReadReport()
    sentences = list(read_labelled(f"{GOLD}:hau", "test", report))
    assert sentences[2].spans == [Span(0, 1, "PER")]
    assert sentences[2].tags == ["I-PER", "O", "O", "O"]
    assert (report.sentences, report.repaired) == (3, [f"{GOLD}:hau/test, row 2"])


def test_the_configuration_may_be_left_out_where_there_is_only_one(mirror, write_corpus):
    assert [s.id for s in read_labelled(GOLD, "validation")] == ["0"]
    assert hub_split(GOLD, "test") == CorpusSplit(GOLD, "hau", "test")
    rows = [{"tokens": ["Jos"], "ner_tags": [1]}]
    write_corpus(mirror, "org/two", {"a": {"test": rows}, "b": {"test": rows}}, {"ner_tags": ["O", "B-LOC"]})
    fails(lambda: hub_split("org/two", "test"), "several configurations", "org/two:a", "a, b")
    assert hub_split("org/two:b", "test") == CorpusSplit("org/two", "b", "test")


def test_what_is_no_corpus_here_is_named(mirror):
    fails(lambda: hub_split(f"{GOLD}:haw", "test"), "'haw'", "Did you mean 'hau'?")
    fails(lambda: hub_split(f"{GOLD}:hau", "dev"), "'dev'", "test, train, validation")
    fails(lambda: list(read_labelled("org/gone:hau", "test")), "no corpus 'org/gone'", GOLD)


def test_a_corpus_without_words_and_tags_is_refused(mirror):
    fails(lambda: list(read_labelled("masakhane/mafand", "train")), "no labelled corpus", "ner_tags and tokens")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"tokens": ["Jos", "."], "ner_tags": [1]}, ["row 1", "2 words but 1 tags"]),
        ({"tokens": ["Jos", "."], "ner_tags": [1, 2]}, ["row 1", "tag 2 has no name"]),
    ],
)
def test_a_row_that_does_not_hold_together_is_named(mirror, write_corpus, row, words):
    rows = [{"tokens": ["Jos"], "ner_tags": [1]}, row]
    write_corpus(mirror, "org/one", {"a": {"test": rows}}, {"ner_tags": ["O", "B-LOC"]})
    fails(lambda: list(read_labelled("org/one", "test")), "org/one:a/test", *words)


# Builds


def test_a_build_is_read_split_by_split_in_its_order(shared_build):
    import pyarrow.parquet as pq

    for split in ("train", "validation"):
        rows = pq.read_table(shared_build / split).to_pylist()
        sentences = list(read_labelled(str(shared_build), split))
        assert [sentence.id for sentence in sentences] == [row["id"] for row in rows]
        assert [sentence.tokens for sentence in sentences] == [row["tokens"] for row in rows]
        for sentence in sentences:
            assert sentence.tags == spans_to_iob2(sentence.spans, len(sentence.tokens))


def test_rejected_rows_are_never_read_as_labelled_sentences(shared_build):
    fails(lambda: list(read_labelled(str(shared_build), "rejected")), str(shared_build), "'rejected'", "no labels")


def test_an_unknown_split_of_a_build_is_named(shared_build):
    fails(lambda: list(read_labelled(str(shared_build), "test")), "no split 'test'", "train, validation and rejected")


def test_a_folder_that_is_no_whole_build_is_refused(shared_build, tmp_path):
    half = Path(shutil.copytree(shared_build, tmp_path / "half"))
    (half / "build.json").unlink()
    assert is_build(shared_build)
    assert not is_build(half)
    fails(lambda: list(read_labelled(str(half), "train")), str(half), "no build.json", "xner build")


# Files


def test_a_file_is_read_in_the_format_of_its_suffix_whatever_the_split(tmp_path):
    path = tmp_path / "gold.conll"
    path.write_text("Musa B-PER\nhuta O\n\nJos I-LOC\n")
    report = ReadReport()
    assert list(read_labelled(str(path), "anything", report)) == [
        Sentence("0", ["Musa", "huta"], [Span(0, 1, "PER")], ["B-PER", "O"]),
        Sentence("1", ["Jos"], [Span(0, 1, "LOC")], ["I-LOC"]),
    ]
    assert report == ReadReport(2, [f"{path}:4"])


def test_an_unlabelled_sentence_is_named(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text('{"tokens": ["Jos"], "entities": []}\n{"id": "b7", "tokens": ["Jos"]}\n')
    fails(lambda: list(read_labelled(str(path), "test")), str(path), "sentence b7", "no entity labels")
    text = tmp_path / "raw.txt"
    text.write_text("Na gode\n")
    fails(lambda: list(read_labelled(str(text), "test")), str(text), "no entity labels")
