"""Models that cannot do what a recipe wants are named before any text is read."""

from __future__ import annotations

import pytest

from xner_hf.errors import XnerError
from xner_hf.pipeline import preflight, text
from xner_hf.pipeline.run import run_recipe
from xner_hf.recipe import make_recipe

TAGGER = "xner/minilm-conll2003-en"
MAFAND = {"corpus": "masakhane/mafand", "config": "en-hau"}


@pytest.fixture(autouse=True)
def no_text(mirror, monkeypatch):
    """Fail where text is read."""

    def read(*_):
        raise AssertionError("the text was read")

    monkeypatch.setattr(text, "read_rows", read)


def test_a_translator_of_another_kind(mirror):
    recipe = make_recipe("hau", "translate-test", {"text": MAFAND, "translator.model": TAGGER})
    with pytest.raises(XnerError, match="'xner/minilm-conll2003-en' is not a sequence-to-sequence model"):
        run_recipe(recipe)


def test_a_translator_that_does_not_know_the_language(mirror, small_translator, tmp_path):
    (tmp_path / "text.txt").write_text("Musa yu mwema sana.\n")
    recipe = make_recipe(
        "swa",
        "translate-test",
        {"text": {"corpus": str(tmp_path / "text.txt")}, "translator.model": str(small_translator)},
    )
    with pytest.raises(XnerError, match=r"no code for Swahili \(swa\).*hau_Latn, eng_Latn"):
        preflight.check_models(recipe)
    refinement = {"translator": {"model": str(small_translator), "markers": "xml", "target_code": "hausa_Latn"}}
    recipe = make_recipe("hau", "parallel", {"back_translation": refinement})
    with pytest.raises(XnerError, match="does not know the language code 'hausa_Latn'"):
        run_recipe(recipe)


def test_a_tagger_whose_labels_mean_nothing_here(mirror, write_tagger, tmp_path):
    write_tagger(tmp_path / "other", {"B-human": ["Amina"]}, names=("O", "B-human"))
    recipe = make_recipe("hau", "transfer", {"text": MAFAND, "tagger": str(tmp_path / "other")})
    with pytest.raises(XnerError, match=r"predicts O, B-human.*tagger.labels='\{human: PER\}'"):
        run_recipe(recipe)


def test_members_are_looked_at_as_well(mirror, write_tagger, tmp_path):
    write_tagger(tmp_path / "other", {"B-human": ["Amina"]}, names=("O", "B-human"))
    members = [{"recipe": "parallel"}, {"recipe": "transfer", "tagger": str(tmp_path / "other")}]
    with pytest.raises(XnerError, match="predicts O, B-human"):
        run_recipe(make_recipe("hau", "combine", {"members": members, "text": MAFAND}))
