"""Surface score: similarity of spelling of entity and candidate; most names are copied or respelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xner_hf.project.scores import Candidates, Score
from xner_hf.project.scores.text import fold, letters, texts
from xner_hf.registry import register
from xner_hf.settings import setting

if TYPE_CHECKING:
    import numpy as np

    from xner_hf.project.sentence_pair import SentencePair

_LEAST_AFFIXED_LETTERS = 4  # shorter names are found inside unrelated words
_AFFIX_LETTERS_PER_WORD = 4


@register("score", "surface")
@dataclass(frozen=True)
class SurfaceScore(Score):
    """Compares how entity and candidate are written."""

    packages = ("rapidfuzz",)

    min_surface: float = setting(
        0.85, "surface similarities below this count as 0; above 1 leaves them out", within="[0, inf)"
    )
    substring: bool = setting(
        False, "a word may hold the name with affixes (agglutinating languages); the span is the word"
    )

    @property
    def is_on(self) -> bool:
        return self.min_surface <= 1

    def make(self) -> SurfaceScore:
        return self

    def __call__(self, pair: SentencePair, candidates: Candidates, best: np.ndarray) -> np.ndarray:
        import numpy as np

        entities, found = folded_texts(pair, candidates)
        surface = surface_score(entities, found)
        if self.substring:
            sizes = np.array([span.end - span.start for span in pair.spans])
            surface = np.maximum(surface, affixed_score(entities, found, sizes, candidates.ends - candidates.starts))
        return np.where(surface >= self.min_surface, surface, 0.0)


def folded_texts(pair: SentencePair, candidates: Candidates) -> tuple[list[str], list[str]]:
    """Return the entities of a pair and the candidates as text, folded."""
    entities = texts([fold(word) for word in pair.source], [s.start for s in pair.spans], [s.end for s in pair.spans])
    return entities, texts([fold(word) for word in pair.target], candidates.starts.tolist(), candidates.ends.tolist())


def surface_score(entities: Sequence[str], candidates: Sequence[str]) -> np.ndarray:
    """Jaro-Winkler similarity of folded strings: most names are copied or respelled by the translator."""
    import numpy as np
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    scores = process.cdist(entities, candidates, scorer=JaroWinkler.normalized_similarity, dtype=np.float64)
    # Rounded: equal similarities can differ in the last digit, which would decide ties.
    return scores.round(12)


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
