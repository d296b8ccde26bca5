from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.align.aligner import Link
from xner_hf.corpora.projected_trees import ProjectedTreeReport, project_tree, project_trees
from xner_hf.corpora.sentence import Sentence
from xner_hf.corpora.treebank import tree_fault
from xner_hf.errors import XnerError

# the old farmer sold goats
HEADS = [3, 3, 4, 0, 4]
RELATIONS = ["det", "amod", "nsubj", "root", "obj"]


def links(text):
    """Links from ``0-1 2-0:0.5``; the probability is 1 where none is given."""
    found = []
    for word in text.split():
        ends, _, score = word.partition(":")
        source, target = ends.split("-", 1)
        found.append(Link(int(source), int(target), float(score or 1)))
    return found


def projected(text, length):
    return project_tree(HEADS, RELATIONS, links(text), length)


@st.composite
def trees(draw):
    """Heads of a random tree with one root, whose words stand in any order."""
    size = draw(st.integers(1, 9))
    order = draw(st.permutations(range(size)))
    heads = [0] * size
    for place, word in enumerate(order[1:], start=1):
        heads[word] = order[draw(st.integers(0, place - 1))] + 1
    return heads, [f"r{i}" if head else "root" for i, head in enumerate(heads)]


@st.composite
def linked_trees(draw):
    heads, relations = draw(trees())
    length = draw(st.integers(1, 9))
    ends = st.tuples(st.integers(0, len(heads) - 1), st.integers(0, length - 1))
    scores = draw(st.dictionaries(ends, st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=25))
    return heads, relations, [Link(*end, score) for end, score in scores.items()], length


def test_a_tree_follows_its_words_to_another_order():
    # farmer old the / goats / sold: an object before the verb
    assert projected("0-2 1-1 2-0 3-4 4-3", 5) == ([5, 1, 1, 5, 0], ["nsubj", "amod", "det", "obj", "root"])


def test_words_without_link_have_no_head():
    assert projected("2-0 3-2 4-3", 5) == ([3, None, 0, 3, None], ["nsubj", None, "root", "obj", None])


def test_words_below_an_unlinked_word_go_to_its_nearest_linked_ancestor():
    assert projected("1-0 3-1", 2) == ([2, 0], ["amod", "root"])


def test_the_only_word_left_below_an_unlinked_root_becomes_the_root():
    assert projected("0-0 1-1 2-2", 3) == ([3, 3, 0], ["det", "amod", "root"])


@pytest.mark.parametrize("text", ["", "2-0 4-1", "0-0 1-1 4-2"])
def test_there_is_no_projection_without_one_root(text):
    assert projected(text, 3) is None


def test_a_target_word_takes_its_most_probable_source_word():
    assert projected("2-0:0.4 4-0:0.6 3-1", 2) == ([2, 0], ["obj", "root"])


def test_a_source_word_is_stood_for_by_its_most_probable_target_word():
    assert projected("3-0:0.4 3-1:0.6 3-2:0.5", 3) == ([None, 0, None], [None, "root", None])


def test_a_link_to_a_word_that_takes_another_source_word_does_not_count():
    # 3 is linked best to target 0, but target 0 takes 2; so target 1 stands for 3
    assert projected("2-0:0.9 3-0:0.8 3-1:0.2", 2) == ([2, 0], ["nsubj", "root"])


def test_the_leftmost_of_equal_links_counts_in_whatever_order_they_come():
    expected = ([2, 0, None], ["nsubj", "root", None])
    given_links = links("2-0 4-0 3-1 3-2")
    assert project_tree(HEADS, RELATIONS, given_links, 3) == expected
    assert project_tree(HEADS, RELATIONS, given_links[::-1], 3) == expected


@given(trees())
def test_identity_links_give_the_same_tree(tree):
    heads, relations = tree
    assert project_tree(heads, relations, [Link(i, i, 1.0) for i in range(len(heads))], len(heads)) == tree


@given(linked_trees())
def test_a_projection_is_a_tree_over_the_words_that_have_a_head(case):
    heads, relations, given_links, length = case
    found = project_tree(heads, relations, given_links, length)
    if found is None:
        return
    target_heads, target_relations = found
    assert len(target_heads) == len(target_relations) == length
    attached = [i for i, head in enumerate(target_heads, start=1) if head is not None]
    assert attached == [i for i, relation in enumerate(target_relations, start=1) if relation is not None]
    place = {0: 0} | {word: number for number, word in enumerate(attached, start=1)}
    assert tree_fault([place[target_heads[word - 1]] for word in attached]) is None
    assert all((head == 0) == (name == "root") for head, name in zip(target_heads, target_relations, strict=True))


@given(linked_trees())
def test_every_head_is_linked_to_an_ancestor(case):
    heads, relations, given_links, length = case
    found = project_tree(heads, relations, given_links, length)
    pairs = {(link.source, link.target) for link in given_links}
    for target, head in enumerate(found[0] if found else []):
        if head:
            sources = [source for source in range(len(heads)) if (source, target) in pairs]
            ancestors = set()
            for source in sources:
                above = heads[source]
                while above:
                    ancestors.add(above - 1)
                    above = heads[above - 1]
            assert any((ancestor, head - 1) in pairs for ancestor in ancestors)


@pytest.mark.parametrize(
    ("heads", "relations", "text", "message"),
    [
        ([2, 1], ["a", "b"], "0-0", "no_root"),
        ([0, 0], ["root", "root"], "0-0", "several_roots"),
        ([0, 1], ["root"], "0-0", "2 source heads but 1 relations"),
        ([0, 1], ["root", "a"], "2-0", "the link 2-0 points outside a pair of 2 and 2 words"),
        ([0, 1], ["root", "a"], "0-2", "the link 0-2 points outside"),
        ([0, 1], ["root", "a"], "0-1 1--1", "the link 1--1 points outside"),
    ],
)
def test_wrong_input_is_refused(heads, relations, text, message):
    with pytest.raises(XnerError, match=message):
        project_tree(heads, relations, links(text), 2)


def source(heads=HEADS, relations=RELATIONS):
    return Sentence("s", [f"w{i}" for i in range(len(heads))], heads=heads, relations=relations)


def test_pairs_are_yielded_or_counted_by_the_reason_of_their_rejection():
    words = ["a", "b", "c", "d", "e"]
    pairs = [
        ("whole", source(), words, links("0-0 1-1 2-2 3-3 4-4")),
        ("four of five", source(), words, links("0-0 1-1 2-2 3-3")),
        ("three of five", source(), words, links("0-0 1-1 3-3")),
        ("no links", source(), words, []),
        ("no words", source(), [], []),
        ("headless", source(), ["a", "b"], links("2-0 4-1")),
        ("circle", source([2, 1, 0], ["a", "b", "root"]), ["a"], links("2-0")),
        ("two", source([0, 0], ["root", "root"]), ["a", "b"], links("0-0 1-1")),
    ]
    report = ProjectedTreeReport()
    assert list(project_trees(pairs, report)) == [
        Sentence("whole", words, heads=HEADS, relations=RELATIONS),
        Sentence("four of five", words, heads=[3, 3, 4, 0, None], relations=["det", "amod", "nsubj", "root", None]),
    ]
    assert report.yielded == 2
    assert report.rejected == {"few_heads": 1, "no_root": 3, "source_cycle": 1, "source_several_roots": 1}


def test_the_least_share_of_words_with_a_head_can_be_set():
    pairs = [("x", source(), ["a", "b", "c", "d", "e"], links("0-0 1-1 3-3"))]
    assert [s.id for s in project_trees(pairs, min_share=0.6)] == ["x"]
    assert list(project_trees(pairs, min_share=0.61)) == []
    with pytest.raises(XnerError, match="min_share is 80"):
        list(project_trees(pairs, min_share=80))


def test_errors_name_the_pair():
    with pytest.raises(XnerError, match="pair 'x': the source sentence has no dependency tree"):
        list(project_trees([("x", Sentence("s", ["a"]), ["b"], [])]))
    with pytest.raises(XnerError, match="pair 'x': the link 9-0 points outside"):
        list(project_trees([("x", source(), ["b"], links("9-0"))]))
