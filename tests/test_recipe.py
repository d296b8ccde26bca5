from __future__ import annotations

import json
import subprocess
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.corpora.parallel import local_files
from xner_hf.errors import XnerError
from xner_hf.languages import languages, tagger_entry
from xner_hf.project.filters import FiltersConfig
from xner_hf.recipe import (
    RECIPES,
    AlignerConfig,
    ProjectorConfig,
    Recipe,
    TaggerConfig,
    TextConfig,
    filters_config,
    load_recipe,
    make_recipe,
    projector_config,
    recipe_from_dict,
)

WEIGHTS = {"alignment": 2.0, "bias": -1}


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
            tagger=TaggerConfig(tagger.model, tagger.revision, consistent=True),
            aligner=AlignerConfig("statistical", (), {}),
            projector=projector_config("fused", {}, "hau"),
            filters=FiltersConfig(False, False, False, False, 0.0, 0.0),
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

    def test_a_recipe_without_tagger_is_refused_where_the_source_has_no_labels(self):
        table = {**make_recipe("hau").to_dict(), "tagger": None}
        refused("'parallel' needs a tagger", "tagger.model", call=recipe_from_dict, table=table)


class TestSettingsOfMethods:
    """Settings belong to the method beside which they stand."""

    def test_settings_of_the_aligner_stand_beside_its_method(self):
        recipe = make_recipe("hau", overrides={"aligner.stem": 0, "aligner.extra_parallel": "a/b:c"})
        assert recipe.aligner == AlignerConfig("statistical", ("a/b:c",), {"stem": 0})
        assert recipe.to_dict()["aligner"] == {"method": "statistical", "extra_parallel": ["a/b:c"], "stem": 0}

    @pytest.mark.parametrize(
        "overrides",
        [
            {"aligner": "none"},
            {"aligner.method": "none"},
            {"aligner": {"method": "none"}},
        ],
    )
    def test_another_aligner_keeps_the_text_to_train_on_and_no_setting_of_the_former(self, tmp_path, overrides):
        path = tmp_path / "r.yaml"
        first = make_recipe("hau", overrides={"aligner.stem": 0, "aligner.extra_parallel": "a/b:c"})
        path.write_text(first.to_yaml(), encoding="utf-8")
        assert load_recipe(path).aligner == first.aligner
        assert load_recipe(path, overrides).aligner == AlignerConfig("none", ("a/b:c",), {})

    @pytest.mark.parametrize(
        "overrides",
        [
            {"projector": "heuristic"},
            {"projector.method": "heuristic"},
            {"projector": {"method": "heuristic"}},
        ],
    )
    def test_another_projector_keeps_no_weights_of_the_former(self, tmp_path, overrides):
        path = tmp_path / "r.yaml"
        path.write_text(make_recipe("hau").to_yaml(), encoding="utf-8")
        assert load_recipe(path, overrides).projector == ProjectorConfig("heuristic", {})

    def test_a_model_of_the_aligner_is_a_setting_and_names_no_other_method(self):
        overrides = {"aligner.model": "a/b", "aligner.layer": 3, "aligner.method": "encoder"}
        assert make_recipe("hau", overrides=overrides).aligner.settings == {"model": "a/b", "layer": 3}

    @pytest.mark.parametrize("overrides", [{"filters.comp_ins": True}, {"filters": {"comp_ins": True}}])
    def test_one_filter_leaves_the_others_as_they_were(self, tmp_path, overrides):
        path = tmp_path / "r.yaml"
        path.write_text(make_recipe("hau", overrides={"filters.min_score": 0.5}).to_yaml(), encoding="utf-8")
        assert load_recipe(path, overrides).filters == FiltersConfig(comp_ins=True, min_score=0.5)
        assert filters_config({"comp_ins": True, "min_score": 0.5}) == load_recipe(path, overrides).filters


class TestFusedWeights:
    def test_weights_and_threshold_of_the_package_are_written_into_the_recipe(self):
        recipe = make_recipe("hau")
        assert recipe.projector.method == "fused"
        assert set(recipe.projector.settings) == {"weights", "null_threshold", "fitted_on"}
        assert "bias" in recipe.to_dict()["projector"]["weights"]

    @pytest.mark.parametrize("row", languages(), ids=lambda row: row.code)
    def test_no_language_gets_weights_that_were_fitted_on_its_gold(self, row):
        for own in ({}, {"weights": None}, {"max_words": 3}):
            fitted_on = projector_config("fused", own, row.code).settings["fitted_on"]
            assert not {gold.rpartition(":")[0] for gold in fitted_on} & set(row.gold)
            assert not any(gold.split(":")[1] == row.code for gold in fitted_on)

    def test_missing_weights_are_those_of_the_language_whether_left_out_or_empty(self):
        expected = projector_config("fused", {}, "luo").settings
        empty = {"weights": None, "null_threshold": None, "fitted_on": None}
        assert projector_config("fused", empty, "luo").settings == expected
        table = make_recipe("luo").to_dict()
        table["projector"] = {"weights": None}
        assert recipe_from_dict(table).projector.settings == expected

    def test_weights_of_ones_own_are_kept_and_bring_their_own_origin(self):
        settings = {"weights": WEIGHTS, "null_threshold": 0.25, "fitted_on": ["a/b:c:dev"], "max_words": 3}
        assert projector_config("fused", settings, "hau") == ProjectorConfig("fused", settings)
        assert "fitted_on" not in projector_config("fused", {"weights": WEIGHTS}, "hau").settings

    def test_a_missing_threshold_is_written_into_the_recipe_as_well(self):
        shipped = projector_config("fused", {}, "hau").settings["null_threshold"]
        assert projector_config("fused", {"weights": WEIGHTS}, "hau").settings["null_threshold"] == shipped
        assert projector_config("fused", {"null_threshold": 0.0}, "hau").settings["null_threshold"] == 0.0

    def test_other_methods_get_nothing_added_and_settings_given_are_left_as_they_were(self):
        assert projector_config("candidates", {}, "hau") == ProjectorConfig("candidates", {})
        own = {"max_words": 3}
        projector_config("fused", own, None)
        assert own == {"max_words": 3}


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
            ("tagger.modell", "model", "model, revision, consistent"),
            ("text.split", "splits", "corpus, config, splits, revision"),
            ("aligner.stemm", "stem", "stem, model"),
            ("projector.max_word", "max_words", "weights, null_threshold, fitted_on, max_words, candidates"),
            ("filters.min_scores", "min_score", "comp_src, comp_tgt, comp_ins, restrict_tgt, min_source_score"),
        ],
    )
    def test_an_unknown_key_is_refused_with_the_nearest_and_all_that_exist(self, key, near, known):
        unknown = key.split(".")[0] if key.startswith("taggr") else key.split(".")[-1]
        refused(repr(unknown), f"Did you mean {near!r}?", known, language="hau", overrides={key: "x"})

    @pytest.mark.parametrize(
        "key, value, near, known",
        [
            ("aligner", "statistcal", "statistical", "statistical, encoder, simalign, eflomal, combined, none"),
            ("aligner.method", "enocder", "encoder", "statistical, encoder, simalign, eflomal, combined, none"),
            ("projector", "heuristics", "heuristic", "fused, candidates, heuristic"),
            ("projector.method", "candidate", "candidates", "fused, candidates, heuristic"),
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
            ("aligner.method", ["none"], "aligner.method is ['none']"),
            ("aligner.stem", -1, "aligner.stem is -1"),
            ("aligner.stem", True, "stem is True"),
            ("aligner.model", "gone", "aligner.model 'gone' is not the folder of a trained model"),
            ("aligner.extra_parallel", 5, "aligner.extra_parallel is 5"),
            ("aligner", {"method": "combined", "members": [{"stem": 3}]}, "member 1 of aligner.members"),
            ("tagger.consistent", "yes", "consistent is 'yes'"),
            ("filters", True, "filters is True"),
            ("filters.comp_src", 1, "comp_src is 1"),
            ("filters.min_score", 1.5, "filters.min_score is 1.5"),
            ("filters", {"min_source_score": -0.1}, "filters.min_source_score is -0.1"),
            ("projector.weights", [1.0], "projector.weights maps names of scores to finite numbers"),
            ("projector.weights", {**WEIGHTS, "alignment": "2"}, "projector.weights maps names of scores"),
            ("projector.weights", {**WEIGHTS, "alignment": float("nan")}, "finite numbers"),
            ("projector.weights", {**WEIGHTS, "spelling": True}, "finite numbers"),
            ("projector.weights", {**WEIGHTS, "speling": 1.0}, "no score 'speling'. Did you mean 'spelling'"),
            ("projector.weights", {"alignment": 2.0}, "projector.weights lacks 'bias'"),
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
numbers = st.integers(-9, 9) | st.floats(-99, 99)
weights = st.fixed_dictionaries({"bias": numbers}, optional={"alignment": numbers, "spelling": numbers})
projectors = (
    st.builds(
        ProjectorConfig,
        st.just("heuristic"),
        st.fixed_dictionaries({}, optional={"max_gap": st.integers(0, 9), "min_length_ratio": st.floats(0, 2)}),
    )
    | st.builds(
        ProjectorConfig,
        st.just("candidates"),
        st.fixed_dictionaries({}, optional={"max_words": st.integers(1, 20), "null_threshold": st.floats(0, 1)}),
    )
    | st.builds(
        projector_config,
        st.just("fused"),
        st.fixed_dictionaries(
            {},
            optional={
                "weights": weights,
                "null_threshold": st.floats(0, 1, exclude_max=True),
                "fitted_on": st.lists(names),
                "target_tagger": st.none() | names,
            },
        ),
        st.sampled_from(["hau", "fin", "luo"]),
    )
)
aligner_settings = (
    st.tuples(st.just("statistical"), st.fixed_dictionaries({}, optional={"stem": st.integers(0, 9)}))
    | st.tuples(st.just("none"), st.just({}))
    | st.tuples(
        st.just("encoder"),
        st.fixed_dictionaries({"model": names}, optional={"layer": st.none() | st.integers(0, 12)}),
    )
)
members = aligner_settings.map(lambda chosen: {"method": chosen[0], **chosen[1]})
aligner_settings |= st.tuples(
    st.just("combined"),
    st.fixed_dictionaries(
        {"members": st.lists(members, min_size=1, max_size=3)}, optional={"threshold": st.floats(0, 1)}
    ),
)
filters = st.builds(
    FiltersConfig, *[st.booleans()] * 4, min_source_score=st.floats(0, 1), min_score=st.just(0) | st.floats(0, 1)
)
name_tuples = st.lists(names, max_size=3, unique=True).map(tuple)
recipes = st.builds(
    Recipe,
    recipe=st.just("translate-train"),
    language=st.sampled_from(["hau", "fin", "swa"]),
    source_language=st.sampled_from(["eng", "fra"]),
    text=st.builds(
        TextConfig, names.filter(lambda name: not local_files(name)), names, st.none() | name_tuples, st.none() | names
    ),
    tagger=st.none() | st.builds(TaggerConfig, names, st.none() | names, st.booleans()),
    aligner=st.builds(lambda chosen, extra: AlignerConfig(chosen[0], extra, chosen[1]), aligner_settings, name_tuples),
    projector=projectors,
    filters=filters,
    limit=st.none() | st.integers(1, 10**9),
    validation_percent=st.floats(0, 100, exclude_max=True),
)


class TestYaml:
    def test_a_recipe_is_written_in_the_order_of_its_keys(self):
        overrides = {"projector": {"method": "heuristic", "max_gap": 2}, "limit": 7, "aligner.stem": 0}
        recipe = make_recipe("hau", "sample", overrides | {"filters.min_score": 0.5})
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
  stem: 0
projector:
  method: heuristic
  max_gap: 2
filters:
  comp_src: false
  comp_tgt: false
  comp_ins: false
  restrict_tgt: false
  min_source_score: 0.0
  min_score: 0.5
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
        assert load_recipe(path) == Recipe(
            "translate-train", "hau", "eng", TextConfig("a/b", "hau"), projector=projector_config("fused", {}, "hau")
        )

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


def test_fused_looks_for_names_inside_words_where_the_language_agglutinates():
    assert projector_config("fused", {}, "zul").settings["substring"] is True
    assert projector_config("fused", {"substring": False}, "zul").settings["substring"] is False
    assert "substring" not in projector_config("fused", {}, "luo").settings
