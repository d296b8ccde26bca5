"""Recipes that are refused, and what the message says."""

from __future__ import annotations

import pytest
import yaml

from xner_hf.errors import XnerError
from xner_hf.languages import languages
from xner_hf.recipe import RECIPES, load_recipe, make_recipe, recipe_from_dict

WEIGHTS = {"alignment": 2.0, "bias": -1}


def refused(*says, call=make_recipe, **kwargs):
    with pytest.raises(XnerError) as caught:
        call(**kwargs)
    message = str(caught.value)
    for one in says:
        assert one in message
    return message


class TestRefusals:
    def test_an_unknown_language_is_refused_with_the_nearest_and_where_to_look(self):
        refused("'hausaa'", "Did you mean 'hausa'?", "xner languages", language="hausaa")

    def test_an_unknown_recipe_is_refused_with_the_nearest_and_those_of_the_language(self):
        refused(
            "Hausa (hau) has no recipe 'paralell'",
            "Did you mean 'parallel'?",
            "parallel, translate-test, translate-train, marker, transfer, combine, sample",
            language="hau",
            recipe="paralell",
        )

    def test_a_recipe_that_another_language_has_is_refused_with_those_of_this_one(self):
        message = refused("Bambara (bam) has no recipe 'sample'", language="bam", recipe="sample")
        assert message.endswith("for bam: parallel, translate-test, translate-train, marker, transfer, combine.")

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

    @pytest.mark.parametrize(
        "key, near, known",
        [
            ("limitt", "limit", "validation_percent"),
            ("taggr", "tagger", "aligner"),
            ("taggr.model", "tagger", "aligner"),
            ("tagger.modell", "model", "model, revision, labels, consistent, distributions"),
            ("text.split", "splits", "corpus, config, splits, revision"),
            ("aligner.stemm", "stem", "stem, model"),
            ("projector.max_word", "max_words", "weights, null_threshold, fitted_on, substring"),
            ("filters.min_scores", "min_score", "comp_src, comp_tgt, comp_ins, restrict_tgt, min_source_score"),
        ],
    )
    def test_an_unknown_key_is_refused_with_the_nearest_and_all_that_exist(self, key, near, known):
        unknown = key.split(".")[0] if key.startswith("taggr") else key.split(".")[-1]
        refused(repr(unknown), f"Did you mean {near!r}?", known, language="hau", overrides={key: "x"})

    @pytest.mark.parametrize(
        "key, value, near, known",
        [
            ("aligner", "statistcal", "statistical", "combined, encoder, none, simalign, statistical"),
            ("aligner.method", "enocder", "encoder", "combined, encoder, none, simalign, statistical"),
            ("projector", "heuristics", "heuristic", "candidates, fused, heuristic"),
            ("projector.method", "candidate", "candidates", "candidates, fused, heuristic"),
        ],
    )
    def test_an_unknown_method_is_refused_with_the_nearest_and_all_that_exist(self, key, value, near, known):
        refused(repr(value), f"Did you mean {near!r}?", known, language="hau", overrides={key: value})

    @pytest.mark.parametrize(
        "name, overrides, text",
        [
            ("sample", {"text.corpus": "org/corpus"}, "org/corpus:hau"),
            ("sample", {"text.config": "swa"}, "sample:swa"),
            ("translate-test", {"text.corpus": "sample", "text.config": "hau"}, "sample:hau"),
        ],
    )
    def test_the_bundled_sample_belongs_to_its_recipe_and_language(self, name, overrides, text):
        refused(repr(name), f"cannot have the text {text}", language="hau", recipe=name, overrides=overrides)

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
        table = {**make_recipe("hau").to_dict(), "recipe": "markers"}
        refused(
            "'markers'",
            "Did you mean 'marker'?",
            "translate-test, marker, transfer",
            call=recipe_from_dict,
            table=table,
        )

    def test_a_recipe_without_tagger_is_refused_where_the_source_has_no_labels(self):
        table = {**make_recipe("hau").to_dict(), "tagger": None}
        refused("'parallel' needs a tagger", "tagger.model", call=recipe_from_dict, table=table)

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
