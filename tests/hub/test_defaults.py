"""Defaults of the code and `defaults.yaml`, which says how everything that they name stands on the Hub."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from xner_hf.languages import corpus_entry, language, languages, model_entry, tagger_entry, tagger_languages
from xner_hf.pipeline.revisions import asked_models
from xner_hf.publish.licence_table import readings
from xner_hf.recipe import make_recipe
from xner_hf.training.arms import ENGLISH_TREES
from xner_hf.training.config import TrainingConfig

MANIFEST = yaml.safe_load((Path(__file__).parent / "defaults.yaml").read_text(encoding="utf-8"))
OURS = "xner/"
"""Our own organisation, which is on no Hub yet."""
READ = {"gold": {"tokens", "ner_tags"}, "source-labels": {"tokens", "ner_tags"}, "parallel": {"translation"}}
READ |= {"treebank": {"tokens", "upos", "head", "deprel"}, "text": {"text"}}
"""Columns that are read, by the role of a data set."""
HUB_NAMES = {("uds-lsv/menyo20k_mt", "en-yo"): "menyo20k_mt"}
"""What the Hub calls configurations that the table calls otherwise."""


def recipes():
    for one in languages():
        for name in one.recipes:
            if name != "sample":
                yield make_recipe(one.code, name)


def named_models():
    """Every model of a default, with the revision that is asked for; None for the main branch."""
    found = {}
    for recipe in recipes():
        asked = asked_models(recipe)
        found |= {model: asked.get(model) or model_entry(model).revision for model in asked}
    for source in tagger_languages():
        found[tagger_entry(source).model] = tagger_entry(source).revision
    backbone = TrainingConfig().backbone
    return found | {backbone: model_entry(backbone).revision}


def named_corpora():
    """Every configuration of a data set that a default names, as (id, configuration, split or None)."""
    found = set()
    for recipe in recipes():
        for one in [member.recipe for member in recipe.members] or [recipe]:
            found |= {(one.text.corpus, one.text.config, split) for split in one.text.splits or [None]}
            found |= {(*ref.split(":"), None) for ref in one.aligner.extra_parallel}
    references = [language("eng").labelled, ENGLISH_TREES]
    for one in languages():
        references += [*one.treebanks, *(ref for ref in one.parallel if not ref.startswith(OURS))]
        for reference in one.gold:
            corpus, config = reference.split(":")
            found |= {(corpus, config, split) for split in corpus_entry(corpus, config).evaluation_splits}
    found |= {(*reference.split(":"), None) for reference in references}
    return {(corpus, HUB_NAMES.get((corpus, config), config), split) for corpus, config, split in found}


def on_the_hub(corpora):
    return {one for one in corpora if not one[0].startswith(OURS)}


def test_no_default_is_of_our_own_organisation():
    named = {corpus for corpus, *_ in named_corpora()} | set(named_models())
    assert [one for one in named if one.startswith(OURS)] == []


def test_the_manifest_has_nothing_of_our_own_organisation():
    assert not [one for one in (*MANIFEST["models"], *MANIFEST["datasets"]) if one.startswith(OURS)]


def test_every_model_of_a_default_is_in_the_manifest_at_its_revision():
    assert {model: MANIFEST["models"][model]["revision"] for model in named_models()} == named_models()


def test_every_model_of_the_manifest_is_one_that_the_code_names():
    known = {model for model in MANIFEST["models"] if model_entry(model).licence_class != "unknown"}
    assert set(MANIFEST["models"]) <= {*named_models(), *known, *readings()}
    for model, row in MANIFEST["models"].items():
        assert row["revision"] == model_entry(model).revision, model


def test_every_configuration_of_a_default_is_in_the_manifest_and_no_other():
    named = {(corpus, config) for corpus, config, _ in on_the_hub(named_corpora())}
    assert named == {(corpus, config) for corpus, row in MANIFEST["datasets"].items() for config in row["configs"]}


def test_every_split_of_a_default_is_one_that_the_hub_has():
    for corpus, config, split in on_the_hub(named_corpora()):
        row = MANIFEST["datasets"][corpus]
        # Universal Dependencies calls its validation split dev.
        assert split is None or {split, "dev" if split == "validation" else split} & set(row["splits"]), (
            corpus,
            config,
        )


@pytest.mark.parametrize("corpus", MANIFEST["datasets"])
def test_the_columns_are_those_that_are_read(corpus):
    row = MANIFEST["datasets"][corpus]
    assert set(row["columns"]) == READ[corpus_entry(corpus).role]
    assert set(row["needed"]) <= set(row["splits"])
    assert row["read_from"] in ("card", "converted")


@pytest.mark.parametrize("model", MANIFEST["models"])
def test_weights_are_safetensors_and_facts_say_where_they_were_read(model):
    row = MANIFEST["models"][model]
    assert row["weights"] and all(name.endswith((".safetensors", ".index.json")) for name in row["weights"])
    assert "https://" in row["read"] and row["when"]
    commit, revision = row["commit"], row["revision"]
    if revision and not revision.startswith("refs/"):
        assert len(revision) == 40 and revision.startswith(commit)


@pytest.mark.parametrize("source", tagger_languages())
def test_the_labels_of_the_default_taggers_are_iob2_with_all_types(source):
    labels = set(MANIFEST["models"][tagger_entry(source).model]["labels"])
    assert labels >= {f"{prefix}-{kind}" for prefix in "BI" for kind in ("PER", "ORG", "LOC")} | {"O"}


def test_no_aligner_of_a_default_reads_a_model():
    for one in languages():
        recipe = make_recipe(one.code)
        assert not list(recipe.aligner.own.inputs())
    assert language("hau").default_recipe == "parallel"
