"""Gold labels in the place of a tagger: text that people have labelled, looked up by its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xner_hf.corpora.base import ReadReport, Sentence
from xner_hf.corpora.labelled import composed
from xner_hf.errors import XnerError
from xner_hf.spans import Span


class GoldTagger:
    """Gives every sentence the labels that a labelled corpus has for the same words, in whatever Unicode form.

    Args:
        sentences: labelled sentences (`read_labelled`); of several with the same words the first counts.
        name: what the corpus is called in messages.
        report: told how many later ones have other labels.
    """

    def __init__(self, sentences: Iterable[Sentence], name: str, report: ReadReport | None = None):
        self._name = name
        self._spans: dict[tuple[str, ...], list[Span]] = {}
        others = 0
        for sentence in sentences:
            spans = self._spans.setdefault(tuple(composed(sentence.tokens)), list(sentence.spans or ()))
            others += [span[:3] for span in spans] != [span[:3] for span in sentence.spans or ()]
        if others and report is not None:
            report.note(f"{name}: {others:,} sentences have other labels than the same words before, which count")

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[Span]]:
        """Return the labels of every sentence; an empty one has none.

        Raises:
            XnerError: a sentence is not in the corpus.
        """
        found = []
        for number, words in enumerate(sentences):
            spans = self._spans.get(tuple(composed(words)), None if words else [])
            if spans is None:
                raise XnerError(
                    f"sentence {number} ({' '.join(words[:8])} ...) is not in the labelled corpus {self._name}, word "
                    "for word. Add it there, or name a model as tagger."
                )
            found.append(list(spans))
        return found
