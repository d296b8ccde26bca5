"""The unmodified `datasets` against the test server, in both transports."""

from __future__ import annotations

import pytest
from hub_fixtures import client_environment, run_snippet, serving

WRITE = """
from datasets import ClassLabel, Dataset, Features, List, Value
names = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=["O", "B-PER"]))})

def rows(language, count):
    return Dataset.from_dict({"tokens": [[language, "\u0257a"]] * count, "ner_tags": [[0, 1]] * count}, features=names)

rows("hau", 50).push_to_hub("xner/pushed", "hau", split="train")
rows("yor", 30).push_to_hub("xner/pushed", "yor", split="train")
result = None
"""

READ = """
import datasets, huggingface_hub

def refused(call, *arguments, **settings):
    try:
        call(*arguments, **settings)
    except Exception as error:
        return type(error).__name__
    return None

api = huggingface_hub.HfApi(token="hf_write")
api.create_tag("xner/pushed", tag="v1", repo_type="dataset")
hau = datasets.load_dataset("xner/pushed", "hau", split="train")
stream = datasets.load_dataset("xner/pushed", "yor", split="train", streaming=True)
with open(huggingface_hub.hf_hub_download("xner/pushed", "README.md", repo_type="dataset")) as file:
    card = file.read()
result = {
    "rows": hau.num_rows, "first": hau[0], "labels": hau.features["ner_tags"].feature.names,
    "streamed": [row["tokens"] for row in stream],
    "tag": datasets.load_dataset("xner/pushed", "hau", revision="v1")["train"].num_rows,
    "configs": sorted(datasets.get_dataset_config_names("xner/pushed")),
    "no config": refused(datasets.load_dataset, "xner/pushed", "ibo"),
    "no dataset": refused(datasets.load_dataset, "xner/none"),
    "in card": sorted(one["config_name"] for one in huggingface_hub.DatasetCard(card).data.configs),
}
"""


@pytest.fixture(scope="module", params=["xet", "lfs"])
def told(request, tmp_path_factory):
    """What a process that reads as nobody reported, after another pushed; and the log of reading."""

    def run(code, token):
        environment = client_environment(server.url, tmp_path_factory.mktemp("home"), token, request.param)
        return run_snippet(code, environment, tmp_path_factory.mktemp("client"))

    with serving() as server:
        run(WRITE, "hf_write")
        server.log.clear()
        yield run(READ, None), server.log


def test_rows_and_labels_come_back(told):
    assert (told[0]["rows"], told[0]["labels"]) == (50, ["O", "B-PER"])
    assert told[0]["first"] == {"tokens": ["hau", "ɗa"], "ner_tags": [0, 1]}
    assert told[0]["tag"] == 50


def test_rows_are_streamed(told):
    assert told[0]["streamed"] == [["yor", "ɗa"]] * 30


def test_the_configs_of_two_pushes_live_together(told):
    assert told[0]["configs"] == told[0]["in card"] == ["hau", "yor"]
    assert (told[0]["no config"], told[0]["no dataset"]) == ("ValueError", "DatasetNotFoundError")


def test_the_log_shows_that_the_rows_came_from_the_server(told):
    contents = [record for record in told[1] if "/__cdn/" in record.path or "/get/" in record.path]
    assert contents
    assert all(record.status in (200, 206) and record.sent > 0 and not record.token for record in contents)
    assert any("datasets/" in record.user_agent for record in told[1])
