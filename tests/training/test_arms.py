"""What every arm learns from: corpora, soft labels, trees, validation."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from xner_hf.corpora.labelled import read_build_rows
from xner_hf.corpora.sentence import Sentence
from xner_hf.errors import XnerError
from xner_hf.pipeline.build import build_corpus
from xner_hf.recipe import make_recipe
from xner_hf.spans import NER_LABELS
from xner_hf.training.arms import ARMS, Arm, ArmInputs, make_plan

UD = "universal-dependencies/universal_dependencies"
NAMES = [*NER_LABELS, "B-MISC", "I-MISC"]


class Teacher:
    """Calls every word a place."""

    def distributions(self, sentences):
        return [np.eye(7, dtype=np.float32)[[5] * len(words)] for words in sentences]

    def signature(self):
        return "places"


class Parser:
    """Hangs every word on the one before it."""

    model, relations = "chains", ["root", "dep"]

    def trees(self, sentences):
        return [
            {
                "arcs": np.eye(len(words), len(words) + 1, dtype=np.float32),
                "relations": np.full((len(words), 2), 0.5, dtype=np.float32),
            }
            for words in sentences
        ]

    def parse(self, sentences):
        return [
            Sentence(str(i), words, heads=list(range(len(words))), relations=["root", *["dep"] * (len(words) - 1)])
            for i, words in enumerate(sentences)
        ]

    def signature(self):
        return "chains"


def tree_row(name, words):
    heads = [0, *[1] * (len(words) - 1)]
    return {"idx": name, "tokens": words, "head": heads, "deprel": ["root", *["dep"] * (len(words) - 1)]}


@pytest.fixture(scope="module")
def sample_build(tmp_path_factory):
    """A build of the bundled Hausa sample."""
    folder = tmp_path_factory.mktemp("builds") / "hau"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        build_corpus(make_recipe("hau", "sample", {"projector": "candidates"}), folder)
    return folder


@pytest.fixture
def build(sample_build, tmp_path, monkeypatch):
    """The same as ``build/hau`` of the folder that a command runs in; returns its rows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "hau").symlink_to(sample_build)
    return list(read_build_rows(sample_build, "train"))


@pytest.fixture
def conll(mirror, write_corpus):
    """English labels and an English treebank, in the mirror."""
    rows = [
        {"id": "0", "tokens": ["Musa", "left", "Kano"], "ner_tags": [1, 0, 5]},
        {"id": "1", "tokens": ["The", "Hausa", "left"], "ner_tags": [0, 7, 0]},
    ]
    tables = {"conll2003": {"train": rows, "validation": rows[:1], "test": rows[:1]}}
    write_corpus(mirror, "eriktks/conll2003", tables, {"ner_tags": NAMES})
    english = {"en_ewt": {"train": [tree_row("e0", ["Musa", "left"]), tree_row("e1", ["She", "left", "too"])]}}
    write_corpus(mirror, UD, english)
    return mirror


@pytest.fixture
def text(tmp_path):
    """Unlabelled Hausa text, of which the second line is a gold sentence of the invented mirror."""
    file = tmp_path / "text.txt"
    file.write_text("Musa ya tafi.\nHalima tana aiki da Barewa Textiles.\n\nYa bar Kano.\n", encoding="utf-8")
    return str(file)


def plan(arm, teacher=None, parser=None, **needs):
    return make_plan(Arm(arm), ArmInputs(**needs), teacher, parser)


def shape(made):
    """Corpora as name, number of sentences, and whether they are labelled, parsed and soft."""
    return [(c.name, len(c.sentences), c.labelled, c.parsed, c.soft) for c in made.corpora]


# Names


def test_every_arm_may_parse_as_well():
    for name in ARMS:
        assert Arm(name).parts == frozenset(name.split("+"))
        assert Arm(f"{name}+parse").parts == frozenset(name.split("+")) | {"parse"}


@pytest.mark.parametrize(
    ("name", "near"),
    [("distil", "'distill'"), ("projected+distil", "'projected+distill'"), ("project", "'projected'"), ("", "")],
)
def test_an_unknown_arm_names_the_nearest(name, near):
    with pytest.raises(XnerError, match=f"no arm '{name.replace('+', '.')}'") as caught:
        Arm(name)
    assert near in str(caught.value) and "distill-aligned" in str(caught.value)


# Arms without a teacher


def test_direct_learns_the_labels_of_the_source_language(conll):
    made = plan("direct", language="hau")
    assert shape(made) == [("direct", 2, True, False, False)] and made.sources == {}
    assert [len(s.spans) for s in made.corpora[0].sentences] == [2, 0]
    assert made.facts["read"] == ["left out, not being projected: MISC 1"]
    assert len(made.validation.sentences) == 1
    assert made.facts["corpora"] == ["eriktks/conll2003:conll2003"]
    assert made.facts["arm"] == "direct" and made.facts["sentences"] == {"direct": 2}


def test_direct_without_labels_of_the_source_language_asks_for_a_corpus():
    with pytest.raises(XnerError, match="no default corpus with labels of the source language fra"):
        plan("direct", language="wol")


def test_direct_learns_any_corpus_that_is_named(conll):
    made = plan("direct", corpora=["masakhane/masakhaner2:hau"])
    assert shape(made) == [("direct", 1, True, False, False)]


def test_projected_learns_the_build_of_the_language(build):
    made = plan("projected", language="hau")
    assert shape(made) == [("projected", len(build), True, False, False)]
    assert made.corpora[0].sentences == [row.sentence for row in build]
    assert made.facts["corpora"] == ["build/hau"] and len(made.validation.sentences) == 12


def test_scores_of_a_build_come_with_its_sentences(build):
    made = plan("projected", language="hau", confidence=True, min_confidence=0.5)
    assert (made.corpora[0].confidence, made.corpora[0].min_confidence) == (True, 0.5)
    scores = {span.score for sentence in made.corpora[0].sentences for span in sentence.spans}
    assert len(scores) > 5 and max(scores) <= 1


def test_several_corpora_are_one_and_each_is_cut_at_the_limit(build):
    made = plan("projected", corpora=["build/hau", "build/hau"], limit=5)
    assert shape(made) == [("projected", 10, True, False, False)]


def test_projected_needs_a_build(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(XnerError, match="no build in build/hau.*xner build hau"):
        plan("projected", language="hau")


# Arms with a teacher


@pytest.mark.parametrize("arm", [arm for arm in ARMS if "distill" in arm])
def test_arms_with_a_teacher_need_one(arm, build):
    with pytest.raises(XnerError, match="needs a teacher.*--teacher"):
        plan(arm, language="hau")


def test_distill_learns_the_text_of_a_build_without_its_labels(build):
    made = plan("distill", Teacher(), language="hau", limit=6)
    assert shape(made) == [("distill", 6, False, False, True)]
    assert made.sources[0].sentences == [row.sentence.tokens for row in build[:6]]
    assert made.sources[0].links is None
    assert len(made.validation.sentences) == 12


def test_distill_learns_text_of_its_own_and_what_is_gold_is_left_out_and_counted(mirror, text):
    made = plan("distill", Teacher(), language="hau", text=[text])
    assert [s.tokens for s in made.corpora[0].sentences] == [
        ["Musa", "ya", "tafi", "."],
        ["Ya", "bar", "Kano", "."],
    ]
    assert made.facts["text_rejected"] == 1 and made.facts["text"] == [text]
    assert "masakhane/masakhaner2" in str(made.facts["leak_check"])
    assert made.validation is None and made.facts["corpora"] == []


def test_distill_learns_the_words_of_a_corpus_on_the_hub(mirror):
    made = plan("distill", Teacher(), language="hau", text=["masakhane/masakhaner2:hau/train"])
    assert [s.tokens for s in made.corpora[0].sentences] == [["Amina", "Bello", "ta", "ziyarci", "Kano", "."]]
    assert made.corpora[0].labelled is False


def test_distill_without_text_or_build_asks_for_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(XnerError, match="no build in build/hau.*--text"):
        plan("distill", Teacher(), language="hau")


def test_distill_aligned_carries_labels_from_the_source_side(build):
    made = plan("distill-aligned", Teacher(), language="hau", limit=8, soft_confidence=0.3)
    assert shape(made) == [("distill-aligned", 8, False, False, True)]
    source = made.sources[0]
    assert source.sentences == [row.source for row in build[:8]] and source.confidence == 0.3
    soft = source.make()
    for number, row in enumerate(build[:8]):
        linked = {target for _, target, _ in row.links}
        rows = soft.labels(number)
        assert rows.shape == (len(row.sentence.tokens), 7)
        assert {word for word in range(len(rows)) if rows[word].sum()} == linked
    assert made.facts["without_links"] == 0


def test_distill_aligned_needs_a_build(conll):
    with pytest.raises(XnerError, match="eriktks/conll2003:conll2003 is not a build.*alignment links"):
        plan("distill-aligned", Teacher(), corpora=["eriktks/conll2003:conll2003"])


def test_projected_and_distilled_labels_stand_on_the_same_sentences(build):
    made = plan("projected+distill", Teacher(), language="hau", limit=7)
    assert shape(made) == [("projected+distill", 7, True, False, True)]
    assert made.sources[0].sentences == [row.sentence.tokens for row in build[:7]] and set(made.sources) == {0}
    aligned = plan("projected+distill-aligned", Teacher(), language="hau", limit=7)
    assert shape(aligned) == [("projected+distill-aligned", 7, True, False, True)]
    assert aligned.sources[0].sentences == [row.source for row in build[:7]]


def test_text_of_its_own_stands_beside_the_projected_corpus(build, text):
    made = plan("projected+distill", Teacher(), language="hau", text=[text], limit=3)
    assert [(name, soft) for name, *_, soft in shape(made)] == [("projected", False), ("distill", True)]
    assert set(made.sources) == {1}


# Trees


def test_parse_learns_the_first_treebank_of_the_language_that_can_be_trained_on(conll, write_corpus):
    small = [tree_row("n0", ["Ya", "tafi"])]
    tables = {
        "ha_northernautogramm": {"test": small},  # too small to be cut
        "ha_southernautogramm": {"train": [tree_row("s0", ["Ya", "bar", "Kano"])]},
    }
    write_corpus(conll, UD, tables)
    made = plan("direct+parse", language="hau")
    assert shape(made)[1:] == [("trees", 1, False, True, False)]
    assert made.facts["trees"] == [f"{UD}:ha_southernautogramm"]


def test_parse_learns_english_trees_where_the_language_has_none(conll):
    for language in ("hau", None):  # the treebanks of Hausa are not in the mirror
        made = plan("direct+parse", language=language)
        assert shape(made)[1:] == [("trees", 2, False, True, False)]
        assert made.facts["trees"] == [f"{UD}:en_ewt"]
        assert {s.spans for s in made.corpora[1].sentences} == {None}


def test_trees_of_evaluation_sentences_are_left_out_and_named(conll, write_corpus):
    gold = tree_row("gold", ["Halima", "tana", "aiki", "da", "Barewa", "Textiles", "."])
    write_corpus(conll, UD, {"ha_northernautogramm": {"train": [gold, tree_row("free", ["Ya", "tafi"])]}})
    made = plan("direct+parse", language="hau")
    assert [s.id for s in made.corpora[1].sentences] == ["free"]
    assert made.facts["trees_rejected"] == {"gold": "evaluation_overlap"}


def test_treebanks_that_are_named_are_read(conll, tmp_path):
    file = tmp_path / "own.conllu"
    file.write_text("1\tYa\tya\tX\t_\t_\t2\tnsubj:pass\t_\t_\n2\ttafi\ttafi\tX\t_\t_\t0\troot\t_\t_\n\n")
    made = plan("direct+parse", language="hau", trees=[str(file), f"{UD}:en_ewt"])
    assert shape(made)[1:] == [("trees", 3, False, True, False)]
    assert made.corpora[1].sentences[0].relations == ["nsubj", "root"]


def test_a_tree_share_counts_steps_for_each_step_of_the_rest(conll, build, text):
    made = plan("projected+distill+parse", Teacher(), language="hau", text=[text], limit=3, tree_share=0.5)
    rest = [len(one.sentences) for one in made.corpora[:2]]
    assert [one.share for one in made.corpora] == pytest.approx([*(count / sum(rest) for count in rest), 0.5])
    assert [one.share for one in plan("direct+parse", language="hau").corpora] == [None, None]


def test_a_parser_teaches_the_sentences_of_the_arm_in_place_of_a_treebank(build):
    made = plan("projected+parse", None, Parser(), language="hau", limit=4)
    assert shape(made) == [("projected", 4, True, False, True)] and made.relations == ["root", "dep"]
    soft = made.sources[0].make()
    assert soft.labels(0).sum() == 0 and soft.relations == 2
    assert soft.tree(0)[0].shape == (len(build[0].sentence.tokens), len(build[0].sentence.tokens) + 1)


def test_a_parser_reads_the_target_side_where_labels_come_from_the_source_side(build):
    made = plan("distill-aligned+parse", Teacher(), Parser(), language="hau", limit=4)
    soft = made.sources[0].make()
    for number, row in enumerate(build[:4]):
        assert len(soft.labels(number)) == len(soft.tree(number)[0]) == len(row.sentence.tokens)


def test_trees_of_the_source_side_are_carried_over_on_request(build):
    made = plan("projected+parse", None, Parser(), language="hau", limit=20, project_trees=True)
    (name, count, is_labelled, parsed, soft) = shape(made)[1]
    assert (name, is_labelled, parsed, soft) == ("projected trees", False, True, False) and 0 < count <= 20
    assert count + sum(made.facts["projected_trees_rejected"].values()) == 20
    relations = Counter(r for s in made.corpora[1].sentences for r in s.relations)
    assert set(relations) <= {"root", "dep", None}


# What an arm has no use for


@pytest.mark.parametrize(
    ("arm", "needs", "message"),
    [
        ("projected", {"trees": ["x.conllu"]}, "ignores trees.*parse"),
        ("projected", {"tree_share": 0.5}, "ignores tree share.*parse"),
        ("projected", {"text": ["x.txt"]}, "ignores text.*distill"),
        ("distill-aligned+parse", {"text": ["x.txt"]}, "ignores text.*distill"),
    ],
)
def test_what_an_arm_does_not_read_is_refused(build, arm, needs, message):
    with pytest.raises(XnerError, match=message):
        plan(arm, Teacher(), language="hau", **needs)


def test_an_arm_without_parse_takes_no_parser(build):
    with pytest.raises(XnerError, match="ignores the parser.*projected[+]parse"):
        plan("projected", None, Parser(), language="hau")
