"""What is cited for the models that recipes name by themselves."""

from __future__ import annotations

import pytest

from xner_hf.publish.citations import of_build, of_names
from xner_hf.publish.citations import papers as known_papers
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
    assert of_names([model]) == papers <= set(known_papers())


def test_the_default_taggers_are_cited_with_their_recipes():
    assert {CONLL, BERT} <= of_build({"recipe": make_recipe("hau").to_dict()})
    assert WIKINEURAL in of_build({"recipe": make_recipe("bam").to_dict()})


def test_methods_are_cited_with_the_parts_and_filters_that_are_on():
    back = {"translator": {"model": "org/any", "markers": "xml"}}
    given = {"aligner": "none", "projector": "candidates", "filters.comp_ins": True}
    plain = make_recipe("hau", overrides={"aligner": "none", "projector": "heuristic"})
    assert plain.citations() == ["garcia-ferrero-etal-2022"]
    assert make_recipe("hau", overrides=given).citations() == ["ebing-glavas-2025", "politov-etal-2025"]
    scored = make_recipe("hau", overrides=given | {"projector.translation_model": "org/any"})
    assert "vamvas-sennrich-2022" in scored.citations()
    inner = {"method": "combined", "members": [{"method": "statistical"}, {"method": "simalign", "model": "a/b"}]}
    voting = make_recipe("hau", overrides={"aligner": inner, "projector": "heuristic"})
    assert {"ostling-tiedemann-2016", "jalili-sabet-etal-2020"} <= set(voting.citations())
    refined = make_recipe("hau", overrides={"aligner": "none", "projector": "heuristic", "back_translation": back})
    assert "politov-etal-2025" in refined.citations()
    assert {one for one in voting.citations() + scored.citations() if not one.startswith("@")} <= set(known_papers())
    recorded = {"recipe": plain.to_dict(), "citations": ["@misc{theirs}"]}
    assert of_build(recorded) >= {"@misc{theirs}"} and "garcia-ferrero-etal-2022" not in of_build(recorded)
