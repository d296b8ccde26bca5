from __future__ import annotations

import json
import shutil
from pathlib import Path
from unicodedata import normalize

import pytest

from xner_hf.corpora.hub import CorpusSplit
from xner_hf.corpora.labelled import hub_split, is_build, read_labelled
from xner_hf.corpora.sentence import ReadReport, Sentence
from xner_hf.errors import XnerError
from xner_hf.pipeline.build import write_build
from xner_hf.pipeline.run import run_recipe
from xner_hf.recipe import make_recipe
from xner_hf.spans import Span, spans_to_iob2
from xner_hf.tag import tagger_settings

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
    fails(lambda: list(read_labelled("masakhane/mafand", "train")), "not a labelled corpus", "ner_tags and tokens")


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


def test_a_sentence_of_a_treebank_without_the_key_is_told_how_to_say_that_it_has_no_entity(tmp_path):
    path = tmp_path / "gold.conllu"
    rows = "1\tJos\t_\t_\t_\t_\t0\troot\t_\tNER=B-LOC\n\n1\tRuwa\t_\t_\t_\t_\t0\troot\t_\t_\n"
    path.write_text(rows)
    fails(lambda: list(read_labelled(str(path), "test")), "sentence 1", "NER= in MISC", "NER=O")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_of_files_are_brought_into_the_form_of_raw_text_and_counted(tmp_path, form):
    words = [normalize(form, word) for word in ("S\u1ecdl\u00e1", "n\u00ed", "\u00c8k\u00f3", "n\u0323\u0302e")]
    rows = {
        "gold.conll": "".join(
            f"{word} {tag}\n" for word, tag in zip(words, ["B-PER", "O", "B-LOC", "O"], strict=True)
        ),
        "gold.jsonl": json.dumps({"tokens": words, "entities": [{"start": 2, "end": 3, "label": "LOC"}]}) + "\n",
        "gold.conllu": "".join(
            f"{i}\t{word}\t_\t_\t_\t_\t{i - 1}\troot\t_\tNER=O\n" for i, word in enumerate(words, start=1)
        ),
    }
    for name, text in rows.items():
        path, report = tmp_path / name, ReadReport()
        path.write_text(text, encoding="utf-8")
        (sentence,) = read_labelled(str(path), "test", report)
        assert sentence.tokens == [normalize("NFC", word) for word in words]
        assert report.composed == (0 if form == "NFC" else 4)
        assert any("4 words were brought into NFC" in line for line in report.said()) == (form == "NFD")


def test_labels_are_found_in_whatever_form_the_words_stand(tmp_path):
    words = ["Z\u00e9l\u00e9", "a", "mang\u00e9", "\u00e0", "B\u00e9nin"]
    for gold in ("NFC", "NFD"):
        path = tmp_path / "gold.conll"
        path.write_text(
            "".join(f"{normalize(gold, word)} O\n" for word in words[:4]) + normalize(gold, words[4]) + " B-LOC\n"
        )
        for text in ("NFC", "NFD"):
            found = tagger_settings(str(path)).make().tag([[normalize(text, word) for word in words]])
            assert found == [[Span(4, 5, "LOC")]]


def test_a_build_is_scored_on_gold_in_another_form(tmp_path):
    from xner_hf.evaluation.scores import score_build

    rows = [
        {
            "id": str(number),
            "source_tokens": ["Sola", "left", "Lagos"],
            "target_tokens": [
                normalize(form, word) for word in ("S\u1ecdl\u00e1", "k\u00far\u00f2", "Lagos", str(number))
            ],
            "source_entities": [{"start": 2, "end": 3, "label": "LOC"}],
        }
        for number, form in enumerate(["NFC", "NFD"])
    ]
    text = tmp_path / "pairs.jsonl"
    text.write_text("".join(json.dumps(row) + "\n" for row in rows))
    overrides = {"text.corpus": str(text), "validation_percent": 0, "projector": "candidates"}
    folder = tmp_path / "build"
    write_build(run_recipe(make_recipe("yor", "translate-train", overrides)), folder)
    for form in ("NFC", "NFD"):
        gold = [Sentence("0", [normalize(form, word) for word in row["target_tokens"]], []) for row in rows]
        assert score_build(folder, gold)["left_out"] == 0


# What nobody can mend in a corpus of the Hub


def test_rows_without_words_or_with_nulls_are_left_out_and_counted(mirror, write_corpus):
    rows = [
        {"tokens": ["Jos"], "ner_tags": [1]},
        {"tokens": [], "ner_tags": []},
        {"tokens": None, "ner_tags": None},
        {"tokens": ["Jos", None], "ner_tags": [1, 0]},
        {"tokens": ["Jos", "."], "ner_tags": [1, None]},
        {"tokens": ["Jos"], "ner_tags": None},
        {"tokens": ["Kano"], "ner_tags": [1]},
    ]
    write_corpus(mirror, "org/one", {"a": {"test": rows}}, {"ner_tags": ["O", "B-LOC"]})
    report = ReadReport()
    assert [(s.id, s.tokens) for s in read_labelled("org/one", "test", report)] == [("0", ["Jos"]), ("6", ["Kano"])]
    assert report.rows_left_out == {"no words": 2, "a word is null": 1, "a tag is null": 2}
    assert report.said() == ["rows left out: a tag is null 2, a word is null 1, no words 2"]


def test_a_corpus_of_nothing_but_such_rows_is_refused(mirror, write_corpus):
    write_corpus(mirror, "org/one", {"a": {"test": [{"tokens": [], "ner_tags": []}]}}, {"ner_tags": ["O", "B-LOC"]})
    fails(lambda: list(read_labelled("org/one", "test")), "org/one:a/test", "holds no sentence")


def test_a_corpus_in_another_scheme_is_read_by_it_and_a_broken_tag_is_named_with_its_row(mirror, write_corpus):
    names = ["O", "B-PER", "L-PER", "U-LOC", "PER"]
    rows = [{"tokens": ["Ada", "Bello", "a", "Jos"], "ner_tags": [1, 2, 0, 3]}]
    write_corpus(mirror, "org/bilou", {"a": {"test": rows}}, {"ner_tags": names})
    report = ReadReport()
    (sentence,) = read_labelled("org/bilou", "test", report)
    assert sentence.tags == ["B-PER", "I-PER", "O", "B-LOC"]
    assert report.notes == ["org/bilou:a/test: the tags are BILOU"]
    broken = [*rows, {"tokens": ["Ada", "a"], "ner_tags": [1, 0]}]
    write_corpus(mirror, "org/broken", {"a": {"test": broken}}, {"ner_tags": names})
    fails(lambda: list(read_labelled("org/broken", "test")), "org/broken:a/test, row 1", "no tag ends", "BILOU")
    bare = [*rows, {"tokens": ["Ada"], "ner_tags": [4]}]
    write_corpus(mirror, "org/bare", {"a": {"test": bare}}, {"ner_tags": names})
    fails(lambda: list(read_labelled("org/bare", "test")), "org/bare:a/test, row 1", "'PER' is not a tag")


def test_types_of_a_corpus_that_have_to_be_mapped_are_named_with_the_row(mirror, write_corpus):
    rows = [{"tokens": ["a"], "ner_tags": [0]}, {"tokens": ["Ada"], "ner_tags": [1]}]
    write_corpus(mirror, "org/types", {"a": {"test": rows}}, {"ner_tags": ["O", "B-PERSON", "B-GPE"]})
    fails(lambda: list(read_labelled("org/types", "test")), "PERSON 1,", "org/types:a/test, row 1", "'{PERSON: PER}'")
    found = list(read_labelled("org/types", "test", labels={"PERSON": "PER"}))
    assert found[1].spans == [Span(0, 1, "PER")]
