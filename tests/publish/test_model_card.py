"""The card of a student, from what lies beside its weights."""

from __future__ import annotations

import copy
import json
import math
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from xner_hf.errors import XnerError
from xner_hf.publish import Refused
from xner_hf.publish.merge import merge_cards
from xner_hf.publish.model_card import model_card, write_model_card
from xner_hf.publish.scores import read_scores, save_scores
from xner_hf.publish.validate import card_problems

GIVEN = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("card_inputs.py"))))
TRAINING, SCORE = GIVEN.TRAINING, GIVEN.SCORE
TREES = {
    "dataset": "universal-dependencies/universal_dependencies",
    "config": "ha_southernautogramm",
    "split": "test",
    "kind": "model",
    "task": "parsing",
    "metric": "las",
    "value": 0.5,
    "low": None,
    "high": None,
    "words": 900,
    "sentences": 100,
    "date": "2026-11-24",
    "command": "xner evaluate hau --parsing --gold x:y --split test",
}
UNKNOWN = {"name": "my.tsv", "role": "corpus", "revision": None, "licence": "unknown", "licence_class": "unknown"}


@pytest.fixture
def write(tmp_path):
    """The function that writes what a card reads of a model, with changes to its training record."""

    def write(scores=(SCORE,), config=GIVEN.CONFIG, **changes):
        return GIVEN.write_model(tmp_path / "hau-projected", {**copy.deepcopy(TRAINING), **changes}, config, scores)

    return write


def metadata(card):
    return yaml.safe_load(card.split("---\n")[1])


def section(card, name):
    return re.search(rf"<!-- xner:{name} -->\n(.*?)<!-- /xner:{name} -->", card, re.DOTALL)[1]


def test_metadata_are_those_that_the_hub_lists_a_model_by(write):
    data = metadata(model_card(write(), "xner/student-hau"))
    (index,) = data.pop("model-index")
    assert index["name"] == "student-hau"
    assert data == {
        "language": ["ha"],
        "license": "other",
        "license_name": "research-only",
        "license_link": "https://trec.nist.gov/data/reuters/reuters.html",
        "library_name": "transformers",
        "pipeline_tag": "token-classification",
        "base_model": "FacebookAI/xlm-roberta-base",
        "datasets": ["masakhane/mafand"],
        "metrics": ["f1"],
        "tags": [
            "xner",
            "named-entity-recognition",
            "cross-lingual",
            "annotation-projection",
            "knowledge-distillation",
        ],
        "co2_eq_emissions": {
            "emissions": 120.5,
            "source": "codecarbon",
            "training_type": "fine-tuning",
            "geographical_location": "Germany",
            "hardware_used": "2 x NVIDIA H200",
        },
    }


def test_scores_stand_in_the_model_index_with_their_intervals(write):
    (result,) = metadata(model_card(write(), "xner/student-hau"))["model-index"][0]["results"]
    assert result["task"] == {"type": "token-classification", "name": "Named entity recognition"}
    assert result["dataset"] == {
        "type": "masakhane/masakhaner2",
        "name": "masakhane/masakhaner2 hau",
        "config": "hau",
        "split": "test",
    }
    f1, precision, recall = result["metrics"]
    assert (f1["type"], f1["value"], f1["args"]["low"], f1["args"]["high"]) == ("f1", 0.6123, 0.5912, 0.6321)
    assert (precision["value"], recall["value"]) == (0.7, 0.5441)
    assert all(one["args"]["command"].startswith("xner evaluate") for one in result["metrics"])


def test_huggingface_hub_reads_the_model_index_back(write):
    from huggingface_hub import ModelCard

    found = ModelCard(model_card(write([SCORE, TREES]), "xner/student-hau")).data.eval_results
    assert [(one.metric_type, one.metric_value) for one in found] == [
        ("f1", 0.6123),
        ("precision", 0.7),
        ("recall", 0.5441),
        ("las", 0.5),
    ]


def test_every_section_says_what_it_should(write):
    card = model_card(write(), "xner/student-hau")
    assert card.count("<!-- xner:") == card.count("<!-- /xner:") == 9
    expected = {
        "summary": ["# Hausa named-entity tagger", "projected to Hausa text", "projected over word links", "61.2"],
        "usage": ["trust_remote_code=True", "import xner_hf.models", '"xner/student-hau"', "`B-PER`"],
        "scores": ["**61.2** (59.1–63.2)", "xner evaluate hau-projected --gold masakhane/masakhaner2:hau"],
        "training": [
            "| 1,000 | 32 |",
            "F1 71.0",
            "2 x NVIDIA H200",
            "1 h 23 min",
            "120.5 g in Germany",
            "`loss.soft`",
        ],
        "provenance": ["`e73636d4f797dec63c3081bb6ed5c7b0bb3f2089` | mit (permissive)", "Built on 2026-11-23"],
        "limits": ["Missed names", "The tagger's view"],
        "licence": ["[research-only](https://trec.nist.gov", "this is the cautious reading"],
        "citation": ["wu-etal-2020", "conneau-etal-2020", "politov-etal-2025"],
    }
    for name, parts in expected.items():
        assert all(part in section(card, name) for part in parts), section(card, name)
    assert "No Hausa text in which people had marked names was used." in card
    assert "ner-and-parsing" not in card and "dozat" not in card


def test_a_parser_says_how_it_parses(write):
    config = {**GIVEN.CONFIG, "tasks": ["ner", "parsing"], "relation_labels": ["root", "nsubj"]}
    data = {**TRAINING["data"], "arm": "projected+parse"}
    card = model_card(write([TREES], config, data=data), "xner/student-hau")
    assert 'pipeline("ner-and-parsing", "xner/student-hau")' in card and "Relations: `root`, `nsubj`." in card
    assert "| LAS | **50.0** |" in section(card, "scores") and "dozat-manning-2017" in card
    assert "and dependency trees." in section(card, "summary")
    assert "dependency-parsing" in metadata(card)["tags"] and card_problems(card, "model") == []


def test_a_model_without_scores_says_so(write):
    card = model_card(write([]), "xner/student-hau")
    assert "Nobody has scored this model." in card and "| not scored |" in card
    assert not {"model-index", "metrics", "model_name"} & set(metadata(card))
    assert card_problems(card, "model") == []


def test_what_was_not_measured_is_not_claimed(write):
    run = {**TRAINING["run"], "emissions": None, "hardware": {"device": "Some CPU", "number": 1, "cores": 4}}
    card = model_card(write(run=run), "xner/student-hau")
    assert "co2_eq_emissions" not in metadata(card)
    assert "| CO2 | not measured |" in card and "| hardware | Some CPU, 4 cores |" in card


def test_a_record_of_an_older_version_still_has_a_card(tmp_path):
    old = {"settings": {"epochs": 1.0}, "data": {}, "sentences": {"train": {"labels": 4}, "validation": 0}, "log": []}
    card = model_card(GIVEN.write_model(tmp_path / "old", old, GIVEN.CONFIG, ()))
    assert "Nothing says what it was made from." in card and metadata(card)["license"] == "unknown"


def test_a_labelled_corpus_of_the_language_is_named(write):
    corpus = {"name": "masakhane/masakhaner2:hau", "role": "corpus", "revision": None, "local": False}
    corpus |= {"licence": "cc-by-nc-4.0", "licence_class": "non-commercial"}
    data = {"arm": "direct", "language": None, "corpora": ["masakhane/masakhaner2:hau"]}
    card = model_card(write(data=data, builds=[], teachers=[], inputs=[TRAINING["inputs"][0], corpus]), "xner/x")
    assert "It was trained on labels in masakhane/masakhaner2:hau." in card
    assert "# Hausa named-entity tagger" in card and "No Hausa text in which" not in card
    assert metadata(card)["license"] == "cc-by-nc-4.0" and metadata(card)["datasets"] == ["masakhane/masakhaner2"]


# Terms


def test_terms_that_are_not_known_are_refused_for_publishing_and_told_in_the_folder(write):
    folder = write(inputs=[*TRAINING["inputs"], UNKNOWN])
    with pytest.raises(Refused, match=r"my\.tsv are not known"):
        model_card(folder, "xner/student-hau")
    card = model_card(folder)
    assert metadata(card)["license"] == "unknown"
    assert "Not settled" in section(card, "licence") and "my.tsv" in section(card, "licence")
    assert card_problems(card, "model") == [
        "the license is 'unknown': its terms are not settled, so it must not be published."
    ]


def test_a_person_can_decide_on_the_terms(write):
    folder = write(inputs=[*TRAINING["inputs"], UNKNOWN])
    override = {"licence": "cc-by-nc-4.0", "reason": "The text is mine."}
    card = model_card(folder, "xner/student-hau", override)
    assert metadata(card)["license"] == "cc-by-nc-4.0"
    assert "**Licensed by hand** as cc-by-nc-4.0: The text is mine." in section(card, "licence")


def test_a_student_of_text_for_research_only_passes_no_text_on(write):
    conll = {"name": "eriktks/conll2003:conll2003", "role": "corpus", "revision": None, "local": False}
    conll |= {"licence": "other", "licence_class": "research-only"}
    card = model_card(write(inputs=[conll], builds=[], data={"arm": "direct"}), "xner/x")
    assert metadata(card)["license_name"] == "research-only"
    assert metadata(card)["license_link"] == "https://trec.nist.gov/data/reuters/reuters.html"
    assert "eriktks/conll2003:conll2003 is read as research-only" in section(card, "licence")


# The file


def test_the_card_is_written_beside_the_weights_and_merged_when_written_again(write):
    folder = write([])
    path = write_model_card(folder)
    assert path == folder / "README.md" and card_problems(path.read_text(), "model") == []
    text = path.read_text().replace("<!-- xner:limits -->", "## By hand\n\nMine.\n\n<!-- xner:limits -->")
    path.write_text(text)
    save_scores(folder, [SCORE])
    write_model_card(folder)
    again = path.read_text()
    assert "## By hand\n\nMine.\n" in again and "**61.2**" in again and "Nobody has scored" not in again
    write_model_card(folder)
    assert path.read_text() == again
    (folder / "scores.json").unlink()
    write_model_card(folder)
    assert "model-index" not in metadata(path.read_text())


def test_rendering_twice_gives_the_same_bytes(write):
    folder = write()
    card = model_card(folder, "xner/student-hau")
    assert model_card(folder, "xner/student-hau") == card == merge_cards(card, card)
    assert card_problems(card, "model") == []


@pytest.mark.parametrize(("name", "text"), [("training.json", "{"), ("training.json", "[]"), ("config.json", "")])
def test_a_folder_that_holds_no_student_is_refused(write, name, text):
    folder = write()
    (folder / name).write_text(text)
    with pytest.raises(XnerError, match=rf"{name}.*[Tt]rain"):
        model_card(folder)
    (folder / name).unlink()
    with pytest.raises(XnerError, match=rf"{name}.*xner train"):
        model_card(folder)


# scores.json


def test_scores_of_the_same_thing_are_replaced_and_others_kept(tmp_path):
    assert read_scores(tmp_path) == []
    save_scores(tmp_path, [SCORE, TREES])
    path = save_scores(tmp_path, [{**SCORE, "value": 0.7}])
    assert [(one["metric"], one["value"]) for one in read_scores(tmp_path)] == [("f1", 0.7), ("las", 0.5)]
    before = path.read_bytes()
    save_scores(tmp_path, [TREES])
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["{", "{}", '[{"metric": "f1"}]'])
def test_damaged_scores_are_named(tmp_path, text):
    (tmp_path / "scores.json").write_text(text)
    with pytest.raises(XnerError, match="scores.json.*--save"):
        read_scores(tmp_path)


def test_cards_hold_no_value_that_is_no_number(write):
    card = model_card(write([{**SCORE, "value": math.nan}]), "xner/x")
    assert any("nan" in problem for problem in card_problems(card, "model"))
    assert json.dumps(TRAINING)  # what is given is what training.json can hold


def test_a_student_of_labels_by_people_says_so_and_what_was_made_wrong_on_purpose(write):
    corpus = {**GIVEN.MAFAND, "name": "masakhane/masakhaner2:hau/train", "role": "corpus", "revision": None}
    data = {**TRAINING["data"], "arm": "gold", "experiment": "a share of 0.3 of the labels was made wrong"}
    card = model_card(write(data=data, teachers=[], inputs=[TRAINING["inputs"][0], corpus]), "xner/student-hau")
    assert "trained on labels that people gave to Hausa text." in card and "labels were not used" not in card
    assert "**Not for use: an experiment.** Here a share of 0.3 of the labels was made wrong." in card
    assert "The tagger's view" not in section(card, "limits")


def test_text_of_a_gold_corpus_is_not_said_to_be_free_of_marks(write):
    text = {**GIVEN.MAFAND, "name": "masakhane/masakhaner2:hau/train", "role": "text", "revision": None}
    card = model_card(write(inputs=[*TRAINING["inputs"], text]), "xner/student-hau")
    assert "their labels were not used" in card and "No Hausa text in which" not in card
