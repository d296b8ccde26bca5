"""Fitting the weights of fused matching for one language on the gold of others, in an invented mirror."""

from __future__ import annotations

import shutil

import pytest

from xner_hf.errors import NotAvailable, XnerError
from xner_hf.evaluation.calibration import calibrate, translated_languages, well_translated
from xner_hf.project.fitting import THRESHOLDS
from xner_hf.recipe import load_recipe, make_recipe

NER_NAMES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
LEXICON = {"B-PER": ["Amina", "Musa"], "I-PER": ["Bello"], "B-ORG": ["Barewa"], "B-LOC": ["Kano", "Zaria", "Jos"]}
SENTENCES = [
    ("Amina Bello visited Kano .", "Amina Bello nolimo Kano .", [1, 2, 0, 5, 0]),
    ("Musa sold goats in Zaria .", "Musa nouso diek e Zaria .", [1, 0, 0, 0, 5, 0]),
    ("Rain fell on the roof .", "Koth nochwe e tado .", [0, 0, 0, 0, 0]),
    ("Barewa opened a shop in Jos .", "Barewa noyawo duka e Jos .", [3, 0, 0, 0, 5, 0]),
    ("Zaria is far .", "Zaria bor .", [5, 0, 0]),
]
"""English, an invented translation, and the gold of the latter."""


def rows(count, salt):
    """Sentences that all differ in their last but one word."""
    for number in range(count):
        source, target, tags = SENTENCES[number % len(SENTENCES)]
        yield f"{source[:-1]}{salt}{number} .", [*target.split()[:-1], f"{salt}{number}", "."], [*tags[:-1], 0, 0]


@pytest.fixture(scope="module")
def gold_mirror(tmp_path_factory, write_corpus, write_tagger):
    """A mirror with translated gold of luo, tsn, swa (100 or more sentences) and pcm (5)."""
    root = tmp_path_factory.mktemp("calibration") / "mirror"
    text, gold, translated = {}, {}, {"leakage": {"train": [{"config": "", "split": "", "index": 0, "linked": False}]}}
    for code, count in {"luo": 100, "tsn": 101, "swa": 100, "pcm": 5}.items():
        pairs = [{"translation": {"en": s, code: " ".join(t)}} for s, t, _ in rows(20, f"{code}text")]
        text[f"en-{code}"] = {"train": pairs}
        made = {split: list(rows(count, code + split)) for split in ("validation", "test")}
        gold[code] = {
            split: [{"id": str(i), "tokens": t, "ner_tags": tags} for i, (_, t, tags) in enumerate(done)]
            for split, done in made.items()
        }
        translated[code] = {
            split: [{"index": i, "source_text": source} for i, (source, _, _) in enumerate(done)]
            for split, done in made.items()
        }
    write_corpus(root, "masakhane/mafand", text)
    write_corpus(root, "masakhane/masakhaner2", gold, {"ner_tags": NER_NAMES})
    write_corpus(root, "xner/masakhaner2-translated", translated)
    write_tagger(root / "models" / "dslim" / "bert-base-NER", LEXICON)
    return root


@pytest.fixture
def here(gold_mirror, monkeypatch):
    """Set XNER_MIRROR to the mirror with translated gold, which no test may change."""
    monkeypatch.setenv("XNER_MIRROR", str(gold_mirror))
    return gold_mirror


@pytest.fixture
def own(gold_mirror, monkeypatch, tmp_path):
    """Set XNER_MIRROR to a private copy of it."""
    path = shutil.copytree(gold_mirror, tmp_path / "mirror")
    monkeypatch.setenv("XNER_MIRROR", str(path))
    return path


def break_model(root):
    """Make the tagger one that cannot be loaded."""
    (root / "models" / "dslim" / "bert-base-NER" / "model.safetensors").write_bytes(b"no tensors")


@pytest.mark.parametrize("name", ["luo", "DHOLUO", " luo "])
def test_the_language_itself_is_refused_under_any_name(name):
    with pytest.raises(XnerError, match="own gold must not decide"):
        calibrate("dholuo", ["tsn", name])


def test_unknown_languages_are_named_with_the_nearest():
    with pytest.raises(XnerError, match="'tswana'"):
        calibrate("luo", ["tswanna"])
    with pytest.raises(XnerError, match="'lou' is not a language"):
        calibrate("lou")


def test_a_language_named_twice_and_no_language_at_all_are_refused():
    with pytest.raises(XnerError, match="'tsn' twice, the second time as 'Setswana'"):
        calibrate("luo", ["tsn", "Setswana"])
    with pytest.raises(XnerError, match="no language to fit on"):
        calibrate("luo", [])


@pytest.mark.parametrize("split", ["test", "test[:50]", "train+test", "validation+test", "all", ""])
def test_no_split_but_train_and_validation_is_fitted_on(split):
    with pytest.raises(XnerError, match="test splits are kept for the scores that are reported"):
        calibrate("luo", ["tsn"], split)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"projector.weights": {"bias": 0.0}}, "projector.weights is what calibration finds out"),
        ({"projector": {"method": "fused", "null_threshold": 0.3}}, "projector.null_threshold is what"),
        ({"projector": "heuristic"}, "fits the projector 'fused'"),
        ({"projector.max_wrods": 3}, "'max_words'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(overrides, words):
    with pytest.raises(XnerError, match=words):
        calibrate("luo", ["tsn"], overrides=overrides)


@pytest.mark.parametrize("recipe", ["transfer", "combine"])
def test_a_recipe_that_projects_nothing_has_no_weights_to_fit(recipe):
    with pytest.raises(XnerError, match=f"'{recipe}' projects nothing, so there are no weights to fit"):
        calibrate("luo", ["tsn"], recipe=recipe)


def test_an_aligner_trained_on_one_language_is_refused(tmp_path):
    (tmp_path / "parameters.safetensors").write_text("{}")
    with pytest.raises(XnerError, match="trained on one pair of languages"):
        calibrate("luo", ["tsn"], overrides={"aligner.model": str(tmp_path)})


def test_languages_with_translated_gold_are_found_in_the_corpus(here):
    assert translated_languages() == {code: f"masakhane/masakhaner2:{code}" for code in ("luo", "pcm", "swa", "tsn")}
    assert well_translated() == ["luo", "swa", "tsn"]


def test_inputs_are_checked_before_the_tagger_is_loaded(own):
    break_model(own)
    with pytest.raises(XnerError, match=r"no translated gold of Hausa \(hau\).*luo, pcm, swa, tsn"):
        calibrate("luo", ["tsn", "hau"])
    with pytest.raises(XnerError, match="no sentence of the train split of tsn"):
        calibrate("luo", ["tsn"], "train")
    shutil.rmtree(own / "datasets" / "masakhane" / "mafand" / "en-tsn")
    with pytest.raises(XnerError, match="en-tsn"):
        calibrate("luo", ["swa", "tsn"])
    shutil.rmtree(own / "models")
    with pytest.raises(NotAvailable, match="dslim/bert-base-NER"):
        calibrate("luo", ["swa"])


def test_the_recipe_says_what_it_was_fitted_on_and_comes_back_from_its_file(here, tmp_path):
    recipe = calibrate("luo", ["tsn", "pcm"], overrides={"projector.max_words": 6, "validation_percent": 0})
    settings = recipe.projector.settings
    assert settings["fitted_on"] == ["masakhane/masakhaner2:tsn:validation", "masakhane/masakhaner2:pcm:validation"]
    assert settings["null_threshold"] in THRESHOLDS and settings["max_words"] == 6
    assert "bias" in settings["weights"] and len(settings["weights"]) > 3
    assert (recipe.language, recipe.recipe, recipe.validation_percent) == ("luo", "parallel", 0)
    path = tmp_path / "luo.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    assert load_recipe(path) == recipe


def test_by_default_all_others_with_enough_sentences_are_fitted_on_and_never_the_language_itself(own):
    first = calibrate("luo")
    assert first.projector.settings["fitted_on"] == [f"masakhane/masakhaner2:{c}:validation" for c in ("swa", "tsn")]
    for split in ("validation", "test"):  # without the language's own gold the same comes out
        shutil.rmtree(own / "datasets" / "xner" / "masakhaner2-translated" / "luo", ignore_errors=True)
        (own / "datasets" / "masakhane" / "masakhaner2" / "luo" / f"{split}-00000-of-00001.parquet").unlink()
    assert calibrate("luo", ["swa", "tsn"]) == first


def test_the_text_of_the_language_does_not_become_that_of_the_others(here, tmp_path):
    overrides = {"text.corpus": str(tmp_path / "mine.tsv"), "limit": 1, "aligner.extra_parallel": ["a.tsv"]}
    recipe = calibrate("luo", ["tsn"], overrides=overrides)
    assert recipe.projector.settings == calibrate("luo", ["tsn"]).projector.settings
    assert recipe == make_recipe("luo", None, {**overrides, "projector": recipe.to_dict()["projector"]})


def test_where_no_other_language_has_translations_the_default_says_so(own):
    for code in ("swa", "tsn"):
        shutil.rmtree(own / "datasets" / "xner" / "masakhaner2-translated" / code)
    card = own / "datasets" / "xner" / "masakhaner2-translated" / "README.md"
    kept = [part for part in card.read_text().split("- config_name: ") if part[:3] not in ("swa", "tsn")]
    card.write_text("- config_name: ".join(kept))
    with pytest.raises(XnerError, match="no language but 'luo' has 100 translated"):
        calibrate("luo")
