"""Study files and the runs that they expand to."""

from __future__ import annotations

from functools import partial

import pytest
from study_file import ALIGNED, STUDY, keys, one, read_study

from xner_hf.errors import XnerError
from xner_hf.study import load_study


@pytest.fixture
def study(tmp_path):
    """The function that reads the study file with changes."""
    return partial(read_study, tmp_path)


def test_a_study_is_what_its_file_says(study, tmp_path):
    found = study()
    assert (found.name, found.question, found.folder) == ("main", "Do trees help?", tmp_path / "main")
    assert [(one.name, one.source, one.gold, one.split) for one in found.languages] == [
        ("luo", "eng", "masakhane/masakhaner2:luo", "test"),
        ("wol", "fra", "masakhane/masakhaner2:wol", "test"),
    ]
    assert list(found.contrasts) == ["primary", "text"]
    assert (found.primary.arm, found.primary.against) == (f"{ALIGNED}+parse", ALIGNED)
    assert found.budget.hours == 8


def test_every_arm_has_a_run_for_each_of_its_languages_and_seeds(study):
    runs = study().runs()
    labels = [run.settings["label"] for run in runs]
    assert {label: labels.count(label) for label in STUDY["arms"]} == {
        "direct": 4,
        "direct+parse": 4,
        ALIGNED: 6,
        f"{ALIGNED}+parse": 6,
        f"{ALIGNED}+text": 4,
        f"{ALIGNED}+random": 4,
        "projected+parse-target": 2,
        "gold": 4,
    }
    assert len({run.key for run in runs}) == len(runs) == 34


def test_the_primary_contrast_comes_first_and_seeds_are_finished_one_after_the_other(study):
    runs = [tuple(run.settings[name] for name in ("seed", "language", "label")) for run in study().runs()]
    assert runs[:12] == [
        (seed, language, label)
        for seed in (1, 2, 3)
        for language in ("luo", "wol")
        for label in (ALIGNED, f"{ALIGNED}+parse")
    ]
    assert [seed for seed, *_ in runs[12:]] == [1] * 11 + [2] * 11


def test_every_backbone_makes_all_runs(study):
    runs = study({"backbones": ["a/small", "b/large"]}).runs()
    assert len(runs) == 68
    assert [run.settings["backbone"] for run in runs[:24]] == ["a/small"] * 12 + ["b/large"] * 12


def test_a_run_names_all_that_decides_its_outcome(study):
    assert one(study(), f"{ALIGNED}+parse", "wol", 3).settings == {
        "language": "wol",
        "code": "wol",
        "source": "fra",
        "label": f"{ALIGNED}+parse",
        "arm": f"{ALIGNED}+parse",
        "trees": "source",
        "seed": 3,
        "backbone": "org/encoder",
        "gold": "masakhane/masakhaner2:wol",
        "split": "test",
        "recipe": "parallel",
        "teacher": "org/tagger-fr",
        "source_labels": None,
        "tree_corpus": "org/trees:fr",
        "tree_share": 0.5,
        "tree_sentences": None,
        "noise": None,
        "sentences": 100,
        "epochs": 2.0,
        "batch_size": 16,
        "learning_rate": 5e-4,
        "gradient_accumulation": 1,
        "warmup_share": 0.1,
        "weight_decay": 0.01,
        "max_length": 128,
        "bf16": False,
        "activation_checkpointing": False,
        "loss.soft": "kl",
        "loss.temperature": 1.0,
        "loss.learned": False,
        "loss.weights.ner": 1.0,
        "loss.weights.soft": 0.5,
        "loss.weights.parsing": 1.0,
        "ema_decay": None,
        "refresh": 1,
    }


def test_what_an_arm_has_no_use_for_is_not_in_its_settings(study):
    direct = one(study(), "direct").settings
    assert {direct[name] for name in ("recipe", "teacher", "tree_corpus", "tree_share", "noise")} == {None}
    assert direct["source_labels"] == "eriktks/conll2003:conll2003/train"
    assert not {"loss.soft", "loss.weights.soft", "loss.weights.parsing", "ema_decay", "refresh"} & set(direct)


def test_the_trees_of_an_arm_are_of_the_kind_that_it_names(study):
    found = study({"arms/projected+parse": {"trees": "projected"}})
    kinds = {label: one(found, label, "wol").settings["trees"] for label in found.arms}
    assert kinds == {
        "direct": "none",
        "direct+parse": "source",
        ALIGNED: "none",
        f"{ALIGNED}+parse": "source",
        f"{ALIGNED}+text": "text",
        f"{ALIGNED}+random": "random",
        "projected+parse-target": "target",
        "gold": "none",
        "projected+parse": "projected",
    }
    assert one(found, "projected+parse-target", "wol").settings["tree_corpus"] == "org/trees:wo"
    text = one(found, f"{ALIGNED}+text").settings
    assert (text["tree_corpus"], text["tree_share"], text["teacher"]) == ("org/trees:en", 0.5, "org/tagger-en")


def test_an_arm_changes_any_part_of_the_budget_and_the_training(study):
    changed = study(
        {
            f"arms/{ALIGNED}+parse-light": {
                "arm": f"{ALIGNED}+parse",
                "tree_share": 2,
                "tree_sentences": 50,
                "learning_rate": 1e-3,
                "loss.weights.parsing": 0.3,
            }
        }
    )
    ours, theirs = one(changed, f"{ALIGNED}+parse-light").settings, one(changed, f"{ALIGNED}+parse").settings
    different = {name: ours[name] for name in ours if ours[name] != theirs[name]}
    assert different == {
        "label": f"{ALIGNED}+parse-light",
        "tree_share": 2.0,
        "tree_sentences": 50,
        "learning_rate": 1e-3,
        "loss.weights.parsing": 0.3,
    }


def test_the_training_of_a_run_is_that_of_its_settings(study):
    found = study({"training/ema_decay": 0.9})
    parse = one(found, f"{ALIGNED}+parse", seed=2).training()
    assert (parse.backbone, parse.seed, parse.epochs, parse.batch_size) == ("org/encoder", 2, 2.0, 16)
    assert (parse.learning_rate, parse.max_length, parse.ema_decay, parse.sampling) == (5e-4, 128, 0.9, "shares")
    assert parse.loss.weights == {"ner": 1.0, "soft": 0.5, "parsing": 1.0}
    direct = one(found, "direct").training()
    assert (direct.ema_decay, direct.sampling, direct.loss.weights) == (None, "temperature", {"ner": 1.0})


def test_learned_weights_have_no_weights_beside_them(study):
    run = one(study({"training/loss": {"learned": True}}), f"{ALIGNED}+parse")
    assert not [name for name in run.settings if name.startswith("loss.weights")]
    assert run.training().loss.learned


def test_the_recipe_of_a_run_has_the_teacher_as_tagger(study):
    found = study()
    recipe = one(found, ALIGNED, "wol").recipe()
    assert (recipe.recipe, recipe.language, recipe.tagger.model) == ("parallel", "wol", "org/tagger-fr")
    assert one(found, "direct").recipe() is None


def test_a_recipe_may_be_changed_nested_or_dotted(study):
    nested = study({"recipe": {"name": "parallel", "projector": {"method": "heuristic"}, "limit": 7}})
    dotted = study({"recipe": {"projector.method": "heuristic", "limit": 7}})
    assert keys(nested) == keys(dotted)
    recipe = one(nested, ALIGNED).recipe()
    assert (recipe.projector.method, recipe.limit) == ("heuristic", 7)
    assert keys(nested, "direct", "direct+parse").items().isdisjoint(keys(study()).items())
    assert one(nested, "direct").key == one(study(), "direct").key


def test_a_recipe_without_a_tagger_has_none_forced_on_it(study):
    recipe = one(study({"languages": ["wol"], "recipe": "translate-train"}), ALIGNED, "wol").recipe()
    assert (recipe.recipe, recipe.source_language, recipe.tagger) == ("translate-train", "eng", None)


def test_a_language_may_differ_in_everything(study):
    own = {"gold": "org/names:x", "split": "validation", "teacher": "org/other", "trees": "org/trees:ga"}
    found = study({"languages": {"luo": None, "wol": own}})
    settings = one(found, f"{ALIGNED}+parse", "wol").settings
    assert [settings[name] for name in ("gold", "split", "teacher", "tree_corpus")] == list(own.values())


def test_the_test_set_of_the_language_table_is_the_default(study):
    assert study({"gold": ...}).languages[0].gold == "masakhane/masakhaner2:luo"
    with pytest.raises(XnerError, match="languages: swa: give gold.*masakhaner2:swa, google/xtreme:PAN-X.sw"):
        study({"gold": ..., "languages": ["swa"], "target_trees": ...})


def test_a_language_with_two_test_sets_stands_there_under_two_names(study):
    two = {"swa": None, "swa-wiki": {"code": "swa", "gold": "google/xtreme:PAN-X.sw"}}
    found = study({"languages": two, "target_trees": ..., "arms/projected+parse-target": ...})
    assert [(one.name, one.code, one.gold) for one in found.languages] == [
        ("swa", "swa", "masakhane/masakhaner2:swa"),
        ("swa-wiki", "swa", "google/xtreme:PAN-X.sw"),
    ]
    assert len(set(keys(found).values())) == len(found.runs())


def test_an_alias_names_the_language(study):
    found = study({"languages": ["dholuo", "wol"]})
    assert found.languages[0].name == "luo"
    assert keys(found) == keys(study())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"backbone": "x"}, "the study has no key 'backbone'. Did you mean 'backbones'"),
        ({"seeds": ...}, "the study lacks the key 'seeds'"),
        ({"seeds": [1, 1]}, r"seeds is \[1, 1\]"),
        ({"seeds": [True]}, r"seeds is \[True\]"),
        ({"backbones": "org/encoder"}, "backbones is 'org/encoder'; it is a list"),
        ({"budget/sentence": 5}, "budget has no key 'sentence'. Did you mean 'sentences'"),
        ({"budget/epochs": 0}, "epochs is 0; it must be above 0"),
        ({"budget/batch_size": "16"}, "budget: batch_size is '16'; it takes int"),
        ({"training/learningrate": 1}, "training has no key 'learningrate'. Did you mean 'learning_rate'"),
        ({"training/seed": 1}, "training: seed belongs in seeds"),
        ({"training/epochs": 1}, "training: epochs belongs in budget"),
        ({"training/sampling": "shares"}, "a study does not set sampling: it follows tree_share"),
        ({"training/patience": 1}, "a study does not set patience: the runs of a contrast take as many steps"),
        ({"training/loss": {"weights": {"parse": 1}}}, "no loss 'parse' to weigh"),
        ({"training/loss": {"weights": {"soft_parsing": 1}}}, "no arm of a study has the loss soft_parsing"),
        ({"languages": ["lou"]}, "languages: lou: 'lou' is not a language of this version.*'luo'"),
        ({"languages": ["luo", "dholuo"]}, "luo is given twice"),
        (
            {"languages": {"luo": {"tree": "x"}}},
            "languages: luo: the language has no key 'tree'. Did you mean 'trees'",
        ),
        ({"recipe": "paralel"}, "languages: luo: .*no recipe 'paralel'. Did you mean 'parallel'"),
        ({"recipe": {"tagger": "org/x"}}, "its tagger is the teacher"),
        ({"split": "train"}, "languages: luo: split is 'train'"),
        ({"teachers": {"fra": "org/x"}}, f"the arm {ALIGNED.replace('+', '.')} needs teachers for luo. Add 'eng'"),
        ({"teachers": "org/x"}, "teachers is 'org/x'; it is a mapping"),
        ({"trees": {"eng": "org/x"}}, "parse needs trees for wol. Add 'fra' to trees"),
        (
            {"source_labels": {"eng": "eriktks/conll2003:conll2003/train"}},
            "the arm direct needs source_labels for wol",
        ),
        ({"source_labels": {"eng": "eriktks/conll2003"}}, "not of the form org/name:config/split"),
        ({"source_labels/eng": "masakhane/masakhaner2:luo/test"}, "is an evaluation split"),
        ({"target_trees": {"wolo": "x"}}, "target_trees: the study has no language 'wolo'. Did you mean 'wol'"),
        ({"target_trees": ...}, "the arm projected.parse-target needs target_trees for wol. Add 'wol'"),
        ({"arms/projectd": {}}, "the arm projectd: there is no arm 'projectd'. Did you mean 'projected'"),
        ({"arms/mine": {"arm": "golden"}}, "the arm mine: there is no arm 'golden'. Did you mean 'gold'"),
        ({"arms/a b": {"arm": "gold"}}, "the name 'a b' has other signs"),
        ({"arms": {"../x": {"arm": "gold"}}}, "the name '../x' has other signs"),
        ({"arms/direct": {"tree": "text"}}, "the arm direct: it has no key 'tree'. Did you mean 'trees'"),
        ({"arms/direct": {"trees": "sorce"}}, "trees is 'sorce'. Did you mean 'source'"),
        ({"arms/direct": {"trees": "random"}}, "direct ignores trees, but trees is 'random'"),
        ({"arms/direct+parse": {"trees": "text"}}, r"direct\+parse needs trees, but trees is 'text'"),
        ({"arms/direct": {"tree_share": 2}}, "the arm direct: it has no trees, so it ignores tree_share"),
        ({"arms/direct": {"noise": 0.1}}, "only the arm gold"),
        ({"arms/gold": {"noise": 2}}, "noise is 2"),
        ({"arms/gold": {"languages": ["ewe"]}}, "the arm gold: the study has no language 'ewe'"),
        ({"arms/gold": 5}, "the arm gold: it is 5; it is a mapping"),
        ({"arms/gold2": {"arm": "gold"}}, "the arms gold and gold2 have the same settings"),
        ({"reuse": "main.yaml"}, "reuse is 'main.yaml'; it is a list"),
        ({"reuse": ["other.yaml"]}, "reuse: there is no study .*other.yaml. Bring it here with its store"),
        ({"reuse": ["main.yaml"]}, "reuse: main.yaml is this study itself"),
        ({"contrasts/primary": ...}, "contrasts has no 'primary'"),
        ({"contrasts/primary/arm": "projected"}, "the contrast primary: the study has no arm 'projected'"),
        ({"contrasts/primary/arms": "direct"}, "the contrast primary has no key 'arms'. Did you mean 'arm'"),
        ({"contrasts/primary/against": ...}, "the contrast primary lacks the key 'against'"),
        ({"contrasts/primary/against": f"{ALIGNED}+parse"}, "the contrast primary: it compares .* with itself"),
        ({f"arms/{ALIGNED}": {"sentences": 50}}, "the contrast primary: .* has sentences 100, .* has 50"),
        ({f"arms/{ALIGNED}": {"epochs": 3}}, "the contrast primary: .* has epochs 2, .* has 3"),
        ({f"arms/{ALIGNED}": {"batch_size": 8}}, "the contrast primary: .* has batch_size 16, .* has 8"),
        ({f"arms/{ALIGNED}": {"gradient_accumulation": 2}}, "has gradient_accumulation 1, .* has 2"),
        ({f"arms/{ALIGNED}+text/tree_share": 1.0}, "the contrast text: .* has tree_share 0.5, .* has 1.0"),
        ({f"arms/{ALIGNED}": {"seeds": [7]}}, "the contrast primary: .* share no seeds"),
        (
            {f"arms/{ALIGNED}": {"languages": ["luo"]}, f"arms/{ALIGNED}+parse": {"languages": ["wol"]}},
            "share no languages",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_place(study, changes, message):
    with pytest.raises(XnerError, match=message) as error:
        study(changes)
    assert "main.yaml: " in str(error.value)


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path):
    path = tmp_path / "main.yaml"
    path.write_text("arms:\n  direct: {}\n  direct: {seeds: [1]}\n", encoding="utf-8")
    with pytest.raises(XnerError, match="(?s)the key 'direct' stands twice.*line 3"):
        load_study(path)


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "{[a]: 1}"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    path = tmp_path / "main.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(XnerError, match="main.yaml: "):
        load_study(path)
    with pytest.raises(XnerError, match="cannot be read"):
        load_study(tmp_path / "none.yaml")
