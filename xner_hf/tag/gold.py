"""Gold labels in the place of a tagger: text that people have labelled, looked up by its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from xner_hf.corpora.labelled import composed, read_labelled
from xner_hf.corpora.sentence import ReadReport, Sentence
from xner_hf.errors import XnerError
from xner_hf.registry import FILES, Input, Method, register
from xner_hf.settings import setting
from xner_hf.spans import Span


@register("tagger", "gold")
@dataclass(frozen=True)
class GoldConfig(Method):
    """Takes the labels of a file of labelled sentences."""

    model: str = setting(..., "file of labelled sentences")
    revision: str | None = setting(None, "not used: a file has no revision")
    labels: Mapping[str, str] | None = setting(None, "entity types of the file mapped to PER, ORG, LOC or O")

    def __post_init__(self) -> None:
        if self.revision:
            raise XnerError(f"the tagger {self.model} is a file of gold labels, which has no revision.")

    def inputs(self) -> Iterator[Input]:
        yield Input(FILES, self.model)

    def make(self, report: ReadReport | None = None) -> GoldTagger:
        report = ReadReport() if report is None else report
        return GoldTagger(read_labelled(self.model, "train", report, labels=self.labels), self.model, report)


class GoldTagger:
    """Gives every sentence the labels that a labelled corpus has for the same words, in whatever Unicode form.

    Args:
        sentences: labelled sentences (`read_labelled`); of several with the same words the first counts.
        name: what the corpus is called in messages.
        report: counts later ones with other labels.
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
