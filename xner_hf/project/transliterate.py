"""Latin spellings of words in other scripts, taken from the Unicode names of their characters.

``CYRILLIC SMALL LETTER BE`` is a b and ``HANGUL SYLLABLE GANG`` a gang: the names hold a rough transliteration of most
alphabets, syllabaries and Indic scripts. It is for comparing names across scripts, where an approximation is enough;
it follows no standard and is not meant for readers.

`anyascii` does not replace it: its spellings differ, and the weights of `fused` were fitted on these.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_ALPHABETS = {"ARABIC", "ARMENIAN", "CYRILLIC", "GEORGIAN", "GREEK", "HEBREW"}
_INDIC = {
    "BENGALI",
    "DEVANAGARI",
    "GUJARATI",
    "GURMUKHI",
    "KANNADA",
    "MALAYALAM",
    "MYANMAR",
    "ORIYA",
    "TAMIL",
    "TELUGU",
}
_SILENT_FINAL_A = {"BENGALI", "DEVANAGARI", "GUJARATI", "GURMUKHI"}

# Letters whose sound differs from the beginning of their name.
_ALPHABET_EXCEPTIONS = {
    "ARABIC": {
        "ALEF MAKSURA": "a",
        "HAMZA": "",
        "HIGH HAMZA": "",
        "JEH": "zh",
        "TCHEH": "ch",
        "TEH MARBUTA": "a",
        "YEH BARREE": "e",
    },
    "ARMENIAN": {"CA": "ts", "CO": "ts", "JA": "dz", "VO": "o", "XEH": "kh", "YIWN": "u"},
    "CYRILLIC": {
        "GHE": "g",
        "HA": "kh",
        "HARD SIGN": "",
        "IE": "e",
        "IO": "e",  # Russian prints it without the dots
        "PALOCHKA": "",
        "SCHWA": "a",
        "SOFT SIGN": "",
        "TSHE": "ch",
        "UKRAINIAN IE": "e",
        "YA": "ya",
        "YI": "i",
        "YU": "yu",
    },
    "GEORGIAN": {"CAN": "ts", "CIL": "ts", "JHAN": "j", "JIL": "dz", "KHAR": "k", "PHAR": "p", "XAN": "kh"},
}
_KANA_EXCEPTIONS = {"SI": "shi", "TI": "chi", "TU": "tsu", "HU": "fu", "ZI": "ji", "DI": "ji", "DU": "zu"}
_INITIAL = re.compile("SHCH|DZH|[CGKPSTZ]H|DZ|PS|TS|.")
_THAI_LEADING_VOWEL = re.compile("([\u0e40-\u0e44])([\u0e01-\u0e2e])")
_THAI_SILENT = re.compile("[\u0e01-\u0e2e][\u0e34-\u0e38]?\u0e4c")  # a letter under a thanthakhat is not spoken


class _Reading(NamedTuple):
    text: str
    initial: str | None = None  # the text at the beginning of a word, where that is another
    vowel: bool = False  # ends in a vowel that the next reading may replace
    silent: bool = False  # that vowel is not spoken at the end of a word
    replaces: bool = False  # takes the place of the vowel before it


def latin(word: str) -> str:
    """Return a word in Latin letters, lower-case where it was in another script.

    Latin text and scripts without usable names, such as Chinese characters, come back unchanged; so does a word that
    would have nothing left. Decimal digits of all scripts become ASCII. Arabic and Hebrew vowel points are dropped,
    since they are seldom written; w and y within a word are read as vowels there.
    """
    if word.isascii():
        return word
    text = unicodedata.normalize("NFKC", word)
    ordered = text.replace("\u0e4d\u0e32", "\u0e33")  # NFKC has split the Thai vowel AM
    ordered = _THAI_LEADING_VOWEL.sub(r"\2\1", _THAI_SILENT.sub("", ordered))
    parts: list[str] = []
    last, length = None, 0  # reading of the letter before, and how many letters of the word have been read
    for char in ordered:
        reading = _reading(char)
        if reading is None:
            if last is not None and last.silent and length > 1:
                parts[-1] = parts[-1][:-1]
            parts.append(char)
            last, length = None, 0
        elif reading.text or reading.replaces:
            syllable = reading.text if reading.initial is None or length else reading.initial
            if reading.replaces and last is not None and last.vowel:
                parts[-1] = parts[-1][:-1]
                if parts[-1].endswith(("sh", "ch", "j")):
                    syllable = syllable.removeprefix("y")  # shi and a small yo are sho
            parts.append(syllable)
            last, length = reading, length + 1
    if last is not None and last.silent and length > 1:
        parts[-1] = parts[-1][:-1]
    result = "".join(parts)
    return word if result in ("", text) else result


@lru_cache(maxsize=65_536)
def _reading(char: str) -> _Reading | None:
    """Return how a character is read, None where it stays as it is; a reading without text is a mark to drop."""
    if char.isascii():
        return None
    if char.isdecimal():
        return _Reading(str(unicodedata.decimal(char)))
    name = unicodedata.name(char, "").partition(" WITH ")[0]
    script, _, rest = name.partition(" ")
    rest = re.sub("^(MTAVRULI |CAPITAL |SMALL )+", "", rest)
    kind, _, letter = rest.partition(" ")
    reading = None
    if script in _ALPHABETS:
        is_letter = kind == "LETTER" and not unicodedata.combining(char)  # there is a superscript alef
        reading = _alphabetic(script, letter) if is_letter else None
    elif script in _INDIC:
        reading = _indic(script, kind, letter)
    elif script == "THAI":
        reading = _thai(letter)
    elif script in ("HIRAGANA", "KATAKANA"):
        reading = _kana(letter) if kind == "LETTER" else None
    elif script == "ETHIOPIC":
        reading = _ethiopic(letter) if kind == "SYLLABLE" else None
    elif script == "HANGUL":
        reading = _Reading(letter.lower()) if kind == "SYLLABLE" else None
    elif name == "KATAKANA-HIRAGANA PROLONGED SOUND MARK":
        reading = _Reading("")
    else:
        return None
    if reading is None and unicodedata.category(char) in ("Mn", "Mc", "Lm"):
        return _Reading("")
    return reading


def _alphabetic(script: str, letter: str) -> _Reading:
    exception = _ALPHABET_EXCEPTIONS.get(script, {}).get(letter)
    if exception is not None:
        return _Reading(exception)
    words = letter.split()
    # Arabic has the qualifier after the letter (HEH GOAL), other scripts before (FINAL KAF, SHORT I).
    name = words[0] if script == "ARABIC" and words[0] not in ("FARSI", "KASHMIRI", "DOTLESS", "HIGH") else words[-1]
    if name in ("WAW", "VAV"):
        return _Reading("u" if name == "WAW" else "o", initial=name[0].lower())
    if name in ("YEH", "YOD"):
        return _Reading("i", initial="y")
    if script == "CYRILLIC" and len(name) == 2 and name[0] == "E":
        name = name[1]  # EL, EM, EN
    return _Reading(_INITIAL.match(name).group().lower())


def _indic(script: str, kind: str, letter: str) -> _Reading | None:
    name = letter.split()[-1] if letter else ""
    if name in ("VIRAMA", "ASAT"):
        return _Reading("", replaces=True)
    if name in ("ANUSVARA", "CANDRABINDU", "BINDI") or kind == "TIPPI":
        return _Reading("m" if script == "MALAYALAM" else "n")
    if name == "VISARGA":
        return _Reading("")
    text = re.sub(r"(.)\1+", r"\1", name).lower()  # doubled: long vowels and retroflex consonants
    if "VOCALIC" in letter:
        text += "i"
    if kind == "VOWEL":
        return _Reading(text, replaces=True)
    if kind not in ("LETTER", "CONSONANT"):
        return None
    if kind == "CONSONANT" and name == "RA":
        text = "ya"  # the Burmese medial R is pronounced like Y
    if name == "SSA":
        text = "sha"
    elif text == "ca":
        text = "sa" if script in ("MYANMAR", "TAMIL") else "cha"
    consonant = len(text) > 1 and text.endswith("a")
    silent = consonant and script in _SILENT_FINAL_A
    return _Reading(text, vowel=consonant, silent=silent, replaces=kind == "CONSONANT")


def _thai(letter: str) -> _Reading | None:
    kind, _, name = letter.partition(" ")
    if kind == "SARA":
        return _Reading(re.sub(r"(.)\1+", r"\1", name.split()[0]).lower())
    if letter == "MAI HAN-AKAT":
        return _Reading("a")
    if kind in ("O", "RU", "LU"):
        return _Reading(kind.lower())
    if name and kind.endswith("O"):
        return _Reading(kind[:-1].lower())  # KO KAI
    return None


def _kana(letter: str) -> _Reading:
    name = letter.removeprefix("SMALL ")
    if letter == "SMALL TU":
        return _Reading("")  # doubles the next consonant
    text = _KANA_EXCEPTIONS.get(name, name.lower())
    small = letter != name and name in ("A", "I", "U", "E", "O", "YA", "YU", "YO")
    return _Reading(text, vowel=text != "n" and not small, replaces=small)


def _ethiopic(letter: str) -> _Reading:
    name = letter.split()[-1]  # GLOTTAL A
    if len(name) > 1 and re.search("[^AEIOU]E$", name):
        name = name[:-1]  # the sixth order: no vowel, or hardly one
    text = re.sub(r"(.)\1+", r"\1", name).lower()
    return _Reading(re.sub("^c(?!h)", "ch", re.sub("^sz", "s", text)))
