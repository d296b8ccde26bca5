"""Scores of (source entity, candidate span) pairs, each an array ``[entities, candidates]`` with values in [0, 1]."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from xner_hf.align.base import Link
from xner_hf.errors import XnerError
from xner_hf.project.transliterate import latin
from xner_hf.spans import ENTITY_TYPES, LABEL_NUMBER, NER_LABELS, Span

if TYPE_CHECKING:
    import numpy as np

_NO_LETTERS = re.compile(r"[\W_]+")
_LONGER_SPAN_FACTOR = 1.15  # alpha of Politov et al. (2025)
_LEAST_TAGGER_SCORE = 0.05
_LEAST_AFFIXED_LETTERS = 4  # shorter names are found inside unrelated words
_AFFIX_LETTERS_PER_WORD = 4


def alignment_score(
    spans: Sequence[Span],
    links: Sequence[Link],
    starts: np.ndarray,
    ends: np.ndarray,
    weighted: bool = True,
    cut: bool = True,
) -> np.ndarray:
    """Alignment score of Politov et al. (2025), ``2 |links| / (|entity| + |span|)``, with probabilities for counts.

    The sum runs over the links between entity and candidate; with several links a word the ratio can pass 1.

    Args:
        spans: source entities.
        links: links of the sentence pair, with probabilities.
        starts: first words of the candidates, shape ``[candidates]``.
        ends: ends (exclusive) of the candidates, shape ``[candidates]``.
        weighted: whether a link counts with its probability; if not, it counts 1, as in the paper.
        cut: whether a ratio above 1 counts as 1.
    """
    import numpy as np

    scores = np.zeros((len(spans), len(starts)))
    if not len(starts):
        return scores
    before = np.zeros(int(ends.max()) + 1)  # before[j]: probability mass of the links to target words 0..j-1
    for row, span in enumerate(spans):
        before[:] = 0
        for link in links:
            if span.start <= link.source < span.end and link.target + 1 < len(before):
                before[link.target + 1] += link.score if weighted else 1.0
        mass = before.cumsum()
        # Rounded, since sums in another order differ in the last digit and would decide ties.
        scores[row] = 2 * (mass[ends] - mass[starts]).round(12) / (span.end - span.start + ends - starts)
    return np.minimum(scores, 1.0, out=scores) if cut else scores


def tagger_score(
    spans: Sequence[Span], probabilities: np.ndarray, starts: np.ndarray, ends: np.ndarray, label_aware: bool = True
) -> np.ndarray:
    """NER-model score of Politov et al. (2025): how far a tagger of the target language sees the label in a span.

    ``alpha^(n-1) * (P[first word, B-l] + sum over the rest of P[word, I-l]) / n`` for a candidate of n words and an
    entity of label l, cut at 1. ``alpha`` is 1.15 where the most probable labels of the words are ``B-l I-l ... I-l``
    and that of the next word is not ``I-l``, and 1 elsewhere: it makes the longer of two nested spans win. Scores up
    to 0.05 become 0.

    Args:
        spans: source entities; with `label_aware`, one whose label is not in `ENTITY_TYPES` scores 0.
        probabilities: label probabilities of the target words in the order of `NER_LABELS`, shape ``[words, 7]``.
        starts: first words of the candidates, shape ``[candidates]``.
        ends: ends (exclusive) of the candidates, shape ``[candidates]``.
        label_aware: whether l is the label of the entity; if not, a candidate takes its best score over all labels,
            whatever the entity.

    Raises:
        XnerError: `probabilities` has another shape, or fewer words than the candidates.
    """
    import numpy as np

    probabilities = np.asarray(probabilities, dtype=np.float64)
    words = int(ends.max()) if len(ends) else 0
    if probabilities.ndim != 2 or probabilities.shape[1] != len(NER_LABELS) or len(probabilities) < words:
        raise XnerError(
            f"The label probabilities have the shape {list(probabilities.shape)}; candidates that end at word {words} "
            f"need [{words} or more, {len(NER_LABELS)}], with the columns {' '.join(NER_LABELS)}."
        )
    scores = np.zeros((len(spans), len(starts)))
    if not len(starts) or not len(spans):
        return scores
    of_label = {label: _label_score(probabilities, label, starts, ends) for label in ENTITY_TYPES}
    if not label_aware:
        scores[:] = np.max(list(of_label.values()), axis=0)
        return scores
    for row, span in enumerate(spans):
        if span.label in of_label:
            scores[row] = of_label[span.label]
    return scores


def _label_score(probabilities: np.ndarray, label: str, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    import numpy as np

    first, rest = LABEL_NUMBER[f"B-{label}"], LABEL_NUMBER[f"I-{label}"]
    best = probabilities.argmax(axis=1)
    lengths = ends - starts
    inside = np.concatenate([[0.0], probabilities[:, rest].cumsum()])  # sum over words 0..j-1
    tagged_inside = np.concatenate([[0], (best == rest).cumsum()])
    # Rounded, since differences of sums are off in the last digit and would decide ties.
    total = probabilities[starts, first] + (inside[ends] - inside[starts + 1]).round(12)
    exact = (best[starts] == first) & (tagged_inside[ends] - tagged_inside[starts + 1] == lengths - 1)
    # A span that the tagger would go on with is none of its own: cut at 1, it would win over the whole one.
    exact &= np.append(best, 0)[ends] != rest
    scores = np.minimum(np.where(exact, _LONGER_SPAN_FACTOR ** (lengths - 1), 1.0) * total / lengths, 1.0)
    return np.where(scores > _LEAST_TAGGER_SCORE, scores, 0.0)


def surface_score(entities: Sequence[str], candidates: Sequence[str]) -> np.ndarray:
    """Jaro-Winkler similarity of folded strings: most names are copied or respelled by the translator."""
    import numpy as np
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    scores = process.cdist(entities, candidates, scorer=JaroWinkler.normalized_similarity, dtype=np.float64)
    # Rounded, since equal similarities can differ in the last digit, which would decide ties.
    return scores.round(12)


def spelling_score(entities: Sequence[str], candidates: Sequence[str]) -> np.ndarray:
    """Levenshtein similarity of letters and digits: ``1 - edits / length of the longer``.

    Unlike Jaro-Winkler's it falls with every letter too many, and spaces, hyphens and apostrophes, on which word
    splitters disagree, do not count. Strings are compared as given; `fold` the words first.
    """
    import numpy as np
    from rapidfuzz import process
    from rapidfuzz.distance import Levenshtein

    return process.cdist(
        [letters(text) for text in entities],
        [letters(text) for text in candidates],
        scorer=Levenshtein.normalized_similarity,
        dtype=np.float64,
    )


def affixed_score(
    entities: Sequence[str], candidates: Sequence[str], words_entity: np.ndarray, words_candidate: np.ndarray
) -> np.ndarray:
    """Similarity of an entity to the most similar part of a candidate with as many words, for agglutinating languages.

    ``Mandela`` is a part of ``likaMandela``: prefixes and suffixes do not lower the score. The similarity is that of
    rapidfuzz's ``partial_ratio`` (longest common subsequence) between letters and digits. It is 0 for an entity of
    fewer than 4 letters, for a candidate shorter than the entity, and for one more than 4 letters per word longer.

    Args:
        entities: entity texts, compared as given; `fold` the words first.
        candidates: candidate texts.
        words_entity: numbers of words of the entities, shape ``[entities]``.
        words_candidate: numbers of words of the candidates, shape ``[candidates]``.
    """
    import numpy as np
    from rapidfuzz import fuzz, process

    scores = np.zeros((len(entities), len(candidates)))
    names, texts = [letters(text) for text in entities], [letters(text) for text in candidates]
    name_lengths, text_lengths = (np.array([len(text) for text in side], dtype=int) for side in (names, texts))
    words_entity, words_candidate = np.asarray(words_entity), np.asarray(words_candidate)
    for words in set(words_entity.tolist()):
        rows = np.flatnonzero((words_entity == words) & (name_lengths >= _LEAST_AFFIXED_LETTERS))
        columns = np.flatnonzero(words_candidate == words)
        if not len(rows) or not len(columns):
            continue
        ratios = process.cdist(
            [names[row] for row in rows],
            [texts[column] for column in columns],
            scorer=fuzz.partial_ratio,
            dtype=np.float64,
        )
        longer = text_lengths[columns] - name_lengths[rows, None]
        fits = (longer >= 0) & (longer <= _AFFIX_LETTERS_PER_WORD * words)
        scores[np.ix_(rows, columns)] = np.where(fits, ratios / 100, 0.0)
    return scores


def capital_scores(
    source: Sequence[str], spans: Sequence[Span], target: Sequence[str], starts: np.ndarray, ends: np.ndarray
) -> dict[str, np.ndarray]:
    """How capitals speak against a candidate, as 0 or 1.

    A word is capitalised if it has a capital anywhere, since prefixes stand before it (uMandela, eThekwini). Only for
    entities in `ENTITY_TYPES` whose first word is capitalised, and only where a word of the target sentence
    could be: all others score 0 (Georgian has capitals, but words do not begin with them).

    Returns:
        Four arrays: ``opening`` and ``closing``, 1 where the first or last word of the candidate is not capitalised;
        ``before`` and ``after``, 1 where the word right before or after it is, so that the name may go on there.
    """
    import numpy as np

    applies = np.array(
        [span.label in ENTITY_TYPES and _is_capitalised(source[span.start]) for span in spans], dtype=float
    )
    if not any(word.title() != word.lower() for word in target):
        applies[:] = 0
    # A word that is not capitalised stands on either side of the sentence.
    capitals = np.array([0, *map(_is_capitalised, target), 0], dtype=float)
    against = {
        "opening": 1 - capitals[starts + 1],
        "closing": 1 - capitals[ends],
        "before": capitals[starts],
        "after": capitals[ends + 1],
    }
    return {name: np.outer(applies, values) for name, values in against.items()}


def _is_capitalised(word: str) -> bool:
    """Whether a word has a capital: Bantu prefixes and other affixes stand before it (uMandela, eThekwini)."""
    return any(char.istitle() for char in word)  # like isupper, but true of the Croatian ǅ too


def letters(text: str) -> str:
    """Return the letters and digits of a text, or the text as it is if it has none."""
    return text if text.isalnum() else _NO_LETTERS.sub("", text) or text


@lru_cache(maxsize=200_000)
def fold(word: str) -> str:
    """Return a word in Latin letters without case and accents, the form in which surfaces are compared."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", latin(word.casefold())).casefold().replace("ı", "i")
    return "".join(char for char in decomposed if not unicodedata.combining(char)) or word
