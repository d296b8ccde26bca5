from __future__ import annotations

import itertools
import json
import os

import pytest

from xner_hf.corpora.plain import PlainText, plain_files, read_plain
from xner_hf.errors import XnerError

GOLD = "masakhane/masakhaner2"
MAFAND = "masakhane/mafand"


def read(*args, **kwargs):
    return list(read_plain(*args, **kwargs))


def fails(call, *words):
    with pytest.raises(XnerError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


# Local files


def test_a_line_of_a_text_file_is_a_text_named_by_file_and_line(write):
    path = write("a.txt", "\ufeffAda ta je.\r\n\n  Musa ma.\nƁera")
    assert read(str(path), "hau") == [
        PlainText("a.txt:1", "Ada ta je."),
        PlainText("a.txt:2", ""),
        PlainText("a.txt:3", "  Musa ma."),
        PlainText("a.txt:4", "Ɓera"),
    ]


def test_a_folder_is_read_in_order_with_its_sub_folders_and_without_hidden_files(tmp_path):
    for name in ("b.txt", "a/z.txt", "a/Y.TXT", ".hidden.txt", ".git/x.txt", "a/notes.md", "c/empty.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("" if "empty" in name else f"{name}\n", encoding="utf-8")
    assert read(str(tmp_path), "hau") == [
        PlainText("a/Y.TXT:1", "a/Y.TXT"),
        PlainText("a/z.txt:1", "a/z.txt"),
        PlainText("b.txt:1", "b.txt"),
    ]
    assert plain_files(str(tmp_path)) == [tmp_path / name for name in ("a/Y.TXT", "a/z.txt", "b.txt", "c/empty.txt")]


def test_a_row_of_a_jsonl_file_is_a_text_of_several_lines(write):
    rows = [{"text": "Ada.\nMusa."}, {"id": "x", "text": "", "url": "https://a.b"}, {"id": 7, "text": "Ɓera"}]
    path = write("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert read(str(path), "hau") == [PlainText("0", "Ada.\nMusa."), PlainText("x", ""), PlainText("7", "Ɓera")]


def test_text_is_read_a_line_at_a_time(write):
    path = write("a.txt", b"one\ntwo\n\xff\n")
    texts = read_plain(str(path), "hau")
    assert [text.text for text in itertools.islice(texts, 2)] == ["one", "two"]
    fails(lambda: next(texts), f"{path}:3", "not UTF-8", "iconv")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", "", ["a.txt", "holds no sentence"]),
        ("a.txt", b"ok\nP\x00K", ["a.txt:2", "NUL"]),
        ("a.txt", b"ok\n\xe9t\xe9\n", ["a.txt:2", "not UTF-8", "iconv"]),
        ("a.jsonl", "", ["a.jsonl", "holds no sentence"]),
        ("a.jsonl", '{"text": "a"}\n{"content": "b"}\n', ["a.jsonl:2", "'text' is missing", "string"]),
        ("a.jsonl", '{"text": null}\n', ["a.jsonl:1", "'text' is None"]),
        ("a.jsonl", '{"text": "a"\n', ["a.jsonl:1", "not valid JSON"]),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_line(write, name, content, words):
    path = write(name, content)
    fails(lambda: read(str(path), "hau"), *words)


def test_a_folder_of_nothing_but_empty_files_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("", encoding="utf-8")
    fails(lambda: read(str(tmp_path), "hau"), str(tmp_path), "holds no sentence")


def test_a_folder_without_text_files_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a", encoding="utf-8")
    fails(lambda: read(str(tmp_path), "hau"), str(tmp_path), "no .txt file", ".jsonl")


@pytest.mark.skipif(os.geteuid() == 0, reason="everything may be read by root")
def test_a_sub_folder_that_may_not_be_read_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    (tmp_path / "b").mkdir(mode=0o000)
    fails(lambda: read(str(tmp_path), "hau"), str(tmp_path / "b"), "permissions")


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("no.txt", ["no.txt", "does not exist"]),
        ("no.jsonl", ["no.jsonl", "does not exist"]),
        ("./no", ["./no", "not a text file", ".txt or .jsonl file"]),
        ("no/", ["no/", "folder of .txt files"]),
        ("org/name", ["'org/name'", "no configuration"]),
    ],
)
def test_a_reference_to_nothing_is_refused_with_the_forms_that_there_are(tmp_path, monkeypatch, reference, words):
    monkeypatch.chdir(tmp_path)
    fails(lambda: read(reference, "hau"), *words)


def test_a_file_in_another_format_is_refused(write):
    path = write("a.conll", "Kano B-LOC\n")
    fails(lambda: plain_files(str(path)), "a.conll", "not a text file", ".txt or .jsonl")


def test_a_hub_id_names_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert plain_files("org/name") is None


# Corpora on the Hub


def test_a_text_column_is_read_raw(mirror, write_corpus):
    rows = [{"text": "Ada.\nMusa.", "url": "a"}, {"text": None, "url": "b"}]
    write_corpus(mirror, "org/text", {"hau_Latn": {"train": rows, "test": rows[:1]}})
    assert read("org/text", "hau", "hau_Latn") == [
        PlainText("hau_Latn/train/0", "Ada.\nMusa."),
        PlainText("hau_Latn/train/1", ""),
        PlainText("hau_Latn/test/0", "Ada.\nMusa."),
    ]
    assert read("org/text", "hau", "hau_Latn", ("test",)) == [PlainText("hau_Latn/test/0", "Ada.\nMusa.")]


def test_words_are_kept_and_put_together_to_text(mirror):
    assert read(GOLD, "hau", "hau", ("train",)) == [
        PlainText("hau/train/0", "Amina Bello ta ziyarci Kano.", ["Amina", "Bello", "ta", "ziyarci", "Kano", "."])
    ]


def test_what_stands_with_white_space_in_a_token_is_several_words(mirror, write_corpus):
    rows = [{"tokens": ["3 000", "", "a\u00a0b", "."]}, {"tokens": ["x"]}]
    write_corpus(mirror, "org/words", {"a": {"train": rows}})
    assert read("org/words", "hau", "a")[0] == PlainText("a/train/0", "3 000 a b.", ["3", "000", "a", "b", "."])


def test_a_row_of_which_a_word_is_null_has_no_words(mirror, write_corpus):
    write_corpus(mirror, "org/words", {"a": {"train": [{"tokens": ["Ruwa", None]}, {"tokens": ["Ruwa"]}]}})
    assert read("org/words", "hau", "a") == [PlainText("a/train/0", "", []), PlainText("a/train/1", "Ruwa", ["Ruwa"])]


def test_french_words_are_put_together_as_french(mirror, write_corpus):
    write_corpus(mirror, "org/words", {"a": {"train": [{"tokens": ["L'", "eau", "d'", "Abidjan", "."]}]}})
    assert read("org/words", "fra", "a")[0].text == "L'eau d'Abidjan."


def test_of_parallel_text_the_target_side_is_read(mirror, write_corpus):
    first, *rest = read(MAFAND, "hau", "en-hau", ("train",))
    assert first == PlainText(
        "en-hau/train/0", "Amina Bello ta ziyarci Kano.", ["Amina", "Bello", "ta", "ziyarci", "Kano", "."]
    )
    assert rest[5] == PlainText("en-hau/train/6", "", [])
    rows = [{"source_text": "Hello.", "target_text": "Sannu."}]
    write_corpus(mirror, "org/pairs", {"a": {"train": rows}})
    assert read("org/pairs", "hau", "a") == [PlainText("a/train/0", "Sannu.", ["Sannu", "."])]
    rows = [{"source_tokens": ["L'", "eau"], "target_tokens": ["Ruwa", "!"]}]
    write_corpus(mirror, "org/tokens", {"a": {"train": rows}})
    assert read("org/tokens", "hau", "a", source_language="fra") == [PlainText("a/train/0", "Ruwa!", ["Ruwa", "!"])]


@pytest.mark.parametrize("splits", [None, ("test",), ("train", "validation")])
def test_evaluation_splits_of_gold_corpora_are_refused(mirror, splits):
    fails(lambda: read(GOLD, "hau", "hau", splits), GOLD, "evaluation set")


def test_a_corpus_without_text_is_refused_with_its_columns(mirror, write_corpus):
    write_corpus(mirror, "org/numbers", {"a": {"train": [{"label": 1, "body": "x"}]}})
    fails(lambda: read("org/numbers", "hau", "a"), "org/numbers:a/train", "body, label", "'text'", "'tokens'")


def test_unknown_corpora_and_configurations_are_named(mirror):
    fails(lambda: read("masakhane/mafandd", "hau", "en-hau"), "masakhane/mafandd", "Did you mean 'masakhane/mafand'")
    fails(lambda: read(MAFAND, "hau", "en-huu"), "'en-huu'", "en-hau")
