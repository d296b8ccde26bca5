from __future__ import annotations

import pytest
from hub_raw import ask
from server.validate import problems

GOOD_RESULT = """
model-index:
- name: student
  results:
  - task: {type: token-classification}
    dataset: {type: masakhane/masakhaner2, name: MasakhaNER 2}
    metrics: [{type: f1, value: 0.6}]
"""


def wrong(metadata, repo_type="dataset"):
    errors, warnings = problems(f"---\n{metadata}\n---\n# Card\n", repo_type)
    assert warnings == []
    return errors


@pytest.mark.parametrize(
    "metadata",
    [
        "license: cc-by-nc-4.0",
        "license: [mit, apache-2.0]",
        "language: [ha, yor, zh-Hant, multilingual, code]",
        "tags: [ner]\nsize_categories: [1K<n<10K]",
        "configs:\n- config_name: hau\n  data_files:\n  - {split: train, path: hau/train-*.parquet}",
        "configs:\n- config_name: hau\n  data_files: hau/*.parquet",
        "dataset_info: {config_name: hau}",
        "dataset_info: [{config_name: hau}, {config_name: yor}]",
    ],
)
def test_metadata_of_the_hub_is_taken(metadata):
    assert wrong(metadata) == []


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("license: CC-BY-4.0", "'CC-BY-4.0'"),
        ("language: hausa", "'hausa'"),
        ("language: [no]", "False"),
        ("tags: ner", '"tags" must be an array'),
        ("tags: [1]", '"tags" must be strings, not 1'),
        ("configs: hau", '"configs" must be an array'),
        ("configs: [hau]", '"configs[0].config_name" is required'),
        ("configs: [{config_name: hau, data_files: [{path: a}]}]", '"configs[0].data_files[0]" must have a split'),
        ("dataset_info: hau", '"dataset_info[0]" must be an object'),
        ("[a]", "must be names with values"),
        ("a: [", "YAML metadata error"),
    ],
)
def test_other_metadata_is_refused_with_what_is_wrong(metadata, message):
    [error] = wrong(metadata)
    assert message in error


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("{type: token-classification}", "{}", "model-index[0].results[0].task.type"),
        ("type: masakhane/masakhaner2, ", "", "model-index[0].results[0].dataset.type"),
        (", value: 0.6", "", "model-index[0].results[0].metrics"),
        ("- name: student", "- title: student", "model-index[0].name"),
    ],
)
def test_results_of_a_model_must_be_whole(old, new, missing):
    assert wrong(GOOD_RESULT, "model") == []
    assert old in GOOD_RESULT
    assert [error.split('"')[1] for error in wrong(GOOD_RESULT.replace(old, new), "model")] == [missing]


def test_a_card_without_metadata_is_a_warning():
    assert problems("# Card\n", "model") == ([], ["empty or missing yaml metadata in repo card"])


def test_the_answer_is_json_or_lines(hub):
    url, body = f"{hub.url}/api/validate-yaml", {"content": "---\ntags: ner\n---\n", "repoType": "model"}
    answer = ask(url, "POST", body, token=None)
    assert (answer.status, answer.value) == (400, {"errors": [{"message": '"tags" must be an array'}], "warnings": []})
    answer = ask(url, "POST", body, token=None, headers={"Accept": "text/plain"})
    assert (answer.status, answer.body) == (400, b'- Error: "tags" must be an array')
