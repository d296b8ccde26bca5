"""Which language code a tokenizer wants, with the tokenizer classes of `transformers` themselves."""

from __future__ import annotations

import pytest

from xner_hf.errors import NotAvailable, XnerError
from xner_hf.languages import languages
from xner_hf.registry import settings_of
from xner_hf.translate.codes import Codes, codes_of, language_pair


@pytest.fixture(scope="module")
def nllb(tiny):
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    return codes_of(tiny.nllb_tokenizer(["eng_Latn", *FAIRSEQ_LANGUAGE_CODES]))


@pytest.fixture(scope="module")
def mbart50(tiny):
    return codes_of(tiny.mbart_tokenizer("MBart50Tokenizer"))


@pytest.fixture(scope="module")
def m2m100(tiny, tmp_path_factory):
    return codes_of(tiny.m2m100_tokenizer(tmp_path_factory.mktemp("m2m100")))


@pytest.fixture(scope="module")
def marian(tiny, tmp_path_factory):
    return codes_of(tiny.marian_tokenizer(tmp_path_factory.mktemp("marian"), ["hau", "sw", "cmn_Hans"]))


def test_a_tokenizer_of_nllb_knows_the_code_of_every_language_that_the_table_gives_one(nllb):
    assert nllb.style == "nllb"
    for row in languages():
        if row.nllb is not None:
            assert language_pair(nllb, "m", "eng", row.code) == ("eng_Latn", row.nllb)
            assert language_pair(nllb, "m", row.code, "eng") == (row.nllb, "eng_Latn")


@pytest.mark.parametrize("code", ["bbj", "pcm"])
def test_what_nllb_does_not_know_is_named_with_what_else_to_do(nllb, code):
    with pytest.raises(XnerError, match=rf"NLLB-200 does not know .* \({code}\)") as error:
        language_pair(nllb, "facebook/nllb-200", "eng", code)
    for part in ("facebook/nllb-200", "recipe 'parallel'", "translator.model", "translator.target_code"):
        assert part in str(error.value)


def test_a_model_that_was_taught_a_language_of_its_own_says_it_as_nllb_would():
    own = Codes("nllb", {code: code for code in ("eng_Latn", "pcm_Latn")})
    assert language_pair(own, "m", "eng", "pcm") == ("eng_Latn", "pcm_Latn")


def test_a_code_that_is_given_wins(nllb):
    assert language_pair(nllb, "m", "eng", "hau", target_code="yor_Latn") == ("eng_Latn", "yor_Latn")
    assert language_pair(nllb, "m", "bbj", "hau", source_code="bam_Latn") == ("bam_Latn", "hau_Latn")


def test_a_code_that_is_not_known_is_named_with_the_nearest(nllb):
    with pytest.raises(XnerError) as error:
        language_pair(nllb, "facebook/nllb-200", "eng", "hau", target_code="hau_latn")
    for part in ("'facebook/nllb-200'", "'hau_latn'", "translator.target_code", "It has 202", "hau_Latn"):
        assert part in str(error.value)
    with pytest.raises(XnerError, match="translator.source_code"):
        language_pair(nllb, "m", "eng", "hau", source_code="en")


def test_m2m100_takes_the_code_of_two_letters(m2m100):
    assert m2m100.style == "m2m100"
    assert m2m100.tokens["ha"] == "__ha__"
    for code, expected in (("hau", "ha"), ("swa", "sw"), ("zho", "zh"), ("heb", "he"), ("fra", "fr"), ("jav", "jv")):
        assert language_pair(m2m100, "m", "eng", code) == ("en", expected)
    assert language_pair(m2m100, "m", "eng", "hau", target_code="yo") == ("en", "yo")


def test_a_language_that_m2m100_lacks_is_named(m2m100):
    with pytest.raises(XnerError) as error:
        language_pair(m2m100, "facebook/m2m100_418M", "eng", "ewe")
    for part in ("'facebook/m2m100_418M'", "Ewe (ewe)", "It has 100", "translator.target_code", "translator.model"):
        assert part in str(error.value)


def test_mbart_takes_the_code_with_the_country(mbart50, tiny):
    assert mbart50.style == "mbart"
    for code, expected in (("swa", "sw_KE"), ("fra", "fr_XX"), ("zho", "zh_CN"), ("tgl", "tl_XX")):
        assert language_pair(mbart50, "m", "eng", code) == ("en_XX", expected)
    first = codes_of(tiny.mbart_tokenizer("MBartTokenizer"))
    assert language_pair(first, "m", "eng", "fra") == ("en_XX", "fr_XX")
    with pytest.raises(XnerError, match=r"no code for Swahili \(swa\). It has 25"):
        language_pair(first, "m", "eng", "swa")


def test_marian_of_several_targets_is_told_the_target_only(marian):
    assert marian == ("marian", {"hau": ">>hau<<", "sw": ">>sw<<", "cmn_Hans": ">>cmn_Hans<<"})
    assert language_pair(marian, "m", "eng", "hau") == (None, "hau")
    assert language_pair(marian, "m", "eng", "swa") == (None, "sw")
    assert language_pair(marian, "m", "eng", "zho", target_code="cmn_Hans") == (None, "cmn_Hans")
    with pytest.raises(XnerError, match="Leave source_code out"):
        language_pair(marian, "m", "eng", "hau", source_code="eng")
    with pytest.raises(XnerError, match="no code for Yor.b. .yor."):
        language_pair(marian, "m", "eng", "yor")


def test_a_model_of_one_direction_takes_no_codes(tiny, tmp_path):
    none = codes_of(tiny.marian_tokenizer(tmp_path))
    assert none == ("none", {})
    assert language_pair(none, "m", "eng", "bbj") == (None, None)
    with pytest.raises(XnerError, match="no language codes: .* Leave target_code out"):
        language_pair(none, "m", "eng", "hau", target_code="hau_Latn")


def test_a_language_that_is_not_in_the_table_is_refused(nllb):
    with pytest.raises(XnerError, match="'xyz' is not a language"):
        language_pair(nllb, "m", "eng", "xyz")


def test_only_checkpoints_of_nllb_itself_are_known_not_to_know_a_language():
    def checked(model, **codes):
        settings_of("translator", "seq2seq", {"model": model, **codes}).check("eng", "pcm")

    with pytest.raises(NotAvailable, match="NLLB-200 does not know Nigerian Pidgin"):
        checked("facebook/nllb-200-distilled-600M")
    checked("facebook/nllb-200-distilled-600M", target_code="pcm_Latn")
    checked("me/nllb-200-tuned-on-pidgin")
