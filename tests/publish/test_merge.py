"""Cards merged into those that are there: what is ours is replaced, everything else survives."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.publish.merge import merge_cards, merge_metadata

NEW = """---
language:
- ha
license: cc-by-nc-4.0
tags:
- xner
configs:
- config_name: hau
  data_files:
  - split: train
    path: hau/train-*.parquet
dataset_info:
- config_name: hau
  dataset_size: 10
---

<!-- xner:summary -->
# Ours

Now.
<!-- /xner:summary -->

<!-- xner:limits -->
## Limits
<!-- /xner:limits -->
"""

OLD = """---
# a comment of ours: keep it
license: other
license_name: research-only   # goes with the licence
license_link: LICENSE
tags: [mine, xner]
extra_gated_prompt: |
  Agree: to everything.
  # and this is text
version: 1.10
configs:
- config_name: own
  data_files: own/*.csv
- config_name: hau
  data_files:
  - split: train
    path: old/*.parquet
dataset_info:
  config_name: own
  dataset_size: 3
---
Above.

<!-- xner:summary -->
# Ours

Before.
<!-- /xner:summary -->

## By hand

A table | with | bars

<!-- xner:gone -->
No more.
<!-- /xner:gone -->

Below.
"""


def metadata(card):
    return yaml.safe_load(re.match(r"---\r?\n(.*?)^---", card, re.DOTALL | re.MULTILINE)[1])


def body(card):
    return re.sub(r"\A---\r?\n.*?^---\r?\n", "", card, count=1, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("nothing", [None, "", " \n"])
def test_without_an_old_card_the_new_one_stands(nothing):
    assert merge_cards(nothing, NEW) == NEW


def test_a_card_merged_into_itself_is_the_same():
    assert merge_cards(NEW, NEW) == NEW


def test_our_sections_are_replaced_and_the_rest_is_kept():
    assert body(merge_cards(OLD, NEW)) == (
        "Above.\n\n<!-- xner:summary -->\n# Ours\n\nNow.\n<!-- /xner:summary -->\n\n<!-- xner:limits -->\n## Limits\n"
        "<!-- /xner:limits -->\n\n## By hand\n\nA table | with | bars\n\nBelow.\n"
    )


def test_foreign_keys_configs_and_tags_survive():
    merged = metadata(merge_cards(OLD, NEW))
    assert merged["tags"] == ["mine", "xner"]
    assert merged["license"] == "cc-by-nc-4.0" and "license_name" not in merged and "license_link" not in merged
    assert merged["configs"] == [
        {"config_name": "hau", "data_files": [{"split": "train", "path": "hau/train-*.parquet"}]},
        {"config_name": "own", "data_files": "own/*.csv"},
    ]
    assert merged["dataset_info"] == [
        {"config_name": "hau", "dataset_size": 10},
        {"config_name": "own", "dataset_size": 3},
    ]
    assert merged["language"] == ["ha"] and merged["version"] == 1.1


def test_lines_of_foreign_keys_are_kept_with_their_comments_and_their_spelling():
    merged = merge_cards(OLD, NEW)
    for line in ("# a comment of ours: keep it", "version: 1.10", "  # and this is text", "tags: [mine, xner]"):
        assert line in merged.splitlines()


def test_an_info_without_a_name_is_that_of_the_default_config():
    old = "---\nconfigs:\n- config_name: default\n  data_files: a.csv\ndataset_info:\n  dataset_size: 3\n---\n"
    assert metadata(merge_cards(old, NEW))["dataset_info"][0] == {"config_name": "default", "dataset_size": 3}


def test_a_card_of_others_gets_our_sections_behind_its_text():
    merged = merge_cards("# Theirs\n\nText without a line break at its end", NEW)
    assert body(merged).startswith("# Theirs\n\nText without a line break at its end\n\n<!-- xner:summary -->")
    assert metadata(merged) == metadata(NEW)


def test_a_card_of_metadata_alone_becomes_ours():
    merged = merge_cards("---\nviewer: false\n---\n", NEW)
    assert body(merged) == body(NEW) and metadata(merged) == {"viewer": False, **metadata(NEW)}


def test_line_ends_of_windows_are_kept():
    merged = merge_cards(OLD.replace("\n", "\r\n"), NEW)
    assert merged.count("\n") == merged.count("\r\n")
    assert merged.replace("\r\n", "\n") == merge_cards(OLD, NEW)
    assert merge_cards(merged, NEW) == merged


def test_a_mark_of_byte_order_is_no_text():
    assert merge_cards("\ufeff" + OLD, NEW) == merge_cards(OLD, NEW)


def test_metadata_that_cannot_be_cut_into_keys_are_written_anew():
    old = "---\n{license: mit, viewer: false, tags: [a]}\n---\nText.\n"
    merged = merge_cards(old, NEW)
    assert metadata(merged)["viewer"] is False and metadata(merged)["tags"] == ["a", "xner"]
    anchored = "---\ntags: &t\n- a\nmine: *t\n---\nText.\n"
    assert metadata(merge_cards(anchored, NEW))["mine"] == ["a"]


@pytest.mark.parametrize(
    ("old", "words"),
    [
        ("---\nlicense: [\n---\nText.\n", "not YAML.*by hand"),
        ("---\n- a\n---\nText.\n", "not a mapping"),
        ("<!-- xner:summary -->\nnever closed\n", "'summary'.*opened and closed once"),
        ("<!-- /xner:limits -->\n", "'limits'.*opened and closed once"),
        ("<!-- xner:a -->\n<!-- /xner:a -->\n<!-- xner:a -->\n<!-- /xner:a -->\n", "'a'.*once each"),
    ],
)
def test_a_damaged_card_is_refused_rather_than_overwritten(old, words):
    with pytest.raises(XnerError, match=words):
        merge_cards(old, NEW)


# Scores


def result(dataset, value, command=None):
    args = {"args": {"command": command}} if command else {}
    return {
        "task": {"type": "t"},
        "dataset": {"type": dataset, "name": dataset},
        "metrics": [{"value": value, **args}],
    }


def index(*results):
    return [{"name": "m", "results": list(results)}]


def test_scores_of_others_survive_and_ours_are_replaced():
    old = {"model-index": index(result("a", 1, "xner evaluate m"), result("b", 2), result("c", 3, "other tool"))}
    new = {"model-index": index(result("a", 9, "xner evaluate m"))}
    merged = merge_metadata(old, new)
    assert merged["model-index"] == index(
        result("b", 2), result("c", 3, "other tool"), *new["model-index"][0]["results"]
    )
    assert merge_metadata(merged, new) == merged


def test_our_scores_go_when_the_new_weights_have_none():
    old = {"model-index": index(result("a", 1, "xner evaluate m"), result("b", 2))}
    assert merge_metadata(old, {"license": "mit"}) == {"model-index": index(result("b", 2)), "license": "mit"}
    ours = {"model-index": index(result("a", 1, "xner evaluate m")), "mine": 1}
    assert merge_metadata(ours, {"license": "mit"}) == {"mine": 1, "license": "mit"}


def test_what_a_card_of_ours_said_of_former_weights_goes_with_them():
    said = "base_model: org/encoder\nmetrics: [f1]\nmine: 1\nco2_eq_emissions: {emissions: 12.5}\n"
    new = "---\nlicense: mit\npipeline_tag: token-classification\n---\n<!-- xner:what -->\nnew\n<!-- /xner:what -->\n"
    ours = f"---\nlicense: mit\n{said}---\n<!-- xner:what -->\nold\n<!-- /xner:what -->\n"
    assert metadata(merge_cards(ours, new)) == {
        "license": "mit",
        "mine": 1,
        "pipeline_tag": "token-classification",
    }
    theirs = f"---\nlicense: mit\n{said}---\nA model.\n"
    assert metadata(merge_cards(theirs, new))["co2_eq_emissions"] == {"emissions": 12.5}


# Properties

WORDS = st.text("ab|-#*`:'\"[]{}&%!éħ ", max_size=12)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=4,
)
KEYS = st.text("abcxyz_-", min_size=1, max_size=6).filter(lambda key: key not in ("tags", "configs"))
NAMES = st.sampled_from(["hau", "wol", "own", "ewe"])
CONFIGS = st.lists(NAMES, unique=True, max_size=3).map(
    lambda names: [{"config_name": n, "data_files": n} for n in names]
)
LINES = st.lists(st.sampled_from(["Text.", "", "## A heading", "| a | b |", "<!-- a comment -->", "---", "a: b"]))


@st.composite
def old_cards(draw):
    """A card of others, with or without sections of ours in it."""
    data = draw(st.dictionaries(KEYS, VALUES, max_size=4))
    if draw(st.booleans()):
        data["tags"] = draw(st.lists(st.sampled_from(["mine", "xner", "theirs"]), unique=True))
    if draw(st.booleans()):
        data["configs"] = draw(CONFIGS)
    flow = draw(st.sampled_from([None, False]))
    text = "---\n" + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=flow) + "---\n"
    parts = draw(st.lists(LINES, min_size=3, max_size=3))
    names = draw(st.lists(st.sampled_from(["summary", "limits", "gone"]), unique=True, max_size=2))
    parts[0].insert(0, "Text.")  # not a line that looks like the begin of metadata
    lines = [*parts[0]]
    for name, part in zip(names, parts[1:], strict=False):
        lines += [f"<!-- xner:{name} -->", "was ours", f"<!-- /xner:{name} -->", *part]
    return (
        (text if data else "") + "\n".join(lines) + "\n",
        data,
        [line for part in parts[: len(names) + 1] for line in part],
    )


@given(old_cards())
def test_merging_again_changes_nothing_and_nothing_of_others_is_lost(drawn):
    old, data, lines = drawn
    once = merge_cards(old, NEW)
    assert merge_cards(once, NEW) == once
    found = metadata(once)
    assert {key: found[key] for key in data if key not in ("tags", "configs", "license", "language")} == {
        key: value for key, value in data.items() if key not in ("tags", "configs", "license", "language")
    }
    assert set(data.get("tags", ())) <= set(found["tags"]) and "xner" in found["tags"]
    by_name = {one["config_name"]: one for one in found["configs"]}
    assert by_name["hau"]["data_files"][0]["path"] == "hau/train-*.parquet"
    assert all(by_name[one["config_name"]] == one for one in data.get("configs", ()) if one["config_name"] != "hau")
    outside = re.sub(r"<!-- xner:([a-z-]+) -->.*?<!-- /xner:\1 -->", "", body(once), flags=re.DOTALL).splitlines()
    kept = iter(outside)
    assert all(any(line == one for one in kept) for line in lines if line)  # in their order
    assert "was ours" not in once and once.count("<!-- xner:summary -->") == 1


@pytest.mark.parametrize("name", ["no", "on", "2020-01-01", "12:30"])
def test_a_configuration_keeps_its_name_whatever_yaml_takes_it_for(name):
    old = OLD.replace("- config_name: own", f"- config_name: {name}")
    configs = metadata(merge_cards(old, NEW))["configs"]
    assert {one["config_name"] for one in configs} == {name, "hau"}
