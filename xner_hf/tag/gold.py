"""Gold labels in the place of a tagger: text that people have labelled, looked up by its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xner_hf.corpora.base import Sentence
from xner_hf.errors import XnerError
from xner_hf.spans import ENTITY_TYPES, Span, keep_types


class GoldTagger:
    """Gives every sentence the labels that a labelled corpus has for the same words.

    Args:
        sentences: labelled sentences; of several with the same words the first counts.
        name: what the corpus is called in messages.
    """

    def __init__(self, sentences: Iterable[Sentence], name: str):
        self._name = name
        self._spans: dict[tuple[str, ...], list[Span]] = {}
        for sentence in sentences:
            self._spans.setdefault(tuple(sentence.tokens), keep_types(sentence.spans or (), ENTITY_TYPES))

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[Span]]:
        """Return the labels of every sentence; an empty one has none.

        Raises:
            XnerError: a sentence is not in the corpus.
        """
        found = []
        for number, words in enumerate(sentences):
            spans = self._spans.get(tuple(words), None if words else [])
            if spans is None:
                raise XnerError(
                    f"sentence {number} ({' '.join(words[:8])} ...) is not in the labelled corpus {self._name}, word "
                    "for word. Add it there, or name a model as tagger."
                )
            found.append(list(spans))
        return found
