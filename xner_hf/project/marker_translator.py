"""Translation that keeps entities by means of markers in the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from xner_hf.corpora.detokenise import detokenise
from xner_hf.errors import XnerError
from xner_hf.project.markers import IN_TEXT, SHARED, TYPE, check_form, insert, read, recognise, to_words
from xner_hf.project.projector import PROJECTED, ProjectedSpan
from xner_hf.spans import Span, overlap
from xner_hf.translate.faults import fault as translation_fault


class MarkedTranslation(NamedTuple):
    """The words of a translation and its entities in the order of those of the source, or a fault instead of both.

    The fault is a key of `MARKER_FAULTS` or of `xner_hf.translate.translation.FAULTS`. The score of a span is the
    similarity by which its entity was recognised, and 1 where a tag names it.
    """

    words: list[str]
    spans: list[ProjectedSpan]
    fault: str | None = None


class RawTranslator(Protocol):
    """A translator that `MarkerTranslator` can use."""

    def generate(self, texts: Sequence[str]) -> list[tuple[str, bool]]:
        """Return the translation of every text and whether it was finished, in the order of the texts."""
        ...


class MarkerTranslator:
    """Translates sentences with markers around their entities.

    Args:
        translator: gives raw translations.
        form: ``brackets`` or ``xml``.
        rule: how the source text was split into words, see `detokenise`.
        split: splits text of the target language into words (`xner_hf.corpora.parallel.splitter`).

    Raises:
        XnerError: the form is unknown.
    """

    def __init__(self, translator: RawTranslator, form: str, rule: str, split: Callable[[str], list[str]]):
        check_form(form)
        self.translator, self.form, self.rule, self.split = translator, form, rule, split

    def translate_marked(
        self, sentences: Sequence[Sequence[str]], spans: Sequence[Sequence[Span]]
    ) -> list[MarkedTranslation]:
        """Return the translation of every sentence with its entities, in the order of the sentences.

        All sentences go to the translator at once; then, for brackets, all entities by themselves. It sees no text
        twice.

        Raises:
            XnerError: there are not as many lists of spans as sentences; spans overlap or do not fit their sentence.
        """
        if len(sentences) != len(spans):
            raise XnerError(f"there are {len(sentences)} sentences but {len(spans)} lists of entities.")
        texts = [
            insert(words, entities, self.rule, self.form) for words, entities in zip(sentences, spans, strict=True)
        ]
        raw = self._generate(text for text in texts if text is not None)
        results: list[MarkedTranslation] = []
        for words, entities, text in zip(sentences, spans, texts, strict=True):
            if text is None:
                results.append(MarkedTranslation([], [], IN_TEXT))
            else:
                results.append(self._read(words, entities, *raw[text]))
        if self.form == "brackets":
            self._name(sentences, spans, results)
        return results

    def _generate(self, texts: Iterable[str]) -> dict[str, tuple[str, bool]]:
        distinct = list(dict.fromkeys(texts))
        return dict(zip(distinct, self.translator.generate(distinct), strict=True)) if distinct else {}

    def _read(
        self, words: Sequence[str], entities: Sequence[Span], translation: str, finished: bool
    ) -> MarkedTranslation:
        """Return a translation with its spans in the order of the entities, for brackets as they stand in the text."""
        marked = read(translation, self.form, len(entities))
        # A faulty translation explains lost markers, so its own fault comes first.
        fault = translation_fault(detokenise(words, self.rule), marked.text, finished) or marked.fault
        if fault is not None:
            return MarkedTranslation([], [], fault)
        target, places = to_words(marked.text, marked.spans, self.split)
        found = [
            ProjectedSpan(start, end, "", 1.0, number if span.entity is None else span.entity, PROJECTED)
            for number, (span, (start, end)) in enumerate(zip(marked.spans, places, strict=True))
        ]
        if any(overlap(left, right) for left, right in zip(found, found[1:], strict=False)):
            return MarkedTranslation([], [], SHARED)
        return MarkedTranslation(target, _labelled(found, entities), None)

    def _name(
        self, sentences: Sequence[Sequence[str]], spans: Sequence[Sequence[Span]], results: list[MarkedTranslation]
    ) -> None:
        """Replace the order of the brackets in `results` by that of the entities which they hold."""
        names = [
            [detokenise(words[span.start : span.end], self.rule) for span in entities] if not result.fault else []
            for words, entities, result in zip(sentences, spans, results, strict=True)
        ]
        alone = self._generate(name for of_sentence in names for name in of_sentence)
        for place, of_sentence in enumerate(names):
            if not of_sentence:
                continue
            words, found, _ = results[place]
            marked = [" ".join(words[span.start : span.end]) for span in found]
            which = recognise(marked, of_sentence, [alone[name][0] for name in of_sentence])
            if which is None:
                results[place] = MarkedTranslation([], [], TYPE)
                continue
            named = [
                found[bracket]._replace(score=score, source=number) for number, (bracket, score) in enumerate(which)
            ]
            results[place] = MarkedTranslation(words, _labelled(named, spans[place]), None)


def _labelled(found: Sequence[ProjectedSpan], entities: Sequence[Span]) -> list[ProjectedSpan]:
    """Return spans in the order of their entities, with their labels."""
    return sorted((span._replace(label=entities[span.source].label) for span in found), key=lambda span: span.source)
