from __future__ import annotations

import json
import subprocess
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.languages import languages, tagger_entry
from xner_hf.recipe import (
    RECIPES,
    AlignerConfig,
    ProjectorConfig,
    Recipe,
    TaggerConfig,
    TextConfig,
    load_recipe,
    make_recipe,
    recipe_from_dict,
)


def refused(*says, call=make_recipe, **kwargs):
    with pytest.raises(XnerError) as caught:
        call(**kwargs)
    message = str(caught.value)
    for one in says:
        assert one in message
    return message


def test_making_a_recipe_imports_nothing_heavy():
    heavy = "{'torch', 'transformers', 'datasets', 'evaluate', 'pyarrow', 'pandas', 'systran_align'}"
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
            tagger=TaggerConfig(tagger.model, tagger.revision),
            aligner=AlignerConfig("statistical", ()),
            projector=ProjectorConfig("candidates", {}),
            limit=None,
            validation_percent=5.0,
        )

    def test_ewe_is_built_from_french(self):
        recipe = make_recipe("ewe")
        assert (recipe.source_language, recipe.text.config) == ("fra", "fr-ewe")
        assert recipe.tagger.model == tagger_entry("fra").model

    def test_a_translated_corpus_brings_its_labels(self):
        recipe = make_recipe("hau", "translate-train")
        assert recipe.recipe == "translate-train"
        assert recipe.source_language == "eng"
        assert recipe.text == TextConfig("xner/conll2003-nllb", "hau", splits=("train",))
        assert recipe.tagger is None

    def test_the_sample_needs_neither_corpus_nor_tagger(self):
        recipe = make_recipe("swa", "sample")
        assert recipe.text == TextConfig("sample", "swa")
        assert (recipe.source_language, recipe.tagger) == ("eng", None)

    @pytest.mark.parametrize("name", ["hau", "ha", "Hausa", " HAUSA "])
    def test_language_and_default_recipe_may_be_named_in_every_way(self, name):
        assert make_recipe(name) == make_recipe(name, "parallel") == make_recipe("hau", overrides={})

    @pytest.mark.parametrize("row", languages(), ids=lambda row: row.code)
    def test_every_recipe_of_every_language_can_be_made_and_no_other(self, row):
        for name in RECIPES:
            if name in row.recipes:
                recipe = make_recipe(row.code, name)
                assert (recipe.recipe, recipe.language) == (name, row.code)
                assert recipe.text.config
                assert recipe_from_dict(yaml.safe_load(recipe.to_yaml())) == recipe
            else:
                refused(
                    repr(name), f"for {row.code}: {', '.join(row.recipes) or 'none'}", language=row.code, recipe=name
                )
        if row.default_recipe in row.recipes:
            assert make_recipe(row.code) == make_recipe(row.code, row.default_recipe)


class TestOverrides:
    @pytest.mark.parametrize(
        "overrides",
        [
            {"projector": {"method": "heuristic", "max_gap": 2}},
            {"projector": "heuristic", "projector.max_gap": 2},
            {"projector.method": "heuristic", "projector.max_gap": 2},
            {"projector.method": "heuristic", "projector": {"max_gap": 2}},
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

    def test_a_recipe_without_tagger_is_refused_where_the_source_has_no_labels(self):
        table = {**make_recipe("hau").to_dict(), "tagger": None}
        refused("'parallel' needs a tagger", "tagger.model", call=recipe_from_dict, table=table)


class TestRefusals:
    def test_an_unknown_language_is_refused_with_the_nearest_and_where_to_look(self):
        refused("'hausaa'", "Did you mean 'hausa'?", "xner languages", language="hausaa")

    def test_a_default_recipe_that_is_not_available_yet_is_named_as_such(self):
        message = refused("'translate-test'", "default of Finnish", "cannot be built by this version", language="fin")
        assert message.endswith("Recipes that work for fin: none.")

    def test_an_unknown_recipe_is_refused_with_the_nearest_and_those_of_the_language(self):
        refused(
            "Hausa (hau) has no recipe 'paralell'",
            "Did you mean 'parallel'?",
            "parallel, translate-train, sample",
            language="hau",
            recipe="paralell",
        )

    def test_a_recipe_that_another_language_has_is_refused_with_those_of_this_one(self):
        message = refused("Bambara (bam) has no recipe 'sample'", language="bam", recipe="sample")
        assert message.endswith("Recipes that work for bam: parallel.")

    @pytest.mark.parametrize(
        "key, near, known",
        [
            ("limitt", "limit", "validation_percent"),
            ("taggr", "tagger", "aligner"),
            ("taggr.model", "tagger", "aligner"),
            ("tagger.modell", "model", "model, revision"),
            ("text.split", "splits", "corpus, config, splits, revision"),
            ("aligner.methods", "method", "method, extra_parallel"),
            ("projector.max_word", "max_words", "max_words, alignment_weight, min_surface, null_threshold"),
        ],
    )
    def test_an_unknown_key_is_refused_with_the_nearest_and_all_that_exist(self, key, near, known):
        unknown = key.split(".")[0] if key.startswith("taggr") else key.split(".")[-1]
        refused(repr(unknown), f"Did you mean {near!r}?", known, language="hau", overrides={key: "x"})

    @pytest.mark.parametrize(
        "key, value, near, known",
        [
            ("aligner", "statistcal", "statistical", "statistical, none"),
            ("aligner.method", "statistcal", "statistical", "statistical, none"),
            ("projector", "heuristics", "heuristic", "candidates, heuristic"),
            ("projector.method", "candidate", "candidates", "candidates, heuristic"),
        ],
    )
    def test_an_unknown_method_is_refused_with_the_nearest_and_all_that_exist(self, key, value, near, known):
        refused(repr(value), f"Did you mean {near!r}?", known, language="hau", overrides={key: value})

    def test_a_setting_of_another_method_is_refused(self):
        overrides = {"projector": {"method": "heuristic", "max_words": 3}}
        refused("'heuristic'", "'max_words'", "max_gap, min_length_ratio", language="hau", overrides=overrides)

    @pytest.mark.parametrize(
        "key, value, says",
        [
            ("limit", 0, "limit is 0"),
            ("validation_percent", -1, "validation_percent is -1"),
            ("validation_percent", 100, "[0, 100)"),
            ("validation_percent", float("nan"), "finite"),
            ("projector.max_words", 0, "projector.max_words is 0"),
            ("projector.null_threshold", 1.5, "projector.null_threshold is 1.5"),
            ("limit", "ten", "limit is 'ten'"),
            ("limit", 2.5, "limit is 2.5"),
            ("limit", True, "limit is True"),
            ("validation_percent", "five", "validation_percent is 'five'"),
            ("projector.max_words", "ten", "max_words is 'ten'"),
            ("text.corpus", 5, "corpus is 5"),
            ("text", "org/corpus", "text is 'org/corpus'"),
            ("tagger", 5, "tagger is 5"),
            ("aligner", ["none"], "aligner is ['none']"),
            ("recipe.name", "x", "recipe is 'parallel'"),
        ],
    )
    def test_a_value_that_does_not_fit_is_refused_by_name(self, key, value, says):
        refused(says, language="hau", overrides={key: value})

    @pytest.mark.parametrize("section", ["recipe", "language", "source_language", "text"])
    def test_a_missing_key_is_refused_by_name(self, section):
        table = make_recipe("hau").to_dict()
        del table[section]
        refused(f"lacks the key {section!r}", call=recipe_from_dict, table=table)

    def test_a_missing_key_of_a_section_is_refused_by_name(self):
        table = {**make_recipe("hau").to_dict(), "text": {"corpus": "org/corpus"}}
        refused("the recipe's text lacks the key 'config'", call=recipe_from_dict, table=table)

    def test_an_unknown_recipe_in_a_table_is_refused_with_all_that_exist(self):
        table = {**make_recipe("hau").to_dict(), "recipe": "marker"}
        refused("'marker'", "parallel, translate-train, sample", call=recipe_from_dict, table=table)


names = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=8) | st.sampled_from(
    ["no", "null", "1e3", "0x1F", "2024-01-01", "a: b", "- x", "#c", "ghomálá'"]
)
projectors = st.builds(
    ProjectorConfig,
    st.just("heuristic"),
    st.fixed_dictionaries({}, optional={"max_gap": st.integers(0, 9), "min_length_ratio": st.floats(0, 2)}),
) | st.builds(
    ProjectorConfig,
    st.just("candidates"),
    st.fixed_dictionaries({}, optional={"max_words": st.integers(1, 20), "null_threshold": st.floats(0, 1)}),
)
name_tuples = st.lists(names, max_size=3, unique=True).map(tuple)
recipes = st.builds(
    Recipe,
    recipe=st.just("translate-train"),
    language=st.sampled_from(["hau", "fin", "swa"]),
    source_language=st.sampled_from(["eng", "fra"]),
    text=st.builds(TextConfig, names, names, st.none() | name_tuples, st.none() | names),
    tagger=st.none() | st.builds(TaggerConfig, names, st.none() | names),
    aligner=st.builds(AlignerConfig, st.sampled_from(["statistical", "none"]), name_tuples),
    projector=projectors,
    limit=st.none() | st.integers(1, 10**9),
    validation_percent=st.floats(0, 100, exclude_max=True),
)


class TestYaml:
    def test_a_recipe_is_written_in_the_order_of_its_keys(self):
        recipe = make_recipe("hau", "sample", {"projector": {"method": "heuristic", "max_gap": 2}, "limit": 7})
        assert (
            recipe.to_yaml()
            == """\
recipe: sample
language: hau
source_language: eng
text:
  corpus: sample
  config: hau
  splits: null
  revision: null
tagger: null
aligner:
  method: statistical
  extra_parallel: []
projector:
  method: heuristic
  max_gap: 2
limit: 7
validation_percent: 5.0
"""
        )

    @settings(deadline=None)
    @given(recipe=recipes)
    def test_every_recipe_survives_writing_and_loading(self, recipe, tmp_path_factory):
        path = tmp_path_factory.getbasetemp() / "recipe.yaml"
        path.write_text(recipe.to_yaml(), encoding="utf-8")
        again = load_recipe(path)
        assert again == recipe
        assert again.to_dict() == recipe.to_dict()
        assert again.to_yaml() == recipe.to_yaml()

    def test_other_scripts_stay_readable(self):
        assert "model: ghɔmálá/አማርኛ\n" in make_recipe("hau", overrides={"tagger": "ghɔmálá/አማርኛ"}).to_yaml()

    def test_what_is_left_out_of_a_file_has_its_default(self, tmp_path):
        path = tmp_path / "r.yaml"
        path.write_text(
            "recipe: translate-train\nlanguage: hau\nsource_language: eng\ntext: {corpus: a/b, config: hau}\n",
            encoding="utf-8",
        )
        assert load_recipe(path) == Recipe("translate-train", "hau", "eng", TextConfig("a/b", "hau"))

    @pytest.mark.parametrize(
        "content", [b"", b"- a\n- b\n", b"just text", b"a: [", b"\xff\xfe\x00", b"!!python/object/apply:os.getcwd []"]
    )
    def test_a_file_that_is_no_yaml_mapping_is_refused_by_its_name(self, tmp_path, content):
        path = tmp_path / "r.yaml"
        path.write_bytes(content)
        refused(str(path), call=load_recipe, path=path)

    def test_a_file_that_is_not_there_is_refused_by_its_name(self, tmp_path):
        refused(str(tmp_path / "none.yaml"), call=load_recipe, path=tmp_path / "none.yaml")

    def test_a_wrong_key_in_a_file_is_refused_with_the_nearest(self, tmp_path):
        (tmp_path / "r.yaml").write_text(make_recipe("hau").to_yaml().replace("aligner:", "alignr:"), encoding="utf-8")
        refused("'alignr'", "Did you mean 'aligner'?", call=load_recipe, path=tmp_path / "r.yaml")

    def test_reading_a_table_leaves_it_as_it_was(self):
        table = make_recipe("hau", overrides={"projector": {"max_words": 3}, "text.splits": "train"}).to_dict()
        before = json.dumps(table)
        assert recipe_from_dict(table).to_dict() == json.loads(before)
        assert json.dumps(table) == before
