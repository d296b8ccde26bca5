"""The arms of a study: from the settings of a run to what its student is trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xner_hf.corpora.labelled import BuildRow
from xner_hf.corpora.sentence import Sentence
from xner_hf.errors import XnerError
from xner_hf.pipeline.store import digest
from xner_hf.spans import ENTITY_TYPES, Span
from xner_hf.study.data import Row, StudyText, source_sentences, text_digest, tree_sentences
from xner_hf.training.data import Corpus
from xner_hf.training.parsers import ParserTeacher
from xner_hf.training.soft_labels import Labeller
from xner_hf.training.training_data import TrainingData


@dataclass
class StudyData(TrainingData):
    """What the student of a run is trained on; the first corpus has the entity labels.

    Attributes:
        signatures: digests of the data, and under ``text`` where the sentences of the language come from.
    """

    signatures: dict[str, str] = field(default_factory=dict)


def training_data(
    settings: Mapping[str, Any],
    text: StudyText | None,
    teacher: Labeller | None = None,
    parser: ParserTeacher | None = None,
) -> StudyData:
    """Return what the student of a run is trained on.

    Args:
        settings: of the run.
        text: the sentences of its language; None for an arm that reads none.
        teacher: labels the source side, the target side or further text, as the arm has it.
        parser: of the source language, for ``trees: projected``.

    Raises:
        XnerError: something that the arm needs is not there.
    """
    arm = settings["arm"].removesuffix("+parse")
    rows = text.train if text else []
    data = StudyData([Corpus(arm, _labelled(arm, settings, rows))])
    data.signatures["sentences"] = text_digest(data.corpora[0].sentences)
    if text:
        data.signatures["text"] = text.origin
    if "distill" in arm:
        data.distil(teacher, _build_rows(rows) if "distill-aligned" in arm else None)
        data.signatures["teacher"] = teacher.signature()
    if settings["trees"] != "none":
        _add_trees(data, settings, rows, teacher, parser)
    return data


def _labelled(arm: str, settings: Mapping[str, Any], rows: Sequence[Row]) -> list[Sentence]:
    if arm == "direct":
        return source_sentences(settings["source_labels"], settings["sentences"])
    if arm == "gold":
        if any(row.gold is None for row in rows):
            raise XnerError(
                f"the arm {settings['label']} needs sentences with gold labels and a human translation, which "
                f"{settings['gold']} does not have here. Restrict the arm with languages."
            )
        noise, seed = settings["noise"] or 0.0, settings["seed"]
        return [
            Sentence(row.id, row.tokens, corrupt_labels(row.gold or (), len(row.tokens), noise, [seed, row.id]))
            for row in rows
        ]
    if arm.startswith("projected"):
        return [Sentence(row.id, row.tokens, row.projected) for row in rows]
    return [Sentence(row.id, row.tokens) for row in rows]


def _add_trees(
    data: StudyData,
    settings: Mapping[str, Any],
    rows: Sequence[Row],
    teacher: Labeller | None,
    parser: ParserTeacher | None,
) -> None:
    kind = settings["trees"]
    if kind == "projected":
        trees, _ = data.project_trees(parser, _build_rows(rows), settings["tree_sentences"])
        data.signatures["parser"] = parser.signature()
    else:
        trees = tree_sentences(settings["tree_corpus"], settings["tree_sentences"], settings["code"])
        trees = random_trees(trees) if kind == "random" else trees
    if not trees:
        raise XnerError(f"{settings['language']}: there are no trees to train on ({kind}).")
    data.signatures["trees"] = text_digest(trees)
    share = float(settings["tree_share"])
    data.corpora[0].share = 1.0
    if kind == "text":
        data.signatures["teacher"] = teacher.signature()
        data.corpora.append(Corpus("text", [Sentence(one.id, one.tokens) for one in trees], share=share))
        data.distil(teacher)
        return
    data.add_trees(trees, share)


def _build_rows(rows: Sequence[Row]) -> list[BuildRow]:
    return [BuildRow(Sentence(row.id, row.tokens), row.source, row.links) for row in rows]


def corrupt_labels(spans: Sequence[Span], length: int, noise: float, seed: Sequence[Any]) -> list[Span]:
    """Return entities of which a share is made wrong: half of these are dropped, a quarter get another type, a quarter
    are one word longer or shorter at the end. The same arguments give the same entities.

    Args:
        spans: entities of a sentence, sorted by position.
        length: its words.
        noise: share of the entities, in [0, 1].
        seed: whatever decides which.
    """
    random = np.random.default_rng(int(digest(seed), 16))
    kept: list[Span] = []
    for number, span in enumerate(spans):
        wrong, how, which = random.random() < noise, random.random(), random.random()
        if not wrong:
            kept.append(span)
        elif how >= 0.75:
            others = [name for name in ENTITY_TYPES if name != span.label]
            kept.append(span._replace(label=others[int(which * len(others))]))
        elif how >= 0.5:
            limit = spans[number + 1].start if number + 1 < len(spans) else length
            longer = span.end < limit and (which < 0.5 or span.end - span.start == 1)
            end = span.end + 1 if longer else span.end - 1
            if end > span.start:
                kept.append(span._replace(end=end))
    return kept


def random_trees(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Return the sentences with a random tree each; the relations of a sentence are shuffled among its words.

    The shape is uniform over labelled rooted trees (a Prüfer sequence and a root); the same sentence always gets the
    same tree.
    """
    return [_random_tree(one) for one in sentences]


def _random_tree(sentence: Sentence) -> Sentence:
    size = len(sentence.tokens)
    random = np.random.default_rng(int(digest(sentence.id, sentence.tokens), 16))
    root = int(random.integers(size))
    neighbours = _random_edges(size, random)
    heads = [0] * size
    seen, queue = {root}, [root]
    for word in queue:
        for other in neighbours[word]:
            if other not in seen:
                seen.add(other)
                heads[other] = word + 1
                queue.append(other)
    relations = list(sentence.relations or ())
    top = relations.pop((sentence.heads or ()).index(0))
    relations = [relations[i] for i in random.permutation(len(relations))]
    relations.insert(root, top)
    return Sentence(sentence.id, sentence.tokens, heads=heads, relations=relations)


def _random_edges(size: int, random: np.random.Generator) -> list[list[int]]:
    """Return the neighbours of every node of a uniformly random tree over `size` nodes."""
    neighbours: list[list[int]] = [[] for _ in range(size)]
    if size < 2:
        return neighbours
    sequence = [int(one) for one in random.integers(size, size=size - 2)]
    left = [1 + sequence.count(node) for node in range(size)]
    for node in sequence:
        leaf = left.index(1)
        neighbours[leaf].append(node)
        neighbours[node].append(leaf)
        left[leaf] = 0
        left[node] -= 1
    one, other = (node for node in range(size) if left[node] == 1)
    neighbours[one].append(other)
    neighbours[other].append(one)
    return neighbours
