"""Attachment scores of dependency trees: how many words have the right head, the right relation, and both.

The words are given, so every score is an accuracy over words; with gold words it equals the F1 of the CoNLL 2018
shared task (Zeman et al. 2018). Plain Python; nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import NamedTuple

from xner_hf.errors import XnerError, nearest

CONVENTIONS = ("conll2018", "full", "no-punctuation")
"""Which words count and when relations are the same; see `attachment_scores`."""

Tree = tuple[Sequence[int], Sequence[str]]
"""Heads and relations of one sentence: a head is 0 for the root, else the number of a word, counted from 1."""


class AttachmentCounts(NamedTuple):
    """Words that count, and those of them with the right head, the right relation, and both."""

    words: int = 0
    heads: int = 0
    relations: int = 0
    both: int = 0

    @property
    def uas(self) -> float:
        """Unlabelled attachment score, heads / words in [0, 1]; 0.0 without words."""
        return self.heads / self.words if self.words else 0.0

    @property
    def las(self) -> float:
        """Labelled attachment score, both / words in [0, 1]; 0.0 without words."""
        return self.both / self.words if self.words else 0.0

    @property
    def label_accuracy(self) -> float:
        """relations / words in [0, 1], whatever the heads; 0.0 without words."""
        return self.relations / self.words if self.words else 0.0


def sentence_attachment_counts(gold: Tree, predicted: Tree, convention: str = "conll2018") -> AttachmentCounts:
    """Count the words of one sentence that are attached correctly.

    Args:
        gold: heads and relations.
        predicted: heads and relations of the same words.
        convention: see `attachment_scores`.

    Raises:
        XnerError: as `attachment_scores` does.
    """
    _check_convention(convention)
    return _count(gold, predicted, convention, "")


def merge_attachment_counts(sentences: Iterable[AttachmentCounts]) -> AttachmentCounts:
    """Sum counts over sentences, for instance those that a bootstrap drew."""
    words = heads = relations = both = 0
    for counts in sentences:
        words += counts.words
        heads += counts.heads
        relations += counts.relations
        both += counts.both
    return AttachmentCounts(words, heads, relations, both)


def from_attachment_counts(counts: AttachmentCounts, sentences: int) -> dict:
    """Return what `attachment_scores` returns, from counts that were summed over `sentences` sentences."""
    return {
        "uas": counts.uas,
        "las": counts.las,
        "label_accuracy": counts.label_accuracy,
        "words": counts.words,
        "correct_heads": counts.heads,
        "correct_relations": counts.relations,
        "correct_both": counts.both,
        "sentences": sentences,
    }


def attachment_scores(gold: Sequence[Tree], predicted: Sequence[Tree], convention: str = "conll2018") -> dict:
    """Score predicted dependency trees against gold ones, over the words of the corpus.

    Only heads and relations are compared; that the heads form a tree is not checked.

    Args:
        gold: heads and relations of every sentence.
        predicted: the same of the same sentences, in the same order.
        convention: "conll2018" compares relations up to the first ":" (``nsubj:pass`` is ``nsubj``) and counts every
            word, as the CoNLL 2018 shared task does; "full" compares whole relations and counts every word;
            "no-punctuation" compares as "conll2018" does and leaves out the words whose gold relation is ``punct``, as
            the CoNLL-X shared task left out punctuation (Buchholz & Marsi 2006; by characters, as it had no such
            relation).

    Returns:
        Floats in [0, 1]: ``uas`` (right heads), ``las`` (right heads and relations) and ``label_accuracy`` (right
        relations, whatever the heads), 0.0 where no word counts. Numbers: ``words`` that count, ``correct_heads``,
        ``correct_relations``, ``correct_both``, and ``sentences``.

    Raises:
        XnerError: the numbers of sentences differ, a sentence has two lengths, a head is not a number from 0 to the
            length of its sentence, a relation is no name, or `convention` is unknown. Messages count sentences from 0
            and words from 1, as heads do.
    """
    _check_convention(convention)
    if len(gold) != len(predicted):
        raise XnerError(
            f"The gold has {len(gold)} sentences but the prediction has {len(predicted)}. "
            "Give one pair of heads and relations per gold sentence."
        )
    counts = (
        _count(of_gold, of_predicted, convention, f"sentence {i}: ")
        for i, (of_gold, of_predicted) in enumerate(zip(gold, predicted, strict=True))
    )
    return from_attachment_counts(merge_attachment_counts(counts), len(gold))


def _check_convention(convention: str) -> None:
    if convention not in CONVENTIONS:
        raise XnerError(
            f"The convention {convention!r} is unknown; there is {', '.join(CONVENTIONS)}."
            f"{nearest(str(convention), list(CONVENTIONS))}"
        )


def _count(gold: Tree, predicted: Tree, convention: str, where: str) -> AttachmentCounts:
    gold_heads, gold_relations = _read(gold, convention, f"{where}gold: ")
    heads, relations = _read(predicted, convention, f"{where}prediction: ")
    if len(gold_heads) != len(heads):
        raise XnerError(
            f"{where}the gold has {len(gold_heads)} words but the prediction has {len(heads)}. "
            "Parse the gold words: these scores cannot compare two tokenisations."
        )
    words = right_heads = right_relations = both = 0
    for gold_head, gold_relation, head, relation in zip(gold_heads, gold_relations, heads, relations, strict=True):
        if convention == "no-punctuation" and gold_relation == "punct":
            continue
        words += 1
        right_heads += head == gold_head
        right_relations += relation == gold_relation
        both += head == gold_head and relation == gold_relation
    return AttachmentCounts(words, right_heads, right_relations, both)


def _read(tree: Tree, convention: str, where: str) -> tuple[Sequence[int], list[str]]:
    """Return the heads and the relations as they are compared, after checking them."""
    if len(tree) != 2 or isinstance(tree[1], str):
        raise XnerError(
            f"{where}{tree!r} is not a pair of lists. A sentence is (heads, relations), one of each per word."
        )
    heads, relations = tree
    if len(heads) != len(relations):
        raise XnerError(
            f"{where}there are {len(heads)} heads but {len(relations)} relations. Give one of each per word."
        )
    for word, (head, relation) in enumerate(zip(heads, relations, strict=True), 1):
        if not isinstance(head, Integral) or not 0 <= head <= len(heads):
            raise XnerError(
                f"{where}word {word}: the head {head!r} is not a number from 0 to {len(heads)}. "
                "Heads count the words of the sentence from 1, and 0 marks the root."
            )
        if not isinstance(relation, str) or not relation:
            raise XnerError(
                f"{where}word {word}: the relation {relation!r} is not a name. Turn label numbers into names first."
            )
    return heads, list(relations) if convention == "full" else [relation.partition(":")[0] for relation in relations]
