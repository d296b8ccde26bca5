"""Recipes as they are made: their defaults, and what overrides change."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from xner_hf.languages import tagger_entry
from xner_hf.project.filters import FiltersConfig
from xner_hf.recipe import (
    AlignerConfig,
    ProjectorConfig,
    Recipe,
    TaggerConfig,
    TextConfig,
    load_recipe,
    make_recipe,
    projector_config,
)


def test_making_a_recipe_imports_nothing_heavy():
    heavy = "{'torch', 'transformers', 'datasets', 'evaluate', 'pyarrow', 'pandas', 'thot', 'scipy'}"
    code = (
        "import sys; from xner_hf.recipe import make_recipe; make_recipe('hau').to_dict(); "
        f"sys.exit(repr({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True).stderr == ""


class TestDefaults:
    def test_hausa_is_built_from_parallel_text(self):
        tagger = tagger_entry("eng")
        assert make_recipe("hau") == Recipe(
            recipe="parallel",
            language="hau",
            source_language="eng",
            text=TextConfig("masakhane/mafand", "en-hau", splits=None, revision=None),
            tagger=TaggerConfig(tagger.model, tagger.revision, consistent=True),
            aligner=AlignerConfig("statistical", (), {}),
            projector=projector_config("fused", {}, "hau"),
            filters=FiltersConfig(),
            limit=None,
            validation_percent=5.0,
        )

    def test_ewe_is_built_from_french(self):
        recipe = make_recipe("ewe")
        assert (recipe.source_language, recipe.text.config) == ("fra", "fr-ewe")
        assert recipe.tagger.model == tagger_entry("fra").model

    @pytest.mark.parametrize("code", ["hau", "deu", "bam"])
    def test_a_labelled_corpus_is_translated_and_brings_its_labels(self, code):
        recipe = make_recipe(code, "translate-train")
        assert (recipe.recipe, recipe.source_language, recipe.tagger) == ("translate-train", "eng", None)
        assert recipe.text == TextConfig("eriktks/conll2003", "conll2003", splits=("train",))
        assert recipe.translator.settings["model"] == "facebook/nllb-200-distilled-600M"
        assert recipe.text_side == "source"

    @pytest.mark.parametrize(
        "text",
        [
            {"text.corpus": "xner/conll2003-nllb", "text.config": "hau"},
            {"text": {"corpus": "xner/conll2003-nllb", "config": "hau", "splits": ["train"]}},
        ],
        ids=["dotted", "nested"],
    )
    def test_a_translated_corpus_that_is_named_needs_no_translator(self, text):
        recipe = make_recipe("hau", "translate-train", text)
        assert recipe.text == TextConfig("xner/conll2003-nllb", "hau", splits=("train",))
        assert (recipe.translator, recipe.tagger, recipe.text_side) == (None, None, "pairs")

    @pytest.mark.parametrize("corpus", ["my.jsonl", "my.tsv", "my.en,my.ha", "me/pairs"])
    def test_a_text_of_ones_own_brings_its_translation_too(self, corpus):
        config = {"text.config": "x"} if corpus == "me/pairs" else {}
        assert make_recipe("deu", "translate-train", {"text.corpus": corpus, **config}).translator is None

    def test_a_corpus_with_its_translator_is_translated(self):
        text = {"text.corpus": "me/labels", "text.config": "x"}
        named = make_recipe("deu", "translate-train", {**text, "translator.model": "me/mt"})
        assert named.translator.settings["model"] == "me/mt"

    @pytest.mark.parametrize("corpus", ["my.conll", "Babelscape/wikineural", "conll2003"])
    def test_labelled_sentences_of_one_language_are_translated(self, corpus):
        config = {} if corpus == "my.conll" else {"text.config": "x"}
        assert make_recipe("deu", "translate-train", {"text.corpus": corpus, **config}).translator

    def test_the_sample_needs_neither_corpus_nor_tagger(self):
        recipe = make_recipe("swa", "sample")
        assert recipe.text == TextConfig("sample", "swa")
        assert (recipe.source_language, recipe.tagger) == ("eng", None)

    @pytest.mark.parametrize("name", ["hau", "ha", "Hausa", " HAUSA "])
    def test_language_and_default_recipe_may_be_named_in_every_way(self, name):
        assert make_recipe(name) == make_recipe(name, "parallel") == make_recipe("hau", overrides={})


class TestOverrides:
    @pytest.mark.parametrize(
        "overrides",
        [
            {"projector": {"method": "heuristic", "max_gap": 2}},
            {"projector": "heuristic", "projector.max_gap": 2},
            {"projector.method": "heuristic", "projector.max_gap": 2},
            {"projector.method": "heuristic", "projector": {"max_gap": 2}},
            {"projector": {"max_gap": 2}, "projector.method": "heuristic"},
            {"projector.max_gap": 2, "projector": {"method": "heuristic"}},
        ],
    )
    def test_plain_nested_and_dotted_overrides_say_the_same(self, overrides):
        assert make_recipe("hau", overrides=overrides).projector == ProjectorConfig("heuristic", {"max_gap": 2})

    @pytest.mark.parametrize(
        "overrides", [{"tagger": "me/t"}, {"tagger": {"model": "me/t"}}, {"tagger.model": "me/t"}]
    )
    def test_the_model_of_the_tagger_may_be_given_in_every_form(self, overrides):
        assert make_recipe("hau", overrides=overrides).tagger.model == "me/t"

    def test_a_tagger_given_as_a_string_drops_the_revision_of_the_default_one(self):
        assert make_recipe("hau", overrides={"tagger": "me/t"}).tagger == TaggerConfig("me/t", None)

    @pytest.mark.parametrize("name", ["tagger", "tagger.model"])
    def test_what_is_said_of_the_tagger_and_not_of_its_model_stays(self, tmp_path, name):
        path = tmp_path / "r.yaml"
        path.write_text(make_recipe("hau", overrides={"tagger.consistent": False}).to_yaml(), encoding="utf-8")
        assert load_recipe(path, {name: "me/t"}).tagger == TaggerConfig("me/t", None, consistent=False)

    def test_a_tagger_may_be_given_where_the_recipe_has_none(self):
        recipe = make_recipe("hau", "translate-train", {"tagger.model": "me/t"})
        assert recipe.tagger == TaggerConfig("me/t")

    def test_a_part_of_a_section_leaves_the_rest_as_it_was(self):
        for overrides in ({"text.revision": "v1"}, {"text": {"revision": "v1"}}):
            text = make_recipe("hau", overrides=overrides).text
            assert text == TextConfig("masakhane/mafand", "en-hau", None, "v1")

    def test_plain_values_are_set(self):
        recipe = make_recipe("hau", overrides={"limit": 100, "validation_percent": 0, "source_language": "fra"})
        assert (recipe.limit, recipe.validation_percent, recipe.source_language) == (100, 0, "fra")

    def test_lists_may_be_written_with_commas(self):
        recipe = make_recipe("hau", overrides={"text.splits": "train,dev", "aligner.extra_parallel": "a/b:c,d.tsv"})
        assert recipe.text.splits == ("train", "dev")
        assert recipe.aligner == AlignerConfig("statistical", ("a/b:c", "d.tsv"))
        listed = {"text.splits": ["train", "dev"], "aligner": {"extra_parallel": ("a/b:c", "d.tsv")}}
        assert make_recipe("hau", overrides=listed) == recipe

    def test_none_keeps_the_default(self):
        overrides = {"tagger": None, "limit": None, "projector": None, "text.revision": None}
        assert make_recipe("hau", overrides=overrides) == make_recipe("hau")

    def test_the_overrides_given_are_left_as_they_were(self):
        overrides = {"projector": {"method": "heuristic"}, "projector.max_gap": 2, "text": {"splits": ["train"]}}
        before = json.dumps(overrides)
        make_recipe("hau", overrides=overrides)
        assert json.dumps(overrides) == before
