"""Recipes as YAML: how they are written, and that every one survives it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.corpora.parallel import SAMPLE, local_files
from xner_hf.errors import XnerError
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
    recipe_from_dict,
)

names = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=8) | st.sampled_from(
    ["no", "null", "1e3", "0x1F", "2024-01-01", "a: b", "- x", "#c", "ghomálá'"]
)
corpora = names.filter(lambda name: name != SAMPLE and not local_files(name))
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
    FiltersConfig,
    **dict.fromkeys(("comp_src", "comp_tgt", "comp_ins", "restrict_tgt"), st.booleans()),
    min_source_score=st.floats(0, 1),
    min_score=st.just(0) | st.floats(0, 1),
)
name_tuples = st.lists(names, max_size=3, unique=True).map(tuple)
recipes = st.builds(
    Recipe,
    recipe=st.just("translate-train"),
    language=st.sampled_from(["hau", "fin", "swa"]),
    source_language=st.sampled_from(["eng", "fra"]),
    text=st.builds(TextConfig, corpora, names, st.none() | name_tuples, st.none() | names),
    tagger=st.none() | st.builds(TaggerConfig, names, st.none() | names, consistent=st.booleans()),
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
  labels: null
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

    def test_reading_a_table_leaves_it_as_it_was(self):
        table = make_recipe("hau", overrides={"projector": {"max_words": 3}, "text.splits": "train"}).to_dict()
        before = json.dumps(table)
        assert recipe_from_dict(table).to_dict() == json.loads(before)
        assert json.dumps(table) == before


def test_what_members_have_in_common_is_changed_in_all_of_them(tmp_path):
    path = tmp_path / "combine.yaml"
    path.write_text(make_recipe("hau", "combine").to_yaml(), encoding="utf-8")
    assert load_recipe(path) == make_recipe("hau", "combine")
    changed = load_recipe(path, {"limit": 5, "text.config": "en-ibo", "validation_percent": 7})
    for one in (changed, *(member.recipe for member in changed.members)):
        assert (one.limit, one.text.config, one.validation_percent) == (5, "en-ibo", 7)


@pytest.mark.parametrize("name", ["combine", "transfer"])
def test_a_recipe_that_projects_nothing_takes_no_projector(name):
    with pytest.raises(XnerError, match=f"'{name}' projects nothing; leave projector out"):
        make_recipe("hau", name, {"projector.method": "heuristic"})


@pytest.mark.parametrize("members", ["", "5", "[]", "{a: b}"])
def test_members_that_are_no_list_are_named(members, tmp_path):
    text = make_recipe("hau", "combine").to_yaml()
    path = tmp_path / "combine.yaml"
    path.write_text(text[: text.index("members:")] + f"members: {members}\n", encoding="utf-8")
    with pytest.raises(XnerError, match="members"):
        load_recipe(path)
