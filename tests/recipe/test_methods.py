"""Settings of aligners, projectors and filters in a recipe, and the weights of the package written into it."""

from __future__ import annotations

import pytest

from xner_hf.languages import languages
from xner_hf.project.filters import FiltersConfig
from xner_hf.recipe import (
    AlignerConfig,
    ProjectorConfig,
    filters_config,
    load_recipe,
    make_recipe,
    projector_config,
    recipe_from_dict,
)

WEIGHTS = {"alignment": 2.0, "bias": -1}


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


def test_fused_looks_for_names_inside_words_where_the_language_agglutinates():
    assert projector_config("fused", {}, "zul").settings["substring"] is True
    assert projector_config("fused", {"substring": False}, "zul").settings["substring"] is False
    assert "substring" not in projector_config("fused", {}, "luo").settings
