"""What a translator does, and what can be wrong with a translation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

MISSING = "translation_missing"
EMPTY = "translation_empty"
CUT = "translation_cut"
REPEATED = "translation_repeated"
COPIED = "translation_copied"
SHORT = "translation_short"

FAULTS = {
    MISSING: "there is no translation of it in the parallel text",
    EMPTY: "the translator returned nothing",
    CUT: "the translation, or the text itself, is longer than the translator can go",
    REPEATED: "the translation says the same again and again",
    COPIED: "the translation is the text itself, untranslated",
    SHORT: "the translation is so short that a part of the text must be missing from it",
}
"""Why a translation cannot be used; a row with one stands in the split ``rejected`` with it."""


class Translation(NamedTuple):
    """The translation of one text, and what is wrong with it: a key of `FAULTS`, or None."""

    text: str
    fault: str | None = None


class Translator(Protocol):
    """Translates raw text from one language into another; both are fixed when it is made."""

    def translate(self, texts: Sequence[str]) -> list[Translation]:
        """Return the translation of every text, in their order.

        A text without letters or digits comes back as an empty translation with the fault ``translation_empty``.
        """
        ...
