"""What the arms of a study learn from: their sentences, labels, teachers and trees, and for how many steps."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.align import Link
from xner_hf.corpora.sentence import Sentence
from xner_hf.corpora.treebank import tree_fault
from xner_hf.demo import tiny_backbone, tiny_tokenizer
from xner_hf.errors import XnerError
from xner_hf.spans import ENTITY_TYPES, Span, check_spans
from xner_hf.study.data import BUILD, TRANSLATIONS, Row, StudyText
from xner_hf.study.parts import STUDY_ARMS
from xner_hf.study.students import corrupt_labels, random_trees, training_data
from xner_hf.training.config import TrainingConfig
from xner_hf.training.student import new_student, train_student

TARGET = [
    ["Musa", "nolimo", "Kano", "."],
    ["Kano", "en", "dala", "."],
    ["Amina", "oweyo", "Jos", "."],
    ["Koth", "ochwe", "nyoro", "."],
    ["Halima", "odak", "Zaria", "."],
    ["Jos", "ber", "ahinya", "."],
]
SOURCE = [
    ["Musa", "visited", "Kano", "."],
    ["Kano", "is", "home", "."],
    ["Amina", "left", "Jos", "."],
    ["Rain", "fell", "yesterday", "."],
    ["Halima", "lives", "Zaria", "."],
    ["Jos", "is", "good", "."],
]
TREES = [["Dogs", "bark", "."], ["Cats", "sleep", "."], ["Birds", "sing", "songs", "."], ["Fish", "swim", "."]]
LINKS = [Link(i, i, 0.9) for i in range(4)]


def rows(gold=True):
    """Six sentences: the projection finds one entity of type PER in each, the gold says ORG of another word."""
    return [
        Row(f"r{i}", tokens, SOURCE[i], LINKS, [Span(0, 1, "PER", 0.8)], [Span(2, 3, "ORG")] if gold else None)
        for i, tokens in enumerate(TARGET)
    ]


TEXT = StudyText(rows(), [], {}, TRANSLATIONS)


class Oracle:
    """A teacher that takes every word for a place."""

    def distributions(self, sentences):
        row = np.eye(7, dtype=np.float32)[5]
        return [np.tile(row, (len(words), 1)) for words in sentences]

    def signature(self):
        return "0a0a"


class Parser:
    """A parser that hangs every word on the second one."""

    relations = ("root", "dep", "punct")

    def parse(self, sentences):
        return [
            Sentence(str(i), words, heads=[2, 0, 2, 2][: len(words)], relations=["dep", "root", "dep", "punct"])
            for i, words in enumerate(sentences)
        ]

    def signature(self):
        return "0b0b"


@pytest.fixture
def settings(tmp_path):
    """The function that returns what decides a lesson, with the treebank and the source labels in files."""
    lines = []
    for words in TREES:
        for place, word in enumerate(words, 1):
            head, relation = ("0", "root") if place == 2 else ("2", "dep")
            lines.append(f"{place}\t{word}\t_\tX\t_\t_\t{head}\t{relation}\t_\t_")
        lines.append("")
    (tmp_path / "own.conllu").write_text("\n".join([*lines, ""]), encoding="utf-8")
    labels = "".join("".join(f"{word} B-LOC\n" for word in words) + "\n" for words in SOURCE)
    (tmp_path / "source.conll").write_text(labels, encoding="utf-8")

    def make(arm, trees=None, **changes):
        trees = trees or ("source" if arm.endswith("+parse") else "none")
        return {
            "label": arm,
            "arm": arm,
            "trees": trees,
            "language": "luo",
            "code": "luo",
            "gold": "masakhane/masakhaner2:luo",
            "seed": 1,
            "noise": None,
            "sentences": 6,
            "source_labels": f"{tmp_path}/source.conll/train",
            "tree_corpus": str(tmp_path / "own.conllu"),
            "tree_sentences": None,
            "tree_share": 0.5,
        } | changes

    return make


def lesson(settings, text=TEXT):
    return training_data(settings, text, Oracle(), Parser())


CONTROLS = [("projected+distill-aligned", "text"), ("projected+distill-aligned+parse", "random")]
ALL = [(arm, None) for arm in STUDY_ARMS] + [("projected+distill-aligned+parse", "projected"), *CONTROLS]


# Random trees


def sentence(size, number=0):
    heads = [0, *range(1, size)]
    return Sentence(f"s{number}", [f"w{i}" for i in range(size)], heads=heads, relations=[f"r{h}" for h in heads])


@given(st.integers(1, 25), st.integers(0, 1000))
def test_a_random_tree_is_a_tree_with_one_root_and_the_same_relations(size, number):
    before = sentence(size, number)
    (after,) = random_trees([before])
    assert tree_fault(after.heads) is None and after.heads.count(0) == 1
    assert sorted(after.relations) == sorted(before.relations)
    assert after.relations[after.heads.index(0)] == before.relations[before.heads.index(0)]
    assert (after.id, after.tokens) == (before.id, before.tokens)
    assert random_trees([before]) == [after]


def test_all_nine_rooted_trees_over_three_words_come_equally_often():
    found = Counter(tuple(one.heads) for one in random_trees([sentence(3, number) for number in range(1800)]))
    assert len(found) == 9
    # 200 of each are expected, with a deviation of 13.
    assert all(150 < count < 250 for count in found.values())


def test_every_one_of_the_64_rooted_trees_over_four_words_comes():
    assert len({tuple(one.heads) for one in random_trees([sentence(4, number) for number in range(1500)])}) == 64


# Spoiled labels


@st.composite
def labelled(draw):
    """Words and entities, sorted and apart."""
    length = draw(st.integers(1, 15))
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=8)))
    spans = [
        Span(start, end, draw(st.sampled_from(ENTITY_TYPES)))
        for start, end in zip(cuts, cuts[1:], strict=False)
        if draw(st.booleans())
    ]
    return length, spans


@given(labelled(), st.integers(0, 50), st.floats(0, 1))
def test_spoiled_entities_lie_in_the_sentence_and_apart(made, seed, noise):
    length, spans = made
    check_spans(corrupt_labels(spans, length, noise, [seed]), length, "here")


@given(labelled(), st.integers(0, 50))
def test_no_noise_changes_nothing_and_full_noise_leaves_none_as_it_was(made, seed):
    length, spans = made
    assert corrupt_labels(spans, length, 0.0, [seed]) == spans
    assert not set(corrupt_labels(spans, length, 1.0, [seed])) & set(spans)
    assert corrupt_labels(spans, length, 0.5, [seed]) == corrupt_labels(spans, length, 0.5, [seed])


def test_the_share_of_the_noise_and_its_kinds_are_as_told():
    span, counts = Span(2, 4, "PER"), Counter()
    for number in range(4000):
        (found,) = corrupt_labels([span], 8, 0.4, ["s", number]) or [None]
        if found == span:
            counts["right"] += 1
        elif found is None:
            counts["missing"] += 1
        else:
            counts["type" if found[:2] == span[:2] else "border"] += 1
            assert found in (Span(2, 4, "ORG"), Span(2, 4, "LOC"), Span(2, 5, "PER"), Span(2, 3, "PER"))
    assert 2300 < counts["right"] < 2500
    assert 700 < counts["missing"] < 900
    assert 320 < counts["type"] < 480 and 320 < counts["border"] < 480


# Training data


@pytest.mark.parametrize(("arm", "trees"), ALL)
def test_gold_reaches_the_arm_gold_alone(settings, arm, trees):
    found = lesson(settings(arm, trees))
    seen = [span.label for corpus in found.corpora for one in corpus.sentences for span in one.spans or ()]
    assert ("ORG" in seen) == arm.startswith("gold")


@pytest.mark.parametrize(("arm", "trees"), [one for one in ALL if not one[0].startswith("direct")])
def test_every_arm_has_the_same_sentences(settings, arm, trees):
    found = lesson(settings(arm, trees))
    assert [(one.id, one.tokens) for one in found.corpora[0].sentences] == [
        (f"r{i}", words) for i, words in enumerate(TARGET)
    ]
    assert found.signatures["text"] == TRANSLATIONS


@pytest.mark.parametrize(
    ("arm", "label", "soft", "linked"),
    [
        ("projected", "PER", False, False),
        ("distill", None, True, False),
        ("distill-aligned", None, True, True),
        ("projected+distill", "PER", True, False),
        ("projected+distill-aligned", "PER", True, True),
        ("gold", "ORG", False, False),
    ],
)
def test_an_arm_has_its_labels_and_its_teacher(settings, arm, label, soft, linked):
    for name in (arm, f"{arm}+parse"):
        found = lesson(settings(name))
        first = found.corpora[0]
        spans = [one.spans for one in first.sentences]
        assert (
            spans == [None if label is None else [Span(0, 1, "PER", 0.8) if label == "PER" else Span(2, 3, "ORG")]] * 6
        )
        assert first.soft == soft and (0 in found.sources) == soft
        if soft:
            source = found.sources[0]
            assert source.sentences == (SOURCE if linked else TARGET)
            assert (source.links, source.lengths) == (([LINKS] * 6, [4] * 6) if linked else (None, None))
            assert found.signatures["teacher"] == "0a0a"
        else:
            assert "teacher" not in found.signatures


def test_the_direct_arm_learns_source_labels_and_reads_no_target_sentence(settings):
    found = training_data(settings("direct"), None)
    assert [one.tokens for one in found.corpora[0].sentences] == SOURCE
    assert {span.label for one in found.corpora[0].sentences for span in one.spans} == {"LOC"}
    assert set(found.signatures) == {"sentences"}


def test_source_trees_come_as_a_corpus_of_their_own_without_labels(settings):
    found = lesson(settings("projected+parse"))
    first, second = found.corpora
    assert (first.share, second.share, second.name, second.soft) == (1.0, 0.5, "trees", False)
    assert [one.tokens for one in second.sentences] == TREES
    assert {tuple(one.heads) for one in second.sentences} == {(2, 0, 2), (2, 0, 2, 2)}
    assert not second.labelled and found.relations is None
    assert len(lesson(settings("projected+parse", tree_sentences=3)).corpora[1].sentences) == 3


def test_the_control_with_text_has_the_same_sentences_without_trees_labelled_by_the_teacher(settings):
    trees = lesson(settings("projected+distill-aligned+parse"))
    text = lesson(settings("projected+distill-aligned", "text"))
    extra = text.corpora[1]
    assert [one.tokens for one in extra.sentences] == TREES and extra.share == trees.corpora[1].share
    assert not extra.parsed and not extra.labelled and extra.soft
    assert text.sources[1].sentences == TREES and text.sources[1].links is None
    assert text.signatures["trees"] == trees.signatures["trees"]


def test_the_control_with_random_trees_has_other_trees_over_the_same_sentences(settings):
    true = lesson(settings("projected+parse")).corpora[1].sentences
    wrong = lesson(settings("projected+parse", "random")).corpora[1].sentences
    assert [one.tokens for one in wrong] == [one.tokens for one in true]
    assert [one.heads for one in wrong] != [one.heads for one in true]
    assert all(tree_fault(one.heads) is None for one in wrong)


def test_projected_trees_stand_over_the_sentences_of_the_study(settings):
    found = lesson(settings("projected+parse", "projected", tree_sentences=4))
    trees = found.corpora[1].sentences
    assert [one.tokens for one in trees] == TARGET[:4]
    assert trees[0].heads == [2, 0, 2, 2] and trees[0].relations == ["dep", "root", "dep", "punct"]
    assert found.relations == ["root", "dep", "punct"] and found.signatures["parser"] == "0b0b"


def test_noise_spoils_the_gold_twin_by_the_seed(settings):
    def spans(**changes):
        return [one.spans for one in lesson(settings("gold", **changes)).corpora[0].sentences]

    assert spans(noise=0.0) == [[Span(2, 3, "ORG")]] * 6
    assert spans(noise=0.5) == spans(noise=0.5) != spans(noise=0.5, seed=2)
    assert [Span(2, 3, "ORG")] not in spans(noise=1.0)


def test_the_gold_twin_of_a_build_is_refused(settings):
    with pytest.raises(XnerError, match="the arm gold needs sentences with gold labels and a human translation"):
        lesson(settings("gold"), StudyText(rows(gold=False), [], {}, BUILD))


def test_trees_that_cannot_be_carried_over_are_refused(settings):
    unlinked = [Row(one.id, one.tokens, one.source, [], [], None) for one in rows()]
    with pytest.raises(XnerError, match="luo: there are no trees to train on"):
        lesson(settings("projected+parse", "projected"), StudyText(unlinked, [], {}, BUILD))


# Steps


@pytest.fixture
def steps(settings, tmp_path):
    """The function that trains a small random student of an arm, and returns the steps on each corpus."""
    tokenizer = tiny_tokenizer([*TARGET, *SOURCE, *TREES])

    def train(arm, trees=None):
        found = lesson(settings(arm, trees))
        parses = arm.endswith("+parse")
        names = ["root", "dep", "punct"] if parses else []
        config = TrainingConfig(
            "from scratch",
            epochs=2,
            batch_size=2,
            max_length=32,
            checkpoints=False,
            seed=1,
            sampling="temperature" if settings(arm, trees)["trees"] == "none" else "shares",
        )
        student = new_student(config, names, tiny_backbone(tokenizer), tokenizer)
        folder = tmp_path / f"{arm}-{trees}"
        facts = train_student(found.corpora, folder, config, None, found.sources, quiet=True, student=student)
        return list(facts["steps"].values())

    return train


def test_arms_take_as_many_steps_on_their_sentences_with_and_without_trees(steps):
    arm = "projected+distill-aligned"
    assert steps(arm) == [3]  # of an epoch: six sentences in batches of two
    assert steps(f"{arm}+parse") == steps(f"{arm}+parse", "random") == steps(arm, "text") == [3, 2]
    assert steps("gold") == steps("distill") == [3]
    assert steps("gold+parse") == steps("direct+parse") == [3, 2]
