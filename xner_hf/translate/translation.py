"""What every translator does, and the faults of translations."""

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
    CUT: "the text or its translation is too long for the translator",
    REPEATED: "the translation repeats itself",
    COPIED: "the translation is the text itself, untranslated",
    SHORT: "the translation is so short that part of the text must be missing",
}
"""Why a translation cannot be used; its row goes to the split ``rejected``."""


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
