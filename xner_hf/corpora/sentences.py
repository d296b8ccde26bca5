"""Raw text to sentences, by rules that hold for every script of the language table.

Two sentences left together do less harm to a tagger or a translator than one sentence cut in two, so whatever is
ambiguous, such as an abbreviation before a capital, does not end a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

_LONG = 200
"""Characters of a text without sentence marks (Thai, Lao) above which it is cut at a space."""

# U+104A, the Burmese comma, is a sentence terminal to Unicode. `|` is a common way to type the danda, `፡፡` the
# Ethiopic full stop; `;` asks a question in Greek alone.
_MARK = regex.compile(
    r"""(?: [.․﹒．…\p{Sentence_Break=STerm}--\u104a]
        | ፡፡
        | (?<=[\p{Devanagari}\p{Bengali}]\s?) \|
        | (?<=\p{Greek}['"’”»)]?) [;\u037e]
    )+""",
    regex.VERBOSE | regex.VERSION1,
)
_NEEDS_SPACE = frozenset(".․﹒…!?;\u037e")
"""Marks with other uses (3.5, a URL); all others end a sentence without white space after them."""

_CLOSING = frozenset("’”»›)]}」』）】》〉〕］｝｣")
_EITHER = frozenset("\"'“‘«‹")
_AFTER = regex.compile(r"(\s*)[\p{Ps}\p{Pi}\p{Pd}\"'’ʼ“‘«»¿¡*•]*+\s*(.?)")
_SPACED_GUILLEMET = regex.compile(r"\s{1,2}»(?=\s|[.,;:!?]|$)")
_GOES_ON = regex.compile(r"[,;:、，；：،؛)\]}」』）】.!?…]")
_DUTCH_OPENING = regex.compile(r"\s+['’‘ʼ](?:n|s|t|k|m)\s+\p{Lu}")
_GEORGIAN = regex.compile(r"\p{Georgian}")
_HAN_OR_KANA = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_HIRAGANA = regex.compile(r"\p{Hiragana}")

# In scripts without case one letter is an initial too, save where a letter is a syllable that may well be a word.
_INITIAL = regex.compile(
    r"""(?:.*[.-])? (?: [\p{Lu}\p{Lt}] | [\p{Lo}--\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Ethiopic}\p{Myanmar}] )
    \p{M}*""",
    regex.VERBOSE | regex.VERSION1,
)
_THAI_OR_LAO = regex.compile(r"[\p{Thai}\p{Lao}]")
_LABEL = regex.compile(r"\(?(?:[\p{N}.]+|\p{L}\p{M}*|[IVXLC]+|[ivxlc]+)")
_ORDINAL = regex.compile(r"\p{Nd}{1,2}")
_TOWN = regex.compile(r"(?:^|[^\p{N}\s])\s*г")
_BREAK_OF_UNMARKED = regex.compile(r"(?<=[\p{Thai}\p{Lao}--ๆ])\s+(?=[\p{Thai}\p{Lao}])", regex.VERSION1)

_TITLES = """
Mr Mrs Ms Messrs Dr Drs Prof St Sen Gov Rev Hon Gen Col Lt Sgt Capt Maj Cpl Cmdr Adm Brig Supt Insp Pres Rep Fr Sr Jr
Mt Ft Ave Blvd Rd Mme Mmes Mlle Mgr Sra Sres Srta Dra Ing Lic Arq Exmo Exma Hr Frl Sto Sta Gng Bpk Sdr Tn Ny Hj Ust Jl
Ir Doç Yrd Av Sn Bw Dkt Mhe Alh Mal Mnu Mnuz Nkk Nksz Nksk Gqr TP TS PGS GS Sig Sigg Dott Avv On Dhr dr prof dhr mevr
mw drs sig sigg dott avv Δρ δρ Κα κα ул им проф акад гр св ст инж ген Проф Акад डॉ श्री प्रो डा ডা டாக்டர் திரு డా శ్రీ
ഡോ ശ്രീ
"""
_NEVER_LAST = """
vs z v d n Mio Mrd MM Hl e.g i.e eg cf viz approx resp bzw vgl sog evtl ggf inkl z.B d.h u.a z.T v.a s.o bijv d.w.z o.a
nl blz p.ej p.ex esim ks nt pl ún т.е т.к напр см κ Κ π.χ δηλ βλ n.b
"""
_NUMBERED = """
No Nos no nos Nr nr Nro nro Núm núm Num num Art art Arts Fig fig p pp Pg pg pág págs pag S s Vol vol Bd Ch ch Sec sec
Kap kap Abs Ps Mat Rp Rs Tel tel Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec jan fév févr avr juil oct nov déc Okt
Dez ca kb с стр рис σελ αρ
"""
_ABBREVIATIONS = frozenset(_TITLES.split() + _NEVER_LAST.split())
_BEFORE_NUMBERS = frozenset(_NUMBERED.split())
"""Abbreviations that are ordinary words too, or may end a sentence, and do not where a number follows."""


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text, in order and without white space around them.

    A sentence ends with its mark, in the script of the text, and the quotes and brackets that close after it, and at
    every line end. A full stop does not end one before a lower-case letter or comma, nor after an initial (``J. K.``),
    a dotted (``U.S.``) or known abbreviation, a list label or a number of up to two digits, which many languages read
    as an ordinal. Thai and Lao have no mark: a text of more than 200 characters is cut at spaces into shorter ones.

    Nothing but white space is lost: the sentences joined are the text, spaces aside.
    """
    return [
        sentence
        for line in text.splitlines()
        for marked in _marked(line)
        for sentence in (_unmarked(marked) if len(marked) > _LONG else [marked])
    ]


def _marked(line: str) -> Iterator[str]:
    start = 0
    for mark in _MARK.finditer(line):
        end = _closed(line, start, mark.end())
        if _ends(line, start, mark, end):
            yield line[start:end].strip()
            start = end
    if rest := line[start:].strip():
        yield rest


def _closed(line: str, start: int, end: int) -> int:
    """Return where the quotes and brackets that close at `end` of a sentence begun at `start` stop."""
    while end < len(line):
        char = line[end]
        last = not line[end + 1 : end + 2].strip()
        if char in _CLOSING or (last and char in _EITHER) or (char in "\"'" and line.count(char, start, end) % 2):
            end += 1
        # French; German opens with the same sign. Without an end, the whole line would be searched for it each time.
        elif guillemet := _SPACED_GUILLEMET.match(line, end, end + 4):
            end = guillemet.end()
        else:
            break
    return end


def _ends(line: str, start: int, mark: regex.Match[str], end: int) -> bool:
    """Whether the sentence begun at `start` ends with `mark` and what closes after it, up to `end`."""
    following = _AFTER.match(line, end)
    spaces, after = following.groups()
    if not after or _GOES_ON.match(after):
        return False
    if not _NEEDS_SPACE.issuperset(mark[0]):
        if line[mark.start() - 1 : mark.start()].isdigit() and line[end].isdigit():
            return False
        quoted = end > mark.end() and following.start(2) == end
        return not (quoted and _HIRAGANA.match(after))  # what was quoted is part of a sentence
    if not spaces:
        return mark[0][-1] in "!?" and _HAN_OR_KANA.match(after) is not None
    if after.islower() and not _GEORGIAN.match(
        after
    ):  # Georgian letters are lower-case ones that have no use for case
        return _DUTCH_OPENING.match(line, end, end + 10) is not None
    return mark[0] != "." or not _abbreviated(line[start : mark.start()], after)


def _abbreviated(before: str, after: str) -> bool:
    """Whether a full stop between the two is part of an abbreviation, number or label rather than an end."""
    if before[-1:].isspace():
        return False  # text whose words are already split
    tail = before[-40:].split()
    if not tail or _LABEL.fullmatch(before.strip()):
        return True
    word = tail[-1].lstrip("([{«“‘\"'’¿¡")
    if word == "г":  # a town before its name; a year after its number
        return _TOWN.search(before[-10:]) is not None
    return (
        word in _ABBREVIATIONS
        or _INITIAL.fullmatch(word) is not None
        or _ORDINAL.fullmatch(word) is not None
        or _THAI_OR_LAO.match(word[-1:]) is not None
        or (word in _BEFORE_NUMBERS and after.isdigit())
    )


def _unmarked(text: str) -> list[str]:
    """Cut a long text at spaces between Thai or Lao letters, which may end a sentence, into pieces of some length."""
    pieces, start, last = [], 0, 0
    for space in _BREAK_OF_UNMARKED.finditer(text):
        if space.start() - start > _LONG and last > start:
            pieces.append(text[start:last].strip())
            start = last
        last = space.end()
    if len(text) - start > _LONG and last > start:
        pieces.append(text[start:last].strip())
        start = last
    return [*pieces, text[start:]]
