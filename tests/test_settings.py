"""YAML from outside."""

from __future__ import annotations

import pytest
import yaml

from xner_hf.cli.output import parse_settings
from xner_hf.errors import XnerError
from xner_hf.recipe import load_recipe, make_recipe
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


@pytest.mark.parametrize(
    ("written", "config"),
    [("no", "no"), ("on", "on"), ("1e3", "1e3"), ("2016", "2016"), ("1.10", "1.10"), ("2020-01-01", "2020-01-01")]
    + [("12:30", "12:30"), ("007", "007"), ("10_000", "10_000"), ("'null'", "null"), ('"true"', "true")],
)
def test_a_name_is_taken_as_it_is_written_whatever_yaml_takes_it_for(written, config):
    given = parse_settings([f"text.config={written}", f"text.splits={written}", f"text.revision={written}"])
    text = make_recipe("hau", "parallel", given).text
    assert (text.config, text.splits, text.revision) == (config, (config,), config)
    assert all(type(one) is str for one in (text.config, text.revision))


def test_a_name_that_stays_a_truth_value_is_refused_with_the_remedy():
    with pytest.raises(XnerError, match="config is True; it takes str. Put a name .* in quotation marks"):
        make_recipe("hau", "parallel", parse_settings(["text.config=true"]))


def test_words_and_numbers_of_yaml_1_1_still_fill_what_they_filled():
    given = parse_settings(["tagger.consistent=no", "limit=10_000", "validation_percent=2.50", "tagger.revision=null"])
    made = make_recipe("hau", "parallel", given)
    assert (made.tagger.consistent, made.limit, made.validation_percent) == (False, 10_000, 2.5)
    assert make_recipe("hau", "parallel", parse_settings(["tagger.consistent=ON"])).tagger.consistent is True
    with pytest.raises(XnerError, match="consistent is 'no'; it takes bool"):
        make_recipe("hau", "parallel", parse_settings(["tagger.consistent='no'"]))


def test_a_recipe_file_may_name_a_configuration_that_yaml_1_1_takes_for_false(tmp_path):
    path = tmp_path / "given.yaml"
    made = make_recipe("hau", "parallel", {"text.config": "no", "text.splits": ["on", "2020-01-01"]})
    path.write_text(made.to_yaml().replace("'", "").replace("splits:", "splits: # unquoted"), encoding="utf-8")
    assert "config: no\n" in path.read_text()
    assert load_recipe(path).text == made.text


def test_numbers_inside_lists_and_mappings_stay_plain():
    assert parse_settings(["a=[1, 2.50, no]", "b={x: 1}"]) == {"a": [1, 2.5, "no"], "b": {"x": 1}}
    assert [type(one) for one in parse_settings(["a=[1, 2.50]"])["a"]] == [int, float]
