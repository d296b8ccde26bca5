"""What the entity types of labelled data mean: PER, ORG, LOC, or nothing that is projected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from xner_hf.corpora.sentence import ReadReport, Sentence
from xner_hf.errors import XnerError
from xner_hf.spans import ENTITY_TYPES, IGNORED_TYPES, Span, spans_to_iob2

_LIKELY = {
    "PER": re.compile(r"(?i)PER(S|SONS?)?(?![A-Z])"),
    "ORG": re.compile(r"(?i)ORG(ANI[SZ]ATIONS?)?(?![A-Z])"),
    "LOC": re.compile(r"(?i)(LOC(ATIONS?)?|GPE)(?![A-Z])"),
}
"""Names that most likely mean a type: good enough to propose a mapping, never to read by."""


def likely_meaning(name: str) -> str:
    """Return the type that a name most likely stands for, ``O`` where it is none that is projected."""
    return next((kind for kind, form in _LIKELY.items() if form.match(name)), "O")


class EntityTypes:
    """Renames the types of a corpus and leaves out those that are not projected, counting both in a report.

    A type that is mapped means what it is mapped to; PER, ORG and LOC stand for themselves, in whatever case. MISC and
    DATE (`IGNORED_TYPES`) and what is mapped to ``O`` is left out. Any other type has to be mapped.

    Args:
        labels: types mapped to PER, ORG, LOC or ``O``.
        report: where it is counted.

    Raises:
        XnerError: `labels` maps to something else.
    """

    def __init__(self, labels: Mapping[str, str] | None, report: ReadReport):
        self._labels, self._report = check_labels(labels), report
        self._unknown: dict[str, tuple[int, str]] = {}

    def meaning(self, name: str) -> str | None:
        """Return PER, ORG, LOC, ``O`` for what is left out, or None for a type that has to be mapped."""
        if name in self._labels:
            return self._labels[name]
        upper = name.upper()
        return upper if upper in ENTITY_TYPES else "O" if upper in IGNORED_TYPES else None

    def check(self, where: str, types: Mapping[str, tuple[int, str]] | None = None) -> None:
        """Refuse types without a meaning, those of `types` and those that were read so far.

        Args:
            where: the corpus.
            types: number of entities of each type, and where the first one stands.

        Raises:
            XnerError: there is one; the message counts all of them and gives a mapping.
        """
        for name, (number, place) in (types or {}).items():
            if self.meaning(name) is None:
                self._unknown[name] = (number, place)
        if not self._unknown:
            return
        first = next(iter(self._unknown.values()))[1]
        counted = ", ".join(f"{name} {number:,}" for name, (number, _) in self._unknown.items())
        mapping = ", ".join(f"{name}: {likely_meaning(name)}" for name in self._unknown)
        raise XnerError(
            f"{where} has entities of types that are neither {', '.join(ENTITY_TYPES)} nor known to be left out: "
            f"{counted}, the first at {first}. Map them with --labels (tagger.labels in a recipe), for example "
            f"'{{{mapping}}}'; O leaves a type out."
        )

    def spans(self, spans: Iterable[Span], place: str = "") -> list[Span]:
        """Return the entities that are projected, by their new names; types without a meaning wait for `check`."""
        kept = []
        for span in spans:
            meaning = self.meaning(span.label)
            if meaning is None:
                number, first = self._unknown.get(span.label, (0, place))
                self._unknown[span.label] = (number + 1, first)
            elif meaning == "O":
                self._report.left_out[span.label] += 1
            else:
                if meaning != span.label:
                    self._report.renamed[f"{span.label} -> {meaning}"] += 1
                kept.append(span._replace(label=meaning))
        return kept

    def sentence(self, sentence: Sentence) -> Sentence:
        """Return a labelled sentence with the entities that are projected; faulty tags stay as faulty as they are."""
        spans, length = self.spans(sentence.spans or ()), len(sentence.tokens)
        tags = spans_to_iob2(spans, length)
        if sentence.tags is not None and sentence.tags != spans_to_iob2(sentence.spans or (), length):
            tags = _as_faulty(sentence.tags, tags)
        return Sentence(sentence.id, sentence.tokens, spans, tags, sentence.heads, sentence.relations)


def _as_faulty(tags: Sequence[str], right: Sequence[str]) -> list[str]:
    """Return `right` with every ``I-`` that opened an entity in `tags`, unless it would now go on with one."""
    return [
        f"I{new[1:]}" if old[0] == "I" and new[0] == "B" and before[1:] != new[1:] else new
        for old, new, before in zip(tags, right, ("O", *right), strict=False)
    ]


def check_labels(labels: Mapping[str, str] | None) -> Mapping[str, str]:
    """Check a mapping of entity types.

    Raises:
        XnerError: a type is mapped to something that is not projected.
    """
    for name, meaning in (labels or {}).items():
        if meaning not in (*ENTITY_TYPES, "O"):
            raise XnerError(f"{name!r} is mapped to {meaning!r}; it may be mapped to {', '.join(ENTITY_TYPES)} or O.")
    return labels or {}
