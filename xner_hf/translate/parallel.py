"""Translations that people have made, looked up in parallel text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.parallel import parallel_input, read_extra, splitting_rule
from xner_hf.corpora.words import matching_key
from xner_hf.errors import XnerError
from xner_hf.languages import source_languages
from xner_hf.registry import Input, Method, register
from xner_hf.settings import setting
from xner_hf.translate.translation import EMPTY, MISSING, Translation


@register("translator", "parallel")
@dataclass(frozen=True)
class ParallelConfig(Method):
    """Looks up the translations that parallel text has."""

    corpora: Sequence[str] = setting(
        ...,
        "parallel text with the translations: .tsv or .jsonl files, two text files joined by a comma, org/name:config",
    )

    def __post_init__(self) -> None:
        good = isinstance(self.corpora, list | tuple) and all(isinstance(one, str) and one for one in self.corpora)
        if not good or not self.corpora:
            raise XnerError(
                f"translator.corpora is {self.corpora!r}; it is a list of parallel text: [pairs.tsv, "
                "masakhane/mafand:en-hau]."
            )

    def inputs(self) -> Iterator[Input]:
        for reference in self.corpora:
            yield parallel_input(reference).used_as("corpora")

    def make(self, source: str, target: str) -> ParallelTranslator:
        return ParallelTranslator(self, source, target)


class ParallelTranslator:
    """Gives the translation that a text has in parallel text, whatever its case, punctuation and spaces there.

    In parallel text English or French (English, where it is between the two) is the source side, as in MAFAND; text
    of either side can be looked up. Of several translations the first counts.

    Args:
        config: the settings.
        source: ISO 639-3 code of the language of the text to be looked up.
        target: that of its translations.

    Raises:
        XnerError: neither language is English or French, or a corpus is not available, is malformed or is held out for
            evaluation.
    """

    def __init__(self, config: ParallelConfig, source: str, target: str):
        self.config = config
        pivots = source_languages()
        pivot = next((code for code in pivots if code in (source, target)), None)
        if pivot is None or source == target:
            raise XnerError(
                f"parallel text is looked up between {' or '.join(pivots)} and another language, not between "
                f"{source!r} and {target!r}. Use a translation model."
            )
        rule = splitting_rule(target)
        self._known: dict[str, str] = {}
        for reference in config.corpora:
            for pair in read_extra(reference, pivot, target if pivot == source else source):
                asked, given = (pair.source, pair.target) if pivot == source else (pair.target, pair.source)
                key, translation = matching_key("".join(asked)), detokenise(given, rule)
                if key and matching_key(translation):
                    self._known.setdefault(key, translation)

    def translate(self, texts: Sequence[str]) -> list[Translation]:
        """Return the translation of every text, in their order; one that does not exist is marked as missing."""
        return [self._find(matching_key(text)) for text in texts]

    def _find(self, key: str) -> Translation:
        if not key:
            return Translation("", EMPTY)
        found = self._known.get(key)
        return Translation("", MISSING) if found is None else Translation(found)
