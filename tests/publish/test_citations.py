"""What is cited for the models that recipes name by themselves."""

from __future__ import annotations

import pytest

from xner_hf.publish.citations import PAPERS, of_names, of_recipe
from xner_hf.recipe import make_recipe

CONLL, WIKINEURAL, BERT = "tjong-kim-sang-de-meulder-2003", "tedeschi-etal-2021", "devlin-etal-2019"
XLMR = "conneau-etal-2020"


@pytest.mark.parametrize(
    ("model", "papers"),
    [
        ("dslim/bert-base-NER", {CONLL, BERT}),
        ("Babelscape/wikineural-multilingual-ner", {WIKINEURAL}),
        ("FacebookAI/xlm-roberta-large-finetuned-conll03-english", {CONLL, XLMR}),
        ("google-bert/bert-base-multilingual-cased", {BERT}),
        ("FacebookAI/xlm-roberta-base", {XLMR}),
        ("ychenNLP/nllb-200-3.3B-easyproject", {"nllb-2022", "chen-etal-2023"}),
    ],
)
def test_a_model_is_cited_by_the_papers_of_its_data_and_its_kind(model, papers):
    assert of_names([model]) == papers <= set(PAPERS)


def test_the_default_taggers_are_cited_with_their_recipes():
    assert {CONLL, BERT} <= of_recipe(make_recipe("hau").to_dict())
    assert WIKINEURAL in of_recipe(make_recipe("bam").to_dict())
