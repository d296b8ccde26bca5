"""Translation with CTranslate2: that it says what `transformers` says, and what it refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from xner_hf.errors import XnerError
from xner_hf.translate.ct2 import CTranslate2Config, CTranslate2Translator
from xner_hf.translate.seq2seq import Seq2SeqConfig, Seq2SeqTranslator

TEXTS = ["Bola came home", "Kano is big", "they saw", "the goats ate all of it", "a", "zz yy xx ww", "they saw"]


@pytest.fixture(scope="module")
def converted(tiny, tmp_path_factory):
    """The function that writes a tiny model and its conversion, and returns both folders."""
    pytest.importorskip("ctranslate2", reason="the extra ct2 is not installed")
    from ctranslate2.converters import TransformersConverter

    def convert(tokenizer, followers=None, family="M2M100", **settings):
        folder = tmp_path_factory.mktemp("model")
        if followers is None:
            tiny.random_model(folder, tokenizer, family)
        else:
            tiny.chain_model(folder, tokenizer, followers, family, **settings)
        target = tmp_path_factory.mktemp("converted") / "model"
        return str(folder), TransformersConverter(str(folder)).convert(str(target))

    return convert


@pytest.fixture(scope="module")
def random(tiny, converted):
    """Folders of a model of NLLB's kind with random weights, and of its conversion."""
    return converted(tiny.nllb_tokenizer())


def translator(folders, source="eng", target="hau", **settings):
    tokenizer, model = folders
    return CTranslate2Translator(CTranslate2Config(model, tokenizer, **settings), source, target, "cpu")


@pytest.mark.parametrize("beams", [1, 3])
def test_translations_are_those_of_transformers_in_the_order_of_the_texts(random, beams):
    expected = Seq2SeqTranslator(Seq2SeqConfig(random[0], num_beams=1), "eng", "hau", "cpu").generate(TEXTS)
    model = translator(random, num_beams=beams, tokens_per_batch=60)
    found = model.generate(TEXTS)
    if beams == 1:
        assert found == expected
    assert [model.generate([text])[0] for text in TEXTS] == found
    assert found[2] == found[-1]
    assert len(set(found)) > 4


def test_a_translation_that_ends_is_finished_and_each_sentence_is_translated(tiny, converted):
    folders = converted(tiny.nllb_tokenizer(), {"hau_Latn": "▁", "▁": "a", "a": "b"})
    model = translator(folders, "fra")
    assert (model.source_code, model.target_code) == ("fra_Latn", "hau_Latn")
    assert model.generate(["xy"]) == [("ab", True)]
    assert model.translate(["He came. She saw.", "..."]) == [("ab ab", None), ("", "translation_empty")]
    assert translator(folders, split_sentences=False).translate(["He came. She saw."]) == [("ab", None)]


@pytest.mark.parametrize("beams", [1, 3])
def test_what_does_not_end_is_stopped_at_its_own_limit_and_is_cut(tiny, converted, beams):
    folders = converted(tiny.nllb_tokenizer(), {"hau_Latn": "a", "a": "b", "b": "a"})
    (long, ended), (short, other) = translator(folders, num_beams=beams).generate(["abcdefg", "x"])
    assert (ended, other) == (False, False)
    assert (len(long), len(short)) == (3 * 10 + 20 - 1, 3 * 4 + 20 - 1)


def test_a_text_longer_than_the_model_takes_is_cut_and_never_read_in_part(random):
    assert translator(random).generate(["a" * 62])[0] == ("", False)
    assert translator(random).translate(["a" * 62])[0].fault == "translation_cut"


@pytest.mark.parametrize(("kind", "code"), [("MBartTokenizer", "fr_XX"), ("MBart50Tokenizer", "sw_KE")])
def test_mbart_says_what_it_says_in_transformers(tiny, tmp_path, kind, code):
    pytest.importorskip("ctranslate2", reason="the extra ct2 is not installed")
    from ctranslate2.converters import TransformersConverter

    folder = tiny.chain_model(tmp_path / "m", tiny.mbart_tokenizer(kind), {code: "▁", "▁": "a"}, "MBart")
    file = Path(folder) / "config.json"
    on_the_hub = {"tokenizer_class": kind, **dict.fromkeys(("normalize_before", "normalize_embedding"), True)}
    on_the_hub["add_final_layer_norm"] = True
    file.write_text(json.dumps(json.loads(file.read_text()) | on_the_hub))
    model = TransformersConverter(folder).convert(str(tmp_path / "c"))
    target = {"fr_XX": "fra", "sw_KE": "swa"}[code]
    assert translator((folder, model), target=target).generate(["xy"]) == [("a", True)]


def test_m2m100_and_marian_say_what_they_say_in_transformers(tiny, converted, tmp_path):
    tokenizer = tiny.m2m100_tokenizer(tmp_path / "m2m", registered=True)
    assert translator(converted(tokenizer, {"__ha__": "▁", "▁": "a"})).generate(["xy"]) == [("a", True)]
    tokenizer = tiny.marian_tokenizer(tmp_path / "marian", ["hau", "swh"])
    model = translator(converted(tokenizer, {"<pad>": "▁", "▁": "a"}, "Marian"), target="swa")
    assert model.target_code == "swh"
    assert model.generate(["xy"]) == [("a", True)]


def test_a_package_that_is_not_installed_is_said_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(XnerError, match=r"pip install ctranslate2"):
        translator(("org/name", "folder"))


def test_a_folder_without_a_converted_model_is_refused_with_how_to_make_one(tmp_path):
    pytest.importorskip("ctranslate2")
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(XnerError, match="ct2-transformers-converter --model org/name --output_dir"):
            translator(("org/name", str(folder)))


def test_a_damaged_model_and_what_the_device_cannot_compute_are_refused(random, tmp_path):
    (tmp_path / "model.bin").write_bytes(b"no model")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(XnerError, match="cannot be used on cpu as default"):
        translator((random[0], str(tmp_path)))
    with pytest.raises(XnerError, match="cannot be used on cpu as float16.*set translator.compute_type to default"):
        translator(random, compute_type="float16")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": ""}, "model is empty"),
        ({"tokenizer": ""}, "tokenizer is empty"),
        ({"compute_type": "int4"}, "compute_type is 'int4'.* int8"),
        ({"num_beams": 0}, "num_beams is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(XnerError, match=message):
        CTranslate2Config(**{"model": "folder", "tokenizer": "org/name", **settings})
