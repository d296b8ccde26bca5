"""Making translators by name, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from xner_hf.errors import XnerError
from xner_hf.registry import make, methods, settings_of
from xner_hf.translate import FAULTS, Translation
from xner_hf.translate.ct2 import CTranslate2Config
from xner_hf.translate.parallel import ParallelConfig
from xner_hf.translate.seq2seq import Seq2SeqConfig


def test_settings_become_those_of_the_method():
    assert settings_of("translator", "seq2seq", {"model": "org/name"}) == Seq2SeqConfig("org/name")
    given = {"model": "folder", "tokenizer": "org/name", "compute_type": "int8"}
    assert settings_of("translator", "ctranslate2", given) == CTranslate2Config("folder", "org/name", "int8")
    assert settings_of("translator", "parallel", {"corpora": ["a.tsv"]}) == ParallelConfig(["a.tsv"])


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        ("seq2sec", {}, "unknown translator 'seq2sec'. Did you mean 'seq2seq'"),
        (None, {}, "unknown translator None.* Known: ctranslate2, parallel, seq2seq"),
        ("seq2seq", {}, "the translator 'seq2seq' lacks the key 'model'"),
        ("seq2seq", {"model": "m", "beams": 4}, "no key 'beams'.* num_beams"),
        ("seq2seq", {"model": "m", "num_beams": "4"}, "num_beams is '4'; it takes int or nothing"),
        ("ctranslate2", {"model": "m"}, "lacks the key 'tokenizer'"),
        ("parallel", {"corpora": "a.tsv"}, "it is a list of parallel text"),
    ],
)
def test_unknown_methods_and_settings_are_named(method, settings, message):
    with pytest.raises(XnerError, match=message):
        settings_of("translator", method, settings)


def test_every_setting_says_what_it_is():
    import dataclasses

    for kind in methods("translator").values():
        assert all(field.metadata["help"] for field in dataclasses.fields(kind))


def test_a_translator_is_made_for_two_languages(tmp_path, tiny):
    file = tmp_path / "pairs.tsv"
    file.write_text("Musa laughed.\tMusa ya yi dariya.\n", encoding="utf-8")
    human = make("translator", "parallel", {"corpora": [str(file)]}, "hau", "eng")
    assert human.translate(["musa ya yi dariya"]) == [Translation("Musa laughed.")]
    folder = tiny.chain_model(tmp_path / "model", tiny.nllb_tokenizer(), {"eng_Latn": "▁", "▁": "a"})
    machine = make("translator", "seq2seq", {"model": folder}, "hau", "eng")
    assert machine.translate(["musa ya yi dariya", "?"]) == [("a", None), ("", "translation_empty")]
    assert set(FAULTS) >= {"translation_empty"}


def test_a_converted_model_is_made_too(tmp_path, tiny):
    pytest.importorskip("ctranslate2", reason="the extra ct2 is not installed")
    from ctranslate2.converters import TransformersConverter

    folder = tiny.chain_model(tmp_path / "model", tiny.nllb_tokenizer(), {"eng_Latn": "▁", "▁": "a"})
    converted = TransformersConverter(folder).convert(str(tmp_path / "converted"))
    machine = make("translator", "ctranslate2", {"model": converted, "tokenizer": folder}, "hau", "eng")
    assert machine.translate(["musa ya yi dariya"]) == [("a", None)]


def test_importing_translators_imports_no_model_library():
    script = "import sys, xner_hf.translate; print({'torch', 'transformers', 'ctranslate2'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "set()\n"
