from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.corpora.sentence import Sentence
from xner_hf.corpora.treebank import tree_fault
from xner_hf.corpora.trees import TreeReport, drop_evaluation_text, read_trees, relation_labels
from xner_hf.errors import NotAvailable, XnerError
from xner_hf.spans import Span

BANK = "org/bank"
UD = "universal-dependencies/universal_dependencies"


def row(name, words, head, deprel, **more):
    return {"idx": name, "tokens": words.split(), "head": head, "deprel": deprel.split(), **more}


GOOD = row("g", "Ada sings", [2, 0], "nsubj:pass root")


def many(count):
    return [row(f"s{i}", f"Ada{i} sings", [2, 0], "nsubj root") for i in range(count)]


@pytest.fixture
def bank(write_corpus, tmp_path, monkeypatch):
    """The function that writes a mirror with nothing but the configuration ``x`` of a treebank."""
    monkeypatch.setenv("XNER_MIRROR", str(tmp_path))

    def write(splits, **labels):
        write_corpus(tmp_path, BANK, {"x": splits}, labels)
        return f"{BANK}:x"

    return write


@pytest.mark.parametrize(
    ("heads", "fault"),
    [
        ([0], None),
        ([2, 0, 2, 3], None),
        ([], "no_words"),
        ([0, 3], "head_out_of_range"),
        ([-1, 0], "head_out_of_range"),
        ([2, 1], "no_root"),
        ([1, 0], "cycle"),
        ([0, 3, 4, 2], "cycle"),
        ([0, 0], "several_roots"),
        ([0, 0, 3], "cycle"),
    ],
)
def test_the_fault_of_heads_is_named(heads, fault):
    assert tree_fault(heads) == fault


@given(st.integers(1, 8).flatmap(lambda size: st.lists(st.integers(0, size), min_size=size, max_size=size)))
def test_heads_are_faultless_just_when_every_word_goes_up_to_the_one_root(heads):
    def reaches_the_root(word):
        for _ in heads:
            word = heads[word - 1] if word else 0
        return word == 0

    is_tree = heads.count(0) == 1 and all(reaches_the_root(word) for word in range(1, len(heads) + 1))
    assert (tree_fault(heads) is None) == is_tree


def test_a_treebank_is_read_without_the_subtypes_of_relations(bank):
    reference = bank({"train": [GOOD], "validation": [row("v", "no", [0], "root")], "test": [GOOD]})
    report = TreeReport()
    assert list(read_trees(reference, "train", report)) == [
        Sentence("g", ["Ada", "sings"], heads=[2, 0], relations=["nsubj", "root"])
    ]
    assert report == TreeReport(1)
    assert [s.id for s in read_trees(reference, "validation")] == ["v"]
    assert [s.id for s in read_trees(BANK, "test")] == ["g"]


def test_entities_are_read_where_the_treebank_has_them(bank):
    rows = [
        row("a", "Ada Lovelace sings", [3, 1, 0], "nsubj flat root", ner_tags=[1, 2, 0]),
        row("b", "Ada sings", [2, 0], "nsubj root", ner_tags=[2, 0]),
        row("c", "It sings", [2, 0], "nsubj root", ner_tags=[0, 0]),
    ]
    report = TreeReport()
    reference = bank({"train": rows}, ner_tags=["O", "B-PER", "I-PER"])
    sentences = list(read_trees(reference, "train", report))
    assert [s.spans for s in sentences] == [[Span(0, 2, "PER")], [Span(0, 1, "PER")], []]
    assert sentences[0].tags == ["B-PER", "I-PER", "O"]
    assert report == TreeReport(3, ["org/bank:x/train, row 1"])


def test_entity_tags_that_do_not_fit_the_words_are_refused(bank):
    rows = [{**GOOD, "ner_tags": [0]}]
    with pytest.raises(XnerError, match="org/bank:x/train, row 0: 2 words but 1 tags"):
        list(read_trees(bank({"train": rows}, ner_tags=["O", "B-PER"]), "train"))


def test_rows_that_are_no_trees_are_rejected_with_their_reason(bank):
    rows = [
        GOOD,
        row("cycle", "a b c", [2, 1, 0], "dep dep root"),
        row("loop", "a b", [0, 2], "root dep"),
        row("rootless", "a b", [2, 1], "dep dep"),
        row("two", "a b", [0, 0], "root root"),
        row("far", "a b", [0, 3], "root dep"),
        row("below", "a b", [0, -1], "root dep"),
        row("heads", "a b", [0], "root dep"),
        row("relations", "a b", [0, 1], "root"),
        row("empty", "", [], ""),
        {**GOOD, "idx": "blank", "tokens": ["Ada", " "]},
        {**GOOD, "idx": "none", "tokens": ["Ada", None]},
        {**GOOD, "idx": "headless", "head": [2, None]},
        {**GOOD, "idx": "no heads", "head": None},
        {**GOOD, "idx": "subtype only", "deprel": [":pass", "root"]},
        {**GOOD, "idx": "g2"},
    ]
    report = TreeReport()
    kept = list(read_trees(bank({"train": rows, "test": [GOOD]}), "train", report))
    assert [s.id for s in kept] == ["g", "g2"]
    assert report.rejected == {
        "cycle": "cycle",
        "loop": "cycle",
        "rootless": "no_root",
        "two": "several_roots",
        "far": "head_out_of_range",
        "below": "head_out_of_range",
        "heads": "lengths_differ",
        "relations": "lengths_differ",
        "empty": "no_words",
        "blank": "empty_word",
        "none": "empty_word",
        "headless": "missing_head",
        "no heads": "lengths_differ",
        "subtype only": "missing_relation",
    }
    assert (report.sentences, report.yielded) == (16, 2)


def test_rejected_rows_add_up_though_they_share_an_id(bank):
    rows = [row("same", "a b", [0, 0], "root root")] * 2 + [GOOD]
    report = TreeReport()
    assert len(list(read_trees(bank({"train": rows}), "train", report))) == report.yielded == 1
    assert report.rejected == {"same": "several_roots", "same (2)": "several_roots"}


def test_heads_may_be_strings_and_rows_without_id_are_numbered(bank):
    rows = [
        {"tokens": ["Ada", "sings"], "head": ["2", "0"], "deprel": ["nsubj", "root"]},
        {"tokens": ["du", "de"], "head": ["None", "0"], "deprel": ["_", "root"]},
    ]
    report = TreeReport()
    assert [(s.id, s.heads) for s in read_trees(bank({"train": rows}), "train", report)] == [("0", [2, 0])]
    assert report.rejected == {"1": "missing_head"}


def test_a_lone_test_split_is_cut_by_position(bank):
    reference = bank({"test": [row("bad", "a b", [0, 0], "root root"), *many(101)]})
    train, test = TreeReport(), TreeReport()
    first = [s.id for s in read_trees(reference, "train", train)]
    last = [s.id for s in read_trees(reference, "test", test)]
    assert first == [f"s{i}" for i in range(80)]
    assert last == [f"s{i}" for i in range(80, 101)]
    assert (train.cut, train.sentences, train.rejected) == ("first 80 % of test", 81, {"bad": "several_roots"})
    assert (test.cut, test.sentences, test.rejected) == ("last 20 % of test", 21, {})
    with pytest.raises(XnerError, match=r"org/bank:x has only a test split.*no 'validation'"):
        list(read_trees(reference, "validation"))


def test_a_lone_test_split_of_few_sentences_stays_whole(bank):
    reference = bank({"test": many(99)})
    report = TreeReport()
    assert len(list(read_trees(reference, "test", report))) == 99
    assert report.cut is None
    with pytest.raises(XnerError, match="only a test split of 99 sentences, too few to cut a train split"):
        list(read_trees(reference, "train"))


def test_a_treebank_with_a_train_split_is_never_cut(bank):
    reference = bank({"train": many(3), "test": many(100)})
    report = TreeReport()
    assert len(list(read_trees(reference, "test", report))) == 100
    assert report.cut is None
    with pytest.raises(NotAvailable, match="has no split 'validation'. It has: test, train"):
        list(read_trees(reference, "validation"))


def test_a_corpus_without_trees_is_refused(bank):
    with pytest.raises(XnerError, match="org/bank:x/train is not a treebank: it lacks the column deprel and head"):
        list(read_trees(bank({"train": [{"tokens": ["a"]}]}), "train"))


def conllu(*sentences):
    line = "{}\t{}\t_\t_\t_\t_\t{}\t{}\t_\t_"
    return "\n\n".join("\n".join(line.format(i, *word) for i, word in enumerate(s, 1)) for s in sentences) + "\n"


def test_a_conllu_file_is_read_and_its_sentences_with_several_roots_are_rejected(write):
    good, two = [("Ada", 2, "nsubj:pass"), ("sings", 0, "root")], [("a", 0, "root"), ("b", 0, "root")]
    report = TreeReport()
    assert list(read_trees(str(write("a.conllu", conllu(good, two, good))), "any", report)) == [
        Sentence("0", ["Ada", "sings"], heads=[2, 0], relations=["nsubj", "root"]),
        Sentence("2", ["Ada", "sings"], heads=[2, 0], relations=["nsubj", "root"]),
    ]
    assert report == TreeReport(3, rejected={"1": "several_roots"})
    assert report.yielded == 2


def test_a_conllu_file_with_a_cycle_is_refused(write):
    path = write("a.conllu", conllu([("a", 0, "root"), ("b", 3, "dep"), ("c", 2, "dep")]))
    with pytest.raises(XnerError, match="a.conllu:2: sentence '0': word 2 stands above itself"):
        list(read_trees(str(path), "train"))


def test_what_is_no_treebank_is_refused(write, tmp_path):
    with pytest.raises(XnerError, match="the suffix '.txt' names no treebank"):
        list(read_trees(str(write("a.txt", "Ada sings")), "train"))
    with pytest.raises(XnerError, match="the file does not exist"):
        list(read_trees(str(tmp_path / "b.conllu"), "train"))
    with pytest.raises(XnerError, match="is a folder"):
        list(read_trees(str(tmp_path), "train"))


def test_sentences_of_an_evaluation_split_are_left_out_and_counted(mirror, write_corpus):
    rows = [
        row("kept", "Ada sings", [2, 0], "nsubj root"),
        row("test", "HALIMA tana aiki da Barewa Textiles", [2, 0, 2, 5, 3, 5], "a root b c d e"),
        row("two", "a b", [0, 0], "root root"),
        row("validation", "Musa ya ziyarci manoman !", [3, 3, 0, 3, 3], "a b root c d"),
        row("train of the gold set", "Amina Bello ta ziyarci Kano .", [4, 1, 4, 0, 4, 4], "a b c root d e"),
    ]
    write_corpus(mirror, BANK, {"x": {"train": rows}})
    report = TreeReport()
    kept = [s.id for s in drop_evaluation_text(read_trees(f"{BANK}:x", "train", report), "hau", report)]
    assert kept == ["kept", "train of the gold set"]
    assert report.rejected == {
        "test": "evaluation_overlap",
        "two": "several_roots",
        "validation": "evaluation_overlap",
    }
    assert (report.sentences, report.yielded) == (5, 2)
    gold = "masakhane/masakhaner2:hau"
    assert report.leak_check == {
        "status": "done",
        "checked": [f"{gold}/validation", f"{gold}/test"],
        "unreachable": [],
    }


def test_the_report_says_which_evaluation_splits_could_not_be_looked_at(bank):
    bank({"train": [GOOD]})
    report = TreeReport()
    assert len(list(drop_evaluation_text(read_trees(BANK, "train", report), "hau", report))) == 1
    assert (report.leak_check["status"], report.leak_check["checked"]) == ("not done", [])


def test_labels_are_sorted_after_the_root():
    sentences = [
        Sentence("0", ["a", "b"], heads=[0, 1], relations=["root", "obj"]),
        Sentence("1", ["a", "b", "c"], heads=[2, 0, None], relations=["advmod", "root", None]),
    ]
    assert relation_labels(sentences) == ["root", "advmod", "obj"]
    assert relation_labels([]) == ["root"]
    with pytest.raises(XnerError, match="sentence '7' has no dependency tree"):
        relation_labels([Sentence("7", ["a"])])


def test_the_real_wolof_treebank_is_read_whole(real_mirror):
    counts = []
    for split in ("train", "validation", "test"):
        report = TreeReport()
        counts.append(len(list(read_trees(f"{UD}:wo_wtb", split, report))))
        assert (report.rejected, report.cut) == ({}, None)
    assert counts == [1188, 449, 470]


def test_the_real_yoruba_treebank_is_cut(real_mirror):
    parts = {}
    for split in ("train", "test"):
        report = TreeReport()
        parts[split] = [s.id for s in read_trees(f"{UD}:yo_ytb", split, report)]
        assert report.rejected == {} and report.cut is not None
    assert (len(parts["train"]), len(parts["test"])) == (253, 64)
    assert parts["train"][0] == "GEN_1.1"
    assert not set(parts["train"]) & set(parts["test"])
    with pytest.raises(XnerError, match="test split of 20 sentences"):
        list(read_trees(f"{UD}:tn_popapolelo", "train"))


def test_the_real_joint_corpus_has_trees_and_entities(real_mirror):
    report = TreeReport()
    sentences = list(read_trees("xner/ewt-joint", "test", report))
    assert (len(sentences), report.rejected) == (2074, {})
    assert all(s.spans is not None and len(s.tags) == len(s.heads) == len(s.tokens) for s in sentences)
    assert not any(":" in relation for relation in relation_labels(sentences))
