from __future__ import annotations

import pytest

from xner_hf.corpora.sentence import ReadReport, Sentence
from xner_hf.corpora.treebank import read_conllu
from xner_hf.errors import XnerError
from xner_hf.spans import Span


def word(number, form, head, relation, misc="_"):
    return f"{number}\t{form}\t_\t_\t_\t_\t{head}\t{relation}\t_\t{misc}\n"


ADA = word(1, "Ada", 2, "nsubj") + word(2, "sings", 0, "root")


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "a.conllu"
        path.write_bytes(text.encode("utf-8"))
        return path

    return write


def test_reads_words_trees_and_names(write):
    path = write("# newdoc\n# sent_id = s = 1\n# text = Ada sings\n" + ADA + "\n" + ADA.replace("\n", "\r\n"))
    report = ReadReport()
    assert list(read_conllu(path, report)) == [
        Sentence("s = 1", ["Ada", "sings"], heads=[2, 0], relations=["nsubj", "root"]),
        Sentence("1", ["Ada", "sings"], heads=[2, 0], relations=["nsubj", "root"]),
    ]
    assert report == ReadReport(2, [])


def test_leaves_out_multiword_ranges_and_empty_nodes(write):
    rows = [
        word("1-2", "du", "_", "_"),
        word(1, "de", 3, "case"),
        word(2, "le", 3, "det"),
        word(3, "port", 0, "root"),
        word("3.1", "vu", "_", "_"),
        word(4, ".", 3, "punct"),
    ]
    (sentence,) = read_conllu(write("".join(rows)))
    assert sentence.tokens == ["de", "le", "port", "."]
    assert sentence.heads == [3, 3, 0, 3]
    assert sentence.relations == ["case", "det", "root", "punct"]


def test_keeps_spaces_inside_a_word(write):
    (sentence,) = read_conllu(write(word(1, "\u0111\u1ea5t  n\u01b0\u1edbc", 0, "root")))
    assert sentence.tokens == ["\u0111\u1ea5t  n\u01b0\u1edbc"]


def test_reads_entities_from_misc_where_a_word_has_the_key(write):
    rows = [
        word(1, "Ada", 3, "nsubj", "SpaceAfter=No|NER=B-PER"),
        word(2, "Lovelace", 1, "flat", "NER=I-PER"),
        word(3, "left", 0, "root", "Entity=(1)"),
        word(4, "Accra", 3, "obj", "NER=I-LOC"),
    ]
    path = write("".join(rows) + "\n" + ADA + "\n" + word(1, "no", 0, "root", "NER=O"))
    report = ReadReport()
    assert [s.spans for s in read_conllu(path, report)] == [[Span(0, 2, "PER"), Span(3, 4, "LOC")], None, []]
    assert report == ReadReport(3, [f"{path}:4"])


def test_passes_over_comments_that_announce_no_sentence(write):
    path = write("# licence: CC0\n# global.columns = ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC\n\n" + ADA)
    assert [s.id for s in read_conllu(path)] == ["0"]


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        ("1\tAda\t_\t_\t_\t_\t0\troot\n", 2, ["8 columns", "cut off"]),
        (word(1, "Ada", 0, "root").strip() + "\t_\n", 2, ["11 columns"]),
        ("1  Ada  _  _  _  _  0  root  _  _\n", 2, ["1 columns", "single tabs"]),
        (ADA + "Ada sings\n", 4, ["1 columns"]),
        (word("x", "Ada", 0, "root"), 2, ["the id 'x'"]),
        (word("_", "Ada", 0, "root"), 2, ["the id '_' where 1 comes next"]),
        (word(1, "Ada", 0, "root") + word(3, "sings", 1, "dep"), 3, ["the id '3' where 2 comes next"]),
        (ADA + ADA, 4, ["the id '1' where 3 comes next", "blank line"]),
        (word(1, "Ada", "_", "root"), 2, ["the head '_' is not an integer", ".conll"]),
        (word(1, "Ada", "1.5", "root"), 2, ["the head '1.5'"]),
        (word(1, "Ada", "", "root"), 2, ["the head ''"]),
        (word(1, "Ada", 0, "root") + word(2, "sings", 3, "dep"), 3, ["the head 3 is out of range", "1 to 2"]),
        (word(1, "Ada", -1, "root"), 2, ["the head -1 is out of range"]),
        (word(1, "Ada", 2, "dep") + word(2, "sings", 1, "dep"), 2, ["no root"]),
        (word(1, "a", 0, "root") + word(2, "b", 3, "x") + word(3, "c", 2, "x"), 3, ["word 2 stands above itself"]),
        (word(1, "", 0, "root"), 2, ["the word of 1 is empty"]),
        (word(1, "Ada", 0, ""), 2, ["the relation of 1 is empty"]),
        (word(1, "Ada", 2, "nsubj") + "# note\n" + word(2, "sings", 0, "root"), 3, ["a comment between"]),
        (word(1, "Ada", 0, "root", "NER=PER"), 2, ["'NER=PER'", "B-TYPE"]),
        (word(1, "Ada", 0, "root", "NER=B-PER|NER=O"), 2, ["one NER="]),
        (word("1-2", "du", "_", "_", "NER=O") + ADA, 2, ["NER=O at 1-2"]),
        (word("1-2", "du", "_", "_"), 2, ["has no words"]),
    ],
)
def test_names_line_and_sentence_of_a_defect(write, rows, line, words):
    path = write("# sent_id = weird-7\n" + rows)
    with pytest.raises(XnerError) as caught:
        list(read_conllu(path))
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: sentence 'weird-7'"), message
    for part in words:
        assert part in message


def test_names_a_sentence_without_sent_id_by_its_number(write):
    path = write(ADA + "\n" + word(1, "Ada", 7, "root"))
    with pytest.raises(XnerError, match="a.conllu:4: sentence '1': the head 7"):
        list(read_conllu(path))


@pytest.mark.parametrize("comment", ["# sent_id = 5", "# text = Ada sings"])
def test_refuses_a_sentence_that_lost_its_words(write, comment):
    path = write(ADA + f"\n{comment}\n\n" + ADA)
    with pytest.raises(XnerError, match="a.conllu:4: a sentence without words"):
        list(read_conllu(path))


def test_refuses_other_columns(write):
    path = write("# global.columns = ID FORM NER\n" + ADA)
    with pytest.raises(XnerError, match="a.conllu:1: CoNLL-U Plus, 'ID FORM NER'"):
        list(read_conllu(path))


def test_refuses_a_file_of_comments(write):
    with pytest.raises(XnerError, match="holds no sentence"):
        list(read_conllu(write("# nothing\n")))


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        ([word(1, "Go", 0, "root"), word("2-3", "cannot", "_", "_"), word(2, "can", 1, "aux")], 2, "a word 3"),
        ([word("1-2", "du", "_", "_"), word(1, "de", 0, "root")], 1, "a word 2"),
        ([word(1, "de", 0, "root"), word("1-2", "du", "_", "_"), word(2, "le", 1, "det")], 2, "before the word 2"),
        ([word("2-3", "du", "_", "_"), word(1, "de", 0, "root")], 1, "before the word 1"),
        (
            [
                word("1-2", "du", "_", "_"),
                word(1, "de", 0, "root"),
                word("2-3", "lemot", "_", "_"),
                word(2, "le", 1, "det"),
                word(3, "mot", 1, "obj"),
            ],
            3,
            "no two ranges",
        ),
        ([word(1, "de", 0, "root"), word("2.1", "vu", "_", "_")], 2, "before the word 2"),
    ],
)
def test_a_range_or_empty_node_that_names_other_words_is_refused(write, rows, line, words):
    path = write("".join(rows))
    with pytest.raises(XnerError) as caught:
        list(read_conllu(path))
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert words in str(caught.value)


def test_entities_under_the_key_of_norne_are_read_and_said(write):
    rows = [word(1, "Ada", 2, "nsubj", "name=B-PER"), word(2, "sings", 0, "root", "SpaceAfter=No|name=O")]
    path, report = write("".join(rows)), ReadReport()
    (sentence,) = read_conllu(path, report)
    assert sentence.spans == [Span(0, 1, "PER")]
    assert report.notes == [f"{path}: the entities are read from name= in MISC, since no word has NER="]


def test_our_key_comes_first_and_a_name_that_is_no_tag_is_no_label(write):
    rows = [word(1, "Ada", 2, "nsubj", "name=B-LOC|NER=B-PER"), word(2, "sings", 0, "root")]
    assert next(read_conllu(write("".join(rows)))).spans == [Span(0, 1, "PER")]
    rows = [word(1, "Ada", 2, "nsubj", "name=Given"), word(2, "sings", 0, "root", "name=O")]
    assert next(read_conllu(write("".join(rows)))).spans is None


def test_tags_of_another_scheme_are_read_by_it(write):
    rows = [word(1, "Ada", 2, "nsubj", "NER=S-PER"), word(2, "sings", 0, "root", "NER=O")]
    path, report = write("".join(rows)), ReadReport()
    assert next(read_conllu(path, report)).spans == [Span(0, 1, "PER")]
    assert report.notes == [f"{path}: the tags are IOBES"]


def test_a_table_of_numbers_words_and_tags_is_told_its_suffix(write):
    with pytest.raises(XnerError, match=r"3 columns.*name the file \.conll"):
        list(read_conllu(write("0\tAda\tB-PER\n1\tsings\tO\n")))
