"""Gold sentences labelled through their translations, and scored."""

from __future__ import annotations

from contextlib import suppress

import pytest

from xner_hf.errors import XnerError
from xner_hf.evaluation.intrinsic import intrinsic_scores, translated_gold
from xner_hf.pipeline.store import cache_folder
from xner_hf.project.filters import FiltersConfig
from xner_hf.recipe import make_recipe
from xner_hf.registry import make
from xner_hf.spans import Span
from xner_hf.translate import Translation, seq2seq


@pytest.fixture
def translated(mirror, write_corpus):
    """The invented mirror with translations of two of the three test sentences of hau."""
    rows = [
        {"index": 0, "source_text": "Halima works for Barewa Textiles."},
        {"index": 2, "source_text": "Garba rested."},
    ]
    leakage = [{"config": "en-hau", "split": "train", "index": 0, "linked": False}]
    write_corpus(mirror, "xner/masakhaner2-translated", {"leakage": {"train": leakage}, "hau": {"test": rows}})
    return mirror


def recipe_of(**overrides):
    return make_recipe("hau", "parallel", {"projector": "candidates", "aligner": "none", **overrides})


def gold_of(**overrides):
    return translated_gold(recipe_of(**overrides), "masakhane/masakhaner2:hau", "test")


PROJECTOR = make("projector", "candidates", {})


def test_translations_of_gold_are_tagged_projected_and_scored(translated):
    found = gold_of()
    assert [pair.source for pair in found.pairs][1] == ["Garba", "rested", "."]
    assert found.target_labels == [None, None]
    assert found.predict(PROJECTOR) == [
        ["B-PER", "O", "O", "O", "B-ORG", "I-ORG", "O"],
        ["B-PER", "O", "O", "O"],
    ]
    scores = found.score(PROJECTOR)
    # Garba stands as I-PER in the gold: an entity for seqeval's default mode alone.
    assert (scores["correct"], scores["predicted"], scores["gold"], scores["left_out"]) == (2, 3, 2, 1)
    assert [one.gold for one in found.examples()] == [
        [Span(0, 1, "PER"), Span(4, 6, "ORG")],
        [Span(0, 1, "PER")],
    ]


def test_sentences_beyond_a_limit_do_not_count_as_untranslated(translated):
    found = translated_gold(recipe_of(), "masakhane/masakhaner2:hau", "test", limit=1)
    scores = found.score(PROJECTOR)
    assert (len(found.pairs), scores["left_out"]) == (1, 1)


def test_what_filters_take_away_or_drop_is_not_predicted(translated):
    found = gold_of()
    for filters in (FiltersConfig(min_source_score=0.999), FiltersConfig(comp_src=True)):
        assert found.predict(PROJECTOR, filters) == [["O"] * 7, ["O"] * 4]
        assert found.score(PROJECTOR, filters)["predicted"] == 0


def test_a_target_tagger_labels_the_gold_sentences(translated):
    found = gold_of(projector={"method": "candidates", "target_tagger": "xner/minilm-conll2003-en"})
    assert [labels.shape for labels in found.target_labels] == [(7, 7), (4, 7)]
    assert found.target_labels[0].argmax(-1).tolist() == [1, 0, 0, 0, 3, 4, 0]


def test_names_are_settled_over_the_recipes_own_text_as_well(
    translated, write_corpus, write_wavering_tagger, tmp_path
):
    write_wavering_tagger(tmp_path / "tagger", ["Garba"])
    rows = [{"translation": {"en": "he saw Garba.", "hau": "ya ga Garba."}}]
    write_corpus(translated, "masakhane/mafand", {"en-hau": {"train": rows * 2}})
    tagger = {"model": str(tmp_path / "tagger")}
    for consistent, label in ((False, "ORG"), (True, "LOC")):
        pair = gold_of(tagger={**tagger, "consistent": consistent}).pairs[1]
        assert [span[:3] for span in pair.source_spans] == [(0, 1, label)]


@pytest.mark.parametrize("consistent", [False, True])
def test_the_recipes_own_text_is_tagged_only_where_names_are_settled_over_it(translated, consistent):
    gold_of(tagger={"model": "xner/minilm-conll2003-en", "consistent": consistent})
    stages = {folder.name.partition("-")[0] for folder in cache_folder().glob("hau-parallel/*")}
    assert stages == ({"text", "tag"} if consistent else {"text"})


def test_progress_is_told_of_the_recipes_own_text_and_of_the_gold(translated, told):
    recipe = recipe_of(aligner="statistical", tagger="xner/minilm-conll2003-en")
    intrinsic_scores(recipe, "masakhane/masakhaner2:hau", "test", progress=told)
    assert list(told.stages) == ["tag", "text", "train aligner", "align"]
    assert told.stages["tag"] == [16, 16] and told.stages["align"] == [2, 2]
    assert not told.finished


@pytest.mark.parametrize(
    ("name", "overrides", "words"),
    [
        ("marker", {"tagger": {"model": "xner/minilm-conll2003-en"}}, "entity markers"),
        ("parallel", {"back_translation": {"translator": {"model": "org/any", "markers": "xml"}}}, "back_translation"),
    ],
)
def test_a_recipe_of_which_gold_tells_nothing_is_refused(translated, name, overrides, words):
    recipe = make_recipe("hau", name, overrides)
    with pytest.raises(XnerError, match=f"cannot try {words}.*those of another recipe"):
        translated_gold(recipe, "masakhane/masakhaner2:hau", "test")


def test_gold_is_translated_into_the_source_language_whichever_way_the_text_is(translated, monkeypatch, tmp_path):
    asked = []

    class Into:
        def __init__(self, config, source, target):
            asked.append((source, target))

        def translate(self, texts):
            return [Translation("Halima works for Barewa Textiles .", None) for _ in texts]

    monkeypatch.setattr(seq2seq, "Seq2SeqTranslator", Into)
    (tmp_path / "en.conll").write_text("Amina B-PER\nleft O\n", encoding="utf-8")
    settings = {"text": {"corpus": str(tmp_path / "en.conll")}, "translator": {"model": "org/any"}, "aligner": "none"}
    recipe = make_recipe("hau", "translate-train", {**settings, "tagger.model": "xner/minilm-conll2003-en"})
    assert recipe.translates == ("eng", "hau")
    with suppress(XnerError):  # its own text would be translated as well, which no model is there for
        translated_gold(recipe, "masakhane/masakhaner2:hau", "test")
    assert asked == [("hau", "eng")]


def test_human_translations_into_another_language_are_refused(mirror, write_corpus):
    rows = [{"index": 0, "source_text": "Halima travaille.", "source_language": "fr"}]
    write_corpus(mirror, "xner/masakhaner2-translated", {"hau": {"test": rows}})
    with pytest.raises(XnerError, match="masakhaner2:hau are in fr, but the recipe labels eng"):
        gold_of()
