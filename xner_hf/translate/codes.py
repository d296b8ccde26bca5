"""Language codes: what a translator's tokenizer calls a language of the table."""

from __future__ import annotations

import difflib
from typing import Any, NamedTuple

import regex

from xner_hf.errors import XnerError
from xner_hf.languages import language

_NLLB = regex.compile(r"\p{Ll}{3}_\p{Lu}\p{Ll}{3}")
_MBART = regex.compile(r"\p{Ll}{2}_\p{Lu}{2}")


class Codes(NamedTuple):
    """The language codes of a tokenizer.

    Attributes:
        style: ``nllb`` (``hau_Latn``), ``mbart`` (``en_XX``), ``m2m100`` (``ha``), ``marian`` (a Marian model with
            several target languages: ``hau`` or ``ha``), or ``none`` (one direction, no codes).
        tokens: for every code the token of the vocabulary that stands for it.
    """

    style: str
    tokens: dict[str, str]


class LanguagePair(NamedTuple):
    """The codes of the two languages of a translator; None where its model takes none."""

    source: str | None
    target: str | None


def codes_of(tokenizer: Any) -> Codes:
    """Return the language codes that a tokenizer knows."""
    if hasattr(tokenizer, "lang_code_to_token"):
        return Codes("m2m100", dict(tokenizer.lang_code_to_token))
    marian = getattr(tokenizer, "supported_language_codes", ())
    if marian:
        return Codes("marian", {token[2:-2]: token for token in marian})
    special = sorted({*map(str, tokenizer.all_special_tokens), *tokenizer.get_added_vocab()})
    for style, form in (("nllb", _NLLB), ("mbart", _MBART)):
        known = {token: token for token in special if form.fullmatch(token)}
        if known:
            return Codes(style, known)
    return Codes("none", {})


def language_pair(
    codes: Codes,
    model: str,
    source: str,
    target: str,
    source_code: str | None = None,
    target_code: str | None = None,
) -> LanguagePair:
    """Return the codes to translate `source` into `target` with.

    Args:
        codes: those of the model's tokenizer.
        model: its name, for messages.
        source: ISO 639-3 code of the language of the text: ``eng`` or one of the language table.
        target: that of the language to translate into.
        source_code: the user's word for it, which is taken as it is.
        target_code: likewise.

    Raises:
        XnerError: the tokenizer does not know a code or a language, or a code is given and it takes none.
    """
    if codes.style == "marian":
        if source_code is not None:
            raise XnerError(
                f"translator.source_code is {source_code!r}, but the Marian model {model!r} takes its target "
                "language only. Leave source_code out."
            )
        return LanguagePair(None, _code(codes, model, target, target_code, "target_code"))
    return LanguagePair(
        _code(codes, model, source, source_code, "source_code"),
        _code(codes, model, target, target_code, "target_code"),
    )


def _code(codes: Codes, model: str, name: str, given: str | None, setting: str) -> str | None:
    if codes.style == "none":
        if given is None:
            return None
        raise XnerError(
            f"translator.{setting} is {given!r}, but the tokenizer of {model!r} has no language codes: the model "
            f"translates in one direction. Leave {setting} out."
        )
    if given is not None:
        if given in codes.tokens:
            return given
        raise XnerError(
            f"the tokenizer of {model!r} does not know the language code {given!r} of translator.{setting}. "
            f"{_nearest(given, codes)}"
        )
    title, candidates = _candidates(codes, name)
    for candidate in candidates:
        if candidate in codes.tokens:
            return candidate
    if codes.style == "nllb" and language(name).nllb is None:
        raise XnerError(
            f"NLLB-200 does not know {title} ({name}), and the tokenizer of {model!r} has no code for it. Build from "
            "human translations (recipe 'parallel'), or name a model of your own that knows it with translator.model, "
            f"and its code with translator.{setting}."
        )
    raise XnerError(
        f"the tokenizer of {model!r} has no code for {title} ({name}). {_nearest(candidates[0], codes)} If one of "
        f"them means {title}, set translator.{setting} to it; otherwise name a model that knows it with "
        "translator.model."
    )


def _candidates(codes: Codes, name: str) -> tuple[str, list[str]]:
    """Return the English name of a language and what a tokenizer may call it, the likeliest first."""
    row = language(name)
    title, names = row.name, [*row.aliases, row.code]
    # A model that was taught a language NLLB-200 lacks names it in the same way.
    nllb = [row.nllb or f"{row.code}_{row.script}"]
    if codes.style == "nllb":
        return title, nllb
    if codes.style == "mbart":
        return title, [code for one in names for code in codes.tokens if code.partition("_")[0] == one] or names
    return title, [*names, *nllb]


def _nearest(code: str, codes: Codes) -> str:
    close = difflib.get_close_matches(code, codes.tokens, n=5, cutoff=0)
    return f"It has {len(codes.tokens)}; the nearest are {', '.join(close)}."
