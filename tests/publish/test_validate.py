"""What is wrong with a card, told without the Hub."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from xner_hf.publish.dataset_card import dataset_card
from xner_hf.publish.licence_table import hub_licences
from xner_hf.publish.model_card import model_card
from xner_hf.publish.validate import card_problems

GIVEN = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("card_inputs.py"))))
_, HEAD, BODY = dataset_card("xner/projected", {"hau": GIVEN.export()}).split("---\n", 2)
DATASET = yaml.safe_load(HEAD)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The metadata of a valid model card."""
    card = model_card(GIVEN.write_model(tmp_path_factory.mktemp("m") / "m"), "xner/student-hau")
    return yaml.safe_load(card.split("---\n")[1])


def problems(data, kind="dataset", body="\nText.\n"):
    return card_problems(f"---\n{yaml.safe_dump(data, allow_unicode=True)}---\n{body}", kind)


def test_cards_of_ours_are_valid(model):
    assert problems(DATASET, body=BODY) == [] == problems(model, "model")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"license": "cc-by-nc-4"}, "'cc-by-nc-4' is unknown to the Hub. Did you mean 'cc-by-nc-4.0'"),
        ({"license": None}, "no license"),
        ({"license": "unknown", "license_name": None, "license_link": None}, "not settled"),
        ({"license_name": None}, "needs license_name and license_link"),
        ({"license_link": None}, "needs license_name and license_link"),
        ({"license_name": "Research only"}, "one word in lower case"),
        ({"license_link": "terms.html"}, "it is a URL"),
        ({"license": "mit"}, "belongs to the license 'other' alone"),
        ({"language": ["hausa"]}, "'hausa' is not an ISO 639 code"),
        ({"language": ["xx"]}, "'xx' is not an ISO 639 code"),
        ({"language": ["HA"]}, "'HA' is not an ISO 639 code"),
        ({"language": [False]}, "language holds False"),
        ({"language": ["ha", "ha"]}, "an entry twice"),
        ({"tags": ["a", 1]}, "tags holds 1"),
        ({"pretty_name": 3}, "pretty_name is 3"),
        ({"size_categories": ["big"]}, "size_categories is 'big'"),
        ({"annotations_creators": ["me"]}, "annotations_creators is 'me'"),
        ({"multilinguality": ["some"]}, "multilinguality is 'some'"),
        ({"task_categories": None}, "no task_categories"),
        ({"configs": None}, "no configs"),
        ({"configs": "hau"}, "no configs"),
        ({"configs": [{"config_name": "hau"}]}, "'hau' has no data_files"),
        ({"configs": [{"data_files": "a"}]}, "has no config_name"),
        ({"configs": [{"config_name": "hau", "data_files": "a"}] * 2}, "'hau' stands twice"),
        ({"configs": [{"config_name": "hau", "data_files": {"train": "a"}}]}, "list of splits"),
        ({"configs": [{"config_name": "hau", "data_files": [{"split": "train"}]}]}, "each has split and path"),
        ({"configs": [{"config_name": "hau", "data_files": [{"split": "a-b", "path": "x"}]}]}, "split 'a-b'"),
        ({"configs": [{"config_name": "hau", "data_files": [{"split": "a", "path": "x"}] * 2}]}, "a split twice"),
        ({"dataset_info": [{"config_name": "wol"}]}, "config 'wol', which is not in configs"),
        ({"dataset_info": [{"config_name": "hau", "splits": [{"name": "train"}]}]}, "no counts"),
        ({"dataset_info": [{"config_name": "hau", "features": {"id": "string"}}]}, "not a list of columns"),
        ({"dataset_info": ["hau"]}, "which is not a mapping"),
    ],
)
def test_what_is_wrong_with_a_data_set_is_told(change, words):
    data = {key: value for key, value in (DATASET | change).items() if value is not None}
    found = problems(data)
    assert any(words in one for one in found), found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model-index": [{"results": []}]}, "model-index cannot be read"),
        ({"model-index": [{"name": "m", "results": [{"metrics": []}]}]}, "model-index cannot be read"),
        ({"model-index": "m"}, "model-index cannot be read"),
        ({"base_model": "not an id"}, "base_model is 'not an id'"),
        ({"datasets": ["a b/c"]}, "datasets is 'a b/c'"),
        ({"co2_eq_emissions": {"emissions": "much"}}, "grams of CO2"),
        ({"library_name": ""}, "library_name is ''"),
        ({"license": "llama"}, "'llama' is unknown to the Hub"),
    ],
)
def test_what_is_wrong_with_a_model_is_told(model, change, words):
    found = problems(model | change, "model")
    assert any(words in one for one in found), found


def test_results_of_a_model_need_values_and_names(model):
    def with_metric(**changes):
        index = yaml.safe_load(yaml.safe_dump(model["model-index"]))
        index[0]["results"][0]["metrics"] = [{"type": "f1", "value": 0.5, **changes}]
        return problems(model | {"model-index": index}, "model")

    assert with_metric() == []
    assert any("without a value" in one for one in with_metric(value=None))
    assert any("not a number" in one for one in with_metric(value=float("nan")))
    assert any("metric_type is 3" in one for one in with_metric(type=3))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# A card\n", "no metadata"),
        ("---\nlicense: [\n---\n", "not YAML"),
        ("---\n- a\n---\n", "not a mapping"),
        ("---\nlicense: mit\nlicense: other\n---\n", "'license' stands twice"),
        ("---\nlicense: mit\nno: 1\n---\n", "the key False, which is not text"),
        ("---\nlicense: mit\n---\n<!-- xner:a -->\n", "marks of our sections"),
        (
            "---\nlicense: mit\n---\n<!-- xner:a -->\n<!-- xner:b -->\n<!-- /xner:a -->\n<!-- /xner:b -->\n",
            "marks of our",
        ),
    ],
)
def test_a_card_that_cannot_be_read_is_told(text, words):
    assert any(words in one for one in card_problems(text, "model"))


def test_licence_ids_of_the_hub_are_accepted():
    for licence in set(hub_licences()) - {"other", "unknown"}:
        data = {key: value for key, value in DATASET.items() if key not in ("license_name", "license_link")}
        assert problems(data | {"license": licence}) == [], licence


def test_codes_of_two_and_three_letters_and_special_ones_are_accepted():
    assert problems(DATASET | {"language": ["ha", "hau", "bbj", "pcm", "code", "multilingual"]}) == []


def test_what_we_call_wrong_in_configs_datasets_calls_wrong_too():
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCardData

    for config in (
        {"config_name": "hau", "data_files": {"train": "a"}},
        {"config_name": "hau", "data_files": [{"split": "train"}]},
        {"config_name": "hau", "data_files": [{"split": "a-b", "path": "x"}]},
        {"data_files": "a"},
    ):
        assert problems(DATASET | {"configs": [config], "dataset_info": []})
        with pytest.raises(ValueError, match=r"data_files|config_name"):
            MetadataConfigs.from_dataset_card_data(DatasetCardData(configs=[config]))
