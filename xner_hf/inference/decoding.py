"""From scores to structures: valid IOB2 tags, dependency trees with one root, and the relations of their arcs.

Everything takes padded batches of word-level scores as numpy arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from xner_hf.errors import XnerError

if TYPE_CHECKING:
    import numpy as np

IMPOSSIBLE = -1e30
"""Scores up to this one count as minus infinity, so that masks filled with the least float32 or float64 do, too."""

ROOT_RELATION = "root"
"""Name of the relation that the root of a sentence bears, and no other word."""


def decode_tags(log_probabilities: np.ndarray, lengths: Sequence[int], labels: Sequence[str]) -> list[list[str]]:
    """Return the tags with the largest sum of scores among the valid ones (Viterbi).

    An ``I-X`` may follow only ``B-X`` or ``I-X``. Where the best label of every word makes a valid sequence, it is the
    result. Where impossible labels cannot be avoided, as few as can be are taken, and the tags are valid all the same.

    Args:
        log_probabilities: log-probabilities or other additive scores ``[sentences, words, labels]``. What stands
            beyond the length of a sentence is not looked at.
        lengths: words per sentence, 0 to ``words``.
        labels: names of the last axis: ``O``, ``B-TYPE`` and ``I-TYPE`` in any order.

    Returns:
        One list of tags per sentence, as long as the sentence.

    Raises:
        XnerError: shapes, lengths or labels do not fit, a label is not IOB2, or a score is NaN or plus infinity.
    """
    import numpy as np

    from xner_hf.models.words_xner import best_valid_path

    first, following = _allowed(tuple(labels))
    scores = np.asarray(log_probabilities, np.float64)
    inside = _words_inside(scores, lengths, "log_probabilities", "sentences, words, labels")
    if scores.shape[2] != len(labels):
        raise XnerError(
            f"log_probabilities: the last axis has {scores.shape[2]} labels but {len(labels)} names are given. "
            "Give the label names of the model, in its order."
        )
    if not scores.shape[1]:
        return [[] for _ in lengths]
    # Padding scores 0 for every label. As something may follow every label, no path gains or loses by it.
    scores = np.where(inside[:, :, None], _finite(scores, inside, "log_probabilities"), 0.0)
    paths = scores.argmax(-1)
    valid = first[paths[:, 0]] & (following[paths[:, :-1], paths[:, 1:]] | ~inside[:, 1:]).all(1)
    if not valid.all():
        paths[~valid] = best_valid_path(scores[~valid], first, following)
    return [[labels[number] for number in path[:length]] for path, length in zip(paths, lengths, strict=True)]


def decode_trees(arc_scores: np.ndarray, lengths: Sequence[int]) -> list[list[int]]:
    """Return the dependency tree with the largest sum of arc scores among all trees with exactly one root.

    Trees may be non-projective. Where the best head of every word makes such a tree, it is the result; other sentences
    go through the algorithm of Chu & Liu (1965) and Edmonds (1967). That there is one root is part of the order of
    the arcs, not a constant taken off their scores (Stanojević & Cohen 2021, "A Root of the Problem"), so it costs no
    precision. Where impossible arcs cannot be avoided, as few as can be are taken.

    Args:
        arc_scores: ``[sentences, words, words + 1]``; ``[b, i, h]`` scores word h, counted from 1, as head of the
            word at position i, and ``[b, i, 0]`` the word as root. They may be raw: a constant per word, such as the
            normaliser of a softmax, changes no result. A word as its own head and what stands beyond the length of a
            sentence are not looked at.
        lengths: words per sentence, 0 to ``words``.

    Returns:
        The head of every word, one list per sentence: words count from 1, and 0 marks the root.

    Raises:
        XnerError: shapes or lengths do not fit, or a score is NaN or plus infinity.
    """
    import numpy as np

    scores = np.asarray(arc_scores, np.float64)
    inside = _words_inside(scores, lengths, "arc_scores", "sentences, words, words + 1")
    words = scores.shape[1]
    heads = np.arange(words + 1)
    allowed = inside[:, :, None] & (heads <= np.asarray(lengths, int)[:, None, None]) & (heads != heads[1:, None])
    _refuse_unordered(scores, allowed, "arc_scores")
    scores = np.where(allowed & (scores > IMPOSSIBLE), scores, -np.inf)
    greedy = scores.argmax(-1)
    above = np.concatenate([np.zeros((len(scores), 1), int), greedy], 1)
    for _ in range(words.bit_length()):  # afterwards, the ancestor 2 ** bit_length levels up: 0 unless on a cycle
        above = np.take_along_axis(above, above, 1)
    finished = ~above.any(1) & (((greedy == 0) & inside).sum(1) == 1)
    return [
        greedy[i, :length].tolist() if finished[i] else _best_tree(scores[i, :length, : length + 1])
        for i, length in enumerate(lengths)
    ]


def decode_relations(
    rel_scores: np.ndarray, heads: Sequence[Sequence[int]], relations: Sequence[str]
) -> list[list[str]]:
    """Return the best relation of every word to its head.

    Where ``root`` is among the relations, words with head 0 get it, whatever its score, and no other word does.

    Args:
        rel_scores: ``[sentences, words, words + 1, relations]``; heads as in `decode_trees`.
        heads: head of every word, one list per sentence; words count from 1, and 0 marks the root.
        relations: names of the last axis.

    Raises:
        XnerError: shapes, heads or relations do not fit, or a score of a chosen arc is NaN or plus infinity.
    """
    import numpy as np

    scores = np.asarray(rel_scores)
    lengths = [len(of_sentence) for of_sentence in heads]
    inside = _words_inside(scores, lengths, "rel_scores", "sentences, words, words + 1, relations")
    if scores.shape[3] != len(relations) or not relations:
        raise XnerError(
            f"rel_scores: the last axis has {scores.shape[3]} relations but {len(relations)} names are given. "
            "Give the relation names of the model, in its order, and at least one."
        )
    padded = np.zeros(inside.shape, int)
    for i, of_sentence in enumerate(heads):
        for word, head in enumerate(of_sentence, 1):
            if not 0 <= head <= len(of_sentence):
                raise XnerError(
                    f"sentence {i}, word {word}: the head {head} is not in a sentence of {len(of_sentence)} words. "
                    "Heads count words from 1, and 0 marks the root."
                )
        padded[i, : len(of_sentence)] = of_sentence
    chosen = np.take_along_axis(scores, padded[:, :, None, None], 2)[:, :, 0].astype(np.float64)
    _refuse_unordered(chosen, inside[:, :, None], "rel_scores of the chosen heads")
    numbers = [number for number, name in enumerate(relations) if name != ROOT_RELATION]
    if not numbers and padded.any():
        raise XnerError("The only relation is 'root', but there are words with a head. Give a relation for them.")
    with_root = len(numbers) < len(relations)
    best = chosen[:, :, numbers].argmax(-1) if numbers else padded
    return [
        [
            ROOT_RELATION if with_root and not head else relations[numbers[number]]
            for head, number in zip(of_sentence, best[i], strict=False)
        ]
        for i, of_sentence in enumerate(heads)
    ]


def _words_inside(scores: np.ndarray, lengths: Sequence[int], name: str, axes: str) -> np.ndarray:
    """Return which words belong to their sentence, ``[sentences, words]``, after checking that `lengths` fit."""
    import numpy as np

    square = "words + 1" in axes
    if scores.ndim != axes.count(",") + 1 or (square and scores.shape[2] != scores.shape[1] + 1):
        raise XnerError(f"{name}: the shape is {list(scores.shape)}, but [{axes}] is needed.")
    sentences, words = scores.shape[:2]
    if len(lengths) != sentences:
        raise XnerError(
            f"{name}: there are scores of {sentences} sentences but {len(lengths)} lengths. Give one each."
        )
    for i, length in enumerate(lengths):
        if not 0 <= length <= words:
            raise XnerError(f"{name}: sentence {i} has {length} words, but there are scores of 0 to {words} words.")
    return np.arange(words) < np.asarray(lengths, int)[:, None]


def _refuse_unordered(scores: np.ndarray, read: np.ndarray, name: str) -> None:
    """Raise an XnerError when one of the scores that are `read` is NaN or so large that it stands for infinity."""
    import numpy as np

    wrong = np.argwhere(read & ~(scores < -IMPOSSIBLE))
    if len(wrong):
        raise XnerError(
            f"{name}: {scores[tuple(wrong[0])]} at {wrong[0].tolist()} is not a score below {-IMPOSSIBLE:g}. "
            "The model diverged, or a softmax was taken over a fully masked row."
        )


def _finite(scores: np.ndarray, inside: np.ndarray, name: str) -> np.ndarray:
    """Return the scores with impossible ones replaced by one so low that no path gains by taking one more of them."""
    import numpy as np

    _refuse_unordered(scores, inside[:, :, None], name)
    possible = scores[inside][scores[inside] > IMPOSSIBLE]
    low, high = (possible.min(), possible.max()) if possible.size else (0.0, 0.0)
    return np.where(scores > IMPOSSIBLE, scores, low - (scores.shape[1] + 1) * (1 + high - low))


@lru_cache(maxsize=16)
def _allowed(labels: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the `tag_order` of labels, after checking them."""
    from xner_hf.models.words_xner import tag_order

    for number, label in enumerate(labels):
        if not isinstance(label, str) or label != "O" and (label[:2] not in ("B-", "I-") or len(label) == 2):
            raise XnerError(f"label {number}: {label!r} is not an IOB2 label. Labels are 'O', 'B-TYPE' or 'I-TYPE'.")
    if len(set(labels)) < len(labels):
        raise XnerError(f"The labels {', '.join(labels)} name one twice. Give every label one name.")
    first, following = tag_order(labels)
    if not first.any():
        raise XnerError(
            f"The labels {', '.join(labels) or '(none)'} can open no sentence. Add 'O' or a 'B-TYPE' to them."
        )
    return first, following


def _best_tree(scores: np.ndarray) -> list[int]:
    """Return the heads of the best tree with one root; scores ``[n, n + 1]``, minus infinity where impossible.

    Chu-Liu/Edmonds by growing paths (Tarjan 1977): follow best heads until the path reaches a finished node or
    closes a cycle; contract the cycle into a new node, and go on from there. O(n^2) for a complete graph.

    Arcs are ordered by rank first and by score among equals, which the algorithm allows: it only adds, subtracts and
    compares. The rank of a tree counts its roots before its impossible arcs.
    """
    import numpy as np

    n = len(scores)
    possible = scores > -np.inf
    first_ranks = possible - 1.0
    first_ranks[:, 0] -= n + 1
    first_ranks[np.arange(n), np.arange(1, n + 1)] = -np.inf  # never: a node as its own head
    # Nodes are the root 0, the words from 1, and contracted cycles after them; heads are always words or the root.
    rank, value = [None, *first_ranks], [None, *np.where(possible, scores, 0.0)]
    outermost = np.arange(n + 1)
    head_of, finished = [0] * (n + 1), [True] + [False] * n
    entered: dict[int, np.ndarray] = {}  # by cycle: which of its nodes an arc from each head enters

    for word in range(1, n + 1):
        node, path = int(outermost[word]), []
        while not finished[node]:
            if node in path:
                cycle = path[path.index(node) :]
                del path[-len(cycle) :]
                node = len(rank)
                ranks, values = np.stack([rank[i] for i in cycle]), np.stack([value[i] for i in cycle])
                rank.append(ranks.max(0))
                by = np.where(ranks == rank[node], values, -np.inf).argmax(0)
                value.append(values[by, np.arange(n + 1)])
                within = np.isin(outermost, cycle)
                rank[node][within], outermost[within] = -np.inf, node
                entered[node] = np.array(cycle)[by]
                head_of.append(0)
                finished.append(False)
            path.append(node)
            head = int(np.where(rank[node] == rank[node].max(), value[node], -np.inf).argmax())
            # What is left is the change of the tree when the cycle that this arc may close is entered elsewhere.
            rank[node], value[node] = rank[node] - rank[node][head], value[node] - value[node][head]
            head_of[node] = head
            node = int(outermost[head])
        for node in path:
            finished[node] = True
    for node in reversed(entered):
        head_of[entered[node][head_of[node]]] = head_of[node]
    return head_of[1 : n + 1]
