"""YAML from outside."""

from __future__ import annotations

import pytest
import yaml

from xner_hf.errors import XnerError
from xner_hf.recipe import load_recipe
from xner_hf.settings import load_yaml
from xner_hf.training.config import read_training_settings


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1\na: 2\n", 2), ("a:\n  b: 1\n  c: 2\n  b: 1\n", 4), ("- {a: 1, a: 1}\n", 1)]
)
def test_a_key_that_stands_twice_is_refused_with_its_line_at_any_depth(text, line):
    with pytest.raises(yaml.YAMLError, match=f"(?s)the key '[ab]' stands twice.*line {line},"):
        load_yaml(text)


def test_keys_of_different_mappings_and_of_different_types_may_look_alike():
    assert load_yaml("a: {x: 1}\nb: {x: 2}\n1: one\n'1': text\n") == {
        "a": {"x": 1},
        "b": {"x": 2},
        1: "one",
        "1": "text",
    }


def test_a_mapping_may_take_over_another_and_change_it():
    assert load_yaml("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  x: 3\n")["b"] == {"x": 3, "y": 2}


def test_nothing_but_plain_values_is_made():
    with pytest.raises(yaml.YAMLError, match="could not determine a constructor"):
        load_yaml("!!python/object/apply:os.getcwd []\n")


@pytest.mark.parametrize("read", [load_recipe, read_training_settings])
def test_recipes_and_settings_with_a_key_twice_are_refused(read, tmp_path):
    path = tmp_path / "given.yaml"
    path.write_text("language: hau\nepochs: 1\nlanguage: luo\n", encoding="utf-8")
    with pytest.raises(XnerError, match="(?s)given.yaml.*'language' stands twice.*line 3"):
        read(path)
