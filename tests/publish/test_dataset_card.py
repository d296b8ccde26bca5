"""The card of a data set, from what its exports say."""

from __future__ import annotations

import copy
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from xner_hf.errors import XnerError
from xner_hf.languages import languages
from xner_hf.publish import Refused, templates
from xner_hf.publish.dataset_card import dataset_card
from xner_hf.publish.merge import merge_cards
from xner_hf.publish.templates import hub_language, template
from xner_hf.publish.validate import card_problems

GIVEN = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("card_inputs.py"))))
REPO = "xner/projected"


def card_of(*exports):
    return dataset_card(REPO, {one["config"]: one for one in exports})


def metadata(card):
    return yaml.safe_load(card.split("---\n")[1])


def section(card, name):
    return re.search(rf"<!-- xner:{name} -->\n(.*?)<!-- /xner:{name} -->", card, re.DOTALL)[1]


@pytest.fixture(scope="module")
def card():
    return card_of(GIVEN.export())


# Metadata


def test_metadata_are_those_that_the_hub_lists_a_data_set_by(card):
    data = metadata(card)
    features = data.pop("dataset_info")[0].pop("features")
    assert [one["name"] for one in features][:3] == ["id", "tokens", "ner_tags"]
    assert data == {
        "annotations_creators": ["machine-generated"],
        "language_creators": ["found"],
        "language": ["ha", "en"],
        "license": "other",
        "license_name": "research-only",
        "license_link": "https://trec.nist.gov/data/reuters/reuters.html",
        "multilinguality": ["translation"],
        "size_categories": ["1K<n<10K"],
        "source_datasets": ["masakhane/mafand"],
        "task_categories": ["token-classification"],
        "task_ids": ["named-entity-recognition"],
        "pretty_name": "Projected named entities (Hausa)",
        "tags": ["xner", "named-entity-recognition", "annotation-projection", "cross-lingual", "silver-labels"],
        "configs": [
            {
                "config_name": "hau",
                "data_files": [
                    {"split": "train", "path": "hau/train-*-of-00001.parquet"},
                    {"split": "validation", "path": "hau/validation-*-of-00001.parquet"},
                    {"split": "rejected", "path": "hau/rejected-*-of-00001.parquet"},
                ],
            }
        ],
    }


def test_info_counts_rows_and_bytes_by_split(card):
    (info,) = metadata(card)["dataset_info"]
    assert info["config_name"] == "hau"
    assert info["splits"] == [
        {"name": "train", "num_bytes": 10000, "num_examples": 1000},
        {"name": "validation", "num_bytes": 360, "num_examples": 36},
        {"name": "rejected", "num_bytes": 2000, "num_examples": 200},
    ]
    assert info["download_size"] == info["dataset_size"] == 12360


def test_datasets_reads_the_features_and_configs_that_the_card_names(card):
    from datasets import Features
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCard

    data = DatasetCard(card).data
    assert list(MetadataConfigs.from_dataset_card_data(data)) == ["hau"]
    features = Features._from_yaml_list(data["dataset_info"][0]["features"])
    assert features == Features.from_dict(GIVEN.export()["features"])


def test_a_split_without_rows_has_no_files():
    export = GIVEN.export(rows={"in": 10, "train": 10, "validation": 0, "rejected": 0})
    files = metadata(card_of(export))["configs"][0]["data_files"]
    assert [one["split"] for one in files] == ["train"]


@pytest.mark.parametrize(("rows", "name"), [(999, "n<1K"), (1000, "1K<n<10K"), (10**6, "1M<n<10M")])
def test_size_categories_follow_the_rows_of_all_configs(rows, name):
    export = GIVEN.export(rows={"in": rows, "train": rows, "validation": 0, "rejected": 0})
    assert metadata(card_of(export))["size_categories"] == [name]


def test_every_language_has_a_code_that_the_hub_lists():
    from importlib.resources import files
    from json import loads

    known = loads(files("datasets.utils.resources").joinpath("languages.json").read_text(encoding="utf-8"))
    assert {one.code for one in languages() if hub_language(one.code) not in known} == set()
    assert [hub_language(code) for code in ("hau", "tgl", "twi", "zho", "bbj", "eng")] == [
        "ha",
        "tl",
        "tw",
        "zh",
        "bbj",
        "en",
    ]


# Text


def test_every_section_says_what_it_should(card):
    assert card.count("<!-- xner:") == card.count("<!-- /xner:") == 9
    summary = section(card, "summary")
    assert "# Projected named entities: Hausa" in summary and 'load_dataset("xner/projected", "hau")' in summary
    row = "| `hau` | Hausa | `parallel` | 1,000 | 36 | 200 | 800 | not scored | other (research-only) |"
    assert row in summary
    assert "**Not for** measuring a tagger" in section(card, "uses") and "masakhane/masakhaner2" in section(
        card, "uses"
    )
    assert "| `ner_tags` | list of ClassLabel (O B-PER I-PER B-ORG I-ORG B-LOC I-LOC) |" in section(card, "columns")


def test_counts_stand_by_split_type_status_and_reason(card):
    text = section(card, "configurations")
    for row in (
        "| train | 1,000 | 10.0 kB |",
        "| PER | 300 |",
        "| `projected` | 800 | 80.0 | has a span in the target sentence |",
        "| `unaligned` | 150 | 15.0 |",
        "| `evaluation_overlap` | 180 | the sentence occurs in an evaluation set |",
    ):
        assert row in text
    assert "Of 1,000 names of the source side, rejected sentences included, 200 were lost:" in text


def test_examples_show_names_beside_their_source(card):
    assert (
        "> **Hausa:** **Musa Garba** `PER` ya bar **Kano** `LOC` .\\\n> **English:** Musa Garba left Kano ."
    ) in section(card, "configurations")


def test_provenance_names_every_input_setting_version_date_and_command(card):
    text = section(card, "provenance")
    for part in (
        "| masakhane/mafand `en-hau` | text | `abc123` | cc-by-nc-4.0 (non-commercial) |",
        "| xner/minilm-conll2003-en | tagger | `main` | research-only |",
        "| masakhane/masakhaner2 `bam:validation` `ewe:validation` | gold that the weights of the projection were",
        "Built on 2026-11-23, signature `0123456789abcdef`, with xner-hf 0.1.0, pyarrow 26.0.1.",
        "`xner build hau --recipe hau/recipe.yaml`",
        "180 sentences of evaluation sets were left out (checked: `masakhane/masakhaner2:hau/test`).",
        "| `projector.weights` | `alignment 1.5, bias -7.25` |",
        "| `tagger.consistent` | `true` |",
        "python scripts/projected.py hau --output DIR",
    ):
        assert part in text, part


def test_the_terms_and_the_cautious_reading_are_said(card):
    text = section(card, "licence")
    assert "[research-only](https://trec.nist.gov/data/reuters/reuters.html) | research-only |" in text
    assert "this is the cautious reading" in text
    assert "- xner/minilm-conll2003-en is read as research-only: trained on CoNLL-2003" in text


def test_what_was_used_is_cited(card):
    text = section(card, "citation")
    for key in (
        "politov-etal-2025",
        "ostling-tiedemann-2016",
        "adelani-etal-2022-mafand",
        "tjong-kim-sang-de-meulder-2003",
    ):
        assert f"{{{key}," in text
    assert "version = {0.1.0}" in text and "wu-etal-2020" not in text and "nllb-2022" not in text


def test_scores_stand_with_their_intervals_and_what_they_are_of():
    export = GIVEN.export()
    export["scores"] = [{**GIVEN.SCORE, "kind": "intrinsic", "left_out": 3}]
    text = section(card_of(export), "scores")
    assert "| masakhane/masakhaner2 hau | test | F1 | **61.2** (59.1–63.2) | 70.0 | 54.4 | 1,633 | 2,000 |" in text
    assert "| PER | 80.0 | 60.0 | 68.6 | 900 |" in text
    assert "projects to the gold sentences" in text and "3 gold sentences could not be scored" in text
    assert "**61.2** (59.1–63.2) on masakhane/masakhaner2" in section(card_of(export), "summary")
    assert "Nobody has scored these labels." in section(card_of(GIVEN.export()), "scores")


def test_an_incomplete_check_for_evaluation_text_is_said():
    export = GIVEN.export(
        leak_check={"status": "partial", "checked": ["a:b/c"], "unreachable": ["d:e/f"], "dropped": {}}
    )
    card = card_of(export)
    assert "**could not be reached**: `d:e/f`" in section(card, "provenance")
    assert "Overlap with evaluation sets" in section(card, "limits")
    assert "was not checked" in section(card_of(GIVEN.export(leak_check={})), "provenance")


def test_a_licence_given_by_hand_is_shown_with_its_reason():
    export = GIVEN.export(
        licences=[{**GIVEN.MAFAND, "name": "my.tsv", "licence": "unknown", "licence_class": "unknown"}]
    )
    with pytest.raises(Refused, match="my.tsv"):
        card_of(export)
    export["licence_override"] = {"licence": "cc-by-4.0", "reason": "It is my own text."}
    card = card_of(export)
    assert metadata(card)["license"] == "cc-by-4.0"
    assert "**Licensed by hand** as cc-by-4.0: It is my own text." in section(card, "licence")


def test_paths_of_this_machine_stay_off_the_card():
    export = GIVEN.export(licences=[{"name": "/home/jane/text.tsv", "licence": "mit", "licence_class": "permissive"}])
    export["build"]["recipe"]["text"] = {"corpus": "/home/jane/text.tsv", "config": "", "splits": None}
    export["build"]["recipe"]["aligner"]["extra_parallel"] = ["/home/jane/a.en,/home/jane/a.ha"]
    card = card_of(export)
    assert "/home" not in card and "text.tsv" in card and "a.en,a.ha" in card
    assert metadata(card)["source_datasets"] == []


RECIPES = {
    "translate-test": {"translator": {"method": "seq2seq", "model": "facebook/nllb-200-distilled-600M"}},
    "translate-train": {"translator": None, "tagger": None},
    "marker": {"translator": {"method": "seq2seq", "model": "facebook/nllb-200-3.3B", "markers": "xml"}},
    "transfer": {},
}


@pytest.mark.parametrize("name", RECIPES)
def test_the_card_of_every_recipe_is_valid_and_says_how_it_was_made(name):
    export = GIVEN.export()
    recipe = export["build"]["recipe"]
    recipe |= {"recipe": name, **RECIPES[name]}
    if name == "transfer":
        for part in ("aligner", "projector", "filters"):
            del recipe[part]
    card = card_of(export)
    assert card_problems(card, "dataset") == []
    assert ("nllb-2022" in card) == bool(recipe.get("translator"))
    assert ("projected from" in section(card, "summary")) == (name != "transfer")
    if name == "transfer":
        assert "labelled directly by the multilingual tagger" in card and "ostling-tiedemann-2016" not in card


def test_a_combination_names_the_inputs_of_all_its_members():
    export = GIVEN.export()
    one = export["build"]["recipe"]
    other = {**copy.deepcopy(one), "recipe": "transfer", "tagger": {"model": "org/multilingual", "revision": "v1"}}
    for name in ("aligner", "projector", "filters"):
        other.pop(name, None)
    export["build"]["recipe"] = {
        "recipe": "combine",
        "language": "hau",
        "source_language": "eng",
        "text": one["text"],
        "tagger": None,
        "members": [{**one, "weight": 1.0}, {**other, "weight": 0.1}],
        "combination": "average",
    }
    card = card_of(export)
    assert card_problems(card, "dataset") == []
    assert "| org/multilingual | tagger | `v1` |" in card and "| `members[1].weight` | `0.1` |" in card
    assert "ostling-tiedemann-2016" in card and "joined by `average`" in card


# Several configurations


def test_configurations_stand_side_by_side_whatever_their_order():
    hau, wol = GIVEN.export(), GIVEN.export("wol", licences=[GIVEN.MAFAND, GIVEN.FRENCH])
    wol["build"]["recipe"]["source_language"] = "fra"
    card = card_of(wol, hau)
    assert card == card_of(hau, wol)
    data = metadata(card)
    assert [one["config_name"] for one in data["configs"]] == ["hau", "wol"]
    assert data["language"] == ["ha", "wo", "en", "fr"] and data["license_name"] == "research-only"
    text = section(card, "licence")
    assert "| `wol` | cc-by-nc-sa-4.0 | non-commercial |" in text and "the strictest of them" in text
    assert "- `hau`: xner/minilm-conll2003-en is read as" in text
    assert "from English and French" in section(card, "summary")


def test_many_languages_are_counted_in_the_title():
    card = card_of(*(GIVEN.export(one.code) for one in languages()[:7]))
    assert "# Projected named entities\n" in card and "Sentences in 7 languages in which" in card
    assert card_problems(card, "dataset") == []


def test_there_is_no_card_without_a_configuration():
    with pytest.raises(XnerError, match="without configurations"):
        dataset_card(REPO, {})


# Rendering


def test_rendering_twice_gives_the_same_bytes_and_changes_nothing_given():
    export = GIVEN.export()
    before = copy.deepcopy(export)
    assert card_of(export) == card_of(export)
    assert export == before


def test_templates_ask_for_nothing_that_they_are_not_given(monkeypatch):
    import jinja2

    monkeypatch.setattr(jinja2.Template, "__new__", strict(jinja2))
    assert card_problems(card_of(GIVEN.export()), "dataset") == []


def strict(jinja2):
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    return lambda _, source: environment.from_string(source)


def test_templates_are_found_where_a_wheel_puts_them(monkeypatch, tmp_path):
    shared = tmp_path / "share" / "xner_hf" / "model_cards"
    shared.mkdir(parents=True)
    (shared / "dataset.md.j2").write_text("installed")
    monkeypatch.setattr(templates, "__file__", str(tmp_path / "site" / "xner_hf" / "publish" / "templates.py"))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path) if name == "data" else None)
    assert template("dataset.md.j2") == "installed"


def test_commits_that_a_build_recorded_stand_for_the_branches_that_were_asked_for():
    card = card_of(GIVEN.export(revisions={"xner/minilm-conll2003-en": "c0ffee"}))
    assert "| xner/minilm-conll2003-en | tagger | `c0ffee` | research-only |" in section(card, "provenance")


def test_a_template_that_is_not_there_is_named():
    with pytest.raises(XnerError, match="none.md.j2.*Install"):
        template("none.md.j2")


TOKENS = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=5)


@settings(max_examples=25)
@given(
    TOKENS, st.sampled_from(["<!-- /xner:configurations -->", "---", "| a", "`", "{{ 1 }}", "**", "<b>", "\n\n# H"])
)
def test_whatever_the_sentences_hold_the_card_stays_whole(tokens, odd):
    export = GIVEN.export()
    words = [*tokens, odd]
    tags = ["B-PER", *["I-PER"] * (len(words) - 2), "O"]
    export["examples"] = [{"tokens": words, "ner_tags": tags, "source_tokens": words[::-1]}]
    card = card_of(export)
    assert card_problems(card, "dataset") == []
    assert merge_cards(card, card) == card
    assert metadata(card) == metadata(card_of(GIVEN.export()))
    plain = card_of(GIVEN.export())
    assert re.sub(r"> \*\*.*\n", "", card) == re.sub(r"> \*\*.*\n", "", plain)  # nothing but the examples differs
